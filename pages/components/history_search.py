"""What the words of a search stand for: kinds, months, sentences. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from core.domain.models import ChangeKind, Meaning
from core.domain.month import Month
from core.errors import Message
from pages.components.formats import month_text
from pages.components.language import language, text
from pages.components.plan_table import kind_names
from pages.components.reader import SOURCE_LANGUAGE

_PLACE = re.compile(r"\{\w+\}")
Sentences = Iterable[tuple[str, str]]
Thing = TypeVar("Thing")


def meanings(
    wanted: str, months: Iterable[Month], sentences: Callable[[], Sentences]
) -> dict[str, Meaning]:
    """What each word of `wanted` stands for besides itself. `sentences` are the templates, singular
    and plural, of what changes say; in English they are stored as they are read."""
    words = wanted.split()
    if not words:
        return {}
    said_kinds = {ChangeKind(kind): name.casefold() for kind, name in kind_names().items()}
    said_months = {month: month_text(month).casefold() for month in months}
    foreign = {} if language() == SOURCE_LANGUAGE else _said(sentences())
    return {
        word: Meaning(
            kinds=frozenset(_with(word, said_kinds)),
            months=frozenset(_with(word, said_months)),
            sentences=frozenset(_with(word, foreign)),
        )
        for word in words
    }


def _with(word: str, said: dict[Thing, str]) -> list[Thing]:
    return [thing for thing, name in said.items() if word.casefold() in name]


def _said(sentences: Sentences) -> dict[str, str]:
    """Each template in the reader's language, in all its forms and without the names of places."""
    return {
        template: " ".join(
            _PLACE.sub(" ", text(Message(template, (("count", count),), plural or None)))
            for count in (1, 2)
        ).casefold()
        for template, plural in sentences
    }
