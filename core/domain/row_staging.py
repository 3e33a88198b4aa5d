"""Edits that are staged and not saved yet: one immutable value with undo and redo.

Each row remembers the values and the version that it had when its first cell was staged, so that a
save can tell what somebody else changed meanwhile. Staging the loaded value again removes the cell.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Generic

from core.domain.row_edits import CellEdit, RowBase, RowEdit, V

UNDO_STEPS = 200


@dataclass(frozen=True)
class StagedCell:
    """One changed cell: as loaded, and as wanted."""

    base: int | bool | None
    value: int | bool | None


@dataclass(frozen=True)
class _StagedRow(Generic[V]):
    base: RowBase[V]
    wanted: V

    def put(self, field_name: str, value: Any) -> _StagedRow[V]:
        return replace(self, wanted=replace(self.wanted, **{field_name: value}))

    def cells(self) -> dict[str, StagedCell]:
        loaded, wanted = vars(self.base.values), vars(self.wanted)
        return {
            name: StagedCell(loaded[name], value)
            for name, value in wanted.items()
            if value != loaded[name]
        }


@dataclass(frozen=True)
class StagedEdits(Generic[V]):
    """The staged edits of one session. Every method returns a new value."""

    _rows: Mapping[str, _StagedRow[V]] = field(default_factory=dict)
    _past: tuple[Mapping[str, _StagedRow[V]], ...] = ()
    _future: tuple[Mapping[str, _StagedRow[V]], ...] = ()

    def stage(
        self, key: str, field_name: str, value: int | bool | None, base: RowBase[V]
    ) -> StagedEdits[V]:
        """Stage one cell. `base` counts only when the row has nothing staged yet."""
        return self.stage_many([CellEdit(key, field_name, value, base)])

    def stage_many(self, edits: Iterable[CellEdit[V]]) -> StagedEdits[V]:
        """Stage several cells as one step of undo."""
        rows = dict(self._rows)
        for edit in edits:
            row = rows.get(edit.key) or _StagedRow(edit.base, edit.base.values)
            _put(rows, edit.key, row.put(edit.field, edit.value))
        return self._step(rows)

    def unstage(self, key: str, field_name: str | None = None) -> StagedEdits[V]:
        """Put one cell, or all cells of a row, back to what was loaded."""
        row = self._rows.get(key)
        if row is None:
            return self
        rows = dict(self._rows)
        loaded = row.base.values
        names = [one.name for one in fields(loaded)] if field_name is None else [field_name]
        for name in names:
            row = row.put(name, getattr(loaded, name))
        _put(rows, key, row)
        return self._step(rows)

    def discard(self) -> StagedEdits[V]:
        """Drop everything, as one step that can be undone."""
        return self._step({})

    def undo(self) -> StagedEdits[V]:
        """The edits before the last step; the same value when there is none."""
        if not self._past:
            return self
        return StagedEdits(self._past[-1], self._past[:-1], (*self._future, self._rows))

    def redo(self) -> StagedEdits[V]:
        """Take the last undo back; the same value when there is none."""
        if not self._future:
            return self
        return StagedEdits(self._future[-1], (*self._past, self._rows), self._future[:-1])

    def saved(self, keys: Collection[str]) -> StagedEdits[V]:
        """Forget rows that were saved. Undo must not bring back their old bases: it starts anew."""
        return StagedEdits({key: row for key, row in self._rows.items() if key not in keys})

    def rebase(self, key: str, base: RowBase[V]) -> StagedEdits[V]:
        """Keep mine over theirs: the cells that I changed, on what is stored now.

        A cell that I left as it was loaded takes their value, unless it is linked to one that I
        changed: an agreement means nothing under another company. Undo starts anew, because the
        older steps compare with values that are stored no longer.
        """
        row = self._rows.get(key)
        if row is None:
            return self
        rows = dict(self._rows)
        mine = {name: getattr(row.wanted, name) for name in _kept(row)}
        _put(rows, key, _StagedRow(base, replace(base.values, **mine)))
        return StagedEdits(rows)

    def wanted(self, key: str) -> V | None:
        """The values that a row shall have; None for a row with nothing staged."""
        row = self._rows.get(key)
        return None if row is None else row.wanted

    def changes(self) -> dict[str, dict[str, StagedCell]]:
        """Every changed cell, by row and field, in the order of staging."""
        return {key: row.cells() for key, row in self._rows.items()}

    def edits(self) -> tuple[RowEdit[V], ...]:
        """What to hand to a save."""
        return tuple(
            RowEdit(key, row.base.version, row.base.values, row.wanted)
            for key, row in self._rows.items()
        )

    @property
    def base_versions(self) -> dict[str, int]:
        """The version that each staged row had when its first cell was staged."""
        return {key: row.base.version for key, row in self._rows.items()}

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

    def _step(self, rows: Mapping[str, _StagedRow[V]]) -> StagedEdits[V]:
        if rows == self._rows:
            return self
        return StagedEdits(rows, (*self._past, self._rows)[-UNDO_STEPS:], ())


def _kept(row: _StagedRow[V]) -> set[str]:
    """The cells that were changed, and those linked to one of them."""
    changed = set(row.cells())
    linked: frozenset[str] = getattr(row.wanted, "LINKED", frozenset())
    return changed | linked if changed & linked else changed


def _put(rows: dict[str, _StagedRow[V]], key: str, row: _StagedRow[V]) -> None:
    if row.wanted == row.base.values:
        rows.pop(key, None)
    else:
        rows[key] = row
