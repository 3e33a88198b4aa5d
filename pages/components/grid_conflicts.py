"""Rows that somebody else changed meanwhile: theirs, mine and the base, and the two ways out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from core.domain.row_edits import Conflict, RowBase
from pages.components.grid_session import GridSession
from pages.components.language import _, ngettext
from pages.components.problems import as_typed

Session = GridSession[Any, Any]


def draw_conflicts(
    session: Session,
    conflicts: Sequence[Conflict[Any]],
    *,
    title: Callable[[str], str],
    cells: Callable[[Any], dict[str, str]],
    saver: Callable[[str], tuple[str, datetime] | None],
) -> None:
    """One panel per row in conflict, above the grid.

    `title` names a row, `cells` puts values in words by field, `saver` tells who saved it and when.
    """
    if not conflicts:
        return
    st.error(
        ngettext(
            "{count} row was changed by somebody else while you edited it. Choose what to keep.",
            "{count} rows were changed by somebody else while you edited them. "
            "Choose what to keep.",
            len(conflicts),
        ),
        icon=":material/sync_problem:",
    )
    for conflict in conflicts:
        with st.container(border=True):
            st.markdown(f"**{as_typed(title(conflict.key))}**")
            _draw_saver(saver(conflict.key))
            st.dataframe(_table(conflict, cells), hide_index=True, width="stretch")
            _draw_ways_out(session, conflict)


def _draw_saver(saved: tuple[str, datetime] | None) -> None:
    if saved:
        st.caption(as_typed(_("Saved by {name}, {moment}", name=saved[0], moment=saved[1])))


def _draw_ways_out(session: Session, conflict: Conflict[Any]) -> None:
    with st.container(horizontal=True):
        st.button(
            _("Keep theirs"),
            key=session.key(f"theirs_{conflict.key}"),
            on_click=partial(_keep_theirs, session, conflict.key),
        )
        st.button(
            _("Use mine"),
            key=session.key(f"mine_{conflict.key}"),
            on_click=partial(_use_mine, session, conflict),
            help=_("Your values stay unsaved until you press Save."),
        )


def _table(conflict: Conflict[Any], cells: Callable[[Any], dict[str, str]]) -> pd.DataFrame:
    base, theirs, mine = map(cells, (conflict.base, conflict.theirs, conflict.mine))
    headings = ["", _("When you began"), _("Theirs (saved)"), _("Mine (unsaved)")]
    rows = [[name, base[name], theirs[name], mine[name]] for name in base]
    return pd.DataFrame(rows, columns=pd.Index(headings))


def _keep_theirs(session: Session, code: str) -> None:
    session.put_staged(session.staged().unstage(code))


def _use_mine(session: Session, conflict: Conflict[Any]) -> None:
    base = RowBase(conflict.theirs, conflict.theirs_version)
    session.put_staged(session.staged().rebase(conflict.key, base))
