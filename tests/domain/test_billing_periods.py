"""How long billing periods are, and what a plan knows of them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.billing_periods import per_month, periods_per_year, with_billing
from core.domain.models import (
    Addition,
    BillCustomer,
    BillingCycle,
    BillingOption,
    Change,
    ChangeKind,
    PlanOptions,
    Run,
    RunOrigin,
    Target,
)
from core.domain.plan_digest import digest_of
from core.domain.planning import PlanInputs, make_plan
from core.domain.undo import undo_plan
from tests.domain.planning_world import (
    MONTH,
    NOW,
    addition,
    agreement,
    bind,
    carried_out,
    customer,
    entry,
    mapping,
    usage,
    world,
)

MONTHS = {
    BillingOption.WEEKLY: Fraction(12, 52),
    BillingOption.BI_WEEKLY: Fraction(12, 26),
    BillingOption.MONTHLY: Fraction(1),
    BillingOption.BI_MONTHLY: Fraction(2),
    BillingOption.QUARTERLY: Fraction(3),
    BillingOption.SEMI_ANNUAL: Fraction(6),
    BillingOption.YEARLY: Fraction(12),
}
CYCLES = {1: BillingCycle(1, "Every three months", BillingOption.QUARTERLY)}
KEPT = addition(101, 11, 1, 3)
RUN = Run(
    id="run",
    number=1,
    month=MONTH,
    digest="",
    origin=RunOrigin.PAGE,
    approved_by="Ann",
    approved_at=NOW,
    options=PlanOptions(),
    limits=(),
)


@pytest.mark.parametrize(("option", "months"), MONTHS.items())
def test_a_period_has_its_length_in_months(option: BillingOption, months: Fraction) -> None:
    assert Fraction(12, periods_per_year(option) or 0) == months


@pytest.mark.parametrize("option", [BillingOption.NOT_RECURRING, None])
def test_what_does_not_recur_or_is_not_known_has_no_monthly_figure(
    option: BillingOption | None,
) -> None:
    assert periods_per_year(option) is None
    assert per_month(Decimal(12), option) is None


def test_every_option_is_decided() -> None:
    assert set(MONTHS) | {BillingOption.NOT_RECURRING} == set(BillingOption)


@given(st.decimals(-10_000, 10_000, places=2), st.sampled_from(sorted(MONTHS)))
def test_an_amount_per_month_is_divided_last(amount: Decimal, option: BillingOption) -> None:
    exact = Fraction(amount) / MONTHS[option]
    found = per_month(amount, option)
    assert found is not None
    assert abs(Fraction(found) - exact) < Fraction(1, 10**15)
    if exact.denominator in (1, 2, 4, 5, 10, 20, 100):
        assert Fraction(found) == exact


def inputs(kept: Addition = KEPT, **terms: object) -> PlanInputs:
    return world(
        usages=[usage("alpha", "A", 8)],
        mappings=[mapping("A", 1)],
        customers=[customer("alpha", 11)],
        agreements=[agreement(11, **terms)],
        additions=[kept],
        bound=[bind(kept)],
        catalog=[entry(1)],
        companies=None,
        billing_cycles=CYCLES,
    )


def planned(kept: Addition = KEPT, **terms: object) -> Change:
    (change,) = make_plan(inputs(kept, **terms)).changes
    return change


def test_a_plan_knows_how_often_and_in_what_its_agreements_are_billed() -> None:
    change = planned(billing_cycle_id=1, currency="EUR")
    assert (change.billing, change.currency) == (BillingOption.QUARTERLY, "EUR")
    assert not change.unbilled


def test_an_undo_knows_it_too() -> None:
    before = inputs(billing_cycle_id=1, currency="EUR")
    plan = make_plan(before)
    after, rows = carried_out(before, plan)
    (change,) = undo_plan(RUN, rows, after).changes
    assert (change.billing, change.currency) == (BillingOption.QUARTERLY, "EUR")


@pytest.mark.parametrize("cycle", [None, 9])
def test_a_cycle_that_was_not_read_is_unknown(cycle: int | None) -> None:
    change = planned(billing_cycle_id=cycle)
    assert (change.billing, change.currency) == (None, None)


@pytest.mark.parametrize("billed", [BillCustomer.DO_NOT_BILL, BillCustomer.NO_CHARGE])
def test_an_addition_that_is_not_billed_costs_nothing_and_keeps_its_price(
    billed: BillCustomer,
) -> None:
    change = planned(replace(KEPT, bill_customer=billed))
    assert change.unbilled
    assert change.price_effect == 0
    assert change.unit_price == KEPT.unit_price
    assert planned().price_effect == 10


def test_billing_decides_no_write() -> None:
    known, unknown = planned(billing_cycle_id=1, currency="EUR"), planned()
    assert known != unknown
    assert digest_of(MONTH, [known]) == digest_of(MONTH, [unknown])


def test_products_belong_to_no_agreement() -> None:
    product = Change(kind=ChangeKind.CREATE_PRODUCT, target=Target(0, 0, "A"))
    assert with_billing([product], inputs()) == [product]
