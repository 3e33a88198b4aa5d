"""A page with a grid narrowed to one row, because a link of another page asked for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import streamlit as st

from pages.components.grid_session import GridSession
from pages.components.language import _
from pages.components.problems import as_typed

Session = GridSession[Any, Any]


def follow_link(session: Session, name: str) -> None:
    """A link may name a row by the parameter `name`, once; a chip turned on later ends it."""
    code = st.query_params.pop(name, None)
    if code:
        st.session_state[session.key("focus")] = (code, session.show().value)


def focus(session: Session, known: Mapping[str, object]) -> str:
    """The row that alone is shown; empty for all rows that the chip shows."""
    code, show = st.session_state.get(session.key("focus"), ("", ""))
    return code if code in known and show == session.show().value else ""


def draw_focus(session: Session, code: str, title: Callable[[str], str]) -> None:
    """Say which row alone is shown, with the way back to the others."""
    if not code:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        told = _("Only {name} is shown.", name=title(code))
        st.caption(as_typed(told), width="content")
        st.button(
            _("Show all rows"),
            key=session.key("focus_end"),
            icon=":material/filter_alt_off:",
            type="tertiary",
            on_click=partial(_end, session),
        )


def _end(session: Session) -> None:
    st.session_state.pop(session.key("focus"), None)
