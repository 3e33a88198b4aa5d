"""What is shown, as CSV or Excel, for people to go on working with.

Numbers stay numbers and dates stay dates. No text of an API may become a formula: in CSV it is
neutralised, in Excel it is a text cell that stays text when somebody edits it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from core.domain.csv_cells import neutralise

Cell = str | int | Decimal | date | datetime | None

CSV_TYPE = "text/csv"
EXCEL_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Excel's own limits.
_TEXT_LIMIT, _TITLE_LIMIT, _DECIMALS_LIMIT = 32_767, 31, 6
_NOT_IN_A_TITLE = re.compile(r"[\[\]:*?/\\']")
_NARROWEST, _WIDEST = 8, 60


@dataclass(frozen=True)
class Table:
    """One sheet. `money` are the columns of amounts, which have two decimals at least."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    money: frozenset[int] = frozenset()


def as_csv(table: Table) -> bytes:
    """The table as RFC 4180 says, with a byte order mark, for Excel to see that it is UTF-8.

    Numbers have a point and no grouping, dates are ISO 8601, whatever the reader's language.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([neutralise(heading) for heading in table.headings])
    writer.writerows([_csv_cell(cell) for cell in row] for row in table.rows)
    return out.getvalue().encode("utf-8-sig")


def as_excel(tables: Iterable[Table]) -> bytes:
    """A workbook with typed cells, a header that stays in sight, and filters."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"constant_memory": True, "in_memory": True}) as book:
        header = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        for table in tables:
            _write_sheet(book, header, table)
    return out.getvalue()


def _csv_cell(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return neutralise(cell)
    if isinstance(cell, Decimal):
        return format(cell, "f")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _write_sheet(book: Workbook, header: Format, table: Table) -> None:
    sheet = book.add_worksheet(_title(table.title))
    sheet.freeze_panes(1, 0)
    _set_up_printing(sheet)
    columns = list(_columns(table))
    for number, column in enumerate(columns):
        sheet.set_column(number, number, _width(table.headings[number], column))
    writers = [
        partial(_write, sheet, _formats(book, column, number in table.money))
        for number, column in enumerate(columns)
    ]
    for number, heading in enumerate(table.headings):
        sheet.write_string(0, number, heading, header)
    for line, row in enumerate(table.rows, 1):
        for number, cell in enumerate(row):
            writers[number](line, number, cell)
    sheet.autofilter(0, 0, len(table.rows), len(table.headings) - 1)


def _set_up_printing(sheet: Worksheet) -> None:
    """All columns on a page, the header on every page."""
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


@dataclass(frozen=True)
class _Formats:
    """How the cells of one column are shown, by what is in them."""

    number: Format
    day: Format
    moment: Format
    quoted: Format


def _formats(book: Workbook, column: Sequence[Cell], money: bool) -> _Formats:
    return _Formats(
        number=book.add_format({"num_format": _number_format(column, money)}),
        day=book.add_format({"num_format": "yyyy-mm-dd"}),
        moment=book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
        quoted=book.add_format({"quote_prefix": True}),
    )


def _write(sheet: Worksheet, formats: _Formats, line: int, number: int, cell: Cell) -> None:
    if cell is None or cell == "":
        return
    if isinstance(cell, str):
        text = cell[:_TEXT_LIMIT]
        quoted = formats.quoted if neutralise(text) != text else None
        sheet.write_string(line, number, text, quoted)
    elif isinstance(cell, datetime):
        sheet.write_datetime(line, number, cell.replace(tzinfo=None), formats.moment)
    elif isinstance(cell, date):
        midnight = datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001 - Excel has no zones
        sheet.write_datetime(line, number, midnight, formats.day)
    else:
        sheet.write_number(line, number, float(cell), formats.number)


def _columns(table: Table) -> Iterator[list[Cell]]:
    for number in range(len(table.headings)):
        yield [row[number] for row in table.rows]


def _number_format(column: Sequence[Cell], money: bool) -> str:
    """Grouped, all of a column with as many decimals as the longest needs: aligned."""
    decimals = max((_decimals(cell) for cell in column), default=0)
    if money:
        decimals = max(decimals, 2)
    elif not any(isinstance(cell, Decimal) for cell in column):
        return "0"
    return "#,##0" + ("." + "0" * decimals if decimals else "")


def _decimals(cell: Cell) -> int:
    if not isinstance(cell, Decimal):
        return 0
    exponent = cell.normalize().as_tuple().exponent
    return min(max(-exponent, 0), _DECIMALS_LIMIT) if isinstance(exponent, int) else 0


def _width(heading: str, column: Iterable[Cell]) -> int:
    longest = max((len(str(cell)) for cell in column if cell is not None), default=0)
    return min(max(len(heading), longest, _NARROWEST) + 2, _WIDEST)


def _title(title: str) -> str:
    return _NOT_IN_A_TITLE.sub(" ", title)[:_TITLE_LIMIT].strip() or "-"
