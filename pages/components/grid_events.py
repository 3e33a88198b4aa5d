"""What the grid's frame sends, read with suspicion: it comes from a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

_LONGEST_TEXT = 500
_LARGEST_VIEW = 20_000


class CellKind(StrEnum):
    """What can be staged in a cell: an ID or nothing, or true or false."""

    ID = "id"
    SWITCH = "switch"


@dataclass(frozen=True)
class StagedField:
    """A field that can be edited: what it is called in the values of a row."""

    name: str
    kind: CellKind


# By the name that the field has in the browser.
GridFields = Mapping[str, StagedField]


class StepKind(StrEnum):
    """What a person did in the grid."""

    STAGE = "stage"
    ADD = "add"
    VIEW = "view"
    HISTORY = "history"
    REFRESH = "refresh"
    UNDO = "undo"
    REDO = "redo"


@dataclass(frozen=True)
class Step:
    """One thing done in the grid. Numbers only grow; `field` and `value` belong to STAGE."""

    number: int
    kind: StepKind
    code: str
    field: str | None = None
    value: int | bool | None = None
    text: str = ""


@dataclass(frozen=True)
class GridMessage:
    """Everything that the grid says at once.

    `steps` are those that it does not know to be taken yet: the same step may come again.
    `view` is the JSON text of column and filter state, empty while unchanged. `catalog` is the
    version that the browser holds.
    """

    steps: tuple[Step, ...] = ()
    selected: tuple[str, ...] = ()
    view: str = ""
    catalog: str = ""


def parse_message(value: Any, fields: GridFields) -> GridMessage:
    """Read a component value; what does not fit is left out."""
    if not isinstance(value, dict):
        return GridMessage()
    view = value.get("view")
    view_text = json.dumps(view, sort_keys=True) if isinstance(view, dict) else ""
    return GridMessage(
        steps=tuple(_steps(value.get("steps"), fields)),
        selected=tuple(item for item in _items(value.get("selected")) if isinstance(item, str)),
        view=view_text if len(view_text) <= _LARGEST_VIEW else "",
        catalog=str(value.get("catalog") or ""),
    )


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _steps(value: Any, fields: GridFields) -> Iterator[Step]:
    for item in _items(value):
        step = _step(item, fields) if isinstance(item, dict) else None
        if step is not None:
            yield step


def _step(item: dict[str, Any], fields: GridFields) -> Step | None:
    number, kind, code = item.get("number"), item.get("kind"), item.get("code")
    if not _is_whole(number) or kind not in set(StepKind) or not isinstance(code, str):
        return None
    if kind == StepKind.STAGE:
        return _stage_step(number, code, item, fields)
    text = str(item.get("text") or "")[:_LONGEST_TEXT]
    return Step(number, StepKind(kind), code, text=text)


def _stage_step(number: int, code: str, item: dict[str, Any], fields: GridFields) -> Step | None:
    field, value = fields.get(str(item.get("field"))), item.get("value")
    if field is None or not _fits(value, field.kind):
        return None
    return Step(number, StepKind.STAGE, code, field.name, value)


def _fits(value: Any, kind: CellKind) -> bool:
    if kind is CellKind.SWITCH:
        return isinstance(value, bool)
    return value is None or _is_whole(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
