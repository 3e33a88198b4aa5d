"""What is told of runs, plans and the schedule: which, in which words, under which id."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from core.domain.models import (
    Count,
    Event,
    EventKind,
    Finding,
    FindingKind,
    LimitCheck,
    LimitKind,
    MonthlyEffect,
    PeriodEffect,
    Plan,
    PlanOptions,
    PriceEffect,
    Run,
    RunEvent,
    RunEventKind,
    RunOrigin,
    Target,
    WaitingPlan,
)
from core.domain.month import Month
from core.domain.notification_events import (
    blocked_event,
    failure_event,
    run_event,
    trial_event,
    waiting_event,
)
from core.errors import TryAgainError, UsageSyncError, message

NOW = datetime(2026, 11, 3, 6, 0, tzinfo=UTC)
TODAY = NOW.date()
CUSTOMER = "Zebra Dental"
APPROVED = RunEvent(kind=RunEventKind.APPROVED, at=NOW, by="ana")


def run(*events: RunEventKind, text: str | None = None, **changes: object) -> Run:
    told = message("{customer} is gone.", customer=text) if text else None
    made = Run(
        id="0000-7",
        number=1007,
        month=Month(2026, 10),
        digest="d",
        origin=RunOrigin.PAGE,
        approved_by="ana",
        approved_at=NOW,
        options=PlanOptions(),
        limits=(),
        events=(
            APPROVED,
            *(RunEvent(kind=kind, at=NOW, by="ana", text=told) for kind in events),
        ),
        changes=9,
        done=9,
    )
    return replace(made, **changes)


def plan(
    *, findings: tuple[Finding, ...] = (), limits: tuple[LimitCheck, ...] = (), digest: str = "d"
) -> Plan:
    return Plan(
        month=Month(2026, 10),
        changes=(),
        unchanged=(),
        excluded=(),
        findings=findings,
        limits=limits,
        digest=digest,
    )


def finding(*, blocks: bool = True, customer_id: str = "c1") -> Finding:
    return Finding(
        kind=FindingKind.UNMAPPED_CUSTOMER,
        blocks=blocks,
        text=message("{customer} is not mapped.", customer=CUSTOMER),
        target=Target(7, 8),
        customer_id=customer_id,
    )


def limit(*, exceeded: bool = True) -> LimitCheck:
    return LimitCheck(
        kind=LimitKind.JUMP,
        number=Decimal(9),
        limit=Decimal(3),
        exceeded=exceeded,
        text=message("Nine is more than three."),
        remedy=message("Look."),
    )


WAITING = WaitingPlan(
    id="w1",
    month=Month(2026, 10),
    digest="d",
    made_at=NOW,
    changes=1,
    blocked=2,
    exceeded=1,
    price_effect=PriceEffect(
        monthly=(
            MonthlyEffect(per_year=Decimal(150), agreements=2),
            MonthlyEffect(per_year=Decimal(100), currency="EUR", agreements=1),
        ),
        by_period=(
            PeriodEffect(amount=Decimal("-3.5"), currency="EUR", agreements=2),
            PeriodEffect(amount=Decimal(7), agreements=0),
        ),
        unpriced=1,
    ),
)


def told(event: Event | None) -> Event:
    assert event is not None
    return event


def texts(event: Event | None) -> list[str]:
    return [str(line) for line in told(event).lines]


# ---------------------------------------------------------------- runs


@pytest.mark.parametrize(
    ("end", "failed", "kind", "title"),
    [
        (RunEventKind.FINISHED, 0, EventKind.RUN_FINISHED, "has finished: 9 changes done."),
        (RunEventKind.FINISHED, 1, EventKind.RUN_FAILED, "has ended: 1 change failed."),
        (RunEventKind.FINISHED, 2, EventKind.RUN_FAILED, "has ended: 2 changes failed."),
        (RunEventKind.ABORTED, 0, EventKind.RUN_FAILED, "was broken off."),
        (RunEventKind.REFUSED, 0, EventKind.RUN_FAILED, "was refused; nothing was written."),
    ],
)
def test_how_a_run_ended(end: RunEventKind, failed: int, kind: EventKind, title: str) -> None:
    event = told(run_event(run(RunEventKind.STARTED, end, failed=failed)))
    assert event.kind is kind
    assert str(event.title) == f"Run 1007 of 2026-10 {title}"
    assert (event.month, event.run, event.status) == (Month(2026, 10), 1007, end.value)
    assert (event.page, event.query) == ("usage_sync", {"view": "runs", "run": "0000-7"})


def test_an_undo_says_which_run_it_took_back() -> None:
    event = run_event(run(RunEventKind.FINISHED, undo_of="0000-6"), 1006)
    assert str(told(event).title) == "Run 1007 of 2026-10 has undone run 1006: 9 changes done."
    event = run_event(run(RunEventKind.ABORTED, undo_of="0000-6"), 1006)
    assert str(told(event).title) == "Run 1007 of 2026-10 was broken off."
    assert texts(event)[0] == "It was to take back run 1006."


@pytest.mark.parametrize(
    "events",
    [
        (),
        (RunEventKind.STARTED,),
        (RunEventKind.STARTED, RunEventKind.STOPPED),
        (RunEventKind.STARTED, RunEventKind.ABORTED, RunEventKind.RESUMED),
    ],
)
def test_a_run_that_goes_on_or_that_a_person_stopped_is_not_told(
    events: tuple[RunEventKind, ...],
) -> None:
    assert run_event(run(*events)) is None


def test_the_counts_of_a_run() -> None:
    event = run_event(run(RunEventKind.FINISHED, changes=9, done=4, failed=3, skipped=2))
    assert told(event).counts == (
        Count("changes", 9),
        Count("done", 4),
        Count("failed", 3),
        Count("skipped", 2),
    )
    assert texts(event) == ["9 changes: 4 done, 3 failed, 2 skipped."]


def test_why_a_run_ended_is_told_but_not_in_the_title() -> None:
    for end in (RunEventKind.ABORTED, RunEventKind.REFUSED):
        event = told(run_event(run(end, text=CUSTOMER)))
        assert f"{CUSTOMER} is gone." in texts(event)
        assert CUSTOMER not in str(event.title)


def test_the_same_end_has_the_same_id_and_the_next_end_another() -> None:
    once = run(RunEventKind.STARTED, RunEventKind.ABORTED)
    again = run(
        RunEventKind.STARTED, RunEventKind.ABORTED, RunEventKind.RESUMED, RunEventKind.ABORTED
    )
    assert told(run_event(once)).id == told(run_event(replace(once))).id
    assert told(run_event(once)).id != told(run_event(again)).id
    assert told(run_event(once)).id != told(run_event(replace(once, id="0000-8"))).id


# ---------------------------------------------------------------- plans


def test_a_plan_that_waits() -> None:
    event = waiting_event(WAITING)
    assert event.kind is EventKind.PLAN_WAITING
    assert str(event.title) == "A plan of 2026-10 waits for approval: 1 change."
    assert texts(event) == [
        "2 findings keep rows from being written.",
        "1 limit is exceeded.",
        "Price effect per month: 12.50",
        "Price effect per month: 8.33 EUR",
        "Price effect per billing period of 2 agreements: -3.50 EUR",
        "Price effect per billing period: 7.00",
        "1 change has no known price and is not in it.",
    ]
    assert event.query == {"view": "plan", "month": "2026-10", "plan": "1"}


def test_a_plan_without_anything_to_say_beyond_its_changes() -> None:
    quiet = replace(WAITING, changes=2, blocked=0, exceeded=0, price_effect=PriceEffect())
    event = waiting_event(quiet)
    assert str(event.title).endswith("2 changes.")
    assert event.lines == ()


def test_a_plan_that_nothing_holds_up_is_not_told() -> None:
    free = plan(findings=(finding(blocks=False),), limits=(limit(exceeded=False),))
    assert blocked_event(free, TODAY) is None


def test_what_holds_a_plan_up_without_names() -> None:
    held = plan(
        findings=(finding(), finding(blocks=False)), limits=(limit(), limit(exceeded=False))
    )
    event = told(blocked_event(held, TODAY))
    assert str(event.title) == "The plan of 2026-10 is held up."
    assert texts(event) == [
        "Nine is more than three.",
        "1 finding keeps rows from being written.",
    ]
    assert event.counts == (Count("changes", 0), Count("blocked", 1), Count("exceeded", 1))
    assert CUSTOMER not in repr(event)


def test_the_same_hold_up_is_one_event_a_day() -> None:
    held = plan(findings=(finding(),), limits=(limit(),))
    known = told(blocked_event(held, TODAY)).id
    assert told(blocked_event(replace(held), TODAY)).id == known
    others = [
        blocked_event(held, TODAY + timedelta(days=1)),
        blocked_event(replace(held, digest="e"), TODAY),
        blocked_event(replace(held, month=Month(2026, 9)), TODAY),
        blocked_event(replace(held, findings=(finding(customer_id="c2"),)), TODAY),
        blocked_event(replace(held, limits=()), TODAY),
    ]
    assert len({told(each).id for each in others} | {known}) == 6


def test_the_order_of_findings_does_not_matter() -> None:
    two = (finding(customer_id="c1"), finding(customer_id="c2"))
    events = [blocked_event(plan(findings=order), TODAY) for order in (two, two[::-1])]
    assert told(events[0]).id == told(events[1]).id


# ---------------------------------------------------------------- the schedule, and tests


def test_a_scheduled_task_that_failed() -> None:
    error = TryAgainError(
        message("{customer} cannot be read.", customer=CUSTOMER),
        system="ConnectWise",
        status=503,
        remedy=message("Wait."),
    )
    event = failure_event(error, TODAY)
    assert (event.kind, event.status, event.system) == (
        EventKind.SCHEDULE_FAILED,
        "TryAgainError",
        "ConnectWise",
    )
    assert texts(event) == [f"{CUSTOMER} cannot be read.", "Wait."]
    assert CUSTOMER not in str(event.title)


def test_the_same_failure_is_one_event_a_day() -> None:
    first, other = UsageSyncError(message("No.")), UsageSyncError(message("Never."))
    days: list[date] = [TODAY, TODAY, TODAY + timedelta(days=1)]
    ids = [failure_event(first, day).id for day in days]
    assert ids[0] == ids[1]
    assert len({*ids, failure_event(other, TODAY).id}) == 3


def test_every_id_can_stand_in_a_header_and_in_a_message_id() -> None:
    events = [
        run_event(run(RunEventKind.FINISHED, id="é \r\n<x>")),
        waiting_event(replace(WAITING, id="\u2028")),
        blocked_event(plan(findings=(finding(customer_id="ö"),)), TODAY),
        failure_event(UsageSyncError(message("ß")), TODAY),
        trial_event("1"),
    ]
    for event in events:
        assert re.fullmatch(r"[a-z0-9-]{10,60}", told(event).id)
    assert trial_event("1").id != trial_event("2").id
