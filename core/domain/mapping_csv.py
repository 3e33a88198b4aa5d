"""Product mappings as CSV: for editing in a spreadsheet, and for moving them between stores.

    product_code            the Sophos product; required
    connectwise_product_id  the ConnectWise product's ID, empty for unmapped; required
    sync                    true or false; required
    product_name, connectwise_identifier, connectwise_description, state
                            for the reader, ignored by an import

Export and import are exact opposites. An import reads everything or nothing: with any problem, the
rows it carries must not be applied.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from core.domain.csv_cells import neutralise, restore
from core.domain.csv_table import Record, Table, read_table
from core.domain.models import MappingRow, ProductMapping
from core.domain.row_edits import RowEdit
from core.domain.saving import MappingValues, code_problem
from core.errors import Message, Problem, message

REQUIRED_COLUMNS = ("product_code", "connectwise_product_id", "sync")
COLUMNS = (
    "product_code",
    "product_name",
    "connectwise_product_id",
    "connectwise_identifier",
    "connectwise_description",
    "sync",
    "state",
)

_TRUE = frozenset({"true", "yes", "1", "on", "vrai", "oui"})
_FALSE = frozenset({"false", "no", "0", "off", "faux", "non"})
# Spreadsheets may turn 123 into 123.0, or 123,0 where the comma is the decimal sign.
_PRODUCT_ID = re.compile(r"([0-9]{1,10})(?:[.,]0+)?")
_GREATEST_ID = 2**31 - 1


@dataclass(frozen=True)
class ImportedMapping:
    """One accepted row of a file; `row` is its line."""

    row: int
    product_code: str
    values: MappingValues


@dataclass(frozen=True)
class CsvImport:
    """What a file says. With `problems`, nothing of it may be applied."""

    rows: tuple[ImportedMapping, ...] = ()
    problems: tuple[Problem, ...] = ()
    notices: tuple[Message, ...] = ()

    def edits(self, current: Mapping[str, ProductMapping]) -> tuple[RowEdit[MappingValues], ...]:
        """The rows that differ from the stored mappings, as edits of what is stored now.

        A code that is not stored yet counts as different: it is taken up and waits for usage.
        """
        pairs = ((row, current.get(row.product_code)) for row in self.rows)
        return tuple(
            _edit(row, stored)
            for row, stored in pairs
            if stored is None or MappingValues.of(stored) != row.values
        )


def export_mappings(rows: Iterable[MappingRow]) -> str:
    """The CSV text, without a byte order mark, lines ending in CR LF as RFC 4180 says."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([neutralise(cell) for cell in _cells(row)])
    return out.getvalue()


def parse_mappings(text: str) -> CsvImport:
    """Read a file; every bad row is in `problems` with its number."""
    table = read_table(text, _column_name, COLUMNS)
    missing = tuple(_missing_columns(table))
    if missing:
        return CsvImport(problems=(*table.problems, *missing))
    rows: list[ImportedMapping] = []
    problems = list(table.problems)
    for record in table.records:
        parsed, found = _parse_record(table, record)
        problems.extend(found)
        if parsed is not None:
            rows.append(parsed)
    problems.extend(_duplicates(rows))
    problems.sort(key=lambda problem: problem.row or 0)
    return CsvImport(tuple(rows), tuple(problems), tuple(_notices(table)))


def _cells(row: MappingRow) -> tuple[str, ...]:
    product_id = row.mapping.connectwise_product_id
    return (
        row.mapping.product_code,
        row.product.description,
        "" if product_id is None else str(product_id),
        "" if row.entry is None else row.entry.identifier,
        "" if row.entry is None else row.entry.description,
        "true" if row.mapping.sync else "false",
        row.mapping.state.value,
    )


def _edit(row: ImportedMapping, stored: ProductMapping | None) -> RowEdit[MappingValues]:
    if stored is None:
        return RowEdit(row.product_code, 0, MappingValues(), row.values)
    return RowEdit(row.product_code, stored.version, MappingValues.of(stored), row.values)


def _column_name(heading: str) -> str:
    return re.sub(r"[\s_-]+", "_", heading.strip().casefold())


def _missing_columns(table: Table) -> Iterator[Problem]:
    for name in REQUIRED_COLUMNS:
        if name not in table.header:
            yield Problem(message("The column {name} is missing.", name=name), name, 1)


def _notices(table: Table) -> Iterator[Message]:
    unknown = [
        heading
        for name, heading in zip(table.header, table.headings, strict=True)
        if name and name not in COLUMNS
    ]
    if unknown:
        yield message("Ignored columns: {names}.", names=", ".join(unknown))


def _parse_record(
    table: Table, record: Record
) -> tuple[ImportedMapping | None, tuple[Problem, ...]]:
    cells = {name: table.cell(record, name) for name in REQUIRED_COLUMNS}
    # A row that was cut off must not read as "unmapped".
    absent = tuple(
        Problem(message("The cell of {name} is missing.", name=name), name, record.row)
        for name, cell in cells.items()
        if cell is None
    )
    if absent:
        return None, absent
    code, code_found = _code(cells["product_code"] or "", record.row)
    product_id, id_found = _product_id(cells["connectwise_product_id"] or "", record.row)
    sync, sync_found = _switch(cells["sync"] or "", record.row)
    found = (*code_found, *id_found, *sync_found)
    if found:
        return None, found
    return ImportedMapping(record.row, code, MappingValues(product_id, sync)), ()


def _code(cell: str, row: int) -> tuple[str, tuple[Problem, ...]]:
    code = restore(cell).strip()
    problem = code_problem(code)
    return code, () if problem is None else (Problem(problem.text, problem.field, row),)


def _product_id(cell: str, row: int) -> tuple[int | None, tuple[Problem, ...]]:
    text = restore(cell).strip()
    if not text:
        return None, ()
    match = _PRODUCT_ID.fullmatch(text)
    if match is not None and 0 < int(match[1]) <= _GREATEST_ID:
        return int(match[1]), ()
    problem = message("“{text}” is not a ConnectWise product ID.", text=text[:60])
    return None, (Problem(problem, "connectwise_product_id", row),)


def _switch(cell: str, row: int) -> tuple[bool, tuple[Problem, ...]]:
    text = restore(cell).strip()
    if text.casefold() in _TRUE:
        return True, ()
    if text.casefold() in _FALSE:
        return False, ()
    problem = message("“{text}” is not true or false.", text=text[:60])
    return False, (Problem(problem, "sync", row),)


def _duplicates(rows: Iterable[ImportedMapping]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for row in rows:
        earlier = first.setdefault(row.product_code, row.row)
        if earlier != row.row:
            text = message(
                "The product code {code} is in row {earlier} already.",
                code=row.product_code,
                earlier=earlier,
            )
            yield Problem(text, "product_code", row.row)
