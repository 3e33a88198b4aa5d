"""Saving and discarding: the list old -> new, what follows from it, and every problem at once."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.domain.models import MappingRow
from core.errors import UsageSyncError
from core.services import Services
from pages.components import mapping_session as session
from pages.components.identity import who
from pages.components.language import _, ngettext
from pages.components.mapping_dialogs import close_dialog
from pages.components.mapping_plan import ChangeLine, Review, review
from pages.components.mapping_rows import Catalog
from pages.components.problems import as_typed, problem_list, show_error

_NOTICE = "mapping_notice"


def draw_save(services: Services, rows: Sequence[MappingRow], catalog: Catalog) -> None:
    """The body of the Save dialog."""
    found = review(session.staged(), rows, catalog, services.clock())
    _draw_lines(found.lines)
    _draw_warnings(found)
    if found.plan.problems:
        st.error(
            _("**Nothing can be saved yet.** Correct these first:")
            + "\n\n"
            + problem_list(found.plan.problems),
            icon=":material/error:",
        )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(_("Back"), key="mapping_save_back"):
            close_dialog()
            st.rerun()
        blocked = bool(found.plan.problems) or not found.lines
        if st.button(_("Save"), key="mapping_save_now", type="primary", disabled=blocked):
            _save(services)


def draw_discard() -> None:
    """The body of the Discard dialog."""
    count = session.staged().cell_count
    st.write(
        ngettext(
            "Drop {count} unsaved change? Undo brings it back.",
            "Drop {count} unsaved changes? Undo brings them back.",
            count,
        )
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(_("Keep"), key="mapping_discard_no"):
            close_dialog()
            st.rerun()
        if st.button(_("Discard"), key="mapping_discard_yes", type="primary"):
            session.put_staged(session.staged().discard())
            close_dialog()
            st.rerun()


def show_notice() -> None:
    """Say once, after the dialog has closed, what a save did."""
    notice = st.session_state.pop(_NOTICE, None)
    if notice:
        st.toast(notice, icon=":material/check_circle:")


def _draw_lines(lines: Sequence[ChangeLine]) -> None:
    if not lines:
        st.write(_("There is nothing to save."))
        return
    frame = pd.DataFrame([vars(line) for line in lines])
    headings = [_("Sophos product"), _("Field"), _("Saved now"), _("After saving")]
    frame.columns = pd.Index(headings)
    st.dataframe(frame, hide_index=True, width="stretch", key="mapping_save_lines")


def _draw_warnings(found: Review) -> None:
    if found.consequences:
        points = "\n\n".join(as_typed(words) for words in found.consequences)
        st.warning(points, icon=":material/warning:")
    if found.plan.conflicts:
        count = len(found.plan.conflicts)
        st.warning(
            ngettext(
                "{count} row was changed by somebody else and is left out. Close this to decide.",
                "{count} rows were changed by somebody else and are left out. "
                "Close this to decide.",
                count,
            ),
            icon=":material/sync_problem:",
        )


def _save(services: Services) -> None:
    staged = session.staged()
    try:
        result = services.mappings.save(staged.edits(), by=who())
    except UsageSyncError as error:
        show_error(error)
        return
    refused = {conflict.key for conflict in result.conflicts}
    session.put_staged(staged.saved(set(staged.changes()) - refused))
    st.session_state[_NOTICE] = ngettext(
        "Saved {count} product.", "Saved {count} products.", len(result.saved)
    )
    close_dialog()
    st.rerun()
