"""What was billed in an earlier month follows from what newer months found."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from core.domain.billed_history import BilledHistory, as_billed
from core.domain.models import Addition, ChangeKind, Push, RowClass
from core.domain.month import Month
from core.domain.reconciliation import reconcile
from tests.domain.planning_world import (
    MONTH,
    addition,
    agreement,
    customer,
    entry,
    mapping,
    usage,
    world,
)

NEXT = MONTH.plus(1)
KEPT = addition(100, 11, 1, 8)


def push(
    run: int,
    month: Month,
    before: int | None,
    after: int,
    *,
    kind: ChangeKind = ChangeKind.SET_QUANTITY,
    addition_id: int = 100,
) -> Push:
    return Push(
        run=run,
        month=month,
        kind=kind,
        addition_id=addition_id,
        before=None if before is None else Decimal(before),
        after=Decimal(after),
    )


def then(*pushes: Push, month: Month = MONTH, now: Addition = KEPT) -> Decimal | None:
    found = BilledHistory(pushes).then(now, month)
    return None if found is None else found.quantity


def test_without_a_newer_month_it_is_what_there_is_today():
    assert then() == 8
    assert then(push(1, MONTH, 3, 8)) == 8
    assert then(push(1, NEXT, 3, 8, addition_id=7)) == 8


def test_it_is_what_the_first_push_of_a_newer_month_found():
    assert then(push(1, MONTH, 3, 5), push(2, NEXT, 6, 8)) == 6
    assert then(push(1, NEXT, 5, 6), push(2, NEXT.plus(1), 6, 8)) == 5
    assert then(push(1, NEXT, 5, 6), push(2, NEXT.plus(1), 6, 8), month=NEXT) == 6


def test_an_older_month_that_was_pushed_again_counts_from_there_on():
    again = (push(1, MONTH, 3, 5), push(2, NEXT, 5, 7), push(3, MONTH, 7, 8))
    assert then(*again) == 8
    assert then(*again, month=NEXT) == 8
    assert then(*again, push(4, NEXT, 9, 10)) == 9


def test_what_a_newer_month_created_was_not_billed_before():
    created = push(2, NEXT, None, 8, kind=ChangeKind.CREATE_ADDITION)
    assert then(created) is None
    assert then(created, month=NEXT) == 8


def test_what_a_newer_month_cancelled_was_billed_before():
    ended = replace(KEPT, cancelled_date=date(2026, 10, 31))
    cancelled = push(2, NEXT, 5, 0, kind=ChangeKind.CANCEL)
    found = BilledHistory([cancelled]).then(ended, MONTH)
    assert found == replace(KEPT, quantity=Decimal(5), cancelled_date=None)
    # A person cancelled it, whatever was pushed.
    assert BilledHistory([push(2, NEXT, 5, 8)]).then(ended, MONTH) == replace(
        ended, quantity=Decimal(5)
    )


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 20)), max_size=8))
def test_replaying_the_pushes_up_to_a_month_gives_what_it_had(steps: list[tuple[int, int]]):
    """Months in any order: as long as nobody else writes, the two views agree."""
    quantity, pushes, of_month = 3, [], {}
    for run, (back, after) in enumerate(steps, 1):
        month = MONTH.plus(back)
        pushes.append(push(run, month, quantity, after))
        quantity = after
        # From now on, this is what every month from there on has.
        of_month.update({MONTH.plus(n): after for n in range(back, 5)})
    now = replace(KEPT, quantity=Decimal(quantity))
    for n in range(5):
        month = MONTH.plus(n)
        assert then(*pushes, month=month, now=now) == of_month.get(month, 3)


def test_a_report_of_an_older_month_compares_with_what_was_billed_then():
    inputs = world(
        usages=[usage("alpha", "X", 5)],
        mappings=[mapping("X", 1)],
        customers=[customer("alpha", 11)],
        agreements=[agreement(11)],
        additions=[KEPT],
        catalog=[entry(1)],
    )
    (row,) = reconcile(inputs, pushes=[push(1, NEXT, 5, 8)]).rows
    assert (row.row_class, row.billed, row.quantity_now) == (RowClass.MATCHED, 5, 8)
    (row,) = reconcile(inputs).rows
    assert (row.row_class, row.billed, row.quantity_now) == (RowClass.OVER_BILLED, 8, None)
    created = push(1, NEXT, None, 8, kind=ChangeKind.CREATE_ADDITION)
    (row,) = reconcile(inputs, pushes=[created]).rows
    assert (row.row_class, row.billed) == (RowClass.MISSING_ADDITION, None)


def test_inputs_that_no_newer_month_touched_stay_as_they_are():
    inputs = world(agreements=[agreement(11)], additions=[KEPT])
    assert as_billed(inputs, BilledHistory([push(1, MONTH, 5, 8)])) == (inputs, {})
