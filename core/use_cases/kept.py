"""A value that is read once and kept until what it was read from changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """The result of `read` for the newest key; threads share it."""

    def __init__(self, read: Callable[[], T]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._kept: tuple[Hashable, T] | None = None

    def get(self, key: Hashable) -> T:
        """The value for `key`, read now when the kept one is of another key."""
        with self._lock:
            if self._kept is None or self._kept[0] != key:
                self._kept = (key, self._read())
            return self._kept[1]
