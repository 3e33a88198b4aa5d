"""Tables as CSV and Excel: typed cells, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from core.use_cases.workbook import Table, as_csv, as_excel
from tests import libreoffice

FORMULAS = ["=1+1", "+1", "-1", "@x", "\t=1", '=HYPERLINK("x")', "{=1+1}", "'=1", "a;=1"]
TABLE = Table(
    "Plan",
    ("Name", "Quantity", "Price", "Day", "When", "ID"),
    [
        ("A", Decimal("1234.5"), Decimal("2"), date(2026, 10, 1), None, 7),
        ("B", Decimal("2"), None, None, datetime(2026, 10, 1, 8, 30, tzinfo=UTC), 12345678),
    ],
    money=frozenset({2}),
)


def sheet(*tables: Table):
    return openpyxl.load_workbook(io.BytesIO(as_excel(tables or (TABLE,)))).worksheets[0]


def test_cells_have_their_types():
    rows = list(sheet().iter_rows(values_only=True))
    assert rows == [
        ("Name", "Quantity", "Price", "Day", "When", "ID"),
        ("A", 1234.5, 2, datetime(2026, 10, 1), None, 7),  # noqa: DTZ001 - Excel has no zones
        ("B", 2, None, None, datetime(2026, 10, 1, 8, 30), 12345678),  # noqa: DTZ001
    ]


def test_numbers_of_a_column_are_aligned_and_the_header_stays():
    found = sheet()
    assert found["B2"].number_format == found["B3"].number_format == "#,##0.0"
    assert found["C2"].number_format == "#,##0.00"
    assert found["F3"].number_format == "0"
    assert found.freeze_panes == "A2"
    assert found.auto_filter.ref == "A1:F3"


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
        ["A", "1234.5", "2", "2026-10-01", "", "7"],
        ["B", "2", "", "", "2026-10-01T08:30:00+00:00", "12345678"],
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


@pytest.mark.skipif(libreoffice.executable() is None, reason="LibreOffice is not installed")
def test_libreoffice_reads_what_was_written(tmp_path: Path):
    odd = Table("Odd text", ("Text", "Number"), [(text, Decimal("-0.25")) for text in FORMULAS])
    path = tmp_path / "book.xlsx"
    path.write_bytes(as_excel([TABLE, odd]))
    sheets = libreoffice.as_csv(path, tmp_path)
    assert set(sheets) == {"Plan", "Odd text"}
    assert _read(sheets["Plan"]) == [
        list(TABLE.headings),
        ["A", "1234.5", "2", "2026-10-01", "", "7"],
        ["B", "2", "", "", "2026-10-01 08:30:00", "12345678"],
    ]
    assert _read(sheets["Odd text"]) == [
        ["Text", "Number"],
        *([text, "-0.25"] for text in FORMULAS),
    ]


def _read(text: str) -> Iterable[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))
