"""Edit ConnectWise product: Apply writes what changed, and overwrites nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import streamlit as st

from core.domain.models import CatalogItem, ProductFields
from core.domain.product_form import changed_fields, fields_of, validate
from core.errors import InputError, Message, Problem, RefusedError, UsageSyncError
from core.services import Services
from core.use_cases.products import ProductChangedError, ProductExistsError
from pages.components.language import _, ngettext
from pages.components.problems import as_typed, attention, failure_text, show_error
from pages.components.product_add import NOTICE
from pages.components.product_compare import draw_comparison
from pages.components.product_fields import (
    Form,
    draw_fields,
    forget,
    went_wrong,
    widget_limits,
)
from pages.components.product_values import Choices, Values, choices, fields_from, values_of
from pages.components.redraw import redraw

_KEY = "product_edit"


@dataclass
class EditState:
    """The open dialog: the product as read, what is typed over it, what went wrong.

    `theirs` is set while somebody else's change waits for the person's decision. `applying` from
    the press of Apply until it has ended; `applied` until its end was told; `written` is the
    product that it left.
    """

    base: CatalogItem
    values: Values
    checked: bool = False
    applying: bool = False
    applied: bool = False
    written: CatalogItem | None = None
    theirs: CatalogItem | None = None
    failure: tuple[Message, Message | None] | None = None
    refused: list[tuple[Problem, object]] = field(default_factory=list)

    @classmethod
    def of(cls, item: CatalogItem) -> EditState:
        """The form of a product that was just read."""
        return cls(item, values_of(item))

    def forget(self) -> None:
        """Drop the widgets' values."""
        forget(_KEY)

    def undecided(self) -> None:
        """Show the form again as it was; Apply finds somebody else's change once more."""
        self.theirs = None
        self.forget()

    def rebase(self, base: CatalogItem, wanted: ProductFields) -> None:
        """Go on from another state of the product, with these values in the form."""
        self.base, self.values, self.theirs = base, values_of(wanted), None
        self.forget()


def draw_edit(
    services: Services,
    state: EditState,
    on_updated: Callable[[CatalogItem], None],
    view: Callable[[int], None],
) -> None:
    """The body of the dialog."""
    if state.written is not None:
        _finish(state, state.written, on_updated, view)
    try:
        lists = choices(services.products.form_options(), state.base)
        limits = widget_limits(services.products.field_limits(), values_of(state.base))
    except UsageSyncError as error:
        show_error(error)
        _retry_or_leave(state, view)
        return
    wanted, unread = fields_from(state.values, lists, fields_of(state.base))
    if state.theirs is not None:
        merged = draw_comparison(state.base, state.theirs, wanted, state.undecided)
        if merged is not None:
            state.rebase(state.theirs, merged)
            redraw()
        return
    found = _problems(state, wanted, unread, limits, lists) if state.checked else ()
    problems = (*found, *_still_refused(state))
    _draw_form(state, lists, limits, problems)
    changes = changed_fields(fields_of(state.base), wanted)
    told = _change_count(len(changes) + len(unread))
    if problems:
        told = attention(len({problem.field for problem in problems}))
    elif state.failure is not None:
        told = went_wrong()
    _buttons(state, told, view)
    if state.applying:
        with st.spinner(_("Writing to ConnectWise…")):
            _apply(services, state, lists, limits)
        redraw()


def _finish(
    state: EditState,
    written: CatalogItem,
    on_updated: Callable[[CatalogItem], None],
    view: Callable[[int], None],
) -> None:
    unchanged = fields_of(written) == fields_of(state.base)
    st.session_state[NOTICE] = _change_count(0) if unchanged else _("Written to ConnectWise.")
    on_updated(written)
    view(written.id)


def _draw_form(
    state: EditState, lists: Choices, limits: dict[str, int], problems: tuple[Problem, ...]
) -> None:
    st.markdown(f"**{as_typed(state.base.identifier)}** · ID {state.base.id}")
    if state.failure is not None:
        unplaced = [one for one, _value in state.refused if one.field not in state.values]
        st.error(failure_text(*state.failure, unplaced), icon=":material/error:")
    draw_fields(Form(_KEY, state.values, lists, limits, problems))


def _still_refused(state: EditState) -> list[Problem]:
    return [
        problem
        for problem, value in state.refused
        if problem.field in state.values and state.values[problem.field] == value
    ]


def _problems(
    state: EditState,
    wanted: ProductFields,
    unread: tuple[Problem, ...],
    limits: dict[str, int],
    lists: Choices,
) -> tuple[Problem, ...]:
    """What stands in the way; a fault that the product had already is ConnectWise's affair."""
    base = fields_of(state.base)
    return (*unread, *validate(wanted, limits, subcategories=lists.subcategories, base=base))


def _buttons(state: EditState, told: str, view: Callable[[int], None]) -> None:
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        st.markdown(told, width="content")
        left = st.button(_("Cancel"), key=f"{_KEY}_cancel", disabled=state.applying)
        # A press that came while Apply ran must not hide why Apply wrote nothing.
        if left and not state.applied:
            view(state.base.id)
        state.applied = False
        st.button(
            _("Apply"),
            type="primary",
            icon=":material/check:",
            key=f"{_KEY}_apply",
            disabled=state.applying,
            on_click=_begin,
            args=(state,),
        )


def _begin(state: EditState) -> None:
    state.applying = True


def _change_count(changes: int) -> str:
    if not changes:
        return _("No changes")
    return ngettext("{count} change", "{count} changes", changes)


def _apply(services: Services, state: EditState, lists: Choices, limits: dict[str, int]) -> None:
    """Write what changed, and keep in `state` what became of it.

    No `st` call in here: a click meanwhile would end the run at it, and the result be lost.
    """
    try:
        _write(services, state, lists, limits)
    finally:
        state.applying, state.applied = False, True


def _write(services: Services, state: EditState, lists: Choices, limits: dict[str, int]) -> None:
    state.checked, state.failure, state.refused = True, None, []
    wanted, unread = fields_from(state.values, lists, fields_of(state.base))
    if _problems(state, wanted, unread, limits, lists):
        return
    try:
        state.written = services.products.update(state.base, wanted)
    except ProductChangedError as error:
        state.theirs = error.theirs
    except UsageSyncError as error:
        state.failure = (error.text, error.remedy)
        state.refused = [
            (problem, state.values.get(problem.field or "")) for problem in _problems_of(error)
        ]


def _problems_of(error: UsageSyncError) -> tuple[Problem, ...]:
    if isinstance(error, (InputError, RefusedError)):
        return error.problems
    if isinstance(error, ProductExistsError):
        return (Problem(error.text, "identifier"),)
    return ()


def _retry_or_leave(state: EditState, view: Callable[[int], None]) -> None:
    with st.container(horizontal=True):
        if st.button(_("Try again"), icon=":material/refresh:", key=f"{_KEY}_retry"):
            redraw()
        if st.button(_("Cancel"), key=f"{_KEY}_cancel"):
            view(state.base.id)
