"""The vendor's usage file: headings of the API and of the portal, every bad row, no half file."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import fields, replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.models import UsageLine
from core.domain.month import Month
from core.domain.usage_csv import months_of, parse_usage
from core.errors import InputError

WIRE = {"description": "productDescription", "account_name": "assignedAccountIdentifier"}


def wire_name(field: str) -> str:
    return WIRE.get(field) or re.sub("_(.)", lambda match: match[1].upper(), field)


def title_name(field: str) -> str:
    return re.sub("([A-Z])", r" \1", wire_name(field)).title()


def refused(text: str) -> list[tuple[int | None, str | None]]:
    with pytest.raises(InputError) as caught:
        parse_usage(text)
    return [(problem.row, problem.field) for problem in caught.value.problems]


def test_a_file_with_the_names_of_the_api():
    (line,) = parse_usage(
        "partnerAccountId,billingStartDate,billingEndDate,orderNumber,orderLineItemNumber,"
        "accountNumberOrSerialNumber,productDescription,productGroup,sku,billableQuantity,"
        "externalId,accountId,accountStatus,actualQuantity,productCode,assignedAccountIdentifier,"
        "contactName,contactEmail,unitPriceCurrency,unitPrice,orderedQuantity\n"
        "P,2026-10-01,2026-10-31,O-1,L-1,C1,Sophos Endpoint,User,DEMO1,20,E,T1,active,21,CIXA-MSP,"
        "Boulangerie,Jeanne,j@example.com,EUR,1.40,22\n"
    )
    assert line == UsageLine(
        product_code="CIXA-MSP",
        description="Sophos Endpoint",
        product_group="User",
        sku="DEMO1",
        account_id="T1",
        account_name="Boulangerie",
        account_status="active",
        order_number="O-1",
        order_line_item_number="L-1",
        account_number_or_serial_number="C1",
        billable_quantity=Decimal(20),
        actual_quantity=Decimal(21),
        ordered_quantity=Decimal(22),
        external_id="E",
        billing_start_date="2026-10-01",
        billing_end_date="2026-10-31",
        unit_price=Decimal("1.40"),
        unit_price_currency="EUR",
    )


PORTAL = (
    "Start Date;End Date;End User Identifier;Product Code;Product Description;"
    "Total Quantity;Unit MSRP;Unit Price\n"
)
ZOE = "2026-10-01;2026-10-31;Café Zoë;CEMA-MSP;Sophos Email;1 234,5;2,10;1,40\n"


def test_a_file_with_the_headings_of_the_portal():
    (line,) = parse_usage(PORTAL + ZOE, [("T9", "Café Zoë")])
    assert (line.account_id, line.account_name) == ("T9", "Café Zoë")
    assert (line.billable_quantity, line.unit_msrp) == (Decimal("1234.5"), Decimal("2.10"))
    assert (line.product_code, line.billing_end_date) == ("CEMA-MSP", "2026-10-31")


NAMED = "productCode,billableQuantity,accountId,assignedAccountIdentifier\n"


def test_a_name_without_an_id_is_the_known_customer_of_that_name():
    known = [("T1", " Café Zoë "), ("T1", "Zoë (formerly)"), ("T2", "Café"), ("T3", "")]
    text = NAMED + "A,1,,  café ZOË\nA,1,,Zoë (formerly)\nA,1,T7,Café\nA,1,,\n"
    found = parse_usage(text, known)
    assert [line.account_id for line in found] == ["T1", "T1", "T7", None]


def test_no_line_of_a_name_that_is_not_exactly_one_customer_passes_as_unassigned():
    known = [("T1", "Twin"), ("T2", "TWIN "), ("T3", "Café Zoë")]
    text = NAMED + "A,1,,Café\nA,x,,Café Zoë\nA,1,,Twin\n,1,,Nobody\nA,1,,Café Zoë\n"
    with pytest.raises(InputError) as caught:
        parse_usage(text, known)
    assert [(problem.row, problem.field) for problem in caught.value.problems] == [
        (2, "account_name"),
        (3, "billable_quantity"),
        (4, "account_name"),
        (5, "account_name"),
        (5, "product_code"),
    ]
    told = [str(problem.text) for problem in caught.value.problems]
    assert told[0] == "No customer “Café” is known, and the line has no customer ID."
    assert told[2] == "2 customers are called “Twin”, and the line has no customer ID."
    assert "accountId" in str(caught.value.remedy)
    assert "refresh the customers" in str(caught.value.remedy)


def test_a_file_of_the_portal_is_refused_while_no_customer_is_known():
    assert refused(PORTAL + ZOE) == [(2, "account_name")]


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=10).map(str.strip)
numbers = st.decimals(min_value=-(10**9), max_value=10**9, places=2)
quantity_fields = {
    "billable_quantity", "actual_quantity", "ordered_quantity",
    "unit_price", "unit_msrp", "net_price", "price_with_taxes",
}  # fmt: skip


def a_value(name: str):
    if name == "billable_quantity":
        return numbers
    if name in quantity_fields:
        return st.one_of(st.none(), numbers)
    if name in {"account_id", "external_id"}:
        return st.one_of(st.none(), texts.filter(bool))
    return texts.filter(bool) if name == "product_code" else texts


def identified(line: UsageLine) -> UsageLine:
    """A name alone is looked up, so that it is not read as it was written."""
    return replace(line, account_name="") if line.account_id is None else line


lines = st.builds(UsageLine, **{item.name: a_value(item.name) for item in fields(UsageLine)})


@given(
    st.lists(lines, min_size=1, max_size=4),
    st.sampled_from([wire_name, title_name, str, str.upper]),
    st.sampled_from(",;\t"),
    st.permutations([item.name for item in fields(UsageLine)]),
)
def test_what_is_written_is_read(given_lines, heading, delimiter, order):
    given_lines = [identified(line) for line in given_lines]
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow([heading(name) for name in order])
    for line in given_lines:
        writer.writerow(["" if (v := getattr(line, name)) is None else v for name in order])
    assert parse_usage("\ufeff" + out.getvalue()) == tuple(given_lines)


HEADER = "productCode,billableQuantity,accountId,unitPrice\n"


def test_an_empty_customer_is_an_unassigned_device():
    assert [line.account_id for line in parse_usage(HEADER + "A,1,,\nA,1,T,\n")] == [None, "T"]


def test_every_bad_row_is_reported_and_nothing_is_taken():
    text = HEADER + "A,1,T,\n,2,T,\nA,,T,1\nA,x,T,y\nB,1,T,1,surplus\n,,T,\nC,1,T,\n"
    assert refused(text) == [
        (3, "product_code"),
        (4, "billable_quantity"),
        (5, "billable_quantity"),
        (5, "unit_price"),
        (6, None),
        (7, "product_code"),
        (7, "billable_quantity"),
    ]


@pytest.mark.parametrize(
    "cell", ["1e3", "NaN", "Infinity", "0x1", "--1", "1.2.3", "٣", "€2", "1 23"]
)
def test_what_is_no_number(cell):
    assert refused(HEADER + f"A,{cell},T,\n") == [(2, "billable_quantity")]


def test_the_comma_is_a_decimal_sign_only_where_semicolons_separate():
    tabs = HEADER.replace(",", "\t")
    assert refused(tabs + "A\t1,234\tT\t\n") == [(2, "billable_quantity")]
    (line,) = parse_usage(HEADER.replace(",", ";") + "A;1,234;T;\n")
    assert line.billable_quantity == Decimal("1.234")


def test_credits_are_kept_as_they_are():
    (line,) = parse_usage(HEADER + "A,-2,T,\n")
    assert line.billable_quantity == Decimal(-2)


def test_missing_columns_are_all_named():
    with pytest.raises(InputError) as caught:
        parse_usage("Name,Total\nx,1\n")
    assert [str(problem.text) for problem in caught.value.problems] == [
        "The column productCode is missing.",
        "The column billableQuantity is missing.",
        "The column accountId is missing.",
    ]


def test_two_columns_of_one_meaning_are_refused():
    assert refused("productCode,billableQuantity,Total Quantity,accountId\nA,1,2,T\n") == [
        (1, "billable_quantity")
    ]


def test_an_empty_file_is_no_empty_month():
    with pytest.raises(InputError, match="no usage"):
        parse_usage(HEADER)


def test_months_of_lines():
    def months(*dates: str):
        text = "productCode,billableQuantity,accountId,billingStartDate\n"
        return months_of(parse_usage(text + "".join(f"A,1,T,{date}\n" for date in dates)))

    assert months("2026-10-01", "2026-09-30T00:00:00Z", "2026-10-15") == (
        Month(2026, 9),
        Month(2026, 10),
    )
    assert months("", "soon", "2026-13-01", "31/10/2026", "1971-08-03") == ()
