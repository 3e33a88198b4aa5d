"""Frozen dataclasses as members of JSON and the equal values back, by the types of their fields.

Every field travels, so that none can be forgotten when one is added; one that has its empty
default is left out. Decimals are texts: not even a trailing zero is lost. A renamed field is not
found again in what is stored already: give it another name only together with a migration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Any, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

from core.domain.month import Month
from core.errors import Message
from core.storage.values import pack_message, unpack_message

T = TypeVar("T")
_Convert = Callable[[Any], Any]


def packed(value: Any) -> dict[str, Any]:
    """The members of a dataclass, made of what JSON has."""
    return _packed_members(value, _members(type(value)))


def unpacked(kind: type[T], stored: Mapping[str, Any]) -> T:
    """The value of `kind` that `packed` was given. A member that is not known is left out."""
    members = _members(kind)
    return kind(
        **{name: members[name].unpack(value) for name, value in stored.items() if name in members}
    )


class _Codec(NamedTuple):
    pack: _Convert
    unpack: _Convert


class _Member(NamedTuple):
    pack: _Convert
    unpack: _Convert
    default: Any


def _packed_members(value: Any, members: Mapping[str, _Member]) -> dict[str, Any]:
    found = {}
    for name, member in members.items():
        part = getattr(value, name)
        if not (part is member.default or (part in ("", ()) and part == member.default)):
            found[name] = member.pack(part)
    return found


def _members(kind: type[Any]) -> Mapping[str, _Member]:
    if kind not in _KNOWN:
        _KNOWN[kind] = _inspect(kind)
    return _KNOWN[kind]


def _inspect(kind: type[Any]) -> Mapping[str, _Member]:
    hints = get_type_hints(kind)
    return {item.name: _Member(*_codec(hints[item.name]), item.default) for item in fields(kind)}


_KNOWN: dict[type[Any], Mapping[str, _Member]] = {}


def _same(value: Any) -> Any:
    return value


_PLAIN: Mapping[Any, _Codec] = {
    str: _Codec(_same, _same),
    int: _Codec(_same, _same),
    bool: _Codec(_same, _same),
    Decimal: _Codec(str, Decimal),
    date: _Codec(date.isoformat, date.fromisoformat),
    Month: _Codec(str, Month.parse),
    Message: _Codec(pack_message, unpack_message),
    Mapping[str, str]: _Codec(dict, dict),
    frozenset[str]: _Codec(sorted, frozenset),
}


def _codec(hint: Any) -> _Codec:
    if hint in _PLAIN:
        return _PLAIN[hint]
    origin, given = get_origin(hint), get_args(hint)
    if origin is UnionType and len(given) == 2 and given[1] is NoneType:
        return _optional(_codec(given[0]))
    if origin is tuple and given[1:] == (...,):
        return _several(_codec(given[0]))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _Codec(lambda value: value.value, hint)
    if isinstance(hint, type) and is_dataclass(hint):
        members = _members(hint)
        return _Codec(
            lambda value: _packed_members(value, members), lambda stored: unpacked(hint, stored)
        )
    raise TypeError(f"{hint} cannot be kept as JSON")


def _optional(codec: _Codec) -> _Codec:
    pack, unpack = codec
    return _Codec(
        lambda value: None if value is None else pack(value),
        lambda stored: None if stored is None else unpack(stored),
    )


def _several(codec: _Codec) -> _Codec:
    pack, unpack = codec
    return _Codec(
        lambda values: [pack(value) for value in values],
        lambda stored: tuple([unpack(value) for value in stored]),
    )
