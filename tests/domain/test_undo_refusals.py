"""What an undo leaves as it is because something else took its place since."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from core.domain.addition_days import is_open
from core.domain.models import (
    AgreementStatus,
    ChangeKind,
    FindingKind,
    Plan,
    Run,
    RunChange,
    SyncSettings,
    UsageGone,
)
from core.domain.planning import PlanInputs, make_plan
from core.domain.undo import undo_plan
from core.domain.undo_transfers import LaterRun
from tests.domain.planning_world import (
    MONTH,
    addition,
    agreement,
    bind,
    carried_out,
    fetched,
    usage,
)
from tests.domain.test_planning import simple
from tests.domain.test_undo import RUN

KEPT = addition(100, 11, 1, 5)
CANCELLING = SyncSettings(usage_gone=UsageGone.CANCEL)
ELSEWHERE = usage("somebody", "Other", 1)


def a_run(number: int) -> Run:
    return replace(RUN, id=f"run {number}", number=number)


def billed(inputs: PlanInputs) -> Decimal:
    return sum((each.quantity for each in _open(inputs)), Decimal(0))


def _open(inputs: PlanInputs) -> Iterator[object]:
    for listed in inputs.additions.values():
        yield from (each for each in listed if is_open(each, inputs.today))


def told(plan: Plan) -> list[str]:
    assert {finding.kind for finding in plan.findings} == {FindingKind.CHANGED_SINCE}
    return [str(finding.text) for finding in plan.findings]


def synced_undone_and_synced_again() -> tuple[PlanInputs, list[RunChange], list[RunChange]]:
    first, done = carried_out(simple(), make_plan(simple()))
    between, undone = carried_out(first, undo_plan(a_run(1), done, first))
    assert billed(between) == 0
    again, redone = carried_out(between, make_plan(between))
    assert billed(again) == 8
    return again, undone, redone


def test_what_was_billed_anew_since_is_not_billed_again_by_an_undo_of_the_undo() -> None:
    again, undone, redone = synced_undone_and_synced_again()
    plan = undo_plan(a_run(2), undone, again, [LaterRun(a_run(3), redone)])
    assert plan.changes == ()
    assert "Sync keeps another addition of this product there now." in told(plan)[0]


@pytest.mark.parametrize("bound", [True, False])
def test_a_cancellation_is_not_taken_back_once_another_addition_bills_the_usage(
    bound: bool,
) -> None:
    gone = simple(usages=[ELSEWHERE], additions=[KEPT], bound=[bind(KEPT)], settings=CANCELLING)
    cancelled, done = carried_out(gone, make_plan(gone))
    assert billed(cancelled) == 0
    at = datetime(2026, 12, 3, tzinfo=UTC)
    november = replace(
        cancelled,
        month=MONTH.plus(1),
        today=at.date(),
        usage=[usage("alpha", "X", 5), ELSEWHERE],
        fetch=fetched(at=at),
        newest_fetch=fetched(at=at),
    )
    back, _ = carried_out(november, make_plan(november))
    assert billed(back) == 5
    if not bound:
        # Somebody let go of it, or it was added by hand.
        back = replace(back, bindings={})
    plan = undo_plan(RUN, done, replace(back, month=MONTH))
    assert plan.changes == ()
    why = "Sync keeps another addition" if bound else "Another addition of this product was added"
    assert why in told(plan)[0]


def test_a_cancellation_is_taken_back_beside_what_was_there_before() -> None:
    beside = addition(101, 11, 1, 2)
    gone = simple(
        usages=[ELSEWHERE], additions=[KEPT, beside], bound=[bind(KEPT)], settings=CANCELLING
    )
    cancelled, done = carried_out(gone, make_plan(gone))
    (back,) = undo_plan(RUN, done, cancelled).changes
    assert (back.kind, back.after) == (ChangeKind.UNDO_CANCEL, 5)
    # It was billed, and it was not, and it is again.
    assert (done[0].change.difference, back.difference) == (-5, 5)


def test_nothing_is_written_to_an_agreement_that_is_over() -> None:
    after, done = carried_out(simple(), make_plan(simple()))
    over = agreement(11, status=AgreementStatus.EXPIRED, end_date=date(2026, 11, 1))
    plan = undo_plan(RUN, done, replace(after, agreements={11: over}))
    assert plan.changes == ()
    assert "Its agreement is not active any more." in told(plan)[0]


def test_a_later_run_is_named_and_nobody_is_blamed_for_it() -> None:
    first, done = carried_out(simple(), make_plan(simple()))
    more = replace(first, usage=[usage("alpha", "X", 9)])
    second, raised = carried_out(more, make_plan(more))
    plan = undo_plan(a_run(1), done, second, [LaterRun(a_run(2), raised)])
    assert plan.changes == ()
    (said,) = told(plan)
    assert said.startswith("P on A was changed by run 2 since run 1: The quantity was 8")
    by_hand = replace(second.additions[11][0], quantity=Decimal(12), updated_by="p.martin")
    by_hand_since = replace(second, additions={11: [by_hand]})
    (said,) = told(undo_plan(a_run(1), done, by_hand_since, [LaterRun(a_run(2), raised)]))
    assert said.startswith("P on A was changed since run 1: The quantity was 8")
    assert "p.martin" in said
