"""Turning what was done in the grid into staged edits. Pure: it needs neither grid nor session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.domain.staging import RowBase, StagedEdits
from pages.components.grid_events import Step, StepKind

_REQUESTS = frozenset({StepKind.ADD, StepKind.VIEW, StepKind.HISTORY})


@dataclass(frozen=True)
class Taken:
    """The outcome: edits, the number of the last step taken, and a dialog that is asked for."""

    staged: StagedEdits
    last: int
    request: Step | None = None


def take_steps(
    staged: StagedEdits, steps: Sequence[Step], bases: Mapping[str, RowBase], last: int
) -> Taken:
    """Apply the steps after `last`, in their order; those up to it have been taken before.

    `bases` are the rows as the person saw them. A step for a row that is not there any more is
    dropped. Of several requests for a dialog the last one counts.
    """
    request: Step | None = None
    for step in sorted(steps, key=lambda step: step.number):
        if step.number <= last:
            continue
        last = step.number
        if step.kind in _REQUESTS:
            request = step
        else:
            staged = _apply(staged, step, bases)
    return Taken(staged, last, request)


def _apply(staged: StagedEdits, step: Step, bases: Mapping[str, RowBase]) -> StagedEdits:
    if step.kind is StepKind.UNDO:
        return staged.undo()
    if step.kind is StepKind.REDO:
        return staged.redo()
    base = bases.get(step.code)
    if base is None or step.field is None:
        return staged
    return staged.stage(step.code, step.field, step.value, base)
