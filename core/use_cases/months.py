"""Closing a month: nothing is written to it any more until it is reopened with a reason."""

from __future__ import annotations

from core.domain.models import MonthClosing
from core.domain.month import Month
from core.storage.store import Store
from core.use_cases.jobs import Clock


class Months:
    """Which months are closed, and since when, by whom and why."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def closed(self) -> frozenset[Month]:
        return self._store.months.closed()

    def history(self, month: Month | None = None) -> list[MonthClosing]:
        """Every closing and reopening, of one month or of all, newest first."""
        return self._store.months.closings(month)

    def close(self, month: Month, by: str, reason: str = "") -> None:
        """Raises ConflictError when it is closed already, BusyError while a run of it is open."""
        self._record(month, True, by, reason)

    def reopen(self, month: Month, reason: str, by: str) -> None:
        """Raises InputError without a reason, ConflictError when it is not closed."""
        self._record(month, False, by, reason)

    def _record(self, month: Month, closed: bool, by: str, reason: str) -> None:
        self._store.months.record(
            MonthClosing(
                month=month,
                closed=closed,
                at=self._clock(),
                by=by,
                reason=" ".join(reason.split()),
            )
        )
