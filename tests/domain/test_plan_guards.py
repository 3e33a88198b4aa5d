"""What keeps a plan from billing wrongly: older months, switches that are off, rows left out."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings

from core.domain.models import (
    Addition,
    BundleRule,
    Combine,
    FindingKind,
    PlanOptions,
    ProductMapping,
    QuantityRule,
    QuantityRules,
    SyncSettings,
    Target,
    UsageGone,
)
from core.domain.planning import PlanInputs, make_plan
from core.domain.undo import undo_plan
from tests.domain.planning_world import (
    MONTH,
    addition,
    agreement,
    bind,
    carried_out,
    chances,
    customer,
    entry,
    mapping,
    random_world,
    usage,
    worlds,
)
from tests.domain.test_planning import KEPT, kinds, simple
from tests.domain.test_undo import RUN


def test_an_older_month_is_never_pushed_over_a_closed_one_whatever_the_reason() -> None:
    told = simple(
        additions=[KEPT],
        bound=[bind(KEPT, MONTH.plus(1))],
        options=PlanOptions(older_month_reason="corrected invoice"),
        closed=frozenset({MONTH.plus(1)}),
    )
    assert make_plan(told).changes == ()
    assert kinds(told) == [FindingKind.NEWER_MONTH]


def test_an_older_month_that_is_let_through_is_what_the_addition_carries_then() -> None:
    told = simple(
        additions=[KEPT],
        bound=[bind(KEPT, MONTH.plus(1))],
        options=PlanOptions(older_month_reason="corrected invoice"),
    )
    (change,) = make_plan(told).changes
    assert (change.month_before, change.month_after) == (MONTH.plus(1), MONTH)
    after, done = carried_out(told, make_plan(told))
    (back,) = undo_plan(RUN, done, replace(after, options=PlanOptions())).changes
    assert (back.after, back.month_after) == (KEPT.quantity, MONTH.plus(1))


def test_an_addition_that_a_newer_month_is_billed_with_is_not_cancelled_for_an_older_one() -> None:
    gone = simple(
        usages=[usage("alpha", "Y", 1)],
        additions=[KEPT],
        bound=[bind(KEPT, MONTH.plus(1))],
        settings=SyncSettings(usage_gone=UsageGone.CANCEL),
        options=PlanOptions(older_month_reason="corrected invoice"),
    )
    assert make_plan(gone).changes == ()
    assert FindingKind.NEWER_MONTH in kinds(gone)


@pytest.mark.parametrize("there", [[], [KEPT]])
def test_nothing_new_begins_for_an_older_month_than_the_agreement_carries(
    there: list[Addition],
) -> None:
    other = addition(300, 11, 2, 4)
    older = simple(additions=[*there, other], bound=[bind(other, MONTH.plus(1))])
    assert FindingKind.NEWER_MONTH in kinds(older)
    assert [c for c in make_plan(older).changes if c.target == Target(11, 1)] == []
    told = replace(older, options=PlanOptions(older_month_reason="corrected invoice"))
    assert [c.target for c in make_plan(told).changes][:1] == [Target(11, 1)]


def shared_with_one_off(**more: object) -> PlanInputs:
    return simple(
        usages=[usage("alpha", "X", 5), usage("beta", "X", 3)],
        customers=[customer("alpha", 11), customer("beta", 11, sync=False)],
        additions=[addition(100, 11, 1, 8)],
        **more,
    )


@pytest.mark.parametrize("kept", [(), ("alpha/X", "beta/X")])
def test_what_bills_a_customer_as_well_whose_sync_is_off_stays(kept: tuple[str, ...]) -> None:
    bound = [replace(bind(addition(100, 11, 1, 8)), carries=kept)] if kept else []
    inputs = shared_with_one_off(bound=bound)
    assert make_plan(inputs).changes == ()
    (told,) = make_plan(inputs).blocked
    assert (told.kind, told.customer_id) == (FindingKind.CUSTOMER_OFF, "beta")
    moved = replace(
        inputs,
        customer_mappings={**inputs.customer_mappings, "beta": customer("beta", 12, sync=False)},
    )
    assert [change.after for change in make_plan(moved).changes] == [5]


def test_a_customer_that_was_off_from_the_start_holds_nothing_up() -> None:
    kept = addition(100, 11, 1, 5)
    bound = [replace(bind(kept), carries=("alpha/X",))]
    inputs = replace(
        shared_with_one_off(bound=bound), usage=[usage("alpha", "X", 6), usage("beta", "X", 3)]
    )
    inputs = replace(inputs, additions={11: [kept]})
    assert [change.after for change in make_plan(inputs).changes] == [6]


@pytest.mark.parametrize(
    "members",
    [
        [mapping("X", 1, sync=False), mapping("Y", 1)],
        [mapping("X", 2), mapping("Y", 1), mapping("Z", 1)],
    ],
)
def test_a_bundle_whose_leading_product_left_is_not_billed_with_the_others(
    members: list[ProductMapping],
) -> None:
    inputs = simple(
        usages=[usage("alpha", "X", 10), usage("alpha", "Y", 40)],
        mappings=members,
        additions=[addition(100, 11, 1, 10)],
        bound=[bind(addition(100, 11, 1, 10))],
        rules=QuantityRules(bundles={1: BundleRule(Combine.DRIVER, "X")}),
    )
    assert Target(11, 1) not in [change.target for change in make_plan(inputs).changes]
    assert FindingKind.DRIVER_MISSING in kinds(inputs)


def test_what_is_left_of_a_bundle_that_nothing_leads_any_more_is_billed_alone() -> None:
    inputs = simple(
        usages=[usage("alpha", "X", 10), usage("alpha", "Y", 40)],
        mappings=[mapping("X", 2), mapping("Y", 1)],
        catalog=[entry(1), entry(2)],
        rules=QuantityRules(bundles={1: BundleRule(Combine.DRIVER, "X")}),
    )
    assert {c.target.product_id: c.after for c in make_plan(inputs).changes} == {1: 40, 2: 10}


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("reason", ["", "corrected invoice"])
def test_created_anew_it_is_not_for_an_older_month_than_is_carried(
    closed: bool, reason: str
) -> None:
    gone = bind(KEPT, MONTH.plus(1))
    inputs = simple(
        bound=[gone],
        closed=frozenset({MONTH.plus(1)}) if closed else frozenset(),
        options=PlanOptions(recreate=frozenset({"11/1"}), older_month_reason=reason),
    )
    assert bool(make_plan(inputs).changes) == (bool(reason) and not closed)


def test_nothing_new_begins_beside_a_closed_month_whatever_the_reason() -> None:
    other = addition(300, 11, 2, 4)
    inputs = simple(
        additions=[other],
        bound=[bind(other, MONTH.plus(1))],
        closed=frozenset({MONTH.plus(1)}),
        options=PlanOptions(older_month_reason="corrected invoice"),
    )
    assert Target(11, 1) not in [change.target for change in make_plan(inputs).changes]


def test_an_addition_that_is_gone_and_that_nothing_is_billed_on_holds_nothing_up() -> None:
    """Alpha was moved; where it is now the addition was deleted, and the rule leaves nothing."""
    old = addition(100, 11, 1, 5)
    inputs = simple(
        usages=[usage("alpha", "X", 5)],
        customers=[customer("alpha", 12)],
        agreements=[agreement(11), agreement(12)],
        additions=[old],
        bound=[
            replace(bind(old), carries=("alpha/X",)),
            bind(addition(200, 12, 1, 3)),
        ],
        rules=QuantityRules(by_product={"X": QuantityRule(included=Decimal(5))}),
        former_agreements={"alpha": frozenset({11})},
    )
    assert [(c.target, c.after) for c in make_plan(inputs).changes] == [(Target(11, 1), 0)]


def test_two_products_of_one_default_product_are_left_out_together() -> None:
    kept = addition(100, 11, 1, 5)
    inputs = simple(
        usages=[usage("alpha", "CIXA-MSP", 5), usage("beta", "CIXA", 3)],
        mappings=[mapping("CIXA-MSP", 1), mapping("CIXA", None)],
        customers=[customer("alpha", 11), customer("beta", 12)],
        additions=[kept],
        bound=[replace(bind(kept, MONTH.plus(-1)), carries=("alpha/CIXA-MSP",))],
        catalog=[entry(1, inactive=True)],
    )
    whole = make_plan(inputs)
    assert len(whole.changes) > 3
    plan = make_plan(replace(inputs, options=PlanOptions(excluded={"+CIXA": "not now"})))
    assert plan.changes == ()
    assert FindingKind.NOT_BILLED_YET in [finding.kind for finding in plan.findings]


@given(worlds(), chances())
@settings(max_examples=150)
def test_nothing_waits_for_what_a_person_left_out(
    inputs: PlanInputs, chance: random.Random
) -> None:
    known, _ = carried_out(inputs, make_plan(inputs))
    moved = replace(known, customer_mappings=random_world(chance).customer_mappings)
    keys = [change.target.key for change in make_plan(moved).changes]
    left_out = {key: "no" for key in keys if chance.random() < 0.3}
    plan = make_plan(replace(moved, options=PlanOptions(excluded=left_out)))
    excluded = {change.target.key for change in plan.excluded}
    for change in plan.changes:
        assert excluded.isdisjoint(change.needs)
