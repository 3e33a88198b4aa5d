"""Below the list of pages: who acts, and in which language."""

from __future__ import annotations

import streamlit as st

from pages.components.identity import NAME_LIMIT, call_me, signed_in_as, system_user, who
from pages.components.language import _, available, language
from pages.components.reader import choose_language
from pages.components.remembered import LANGUAGE, remember, write_remembered

_NAME_WIDGET = "sidebar_name"
_LANGUAGE_WIDGET = "sidebar_language"


def draw_sidebar() -> None:
    """Name and language. Their values live under keys of their own: widgets forget on a switch."""
    write_remembered()
    with st.sidebar:
        _identity()
        _language()


def _identity() -> None:
    signed_in = signed_in_as()
    if signed_in is None:
        st.text_input(
            _("Your name in the history"),
            value=who(),
            placeholder=system_user(),
            max_chars=NAME_LIMIT,
            key=_NAME_WIDGET,
            icon=":material/person:",
            help=_("Every change is kept with who made it. Without sign-in, say who you are."),
            on_change=_keep_name,
        )
        return
    st.text_input(
        _("Signed in as"),
        value=signed_in,
        disabled=True,
        icon=":material/person:",
        key="sidebar_who",
    )
    if st.button(_("Sign out"), icon=":material/logout:", key="sidebar_sign_out"):
        st.logout()


def _keep_name() -> None:
    call_me(st.session_state[_NAME_WIDGET])


def _language() -> None:
    names = available()
    codes = list(names)
    st.selectbox(
        _("Language"),
        codes,
        index=codes.index(language()),
        format_func=names.__getitem__,
        placeholder=_("Choose…"),
        key=_LANGUAGE_WIDGET,
        on_change=_keep_language,
    )


def _keep_language() -> None:
    code = st.session_state[_LANGUAGE_WIDGET]
    choose_language(code)
    remember(LANGUAGE, code)
