"""Values that are read once and kept until what they were read from changes."""

from __future__ import annotations

import threading
from collections import OrderedDict
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


class KeptFew(Generic[T]):
    """The values of the few keys that were asked for last; threads share them."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, T] = OrderedDict()

    def get(self, key: Hashable, read: Callable[[], T]) -> T:
        """The value for `key`, from `read` when it is not among the kept ones."""
        with self._lock:
            if key not in self._kept:
                self._kept[key] = read()
                while len(self._kept) > self._size:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]
