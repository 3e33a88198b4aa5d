"""Saving and discarding: the list old -> new, what follows from it, and every problem at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

import pandas as pd
import streamlit as st

from core.domain.row_edits import RowBase, RowEdit
from pages.components.grid_session import GridSession
from pages.components.language import _, ngettext
from pages.components.problems import as_typed

Session = GridSession[Any, Any]

# More of them are looked through in a table that scrolls by itself.
_LISTED_LINES = 20


@dataclass(frozen=True)
class ChangeLine:
    """One changed cell for the reader; `title` is of its row."""

    title: str
    field: str
    old: str
    new: str


@dataclass(frozen=True)
class SaveWords:
    """Everything that a person has to know before saving.

    With `problems` nothing can be saved; `conflicts` rows are left out. `consents` has what
    must be agreed to, and `consent` the sentence that is ticked for it.
    """

    row_heading: str
    lines: Sequence[ChangeLine]
    consequences: Sequence[str]
    problems: Sequence[str]
    conflicts: int
    consents: Sequence[str] = ()
    consent: str = ""


def change_lines(
    title: str, edit: RowEdit[Any], cells: Callable[[Any], dict[str, str]]
) -> Iterator[ChangeLine]:
    """A line for each value that an edit changes.

    `cells` puts values in words: one entry per field of them, in their order, by its name.
    """
    old, new = cells(edit.base), cells(edit.wanted)
    before, after = vars(edit.base).values(), vars(edit.wanted).values()
    for field, loaded, wanted in zip(new, before, after, strict=True):
        if loaded != wanted:
            yield ChangeLine(title, field, old[field], new[field])


def draw_save(session: Session, words: SaveWords, save: Callable[[], None]) -> None:
    """The body of the Save dialog; `save` is called when the person confirms."""
    _draw_lines(session, words)
    _draw_warnings(words)
    if words.problems:
        problems = "\n".join(f"- {as_typed(problem)}" for problem in words.problems)
        st.error(
            _("**Nothing can be saved yet.** Correct these first:") + f"\n\n{problems}",
            icon=":material/error:",
        )
    agreed = _draw_consent(session, words)
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(_("Back"), key=session.key("save_back")):
            session.close_dialog()
            st.rerun()
        blocked = bool(words.problems) or not words.lines or not agreed
        if st.button(_("Save"), key=session.key("save_now"), type="primary", disabled=blocked):
            save()


def finish_save(
    session: Session, saved: Mapping[str, RowBase[Any]], refused: set[str], notice: str
) -> None:
    """After a save: forget what was saved, keep what was refused, say what happened."""
    staged = session.staged()
    session.put_staged(staged.saved(set(staged.changes()) - refused))
    session.rebase(saved)
    session.leave_notice(notice)
    session.close_dialog()
    st.rerun()


def draw_discard(session: Session) -> None:
    """The body of the Discard dialog."""
    count = session.staged().cell_count
    st.write(
        ngettext(
            "Drop {count} unsaved change? Undo brings it back.",
            "Drop {count} unsaved changes? Undo brings them back.",
            count,
        )
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(_("Keep"), key=session.key("discard_no")):
            session.close_dialog()
            st.rerun()
        if st.button(_("Discard"), key=session.key("discard_yes"), type="primary"):
            session.put_staged(session.staged().discard())
            session.close_dialog()
            st.rerun()


def _draw_lines(session: Session, words: SaveWords) -> None:
    if not words.lines:
        st.write(_("There is nothing to save."))
        return
    if len(words.lines) <= _LISTED_LINES:
        st.markdown("\n\n".join(_listed(words.lines)))
        return
    frame = pd.DataFrame([vars(line) for line in words.lines])
    headings = [words.row_heading, _("Field"), _("Saved now"), _("After saving")]
    frame.columns = pd.Index(headings)
    st.dataframe(frame, hide_index=True, width="stretch", key=session.key("save_lines"))


def _listed(lines: Sequence[ChangeLine]) -> Iterator[str]:
    """Row by row as Markdown, which wraps where the screen is narrow."""
    for title, changes in groupby(lines, attrgetter("title")):
        told = [
            _("{field}: {old} → {new}", field=line.field, old=line.old, new=line.new)
            for line in changes
        ]
        yield "\n".join([f"**{as_typed(title)}**", *(f"- {as_typed(one)}" for one in told)])


def _draw_warnings(words: SaveWords) -> None:
    if words.consequences:
        st.warning(_paragraphs(words.consequences), icon=":material/warning:")
    if words.conflicts:
        st.warning(
            ngettext(
                "{count} row was changed by somebody else and is left out. Close this to decide.",
                "{count} rows were changed by somebody else and are left out. "
                "Close this to decide.",
                words.conflicts,
            ),
            icon=":material/sync_problem:",
        )


def _draw_consent(session: Session, words: SaveWords) -> bool:
    if not words.consents:
        return True
    st.warning(_paragraphs(words.consents), icon=":material/group:")
    return st.checkbox(words.consent, key=session.key("save_consent"))


def _paragraphs(sentences: Sequence[str]) -> str:
    return "\n\n".join(as_typed(sentence) for sentence in sentences)
