"""What the schedule left to do, and what it did."""

from __future__ import annotations

import json
from datetime import datetime

from core.domain.models import ScheduledRun, WaitingPlan
from core.domain.month import Month
from core.errors import Message
from core.storage import bulk
from core.storage.database import Database, Row, Transaction
from core.storage.plan_rows import effect_from_json, effect_to_json
from core.storage.values import aware, message_to_json, unpack_message

WAITING_COLUMNS = {
    "id": "VARCHAR",
    "month": "VARCHAR",
    "digest": "VARCHAR",
    "made_at": "TIMESTAMP",
    "changes": "BIGINT",
    "blocked": "BIGINT",
    "exceeded": "BIGINT",
    "price_effect": "VARCHAR",
}
LOG_COLUMNS = {
    "position": "BIGINT",
    "happened_at": "TIMESTAMP",
    "due_at": "TIMESTAMP",
    "month": "VARCHAR",
    "result": "VARCHAR",
}
_WAITING = """
SELECT id, month, digest, made_at, changes, blocked, exceeded, price_effect
FROM store.waiting_plan ORDER BY month DESC"""
_LOG = """
SELECT happened_at, due_at, month, result FROM store.schedule_log ORDER BY position DESC LIMIT ?"""
_NO_LIMIT = 2**62


class WaitingStore:
    """Plans that wait for approval, at most one for each month, and the log of the schedule."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, plan: WaitingPlan) -> None:
        """Let `plan` wait, in the place of the one that waited for its month."""
        row = (
            plan.id,
            plan.month,
            plan.digest,
            plan.made_at,
            plan.changes,
            plan.blocked,
            plan.exceeded,
            effect_to_json(plan.price_effect),
        )

        def change(transaction: Transaction) -> None:
            transaction.execute(
                "DELETE FROM store.waiting_plan WHERE month = ? OR id = ?",
                [str(plan.month), plan.id],
            )
            bulk.insert(transaction, "store.waiting_plan", WAITING_COLUMNS, [row])

        self._database.write(change, remark=True)

    def remove(self, plan_id: str) -> None:
        """It was approved, or is not wanted any more; nothing happens when it is gone already."""

        def change(transaction: Transaction) -> None:
            transaction.execute("DELETE FROM store.waiting_plan WHERE id = ?", [plan_id])

        self._database.write(change, remark=True)

    def all(self) -> list[WaitingPlan]:
        """The plans that wait, of the newest month first."""
        return [_waiting(row) for row in self._database.read(_WAITING)]

    def record(self, at: datetime, due: datetime, month: Month, result: Message) -> None:
        """Add to the log what became of one month when sync was due at `due`."""

        def change(transaction: Transaction) -> None:
            last = transaction.execute("SELECT coalesce(max(position), 0) FROM store.schedule_log")
            row = (last[0][0] + 1, at, due, month, message_to_json(result))
            bulk.insert(transaction, "store.schedule_log", LOG_COLUMNS, [row])

        self._database.write(change, remark=True)

    def log(self, limit: int | None = None) -> list[ScheduledRun]:
        """What the schedule did, the last recorded first."""
        rows = self._database.read(_LOG, [_NO_LIMIT if limit is None else limit])
        return [_scheduled(row) for row in rows]

    def last(self) -> ScheduledRun | None:
        """What the schedule did last, None before the first time."""
        return next(iter(self.log(1)), None)

    def last_due(self) -> datetime | None:
        """The newest time at which sync was due and was dealt with, None before the first."""
        newest = self._database.read("SELECT max(due_at) FROM store.schedule_log")[0][0]
        return None if newest is None else aware(newest)


def _waiting(row: Row) -> WaitingPlan:
    return WaitingPlan(
        id=row[0],
        month=Month.parse(row[1]),
        digest=row[2],
        made_at=aware(row[3]),
        changes=row[4],
        blocked=row[5],
        exceeded=row[6],
        price_effect=effect_from_json(row[7]),
    )


def _scheduled(row: Row) -> ScheduledRun:
    at, due, month, result = row
    return ScheduledRun(
        at=aware(at),
        due=aware(due),
        month=Month.parse(month),
        result=unpack_message(json.loads(result)),
    )
