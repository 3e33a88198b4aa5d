"""What runs did not get done, and no later run took on since."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from core.domain.carried import carried_parts
from core.domain.models import Change, Outcome, Plan, Run, RunChange, RunStatus
from core.domain.month import Month

# The changes of a run, all of them or those with one outcome.
ChangesOf = Callable[[Run, Outcome | None], Iterable[RunChange]]
# The plan of now for the month of a run; None where there is none to go by.
PlanOf = Callable[[Run], Plan | None]


@dataclass(frozen=True)
class Undone:
    """A run that went wrong, and how many of its changes are left because of it."""

    run: Run
    left: int


def undone(
    runs: Sequence[Run], closed: Collection[Month], changes: ChangesOf, plan_of: PlanOf
) -> list[Undone]:
    """The runs that went wrong and whose rows are still to be done, newest first.

    `runs` are all of them, newest first. A row is no longer left when a later run of the month
    tried it again, or when the plan of now neither has it nor says what keeps it from being done. A
    complete sync of the month that finished settles all that was left before it, since its plan
    looked at everything anew. Closed months are left alone.
    """
    found = []
    for position, run in enumerate(runs):
        if run.month in closed or not _went_wrong(run):
            continue
        later = [each for each in runs[:position] if each.month == run.month]
        if any(_settles(each, run) for each in later):
            continue
        left = _left(run, later, changes)
        count = _still_planned(left, plan_of(run)) if left else 0
        if count:
            found.append(Undone(run, count))
    return found


def _went_wrong(run: Run) -> bool:
    if run.status is RunStatus.FINISHED:
        return run.failed > 0 or run.skipped > 0
    return run.status is not RunStatus.OPEN


def _settles(later: Run, run: Run) -> bool:
    """Whether nothing of a run matters any more after a later one of its month."""
    if later.status is not RunStatus.FINISHED:
        return False
    return later.undo_of == run.id or (_is_complete(later) and later.undo_of in ("", run.undo_of))


def _is_complete(run: Run) -> bool:
    return run.options.only is None


def _left(run: Run, later: Sequence[Run], changes: ChangesOf) -> list[RunChange]:
    tried = {
        name
        for each in later
        if each.undo_of == run.undo_of
        for row in changes(each, None)
        if row.outcome in (Outcome.DONE, Outcome.FAILED)
        for name in _names(row.change)
    }
    return [row for row in _not_done(run, changes) if row.change.target.key not in tried]


def _not_done(run: Run, changes: ChangesOf) -> list[RunChange]:
    return [row for row in changes(run, None) if row.outcome is not Outcome.DONE]


def _still_planned(left: Sequence[RunChange], plan: Plan | None) -> int:
    if plan is None:
        return len(left)
    planned = {name for change in plan.changes for name in _names(change)}
    planned |= {each.target.key for each in plan.findings if each.target is not None}
    about = [each for each in plan.blocked if each.target is None]
    customers = {each.customer_id for each in about} - {""}
    codes = {each.product_code for each in about} - {""}
    return sum(
        not planned.isdisjoint(_names(row.change))
        or not customers.isdisjoint(row.change.customer_ids)
        or not codes.isdisjoint(_codes(row.change))
        for row in left
    )


def _codes(change: Change) -> set[str]:
    """The Sophos products that a change counts, or counted before."""
    return {part.product_code for part in change.parts} | {
        carried_parts(key)[1] for key in (*change.carries, *change.carried)
    }


def _names(change: Change) -> set[str]:
    """Its target, also as it was called while the ConnectWise product had yet to be created."""
    agreement = change.target.agreement_id
    if not agreement:
        return {change.target.key}
    return {change.target.key} | {f"{agreement}/+{part.product_code}" for part in change.parts}
