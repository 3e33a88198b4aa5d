"""In which order the changes of a run are carried out. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from core.domain.models import RunChange


def in_steps(rows: Iterable[RunChange]) -> list[list[RunChange]]:
    """The rows in steps, each after those that it needs, in their own order within a step.

    What is needed and is no row of these holds nothing up.
    """
    left = list(rows)
    steps: list[list[RunChange]] = []
    while left:
        waiting = {row.change.target.key for row in left}
        step = [row for row in left if waiting.isdisjoint(_needs(row))]
        if not step:
            raise ValueError(f"changes that wait for each other: {sorted(waiting)}")
        steps.append(step)
        taken = {row.number for row in step}
        left = [row for row in left if row.number not in taken]
    return steps


def _needs(row: RunChange) -> set[str]:
    return set(row.change.needs) - {row.change.target.key}
