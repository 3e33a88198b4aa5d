"""Taking a run back: what it changed is as before, and what somebody changed since is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings

from core.domain.addition_days import is_open
from core.domain.models import (
    Addition,
    ChangeKind,
    FindingKind,
    MappingState,
    Outcome,
    PlanOptions,
    Run,
    RunChange,
    RunOrigin,
    SyncSettings,
    UsageGone,
)
from core.domain.planning import PlanInputs, make_plan
from core.domain.undo import undo_plan
from core.domain.undo_words import cancelled_now
from tests.domain.planning_world import (
    ELSEWHERE,
    MONTH,
    NOW,
    TODAY,
    addition,
    agreement,
    bind,
    carried_out,
    customer,
    entry,
    mapping,
    usage,
    world,
    worlds,
)

RUN = Run(
    id="run",
    number=7,
    month=MONTH,
    digest="",
    origin=RunOrigin.PAGE,
    approved_by="Ann",
    approved_at=datetime(2026, 11, 25, tzinfo=UTC),
    options=PlanOptions(),
    limits=(),
)
KEPT = addition(100, 11, 1, 5)


def facts(inputs: PlanInputs, among: set[tuple[int, int]]) -> dict[str, object]:
    """What an undo has to bring back, of the additions and products that the run touched."""
    additions = {
        each.id: (each.quantity, each.cancelled_date)
        for listed in inputs.additions.values()
        for each in listed
        if is_open(each, TODAY) and (each.agreement_id, each.product.id) in among
    }
    return {
        "additions": additions,
        "bindings": {
            key: (each.addition_id, each.month, each.quantity)
            for key, each in inputs.bindings.items()
            if key in among
        },
        "mappings": {code: each.connectwise_product_id for code, each in inputs.mappings.items()},
    }


def touched(done: Sequence[RunChange]) -> set[tuple[int, int]]:
    return {
        (each.change.target.agreement_id, each.product_id or 0)
        for each in done
        if each.change.target.agreement_id
    }


@given(worlds())
@settings(max_examples=400)
def test_undo_restores_and_undo_of_undo_does_it_again(inputs: PlanInputs) -> None:
    plan = make_plan(inputs)
    after, done = carried_out(inputs, plan)
    among = touched(done)
    back = undo_plan(RUN, done, after)
    assert [f.kind for f in back.findings if f.kind is not FindingKind.INVOICED_PERIOD] == []
    assert len(back.changes) == len(done)
    restored, undone = carried_out(after, back)
    quantities = facts(inputs, among)
    # The quantity that a binding knew may be older than the addition's own.
    again = facts(restored, among)
    assert again["additions"] == quantities["additions"]
    assert again["mappings"] == quantities["mappings"]
    assert (
        {key: value[:2] for key, value in again["bindings"].items()}
        == {  # type: ignore[attr-defined]
            key: value[:2]
            for key, value in quantities["bindings"].items()  # type: ignore[attr-defined]
            if _still_there(inputs, value[0])
        }
    )
    forward = undo_plan(RUN, undone, restored)
    repeated, _ = carried_out(restored, forward)
    assert facts(repeated, among) == facts(after, among)


def _still_there(inputs: PlanInputs, addition_id: int) -> bool:
    listed: list[Addition] = [a for each in inputs.additions.values() for a in each]
    return any(each.id == addition_id for each in listed)


@given(worlds())
@settings(max_examples=200)
def test_undo_refuses_what_changed_since(inputs: PlanInputs) -> None:
    after, done = carried_out(inputs, make_plan(inputs))
    for target in [each for each in done if each.addition_id is not None]:
        agreement_id = target.change.target.agreement_id
        changed = [
            replace(each, quantity=each.quantity + 1) if each.id == target.addition_id else each
            for each in after.additions[agreement_id]
        ]
        meddled = replace(after, additions={**after.additions, agreement_id: changed})
        back = undo_plan(RUN, done, meddled)
        assert target.addition_id not in {change.addition_id for change in back.changes}
        refused = [f for f in back.findings if f.kind is FindingKind.CHANGED_SINCE]
        assert any(target.addition_id in f.addition_ids for f in refused)


@given(worlds())
@settings(max_examples=200)
def test_undo_refuses_what_has_another_price_since(inputs: PlanInputs) -> None:
    after, done = carried_out(inputs, make_plan(inputs))
    back = undo_plan(RUN, done, after)
    for taken_back in (False, True):
        world_then, rows = carried_out(after, back) if taken_back else (after, done)
        for target in rows:
            if target.addition_id is None or target.change.unit_price is None:
                continue
            plan = undo_plan(RUN, rows, _at_another_price(world_then, target))
            assert target.addition_id not in {change.addition_id for change in plan.changes}
            refused = [f for f in plan.findings if target.addition_id in f.addition_ids]
            assert [f.kind for f in refused] == [FindingKind.CHANGED_SINCE]


def _at_another_price(inputs: PlanInputs, row: RunChange) -> PlanInputs:
    agreement_id = row.change.target.agreement_id
    changed = [
        replace(each, unit_price=Decimal("99.50")) if each.id == row.addition_id else each
        for each in inputs.additions[agreement_id]
    ]
    return replace(inputs, additions={**inputs.additions, agreement_id: changed})


@given(worlds())
@settings(max_examples=50)
def test_undo_does_not_reach_a_closed_month(inputs: PlanInputs) -> None:
    after, done = carried_out(inputs, make_plan(inputs))
    back = undo_plan(RUN, done, replace(after, closed=frozenset({MONTH})))
    assert back.changes == ()
    assert [finding.kind for finding in back.findings] == [FindingKind.CLOSED_MONTH]


# ---------------------------------------------------------------- examples


def simple(**more: object) -> PlanInputs:
    values: dict[str, object] = {
        "usages": [usage("alpha", "X", 8)],
        "mappings": [mapping("X", 1)],
        "customers": [customer("alpha", 11)],
        "agreements": [agreement(11)],
        "catalog": [entry(1)],
        "additions": [KEPT],
        "bound": [bind(KEPT, MONTH.plus(-1))],
        **more,
    }
    return world(**values)  # type: ignore[arg-type]


def ran(inputs: PlanInputs) -> tuple[PlanInputs, list[RunChange]]:
    after, done = carried_out(inputs, make_plan(inputs))
    assert len(done) >= 1
    return after, done


def test_a_quantity_goes_back_with_its_month() -> None:
    after, done = ran(simple())
    (change,) = undo_plan(RUN, done, after).changes
    assert (change.kind, change.before, change.after) == (ChangeKind.SET_QUANTITY, 8, 5)
    assert (change.month_before, change.month_after) == (MONTH, MONTH.plus(-1))
    assert [str(step) for step in change.steps] == ["Takes back run 7."]


def test_an_adoption_is_let_go() -> None:
    after, done = ran(simple(bound=[], additions=[replace(KEPT, quantity=Decimal(8))]))
    (change,) = undo_plan(RUN, done, after).changes
    assert (change.kind, change.month_after) == (ChangeKind.UNBIND, None)
    plan = undo_plan(RUN, done, replace(after, bindings={}))
    assert plan.changes == ()
    assert "let go already" in str(plan.findings[0].text)


def test_an_addition_that_was_created_is_cancelled_from_its_first_day() -> None:
    after, done = ran(simple(bound=[], additions=[]))
    (change,) = undo_plan(RUN, done, after).changes
    assert (change.kind, change.before, change.after, change.cancelled_date) == (
        ChangeKind.UNDO_CREATE,
        8,
        0,
        date(2026, 10, 1),
    )


def test_a_created_addition_with_another_price_is_refused() -> None:
    after, done = ran(simple(bound=[], additions=[]))
    (made,) = after.additions[11]
    assert made.unit_price == 3
    dearer = replace(after, additions={11: [replace(made, unit_price=Decimal(4))]})
    plan = undo_plan(RUN, done, dearer)
    assert plan.changes == ()
    assert "The unit price was 3, and is 4 now." in str(plan.findings[0].text)


def test_a_cancellation_is_taken_back() -> None:
    gone = simple(usages=ELSEWHERE, settings=SyncSettings(usage_gone=UsageGone.CANCEL))
    after, done = ran(gone)
    (change,) = undo_plan(RUN, done, after).changes
    assert (change.kind, change.before, change.after) == (ChangeKind.UNDO_CANCEL, 5, 5)
    assert (change.cancelled_before, change.cancelled_date) == (date(2026, 9, 30), None)


def test_a_default_product_is_retired_unless_it_is_used() -> None:
    inputs = simple(
        mappings=[mapping("X", None, state=MappingState.UNMAPPED)], additions=[], bound=[]
    )
    after, done = ran(inputs)
    assert [c.kind for c in undo_plan(RUN, done, after).changes] == [
        ChangeKind.RETIRE_PRODUCT,
        ChangeKind.UNDO_CREATE,
    ]
    product_id = done[0].product_id
    used = replace(after, mappings={**after.mappings, "Y": mapping("Y", product_id)})
    back = undo_plan(RUN, done, used)
    assert [c.kind for c in back.changes] == [ChangeKind.UNDO_CREATE]
    assert [f.kind for f in back.findings] == [FindingKind.CHANGED_SINCE]


def test_what_failed_needs_no_undo() -> None:
    after, done = ran(simple())
    failed = [replace(each, outcome=Outcome.FAILED) for each in done]
    assert undo_plan(RUN, failed, after).changes == ()


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (replace(KEPT, quantity=Decimal(9)), "The quantity was 8, and is 9 now."),
        (
            replace(KEPT, quantity=Decimal(8), unit_price=Decimal("99.50")),
            "The unit price was 2, and is 99.5 now.",
        ),
        (
            replace(KEPT, quantity=Decimal(8), unit_price=None),
            "The unit price was 2, and is not set any more.",
        ),
        (
            replace(KEPT, cancelled_date=date(2026, 11, 1)),
            "It was not cancelled, and is cancelled from 2026-11-01 on now.",
        ),
        (
            replace(KEPT, quantity=Decimal(9), updated_by="p.martin"),
            "The quantity was 8, and is 9 now. Last changed by p.martin.",
        ),
        (
            replace(KEPT, quantity=Decimal(9), updated_by="p.martin", last_updated=NOW),
            "The quantity was 8, and is 9 now. Last changed by p.martin, "
            f"{NOW:%Y-%m-%d %H:%M} UTC.",
        ),
        (None, "It no longer exists in ConnectWise."),
    ],
)
def test_a_refusal_says_what_was_changed(changed: Addition | None, says: str) -> None:
    after, done = ran(simple())
    meddled = replace(after, additions={11: [changed] if changed else []})
    (finding,) = undo_plan(RUN, done, meddled).findings
    assert str(finding.text) == f"P on A was changed since run 7: {says}"


@pytest.mark.parametrize(
    ("before", "now", "says"),
    [
        (
            date(2026, 10, 1),
            None,
            "It was cancelled from 2026-10-01 on, and is not cancelled any more.",
        ),
        (None, date(2026, 12, 1), "It was not cancelled, and is cancelled from 2026-12-01 on now."),
        (
            date(2026, 10, 1),
            date(2026, 12, 1),
            "It was cancelled from 2026-10-01 on, and is cancelled from 2026-12-01 on now.",
        ),
    ],
)
def test_a_cancellation_is_told_as_it_was_and_as_it_is(
    before: date | None, now: date | None, says: str
) -> None:
    assert str(cancelled_now(replace(KEPT, cancelled_date=now), before)) == says


def test_an_addition_that_carries_a_newer_month_is_left() -> None:
    after, done = ran(simple())
    newer = {key: replace(each, month=MONTH.plus(1)) for key, each in after.bindings.items()}
    (finding,) = undo_plan(RUN, done, replace(after, bindings=newer)).findings
    assert "carries the usage of 2026-11" in str(finding.text)


def test_an_invoiced_period_is_told() -> None:
    after, done = ran(simple(agreements=[agreement(11, next_invoice_date=date(2026, 11, 1))]))
    back = undo_plan(RUN, done, after)
    assert len(back.changes) == 1
    assert [(f.kind, f.blocks) for f in back.findings] == [(FindingKind.INVOICED_PERIOD, False)]


def test_some_rows_may_be_left_out_of_an_undo() -> None:
    after, done = ran(simple())
    options = PlanOptions(excluded={"11/1": "right as it is"})
    back = undo_plan(RUN, done, replace(after, options=options))
    assert (back.changes, len(back.excluded)) == ((), 1)
