"""The rows of a plan: figures, filters, groups, pages and the table."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from core.domain.models import (
    BillingOption,
    Change,
    ChangeKind,
    ChangeNames,
    Finding,
    FindingKind,
    MonthlyEffect,
    Plan,
    Target,
)
from core.domain.month import Month
from core.domain.price_effect import PriceEffect, price_effect
from core.errors import message
from pages.components.number_columns import aligned, decimals_of
from pages.components.paging import PAGE_SIZE, page_count, page_of
from pages.components.plan_effect import unit_heading, units_of_changes
from pages.components.plan_list import group_heading
from pages.components.plan_rows import (
    Group,
    GroupBy,
    PlanFilter,
    RowStatus,
    Show,
    by_group,
    groups,
    matching,
    plan_rows,
    totals,
)
from pages.components.plan_table import (
    column_order,
    effect_names,
    effective_text,
    few,
    kind_names,
    plan_frame,
    styled,
)

CUSTOMERS = {"c1": "Zoë Bank", "c2": "alder law"}
PRODUCTS = {7: "SOPHOS-MDR", 8: "SOPHOS-EMAIL"}


def change(
    customer: str, product: int, before: str | None, after: str, price: str | None = "2", **more
) -> Change:
    values = {
        "kind": ChangeKind.SET_QUANTITY,
        "target": Target(11 if customer == "c1" else 12, product),
        "customer_ids": (customer,),
        "addition_id": 900 + product,
        "before": None if before is None else Decimal(before),
        "after": Decimal(after),
        "unit_price": None if price is None else Decimal(price),
        "billing": BillingOption.MONTHLY,
    }
    return Change(**{**values, **more})


NEW = Change(kind=ChangeKind.CREATE_PRODUCT, target=Target(0, 0, "MDR"))
UP = change("c1", 7, "10", "12.5")
DOWN = change("c2", 7, "5", "0", kind=ChangeKind.ZERO)
LEFT_OUT = change("c2", 8, "1", "9")
SAME = change("c1", 8, "3", "3", kind=ChangeKind.NOTHING)
UNPRICED = change("c1", 9, None, "4", None, kind=ChangeKind.CREATE_ADDITION)


def plan(*changes: Change, findings=(), unchanged=(SAME,), excluded=(LEFT_OUT,)) -> Plan:
    return Plan(
        month=Month(2026, 10),
        changes=changes,
        unchanged=unchanged,
        excluded=excluded,
        findings=findings,
        limits=(),
        digest="d",
    )


def names(one: Change) -> ChangeNames:
    product = PRODUCTS.get(one.target.product_id, "Sophos_New")
    customers = tuple(CUSTOMERS[customer] for customer in one.customer_ids)
    return ChangeNames(
        customers=customers, agreement="Managed" if customers else "", product=product
    )


PLAN = plan(NEW, UP, DOWN)
ROWS = plan_rows(PLAN, {LEFT_OUT.target.key: "Self-pay"}, names)


def found(**wanted: object) -> list[Change]:
    return [row.change for row in matching(ROWS, PlanFilter(**wanted))]


def test_products_come_first_then_customers_by_name():
    assert [row.change for row in ROWS] == [NEW, LEFT_OUT, DOWN, SAME, UP]
    left_out = ROWS[1]
    assert (left_out.status, left_out.note) == (RowStatus.EXCLUDED, "Self-pay")


def test_to_do_leaves_out_what_stays_as_it_is():
    assert found() == [NEW, LEFT_OUT, DOWN, UP]
    assert found(show=Show.ALL) == [NEW, LEFT_OUT, DOWN, SAME, UP]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"customer": "c2"}, [LEFT_OUT, DOWN]),
        ({"product": "7"}, [DOWN, UP]),
        ({"product": "+MDR"}, [NEW]),
        ({"kind": "zero"}, [DOWN]),
        ({"text": "ZOË mdr"}, [UP]),
        ({"text": "law managed"}, [LEFT_OUT, DOWN]),
        ({"text": "12/7"}, [DOWN]),
        ({"text": "nobody"}, []),
        ({"targets": frozenset({UP.target.key})}, [UP]),
        ({"customer": "c2", "kind": "set_quantity"}, [LEFT_OUT]),
    ],
)
def test_every_filter_narrows(wanted, expected):
    assert found(**wanted) == expected


def test_rows_are_gathered_by_customer_and_by_product():
    rows = matching(ROWS, PlanFilter())
    assert groups(rows, GroupBy.CUSTOMER) == [
        Group((), "", 1, 1, 0, PriceEffect()),
        Group(("c2",), "alder law", 2, 1, 1, price_effect([DOWN]), ("alder law",)),
        Group(("c1",), "Zoë Bank", 1, 1, 0, price_effect([UP]), ("Zoë Bank",)),
    ]
    ordered = by_group(rows, GroupBy.PRODUCT)
    assert [row.names.product for row in ordered] == sorted(row.names.product for row in rows)
    assert [group.rows for group in groups(ordered, GroupBy.PRODUCT)] == [1, 2, 1]


SHARED = change("c1", 8, "1", "4", customer_ids=("c1", "c2"))


def test_an_addition_that_customers_share_is_one_row_under_all_their_names():
    rows = plan_rows(plan(UP, DOWN, SHARED), {}, names)
    assert [row.change for row in rows].count(SHARED) == 1
    shared = next(group for group in groups(rows, GroupBy.CUSTOMER) if len(group.key) > 1)
    assert (shared.rows, shared.customers) == (1, ("Zoë Bank", "alder law"))
    assert group_heading(shared) == "Shared by 2 customers: Zoë Bank, alder law"
    for customer in ("c1", "c2"):
        assert SHARED in [row.change for row in matching(rows, PlanFilter(customer=customer))]


def test_customers_and_products_of_the_same_name_stay_apart():
    def same_names(_one: Change) -> ChangeNames:
        return ChangeNames(customers=("Bank",), agreement="Managed", product="MDR")

    rows = plan_rows(plan(UP, DOWN, LEFT_OUT, excluded=(), unchanged=()), {}, same_names)
    assert [group.rows for group in groups(rows, GroupBy.CUSTOMER)] == [1, 2]
    by_product = groups(by_group(rows, GroupBy.PRODUCT), GroupBy.PRODUCT)
    assert [(group.key, group.rows) for group in by_product] == [(("7",), 2), (("8",), 1)]


def test_the_figures_count_only_what_will_be_done():
    finding = Finding(kind=FindingKind.RULES_DIFFER, blocks=True, text=message("No"))
    notice = replace(finding, blocks=False)
    found_totals = totals(plan(NEW, UP, DOWN, UNPRICED, findings=(finding, notice, notice)))
    assert (found_totals.todo, found_totals.excluded, found_totals.unchanged) == (4, 1, 1)
    assert (found_totals.blocked, found_totals.notices, found_totals.new_products) == (1, 2, 1)
    assert found_totals.price_effect == PriceEffect(
        monthly=(MonthlyEffect(per_year=Decimal(-60), agreements=2),), unpriced=1
    )


def test_a_row_that_is_left_out_has_no_price_effect():
    assert [row.price_effect for row in ROWS] == [None, None, Decimal(-10), None, Decimal(5)]


@pytest.mark.parametrize(
    ("count", "pages"), [(0, 1), (1, 1), (PAGE_SIZE, 1), (PAGE_SIZE + 1, 2), (30_000, 60)]
)
def test_a_page_never_has_more_rows_than_fit(count, pages):
    rows = [ROWS[0]] * count
    assert page_count(rows) == pages
    assert len(page_of(rows, 1)) == min(count, PAGE_SIZE)
    assert len(page_of(rows, pages)) == count - (pages - 1) * PAGE_SIZE
    assert page_of(rows, pages + 5) == page_of(rows, pages)
    assert page_of(rows, 0) == page_of(rows, 1)


def test_numbers_of_a_column_have_the_same_decimals():
    assert decimals_of([Decimal("1.50"), None, Decimal(3)]) == 1
    assert decimals_of([]) == 0
    assert [aligned(1)(value) for value in (1234.5, 2.0)] == ["1,234.5", "2.0"]
    assert [aligned(0, signed=True)(value) for value in (3.0, -3.0, 0.0)] == ["+3", "−3", "0"]
    assert [aligned(2, signed=True)(value) for value in (-0.0, -0.004)] == ["0.00", "0.00"]
    assert aligned(2)(float("nan")) == "–"


def test_a_date_is_told_with_its_reason():
    day = {"effective_date": date(2026, 10, 1)}
    why = message("The first day of the usage month.")
    told = effective_text(change("c1", 7, None, "1", **day, date_reason=why))
    assert told == "Effective date: Oct 1, 2026. The first day of the usage month."
    assert effective_text(change("c1", 7, None, "1", **day)) == "Effective date: Oct 1, 2026"


def test_the_table_sorts_by_number_and_says_what_is_left_out():
    units = units_of_changes(row.change for row in ROWS)
    frame = plan_frame(ROWS, units)
    assert list(frame["what"]) == [
        "New product", "Excluded", "Set to 0", "As it is", "Set quantity",
    ]  # fmt: skip
    assert frame["difference"].dtype.kind == "f"
    assert list(frame["difference"].dropna()) == [8.0, -5.0, 0.0, 2.5]
    assert list(frame["agreement"]) == ["–", *["Managed"] * 4]
    assert set(column_order(GroupBy.CUSTOMER, units)) == set(frame.columns)
    assert column_order(GroupBy.PRODUCT, units)[1] == "product"
    html = styled(ROWS, units).to_html()
    assert "+2.5" in html
    assert "color: gray" in html


def test_what_rows_cost_stands_in_a_column_for_each_period_and_currency():
    euro = change("c1", 7, "0", "6", billing=BillingOption.QUARTERLY, currency="EUR")
    dollar = change("c1", 8, "0", "6", currency="USD")
    unknown = change("c2", 7, "0", "6", billing=None, currency="EUR")
    rows = plan_rows(plan(NEW, euro, dollar, unknown, unchanged=(), excluded=()), {}, names)
    units = units_of_changes(row.change for row in rows)
    assert [unit_heading(unit) for unit in units] == [
        "Price effect per month (EUR)",
        "Price effect per month (USD)",
        "Price effect per billing period (EUR)",
    ]
    frame = plan_frame(rows, units)
    costs = {
        row.change: [frame[name][at] for name in effect_names(units) if frame[name][at] > 0]
        for at, row in enumerate(rows)
    }
    assert costs == {NEW: [], euro: [4.0], dollar: [12.0], unknown: [12.0]}
    assert [unit_heading(unit) for unit in units_of_changes([])] == ["Price effect per month"]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ((), "–"),
        (("A",), "A"),
        (("A", "B", "C"), "A, B, C"),
        (("A", "B", "C", "D"), "A, B and 2 more"),
    ],
)
def test_of_many_customers_a_few_are_named(names, told):
    assert few(names) == told


def test_every_kind_of_change_has_a_word():
    assert set(kind_names()) == {kind.value for kind in ChangeKind}
