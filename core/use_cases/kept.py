"""Values that are read once and kept until what they were read from changes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Versioned(Generic[T]):
    """A value with the version that it is of.

    What follows from a value may be kept under its version only when both were read as one: a
    version that is read later may be of a later value.
    """

    version: str
    value: T


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
    """The values of the few keys that were asked for last; threads share them.

    While one value is read, which may take seconds, those of other keys can be had.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, _Slot[T]] = OrderedDict()

    def get(self, key: Hashable, read: Callable[[], T]) -> T:
        """The value for `key`, from `read` when it is not among the kept ones."""
        with self._lock:
            slot = self._kept.setdefault(key, _Slot())
            self._kept.move_to_end(key)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
        return slot.get(read)

    def peek(self, key: Hashable) -> T | None:
        """The value for `key` if it is there; nobody waits for it."""
        with self._lock:
            slot = self._kept.get(key)
        return None if slot is None else slot.peek()


class _Slot(Generic[T]):
    """One value, read by the first that asks for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._value: tuple[T] | None = None

    def get(self, read: Callable[[], T]) -> T:
        with self._lock:
            if self._value is None:
                self._value = (read(),)
            return self._value[0]

    def peek(self) -> T | None:
        value = self._value
        return None if value is None else value[0]
