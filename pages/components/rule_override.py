"""What one customer has differently: the quantity rule of a product, for this customer alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import streamlit as st

from core.domain.models import QuantityRule, RuleOverride
from core.domain.rule_editing import OverrideBase, OverrideEdit, override_problems
from core.errors import ConflictError, Message, Problem, UsageSyncError
from core.services import Services
from pages.components.identity import who
from pages.components.language import _, language, ngettext
from pages.components.option_names import distinct
from pages.components.problems import as_typed, attention, failure_text
from pages.components.redraw import redraw
from pages.components.rule_fields import RuleForm, draw_example, draw_rule_fields, forget
from pages.components.rule_values import Values, override_from, values_of

_STATE, _KEY = "rule_override", "rule_override_form"
_PRODUCT = "rule_override_product"


@dataclass
class OverrideState:
    """What is being edited: as loaded, what is typed over it, what went wrong."""

    base: OverrideBase
    values: Values
    failure: tuple[Message, Message | None] | None = None
    saved: bool = False

    @classmethod
    def of(cls, base: OverrideBase, *, saved: bool = False) -> OverrideState:
        """The form of an override that was just loaded."""
        return cls(base, values_of(base.override), saved=saved)

    def is_of(self, customer_id: str, code: str) -> bool:
        """Whether it is that of a customer and a product."""
        return (self.base.customer_id, self.base.members.product_code) == (customer_id, code)


def forget_override() -> None:
    """Drop what was typed; for the page that closes the dialog."""
    st.session_state.pop(_STATE, None)
    st.session_state.pop(_PRODUCT, None)
    forget(_KEY)


def draw_override(services: Services, customer_id: str) -> None:
    """The body of a dialog: choose a product, and say what is different for this customer.

    Whoever draws it calls `forget_override` when the dialog is closed.
    """
    codes = list(services.rules.used_products(customer_id))
    if not codes:
        st.info(
            _("This customer has no usage in the newest month, so there is nothing to change."),
            icon=":material/inbox:",
        )
        return
    names = {row.product.code: row.product.description for row in services.mappings.rows()}
    own = {code for customer, code in services.rules.all().overrides if customer == customer_id}
    code = _choose(codes, names, own)
    state: OverrideState | None = st.session_state.get(_STATE)
    if state is None or not state.is_of(customer_id, code):
        forget(_KEY)
        state = OverrideState.of(services.rules.override_base(customer_id, code))
        st.session_state[_STATE] = state
    _draw_form(services, state, names)


def _choose(codes: list[str], names: Mapping[str, str], own: set[str]) -> str:
    titles = {code: names.get(code) or code for code in codes}
    shown = {
        code: _("{name} (own rule)", name=title) if code in own else title
        for code, title in titles.items()
    }
    kept = st.session_state.get(_PRODUCT)
    first = next((code for code in codes if code in own), codes[0])
    key = f"{_PRODUCT}_{language()}"
    st.session_state[_PRODUCT] = kept if kept in codes else first
    st.session_state[key] = st.session_state[_PRODUCT]
    st.selectbox(
        _("Sophos product"),
        sorted(codes, key=lambda code: titles[code].casefold()),
        format_func=distinct(shown),
        placeholder=_("Choose…"),
        key=key,
        on_change=partial(_chosen, key),
    )
    return str(st.session_state[_PRODUCT])


def _chosen(key: str) -> None:
    st.session_state[_PRODUCT] = st.session_state[key]


def _draw_form(services: Services, state: OverrideState, names: Mapping[str, str]) -> None:
    members = state.base.members
    if state.failure is not None:
        st.error(failure_text(*state.failure), icon=":material/error:")
    if state.saved:
        st.success(_("Saved."), icon=":material/check_circle:")
        state.saved = False
    others = [names.get(code) or code for code in members.codes if code != members.product_code]
    if others:
        told = ngettext(
            "A bundle with {count} other Sophos product: {names}.",
            "A bundle with {count} other Sophos products: {names}.",
            len(others),
            names=", ".join(others),
        )
        shared = _("All of it but the quantity that counts holds for all of them.")
        st.caption(as_typed(f"{told} {shared}"))
    override, unread = override_from(state.values)
    edit = OverrideEdit(state.base, override)
    problems = (*unread, *override_problems(edit))
    left, right = st.columns([3, 2], gap="large")
    with left:
        inherited = services.rules.all().by_product.get(members.product_code, QuantityRule())
        draw_rule_fields(RuleForm(_KEY, state.values, problems, inherited=inherited))
    with right:
        draw_example(services.rules.example(edit), right=not problems)
    _draw_buttons(services, state, edit, problems)


def _draw_buttons(
    services: Services, state: OverrideState, edit: OverrideEdit, problems: tuple[Problem, ...]
) -> None:
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        if problems:
            st.markdown(attention(len({one.field for one in problems})), width="content")
        remove = st.button(
            _("As the product"),
            key=f"{_KEY}_remove",
            icon=":material/undo:",
            disabled=not state.base.override,
            help=_("Removes what is different for this customer."),
        )
        save = st.button(
            _("Save"),
            key=f"{_KEY}_save",
            type="primary",
            disabled=bool(problems) or not edit.changes,
        )
    if remove:
        _save(services, state, OverrideEdit(state.base, RuleOverride()))
    elif save:
        _save(services, state, edit)


def _save(services: Services, state: OverrideState, edit: OverrideEdit) -> None:
    load: Callable[[], OverrideBase] = partial(
        services.rules.override_base, edit.base.customer_id, edit.base.members.product_code
    )
    try:
        saved = services.rules.save_override(edit, who())
    except ConflictError as error:
        # What was typed stays, over the rule as it is now: the person decides.
        kept = OverrideState(load(), state.values, (error.text, error.remedy))
        st.session_state[_STATE] = kept
        redraw()
    except UsageSyncError as error:
        state.failure = (error.text, error.remedy)
        redraw()
    forget(_KEY)
    st.session_state[_STATE] = OverrideState.of(saved, saved=True)
    redraw()
