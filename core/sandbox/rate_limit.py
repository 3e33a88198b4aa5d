"""The vendors' limit on requests per minute, and how each of them says no."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

DEFAULT_PER_MINUTE = 1000
RETRY_AFTER = 30


class RateLimit:
    """At most `per_minute` requests in any 60 seconds, per system."""

    def __init__(
        self,
        per_minute: int = DEFAULT_PER_MINUTE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._lock = threading.Lock()
        self._times: dict[str, deque[float]] = {}

    def allows(self, system: str) -> bool:
        """Count a request, unless the minute is full."""
        now = self._clock()
        with self._lock:
            times = self._times.setdefault(system, deque())
            while times and times[0] <= now - 60:
                times.popleft()
            if len(times) >= self.per_minute:
                return False
            times.append(now)
            return True

    def reset(self, per_minute: int = DEFAULT_PER_MINUTE) -> None:
        """Start counting anew."""
        with self._lock:
            self.per_minute = per_minute
            self._times.clear()


def too_many_requests(system: str, retry_after: int = RETRY_AFTER) -> dict[str, str]:
    """The body of a 429; ConnectWise's is the text of its Developer Guide."""
    text = f"Too many requests. Please try again in {retry_after} seconds."
    if system == "sophos":
        return {"error": "tooManyRequests", "message": text}
    return {"error": "ConnectWiseAPI", "message": text}
