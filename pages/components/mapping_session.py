"""What the mapping page remembers of one session: staged edits, selection, filter, view."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import cast

import streamlit as st

from core.domain.staging import CellEdit, RowBase, StagedEdits
from core.services import Services
from pages.components.grid_events import GridMessage, Step
from pages.components.identity import who
from pages.components.mapping_filters import Show
from pages.components.mapping_steps import take_steps

_STAGED = "mapping_staged"
_LAST_STEP = "mapping_last_step"
_BASES = "mapping_bases"
_SELECTED = "mapping_selected"
_REQUEST = "mapping_request"
_VIEW = "mapping_view"
_VIEW_DRAWN = "mapping_view_drawn"
_SHOW = "mapping_show"
_CATALOG_HELD = "mapping_catalog_held"
_PREFERENCE = "mapping_view"


def begin(services: Services) -> None:
    """Set everything once per session, with the view that this person left last time."""
    if _STAGED in st.session_state:
        return
    view, show = _stored_view(services)
    st.session_state[_STAGED] = StagedEdits()
    st.session_state[_LAST_STEP] = 0
    st.session_state[_BASES] = {}
    st.session_state[_SELECTED] = ()
    st.session_state[_REQUEST] = None
    st.session_state[_VIEW] = view
    st.session_state[_VIEW_DRAWN] = view
    st.session_state[_SHOW] = show
    st.session_state[_CATALOG_HELD] = ""


def staged() -> StagedEdits:
    """The edits that are not saved yet."""
    return cast(StagedEdits, st.session_state[_STAGED])


def put_staged(edits: StagedEdits) -> None:
    """Replace the staged edits."""
    st.session_state[_STAGED] = edits


def stage_many(edits: Iterable[CellEdit]) -> None:
    """Stage several cells as one step of undo."""
    put_staged(staged().stage_many(edits))


def remember_bases(bases: Mapping[str, RowBase]) -> None:
    """Keep the rows as they are drawn now: edits are made on what the person sees."""
    st.session_state[_BASES] = dict(bases)


def base_of(code: str) -> RowBase:
    """The row as it was drawn; an unsaved one for a code that is not in the grid."""
    return cast(RowBase, st.session_state[_BASES].get(code, RowBase()))


def last_step() -> int:
    """The number of the last step of the grid that was taken."""
    return cast(int, st.session_state[_LAST_STEP])


def selected() -> tuple[str, ...]:
    """The codes of the selected rows that are on display."""
    return cast(tuple[str, ...], st.session_state[_SELECTED])


def catalog_held() -> str:
    """The version of the catalog that this browser has."""
    return cast(str, st.session_state[_CATALOG_HELD])


def pop_request() -> Step | None:
    """The dialog that was asked for in the grid, once."""
    request = cast("Step | None", st.session_state[_REQUEST])
    st.session_state[_REQUEST] = None
    return request


def receive(services: Services, message: GridMessage) -> None:
    """Take a message of the grid."""
    taken = take_steps(staged(), message.steps, st.session_state[_BASES], last_step())
    put_staged(taken.staged)
    st.session_state[_LAST_STEP] = taken.last
    if taken.request is not None:
        st.session_state[_REQUEST] = taken.request
    st.session_state[_SELECTED] = message.selected
    st.session_state[_CATALOG_HELD] = message.catalog
    if message.view and message.view != st.session_state[_VIEW]:
        st.session_state[_VIEW] = message.view
        _store_view(services)


def view_to_draw(*, new: bool) -> str:
    """The view for the grid's options, which must not change while it is on the page."""
    if new:
        st.session_state[_VIEW_DRAWN] = st.session_state[_VIEW]
    return cast(str, st.session_state[_VIEW_DRAWN])


def show() -> Show:
    """The chip that is on."""
    return cast(Show, st.session_state[_SHOW])


def put_show(services: Services, chosen: Show) -> None:
    """Turn a chip on."""
    if chosen is not show():
        st.session_state[_SHOW] = chosen
        _store_view(services)


def _preference_key() -> str:
    return f"{_PREFERENCE}/{who()}"


def _store_view(services: Services) -> None:
    view = json.dumps({"grid": st.session_state[_VIEW], "show": show().value})
    services.preferences.put(_preference_key(), view, who())


def _stored_view(services: Services) -> tuple[str, Show]:
    stored = services.preferences.get(_preference_key())
    try:
        values = json.loads(stored or "{}")
        return str(values.get("grid", "")), Show(values.get("show", Show.ALL))
    except (ValueError, AttributeError):
        return "", Show.ALL
