"""Going through the rows: names, filters, groups, the most money first."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.domain.models import OrderMatch, RowClass
from core.domain.reconciliation import reconcile, totals_of
from core.domain.reconciliation_view import (
    GroupBy,
    NamedRow,
    RowFilter,
    Show,
    at_stake,
    customers_of,
    groups,
    matching,
    named,
    orders_of,
    products_of,
    top_by_currency,
    worst_first,
)
from core.domain.reconciliation_words import CLASS_MEANINGS, CLASS_NAMES
from tests.domain.planning_world import (
    addition,
    agreement,
    customer,
    entry,
    mapping,
    usage,
    world,
)

INPUTS = world(
    usages=[
        usage("alpha", "X", 8),
        usage("alpha", "Y", 1),
        usage("beta", "X", 100),
        usage("beta", "Y", 3),
        usage("beta", "Z", 5),
        usage(None, "X", 2),
    ],
    mappings=[mapping("X", 1), mapping("Y", 2)],
    customers=[customer("alpha", 11), customer("beta", 12)],
    agreements=[agreement(11), agreement(12)],
    additions=[
        addition(100, 11, 1, 5),
        addition(101, 11, 2, 1),
        addition(102, 12, 1, 150),
        addition(103, 12, 2, 1),
    ],
    catalog=[entry(1, identifier="ALARM"), entry(2, identifier="BACKUP")],
    customer_names={"alpha": "Zoë & Co", "beta": "Ännchen"},
)
COSTS = {("beta", "Z"): Decimal(7)}
ROWS = named(reconcile(INPUTS, costs=COSTS).rows, INPUTS)


def keys(rows: list[NamedRow]) -> list[str]:
    return [one.key for one in rows]


def test_rows_are_named():
    by_key = {one.key: one for one in ROWS}
    row = by_key["11/1"]
    assert (row.customer, row.agreement, row.product) == ("Zoë & Co", "Agreement 11", "ALARM")
    assert (row.what, row.sophos, row.product_key) == ("ALARM", ("Name of X",), "1")
    unmapped = by_key["beta/+Z"]
    assert (unmapped.product, unmapped.what, unmapped.product_key) == ("", "Name of Z", "+Z")
    assert (by_key["-/+X"].customer, by_key["-/+X"].product) == ("", "ALARM")


def test_the_most_money_comes_first_and_what_needs_nobody_last():
    ordered = worst_first(ROWS)
    assert keys(ordered) == ["12/1", "11/1", "12/2", "beta/+Z", "-/+X", "11/2"]
    assert [one.row.money for one in ordered] == [-100, 6, 4, None, None, 0]
    assert [at_stake(one.row) for one in ordered] == [100, 6, 4, 7, 0, 0]
    assert ordered[-1].row.row_class is RowClass.MATCHED


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (RowFilter(), {"12/1", "beta/+Z", "11/1", "12/2", "-/+X"}),
        (RowFilter(show=Show.ALL), {one.key for one in ROWS}),
        (RowFilter(classes=frozenset({RowClass.UNDER_BILLED})), {"11/1", "12/2"}),
        (RowFilter(show=Show.ALL, classes=frozenset({RowClass.MATCHED})), {"11/2"}),
        (RowFilter(classes=frozenset({RowClass.MATCHED})), set()),
        (RowFilter(customer="beta"), {"12/1", "beta/+Z", "12/2"}),
        (RowFilter(product="1"), {"12/1", "11/1", "-/+X"}),
        (RowFilter(product="+Z"), {"beta/+Z"}),
        (RowFilter(text="ZOE alarm"), {"11/1"}),
        (RowFilter(text="ännchen backup"), {"12/2"}),
        (RowFilter(text="ALARM missing"), set()),
        (RowFilter(customer="beta", product="1", text="alarm"), {"12/1"}),
        (RowFilter(order=OrderMatch.BEYOND_ORDER), set()),
        (RowFilter(show=Show.ALL, order=OrderMatch.NOT_USED), {one.key for one in ROWS}),
    ],
)
def test_filters_narrow_together(wanted: RowFilter, found: set[str]):
    assert set(keys(matching(ROWS, wanted))) == found


def test_rows_that_are_not_as_ordered_are_counted():
    # Everybody ordered two more than they used.
    assert orders_of(ROWS) == {OrderMatch.NOT_USED: len(ROWS)}
    assert orders_of([]) == {}


def test_notes_and_assignees_are_found():
    noted = [
        NamedRow(one.row, one.customers, one.agreement, one.product, one.sophos, "Asked Tom", "Ann")
        if one.key == "11/1"
        else one
        for one in ROWS
    ]
    assert keys(matching(noted, RowFilter(text="tom"))) == ["11/1"]
    assert keys(matching(noted, RowFilter(assignee="Ann"))) == ["11/1"]
    assert keys(matching(noted, RowFilter(text="ann", assignee="Bob"))) == []


def test_groups_have_the_totals_of_their_rows():
    by_customer = groups(ROWS, GroupBy.CUSTOMER)
    assert [(group.key, group.name) for group in by_customer] == [
        ("beta", "Ännchen"),
        ("alpha", "Zoë & Co"),
        ("", ""),
    ]
    assert by_customer[0].totals == totals_of(
        [one.row for one in ROWS if one.row.customer_ids == ("beta",)]
    )
    assert sum(group.totals.rows for group in by_customer) == len(ROWS)
    by_product = groups(ROWS, GroupBy.PRODUCT)
    assert [group.name for group in by_product] == ["ALARM", "BACKUP", "Name of Z"]
    assert (
        sum(group.totals.under_billed for group in by_product)
        == totals_of([one.row for one in ROWS]).under_billed
    )


def test_customers_that_share_an_agreement_are_one_group_whoever_used_what():
    shared = world(
        usages=[usage("alpha", "X", 8), usage("beta", "Y", 1), usage("gamma", "X", 1),
                usage("beta", "Z", 5), usage("delta", "X", 3)],
        mappings=[mapping("X", 1), mapping("Y", 2)],
        customers=[customer(name, 11) for name in ("alpha", "beta", "gamma")]
        + [customer("delta", 12)],
        agreements=[agreement(11), agreement(12)],
        additions=[addition(100, 11, 1, 5)],
        catalog=[entry(1), entry(2)],
        customer_names={"alpha": "Zoë", "beta": "Ännchen", "gamma": "Max", "delta": "Ida"},
    )  # fmt: skip
    rows = named(reconcile(shared).rows, shared)
    assert len({one.row.customer_ids for one in rows}) == 3
    found = groups(rows, GroupBy.CUSTOMER)
    assert {(group.key, group.name, group.totals.rows) for group in found} == {
        ("alpha,beta,gamma", "Ännchen, Max, Zoë", 3),
        ("delta", "Ida", 1),
    }


def test_choices_are_by_name():
    assert customers_of(ROWS) == {"alpha": "Zoë & Co", "beta": "Ännchen"}
    assert list(customers_of(ROWS)) == ["beta", "alpha"]
    assert products_of(ROWS) == {"1": "ALARM", "2": "BACKUP", "+Z": "Name of Z"}


def test_the_top_by_money_has_only_what_has_money():
    ((currency, found),) = top_by_currency(ROWS, 10)
    assert (currency, keys(list(found))) == (None, ["12/1", "11/1", "12/2"])
    ((_, found),) = top_by_currency(ROWS, 1)
    assert keys(list(found)) == ["12/1"]


def test_every_class_has_a_name_and_a_meaning():
    assert CLASS_NAMES.keys() == CLASS_MEANINGS.keys() == set(RowClass)
    assert len({str(name) for name in CLASS_NAMES.values()}) == len(RowClass)
