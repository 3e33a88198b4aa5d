"""Edits of stored rows that several people may change at the same time.

Whatever is edited has its own values: a frozen dataclass with one field per cell. A row has a key
and a version that grows by one with each save. Whoever edits it keeps what was loaded, so that a
save can tell what somebody else changed meanwhile: such a row is refused, with theirs, mine and
the base.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import Field, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Generic, Protocol, TypeVar


class Values(Protocol):
    """A frozen dataclass with a default for every field: the values of a row never saved."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


V = TypeVar("V", bound=Values)
SavedBy = Mapping[str, tuple[str, datetime]]

KEY_LIMIT = 100


class KeyFault(StrEnum):
    """Why a text cannot be the key of a row."""

    MISSING = "missing"
    UNCLEAN = "unclean"
    LONG = "long"


@dataclass(frozen=True)
class RowBase(Generic[V]):
    """A row as it was loaded. Version 0 stands for a row that was never saved."""

    values: V
    version: int = 0


@dataclass(frozen=True)
class CellEdit(Generic[V]):
    """One cell to stage, of the row that was loaded as `base`; `field` is a field of the values."""

    key: str
    field: str
    value: int | bool | None
    base: RowBase[V]


@dataclass(frozen=True)
class RowEdit(Generic[V]):
    """One row as an editor wants it: what was loaded (`base`, at `base_version`) and what for."""

    key: str
    base_version: int
    base: V
    wanted: V


@dataclass(frozen=True)
class Conflict(Generic[V]):
    """A row that somebody else changed since it was loaded. `by` and `at` are of their save."""

    key: str
    base: V
    mine: V
    theirs: V
    theirs_version: int
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Compared(Generic[V]):
    """Edits, held against what is stored: each is in exactly one of these."""

    changes: tuple[RowEdit[V], ...]
    conflicts: tuple[Conflict[V], ...]
    unchanged: tuple[str, ...]


def compare(
    edits: Iterable[RowEdit[V]],
    stored: Callable[[str], RowBase[V] | None],
    nothing: V,
    saved_by: SavedBy,
) -> Compared[V]:
    """Sort the edits: to be written, refused, or stored so already.

    A row that is not stored counts as `nothing` at version 0, and is written whatever is wanted.
    `saved_by` has who saved a row last, and when.
    """
    changes: list[RowEdit[V]] = []
    conflicts: list[Conflict[V]] = []
    unchanged: list[str] = []
    for edit in edits:
        found = stored(edit.key)
        theirs = RowBase(nothing) if found is None else found
        if found is not None and theirs.values == edit.wanted:
            unchanged.append(edit.key)
        elif theirs.version != edit.base_version and theirs.values != edit.base:
            conflicts.append(_conflict(edit, theirs, saved_by))
        else:
            changes.append(edit)
    return Compared(tuple(changes), tuple(conflicts), tuple(unchanged))


def repeated(keys: Iterable[str]) -> Iterator[str]:
    """Every key that was there before, as often as it comes again."""
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            yield key
        seen.add(key)


def key_fault(key: str) -> KeyFault | None:
    """What is wrong with a key; None when nothing is."""
    if not key.strip():
        return KeyFault.MISSING
    if key != key.strip() or any(unicodedata.category(char) == "Cc" for char in key):
        return KeyFault.UNCLEAN
    return KeyFault.LONG if len(key) > KEY_LIMIT else None


def _conflict(edit: RowEdit[V], theirs: RowBase[V], saved_by: SavedBy) -> Conflict[V]:
    by, at = saved_by.get(edit.key, ("", None))
    return Conflict(edit.key, edit.base, edit.wanted, theirs.values, theirs.version, by, at)
