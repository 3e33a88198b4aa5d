"""Customers as CSV: exact round trip, every bad row with its number, nothing half applied."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.customer_csv import COLUMNS, export_customers, parse_customers
from core.domain.customer_saving import customer_problem
from core.domain.customers import CustomerValues, condition_of
from core.domain.models import Company, CustomerRow, Tenant
from core.domain.row_edits import RowEdit
from tests.domain.customer_samples import agreement, stored

HEADER = "customer_id,connectwise_company_id,agreement_id,sync\n"


def row(key: str, values: CustomerValues, *, name: str = "", company_name: str = "") -> CustomerRow:
    company_id, agreement_id = values.company_id, values.agreement_id
    return CustomerRow(
        customer=Tenant(id=key, name=name, billing_type="usage"),
        listed=True,
        mapping=stored(key, values, version=2),
        company=Company(id=company_id, identifier="X", name=company_name) if company_id else None,
        agreement=agreement(agreement_id, company_id or 1) if agreement_id else None,
        agreements=(),
        state=condition_of(values, None, None).state,
        reason=None,
        suggestion=None,
        last_sync=None,
    )


def values_of(text: str) -> dict[str, CustomerValues]:
    parsed = parse_customers(text)
    assert parsed.problems == ()
    return {item.key: item.values for item in parsed.rows}


awkward = st.one_of(
    st.text(alphabet=st.sampled_from("=+-@'\t\r\n;,\"\x00 aé🔥שלום"), max_size=15),
    st.text(max_size=20),
)
ids = st.one_of(st.none(), st.integers(1, 2**31 - 1))
wanted = st.builds(CustomerValues, ids, ids, st.booleans())
keys = st.one_of(
    awkward, st.uuids().map(str), st.sampled_from(["=1+1", "@x", "-", "''=", "٣"])
).filter(lambda key: customer_problem(key) is None)


@given(st.dictionaries(keys, st.tuples(wanted, awkward, awkward), max_size=6))
def test_export_then_import_changes_nothing(content):
    rows = [
        row(key, values, name=name, company_name=other)
        for key, (values, name, other) in content.items()
    ]
    exported = export_customers(rows)
    parsed = parse_customers("\ufeff" + exported)
    assert (parsed.problems, parsed.notices) == ((), ())
    assert parsed.edits({item.mapping.customer_id: item.mapping for item in rows}) == ()
    assert values_of(exported) == {key: values for key, (values, _, _) in content.items()}


@given(awkward, awkward, awkward)
def test_no_exported_cell_is_executed(key, name, company_name):
    exported = export_customers(
        [row(key, CustomerValues(7, 8), name=name, company_name=company_name)]
    )
    _, cells = csv.reader(io.StringIO(exported, newline=""))
    assert not any(cell.startswith(tuple("=+-@\t\r\n")) for cell in cells)


def test_the_export_names_things_for_the_reader():
    exported = export_customers(
        [
            row("t1", CustomerValues(7, 8, sync=True), name="Garage", company_name="Garage SARL"),
            row("t2", CustomerValues()),
        ]
    )
    assert exported == (
        ",".join(COLUMNS) + "\r\n"
        "t1,Garage,usage,7,Garage SARL,8,A 8,true,active\r\n"
        "t2,,usage,,,,,false,unmapped\r\n"
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_columns_in_any_order_and_with_any_delimiter(delimiter):
    lines = [
        ["Sync", "note", "Agreement ID", "Customer ID", "connectwise_company_id"],
        ["oui", "x", "5", "t1", "12.0"],
    ]
    parsed = parse_customers("\r\n".join(delimiter.join(line) for line in lines))
    assert [(r.row, r.key, r.values) for r in parsed.rows] == [
        (2, "t1", CustomerValues(12, 5, sync=True))
    ]
    assert [str(notice) for notice in parsed.notices] == ["Ignored columns: note."]


def test_every_bad_row_is_reported_with_its_number():
    text = HEADER + "a,1,1,true\n,2,2,true\nb,x,y,maybe\nc\na,2,,false\nd,,,0\n"
    parsed = parse_customers(text)
    assert [(problem.row, problem.field) for problem in parsed.problems] == [
        (3, "customer_id"),
        (4, "connectwise_company_id"),
        (4, "agreement_id"),
        (4, "sync"),
        (5, "connectwise_company_id"),
        (5, "agreement_id"),
        (5, "sync"),
        (6, "customer_id"),
    ]
    assert "in line 2 already" in str(parsed.problems[-1].text)


def test_missing_columns_are_all_named():
    parsed = parse_customers("customer_name,sync\nx,true\n")
    assert [problem.field for problem in parsed.problems] == [
        "customer_id",
        "connectwise_company_id",
        "agreement_id",
    ]


def test_edits_are_only_what_differs():
    same, moved = CustomerValues(1, 2, sync=True), CustomerValues(1, 2)
    current = {"same": stored("same", same), "moved": stored("moved", moved, version=4)}
    parsed = parse_customers(HEADER + "same,1,2,true\nmoved,,,true\nnew,1,2,on\nidle,,,false\n")
    assert parsed.edits(current) == (
        RowEdit("moved", 4, moved, CustomerValues(None, None, sync=True)),
        RowEdit("new", 0, CustomerValues(), same),
    )


def test_the_columns_for_the_reader_do_not_matter():
    text = "customer_id,connectwise_company_id,agreement_id,sync,state,company_name\nt,1,2,1,x,=y\n"
    assert values_of(text) == {"t": CustomerValues(1, 2, sync=True)}


@given(st.one_of(st.text(), st.text(alphabet=st.sampled_from('a1,;"\n true'))))
def test_any_text_gives_rows_or_reasons(text):
    assert parse_customers(text).problems
    parsed = parse_customers(HEADER + text)
    found = [item.key for item in parsed.rows]
    assert all(customer_problem(key) is None for key in found)
    assert parsed.problems or len(found) == len(set(found))
