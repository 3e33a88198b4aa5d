"""Reading CSV files as people have them: any encoding mark, delimiter and column order.

Excel writes the local list separator (`;` where the comma is the decimal sign), a byte order mark,
and sometimes a first line `sep=;`. All of that is accepted. Quotes are read strictly, because a
forgotten quote would swallow the rows after it.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from core.errors import InputError, Problem, message

_DELIMITERS = (",", ";", "\t")
_SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class Record:
    """One row; `row` is the line of the file that it starts on, from 1."""

    row: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """The header's names as normalised by the caller, and the rows that are not blank."""

    header: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    records: tuple[Record, ...] = ()
    problems: tuple[Problem, ...] = ()
    delimiter: str = ","

    def cell(self, record: Record, name: str) -> str | None:
        """The cell of a named column; None where the file lacks the column or the row is short."""
        if name not in self.header:
            return None
        index = self.header.index(name)
        return record.cells[index] if index < len(record.cells) else None


def decode(data: bytes) -> str:
    """The text of an uploaded file; raises InputError when it is not Unicode text."""
    try:
        if data.startswith(_UTF_16):
            return data.decode("utf-16")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            message("The file is not UTF-8 text."),
            remedy=message("Save it as “CSV UTF-8” in the spreadsheet, then choose it again."),
        ) from error


def read_table(text: str, normalise: Callable[[str], str], known: Collection[str]) -> Table:
    """Split a file into its header and rows; what cannot be split is in `problems`.

    `normalise` turns a heading into a column name. Only `known` columns may not be repeated.
    """
    text = text.removeprefix("\ufeff")
    first_row = 1
    separator = _SEPARATOR_LINE.match(text)
    if separator is not None:
        text = text[separator.end() :]
        first_row = 2
    delimiter = separator[1] if separator is not None else _sniff(text)
    records, problems = _read(text, delimiter, first_row)
    if not records:
        problem = Problem(message("The file has no header row."), row=1)
        return Table(problems=(*problems, problem))
    headings = tuple(cell.strip() for cell in records[0].cells)
    header = tuple(normalise(heading) for heading in headings)
    found = (
        *problems,
        *_repeated(header, headings, known, records[0].row),
        *_long(records, len(header)),
    )
    return Table(header, headings, tuple(records[1:]), found, delimiter)


def _sniff(text: str) -> str:
    """The delimiter that splits the header into the most columns."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    return max(_DELIMITERS, key=lambda delimiter: len(_split(header, delimiter)))


def _split(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter), [])


def _read(text: str, delimiter: str, first_row: int) -> tuple[list[Record], tuple[Problem, ...]]:
    records: list[Record] = []
    row = first_row
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                records.append(Record(row, tuple(cells)))
            row = first_row + reader.line_num
    except csv.Error:
        text_of_it = message(
            "The quotes do not add up here, or a cell is too long; the rows from here on "
            "cannot be read."
        )
        return records, (Problem(text_of_it, row=row),)
    return records, ()


def _repeated(
    header: tuple[str, ...], headings: tuple[str, ...], known: Collection[str], row: int
) -> Iterator[Problem]:
    for index, (name, heading) in enumerate(zip(header, headings, strict=True)):
        if name in known and name in header[:index]:
            yield Problem(message("The column {name} is there twice.", name=heading), name, row)


def _long(records: list[Record], width: int) -> Iterator[Problem]:
    for record in records[1:]:
        if any(cell.strip() for cell in record.cells[width:]):
            yield Problem(message("The row has more cells than the header."), row=record.row)
