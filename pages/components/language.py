"""gettext for the pages, and core messages said in the reader's language.

English is the source. Catalogs are `pages/locale/<language>/LC_MESSAGES/messages.po`, compiled in
memory, so that there is no binary file to forget. `python -m pages.locale.update` brings them up
to date with the sources.
"""

from __future__ import annotations

import gettext as gettext_module
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from io import BytesIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from core.domain.month import Month
from core.errors import Fact, InputError, Message
from pages.components import formats
from pages.components.reader import (
    LOCALE_DIRECTORY,
    SOURCE_LANGUAGE,
    Reader,
    addressed,
    available,
    language,
    locale,
)

__all__ = ["_", "available", "language", "locale", "ngettext", "text", "text_in"]


def _(source: str, /, **facts: Fact) -> str:
    """`source` in the reader's language, with its named places filled by `facts`."""
    return _fill(_translations(language()).gettext(source), facts)


def ngettext(singular: str, plural: str, count: int, /, **facts: Fact) -> str:
    """The form for `count` in the reader's language; `{count}` is filled too."""
    chosen = _translations(language()).ngettext(singular, plural, count)
    return _fill(chosen, {"count": count, **facts})


def text(message: Message) -> str:
    """A core message in the reader's language, its numbers and dates written as usual there."""
    translations = _translations(language())
    facts = dict(message.facts)
    count = facts.get("count")
    if message.plural is not None and isinstance(count, int):
        return _fill(translations.ngettext(message.template, message.plural, count), facts)
    return _fill(translations.gettext(message.template), facts)


def text_in(message: Message, code: str) -> str:
    """A core message in one of the `available()` languages, for somebody who looks at no page.

    In any other language it is English.
    """
    spoken = code if code in available() else SOURCE_LANGUAGE
    with addressed(Reader(spoken, spoken, UTC)):
        return text(message)


class _Facts(dict[str, str]):
    """A place without a fact stays as it is rather than breaking the page."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


def _fill(template: str, facts: Mapping[str, Fact]) -> str:
    if not facts:
        return template
    return template.format_map(_Facts({name: _fact(name, value) for name, value in facts.items()}))


def _fact(name: str, value: Fact) -> str:
    if isinstance(value, Message):
        return text(value)
    if isinstance(value, datetime):
        return formats.datetime_text(value)
    if isinstance(value, date):
        return formats.date_text(value)
    if isinstance(value, int) and (name == "id" or name.endswith("_id")):
        return str(value)
    if isinstance(value, (int, Decimal)):
        return formats.number(value)
    return _month_or_text(value) if name == "month" else value


def _month_or_text(value: str) -> str:
    """Core gives months as `2026-10` in the fact named `month`."""
    try:
        return formats.month_text(Month.parse(value))
    except InputError:
        return value


@lru_cache(maxsize=16)
def _translations(code: str) -> gettext_module.NullTranslations:
    path = LOCALE_DIRECTORY / code / "LC_MESSAGES" / "messages.po"
    if not path.is_file():
        return gettext_module.NullTranslations()
    with path.open("rb") as file:
        catalog = read_po(file, locale=code)
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return gettext_module.GNUTranslations(compiled)
