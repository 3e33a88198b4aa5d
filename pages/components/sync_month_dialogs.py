"""The dialogs of a month: closing and reopening it."""

from __future__ import annotations

import streamlit as st

from core.errors import UsageSyncError
from core.services import Services
from pages.components import sync_session as session
from pages.components.identity import who
from pages.components.language import _
from pages.components.limited_text import limited, refused_as_too_long
from pages.components.problems import show_error
from pages.components.sync_month import MonthState
from pages.components.sync_session import close_dialog

_REASON_LIMIT = 300


def draw_close_month(services: Services, state: MonthState) -> None:
    """Close a month, so that nothing is written to it any more."""
    st.write(
        _(
            "A closed month takes no fetch, no import and no sync until somebody reopens it with a "
            "reason. Close it when its invoices are out."
        )
    )
    typed = st.text_input(_("Note (optional)"), key="usage_sync_close_reason")
    reason = limited("reason", typed, _REASON_LIMIT)
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(_("Back"), key="usage_sync_close_back"):
            _close()
        pressed = st.button(_("Close the month"), key="usage_sync_close_yes", type="primary")
        if pressed and not refused_as_too_long([reason]):
            try:
                services.months.close(state.month, who(), reason.text)
            except UsageSyncError as error:
                show_error(error)
                return
            session.say(_("{month} is closed.", month=str(state.month)))
            _close()


def draw_reopen_month(services: Services, state: MonthState) -> None:
    """Reopen a month, with the reason."""
    if state.closing is not None:
        st.write(
            _(
                "{month} was closed by {name} on {day}. The reason for reopening it is kept.",
                month=str(state.month),
                name=state.closing.by,
                day=state.closing.at.date(),
            )
        )
    typed = st.text_input(_("Reason"), key="usage_sync_reopen_reason")
    reason = limited("reason", typed, _REASON_LIMIT)
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(_("Back"), key="usage_sync_reopen_back"):
            _close()
        pressed = st.button(_("Reopen the month"), key="usage_sync_reopen_yes", type="primary")
        if pressed and not refused_as_too_long([reason]):
            try:
                services.months.reopen(state.month, reason.text, who())
            except UsageSyncError as error:
                show_error(error)
                return
            session.say(_("{month} is open again.", month=str(state.month)))
            _close()


def _close() -> None:
    close_dialog()
    st.rerun()
