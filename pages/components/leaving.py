"""The browser asks before a reload or a closed tab drops what was not saved or approved."""

from __future__ import annotations

import streamlit as st

from pages.components import grid_session, sync_session
from pages.components.grid_catalog import guard_leaving

_GUARDED = "leaving_guarded"


def anything_unsaved() -> bool:
    """Whether edits are staged on any page, or something was decided for a plan that is not
    approved yet."""
    return grid_session.anything_staged() or sync_session.anything_decided()


def ask_before_leaving() -> None:
    """Let the browser know, on a page without a grid. Nothing is drawn in a session that never had
    anything to lose."""
    unsaved = anything_unsaved()
    if unsaved or st.session_state.get(_GUARDED):
        st.session_state[_GUARDED] = True
        guard_leaving(unsaved=unsaved, key="leaving")
