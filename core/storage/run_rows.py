"""Rows of the run tables and the values that they stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.domain.models import (
    JournalEntry,
    Outcome,
    Run,
    RunChange,
    RunEvent,
    RunEventKind,
    RunOrigin,
)
from core.domain.month import Month
from core.storage.database import Row
from core.storage.plan_rows import (
    change_from_json,
    change_to_json,
    limits_from_json,
    limits_to_json,
    names_from_json,
    names_to_json,
    options_from_json,
    options_to_json,
)
from core.storage.values import (
    DECIMAL,
    Value,
    aware,
    aware_or_none,
    message_from_json,
    message_to_json,
    trimmed_or_none,
)

RUN_COLUMNS = {
    "id": "VARCHAR",
    "number": "INTEGER",
    "month": "VARCHAR",
    "digest": "VARCHAR",
    "origin": "VARCHAR",
    "approved_by": "VARCHAR",
    "approved_at": "TIMESTAMP",
    "options": "VARCHAR",
    "limits": "VARCHAR",
    "override_reason": "VARCHAR",
    "retry_of": "VARCHAR",
    "undo_of": "VARCHAR",
    "change_count": "BIGINT",
}
CHANGE_COLUMNS = {
    "run_id": "VARCHAR",
    "change_number": "BIGINT",
    "content": "VARCHAR",
    "names": "VARCHAR",
}
CUSTOMER_COLUMNS = {"run_id": "VARCHAR", "change_number": "BIGINT", "customer_id": "VARCHAR"}
EVENT_COLUMNS = {
    "run_id": "VARCHAR",
    "position": "BIGINT",
    "kind": "VARCHAR",
    "happened_at": "TIMESTAMP",
    "done_by": "VARCHAR",
    "reason": "VARCHAR",
    "remedy": "VARCHAR",
    "read_count": "BIGINT",
    "write_count": "BIGINT",
}
JOURNAL_COLUMNS = {
    "run_id": "VARCHAR",
    "position": "BIGINT",
    "change_number": "BIGINT",
    "outcome": "VARCHAR",
    "happened_at": "TIMESTAMP",
    "addition_id": "BIGINT",
    "product_id": "BIGINT",
    "reason": "VARCHAR",
    "remedy": "VARCHAR",
    "detail": "VARCHAR",
    "unit_price": DECIMAL,
}


def run_row(run: Run) -> tuple[Value, ...]:
    return (
        run.id,
        run.number,
        run.month,
        run.digest,
        run.origin,
        run.approved_by,
        run.approved_at,
        options_to_json(run.options),
        limits_to_json(run.limits),
        run.override_reason,
        run.retry_of,
        run.undo_of,
        run.changes,
    )


def run_from(row: Row, events: Sequence[Row], counts: Mapping[str, int]) -> Run:
    """From the columns `RUN_COLUMNS`, those of its events, and how many changes have an outcome."""
    reads, writes = _requests(events)
    return Run(
        id=row[0],
        number=row[1],
        month=Month.parse(row[2]),
        digest=row[3],
        origin=RunOrigin(row[4]),
        approved_by=row[5],
        approved_at=aware(row[6]),
        options=options_from_json(row[7]),
        limits=limits_from_json(row[8]),
        override_reason=row[9],
        retry_of=row[10],
        undo_of=row[11],
        events=tuple(_event_from(event) for event in events),
        changes=row[12],
        done=counts.get(Outcome.DONE, 0),
        failed=counts.get(Outcome.FAILED, 0),
        skipped=counts.get(Outcome.SKIPPED, 0),
        reads=reads,
        writes=writes,
    )


def change_row(run_id: str, change: RunChange) -> tuple[Value, ...]:
    return (run_id, change.number, change_to_json(change.change), names_to_json(change.names))


def customer_rows(run_id: str, change: RunChange) -> list[tuple[Value, ...]]:
    """Which customers a change is about."""
    customers = sorted(set(change.change.customer_ids))
    return [(run_id, change.number, customer_id) for customer_id in customers]


def change_from(row: Row) -> RunChange:
    """From the columns of `approved_from`, then those of `with_outcome`."""
    return with_outcome(approved_from(row[:3]), row[3:])


def approved_from(row: Row) -> RunChange:
    """A change as it was approved, from number, content and names."""
    return RunChange(number=row[0], change=change_from_json(row[1]), names=names_from_json(row[2]))


def with_outcome(approved: RunChange, row: Row) -> RunChange:
    """What became of it, from outcome, when, both ids, reason, remedy, detail and unit price of the
    last line of the journal, NULL without one."""
    if row[0] is None:
        return approved
    return replace(
        approved,
        outcome=Outcome(row[0]),
        at=aware_or_none(row[1]),
        addition_id=row[2],
        product_id=row[3],
        text=message_from_json(row[4]),
        remedy=message_from_json(row[5]),
        detail=row[6] or "",
        unit_price=trimmed_or_none(row[7]),
    )


def event_row(
    run_id: str, position: int, event: RunEvent, reads: int, writes: int
) -> tuple[Value, ...]:
    """`position` grows by one with each event of the run."""
    return (
        run_id,
        position,
        event.kind,
        event.at,
        event.by,
        message_to_json(event.text),
        message_to_json(event.remedy),
        reads,
        writes,
    )


def _event_from(row: Row) -> RunEvent:
    return RunEvent(
        kind=RunEventKind(row[2]),
        at=aware(row[3]),
        by=row[4],
        text=message_from_json(row[5]),
        remedy=message_from_json(row[6]),
    )


def _requests(events: Sequence[Row]) -> tuple[int, int]:
    """Reads and writes of all passes. Each pass, up to the next RESUMED, counts from zero."""
    reads = writes = pass_reads = pass_writes = 0
    for event in events:
        if event[2] == RunEventKind.RESUMED:
            reads, writes = reads + pass_reads, writes + pass_writes
            pass_reads = pass_writes = 0
        pass_reads, pass_writes = max(pass_reads, event[7]), max(pass_writes, event[8])
    return reads + pass_reads, writes + pass_writes


def journal_row(run_id: str, position: int, entry: JournalEntry) -> tuple[Value, ...]:
    """`position` grows by one with each line of the run's journal."""
    return (
        run_id,
        position,
        entry.number,
        entry.outcome,
        entry.at,
        entry.addition_id,
        entry.product_id,
        message_to_json(entry.text),
        message_to_json(entry.remedy),
        entry.detail,
        entry.unit_price,
    )


def journal_from(row: Row) -> JournalEntry:
    """From number, outcome, when, both ids, reason, remedy, detail and unit price."""
    return JournalEntry(
        number=row[0],
        outcome=Outcome(row[1]),
        at=aware(row[2]),
        addition_id=row[3],
        product_id=row[4],
        text=message_from_json(row[5]),
        remedy=message_from_json(row[6]),
        detail=row[7],
        unit_price=trimmed_or_none(row[8]),
    )
