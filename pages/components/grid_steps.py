"""Turning what was done in the grid into staged edits. Pure: it needs neither grid nor session."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from core.domain.row_edits import RowBase
from core.domain.row_staging import StagedEdits
from pages.components.grid_events import Step, StepKind

# How one STAGE step of a row becomes edits; a page may let one cell move another.
Stage: TypeAlias = Callable[[StagedEdits[Any], Step, RowBase[Any]], StagedEdits[Any]]

_REQUESTS = frozenset({StepKind.ADD, StepKind.VIEW, StepKind.HISTORY, StepKind.REFRESH})


@dataclass(frozen=True)
class Taken:
    """The outcome: edits, the number of the last step taken, and what is asked for besides."""

    staged: StagedEdits[Any]
    last: int
    request: Step | None = None


def stage_cell(staged: StagedEdits[Any], step: Step, base: RowBase[Any]) -> StagedEdits[Any]:
    """Stage the cell that was edited, and nothing else."""
    return staged.stage(step.code, str(step.field), step.value, base)


def take_steps(
    staged: StagedEdits[Any],
    steps: Sequence[Step],
    bases: Mapping[str, RowBase[Any]],
    last: int,
    stage: Stage = stage_cell,
) -> Taken:
    """Apply the steps after `last`, in their order; those up to it have been taken before.

    `bases` are the rows as the person saw them. A step for a row that is not there any more is
    dropped. Of several requests, such as for a dialog, the last one counts.
    """
    request: Step | None = None
    for step in sorted(steps, key=lambda step: step.number):
        if step.number <= last:
            continue
        last = step.number
        if step.kind in _REQUESTS:
            request = step
        else:
            staged = _apply(staged, step, bases, stage)
    return Taken(staged, last, request)


def _apply(
    staged: StagedEdits[Any], step: Step, bases: Mapping[str, RowBase[Any]], stage: Stage
) -> StagedEdits[Any]:
    if step.kind is StepKind.UNDO:
        return staged.undo()
    if step.kind is StepKind.REDO:
        return staged.redo()
    base = bases.get(step.code)
    if base is None or step.field is None:
        return staged
    return stage(staged, step, base)
