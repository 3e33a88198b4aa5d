"""What is told of runs, plans and the schedule, as events with ids that stay the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date

from core.domain.models import Count, Event, EventKind, Plan, Run, RunStatus, WaitingPlan
from core.domain.month import Month
from core.domain.price_words import effect_lines
from core.errors import Message, UsageSyncError, VendorError, message, plural_message

_SYNC_PAGE = "usage_sync"


def run_event(run: Run, undone: int | None = None) -> Event | None:
    """How a run ended; None while it goes on, and when a person stopped it. `undone` is the number
    of the run that it takes back.

    One that is resumed ends again, which is another event.
    """
    kind = _run_kind(run)
    if kind is None:
        return None
    return Event(
        id=_id(kind, run.id, str(len(run.events))),
        kind=kind,
        title=_run_title(run, undone),
        lines=tuple(_run_lines(run, undone)),
        month=run.month,
        run=run.number,
        status=run.status.value,
        counts=(
            Count("changes", run.changes),
            Count("done", run.done),
            Count("failed", run.failed),
            Count("skipped", run.skipped),
        ),
        page=_SYNC_PAGE,
        query={"view": "runs", "run": run.id},
    )


def waiting_event(plan: WaitingPlan) -> Event:
    """A plan waits for approval."""
    lines = [_blocked_line(plan.blocked), _exceeded_line(plan.exceeded)]
    lines += effect_lines(plan.price_effect)
    return Event(
        id=_id(EventKind.PLAN_WAITING, plan.id),
        kind=EventKind.PLAN_WAITING,
        title=plural_message(
            "A plan of {month} waits for approval: {count} change.",
            "A plan of {month} waits for approval: {count} changes.",
            plan.changes,
            month=str(plan.month),
        ),
        lines=_told(lines),
        month=plan.month,
        counts=(
            Count("changes", plan.changes),
            Count("blocked", plan.blocked),
            Count("exceeded", plan.exceeded),
        ),
        page=_SYNC_PAGE,
        query=_plan_query(plan.month),
    )


def blocked_event(plan: Plan, today: date) -> Event | None:
    """A limit or a finding holds a plan up; None when nothing does.

    The same plan, held up by the same, is told once a day.
    """
    if not plan.exceeded and not plan.blocked:
        return None
    reasons = [f"{check.kind}" for check in plan.exceeded]
    reasons += [
        f"{found.kind}/{found.target.key if found.target else ''}/{found.customer_id}"
        f"/{found.product_code}"
        for found in plan.blocked
    ]
    lines = [check.text for check in plan.exceeded]
    return Event(
        id=_id(EventKind.PLAN_BLOCKED, str(plan.month), str(today), plan.digest, *sorted(reasons)),
        kind=EventKind.PLAN_BLOCKED,
        title=message("The plan of {month} is held up.", month=str(plan.month)),
        lines=_told([*lines, _blocked_line(len(plan.blocked))]),
        month=plan.month,
        counts=(
            Count("changes", len(plan.changes)),
            Count("blocked", len(plan.blocked)),
            Count("exceeded", len(plan.exceeded)),
        ),
        page=_SYNC_PAGE,
        query=_plan_query(plan.month),
    )


def failure_event(error: UsageSyncError, today: date) -> Event:
    """What the schedule had to do failed. The same failure is told once a day."""
    vendor = error if isinstance(error, VendorError) else None
    return Event(
        id=_id(EventKind.SCHEDULE_FAILED, str(today), type(error).__name__, str(error.text)),
        kind=EventKind.SCHEDULE_FAILED,
        title=message("The scheduled sync failed."),
        lines=_told([error.text, error.remedy]),
        status=type(error).__name__,
        system=vendor.system if vendor else "",
        page=_SYNC_PAGE,
    )


def trial_event(unique: str) -> Event:
    """What a person sends to see whether it arrives."""
    return Event(
        id=_id(EventKind.TEST, unique),
        kind=EventKind.TEST,
        title=message("This is a test. Notifications arrive here."),
        page="settings",
    )


def _run_kind(run: Run) -> EventKind | None:
    match run.status:
        case RunStatus.FINISHED:
            return EventKind.RUN_FAILED if run.failed else EventKind.RUN_FINISHED
        case RunStatus.ABORTED | RunStatus.REFUSED:
            return EventKind.RUN_FAILED
        case _:
            return None


def _run_title(run: Run, undone: int | None) -> Message:
    number, month = str(run.number), str(run.month)
    if run.status is RunStatus.REFUSED:
        return message(
            "Run {number} of {month} was refused; nothing was written.", number=number, month=month
        )
    if run.status is RunStatus.ABORTED:
        return message("Run {number} of {month} was broken off.", number=number, month=month)
    if run.failed:
        return plural_message(
            "Run {number} of {month} has ended: {count} change failed.",
            "Run {number} of {month} has ended: {count} changes failed.",
            run.failed,
            number=number,
            month=month,
        )
    if undone is not None:
        return plural_message(
            "Run {number} of {month} has undone run {undone}: {count} change done.",
            "Run {number} of {month} has undone run {undone}: {count} changes done.",
            run.done,
            number=number,
            month=month,
            undone=str(undone),
        )
    return plural_message(
        "Run {number} of {month} has finished: {count} change done.",
        "Run {number} of {month} has finished: {count} changes done.",
        run.done,
        number=number,
        month=month,
    )


def _run_lines(run: Run, undone: int | None) -> Iterator[Message]:
    if undone is not None:
        yield message("It was to take back run {undone}.", undone=str(undone))
    if run.status is not RunStatus.REFUSED:
        yield message(
            "{changes} changes: {done} done, {failed} failed, {skipped} skipped.",
            changes=run.changes,
            done=run.done,
            failed=run.failed,
            skipped=run.skipped,
        )
    last = run.events[-1]
    yield from _told([last.text, last.remedy])


def _blocked_line(count: int) -> Message | None:
    if not count:
        return None
    return plural_message(
        "{count} finding keeps rows from being written.",
        "{count} findings keep rows from being written.",
        count,
    )


def _exceeded_line(count: int) -> Message | None:
    if not count:
        return None
    return plural_message("{count} limit is exceeded.", "{count} limits are exceeded.", count)


def _told(lines: Iterable[Message | None]) -> tuple[Message, ...]:
    return tuple(line for line in lines if line is not None)


def _plan_query(month: Month) -> dict[str, str]:
    return {"view": "plan", "month": str(month), "plan": "1"}


def _id(kind: EventKind, *parts: str) -> str:
    """Letters, digits and hyphens only: it stands in headers and in Message-IDs."""
    digest = hashlib.sha256("\n".join((kind.value, *parts)).encode("utf-8")).hexdigest()
    return f"{kind.value.replace('_', '-')}-{digest[:32]}"
