"""Who acts: the name that history keeps."""

from __future__ import annotations

import getpass

import streamlit as st

NAME_KEY = "identity_name"


def signed_in_as() -> str | None:
    """The e-mail address or name of the signed-in person; None without sign-in."""
    if not st.user.get("is_logged_in"):
        return None
    return str(st.user.get("email") or st.user.get("name") or st.user.get("sub") or "") or None


def who() -> str:
    """The name written to history: the signed-in person, else what they call themselves."""
    return signed_in_as() or st.session_state.get(NAME_KEY) or system_user()


def system_user() -> str:
    """The account that the dashboard runs under; containers may have none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "dashboard"
