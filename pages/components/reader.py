"""Who reads: language, locale and time zone, from the browser or by the reader's own choice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, tzinfo
from functools import lru_cache
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st
from babel import Locale, UnknownLocaleError
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.components.remembered import LANGUAGE, recall

LOCALE_DIRECTORY = Path(__file__).resolve().parent.parent / "locale"
SOURCE_LANGUAGE = "en"
CHOICE_KEY = "language_choice"
_KEPT = "usage_sync_reader"


def available() -> dict[str, str]:
    """The languages there are, as code -> the language's own name."""
    return dict(_languages())


@dataclass(frozen=True)
class Reader:
    """Who reads. `locale` is for Babel."""

    language: str
    locale: str
    zone: tzinfo


T = TypeVar("T")
_NOBODY = Reader(SOURCE_LANGUAGE, SOURCE_LANGUAGE, UTC)
_ADDRESSED: ContextVar[Reader | None] = ContextVar("addressed", default=None)


def language() -> str:
    """The code of the language that the reader sees, one of `available()`."""
    return _reader().language


def locale() -> str:
    """The Babel locale for numbers, dates and money, such as `fr_CA`.

    The browser's region is kept when it belongs to the language shown; otherwise the language
    alone decides, so that a French page never shows English dates.
    """
    return _reader().locale


def zone() -> tzinfo:
    """The time zone of the reader's browser; UTC where it is not known."""
    return _reader().zone


def choose_language(code: str) -> None:
    """The reader wants this language from now on."""
    st.session_state[CHOICE_KEY] = code
    vars(get_script_run_ctx()).pop(_KEPT, None)


@contextmanager
def addressed(reader: Reader) -> Iterator[None]:
    """What is said inside is said to `reader`, who is not the one whose page is drawn."""
    token = _ADDRESSED.set(reader)
    try:
        yield
    finally:
        _ADDRESSED.reset(token)


def for_this_reader(make: Callable[[], T]) -> Callable[[], T]:
    """`make`, to be called later and outside of the page, with the reader of now."""
    reader = _reader()

    def made() -> T:
        with addressed(reader):
            return make()

    return made


def browser_language() -> str:
    """The browser's language where we have it, else English."""
    wanted = _browser_locale()
    return wanted.language if wanted and wanted.language in available() else SOURCE_LANGUAGE


def _reader() -> Reader:
    """Kept for the run of a page, which asks a thousand times.

    Outside a page's run, in tests of plain functions and in worker threads, there is nobody.
    """
    other = _ADDRESSED.get()
    if other is not None:
        return other
    context = get_script_run_ctx(suppress_warning=True)
    if context is None:
        return _NOBODY
    kept: Reader | None = vars(context).get(_KEPT)
    if kept is None:
        kept = vars(context)[_KEPT] = _look()
    return kept


def _look() -> Reader:
    choice = st.session_state.get(CHOICE_KEY) or recall(LANGUAGE)
    shown = choice if choice in available() else browser_language()
    wanted = _browser_locale()
    fits = wanted is not None and wanted.language == shown
    return Reader(shown, str(wanted) if fits else shown, _browser_zone())


def _browser_zone() -> tzinfo:
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


@lru_cache(maxsize=1)
def _languages() -> tuple[tuple[str, str], ...]:
    translated = sorted(path.parent.parent.name for path in LOCALE_DIRECTORY.glob("*/*/*.po"))
    return tuple((code, _own_name(code)) for code in (SOURCE_LANGUAGE, *translated))


def _own_name(code: str) -> str:
    return str(Locale.parse(code).get_display_name(code)).capitalize()


def _browser_locale() -> Locale | None:
    return _parse_tag(st.context.locale or "")


@lru_cache(maxsize=256)
def _parse_tag(tag: str) -> Locale | None:
    """The locale of a tag such as `fr-CA`, or as much of it as Babel knows."""
    parts = tag.split("-")[:4]
    for length in range(len(parts), 0, -1):
        try:
            return Locale.parse("-".join(parts[:length]), sep="-")
        except (ValueError, TypeError, UnknownLocaleError):
            continue
    return None
