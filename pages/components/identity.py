"""Who acts: the name that history keeps."""

from __future__ import annotations

import getpass
from functools import lru_cache

import streamlit as st

from core.use_cases.scheduler import BY as SCHEDULE
from pages.components.language import _
from pages.components.remembered import NAME, recall, remember

NAME_KEY = "identity_name"
NAME_LIMIT = 60


def signed_in_as() -> str | None:
    """The e-mail address or name of the signed-in person; None without sign-in."""
    if not st.user.get("is_logged_in"):
        return None
    return str(st.user.get("email") or st.user.get("name") or st.user.get("sub") or "") or None


def who() -> str:
    """The name written to history: the signed-in person, else what they call themselves."""
    return signed_in_as() or _own_name() or system_user()


def name_of(person: str) -> str:
    """What a page calls whoever did something, which may have been nobody."""
    return _("the schedule") if person == SCHEDULE else person


def call_me(name: str) -> None:
    """Take the name that a person gives; an empty one goes back to the system's user."""
    kept = " ".join(name.split())[:NAME_LIMIT]
    st.session_state[NAME_KEY] = kept
    remember(NAME, kept)


def _own_name() -> str:
    """This session's name, else that of the last visit: a cookie, so not trusted to be short."""
    if NAME_KEY in st.session_state:
        return str(st.session_state[NAME_KEY])
    return " ".join((recall(NAME) or "").split())[:NAME_LIMIT]


@lru_cache(maxsize=1)
def system_user() -> str:
    """The account that the dashboard runs under; containers may have none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "dashboard"
