"""Which records, in which order, with which members: the query parameters of lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from core.sandbox.conditions import ConditionError, parse_datetime
from core.sandbox.conditions_check import Name, ValueKind
from core.sandbox.conditions_match import (
    Predicate,
    child_conditions,
    conditions,
    custom_field_conditions,
)
from core.sandbox.connectwise_answers import bad_condition
from core.sandbox.connectwise_fields import custom_field_names
from core.sandbox.connectwise_model import Record, Resource

Params = Mapping[str, str]
"""Query parameters by lower-case name."""


def predicate(resource: Resource, params: Params) -> Predicate | None:
    """What `conditions`, `childConditions` and `customFieldConditions` ask; None for everything.

    Raises:
        ApiError: 400 ApiFindCondition.
    """
    parts: list[Predicate] = []
    try:
        if text := params.get("conditions", "").strip():
            parts.append(conditions(text, resource.names))
        if text := params.get("childconditions", "").strip():
            parts.append(child_conditions(text, resource.children))
        if text := params.get("customfieldconditions", "").strip():
            parts.append(custom_field_conditions(text, custom_field_names()))
    except ConditionError as error:
        raise bad_condition(str(error)) from error
    return (lambda record: all(part(record) for part in parts)) if parts else None


def ordering(resource: Resource, params: Params) -> Callable[[Iterable[Record]], list[Record]]:
    """What `orderBy=name asc, id desc` asks; missing values come first, as in SQL Server.

    Raises:
        ApiError: 400 for an unknown name or direction.
    """
    wanted = [
        _sort_key(resource, part) for part in params.get("orderby", "").split(",") if part.strip()
    ]

    def ordered(records: Iterable[Record]) -> list[Record]:
        found = list(records)
        for key, descending in reversed(wanted):
            found.sort(key=key, reverse=descending)
        return found

    return ordered


def _sort_key(resource: Resource, part: str) -> tuple[Callable[[Record], Any], bool]:
    name, _, direction = part.strip().partition(" ")
    direction = direction.strip().lower() or "asc"
    known = resource.names.get(name.lower())
    if known is None or known.kind is ValueKind.REFERENCE or direction not in {"asc", "desc"}:
        raise bad_condition(f"{part.strip()} is not a recognized name.")
    return lambda record: _comparable(known, record), direction == "desc"


def _comparable(name: Name, record: Record) -> tuple[int, Any]:
    value: Any = record
    for part in name.path:
        value = value.get(part) if isinstance(value, Mapping) else None
    if name.kind is ValueKind.DATETIME and value is not None:
        value = parse_datetime(value)
    if value is None:
        return (0, 0)
    return (1, value.casefold() if isinstance(value, str) else value)


class FieldSelection:
    """What `fields=id,company/name` asks. Unknown names are ignored; `_info` only if asked for."""

    def __init__(self, params: Params) -> None:
        self._tree: dict[str, Any] = {}
        for path in params.get("fields", "").split(","):
            branch = self._tree
            for part in path.strip().lower().split("/") if path.strip() else ():
                branch = branch.setdefault(part, {})

    def top_level(self, resource: Resource) -> frozenset[str] | None:
        """The members that are needed; None for all."""
        if not self._tree:
            return None
        return frozenset(name for name in resource.fields if name.lower() in self._tree)

    def of(self, record: Record) -> Record:
        """The record with what was asked for."""
        return dict(_selected(record, self._tree)) if self._tree else record


def _selected(record: Record, tree: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        branch = tree.get(name.lower())
        if branch is None:
            continue
        if not branch:
            yield name, value
        elif isinstance(value, dict):
            yield name, dict(_selected(value, branch))
        elif isinstance(value, list):
            yield name, [dict(_selected(item, branch)) for item in value if isinstance(item, dict)]
