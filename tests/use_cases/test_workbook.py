"""Tables as CSV and Excel: typed cells, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from core.domain.month import Month
from core.use_cases.workbook import Table, as_csv, as_excel
from tests import libreoffice

FORMULAS = ["=1+1", "+1", "-1", "@x", "\t=1", '=HYPERLINK("x")', "{=1+1}", "'=1", "a;=1"]
TABLE = Table(
    "Plan",
    ("Name", "Quantity", "Price", "Day", "When", "Month", "ID"),
    [
        ("A", Decimal("1234.5"), Decimal("2"), date(2026, 10, 9), None, Month(2026, 10), 7),
        ("B", Decimal("2.0"), None, None, datetime(2026, 10, 1, 8, 30, tzinfo=UTC), None, 12345678),
    ],
    money=frozenset({2}),
)


def sheet(*tables: Table):
    return openpyxl.load_workbook(io.BytesIO(as_excel(tables or (TABLE,)))).worksheets[0]


def test_cells_have_their_types():
    rows = list(sheet().iter_rows(values_only=True))
    assert rows == [
        TABLE.headings,
        ("A", 1234.5, 2, excel(2026, 10, 9), None, excel(2026, 10, 1), 7),
        ("B", 2, None, None, excel(2026, 10, 1, 8, 30), None, 12345678),
    ]
    assert {cell.data_type for row in sheet()["D2:F3"] for cell in row if cell.value} == {"d"}


def excel(*parts: int) -> datetime:
    return datetime(*parts)  # noqa: DTZ001 - Excel has no zones


def test_each_cell_is_shown_as_what_is_in_it_and_the_header_stays():
    found = sheet()
    # Decimals only where there are any; never a point with nothing after it.
    assert (found["B2"].number_format, found["B3"].number_format) == ("#,##0.00####", "#,##0")
    assert found["C2"].number_format == "#,##0.00####"
    assert found["D2"].number_format == "yyyy-mm-dd"
    assert found["E3"].number_format == "yyyy-mm-dd hh:mm"
    assert found["F2"].number_format == "yyyy-mm"
    assert found["G3"].number_format == "0"
    assert found.freeze_panes == "A2"
    assert found.auto_filter.ref == "A1:G3"


def test_a_day_that_excel_does_not_know_is_text():
    assert sheet(Table("T", ("D",), [(date(1, 1, 1),)]))["A2"].value == "0001-01-01"
    first = sheet(Table("T", ("D",), [(date(1900, 3, 1),)]))["A2"]
    assert (first.value, first.data_type) == (excel(1900, 3, 1), "d")


@pytest.mark.parametrize("text", FORMULAS)
def test_text_of_an_api_never_becomes_a_formula(text):
    table = Table("T", (text,), [(text,)])
    cells = [cell for row in sheet(table).iter_rows() for cell in row]
    assert [cell.value for cell in cells] == [text, text]
    assert {cell.data_type for cell in cells} == {"s"}
    if text[0] in "=+-@":
        assert cells[1].quotePrefix
    written = as_csv(table).decode("utf-8-sig")
    assert all(cell[0] not in "=+-@\t" for row in csv.reader(io.StringIO(written)) for cell in row)


def test_csv_has_plain_numbers_and_days():
    text = as_csv(TABLE).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text, newline=""))) == [
        list(TABLE.headings),
        ["A", "1234.5", "2", "2026-10-09", "", "2026-10", "7"],
        ["B", "2.0", "", "", "2026-10-01T08:30:00+00:00", "", "12345678"],
    ]
    assert "\r\n" in text


def test_a_negative_number_stays_a_number():
    table = Table("T", ("N",), [(Decimal("-3"),)])
    assert as_csv(table).decode("utf-8-sig").splitlines() == ["N", "-3"]
    assert sheet(table)["A2"].value == -3


def test_excels_limits_are_kept():
    found = sheet(Table("a/b:[c]*?'" + "x" * 40, ("H",), [("y" * 40_000,)]))
    assert len(found.title) <= 31
    assert len(found["A2"].value) == 32_767


def test_an_empty_table_is_a_header():
    assert list(sheet(Table("T", ("A", "B"), [])).iter_rows(values_only=True)) == [("A", "B")]


def test_every_column_fits_on_a_printed_page_and_the_header_is_repeated():
    found = sheet()
    assert found.page_setup.orientation == "landscape"
    # One page wide is the default of the format, as many as it takes high is not.
    assert (found.page_setup.fitToWidth or 1, found.page_setup.fitToHeight) == (1, 0)
    assert found.sheet_properties.pageSetUpPr.fitToPage
    assert found.print_title_rows == "$1:$1"


@libreoffice.needed
def test_libreoffice_reads_what_was_written(tmp_path: Path):
    odd = Table("Odd text", ("Text", "Number"), [(text, Decimal("-0.25")) for text in FORMULAS])
    path = tmp_path / "book.xlsx"
    path.write_bytes(as_excel([TABLE, odd]))
    written, read = (
        openpyxl.load_workbook(each) for each in (path, libreoffice.saved_again(path, tmp_path))
    )
    assert read.sheetnames == ["Plan", "Odd text"]
    assert libreoffice.cells(read) == libreoffice.cells(written)
    assert [cell.value for cell in read["Odd text"]["A"]] == ["Text", *FORMULAS]
