"""Why a row expects what it expects, put in words when somebody reads it: few rows are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import overload

from core.domain.quantity import CustomerQuantity, explain
from core.errors import Message


class Steps(Sequence[Message]):
    """The explanation of a quantity, with what else is to be said of it after that."""

    __slots__ = ("_month", "_more", "_names", "_quantities", "_told")

    def __init__(
        self,
        quantities: Sequence[CustomerQuantity],
        names: Callable[[str], str],
        month: str,
        more: Sequence[Message] = (),
    ) -> None:
        self._quantities = quantities
        self._names = names
        self._month = month
        self._more = more
        self._told: tuple[Message, ...] | None = None

    def and_then(self, more: Sequence[Message]) -> Steps:
        """The same with more to say at its end."""
        after = (*self._more, *more)
        return Steps(self._quantities, self._names, self._month, after)

    @property
    def told(self) -> tuple[Message, ...]:
        if self._told is None:
            explained = explain(self._quantities, self._names, self._month)
            self._told = (*explained, *self._more)
        return self._told

    def __len__(self) -> int:
        return len(self.told)

    @overload
    def __getitem__(self, index: int) -> Message: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Message, ...]: ...
    def __getitem__(self, index: int | slice) -> Message | tuple[Message, ...]:
        return self.told[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self.told == tuple(other)

    def __hash__(self) -> int:
        return hash(self.told)


def with_more(steps: Sequence[Message], more: Sequence[Message]) -> Sequence[Message]:
    """Steps with more to say at their end, still put in words only when somebody reads them."""
    return steps.and_then(more) if isinstance(steps, Steps) else (*steps, *more)
