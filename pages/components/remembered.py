"""What this browser remembers of its reader from visit to visit: name and language, in cookies."""

from __future__ import annotations

import json
from urllib.parse import quote, unquote

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

NAME, LANGUAGE = "usage_sync_name", "usage_sync_language"
_PENDING = "remembered_pending"
_YEAR_SECONDS = 365 * 24 * 3600


def recall(key: str) -> str | None:
    """The value that the browser sent when this session began."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return None
    value = st.context.cookies.get(key)
    return unquote(value) if value else None


def remember(key: str, value: str) -> None:
    """Keep a value for the next visit; `write_remembered` tells the browser."""
    st.session_state[_PENDING] = {**st.session_state.get(_PENDING, {}), key: value}


def write_remembered() -> None:
    """Set the cookies that are waiting. Only a page can: a callback draws nothing."""
    pending: dict[str, str] = st.session_state.pop(_PENDING, {})
    if pending:
        lines = [_script_line(key, value) for key, value in pending.items()]
        st.html(f"<script>{''.join(lines)}</script>", unsafe_allow_javascript=True)


def _script_line(key: str, value: str) -> str:
    # Percent-encoded, a value can end neither the cookie nor the script.
    cookie = f"{key}={quote(value, safe='')}; path=/; max-age={_YEAR_SECONDS}; SameSite=Lax"
    return f"document.cookie={json.dumps(cookie)};"
