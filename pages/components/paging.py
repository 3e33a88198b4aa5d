"""Long lists page by page: the browser never gets more rows than it can take."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TypeVar

import streamlit as st

from pages.components.language import _

PAGE_SIZE = 500
Row = TypeVar("Row")


def page_count(rows: Sequence[object]) -> int:
    """How many pages the rows fill, one at least."""
    return max(1, -(-len(rows) // PAGE_SIZE))


def page_of(rows: Sequence[Row], page: int) -> Sequence[Row]:
    """The rows of one page, counted from 1; the last one for a number beyond it."""
    first = (min(max(page, 1), page_count(rows)) - 1) * PAGE_SIZE
    return rows[first : first + PAGE_SIZE]


def on_screen(name: str, rows: Sequence[Row]) -> Sequence[Row]:
    """The rows of the page that this session is on; `name` sets lists apart."""
    return page_of(rows, int(st.session_state.get(name, 1)))


def turn_page(name: str, page: int) -> None:
    """Turn to a page; to the first one when other rows are looked for."""
    st.session_state[name] = page


def search_field(key: str, name: str, width: int) -> str:
    """What is searched for in the list `name`, which then begins at its first page."""
    return st.text_input(
        _("Search"),
        key=key,
        icon=":material/search:",
        placeholder=_("Search"),
        label_visibility="collapsed",
        persist_state="session",
        width=width,
        on_change=partial(turn_page, name, 1),
    )


def draw_pages(name: str, rows: Sequence[object]) -> None:
    """The numbers of the pages, where there are several."""
    pages = page_count(rows)
    if pages == 1:
        return
    key = f"{name}_widget"
    st.session_state[key] = min(int(st.session_state.get(name, 1)), pages)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.pagination(pages, key=key, on_change=partial(_chosen, name, key))
        st.caption(_("{count} rows, {size} on a page", count=len(rows), size=PAGE_SIZE))


def _chosen(name: str, key: str) -> None:
    st.session_state[name] = st.session_state[key]
