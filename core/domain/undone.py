"""What runs did not get done, and no later run took on since."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from core.domain.models import Change, Outcome, Run, RunChange, RunStatus
from core.domain.month import Month

# The changes of a run, all of them or those with one outcome.
ChangesOf = Callable[[Run, Outcome | None], Iterable[RunChange]]


@dataclass(frozen=True)
class Undone:
    """A run that went wrong, and how many of its changes are left because of it."""

    run: Run
    left: int


def undone(runs: Sequence[Run], closed: Collection[Month], changes: ChangesOf) -> list[Undone]:
    """The runs that went wrong and whose rows are still to be done, newest first.

    `runs` are all of them, newest first. A row is no longer left when a later run of the month
    tried it again. A complete sync of the month that finished settles all that was left before it,
    since its plan looked at everything anew. Closed months are left alone.
    """
    found = []
    for position, run in enumerate(runs):
        if run.month in closed or not _went_wrong(run):
            continue
        later = [each for each in runs[:position] if each.month == run.month]
        left = 0 if any(_settles(each, run) for each in later) else _left(run, later, changes)
        if left:
            found.append(Undone(run, left))
    return found


def _went_wrong(run: Run) -> bool:
    if run.status is RunStatus.FINISHED:
        return run.failed > 0
    return run.status is not RunStatus.OPEN


def _settles(later: Run, run: Run) -> bool:
    """Whether nothing of a run matters any more after a later one of its month."""
    if later.status is not RunStatus.FINISHED:
        return False
    return later.undo_of == run.id or (_is_complete(later) and later.undo_of in ("", run.undo_of))


def _is_complete(run: Run) -> bool:
    return run.options.only is None


def _left(run: Run, later: Sequence[Run], changes: ChangesOf) -> int:
    tried = {
        name
        for each in later
        if each.undo_of == run.undo_of
        for row in changes(each, None)
        if row.outcome in (Outcome.DONE, Outcome.FAILED)
        for name in _names(row.change)
    }
    return sum(row.change.target.key not in tried for row in _not_done(run, changes))


def _not_done(run: Run, changes: ChangesOf) -> Iterable[RunChange]:
    """In a run that finished, what was skipped follows from what failed."""
    if run.status is RunStatus.FINISHED:
        return changes(run, Outcome.FAILED)
    return [row for row in changes(run, None) if row.outcome is not Outcome.DONE]


def _names(change: Change) -> set[str]:
    """Its target, also as it was called while the ConnectWise product had yet to be created."""
    agreement = change.target.agreement_id
    if not agreement:
        return {change.target.key}
    return {change.target.key} | {f"{agreement}/+{part.product_code}" for part in change.parts}
