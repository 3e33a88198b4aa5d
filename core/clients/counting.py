"""How many requests were sent, told apart into reads and writes."""

from __future__ import annotations

import threading
from dataclasses import dataclass

_READ_METHODS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True)
class RequestCount:
    """Requests that reached a server, or may have; repeated ones count again."""

    reads: int = 0
    writes: int = 0

    def __sub__(self, earlier: RequestCount) -> RequestCount:
        return RequestCount(self.reads - earlier.reads, self.writes - earlier.writes)


class RequestCounter:
    """Counts for all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._total = RequestCount()

    def count(self, method: str) -> None:
        """One more request was sent."""
        is_read = method in _READ_METHODS
        with self._lock:
            total = self._total
            self._total = RequestCount(total.reads + is_read, total.writes + (not is_read))

    def total(self) -> RequestCount:
        """All since the start."""
        with self._lock:
            return self._total
