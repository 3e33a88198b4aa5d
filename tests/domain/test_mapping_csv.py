"""Mappings as CSV: exact round trip, every bad row with its number, nothing half applied."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.mapping import Availability, state_of
from core.domain.mapping_csv import COLUMNS, export_mappings, parse_mappings
from core.domain.models import CatalogEntry, MappingRow, ProductMapping, SophosProduct
from core.domain.month import Month
from core.domain.saving import MappingValues, RowEdit, code_problem

NOW = datetime(2026, 11, 22, tzinfo=UTC)
HEADER = "product_code,connectwise_product_id,sync\n"


def row(code: str, values: MappingValues, *, name: str = "", entry: str = "") -> MappingRow:
    product_id = values.connectwise_product_id
    return MappingRow(
        product=SophosProduct(
            code=code,
            description=name,
            product_group="User",
            first_seen=Month(2026, 9),
            last_seen=Month(2026, 10),
        ),
        mapping=ProductMapping(
            product_code=code,
            connectwise_product_id=product_id,
            sync=values.sync,
            stopped=False,
            state=state_of(product_id, values.sync, False, Availability.AVAILABLE),
            since=NOW,
            reason=None,
            version=2,
        ),
        entry=product_id and CatalogEntry(id=product_id, identifier=entry, description=entry),
        last_usage=None,
        suggestion=None,
        default_product=None,
        is_firewall=False,
    )


def values_of(text: str) -> dict[str, MappingValues]:
    parsed = parse_mappings(text)
    assert parsed.problems == ()
    return {item.key: item.values for item in parsed.rows}


awkward = st.one_of(
    st.text(alphabet=st.sampled_from("=+-@'\t\r\n;,\"\x00 aé🔥שלום"), max_size=15),
    st.text(max_size=20),
)
wanted = st.builds(MappingValues, st.one_of(st.none(), st.integers(1, 2**31 - 1)), st.booleans())
stored_codes = st.one_of(
    awkward, st.sampled_from(["CIXA-MSP", "=1+1", "@x", "-", "''=", "٣"])
).filter(lambda code: code_problem(code) is None)


@given(st.dictionaries(stored_codes, st.tuples(wanted, awkward, awkward), max_size=6))
def test_export_then_import_changes_nothing(content):
    rows = [
        row(code, values, name=name, entry=entry) for code, (values, name, entry) in content.items()
    ]
    exported = export_mappings(rows)
    parsed = parse_mappings("\ufeff" + exported)
    assert (parsed.problems, parsed.notices) == ((), ())
    assert parsed.edits({item.mapping.product_code: item.mapping for item in rows}) == ()
    assert values_of(exported) == {code: values for code, (values, _, _) in content.items()}
    assert export_mappings(rows) == exported


@given(awkward, awkward, awkward)
def test_no_exported_cell_is_executed(code, name, entry):
    exported = export_mappings([row(code, MappingValues(7), name=name, entry=entry)])
    _, cells = csv.reader(io.StringIO(exported, newline=""))
    assert not any(cell.startswith(tuple("=+-@\t\r\n")) for cell in cells)


def test_the_export_names_things_for_the_reader():
    exported = export_mappings(
        [
            row("CIXA-MSP", MappingValues(7, sync=True), name="Sophos Endpoint", entry="SEC-EP"),
            row("NEW", MappingValues()),
        ]
    )
    assert exported == (
        ",".join(COLUMNS) + "\r\n"
        "CIXA-MSP,Sophos Endpoint,7,SEC-EP,SEC-EP,true,active\r\n"
        "NEW,,,,,false,unmapped\r\n"
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_columns_in_any_order_and_with_any_delimiter(delimiter):
    lines = [["Sync", "note", "Product Code", "connectwise_product_id"], ["oui", "x", "A", "12"]]
    parsed = parse_mappings("\r\n".join(delimiter.join(line) for line in lines))
    assert [(r.row, r.key, r.values) for r in parsed.rows] == [
        (2, "A", MappingValues(12, sync=True))
    ]
    assert [str(notice) for notice in parsed.notices] == ["Ignored columns: note."]


@pytest.mark.parametrize("cell", ["true", "TRUE", "Vrai", "yes", "1", "on", " oui "])
def test_spellings_of_on(cell):
    assert values_of(HEADER + f"A,,{cell}") == {"A": MappingValues(None, sync=True)}


@pytest.mark.parametrize("cell", ["false", "FAUX", "No", "0", "off", "non"])
def test_spellings_of_off(cell):
    assert values_of(HEADER + f"A,,{cell}") == {"A": MappingValues(None, sync=False)}


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("", None), ("  ", None), ("12", 12), ("12.0", 12), ("2147483647", 2147483647)],
)
def test_spellings_of_the_product_id(cell, expected):
    assert values_of(HEADER + f"A,{cell},true") == {"A": MappingValues(expected, sync=True)}


@pytest.mark.parametrize(
    "cell", ["0", "-1", "12.5", "x", "2147483648", "1e3", "٣", "12 13", "99999999999"]
)
def test_bad_product_ids(cell):
    (problem,) = parse_mappings(HEADER + f"A,{cell},true").problems
    assert (problem.row, problem.field) == (2, "connectwise_product_id")
    assert cell in str(problem.text)


def test_every_bad_row_is_reported_with_its_number():
    text = HEADER + 'A,1,true\n,2,true\nB,x,maybe\n"C\nD",1,true\nE\nA,2,false\nF,1,\nG,1,0\n'
    parsed = parse_mappings(text)
    assert [(problem.row, problem.field) for problem in parsed.problems] == [
        (3, "product_code"),
        (4, "connectwise_product_id"),
        (4, "sync"),
        (5, "product_code"),
        (7, "connectwise_product_id"),
        (7, "sync"),
        (8, "product_code"),
        (9, "sync"),
    ]


def test_a_row_that_is_cut_off_does_not_unmap():
    parsed = parse_mappings("product_code,sync,connectwise_product_id\nA,true\n")
    assert [(p.row, p.field) for p in parsed.problems] == [(2, "connectwise_product_id")]


def test_a_code_twice_names_the_earlier_row():
    (problem,) = parse_mappings(HEADER + "A,1,true\nB,1,true\nA,1,true\n").problems
    assert problem.row == 4
    assert "in line 2 already" in str(problem.text)


def test_missing_columns_are_all_named():
    parsed = parse_mappings("product_name,state\nx,y\n")
    assert [problem.field for problem in parsed.problems] == [
        "product_code",
        "connectwise_product_id",
        "sync",
    ]
    assert parsed.rows == ()


def test_the_optional_columns_do_not_matter():
    text = "product_code,connectwise_product_id,sync,state,product_name\nA,1,true,broken,=x\n"
    assert values_of(text) == {"A": MappingValues(1, sync=True)}


def test_edits_are_only_what_differs():
    same = row("SAME", MappingValues(1, sync=True)).mapping
    moved = row("MOVED", MappingValues(1, sync=True)).mapping
    parsed = parse_mappings(HEADER + "SAME,1,true\nMOVED,,true\nUNSEEN,,false\n")
    assert parsed.edits({"SAME": same, "MOVED": moved, "OTHER": same}) == (
        RowEdit("MOVED", 2, MappingValues(1, sync=True), MappingValues(None, sync=True)),
        RowEdit("UNSEEN", 0, MappingValues(), MappingValues()),
    )


def test_spreadsheet_damage_is_reported_and_not_guessed():
    (problem,) = parse_mappings(HEADER + "A,1.2E+05,true").problems
    assert problem.field == "connectwise_product_id"


@given(st.one_of(st.text(), st.text(alphabet=st.sampled_from('A1,;"\n true'))))
def test_any_text_gives_rows_or_reasons(text):
    assert parse_mappings(text).problems
    parsed = parse_mappings(HEADER + text)
    codes = [item.key for item in parsed.rows]
    assert all(code_problem(code) is None for code in codes)
    assert parsed.problems or len(codes) == len(set(codes))
    assert parsed.problems or len(codes) <= len(text.splitlines())
