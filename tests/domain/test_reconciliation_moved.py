"""Usage that is still billed where it belongs no more: both rows say where the other half is."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings

from core.domain.models import (
    Binding,
    FetchStatus,
    RowClass,
    SyncSettings,
    UsageGone,
)
from core.domain.plan_inputs import PlanInputs
from core.domain.planning import make_plan
from core.domain.reconciliation import reconcile
from tests.domain.planning_world import (
    AGREEMENTS,
    MONTH,
    addition,
    agreement,
    applied,
    bind,
    customer,
    entry,
    fetched,
    mapping,
    usage,
    world,
    worlds,
)

OLD = addition(100, 11, 1, 8)
HERE = (
    "Name of X of alpha is still billed on Agreement 11 of Company 11 (P1): a sync moves it "
    "here, or its plan says why not."
)
THERE = (
    "This addition still bills Name of X of alpha, from now on billed on Agreement 12 of Company "
    "12 (P1): a sync moves it there, or its plan says why not."
)


def carrying(*keys: str, quantity: object = 8) -> Binding:
    return replace(bind(OLD), carries=keys, quantity=Decimal(str(quantity)))


def moved(**more: object) -> PlanInputs:
    """Alpha used 8 and was moved from agreement 11, which still bills them, to agreement 12."""
    values: dict[str, object] = {
        "usages": [usage("alpha", "X", 8)],
        "mappings": [mapping("X", 1)],
        "customers": [customer("alpha", 12)],
        "agreements": [agreement(11), agreement(12)],
        "additions": [OLD],
        "bound": [carrying("alpha/X")],
        "catalog": [entry(1), entry(2)],
        **more,
    }
    return world(**values)  # type: ignore[arg-type]


def told(inputs: PlanInputs) -> dict[str, tuple[RowClass, list[str]]]:
    return {
        row.key: (row.row_class, [str(step) for step in row.steps])
        for row in reconcile(inputs).rows
    }


def last_steps(inputs: PlanInputs, *keys: str) -> list[str]:
    found = told(inputs)
    return [found[key][1][-1] for key in keys]


def test_a_moved_customers_rows_name_each_other() -> None:
    found = told(moved())
    assert found["12/1"][0] is RowClass.MISSING_ADDITION
    assert found["12/1"][1] == ["Name of X: 8 billable, in 1 usage line.", HERE]
    assert found["11/1#100"] == (RowClass.ADDITION_WITHOUT_USAGE, [THERE])


def test_a_customer_that_leaves_others_behind() -> None:
    inputs = moved(
        usages=[usage("alpha", "X", 5), usage("beta", "X", 3)],
        customers=[customer("alpha", 12), customer("beta", 11)],
        bound=[carrying("alpha/X", "beta/X")],
    )
    found = told(inputs)
    assert (found["11/1"][0], found["11/1"][1][-1]) == (RowClass.OVER_BILLED, THERE)
    assert found["12/1"][1][-1] == HERE


def test_a_product_that_was_mapped_anew() -> None:
    inputs = moved(customers=[customer("alpha", 11)], mappings=[mapping("X", 2)])
    here, there = last_steps(inputs, "11/2", "11/1#100")
    assert here == HERE
    assert there == THERE.replace(
        "Agreement 12 of Company 12 (P1)", "Agreement 11 of Company 11 (P2)"
    )


def test_several_customers_and_products_are_named() -> None:
    inputs = moved(
        usages=[usage("alpha", "X", 3), usage("alpha", "Y", 1), usage("beta", "X", 4)],
        mappings=[mapping("X", 1), mapping("Y", 1)],
        customers=[customer("alpha", 12), customer("beta", 12)],
        bound=[carrying("alpha/Y", "alpha/X", "beta/X")],
    )
    assert [step.partition(" is still")[0] for step in told(inputs)["12/1"][1][-2:]] == [
        "Name of X, Name of Y of alpha",
        "Name of X of beta",
    ]


@pytest.mark.parametrize(
    "more",
    [
        {"bound": [carrying()]},  # nobody noted whose usage it carries
        {"bound": [carrying("alpha/X", quantity=5)]},  # somebody set 8 by hand since
        {"bound": [carrying("beta/X")]},
        {"usages": [usage("alpha", "X", 0), usage("beta", "Z", 1)]},
        {"customers": [customer("alpha", 11)]},  # at its place
        {"customers": [customer("alpha", 12, sync=False)]},
        {"newest_fetch": fetched(FetchStatus.INCOMPLETE)},
        {"additions": [replace(OLD, quantity=Decimal(0))]},
    ],
)
def test_what_does_not_belong_together_is_not_said_to(more: dict[str, object]) -> None:
    steps = [step for _, told_of in told(moved(**more)).values() for step in told_of]
    assert not [step for step in steps if "still" in step]


@pytest.mark.parametrize(
    "more",
    [
        {"settings": SyncSettings(usage_gone=UsageGone.LEAVE)},
        {"closed": frozenset({MONTH})},
        {"bound": [replace(carrying("alpha/X"), month=MONTH.plus(1))]},
        {"additions": [OLD, addition(101, 12, 1, 1), addition(102, 12, 1, 2)]},
    ],
)
def test_where_a_sync_moves_nothing_its_plan_says_why(more: dict[str, object]) -> None:
    inputs = moved(**more)
    assert last_steps(inputs, "12/1", "11/1#100") == [HERE, THERE]
    plan = make_plan(inputs)
    assert not [change for change in plan.changes if change.difference]
    assert plan.findings


def swapped(inputs: PlanInputs) -> PlanInputs:
    """Everybody on the other one of the two agreements."""
    mappings = dict(inputs.customer_mappings)
    for key, each in mappings.items():
        if each.agreement_id is not None:
            there = sum(AGREEMENTS) - each.agreement_id
            mappings[key] = replace(each, agreement_id=there, company_id=there * 10)
    return replace(inputs, customer_mappings=mappings)


@given(worlds())
@settings(max_examples=300)
def test_a_sync_moves_what_is_told_or_its_plan_says_why_not(inputs: PlanInputs) -> None:
    """And for each half there is the other one."""
    inputs = swapped(applied(inputs, make_plan(inputs)))
    steps = [(row, str(step)) for row in reconcile(inputs).rows for step in row.steps]
    here = [row for row, step in steps if " is still billed on " in step]
    there = [row for row, step in steps if step.startswith("This addition still bills ")]
    assert len(here) == len(there)
    plan = make_plan(inputs)
    said = {(each.target.agreement_id, each.target.product_id) for each in plan.changes}
    said |= {(f.target.agreement_id, f.target.product_id) for f in plan.findings if f.target}
    waiting = {finding.product_code for finding in plan.findings}
    for row in here:
        place = row.agreement_id, row.product_id
        assert not row.difference or place in said or waiting.intersection(row.product_codes)
