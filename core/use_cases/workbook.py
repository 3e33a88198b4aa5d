"""What is shown, as CSV or Excel, for people to go on working with.

Numbers stay numbers, dates stay dates, and a month is its first day. No text of an API may become
a formula: in CSV it is neutralised, in Excel it is a text cell that stays text when somebody edits
it.
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
from core.domain.month import Month

Cell = str | int | Decimal | date | datetime | Month | None

CSV_TYPE = "text/csv"
EXCEL_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Excel's own limits.
_TEXT_LIMIT, _TITLE_LIMIT, _FIRST_YEAR = 32_767, 31, 1900
# A format with optional decimals alone would leave whole numbers with a point at their end.
_IDENTIFIER, _WHOLE, _EXACT = "0", "#,##0", "#,##0.00####"
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
    for number, column in enumerate(_columns(table)):
        sheet.set_column(number, number, _width(table.headings[number], column))
    formats = _formats(book)
    writers = [
        partial(_write, sheet, formats, number in table.money)
        for number in range(len(table.headings))
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
    """How cells are shown, by what is in them."""

    identifier: Format
    whole: Format
    exact: Format
    day: Format
    month: Format
    moment: Format
    quoted: Format


def _formats(book: Workbook) -> _Formats:
    def shown(pattern: str) -> Format:
        return book.add_format({"num_format": pattern})

    return _Formats(
        identifier=shown(_IDENTIFIER),
        whole=shown(_WHOLE),
        exact=shown(_EXACT),
        day=shown("yyyy-mm-dd"),
        month=shown("yyyy-mm"),
        moment=shown("yyyy-mm-dd hh:mm"),
        quoted=book.add_format({"quote_prefix": True}),
    )


def _write(
    sheet: Worksheet, formats: _Formats, money: bool, line: int, number: int, cell: Cell
) -> None:
    if cell is None or cell == "":
        return
    if isinstance(cell, str):
        _write_text(sheet, formats, line, number, cell)
    elif isinstance(cell, Month):
        sheet.write_datetime(line, number, _midnight(cell.first_day), formats.month)
    elif isinstance(cell, date) and cell.year < _FIRST_YEAR:
        _write_text(sheet, formats, line, number, cell.isoformat())
    elif isinstance(cell, datetime):
        sheet.write_datetime(line, number, cell.replace(tzinfo=None), formats.moment)
    elif isinstance(cell, date):
        sheet.write_datetime(line, number, _midnight(cell), formats.day)
    else:
        sheet.write_number(line, number, float(cell), _number_format(formats, cell, money))


def _write_text(sheet: Worksheet, formats: _Formats, line: int, number: int, cell: str) -> None:
    text = cell[:_TEXT_LIMIT]
    quoted = formats.quoted if neutralise(text) != text else None
    sheet.write_string(line, number, text, quoted)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - Excel has no zones


def _number_format(formats: _Formats, cell: int | Decimal, money: bool) -> Format:
    """Decimals where there are any, and cents always; what merely identifies is not grouped."""
    if money:
        return formats.exact
    if isinstance(cell, int):
        return formats.identifier
    return formats.whole if cell == cell.to_integral_value() else formats.exact


def _columns(table: Table) -> Iterator[list[Cell]]:
    for number in range(len(table.headings)):
        yield [row[number] for row in table.rows]


def _width(heading: str, column: Iterable[Cell]) -> int:
    longest = max((len(str(cell)) for cell in column if cell is not None), default=0)
    return min(max(len(heading), longest, _NARROWEST) + 2, _WIDEST)


def _title(title: str) -> str:
    return _NOT_IN_A_TITLE.sub(" ", title)[:_TITLE_LIMIT].strip() or "-"
