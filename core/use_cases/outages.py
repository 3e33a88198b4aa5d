"""Tells the passing trouble of single calls from a server that is down."""

from __future__ import annotations

import threading

from core.errors import OutcomeUnknownError, TryAgainError, VendorError

# Each of these calls was tried several times before it counted.
_CALLS_IN_A_ROW = 20


class Outages:
    """Counts calls that failed in a row; threads share it."""

    def __init__(self, limit: int = _CALLS_IN_A_ROW) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._in_a_row = 0

    def over(self) -> None:
        """A call was answered."""
        with self._lock:
            self._in_a_row = 0

    def note(self, error: VendorError) -> None:
        """A call failed. Raises `error` when there is no hope for the next one either."""
        if not isinstance(error, TryAgainError | OutcomeUnknownError):
            self.over()
            return
        with self._lock:
            self._in_a_row += 1
            hopeless = self._in_a_row >= self._limit
        if hopeless:
            raise error
