"""What moved between the plan that was approved and the same plan made anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.domain.models import Change, Target
from core.domain.plan_digest import decides


@dataclass(frozen=True)
class Move:
    """A target whose change is another one now; None: it has none."""

    target: Target
    before: Change | None
    now: Change | None


def moves(approved: Iterable[Change], now: Iterable[Change]) -> tuple[Move, ...]:
    """Every target for which something else would be written, in the order of targets.

    What is only for reading, such as names and explanations, does not count.
    """
    old = {change.target: change for change in approved}
    new = {change.target: change for change in now}
    return tuple(
        Move(target, old.get(target), new.get(target))
        for target in sorted(old.keys() | new.keys())
        if _deciding(old.get(target)) != _deciding(new.get(target))
    )


def _deciding(change: Change | None) -> object:
    return None if change is None else decides(change)
