"""What a difference is worth: per month, to the cent, and never added up over currencies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.models import (
    BillingCycle,
    BillingOption,
    FetchStatus,
    ReconciliationRow,
    RowClass,
    Totals,
)
from core.domain.plan_inputs import PlanInputs
from core.domain.reconciliation import is_open_exception, reconcile, totals_of
from core.domain.reconciliation_view import GroupBy, groups, named, top_by_currency
from tests.domain.planning_world import (
    AGREEMENTS,
    addition,
    agreement,
    customer,
    entry,
    fetched,
    mapping,
    usage,
    world,
    worlds,
)

MONTHLY, QUARTERLY, YEARLY, ONCE, STRANGE = range(1, 6)
CYCLES = {
    MONTHLY: BillingCycle(MONTHLY, "Monthly", BillingOption.MONTHLY),
    QUARTERLY: BillingCycle(QUARTERLY, "Quarterly", BillingOption.QUARTERLY),
    YEARLY: BillingCycle(YEARLY, "Yearly", BillingOption.YEARLY),
    ONCE: BillingCycle(ONCE, "Once", BillingOption.NOT_RECURRING),
    STRANGE: BillingCycle(STRANGE, "Every full moon"),
}
COSTS = {("alpha", "X"): Decimal("9.60")}


def priced(
    price: str,
    cycle: int | None = MONTHLY,
    currency: str | None = None,
    *,
    used: object = 8,
    billed: object = 5,
) -> PlanInputs:
    """One customer, one addition of that price on an agreement of that cycle and currency."""
    kept = replace(addition(100, 11, 1, billed), unit_price=Decimal(price))
    return world(
        usages=[usage("alpha", "X", used)],
        mappings=[mapping("X", 1)],
        customers=[customer("alpha", 11)],
        agreements=[agreement(11, billing_cycle_id=cycle, currency=currency)],
        additions=[kept],
        catalog=[entry(1)],
        billing_cycles=CYCLES,
    )


def only(inputs: PlanInputs, currency: str = "") -> ReconciliationRow:
    (row,) = reconcile(inputs, costs=COSTS, currency=currency).rows
    return row


# ---------------------------------------------------------------- per month


def test_what_is_billed_once_a_year_counts_by_the_month() -> None:
    row = only(priced("120", YEARLY))
    # 8 used, 5 billed: 3 x 120 a year are 30 a month, 5 x 120 are 50, less the month's cost.
    assert (row.unit_price, row.money, row.revenue) == (120, 30, 50)
    assert row.margin == Decimal("40.40")
    one = only(priced("120", YEARLY, used=6))
    assert one.money == 10
    totals = reconcile(priced("120", YEARLY)).totals
    assert (totals.under_billed, totals.without_cycle) == (30, 0)


@pytest.mark.parametrize(
    ("option", "money"),
    [
        (BillingOption.WEEKLY, "156.00"),  # 3 x 12 x 52 / 12
        (BillingOption.BI_WEEKLY, "78.00"),
        (BillingOption.MONTHLY, "36.00"),
        (BillingOption.BI_MONTHLY, "18.00"),
        (BillingOption.QUARTERLY, "12.00"),
        (BillingOption.SEMI_ANNUAL, "6.00"),
        (BillingOption.YEARLY, "3.00"),
    ],
)
def test_every_length_of_a_billing_period(option: BillingOption, money: str) -> None:
    inputs = replace(priced("12", 9), billing_cycles={9: BillingCycle(9, "Any", option)})
    assert str(only(inputs).money) == money


@pytest.mark.parametrize("cycle", [None, ONCE, STRANGE, 99])
def test_where_nobody_knows_how_long_a_period_is_the_amount_counts_as_it_is(
    cycle: int | None,
) -> None:
    report = reconcile(priced("120", cycle))
    (row,) = report.rows
    assert (row.money, row.revenue) == (360, 600)
    assert (report.totals.under_billed, report.totals.without_cycle) == (360, 1)


def test_what_amounts_to_nothing_is_not_counted_as_without_a_cycle() -> None:
    assert reconcile(priced("0", None)).totals.without_cycle == 0
    assert reconcile(priced("1", None, used=0, billed=0)).totals.without_cycle == 0


def test_a_missing_addition_is_worth_the_price_of_the_product_in_its_agreements_cycle() -> None:
    inputs = replace(priced("1", QUARTERLY), additions={11: []})
    # 8 x 3.00 a quarter.
    assert (only(inputs).row_class, only(inputs).money) == (RowClass.MISSING_ADDITION, 8)


def test_usage_of_a_customer_without_an_agreement_counts_as_it_is() -> None:
    inputs = replace(priced("1"), customer_mappings={}, additions={})
    report = reconcile(inputs)
    assert [row.money for row in report.rows] == [24]
    assert report.totals.without_cycle == 1


# ---------------------------------------------------------------- cents


@pytest.mark.parametrize(
    ("price", "cycle", "used", "billed", "money"),
    [
        ("100", YEARLY, 1, 0, "8.33"),
        ("0.125", MONTHLY, 1, 0, "0.13"),
        ("0.125", MONTHLY, 0, 1, "-0.13"),
        ("0.004", MONTHLY, 0, 1, "0.00"),
        ("10", YEARLY, 0.06, 0, "0.05"),  # 0.6 a year
        ("99999999999999.99", MONTHLY, "99999999999999.99", 0, "9999999999999998000000000000.00"),
    ],
)
def test_amounts_are_rounded_to_the_cent_half_up(
    price: str, cycle: int, used: object, billed: object, money: str
) -> None:
    assert str(only(priced(price, cycle, used=used, billed=billed)).money) == money


def test_totals_are_those_of_the_rows_as_they_are_shown() -> None:
    """Three times 100 a year are 25 a month, and three times 8.33 are shown."""
    names = ("alpha", "beta", "gamma")
    inputs = world(
        usages=[usage(name, "X", 1) for name in names],
        mappings=[mapping("X", 1)],
        customers=[customer(name, 11 + at) for at, name in enumerate(names)],
        agreements=[agreement(11 + at, billing_cycle_id=YEARLY) for at in range(3)],
        catalog=[entry(1, price=Decimal(100))],
        billing_cycles=CYCLES,
    )
    report = reconcile(inputs)
    assert [str(row.money) for row in report.rows] == ["8.33"] * 3
    assert report.totals.under_billed == Decimal("24.99")


# ---------------------------------------------------------------- currencies


def several(**currencies: str | None) -> PlanInputs:
    """Each customer on an agreement of its own in that currency, one unit of 3.00 not billed."""
    names = list(currencies)
    return world(
        usages=[usage(name, "X", 1) for name in names],
        mappings=[mapping("X", 1)],
        customers=[customer(name, 11 + at) for at, name in enumerate(names)],
        agreements=[
            agreement(11 + at, billing_cycle_id=MONTHLY, currency=currencies[name])
            for at, name in enumerate(names)
        ],
        catalog=[entry(1)],
        billing_cycles=CYCLES,
    )


def by_currency(totals: Totals) -> list[tuple[str | None, int, Decimal, Decimal]]:
    return [
        (each.currency, each.rows, each.under_billed, each.over_billed)
        for each in totals.by_currency
    ]


def test_currencies_are_never_added_up_and_the_one_of_most_rows_comes_first() -> None:
    report = reconcile(several(a="USD", b="EUR", c="EUR", d="CHF"))
    assert by_currency(report.totals) == [("EUR", 2, 6, 0), ("CHF", 1, 3, 0), ("USD", 1, 3, 0)]
    assert report.totals.under_billed == 6
    assert report.totals.by_currency[0].by_class == {RowClass.MISSING_ADDITION: 6}
    assert report.has_several_currencies


def test_one_currency_or_none_is_one_sum() -> None:
    for inputs in (several(a="EUR", b="EUR"), several(a=None, b=None)):
        report = reconcile(inputs)
        assert [(rows, under) for _, rows, under, _ in by_currency(report.totals)] == [(2, 6)]
        assert not report.has_several_currencies


def test_a_currency_that_is_not_said_is_that_of_all_others() -> None:
    """The one that everything else is in; where there are two of them, it stays unknown."""
    assert by_currency(reconcile(several(a="EUR", b=None)).totals) == [("EUR", 2, 6, 0)]
    assert by_currency(reconcile(several(a="EUR", b=None, c="USD")).totals) == [
        ("EUR", 1, 3, 0),
        ("USD", 1, 3, 0),
        (None, 1, 3, 0),
    ]


def test_a_margin_is_not_told_between_two_currencies() -> None:
    assert only(priced("2", currency="EUR"), "EUR").margin == Decimal("0.40")
    assert only(priced("2"), "EUR").margin == Decimal("0.40")
    assert only(priced("2", currency="EUR")).margin == Decimal("0.40")
    row = only(priced("2", currency="USD"), "EUR")
    assert (row.money, row.revenue, row.margin) == (6, 10, None)


def test_a_month_that_says_nothing_has_no_sums_in_any_currency() -> None:
    inputs = replace(several(a="EUR", b="USD"), newest_fetch=fetched(FetchStatus.INCOMPLETE))
    totals = reconcile(inputs).totals
    assert (totals.by_currency, totals.under_billed, totals.over_billed) == ((), None, None)


def test_without_rows_nothing_is_not_billed() -> None:
    assert by_currency(totals_of([])) == [(None, 0, 0, 0)]


def test_groups_come_by_the_main_currency_and_the_top_is_of_each() -> None:
    inputs = several(a="USD", b="EUR", c="EUR")
    inputs = replace(
        inputs, usage=[replace(inputs.usage[0], billable=Decimal(9)), *inputs.usage[1:]]
    )
    rows = named(reconcile(inputs).rows, inputs)
    assert [group.name for group in groups(rows, GroupBy.CUSTOMER)] == ["b", "c", "a"]
    found = [(code, [one.customer for one in ones]) for code, ones in top_by_currency(rows, 1)]
    assert found == [("EUR", ["b"]), ("USD", ["a"])]


@st.composite
def in_currencies(draw: st.DrawFn) -> PlanInputs:
    """Any world, its agreements billed in any cycle and currency, with prices of many decimals."""
    inputs = draw(worlds())
    prices = st.decimals(-5, 900, places=4)
    return replace(
        inputs,
        billing_cycles=CYCLES,
        agreements={
            each.id: replace(
                each,
                billing_cycle_id=draw(st.sampled_from([None, *CYCLES])),
                currency=draw(st.sampled_from([None, "EUR", "USD", "USD"])),
            )
            for each in inputs.agreements.values()
        },
        additions={
            number: [replace(each, unit_price=draw(prices)) for each in listed]
            for number, listed in inputs.additions.items()
        },
    )


def _sum(amounts: Iterable[Decimal | None]) -> Decimal:
    return sum((amount for amount in amounts if amount is not None), Decimal(0))


@given(in_currencies())
@settings(max_examples=150)
def test_totals_are_the_sums_of_the_rows_of_each_currency(inputs: PlanInputs) -> None:
    report = reconcile(inputs)
    found = {each.currency: each for each in report.totals.by_currency}
    assert len(found) == len(report.totals.by_currency)
    for row in report.rows:
        for amount in (row.money, row.revenue, row.margin):
            assert amount is None or amount == amount.quantize(Decimal("0.01"))
    for currency, totals in found.items():
        rows = [row for row in report.rows if row.currency == currency]
        money = [row.money for row in rows if row.money is not None and is_open_exception(row)]
        assert totals.under_billed == _sum(max(each, Decimal(0)) for each in money)
        assert totals.over_billed == -_sum(min(each, Decimal(0)) for each in money)
        for kind, amount in totals.by_class.items():
            assert amount == _sum(row.money for row in rows if row.row_class is kind)
    if report.source_problem is None:
        assert {row.currency for row in report.rows if row.money is not None} <= found.keys()


@given(in_currencies())
@settings(max_examples=100)
def test_currencies_of_rows_are_those_of_their_agreements(inputs: PlanInputs) -> None:
    assert set(AGREEMENTS) == inputs.agreements.keys()
    known = {None, *(each.currency for each in inputs.agreements.values())}
    for row in reconcile(inputs).rows:
        assert row.currency in known
        if row.agreement_id is not None and inputs.agreements[row.agreement_id].currency:
            assert row.currency == inputs.agreements[row.agreement_id].currency
