"""What stands above a grid: unsaved changes, commands, chips, the selection."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.domain.row_edits import CellEdit
from core.domain.row_staging import StagedEdits
from core.services import Services
from pages.components.grid_session import Dialog, GridSession
from pages.components.language import _, ngettext

Session = GridSession[Any, Any]


def toolbar() -> tuple[DeltaGenerator, DeltaGenerator]:
    """A line with a place on its left, for saving and undoing, and one for the page's commands."""
    row = st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    )
    return _group(row), _group(row)


def draw_edit_commands(session: Session) -> None:
    """Save, Discard, Undo, Redo, and how much is unsaved."""
    staged = session.staged()
    count = staged.cell_count
    st.button(
        _("Save"),
        key=session.key("save"),
        type="primary",
        icon=":material/save:",
        disabled=not count,
        on_click=partial(session.open_dialog, Dialog.SAVE),
    )
    st.button(
        _("Discard"),
        key=session.key("discard"),
        disabled=not count,
        on_click=partial(session.open_dialog, Dialog.DISCARD),
    )
    _step_button(session, "undo", _("Undo"), staged.can_undo, staged.undo)
    _step_button(session, "redo", _("Redo"), staged.can_redo, staged.redo)
    words = ngettext("{count} unsaved change", "{count} unsaved changes", count)
    if count:
        st.markdown(f":orange-badge[:material/edit: {words}]", width="content")


def draw_csv_commands(session: Session, export: Callable[[], str], file_name: str) -> None:
    """Import and export; `export` gives the text when it is asked for."""
    st.button(
        _("Import CSV"),
        key=session.key("import"),
        icon=":material/upload:",
        on_click=partial(session.open_dialog, Dialog.IMPORT),
    )
    st.download_button(
        _("Export CSV"),
        data=partial(_with_mark, export),
        file_name=file_name,
        mime="text/csv",
        key=session.key("export"),
        icon=":material/download:",
        on_click="ignore",
        help=_("All rows as they are saved."),
    )


def draw_chips(session: Session, services: Services, counts: Mapping[Any, int], names: Any) -> None:
    """The filter chips with their counts, in the order of `counts`; `names` has their words."""
    key = session.key("chips")
    if st.session_state.get(key) is not session.show():
        st.session_state[key] = session.show()
    st.pills(
        _("Show"),
        list(counts),
        key=key,
        format_func=lambda show: f"{names[show]} {counts[show]}",
        label_visibility="collapsed",
        on_change=partial(_chip_chosen, session, services),
    )


def draw_selection(session: Session, known: Mapping[str, object], field: str) -> None:
    """Bulk commands for the switch `field`.

    They are always there, so that selecting does not move the grid.
    """
    codes = [code for code in session.selected() if code in known]
    words = ngettext("{count} row selected", "{count} rows selected", len(codes))
    for on, name, title in (
        (True, "on", _("Turn sync on")),
        (False, "off", _("Turn sync off")),
    ):
        st.button(
            title,
            key=session.key(f"bulk_{name}"),
            icon=f":material/toggle_{name}:",
            type="tertiary",
            disabled=not codes,
            on_click=partial(_switch, session, codes, field, on),
        )
    st.caption(words, width="content")


def _group(row: DeltaGenerator) -> DeltaGenerator:
    return row.container(horizontal=True, vertical_alignment="center", gap="small", width="content")


def _step_button(
    session: Session, icon: str, title: str, enabled: bool, step: Callable[[], StagedEdits[Any]]
) -> None:
    st.button(
        title,
        key=session.key(icon),
        icon=f":material/{icon}:",
        type="tertiary",
        disabled=not enabled,
        on_click=lambda: session.put_staged(step()),
    )


def _switch(session: Session, codes: Sequence[str], field: str, on: bool) -> None:
    session.stage_many(CellEdit(code, field, on, session.base_of(code)) for code in codes)


def _with_mark(export: Callable[[], str]) -> bytes:
    # The byte order mark makes Excel read it as UTF-8.
    return export().encode("utf-8-sig")


def _chip_chosen(session: Session, services: Services) -> None:
    chosen = st.session_state[session.key("chips")]
    session.put_show(services, chosen or session.first_show())
