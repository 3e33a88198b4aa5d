"""Long tasks in one worker thread, so that no click and no closed tab cuts them short."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from core.errors import BusyError, Message, UsageSyncError, message

_log = logging.getLogger("core.jobs")

Progress = Callable[[int, int | None], None]
Clock = Callable[[], datetime]


def ignore_progress(done: int, total: int | None) -> None:
    """For callers who do not show progress."""


@dataclass(frozen=True, kw_only=True)
class JobStatus:
    """How far a task is. `total` is None while unknown; `result` and `error` come at the end."""

    kind: str
    label: Message
    started_at: datetime
    started_by: str
    done: int = 0
    total: int | None = None
    finished_at: datetime | None = None
    error: UsageSyncError | None = None
    result: Any = None

    @property
    def finished(self) -> bool:
        return self.finished_at is not None


class Jobs:
    """One task at a time; its status is readable from every session."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="usage-sync-job")
        self._current: JobStatus | None = None
        self._last: dict[str, JobStatus] = {}
        self._future: Future[None] | None = None

    def start(
        self, kind: str, label: Message, by: str, task: Callable[[Progress], Any]
    ) -> JobStatus:
        """Start `task(progress)`; raises BusyError while another task is running."""
        with self._lock:
            if self._current is not None:
                raise BusyError(
                    message("Another task is running: {task}.", task=self._current.label),
                    remedy=message("Wait until it has finished, then try again."),
                )
            status = JobStatus(kind=kind, label=label, started_at=self._clock(), started_by=by)
            self._current = status
            self._future = self._executor.submit(self._run, task)
            return status

    def current(self) -> JobStatus | None:
        """The running task, if any."""
        with self._lock:
            return self._current

    def last(self, kind: str) -> JobStatus | None:
        """The newest finished task of a kind since the start of the program."""
        with self._lock:
            return self._last.get(kind)

    def wait(self, timeout: float | None = None) -> None:
        """Block until the running task has ended (for the command line and tests)."""
        future = self._future
        if future is not None:
            future.result(timeout)

    def close(self) -> None:
        """Let the running task end and take no more."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _run(self, task: Callable[[Progress], Any]) -> None:
        result: Any = None
        error: UsageSyncError | None = None
        try:
            result = task(self._report)
        except UsageSyncError as raised:
            error = raised
        except Exception:
            _log.exception("task failed unexpectedly")
            error = UsageSyncError(
                message("Something unexpected went wrong; nothing more was done."),
                remedy=message("Try again. If it happens again, send the log to your support."),
            )
        self._finish(result, error)

    def _report(self, done: int, total: int | None) -> None:
        with self._lock:
            if self._current is not None:
                self._current = replace(self._current, done=done, total=total)

    def _finish(self, result: Any, error: UsageSyncError | None) -> None:
        with self._lock:
            if self._current is not None:
                ended = replace(
                    self._current, finished_at=self._clock(), result=result, error=error
                )
                self._last[ended.kind] = ended
                self._current = None
