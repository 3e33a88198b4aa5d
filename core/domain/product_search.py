"""Type-ahead search over the ConnectWise catalog, by identifier and description.

The rule, which the editor in the grid follows too:

1. Query and products are compared in normal form: case, accents and ligatures do not count, and
   every run of whitespace is one space. Queries under two characters find nothing.
2. Every word of the query (split at spaces) must occur somewhere in identifier or description.
3. Products are ranked: the identifier is the query; it starts with the query; every word of the
   query starts a word of identifier or description; the rest. A word starts after anything that is
   neither letter nor digit, and such characters count as spaces for this.
4. Equal ranks are ordered by identifier, then by ID. What cannot be mapped (an inactive product, or
   one of a class that cannot be billed) comes after all others.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.domain.models import CatalogEntry

MIN_CHARACTERS = 2

_BORDER = re.compile(r"[\W_]")
# Letters that Unicode does not take apart, as people type them.
_LIGATURES = str.maketrans(
    {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)


def normalise(text: str) -> str:
    """Text in the form in which it is compared: casefolded, without accents or ligatures."""
    if text.isascii():
        return " ".join(text.lower().split())
    decomposed = unicodedata.normalize("NFKD", text)
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    folded = unicodedata.normalize("NFKD", plain.casefold()).translate(_LIGATURES)
    return " ".join("".join(char for char in folded if not unicodedata.combining(char)).split())


def spaced(normalised: str) -> str:
    """Normalised text with a space for everything that separates words, and one in front."""
    return " " + _BORDER.sub(" ", normalised)


@dataclass(frozen=True, slots=True)
class _Indexed:
    entry: CatalogEntry
    identifier: str
    text: str
    words: str


@dataclass(frozen=True)
class _Query:
    text: str
    words: tuple[str, ...]
    starts: tuple[str, ...] | None

    @classmethod
    def of(cls, text: str) -> _Query:
        normalised = normalise(text)
        words = tuple(normalised.split())
        starts = [_BORDER.sub(" ", word).strip() for word in words]
        # A word of nothing but punctuation starts no word.
        prefixed = tuple(f" {start}" for start in starts) if all(starts) else None
        return cls(normalised, words, prefixed)


class ProductIndex:
    """The catalog made ready for search; build it once per snapshot."""

    def __init__(self, entries: Iterable[CatalogEntry]) -> None:
        indexed = sorted(map(_indexed, entries), key=lambda item: (item.identifier, item.entry.id))
        self._usable = tuple(item for item in indexed if _can_be_mapped(item.entry))
        self._others = tuple(item for item in indexed if not _can_be_mapped(item.entry))

    def __len__(self) -> int:
        return len(self._usable) + len(self._others)

    def find(self, text: str, limit: int = 20) -> list[CatalogEntry]:
        """The best matches, best first, at most `limit`; none under two characters."""
        query = _Query.of(text)
        if len(query.text) < MIN_CHARACTERS or limit <= 0:
            return []
        found = _best(self._usable, query, limit)
        if len(found) < limit:
            found += _best(self._others, query, limit - len(found))
        return [item.entry for item in found]


def _indexed(entry: CatalogEntry) -> _Indexed:
    identifier = normalise(entry.identifier)
    # The line break keeps a word from matching across the two.
    text = f"{identifier}\n{normalise(entry.description)}"
    return _Indexed(entry, identifier, text, spaced(text))


def _can_be_mapped(entry: CatalogEntry) -> bool:
    return entry.is_billable and not entry.inactive


def _best(items: Sequence[_Indexed], query: _Query, limit: int) -> list[_Indexed]:
    # List comprehensions one after the other: twice as fast here as one ranking function.
    matches = items
    for word in query.words:
        matches = [item for item in matches if word in item.text]
    begin = [item for item in matches if item.identifier.startswith(query.text)]
    best = [item for item in begin if item.identifier == query.text]
    best += [item for item in begin if item.identifier != query.text]
    if len(best) < limit:
        others = [item for item in matches if not item.identifier.startswith(query.text)]
        best += _by_word_starts(others, query)
    return best[:limit]


def _by_word_starts(items: list[_Indexed], query: _Query) -> list[_Indexed]:
    if query.starts is None:
        return items
    starting = items
    for start in query.starts:
        starting = [item for item in starting if start in item.words]
    chosen = {item.entry.id for item in starting}
    return starting + [item for item in items if item.entry.id not in chosen]
