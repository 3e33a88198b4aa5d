"""Taking back a run that moved usage from one addition to another: never billed on both, and not
on neither without saying so."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings

from core.domain.models import (
    ChangeKind,
    FindingKind,
    Plan,
    PlanOptions,
    RunChange,
    Target,
)
from core.domain.planning import PlanInputs, make_plan
from core.domain.undo import undo_plan
from core.domain.undo_transfers import LaterRun
from tests.domain.planning_world import addition, carried_out, customer, mapping, usage, worlds
from tests.domain.test_plan_transfers import NEW_KEY, OLD_KEY, carrying, moved
from tests.domain.test_undo import RUN

FIRST, SECOND = RUN, replace(RUN, id="second", number=8)


def after_both(inputs: PlanInputs) -> tuple[PlanInputs, list[RunChange], list[RunChange]]:
    """A first run that bills the usage on the new addition and fails to lower the old one, and its
    retry, which lowers it."""
    plan = make_plan(inputs)
    assert {change.target.key for change in plan.changes} == {OLD_KEY, NEW_KEY}
    between, first = carried_out(inputs, _only(plan, NEW_KEY))
    retry = make_plan(between)
    assert [change.target.key for change in retry.changes] == [OLD_KEY]
    after, second = carried_out(between, retry)
    return after, first, second


def blocked(plan: Plan) -> list[FindingKind]:
    return [finding.kind for finding in plan.blocked]


def test_the_retry_alone_is_not_taken_back_while_the_new_addition_bills_that_usage() -> None:
    after, _, second = after_both(moved())
    plan = undo_plan(SECOND, second, after)
    assert plan.changes == ()
    assert blocked(plan) == [FindingKind.BILLED_ELSEWHERE]


def test_whoever_takes_back_the_first_run_hears_of_the_one_that_came_later() -> None:
    after, first, second = after_both(moved())
    plan = undo_plan(FIRST, first, after, [LaterRun(SECOND, second)])
    assert [change.kind for change in plan.changes] == [ChangeKind.UNDO_CREATE]
    told = [f for f in plan.findings if f.kind is FindingKind.NOT_BILLED_YET]
    assert [(f.blocks, f.customer_id, f.product_code) for f in told] == [(False, "alpha", "X")]
    assert "run 8" in str(told[0].text)

    between, _ = carried_out(after, plan)
    rest = undo_plan(SECOND, second, between)
    assert [(c.kind, c.after) for c in rest.changes] == [(ChangeKind.SET_QUANTITY, Decimal(8))]
    # The later run is taken back: nothing of it is missing any more.
    restored, _ = carried_out(between, rest)
    assert [b.quantity for b in restored.bindings.values() if b.carries] == [Decimal(8)]


def test_a_later_run_that_was_taken_back_is_not_told_of() -> None:
    after, first, second = after_both(moved())
    between, _ = carried_out(after, undo_plan(FIRST, first, after))
    restored, _ = carried_out(between, undo_plan(SECOND, second, between))
    again, done = carried_out(restored, make_plan(restored))
    plan = undo_plan(FIRST, done, again, [LaterRun(SECOND, second)])
    assert not [f for f in plan.findings if f.kind is FindingKind.NOT_BILLED_YET]


def test_in_one_run_the_old_addition_is_raised_before_the_new_one_is_lowered() -> None:
    after, done = carried_out(moved(), make_plan(moved()))
    plan = undo_plan(FIRST, done, after)
    assert {c.target.key: c.needs for c in plan.changes} == {OLD_KEY: (), NEW_KEY: (OLD_KEY,)}


@pytest.mark.parametrize("key", [OLD_KEY, NEW_KEY])
def test_what_is_left_out_of_an_undo_takes_the_other_half_with_it(key: str) -> None:
    after, done = carried_out(moved(), make_plan(moved()))
    for options in (
        PlanOptions(excluded={key: "not this one"}),
        PlanOptions(only=frozenset({OLD_KEY, NEW_KEY} - {key})),
    ):
        plan = undo_plan(FIRST, done, replace(after, options=options))
        assert plan.changes == ()
        wanted = FindingKind.NOT_BILLED_YET if key == OLD_KEY else FindingKind.BILLED_ELSEWHERE
        assert blocked(plan) == [wanted]


@pytest.mark.parametrize("agreement_id", [11, 12])
@pytest.mark.parametrize("member", ["quantity", "unit_price"])
def test_what_somebody_changed_since_keeps_the_other_half_as_it_is(
    agreement_id: int, member: str
) -> None:
    after, done = carried_out(moved(), make_plan(moved()))
    done = [replace(row, unit_price=Decimal(1)) for row in done]
    after = replace(
        after,
        additions={
            key: [replace(each, unit_price=Decimal(1)) for each in listed]
            for key, listed in after.additions.items()
        },
    )
    assert len(undo_plan(FIRST, done, after).changes) == 2
    changed = [replace(e, **{member: Decimal(3)}) for e in after.additions[agreement_id]]
    meddled = replace(after, additions={**after.additions, agreement_id: changed})
    plan = undo_plan(FIRST, done, meddled)
    assert plan.changes == ()
    assert FindingKind.CHANGED_SINCE in blocked(plan)


def test_an_undo_that_did_its_first_half_is_completed() -> None:
    """The old addition has its usage back, and the new one was not lowered."""
    after, done = carried_out(moved(), make_plan(moved()))
    undo = undo_plan(FIRST, done, after)
    between, raised = carried_out(after, _only(undo, OLD_KEY))
    rest = undo_plan(FIRST, done, between, [LaterRun(SECOND, raised)])
    assert [change.target.key for change in rest.changes] == [NEW_KEY]
    restored, _ = carried_out(between, rest)
    assert _billed(restored) == {"alpha/X": 1}


def test_an_undo_does_not_bring_back_what_two_additions_billed() -> None:
    """The run that is taken back had lowered what a run before it had failed to lower."""
    between, _ = carried_out(moved(), _only(make_plan(moved()), NEW_KEY))
    more = replace(between, usage=[usage("alpha", "X", 9)])
    after, done = carried_out(more, make_plan(more))
    assert {row.change.target.key for row in done} == {OLD_KEY, NEW_KEY}
    plan = undo_plan(FIRST, done, after)
    assert OLD_KEY not in {change.target.key for change in plan.changes}
    assert FindingKind.BILLED_ELSEWHERE in blocked(plan)


def test_an_undo_that_raises_the_total_loses_nobody() -> None:
    """One addition went from 9 of Y to 8 of X, whose own addition was lowered and deleted since."""
    first, second = addition(100, 11, 1, 9), addition(101, 11, 2, 8)
    inputs = moved(
        usages=[usage("alpha", "X", 8)],
        mappings=[mapping("X", 1), mapping("Y", 1)],
        customers=[customer("alpha", 11)],
        additions=[first, second],
        bound=[carrying(first, "alpha/Y"), carrying(second, "alpha/X")],
    )
    after, done = carried_out(inputs, make_plan(inputs))
    assert {row.change.target: row.change.after for row in done} == {
        Target(11, 1): 8,
        Target(11, 2): 0,
    }
    deleted = replace(after, additions={11: [a for a in after.additions[11] if a.id == 100]})
    plan = undo_plan(FIRST, done, deleted)
    assert plan.changes == ()
    assert FindingKind.NOT_BILLED_YET in blocked(plan)


def _only(plan: Plan, *keys: str) -> Plan:
    return replace(plan, changes=tuple(c for c in plan.changes if c.target.key in keys))


def _billed(inputs: PlanInputs) -> Counter[str]:
    return Counter(
        key for each in inputs.bindings.values() if each.quantity > 0 for key in each.carries
    )


@given(worlds(), worlds())
@settings(max_examples=300)
def test_an_undo_bills_nothing_twice_and_loses_nothing_that_was_billed_before(
    first: PlanInputs, second: PlanInputs
) -> None:
    known, _ = carried_out(first, make_plan(first))
    # The same additions and catalog, with other usage, switches and mappings of customers.
    before = replace(
        known,
        customer_mappings=second.customer_mappings,
        usage=second.usage,
        settings=second.settings,
        rules=second.rules,
    )
    after, done = carried_out(before, make_plan(before))
    restored, _ = carried_out(after, undo_plan(RUN, done, after))
    billed, was, between = _billed(restored), _billed(before), _billed(after)
    noted = _noted_otherwise(before, after)
    for key in billed.keys() | was.keys():
        assert billed[key] <= max(was[key], between[key], 1)
        if was[key] and between[key] and key not in noted:
            assert billed[key]


def _noted_otherwise(before: PlanInputs, after: PlanInputs) -> set[str]:
    """The usage of additions that carry somebody else's in the very same quantity: there was
    nothing to write, and so there is nothing to take back."""
    return {
        key
        for place, kept in before.bindings.items()
        if (now := after.bindings.get(place)) is not None and now.quantity == kept.quantity
        for key in {*kept.carries} ^ {*now.carries}
    }
