"""What the grid's frame sends, read with suspicion: it comes from a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.domain.staging import PRODUCT, SYNC, Field, Value

_FIELDS: dict[str, Field] = {"product": PRODUCT, "sync": SYNC}
_LONGEST_TEXT = 500
_LARGEST_VIEW = 20_000


class StepKind(StrEnum):
    """What a person did in the grid."""

    STAGE = "stage"
    ADD = "add"
    VIEW = "view"
    HISTORY = "history"
    UNDO = "undo"
    REDO = "redo"


@dataclass(frozen=True)
class Step:
    """One thing done in the grid. Numbers only grow; `field` and `value` belong to STAGE."""

    number: int
    kind: StepKind
    code: str
    field: Field | None = None
    value: Value = None
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


def parse_message(value: Any) -> GridMessage:
    """Read a component value; what does not fit is left out."""
    if not isinstance(value, dict):
        return GridMessage()
    view = value.get("view")
    view_text = json.dumps(view, sort_keys=True) if isinstance(view, dict) else ""
    return GridMessage(
        steps=tuple(_steps(value.get("steps"))),
        selected=tuple(item for item in _items(value.get("selected")) if isinstance(item, str)),
        view=view_text if len(view_text) <= _LARGEST_VIEW else "",
        catalog=str(value.get("catalog") or ""),
    )


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _steps(value: Any) -> Iterator[Step]:
    for item in _items(value):
        step = _step(item) if isinstance(item, dict) else None
        if step is not None:
            yield step


def _step(item: dict[str, Any]) -> Step | None:
    number, kind, code = item.get("number"), item.get("kind"), item.get("code")
    if not _is_whole(number) or kind not in set(StepKind) or not isinstance(code, str):
        return None
    if kind == StepKind.STAGE:
        return _stage_step(number, code, item)
    text = str(item.get("text") or "")[:_LONGEST_TEXT]
    return Step(number, StepKind(kind), code, text=text)


def _stage_step(number: int, code: str, item: dict[str, Any]) -> Step | None:
    field, value = _FIELDS.get(str(item.get("field"))), item.get("value")
    if field == SYNC and isinstance(value, bool):
        return Step(number, StepKind.STAGE, code, field, value)
    if field == PRODUCT and (value is None or _is_whole(value)):
        return Step(number, StepKind.STAGE, code, field, value)
    return None


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
