"""The fields of a quantity rule as widgets, each with its problems beneath it, and the example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import streamlit as st

from core.domain.models import Combine, QuantityRule
from core.domain.quantity import is_for_all, is_heading
from core.domain.rule_example import RuleExample
from core.errors import Message, Problem
from pages.components.formats import month_text, number_input
from pages.components.language import _, language, text
from pages.components.option_names import distinct
from pages.components.problems import as_typed, problem_text
from pages.components.rule_values import (
    Values,
    basis_names,
    combine_names,
    rounding_names,
    rule_labels,
)


@dataclass(frozen=True)
class RuleForm:
    """One form: `key` sets its widgets apart, `values` is what is typed and is written to.

    `bundle` are the names of the products that may lead a bundle, empty where there is none.
    `inherited` is what an empty field stands for, for what a customer has differently.
    """

    key: str
    values: Values
    problems: Sequence[Problem] = ()
    bundle: Mapping[str, str] = field(default_factory=dict)
    inherited: QuantityRule | None = None


def draw_rule_fields(form: RuleForm) -> None:
    """All fields in the order in which they take effect."""
    _choice(form, "basis", basis_names(), help_text=_basis_help())
    if form.bundle:
        _choice(form, "combine", combine_names())
        if form.values.get("combine") == Combine.DRIVER.value:
            _choice(form, "driver", form.bundle)
    left, right = st.columns(2)
    with left:
        _number(form, "multiplier")
        _choice(form, "rounding", rounding_names())
    with right:
        _number(form, "included", help_text=_("Not billed: taken off the quantity, never below 0."))
        _number(form, "minimum", help_text=_("Billed at least, wherever there is any usage."))


def draw_example(example: RuleExample | None, *, right: bool) -> None:
    """Every step from the usage lines to the quantity, for one customer; `right`: no problems."""
    with st.container(border=True):
        if example is None:
            st.caption(_("There is no usage yet to show an example with."))
            return
        month = month_text(example.month)
        st.markdown(f"**{as_typed(_('Example: {name}', name=example.customer))}**  \n{month}")
        if example.quantity is None or not right:
            st.caption(_("The example appears when the values are right."))
            return
        draw_steps(example.steps)
        told = _("Quantity: {quantity}", quantity=example.quantity)
        st.markdown(f"**{as_typed(told)}**")


def draw_steps(steps: Sequence[Message]) -> None:
    """An explanation, sentence by sentence."""
    st.markdown(steps_text(steps))


def steps_text(steps: Sequence[Message]) -> str:
    """The steps as numbered lists, one under the name of each customer where there are several."""
    return "\n".join(_step_text(step) for step in steps).strip("\n")


def _step_text(step: Message) -> str:
    told = as_typed(text(step))
    if is_heading(step):
        return f"\n**{told}**\n"
    return f"\n{told}" if is_for_all(step) else f"1. {told}"


def forget(key: str) -> None:
    """Drop the widgets' values of a form that is closed or filled anew."""
    for name in [name for name in st.session_state if str(name).startswith(f"{key}_")]:
        del st.session_state[name]


def _choice(
    form: RuleForm, name: str, options: Mapping[str, str], help_text: str | None = None
) -> None:
    inherited = form.inherited is not None
    st.selectbox(
        rule_labels()[name],
        list(options),
        index=None if inherited or form.values[name] is None else 0,
        format_func=distinct(options),
        placeholder=_inherited_text(form, name, options) if inherited else _("Choose…"),
        help=help_text,
        **_bound(form, name, scope=language()),
    )
    _problems(form, name)


def _number(form: RuleForm, name: str, help_text: str | None = None) -> None:
    st.text_input(
        rule_labels()[name],
        placeholder=_inherited_text(form, name, {}),
        help=help_text,
        **_bound(form, name),
    )
    _problems(form, name)


def _inherited_text(form: RuleForm, name: str, options: Mapping[str, str]) -> str | None:
    if form.inherited is None:
        return None
    value = getattr(form.inherited, name)
    told = options[value.value] if options else number_input(value)
    return _("As the product: {value}", value=told)


def _bound(form: RuleForm, name: str, scope: str = "") -> dict[str, object]:
    """Key and callback that tie a widget to `form.values`, which outlives the widget."""
    key = "_".join(part for part in (form.key, name, scope) if part)
    st.session_state.setdefault(key, form.values[name])
    return {"key": key, "on_change": _keep, "args": (form, name, key)}


def _keep(form: RuleForm, name: str, key: str) -> None:
    form.values[name] = st.session_state[key]


def _problems(form: RuleForm, name: str) -> None:
    for problem in form.problems:
        if problem.field == name:
            st.markdown(f":small[:red[:material/error: {as_typed(problem_text(problem))}]]")


def _basis_help() -> str:
    return _(
        "Sophos reports three quantities for each line: what it bills you, what it measured, and "
        "what was ordered."
    )
