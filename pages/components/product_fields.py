"""The fields of one ConnectWise product as widgets, each with its problems beneath it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from core.domain.models import ProductClass, RecurringCycleType
from core.domain.product_form import LABELS
from core.domain.text_limits import utf16_length
from core.errors import Problem
from pages.components.language import _, text
from pages.components.limited_text import draw_count, draw_field_problem
from pages.components.option_names import distinct
from pages.components.problems import as_typed
from pages.components.product_values import Choices, Typed, Values

_REQUIRED = ("identifier", "description", "customer_description", "subcategory", "type")


@dataclass(frozen=True)
class Form:
    """One form: `key` sets its widgets apart, `values` is what is typed and is written to."""

    key: str
    values: Values
    lists: Choices
    limits: Mapping[str, int]
    problems: Sequence[Problem] = ()
    with_bundle: bool = True
    with_inactive: bool = True


def widget_limits(limits: Mapping[str, int], present: Values) -> dict[str, int]:
    """The limits that the inputs count down to; never below what is there already."""
    return {
        field: max(limit, len(str(present.get(field) or ""))) for field, limit in limits.items()
    }


def forget(key: str) -> None:
    """Drop the widgets' values of a form that is closed or filled anew."""
    for name in [name for name in st.session_state if str(name).startswith(f"{key}_")]:
        del st.session_state[name]


def draw_fields(form: Form) -> None:
    """All fields, two columns where there is room for them."""
    left, right = st.columns(2, gap="medium")
    with left:
        _text(form, "identifier")
    with right:
        _text(form, "description")
    _long_text(form, "customer_description", height=80)
    left, right = st.columns(2, gap="medium")
    with left:
        _classification(form)
    with right:
        _billing(form)
    left, right = st.columns(2, gap="medium")
    with left:
        _reference(form, "manufacturer")
        _text(form, "manufacturer_part_number")
    with right:
        _text(form, "vendor_sku")
        _cross_reference(form)
    _long_text(form, "notes", height=68)
    if form.with_inactive:
        _switch(form, "inactive")


def went_wrong() -> str:
    """A line beside Apply: the form is long, and the reason stands at its top."""
    return f":red[:material/error: {as_typed(_('See above what went wrong.'))}]"


def product_class_name(value: str) -> str:
    """ConnectWise's product classes in the reader's language."""
    return {
        ProductClass.AGREEMENT.value: _("Agreement"),
        ProductClass.BUNDLE.value: _("Bundle"),
        ProductClass.INVENTORY.value: _("Inventory"),
        ProductClass.NON_INVENTORY.value: _("Non-inventory"),
        ProductClass.SERVICE.value: _("Service"),
    }.get(value, value)


def cycle_type_name(value: str) -> str:
    """What a billing cycle is counted from."""
    return {
        RecurringCycleType.CONTRACT_YEAR.value: _("Contract year"),
        RecurringCycleType.CALENDAR_YEAR.value: _("Calendar year"),
    }.get(value, value)


def _classification(form: Form) -> None:
    _reference(form, "category", on_change=_forget_subcategory)
    subcategories = form.lists.of_category(form.values["category"])
    _reference(form, "subcategory", options=subcategories, on_change=_choose_category)
    _reference(form, "type")
    classes = [item.value for item in ProductClass]
    if not form.with_bundle:
        classes.remove(ProductClass.BUNDLE.value)
    _choice(form, "product_class", classes, product_class_name)
    _reference(form, "unit_of_measure")


def _billing(form: Form) -> None:
    _text(form, "price", placeholder=_("Amount per unit"))
    _text(form, "cost", placeholder=_("Amount per unit"))
    _switch(form, "taxable")
    _switch(form, "recurring")
    if form.values["recurring"]:
        _reference(form, "recurring_bill_cycle")
        cycles = [item.value for item in RecurringCycleType]
        _choice(form, "recurring_cycle_type", cycles, cycle_type_name, clearable=True)


def _cross_reference(form: Form) -> None:
    st.text_input(
        text(LABELS["integration_xref"]),
        value=str(form.values.get("integration_xref") or ""),
        disabled=True,
        key=f"{form.key}_integration_xref",
        help=_("The Sophos product code is kept here, so that the product is recognized again."),
    )


def _text(form: Form, field: str, placeholder: str | None = None) -> None:
    st.text_input(
        _label(field),
        placeholder=placeholder,
        live=field in form.limits,  # so that the count follows the typing
        **_bound(form, field),
    )
    _count(form, field)
    _field_problems(form, field)


def _long_text(form: Form, field: str, height: int) -> None:
    st.text_area(_label(field), height=height, **_bound(form, field))
    _count(form, field)
    _field_problems(form, field)


def _count(form: Form, field: str) -> None:
    """How much of the limit is used. Apply sends nothing that is too long."""
    limit = form.limits.get(field)
    if limit is not None:
        told = any(problem.field == field for problem in form.problems)
        draw_count(utf16_length(str(form.values[field] or "")), limit, told=told)


def _switch(form: Form, field: str) -> None:
    st.toggle(_label(field), **_bound(form, field))
    _field_problems(form, field)


def _reference(
    form: Form,
    field: str,
    options: list[int] | None = None,
    on_change: Callable[[Form], None] | None = None,
) -> None:
    names = form.lists.names[field]
    ids = sorted(names if options is None else options, key=lambda one: names[one].casefold())
    _choice(form, field, ids, lambda one: names[one], clearable=True, on_change=on_change)


def _choice(
    form: Form,
    field: str,
    options: Sequence[int] | Sequence[str],
    name: Callable[..., str],
    *,
    clearable: bool = False,
    on_change: Callable[[Form], None] | None = None,
) -> None:
    if form.values[field] not in options:
        form.values[field] = None if clearable else options[0]
        st.session_state.pop(f"{form.key}_{field}", None)
    st.selectbox(
        _label(field),
        options,
        index=None if clearable else 0,
        format_func=distinct({option: name(option) for option in options}),
        placeholder=_("Choose…"),
        **_bound(form, field, on_change),
    )
    _field_problems(form, field)


def _bound(form: Form, field: str, then: Callable[[Form], None] | None = None) -> dict[str, object]:
    """Key and callback that tie a widget to `form.values`, which outlives the widget."""
    key = f"{form.key}_{field}"
    st.session_state.setdefault(key, form.values[field])
    return {"key": key, "on_change": _keep, "args": (form, field, then)}


def _keep(form: Form, field: str, then: Callable[[Form], None] | None) -> None:
    key = f"{form.key}_{field}"
    if key not in st.session_state:
        # The form was closed or filled anew, and this is a late event of how it was before.
        return
    form.values[field] = st.session_state[key]
    if then is not None:
        then(form)


def _forget_subcategory(form: Form) -> None:
    """Another category has other subcategories; a single one is no choice."""
    offered = form.lists.of_category(form.values["category"])
    if form.values["subcategory"] not in offered:
        _set(form, "subcategory", offered[0] if len(offered) == 1 else None)


def _choose_category(form: Form) -> None:
    for item in form.lists.subcategories:
        if item.id == form.values["subcategory"]:
            _set(form, "category", item.category.id)


def _set(form: Form, field: str, value: Typed) -> None:
    form.values[field] = value
    st.session_state[f"{form.key}_{field}"] = value


def _label(field: str) -> str:
    label = text(LABELS[field])
    return f"{label} *" if field in _REQUIRED else label


def _field_problems(form: Form, field: str) -> None:
    for problem in form.problems:
        if problem.field == field:
            draw_field_problem(problem)
