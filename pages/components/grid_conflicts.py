"""Rows that somebody else changed meanwhile: theirs, mine and the base, and the two ways out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import streamlit as st

from core.domain.row_edits import Conflict, RowBase
from pages.components.grid_session import GridSession
from pages.components.language import _, ngettext
from pages.components.problems import as_typed

Session = GridSession[Any, Any]
Saved = tuple[str, datetime]


def draw_conflicts(
    session: Session,
    conflicts: Sequence[Conflict[Any]],
    *,
    title: Callable[[str], str],
    cells: Callable[[Any], dict[str, str]],
    saver: Callable[[str], Saved | None],
) -> None:
    """One panel per row in conflict: the first thing on the page.

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
            saved = saver(conflict.key)
            st.markdown(f"**{as_typed(title(conflict.key))}**")
            _draw_saver(saved)
            _draw_cells(conflict, cells, saved[0] if saved else "")
            _draw_ways_out(session, conflict)


def _draw_saver(saved: Saved | None) -> None:
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


def _draw_cells(
    conflict: Conflict[Any], cells: Callable[[Any], dict[str, str]], other: str
) -> None:
    """Each cell that one of the two changed: side by side, one below the other on a phone."""
    versions = (conflict.base, conflict.theirs, conflict.mine)
    base, theirs, mine = map(cells, versions)
    unchanged = f":gray[{as_typed(_('unchanged'))}]"
    # One entry per field of the values, in their order, as in `change_lines`.
    fields = zip(base, *(vars(version).values() for version in versions), strict=True)
    for name, loaded, saved, wanted in fields:
        if loaded == saved == wanted:
            continue
        who = _changed_by(other, theirs=saved != loaded, mine=wanted != loaded)
        shown = {
            _("When you began"): as_typed(base[name]),
            _("Theirs (saved)"): unchanged if saved == loaded else as_typed(theirs[name]),
            _("Mine (unsaved)"): unchanged if wanted == loaded else as_typed(mine[name]),
        }
        first, *others = st.columns(1 + len(shown), gap="small")
        first.markdown(f"**{as_typed(name)}**  \n:gray[{as_typed(who)}]")
        for place, (heading, value) in zip(others, shown.items(), strict=True):
            place.markdown(f":gray[{as_typed(heading)}]  \n{value}")


def _changed_by(other: str, *, theirs: bool, mine: bool) -> str:
    name = other or _("somebody else")
    if theirs and mine:
        return _("changed by you and {name}", name=name)
    return _("changed by you") if mine else _("changed by {name}", name=name)


def _keep_theirs(session: Session, code: str) -> None:
    session.put_staged(session.staged().unstage(code))


def _use_mine(session: Session, conflict: Conflict[Any]) -> None:
    base = RowBase(conflict.theirs, conflict.theirs_version)
    session.put_staged(session.staged().rebase(conflict.key, base))
