"""What stands above the grid: unsaved changes, commands, chips, the selection."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import streamlit as st

from core.domain.models import MappingRow, SophosProduct
from core.domain.staging import SYNC, CellEdit, StagedEdits
from core.services import Services
from pages.components import mapping_session as session
from pages.components.language import _, ngettext
from pages.components.mapping_dialogs import Dialog, open_dialog
from pages.components.mapping_filters import Show, chip_text, counts
from pages.components.product_forms import open_add

_CHIPS = "mapping_chips"
_BLANK = SophosProduct(code="", description="", product_group="", first_seen=None, last_seen=None)


def draw_toolbar(services: Services, rows: Sequence[MappingRow], staged: StagedEdits) -> None:
    """Saving and undoing on the left, commands for the whole page on the right."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        with st.container(
            horizontal=True, vertical_alignment="center", gap="small", width="content"
        ):
            _edit_commands(staged)
        with st.container(
            horizontal=True, vertical_alignment="center", gap="small", width="content"
        ):
            _page_commands(services, rows)


def _edit_commands(staged: StagedEdits) -> None:
    count = staged.cell_count
    st.button(
        _("Save"),
        key="mapping_save",
        type="primary",
        icon=":material/save:",
        disabled=not count,
        on_click=partial(open_dialog, Dialog.SAVE),
    )
    st.button(
        _("Discard"),
        key="mapping_discard",
        disabled=not count,
        on_click=partial(open_dialog, Dialog.DISCARD),
    )
    _step_button("undo", _("Undo"), staged.can_undo, staged.undo)
    _step_button("redo", _("Redo"), staged.can_redo, staged.redo)
    words = ngettext("{count} unsaved change", "{count} unsaved changes", count)
    if count:
        st.markdown(f":orange-badge[:material/edit: {words}]", width="content")


def _page_commands(services: Services, rows: Sequence[MappingRow]) -> None:
    st.button(
        _("Add product to PSA"),
        key="mapping_add",
        icon=":material/add:",
        on_click=partial(_add, rows),
        help=_("For the selected rows, or a blank form when no row is selected."),
    )
    st.button(
        _("Import CSV"),
        key="mapping_import",
        icon=":material/upload:",
        on_click=partial(open_dialog, Dialog.IMPORT),
    )
    st.download_button(
        _("Export CSV"),
        data=partial(_export, services),
        file_name="product_mappings.csv",
        mime="text/csv",
        key="mapping_export",
        icon=":material/download:",
        on_click="ignore",
        help=_("All rows as they are saved."),
    )


def draw_chips(services: Services, rows: Sequence[MappingRow], staged: StagedEdits) -> Show:
    """The filter chips with their counts; returns the one that is on."""
    found = counts(rows, set(staged.changes()))
    if st.session_state.get(_CHIPS) is not session.show():
        st.session_state[_CHIPS] = session.show()
    st.pills(
        _("Show"),
        list(Show),
        key=_CHIPS,
        format_func=lambda show: chip_text(show, found[show]),
        label_visibility="collapsed",
        on_change=partial(_chip_chosen, services),
    )
    return session.show()


def draw_selection(by_code: Mapping[str, MappingRow]) -> None:
    """Bulk commands. They are always there, so that selecting does not move the grid."""
    codes = [code for code in session.selected() if code in by_code]
    words = ngettext("{count} row selected", "{count} rows selected", len(codes))
    for on, name, title in (
        (True, "on", _("Turn sync on")),
        (False, "off", _("Turn sync off")),
    ):
        st.button(
            title,
            key=f"mapping_bulk_{name}",
            icon=f":material/toggle_{name}:",
            type="tertiary",
            disabled=not codes,
            on_click=partial(_switch, codes, on),
        )
    st.caption(words, width="content")


def _step_button(icon: str, title: str, enabled: bool, step: Callable[[], StagedEdits]) -> None:
    st.button(
        title,
        key=f"mapping_{icon}",
        icon=f":material/{icon}:",
        type="tertiary",
        disabled=not enabled,
        on_click=lambda: session.put_staged(step()),
    )


def _switch(codes: Sequence[str], on: bool) -> None:
    session.stage_many(CellEdit(code, SYNC, on, session.base_of(code)) for code in codes)


def _add(rows: Sequence[MappingRow]) -> None:
    chosen = set(session.selected())
    selected = [row.product for row in rows if row.mapping.product_code in chosen]
    open_add(selected or [_BLANK])


def _export(services: Services) -> bytes:
    # The byte order mark makes Excel read it as UTF-8.
    return services.mappings.export_csv().encode("utf-8-sig")


def _chip_chosen(services: Services) -> None:
    session.put_show(services, st.session_state[_CHIPS] or Show.ALL)
