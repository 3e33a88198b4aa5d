"""Files as people have them: encodings, delimiters, header order, broken quotes."""

from __future__ import annotations

import codecs

import pytest

from core.domain.csv_table import decode, read_table
from core.errors import InputError

KNOWN = ("code", "name")


def read(text: str):
    return read_table(text, str.casefold, KNOWN)


def test_rows_carry_the_line_they_start_on():
    table = read('Code,Name\r\nA,"two\r\nlines"\r\n\r\nB,one\r\n')
    assert table.header == ("code", "name")
    assert table.headings == ("Code", "Name")
    assert [(record.row, record.cells) for record in table.records] == [
        (2, ("A", "two\r\nlines")),
        (5, ("B", "one")),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found(delimiter):
    table = read(delimiter.join(["code", "name"]) + "\n" + delimiter.join(["A", "x"]))
    assert table.delimiter == delimiter
    assert table.records[0].cells == ("A", "x")


def test_excel_says_its_separator_in_a_first_line():
    table = read("sep=;\r\ncode;name\r\nA;x,y,z\r\n")
    assert [(record.row, record.cells) for record in table.records] == [(3, ("A", "x,y,z"))]


def test_a_byte_order_mark_is_no_part_of_the_first_heading():
    assert read("\ufeffcode,name\nA,x").header == ("code", "name")


def test_cells_by_name():
    table = read("code,name\nA")
    (record,) = table.records
    assert table.cell(record, "code") == "A"
    assert table.cell(record, "name") is None
    assert table.cell(record, "other") is None


@pytest.mark.parametrize("text", ["", "\n\n", "  \n"])
def test_a_file_without_a_header(text):
    table = read(text)
    assert [str(problem.text) for problem in table.problems] == ["The file has no header row."]


def test_a_quote_that_never_ends_is_a_problem_at_its_line():
    table = read('code,name\nA,x\nB,"never\nC,y\n')
    assert [problem.row for problem in table.problems] == [3]
    assert [record.cells[0] for record in table.records] == ["A"]


def test_a_row_with_more_cells_than_the_header_is_a_problem():
    table = read("code,name\nA,x,y\nB,x,\n")
    assert [problem.row for problem in table.problems] == [2]


def test_a_known_column_may_not_be_repeated():
    assert [problem.field for problem in read("code,Code,name\nA,B,c").problems] == ["code"]
    assert read("code,note,note\nA,B,c").problems == ()


@pytest.mark.parametrize(
    "data",
    [
        "é;🔥".encode(),
        codecs.BOM_UTF8 + "é;🔥".encode(),
        "é;🔥".encode("utf-16"),
        codecs.BOM_UTF16_BE + "é;🔥".encode("utf-16-be"),
    ],
)
def test_unicode_files_are_decoded(data):
    assert decode(data) == "é;🔥"


@pytest.mark.parametrize("data", ["é".encode("cp1252") + b"x", codecs.BOM_UTF16_LE + b"x"])
def test_other_encodings_are_refused_with_the_remedy(data):
    with pytest.raises(InputError, match="CSV UTF-8"):
        decode(data)
