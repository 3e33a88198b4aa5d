"""Edits that are staged and not saved yet: one immutable value with undo and redo.

Each row remembers the values and the version that it had when its first cell was staged, so that a
save can tell what somebody else changed meanwhile. Staging the loaded value again removes the cell.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from core.domain.models import ProductMapping
from core.domain.saving import MappingValues, RowEdit

Field = Literal["connectwise_product_id", "sync"]
Value = int | bool | None

PRODUCT: Field = "connectwise_product_id"
SYNC: Field = "sync"
FIELDS: tuple[Field, ...] = (PRODUCT, SYNC)

UNDO_STEPS = 200


@dataclass(frozen=True)
class StagedCell:
    """One changed cell: as loaded, and as wanted."""

    base: Value
    value: Value


@dataclass(frozen=True)
class RowBase:
    """A row as it was loaded. Version 0 stands for a row that was never saved."""

    values: MappingValues = field(default_factory=MappingValues)
    version: int = 0

    @classmethod
    def of(cls, mapping: ProductMapping) -> RowBase:
        """The base that a stored mapping gives."""
        return cls(MappingValues.of(mapping), mapping.version)


@dataclass(frozen=True)
class CellEdit:
    """One cell to stage, of the row that was loaded as `base`."""

    product_code: str
    field: Field
    value: Value
    base: RowBase


@dataclass(frozen=True)
class _StagedRow:
    base: RowBase
    wanted: MappingValues

    def put(self, field_name: Field, value: Value) -> _StagedRow:
        return replace(self, wanted=_with_value(self.wanted, field_name, value))

    def cells(self) -> dict[Field, StagedCell]:
        pairs = {
            name: (_value(self.base.values, name), _value(self.wanted, name)) for name in FIELDS
        }
        return {name: StagedCell(*pair) for name, pair in pairs.items() if pair[0] != pair[1]}


_Rows = Mapping[str, _StagedRow]


@dataclass(frozen=True)
class StagedEdits:
    """The staged edits of one session. Every method returns a new value."""

    _rows: _Rows = field(default_factory=dict)
    _past: tuple[_Rows, ...] = ()
    _future: tuple[_Rows, ...] = ()

    def stage(self, code: str, field_name: Field, value: Value, base: RowBase) -> StagedEdits:
        """Stage one cell. `base` counts only when the row has nothing staged yet."""
        return self.stage_many([CellEdit(code, field_name, value, base)])

    def stage_many(self, edits: Iterable[CellEdit]) -> StagedEdits:
        """Stage several cells as one step of undo."""
        rows = dict(self._rows)
        for edit in edits:
            row = rows.get(edit.product_code) or _StagedRow(edit.base, edit.base.values)
            _put(rows, edit.product_code, row.put(edit.field, edit.value))
        return self._step(rows)

    def unstage(self, code: str, field_name: Field | None = None) -> StagedEdits:
        """Put one cell, or all cells of a row, back to what was loaded."""
        row = self._rows.get(code)
        if row is None:
            return self
        rows = dict(self._rows)
        fields = FIELDS if field_name is None else (field_name,)
        for name in fields:
            row = row.put(name, _value(row.base.values, name))
        _put(rows, code, row)
        return self._step(rows)

    def discard(self) -> StagedEdits:
        """Drop everything, as one step that can be undone."""
        return self._step({})

    def undo(self) -> StagedEdits:
        """The edits before the last step; the same value when there is none."""
        if not self._past:
            return self
        return StagedEdits(self._past[-1], self._past[:-1], (*self._future, self._rows))

    def redo(self) -> StagedEdits:
        """Take the last undo back; the same value when there is none."""
        if not self._future:
            return self
        return StagedEdits(self._future[-1], (*self._past, self._rows), self._future[:-1])

    def saved(self, codes: Collection[str]) -> StagedEdits:
        """Forget rows that were saved. Undo must not bring back their old bases: it starts anew."""
        return StagedEdits({code: row for code, row in self._rows.items() if code not in codes})

    def rebase(self, code: str, base: RowBase) -> StagedEdits:
        """Keep mine over theirs: the wanted values stay, compared with what is stored now.

        Undo starts anew, because the older steps compare with values that are stored no longer.
        """
        row = self._rows.get(code)
        if row is None:
            return self
        rows = dict(self._rows)
        _put(rows, code, replace(row, base=base))
        return StagedEdits(rows)

    def changes(self) -> dict[str, dict[Field, StagedCell]]:
        """Every changed cell, by row and field, in the order of staging."""
        return {code: row.cells() for code, row in self._rows.items()}

    def edits(self) -> tuple[RowEdit, ...]:
        """What to hand to a save."""
        return tuple(
            RowEdit(code, row.base.version, row.base.values, row.wanted)
            for code, row in self._rows.items()
        )

    @property
    def base_versions(self) -> dict[str, int]:
        """The version that each staged row had when its first cell was staged."""
        return {code: row.base.version for code, row in self._rows.items()}

    @property
    def cell_count(self) -> int:
        """How many cells are changed."""
        return sum(len(row.cells()) for row in self._rows.values())

    @property
    def can_undo(self) -> bool:
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        return bool(self._future)

    def __bool__(self) -> bool:
        return bool(self._rows)

    def _step(self, rows: _Rows) -> StagedEdits:
        if rows == self._rows:
            return self
        return StagedEdits(rows, (*self._past, self._rows)[-UNDO_STEPS:], ())


def _put(rows: dict[str, _StagedRow], code: str, row: _StagedRow) -> None:
    if row.wanted == row.base.values:
        rows.pop(code, None)
    else:
        rows[code] = row


def _value(values: MappingValues, field_name: Field) -> Value:
    return values.connectwise_product_id if field_name == PRODUCT else values.sync


def _with_value(values: MappingValues, field_name: Field, value: Value) -> MappingValues:
    if field_name == SYNC:
        return replace(values, sync=bool(value))
    return replace(values, connectwise_product_id=None if value is None else int(value))
