"""Pacing: no more calls a minute, and no more at one time, than agreed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pyrate_limiter import Duration, Limiter, Rate, SingleBucketFactory, StateBucket


class Pacer:
    """A token bucket of `per_minute` calls and a gate of `in_flight` calls, for all threads.

    A tenth of a minute's calls may be spent at once, so that a page opens without waiting.
    """

    def __init__(self, per_minute: int, in_flight: int) -> None:
        rate = Rate(per_minute, Duration.MINUTE, burst=max(1, per_minute // 10))
        # The bucket is a few numbers: nothing to clean, so no background thread.
        factory = SingleBucketFactory(StateBucket([rate]), schedule_leak=False)
        self._limiter = Limiter(factory, buffer_ms=1)
        self._gate = threading.BoundedSemaphore(in_flight)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, and hold it while the call runs."""
        with self._gate:
            self._limiter.try_acquire("call")
            yield
        # The next call leaves before the answer of this one is worked on.
        time.sleep(0)
