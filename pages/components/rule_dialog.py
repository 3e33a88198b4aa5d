"""The dialog "Quantity rule": how usage of a Sophos product becomes the quantity of an addition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from core.domain.rule_editing import RuleBase, RuleEdit, edit_problems, rule_differences
from core.errors import ConflictError, Message, Problem, UsageSyncError
from core.services import Services
from pages.components.formats import NOTHING
from pages.components.identity import who
from pages.components.language import _, ngettext
from pages.components.problems import as_typed, attention, failure_text
from pages.components.redraw import redraw
from pages.components.rule_fields import RuleForm, draw_example, draw_rule_fields, forget
from pages.components.rule_values import (
    Values,
    bundle_from,
    rule_from,
    rule_labels,
    value_text,
    values_of,
)

_OPEN, _KEY = "quantity_rule", "quantity_rule_form"
_NOTICE = "quantity_rule_notice"


@dataclass
class RuleState:
    """The open dialog: the rules as loaded, what is typed over them, what went wrong.

    `theirs` is set while somebody else's change waits for the person's decision.
    """

    base: RuleBase
    values: Values
    checked: bool = False
    theirs: RuleBase | None = None
    failure: tuple[Message, Message | None] | None = None

    @classmethod
    def of(cls, base: RuleBase) -> RuleState:
        """The form of a rule that was just loaded."""
        return cls(base, values_of(base.rule, base.bundle))


def open_rule(services: Services, product_code: str) -> None:
    """Open the dialog for a Sophos product."""
    forget(_KEY)
    st.session_state[_OPEN] = RuleState.of(services.rules.base(product_code))


def is_open() -> bool:
    """Whether the dialog is on the screen."""
    return st.session_state.get(_OPEN) is not None


def close() -> None:
    """Close it, and drop what was typed."""
    st.session_state.pop(_OPEN, None)
    forget(_KEY)


def draw_rule_dialog(services: Services, names: Mapping[str, str], billed_as: str) -> None:
    """Draw the dialog if it is open. Call it once per run, outside of columns.

    `names` are the Sophos products by code; `billed_as` is the ConnectWise product.
    """
    notice = st.session_state.pop(_NOTICE, None)
    if notice:
        st.toast(notice, icon=":material/check_circle:")
    state: RuleState | None = st.session_state.get(_OPEN)
    if state is None:
        return

    def draw() -> None:
        _draw(services, state, names, billed_as)

    st.dialog(_("Quantity rule"), width="large", on_dismiss=close)(draw)()


def edited_code() -> str | None:
    """The Sophos product whose rule is open."""
    state: RuleState | None = st.session_state.get(_OPEN)
    return None if state is None else state.base.members.product_code


def _draw(services: Services, state: RuleState, names: Mapping[str, str], billed_as: str) -> None:
    members = state.base.members
    edit, problems = _read(state)
    shown = [one for one in problems if state.checked or one.field != "driver"]
    _draw_heading(state.base, names, billed_as)
    if state.theirs is not None:
        _draw_conflict(state, edit, names)
        return
    if state.failure is not None:
        st.error(failure_text(*state.failure), icon=":material/error:")
    left, right = st.columns([3, 2], gap="large")
    with left:
        bundle = {code: names.get(code) or code for code in members.codes}
        draw_rule_fields(RuleForm(_KEY, state.values, shown, bundle if members.is_bundle else {}))
    with right:
        draw_example(services.rules.example(edit), right=not problems)
    _draw_buttons(services, state, edit, problems, shown)


def _read(state: RuleState) -> tuple[RuleEdit, tuple[Problem, ...]]:
    rule, unread = rule_from(state.values)
    edit = RuleEdit(state.base, rule, bundle_from(state.values))
    return edit, (*unread, *edit_problems(edit))


def _draw_heading(base: RuleBase, names: Mapping[str, str], billed_as: str) -> None:
    members = base.members
    own = names.get(members.product_code) or members.product_code
    st.markdown(f"**{as_typed(own)}** → {as_typed(billed_as or NOTHING)}")
    others = [names.get(code) or code for code in members.codes if code != members.product_code]
    if not others:
        return
    told = ngettext(
        "A bundle with {count} other Sophos product: {names}.",
        "A bundle with {count} other Sophos products: {names}.",
        len(others),
        names=", ".join(others),
    )
    shared = _("All of it but the quantity that counts holds for all of them.")
    st.caption(as_typed(f"{told} {shared}"))
    if not base.agree:
        st.warning(
            _("Their rules differ, so nothing is synced. Saving gives all of them this rule."),
            icon=":material/warning:",
        )


def _draw_buttons(
    services: Services,
    state: RuleState,
    edit: RuleEdit,
    problems: tuple[Problem, ...],
    shown: list[Problem],
) -> None:
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        if shown:
            st.markdown(attention(len({one.field for one in shown})), width="content")
        if st.button(_("Cancel"), key=f"{_KEY}_cancel"):
            close()
            st.rerun()
        pressed = st.button(
            _("Save"), key=f"{_KEY}_save", type="primary", disabled=not edit.changes
        )
    if not pressed:
        return
    state.checked = True
    if problems:
        redraw()
    _save(services, state, edit)


def _save(services: Services, state: RuleState, edit: RuleEdit) -> None:
    try:
        services.rules.save(edit, who())
    except ConflictError:
        state.theirs = services.rules.base(edit.base.members.product_code)
        redraw()
    except UsageSyncError as error:
        state.failure = (error.text, error.remedy)
        redraw()
    st.session_state[_NOTICE] = _("The quantity rule is saved.")
    close()
    st.rerun()


def _draw_conflict(state: RuleState, edit: RuleEdit, names: Mapping[str, str]) -> None:
    """Theirs and mine, and the choice between them."""
    theirs = state.theirs
    if theirs is None:
        return
    st.warning(
        _("Somebody else changed this rule, or what is mapped to its product."),
        icon=":material/sync_problem:",
    )
    differing = [
        *rule_differences(theirs.rule, edit.rule),
        *rule_differences(theirs.bundle, edit.bundle_after),
    ]
    labels = rule_labels()
    lines = [
        _(
            "{name}: theirs {theirs}, mine {mine}",
            name=labels[name],
            theirs=value_text(name, old, names),
            mine=value_text(name, new, names),
        )
        for name, old, new in differing
    ]
    st.markdown("\n".join(f"- {as_typed(line)}" for line in lines) or _("No value differs."))
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(_("Keep theirs"), key=f"{_KEY}_theirs"):
            _go_on_from(theirs, values_of(theirs.rule, theirs.bundle))
        if st.button(_("Use mine"), key=f"{_KEY}_mine", type="primary"):
            _go_on_from(theirs, state.values)


def _go_on_from(base: RuleBase, values: Values) -> None:
    forget(_KEY)
    st.session_state[_OPEN] = RuleState(base, values)
    st.rerun()
