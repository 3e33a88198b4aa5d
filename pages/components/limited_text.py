"""A text with a limit: counted at its field, and refused there.

Streamlit's own `max_chars` counts too, but drops a text that is pasted and too long without a word.
Here it stays to be shortened, and nothing is written until then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import InputError, Problem, UsageSyncError, message
from pages.components.language import ngettext
from pages.components.problems import as_typed, attention, problem_text


@dataclass(frozen=True)
class LimitedText:
    """What was typed into a field, how long it may be, and the place beneath it. `field` is what
    problems call it."""

    field: str
    text: str
    limit: int
    beneath: DeltaGenerator

    @property
    def is_too_long(self) -> bool:
        """Without the spaces around it, which are not kept."""
        return len(self.text.strip()) > self.limit


def limited(field: str, typed: str, limit: int) -> LimitedText:
    """Count what was typed, right beneath its field."""
    found = LimitedText(field, typed, limit, st.empty())
    with found.beneath:
        draw_count(len(typed.strip()), limit)
    return found


def draw_count(used: int, limit: int, *, told: bool = False) -> None:
    """How much of the limit is used; `told`: that it is too much is said beside it."""
    if not used:
        return
    words = ngettext(
        "{used} of {count} character", "{used} of {count} characters", limit, used=used
    )
    if used > limit and not told:
        st.markdown(f":small[:red[:material/error: {as_typed(words)}]]")
    else:
        st.caption(words)


def draw_field_problem(problem: Problem) -> None:
    """What is wrong with a field, beneath it."""
    st.markdown(f":small[:red[:material/error: {as_typed(problem_text(problem))}]]")


def refused_as_too_long(fields: Sequence[LimitedText]) -> bool:
    """Whether a text is too long; then each that is says so at its field."""
    problems = [
        Problem(message("At most {count} characters.", count=each.limit), each.field)
        for each in fields
        if each.is_too_long
    ]
    if problems:
        _say_at_fields(problems, fields)
    return bool(problems)


def said_at_fields(error: UsageSyncError, fields: Sequence[LimitedText]) -> bool:
    """Whether all that was refused is about these fields; then it is said there."""
    problems = error.problems if isinstance(error, InputError) else ()
    known = {each.field for each in fields}
    if not problems or any(problem.field not in known for problem in problems):
        return False
    _say_at_fields(problems, fields)
    return True


def _say_at_fields(problems: Sequence[Problem], fields: Iterable[LimitedText]) -> None:
    for each in fields:
        found = [problem for problem in problems if problem.field == each.field]
        if found:
            with each.beneath.container():
                for problem in found:
                    draw_field_problem(problem)
    st.markdown(attention(len({problem.field for problem in problems})))
