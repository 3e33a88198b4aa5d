"""How far a run is, for everybody who looks."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from decimal import Decimal

from core.domain.models import Outcome, Run
from core.use_cases.jobs import Progress

# Before that many changes their pace says little.
_TELLING = 5


@dataclass(frozen=True)
class RunProgress:
    """`total` is None until the changes that are left are known; `stopping` until it stops.

    What came to its outcome before the run was resumed counts too: that many are `earlier`.
    """

    run_id: str
    total: int | None = None
    done: int = 0
    failed: int = 0
    skipped: int = 0
    seconds_left: int | None = None
    stopping: bool = False
    earlier: int = 0

    @property
    def finished(self) -> int:
        """How many changes have an outcome."""
        return self.done + self.failed + self.skipped

    @property
    def remaining(self) -> int | None:
        return None if self.total is None else self.total - self.finished


class Tracker:
    """Keeps the progress of one run; threads share it. `report` is told after each change."""

    def __init__(self, run_id: str, report: Progress) -> None:
        self._report = report
        self._lock = threading.Lock()
        self._started = 0.0
        self._now = RunProgress(run_id)

    @property
    def now(self) -> RunProgress:
        """A picture of this moment."""
        with self._lock:
            return self._now

    def begin(self, left: int, run: Run) -> None:
        """The changes that are left begin; `run` says what became of the others before."""
        earlier = run.done + run.failed + run.skipped
        with self._lock:
            self._started = time.monotonic()
            self._now = replace(
                self._now,
                total=earlier + left,
                done=run.done,
                failed=run.failed,
                skipped=run.skipped,
                earlier=earlier,
            )
        self._report(earlier, earlier + left)

    def count(self, outcome: Outcome) -> None:
        """One more change has an outcome: done, failed or skipped."""
        with self._lock:
            now = self._now
            now = replace(now, **{outcome.value: getattr(now, outcome.value) + 1})
            self._now = replace(now, seconds_left=self._left(now))
            finished, total = now.finished, now.total
        self._report(finished, total)

    def stop(self) -> None:
        """Somebody asked it to stop."""
        with self._lock:
            self._now = replace(self._now, stopping=True)

    def _left(self, now: RunProgress) -> int | None:
        """From the pace since `begin`."""
        counted = now.finished - now.earlier
        if counted < _TELLING or now.remaining is None:
            return None
        each = Decimal(time.monotonic() - self._started) / counted
        return int(each * now.remaining) + (now.remaining > 0)
