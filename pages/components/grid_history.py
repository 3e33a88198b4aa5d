"""Every saved change of one row, newest first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import pandas as pd
import streamlit as st

from core.use_cases.mapping_history import SYSTEM
from pages.components import formats
from pages.components.grid_session import GridSession
from pages.components.language import _

SHOWN = 200


class Entry(Protocol):
    """What the history of every kind of row keeps of one changed field."""

    @property
    def at(self) -> datetime: ...
    @property
    def by(self) -> str: ...
    @property
    def origin(self) -> str: ...
    @property
    def field(self) -> str: ...
    @property
    def old(self) -> str: ...
    @property
    def new(self) -> str: ...


def draw_history(
    session: GridSession,
    title: str,
    entries: Sequence[Entry],
    *,
    nothing: str,
    field: Callable[[str], str],
    value: Callable[[str, str], str],
    synced: Mapping[str, str],
) -> None:
    """The body of the history dialog.

    `nothing` is said where nothing was saved yet; `field` and `value` put names of fields, and
    stored values of a field, in words. `synced` are the filters of the page History that show what
    runs changed for the row.
    """
    st.text(title)
    if st.button(
        _("What syncs changed for it"),
        key=session.key("history_synced"),
        type="tertiary",
        icon=":material/history:",
    ):
        st.switch_page("pages/history.py", query_params=dict(synced))
    if not entries:
        st.info(nothing, icon=":material/history:")
        return
    headings = [_("When"), _("Who"), _("Field"), _("Before"), _("After"), _("Origin")]
    rows = [
        [
            formats.datetime_text(entry.at),
            _("Usage Sync") if entry.by == SYSTEM else entry.by,
            field(entry.field),
            value(entry.field, entry.old),
            value(entry.field, entry.new),
            origin_word(entry.origin),
        ]
        for entry in entries
    ]
    frame = pd.DataFrame(rows, columns=pd.Index(headings))
    st.dataframe(frame, hide_index=True, width="stretch", key=session.key("history_table"))


def switch_value(stored: str) -> str:
    """A stored switch, or text that needs no words."""
    known = {"true": _("On"), "false": _("Off"), "": formats.NOTHING}
    return known.get(stored, stored)


def origin_word(name: str) -> str:
    """Where a saved change came from."""
    known = {
        "grid": _("This page"),
        "csv": _("Import"),
        "cli": _("Command line"),
        "catalog": _("Catalog refresh"),
        "usage": _("Usage"),
        "sync": _("Usage sync"),
        "undo": _("Undo of a run"),
        "history": _("History"),
    }
    return known.get(name, name)
