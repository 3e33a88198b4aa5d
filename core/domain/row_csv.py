"""Rows with keys and values as CSV: for editing in a spreadsheet, and for moving them elsewhere.

Export and import are exact opposites. An import reads everything or nothing: with any problem, the
rows it carries must not be applied.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic

from core.domain.csv_cells import neutralise, restore
from core.domain.csv_table import Record, Table, read_table
from core.domain.row_edits import RowBase, RowEdit, V
from core.errors import Message, Problem, message

_TRUE = frozenset({"true", "yes", "1", "on", "vrai", "oui"})
_FALSE = frozenset({"false", "no", "0", "off", "faux", "non"})
# Spreadsheets may turn 123 into 123.0, or 123,0 where the comma is the decimal sign.
_ID = re.compile(r"([0-9]{1,10})(?:[.,]0+)?")
_GREATEST_ID = 2**31 - 1
_SHOWN = 60


@dataclass(frozen=True)
class ImportedRow(Generic[V]):
    """One accepted row of a file; `row` is its line."""

    row: int
    key: str
    values: V


@dataclass(frozen=True)
class ImportedRows(Generic[V]):
    """What a file says. With `problems`, nothing of it may be applied."""

    rows: tuple[ImportedRow[V], ...] = ()
    problems: tuple[Problem, ...] = ()
    notices: tuple[Message, ...] = ()

    def differing(
        self, stored: Callable[[str], RowBase[V] | None], nothing: V
    ) -> tuple[RowEdit[V], ...]:
        """The rows that differ from what is stored, as edits of what is stored now.

        A key that is not stored yet counts as different: it is taken up. Of a key that is there
        again, which is a problem of its own, the first row counts.
        """
        first = {row.key: row for row in reversed(self.rows)}
        pairs = ((row, stored(row.key)) for row in self.rows if first[row.key] is row)
        return tuple(
            _edit(row, base or RowBase(nothing))
            for row, base in pairs
            if base is None or base.values != row.values
        )

    def every_problem(self, of_edits: Iterable[Problem]) -> tuple[Problem, ...]:
        """The problems of the file, and those of its `differing` rows, in the order of its lines.

        Those of the whole file come before those of its lines.
        """
        lines = {row.key: row.row for row in reversed(self.rows)}
        placed = (replace(one, row=lines.get(one.key or "")) for one in of_edits)
        return in_line_order((*self.problems, *placed))


def in_line_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """As a person goes through the file who corrects it."""
    return tuple(sorted(problems, key=lambda problem: problem.row or 0))


@dataclass(frozen=True)
class Format(Generic[V]):
    """The columns of a kind of file, and how its cells become a row.

    `columns` has all of them in the order of an export; `required` those that an import needs, of
    which the first is the key. `parse` gets the required cells and a `Cells` to read them with.
    `repeated` says that a key was in an earlier row.
    """

    columns: tuple[str, ...]
    required: tuple[str, ...]
    parse: Callable[[Cells], tuple[str, V]]
    repeated: Callable[[str, int], Message]

    def write(self, rows: Iterable[Sequence[str]]) -> str:
        """The CSV text, without a byte order mark, lines ending in CR LF as RFC 4180 says."""
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        writer.writerow(self.columns)
        for row in rows:
            writer.writerow([neutralise(cell) for cell in row])
        return out.getvalue()

    def read(self, text: str) -> ImportedRows[V]:
        """Read a file; every bad row is in `problems` with its number."""
        table = read_table(text, _column_name, self.columns)
        missing = tuple(self._missing_columns(table))
        if missing:
            return ImportedRows(problems=in_line_order((*table.problems, *missing)))
        rows: list[ImportedRow[V]] = []
        problems = list(table.problems)
        for record in table.records:
            row, found = self._row(table, record)
            problems.extend(found)
            if row is not None:
                rows.append(row)
        problems.extend(self._duplicates(rows))
        return ImportedRows(tuple(rows), in_line_order(problems), tuple(self._notices(table)))

    def _row(self, table: Table, record: Record) -> tuple[ImportedRow[V] | None, Sequence[Problem]]:
        found = {name: table.cell(record, name) for name in self.required}
        # A row that was cut off must not read as emptied.
        absent = [
            Problem(message("The cell of {name} is missing.", name=name), name, record.row)
            for name, cell in found.items()
            if cell is None
        ]
        if absent:
            return None, absent
        cells = Cells({name: cell or "" for name, cell in found.items()}, record.row)
        key, values = self.parse(cells)
        if cells.problems:
            return None, cells.problems
        return ImportedRow(record.row, key, values), ()

    def _missing_columns(self, table: Table) -> Iterator[Problem]:
        for name in self.required:
            if name not in table.header:
                yield Problem(message("The column {name} is missing.", name=name), name, 1)

    def _notices(self, table: Table) -> Iterator[Message]:
        unknown = [
            heading
            for name, heading in zip(table.header, table.headings, strict=True)
            if name and name not in self.columns
        ]
        if unknown:
            yield message("Ignored columns: {names}.", names=", ".join(unknown))

    def _duplicates(self, rows: Iterable[ImportedRow[V]]) -> Iterator[Problem]:
        first: dict[str, int] = {}
        for row in rows:
            earlier = first.setdefault(row.key, row.row)
            if earlier != row.row:
                yield Problem(self.repeated(row.key, earlier), self.required[0], row.row)


class Cells:
    """The required cells of one row, read one by one; `problems` gathers what is wrong."""

    def __init__(self, cells: Mapping[str, str], row: int) -> None:
        self._cells = cells
        self._row = row
        self.problems: list[Problem] = []

    def key(self, name: str, problem_of: Callable[[str], Problem | None]) -> str:
        """The key of the row, which `problem_of` judges."""
        key = self._text(name)
        problem = problem_of(key)
        if problem is not None:
            self._refuse(name, problem.text)
        return key

    def id(self, name: str, wrong: Callable[[str], Message]) -> int | None:
        """An ID of ConnectWise, None for an empty cell; `wrong` says that a text is none."""
        text = self._text(name)
        if not text:
            return None
        match = _ID.fullmatch(text)
        if match is not None and 0 < int(match[1]) <= _GREATEST_ID:
            return int(match[1])
        self._refuse(name, wrong(text[:_SHOWN]))
        return None

    def switch(self, name: str) -> bool:
        """True or false, in the spellings that people and spreadsheets use."""
        text = self._text(name)
        if text.casefold() in _TRUE:
            return True
        if text.casefold() not in _FALSE:
            self._refuse(name, message("“{text}” is not true or false.", text=text[:_SHOWN]))
        return False

    def _text(self, name: str) -> str:
        return restore(self._cells[name]).strip()

    def _refuse(self, name: str, text: Message) -> None:
        self.problems.append(Problem(text, name, self._row))


def switch_cell(on: bool) -> str:
    """A switch as it is exported."""
    return "true" if on else "false"


def id_cell(value: int | None) -> str:
    """An ID as it is exported."""
    return "" if value is None else str(value)


def _edit(row: ImportedRow[V], base: RowBase[V]) -> RowEdit[V]:
    return RowEdit(row.key, base.version, base.values, row.values)


def _column_name(heading: str) -> str:
    return re.sub(r"[\s_-]+", "_", heading.strip().casefold())
