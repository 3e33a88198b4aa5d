"""What has to be true before a month or a run is written to.

Each is checked in the transaction that writes, so that nothing can come between.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from core.domain.models import Outcome, RunEventKind
from core.domain.month import Month
from core.errors import BusyError, ConflictError, InputError, message
from core.storage import bulk
from core.storage.database import Transaction

# A run is under way while one of these is its last event.
UNDER_WAY = (RunEventKind.APPROVED, RunEventKind.STARTED, RunEventKind.RESUMED)
_RESUMABLE = (*UNDER_WAY, RunEventKind.STOPPED, RunEventKind.ABORTED)

CLOSED = """
SELECT c.month FROM store.month_closing c
JOIN (SELECT month, max(position) AS position FROM store.month_closing GROUP BY month) last
  ON last.month = c.month AND last.position = c.position
WHERE c.closed"""
UNDER_WAY_RUNS = f"""
SELECT r.id, r.number, r.month FROM store.run r
JOIN (SELECT run_id, max(position) AS position FROM store.run_event GROUP BY run_id) last
  ON last.run_id = r.id
JOIN store.run_event e ON e.run_id = last.run_id AND e.position = last.position
WHERE e.kind IN ({", ".join(f"'{kind}'" for kind in UNDER_WAY)})"""  # noqa: S608 (own names)

_STATE = """
SELECT r.id, r.number, r.month, e.kind, r.change_count
FROM store.run r JOIN store.run_event e ON e.run_id = r.id
WHERE r.id = ? ORDER BY e.position DESC LIMIT 1"""
_DONE = f"""
SELECT min(change_number) FROM store.journal
WHERE run_id = ? AND outcome = ? AND change_number IN {bulk.IDS}"""  # noqa: S608 (own text)

_SETTLED = f"""
SELECT min(j.change_number) FROM store.journal j
JOIN (
    SELECT max(position) AS position FROM store.journal
    WHERE run_id = ? AND change_number IN {bulk.IDS} GROUP BY change_number
) last ON last.position = j.position
WHERE j.run_id = ? AND j.outcome IN (?, ?, ?)"""  # noqa: S608 (own text)


class RunState(NamedTuple):
    """How a run stands: its last event, and how many changes it has."""

    id: str
    number: int
    month: Month
    last: RunEventKind
    changes: int


def state_of(transaction: Transaction, run_id: str) -> RunState:
    """How the run stands; ValueError when there is no such run."""
    rows = transaction.execute(_STATE, [run_id])
    if not rows:
        raise ValueError(f"there is no run {run_id}")
    _, number, month, kind, changes = rows[0]
    return RunState(run_id, number, Month.parse(month), RunEventKind(kind), changes)


def is_closed(transaction: Transaction, month: Month) -> bool:
    """Whether the last thing that happened to `month` is that it was closed."""
    return bool(transaction.execute(f"{CLOSED} AND c.month = ?", [str(month)]))


def refuse_closed(transaction: Transaction, month: Month) -> None:
    """Raise InputError when `month` is closed."""
    if is_closed(transaction, month):
        raise InputError(
            message("{month} is closed; nothing was written.", month=str(month)),
            remedy=message("Reopen it with a reason if it has to change."),
        )


def refuse_while_under_way(
    transaction: Transaction, *, month: Month | None = None, but: str = ""
) -> None:
    """Raise BusyError while a run is under way, of `month` or of any; the run `but` is left out."""
    for run_id, number, of_month in transaction.execute(UNDER_WAY_RUNS):
        if run_id != but and month in (None, Month.parse(of_month)):
            raise BusyError(
                message(
                    "Run {number} of {month} has not ended yet.",
                    number=str(number),
                    month=str(of_month),
                ),
                remedy=message("Wait until it has ended, or finish or stop it, then try again."),
            )


def refuse_over(state: RunState, *, resumable: bool = False) -> None:
    """Raise ConflictError unless the run is under way, or at least, if asked, can be resumed."""
    if state.last not in (_RESUMABLE if resumable else UNDER_WAY):
        raise ConflictError(
            message("Run {number} is not under way any more.", number=str(state.number)),
            remedy=message("Look at how it ended, then make a new plan."),
        )


def refuse_done(transaction: Transaction, state: RunState, changes: Collection[int]) -> None:
    """Raise ConflictError when one of these changes of the run is done already."""
    done = transaction.execute(_DONE, [state.id, Outcome.DONE.value, bulk.ids(changes)])[0][0]
    if done is not None:
        raise ConflictError(
            message(
                "Change {change} of run {number} is done already.",
                change=str(done),
                number=str(state.number),
            ),
            remedy=message("Look at how the run stands, then go on with what is left."),
        )


def refuse_settled(transaction: Transaction, state: RunState, changes: Collection[int]) -> None:
    """Raise ConflictError when the run is over for good and one of these changes has its outcome:
    that is history. A change whose outcome was not known yet may still get it."""
    if state.last in _RESUMABLE:
        return
    ended = [outcome.value for outcome in (Outcome.DONE, Outcome.FAILED, Outcome.SKIPPED)]
    rows = transaction.execute(_SETTLED, [state.id, bulk.ids(changes), state.id, *ended])
    if rows[0][0] is not None:
        raise ConflictError(
            message(
                "Run {number} has ended, and what became of its change {change} is recorded.",
                number=str(state.number),
                change=str(rows[0][0]),
            ),
            remedy=message("Look at how it ended, then make a new plan."),
        )
