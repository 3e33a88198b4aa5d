"""What went wrong, in the reader's language, with the remedy."""

from __future__ import annotations

import re
from collections.abc import Iterable

import streamlit as st

from core.errors import (
    InputError,
    Message,
    Problem,
    RefusedError,
    UsageSyncError,
    VendorError,
    message,
)
from pages.components.language import _, ngettext, text

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#+\-.!|~$^:=()&])")


def as_typed(value: str) -> str:
    """`value` with Markdown escaped, so that a name with signs in it is shown as it is."""
    return _MARKDOWN.sub(r"\\\1", value)


def attention(fields: int) -> str:
    """A line beside the button that does not write because of problems further up."""
    told = ngettext("{count} field needs attention.", "{count} fields need attention.", fields)
    return f":red[:material/error: {as_typed(told)}]"


def show_error(error: UsageSyncError) -> None:
    """One box: what happened, every problem, the remedy."""
    st.error(error_text(error), icon=":material/error:")


def error_text(error: UsageSyncError) -> str:
    """The same as Markdown."""
    problems = error.problems if isinstance(error, (InputError, RefusedError)) else ()
    told = failure_text(error.text, error.remedy, problems)
    if isinstance(error, VendorError) and error.request_id:
        wording = _("Request ID for the vendor's support: {id}", id=error.request_id)
        told += f"\n\n{as_typed(wording)}"
    return told


def failure_text(
    happened: Message, remedy: Message | None, problems: Iterable[Problem] = ()
) -> str:
    """What went wrong, as it is kept in the session, as Markdown."""
    parts = [f"**{as_typed(text(happened))}**", problem_list(problems)]
    parts += [as_typed(text(remedy))] if remedy else []
    return "\n\n".join(part for part in parts if part)


def field_problem(error: InputError, field: str) -> Problem:
    """What was wrong with the text of one field, its remedy included."""
    if error.remedy is None:
        return Problem(error.text, field)
    return Problem(message("{problem} {remedy}", problem=error.text, remedy=error.remedy), field)


def problem_list(problems: Iterable[Problem]) -> str:
    """A Markdown list, a line each, with the row of the file where there is one."""
    return "\n".join(f"- {as_typed(problem_text(problem))}" for problem in problems)


def problem_text(problem: Problem) -> str:
    """One problem as plain text."""
    if problem.row is None:
        return text(problem.text)
    return _("Line {row}: {problem}", row=problem.row, problem=problem.text)
