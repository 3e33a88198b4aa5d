"""Months that were closed, and reopened with a reason."""

from __future__ import annotations

from core.domain.models import MonthClosing
from core.domain.month import Month
from core.errors import ConflictError, InputError, Problem, message
from core.storage import bulk
from core.storage.database import Database, Row, Transaction
from core.storage.run_checks import CLOSED, is_closed, refuse_while_under_way
from core.storage.values import aware

COLUMNS = {
    "position": "BIGINT",
    "month": "VARCHAR",
    "closed": "BOOLEAN",
    "happened_at": "TIMESTAMP",
    "done_by": "VARCHAR",
    "reason": "VARCHAR",
}
_CLOSINGS = """
SELECT month, closed, happened_at, done_by, reason FROM store.month_closing
WHERE CAST(? AS VARCHAR) IS NULL OR month = ?
ORDER BY position DESC"""


class MonthsStore:
    """A month is closed when the last thing that happened to it is that it was closed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def closings(self, month: Month | None = None) -> list[MonthClosing]:
        """When which month was closed or reopened, newest first."""
        wanted = None if month is None else str(month)
        return [_closing(row) for row in self._database.read(_CLOSINGS, [wanted, wanted])]

    def closed(self) -> frozenset[Month]:
        """The months that are closed now."""
        return frozenset(Month.parse(row[0]) for row in self._database.read(CLOSED))

    def record(self, closing: MonthClosing) -> None:
        """Close or reopen a month.

        Raises InputError for reopening without a reason, ConflictError when the month is closed
        or open already, BusyError for closing while a run of that month is under way.
        """
        if not closing.closed and not closing.reason.strip():
            raise _without_reason(closing.month)

        def change(transaction: Transaction) -> None:
            if is_closed(transaction, closing.month) == closing.closed:
                raise _already(closing)
            if closing.closed:
                refuse_while_under_way(transaction, month=closing.month)
            last = transaction.execute("SELECT coalesce(max(position), 0) FROM store.month_closing")
            row = (
                last[0][0] + 1,
                closing.month,
                closing.closed,
                closing.at,
                closing.by,
                closing.reason,
            )
            bulk.insert(transaction, "store.month_closing", COLUMNS, [row])

        self._database.write(change)


def _without_reason(month: Month) -> InputError:
    problem = Problem(message("Say why it is reopened."), "reason")
    return InputError(
        message("{month} was not reopened, because a reason is missing.", month=str(month)),
        [problem],
    )


def _already(closing: MonthClosing) -> ConflictError:
    month, remedy = str(closing.month), message("Look at the history of the month.")
    if closing.closed:
        return ConflictError(message("{month} is closed already.", month=month), remedy=remedy)
    return ConflictError(message("{month} is open already.", month=month), remedy=remedy)


def _closing(row: Row) -> MonthClosing:
    month, closed, at, by, reason = row
    return MonthClosing(month=Month.parse(month), closed=closed, at=aware(at), by=by, reason=reason)
