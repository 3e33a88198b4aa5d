"""Paste or upload a mapping CSV into staged edits: all of it, or nothing with every bad row."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.domain.mapping_csv import REQUIRED_COLUMNS, CsvImport
from core.domain.models import MappingRow
from core.domain.saving import RowEdit
from core.domain.staging import PRODUCT, SYNC, CellEdit, RowBase
from core.errors import InputError, UsageSyncError
from core.services import Services
from pages.components import mapping_session as session
from pages.components.language import _, ngettext, text
from pages.components.mapping_dialogs import close_dialog
from pages.components.problems import as_typed, show_error

_LARGEST_FILE = 5_000_000


def draw_import(services: Services, rows: Sequence[MappingRow]) -> None:
    """The body of the import dialog."""
    st.write(
        _(
            "The file needs the columns {columns}. Nothing is saved yet: rows that differ become "
            "unsaved changes.",
            columns=", ".join(REQUIRED_COLUMNS),
        )
    )
    given = _given_text()
    edits = _check(services, given) if given.strip() else None
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(_("Back"), key="mapping_import_back"):
            close_dialog()
            st.rerun()
        if st.button(
            _("Stage changes"), key="mapping_import_stage", type="primary", disabled=not edits
        ):
            session.stage_many(cell_edits(edits or (), rows))
            close_dialog()
            st.rerun()


def cell_edits(edits: Sequence[RowEdit], rows: Sequence[MappingRow]) -> list[CellEdit]:
    """The cells that the file sets, on the rows as they are stored now."""
    current = {row.mapping.product_code: RowBase.of(row.mapping) for row in rows}
    cells = []
    for edit in edits:
        base = current.get(edit.key, RowBase())
        product_id, sync = edit.wanted.connectwise_product_id, edit.wanted.sync
        cells.append(CellEdit(edit.key, PRODUCT, product_id, base))
        cells.append(CellEdit(edit.key, SYNC, sync, base))
    return cells


def _given_text() -> str:
    upload, paste = st.tabs([_("Upload a file"), _("Paste")])
    with upload:
        file = st.file_uploader(
            _("CSV file"), type=["csv", "txt", "tsv"], key="mapping_import_file"
        )
    with paste:
        pasted = st.text_area(
            _("Rows from a spreadsheet, with their headings"),
            key="mapping_import_text",
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
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        st.error(_("The file is not UTF-8 text. In Excel, save it as “CSV UTF-8”."))
        return ""


def _check(services: Services, given: str) -> tuple[RowEdit, ...] | None:
    try:
        parsed = services.mappings.parse_csv(given)
        edits = services.mappings.check_csv(parsed)
    except InputError as error:
        show_error(error)
        return None
    except UsageSyncError as error:
        show_error(error)
        return None
    _tell(parsed, edits)
    return edits


def _tell(parsed: CsvImport, edits: Sequence[RowEdit]) -> None:
    for notice in parsed.notices:
        st.info(as_typed(text(notice)))
    read = ngettext("{count} row was read.", "{count} rows were read.", len(parsed.rows))
    if not edits:
        st.success(read + " " + _("It is all saved already: there is nothing to change."))
        return
    changed = ngettext(
        "{count} product would change.", "{count} products would change.", len(edits)
    )
    st.success(f"{read} {changed}")
