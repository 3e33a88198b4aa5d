"""Paste or upload a CSV into staged edits: all of it, or nothing with every bad row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from typing import Any

import streamlit as st

from core.domain.csv_table import decode
from core.domain.row_csv import ImportedRows
from core.domain.row_edits import CellEdit, RowBase, RowEdit
from core.errors import Message, UsageSyncError
from pages.components.file_field import file_field
from pages.components.grid_session import GridSession
from pages.components.language import _, ngettext, text
from pages.components.problems import as_typed, show_error

Session = GridSession[Any, Any]
Checked = tuple[ImportedRows[Any], Sequence[RowEdit[Any]], Sequence[Message]]

_LARGEST_FILE = 5_000_000


def draw_import(
    session: Session,
    columns: Sequence[str],
    check: Callable[[str], Checked],
    changed: Callable[[int], str],
    base_of: Callable[[str], RowBase[Any]],
) -> None:
    """The body of the import dialog.

    `check` gives what a text says, the edits that follow, and what to know of them; it raises
    InputError with every bad row. `changed` says how many rows would change. `base_of` is a row
    as it is stored now.
    """
    st.write(
        _(
            "The file needs the columns {columns}. Nothing is saved yet: rows that differ become "
            "unsaved changes.",
            columns=", ".join(columns),
        )
    )
    given = _given_text(session)
    edits = _check(check, changed, given, base_of) if given.strip() else None
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(_("Back"), key=session.key("import_back")):
            session.close_dialog()
            st.rerun()
        if st.button(
            _("Stage changes"),
            key=session.key("import_stage"),
            type="primary",
            disabled=not edits,
        ):
            session.stage_many(cell_edits(edits or (), base_of))
            session.close_dialog()
            st.rerun()


def cell_edits(
    edits: Sequence[RowEdit[Any]], base_of: Callable[[str], RowBase[Any]]
) -> Iterator[CellEdit[Any]]:
    """The cells that a file sets, on the rows as they are stored now."""
    for edit in edits:
        base = base_of(edit.key)
        for one in fields(edit.wanted):
            yield CellEdit(edit.key, one.name, getattr(edit.wanted, one.name), base)


def _given_text(session: Session) -> str:
    upload, paste = st.tabs([_("Upload a file"), _("Paste")])
    with upload:
        file = file_field(_("CSV file"), session.key("import_file"))
    with paste:
        pasted = st.text_area(
            _("Rows from a spreadsheet, with their headings"),
            key=session.key("import_text"),
            height=160,
        )
    if file is None:
        return pasted or ""
    return _decoded(file.getvalue())


def _decoded(content: bytes) -> str:
    if len(content) > _LARGEST_FILE:
        st.error(_("The file is larger than 5 MB. Split it and import the parts."))
        return ""
    try:
        return decode(content)
    except UsageSyncError as error:
        show_error(error)
        return ""


def _check(
    check: Callable[[str], Checked],
    changed: Callable[[int], str],
    given: str,
    base_of: Callable[[str], RowBase[Any]],
) -> Sequence[RowEdit[Any]] | None:
    try:
        parsed, found, notices = check(given)
    except UsageSyncError as error:
        show_error(error)
        return None
    # A new row with nothing in it would be saved, but is no change that can be staged.
    edits = [edit for edit in found if edit.wanted != base_of(edit.key).values]
    for notice in (*parsed.notices, *notices):
        st.info(as_typed(text(notice)))
    read = ngettext("{count} row was read.", "{count} rows were read.", len(parsed.rows))
    if not edits:
        st.success(read + " " + _("It is all saved already: there is nothing to change."))
    else:
        st.success(f"{read} {changed(len(edits))}")
    return edits
