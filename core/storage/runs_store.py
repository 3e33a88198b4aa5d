"""Runs, their changes, and the journal that is written before and after every call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from core.domain.models import (
    Addition,
    Binding,
    CustomerSync,
    JournalEntry,
    Outcome,
    Run,
    RunChange,
    RunEvent,
    RunEventKind,
)
from core.domain.month import Month
from core.storage import bulk
from core.storage.additions_store import put_additions, put_bindings, remove_bindings
from core.storage.database import Database, Row, Transaction
from core.storage.mappings_store import MappingDecision, change_mappings
from core.storage.run_checks import (
    UNDER_WAY_RUNS,
    RunState,
    refuse_closed,
    refuse_done,
    refuse_over,
    refuse_settled,
    refuse_while_under_way,
    state_of,
)
from core.storage.run_rows import (
    CHANGE_COLUMNS,
    CUSTOMER_COLUMNS,
    EVENT_COLUMNS,
    JOURNAL_COLUMNS,
    RUN_COLUMNS,
    approved_from,
    change_row,
    customer_rows,
    event_row,
    journal_from,
    journal_row,
    run_from,
    run_row,
    with_outcome,
)
from core.storage.values import aware

_Runs: TypeAlias = list[Run]
_Changes: TypeAlias = list[RunChange]
_Journal: TypeAlias = list[JournalEntry]

_RUNS = """
SELECT id, number, month, digest, origin, approved_by, approved_at, options, limits,
       override_reason, retry_of, undo_of, change_count
FROM store.run"""
_EVENTS = """
SELECT run_id, position, kind, happened_at, done_by, reason, remedy, read_count, write_count
FROM store.run_event WHERE run_id IN ({runs}) ORDER BY run_id, position"""
_COUNTS = """
SELECT j.run_id, j.outcome, count(*) FROM store.journal j
JOIN (
    SELECT run_id, change_number, max(position) AS position
    FROM store.journal WHERE run_id IN ({runs}) GROUP BY run_id, change_number
) last ON last.run_id = j.run_id AND last.position = j.position
WHERE j.run_id IN ({runs}) GROUP BY j.run_id, j.outcome"""
_APPROVED = """
SELECT change_number, content, names
FROM store.run_change WHERE run_id = ? ORDER BY change_number"""
_OUTCOMES = """
SELECT j.change_number, j.outcome, j.happened_at, j.addition_id, j.product_id, j.reason, j.remedy,
       j.detail, j.unit_price
FROM store.journal j
JOIN (
    SELECT max(position) AS position FROM store.journal WHERE run_id = ? GROUP BY change_number
) last ON last.position = j.position
WHERE j.run_id = ?"""
_JOURNAL = """
SELECT change_number, outcome, happened_at, addition_id, product_id, reason, remedy, detail,
       unit_price
FROM store.journal WHERE run_id = ? ORDER BY position"""
_CUSTOMER_SYNCS = """
WITH touched AS (
    SELECT c.customer_id, r.number, r.id, r.month, max(j.happened_at) AS happened_at,
           count(CASE WHEN j.outcome = 'done' THEN 1 END) AS done,
           count(CASE WHEN j.outcome = 'failed' THEN 1 END) AS failed
    FROM store.journal j
    JOIN (
        SELECT run_id, max(position) AS position FROM store.journal GROUP BY run_id, change_number
    ) last ON last.run_id = j.run_id AND last.position = j.position
    JOIN store.run_customer c ON c.run_id = j.run_id AND c.change_number = j.change_number
    JOIN store.run r ON r.id = j.run_id
    WHERE j.outcome IN ('done', 'failed')
    GROUP BY c.customer_id, r.number, r.id, r.month
)
SELECT t.customer_id, t.id, t.month, t.happened_at, t.done, t.failed
FROM touched t
JOIN (SELECT customer_id, max(number) AS number FROM touched GROUP BY customer_id) newest
  ON newest.customer_id = t.customer_id AND newest.number = t.number
ORDER BY t.customer_id"""
_NEXT_EVENT = "SELECT coalesce(max(position), 0) + 1 FROM store.run_event WHERE run_id = ?"
_NEXT_ENTRY = "SELECT coalesce(max(position), 0) + 1 FROM store.journal WHERE run_id = ?"
_NO_LIMIT = 2**62


class RunsStore:
    """Everything here is only ever added to: how a run and its changes stand follows from the
    last lines of its events and of its journal."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._newest: tuple[str, Sequence[RunChange]] | None = None

    # ------------------------------------------------------------------------------ writing

    def open_run(self, run: Run, changes: Sequence[RunChange]) -> Run:
        """Record an approved run with its changes, and return it with its number.

        Its first event is the approval, by and at what `run` says. Raises BusyError while another
        run is under way, InputError when the month is closed, ValueError unless the changes are
        numbered 1, 2, 3 and so on. What `run` has of events, counts and a number is not looked at.
        """
        if [change.number for change in changes] != list(range(1, len(changes) + 1)):
            raise ValueError("the changes of a run are numbered from 1")
        change_rows = [change_row(run.id, change) for change in changes]
        customers = [row for change in changes for row in customer_rows(run.id, change)]
        approval = RunEvent(kind=RunEventKind.APPROVED, at=run.approved_at, by=run.approved_by)

        def change(transaction: Transaction) -> Run:
            refuse_while_under_way(transaction)
            refuse_closed(transaction, run.month)
            last = transaction.execute("SELECT coalesce(max(number), 0) FROM store.run")
            opened = _opened(run, last[0][0] + 1, len(changes), approval)
            bulk.insert(transaction, "store.run", RUN_COLUMNS, [run_row(opened)])
            bulk.insert(transaction, "store.run_change", CHANGE_COLUMNS, change_rows)
            bulk.insert(transaction, "store.run_customer", CUSTOMER_COLUMNS, customers)
            _add_event(transaction, run.id, approval, 0, 0)
            return opened

        opened = self._database.write(change, remark=True)
        approved = [
            RunChange(number=each.number, change=each.change, names=each.names) for each in changes
        ]
        self._newest = (run.id, approved)
        return opened

    def event(self, run_id: str, event: RunEvent, reads: int = 0, writes: int = 0) -> None:
        """Record what happened to a run.

        `reads` and `writes` are the requests made since it was approved or last resumed, as far
        as they are known at this event. RESUMED goes on with a run that was cut off, stopped or
        aborted; it raises BusyError while another run is under way and InputError when the month
        was closed since. Every other event needs a run that is under way, else ConflictError.
        """
        if event.kind is RunEventKind.APPROVED:
            raise ValueError("a run is approved once, when it is opened")

        def change(transaction: Transaction) -> None:
            state = state_of(transaction, run_id)
            if event.kind is RunEventKind.RESUMED:
                refuse_over(state, resumable=True)
                refuse_while_under_way(transaction, but=run_id)
                refuse_closed(transaction, state.month)
            else:
                refuse_over(state)
            _add_event(transaction, run_id, event, reads, writes)

        self._database.write(change, remark=True)

    def announce(
        self,
        run_id: str,
        entries: Sequence[JournalEntry],
        *,
        outcomes: Sequence[JournalEntry] = (),
        bindings: Iterable[Binding] = (),
        unbind: Iterable[tuple[int, int]] = (),
        additions: Iterable[Addition] = (),
    ) -> None:
        """Commit to the journal what is about to be called, and in the same transaction what came
        in of other changes, see `settle`.

        Raises ConflictError when the run is not under way or one of the changes is done already,
        InputError when its month is closed, ValueError for an entry that is no announcement; then
        the outcomes are not committed either.
        """
        if any(entry.outcome is not Outcome.IN_FLIGHT for entry in entries):
            raise ValueError("an outcome cannot be announced")
        bound, unbound, read = list(bindings), list(unbind), list(additions)

        def change(transaction: Transaction) -> None:
            state = state_of(transaction, run_id)
            refuse_over(state)
            refuse_closed(transaction, state.month)
            refuse_done(transaction, state, [entry.number for entry in entries])
            _add_entries(transaction, state, [*outcomes, *entries])
            remove_bindings(transaction, unbound)
            put_bindings(transaction, bound)
            put_additions(transaction, read)

        self._database.write(change)

    def settle(
        self,
        run_id: str,
        entries: Sequence[JournalEntry],
        bindings: Iterable[Binding] = (),
        unbind: Iterable[tuple[int, int]] = (),
        *,
        additions: Iterable[Addition] = (),
        decide: MappingDecision | None = None,
    ) -> None:
        """Commit what became of changes, with all that follows from it, in one transaction.

        `bindings` are put, `unbind` (agreement and ConnectWise product) are removed, `additions`
        are put into the snapshot, `decide` says what it does to the product mappings, see
        `MappingsStore.change`. WAITING takes an announcement back: the server turned the call
        away. An outcome is taken whatever became of the run and its month meanwhile: it happened.
        Raises ConflictError for another outcome of a change that has one in a run that is over.
        """
        if any(entry.outcome is Outcome.IN_FLIGHT for entry in entries):
            raise ValueError("an announcement is no outcome")
        bound, unbound, read = list(bindings), list(unbind), list(additions)

        def change(transaction: Transaction) -> None:
            state = state_of(transaction, run_id)
            refuse_settled(transaction, state, [entry.number for entry in entries])
            _add_entries(transaction, state, entries)
            remove_bindings(transaction, unbound)
            put_bindings(transaction, bound)
            put_additions(transaction, read)
            if decide is not None:
                change_mappings(transaction, decide)

        self._database.write(change)

    # ------------------------------------------------------------------------------ reading

    def get(self, run_id: str) -> Run | None:
        """One run, None when there is none of that id."""
        found = self._read("WHERE id = ?", [run_id])
        return found[0] if found else None

    def numbered(self, number: int) -> Run | None:
        """The run of that number, which is what people see, None when there is none."""
        found = self._read("WHERE number = ?", [number])
        return found[0] if found else None

    def open(self) -> Run | None:
        """The run that is under way or was cut off, None when there is none."""
        rows = self._database.read(UNDER_WAY_RUNS)
        return self.get(rows[0][0]) if rows else None

    def list(self, limit: int | None = None, month: Month | None = None) -> _Runs:
        """Runs of one month or of all, newest first."""
        wanted = None if month is None else str(month)
        return self._read(
            "WHERE CAST(? AS VARCHAR) IS NULL OR month = ? ORDER BY number DESC LIMIT ?",
            [wanted, wanted, _NO_LIMIT if limit is None else limit],
        )

    def changes(self, run_id: str) -> _Changes:
        """The changes of a run with their outcomes, by number."""
        approved = self._approved_changes(run_id)
        rows = self._database.read(_OUTCOMES, [run_id, run_id])
        outcomes = {row[0]: row[1:] for row in rows}
        return [
            with_outcome(change, outcomes[change.number]) if change.number in outcomes else change
            for change in approved
        ]

    def journal(self, run_id: str) -> _Journal:
        """Every line of a run's journal, in the order in which they were committed."""
        return [journal_from(row) for row in self._database.read(_JOURNAL, [run_id])]

    def customer_syncs(self) -> dict[str, CustomerSync]:
        """What the last run that did or failed something for a customer came to, by customer."""
        return {row[0]: _customer_sync(row) for row in self._database.read(_CUSTOMER_SYNCS)}

    def _approved_changes(self, run_id: str) -> Sequence[RunChange]:
        """What was approved never changes; that of the run in hand is kept."""
        newest = self._newest
        if newest is None or newest[0] != run_id:
            rows = self._database.read(_APPROVED, [run_id])
            newest = self._newest = (run_id, [approved_from(row) for row in rows])
        return newest[1]

    def _read(self, where: str, parameters: Sequence[Any]) -> _Runs:
        rows = self._database.read(f"{_RUNS} {where}", parameters)
        if not rows:
            return []
        ids = [row[0] for row in rows]
        runs = ", ".join("?" * len(ids))
        events: dict[str, list[Row]] = {}
        for row in self._database.read(_EVENTS.format(runs=runs), ids):
            events.setdefault(row[0], []).append(row)
        counts: dict[str, dict[str, int]] = {}
        # After the events: a run that is over is never shown with fewer outcomes than it had.
        for run_id, outcome, count in self._database.read(_COUNTS.format(runs=runs), [*ids, *ids]):
            counts.setdefault(run_id, {})[outcome] = count
        return [run_from(row, events.get(row[0], ()), counts.get(row[0], {})) for row in rows]


def _opened(run: Run, number: int, changes: int, approval: RunEvent) -> Run:
    return replace(
        run,
        number=number,
        events=(approval,),
        changes=changes,
        done=0,
        failed=0,
        skipped=0,
        reads=0,
        writes=0,
    )


def _add_event(
    transaction: Transaction, run_id: str, event: RunEvent, reads: int, writes: int
) -> None:
    position = _next_position(transaction, _NEXT_EVENT, run_id)
    row = event_row(run_id, position, event, reads, writes)
    bulk.insert(transaction, "store.run_event", EVENT_COLUMNS, [row])


def _add_entries(
    transaction: Transaction, state: RunState, entries: Sequence[JournalEntry]
) -> None:
    unknown = [entry.number for entry in entries if not 1 <= entry.number <= state.changes]
    if unknown:
        raise ValueError(f"run {state.id} has no change {unknown[0]}")
    first = _next_position(transaction, _NEXT_ENTRY, state.id)
    rows = [journal_row(state.id, position, entry) for position, entry in enumerate(entries, first)]
    bulk.insert(transaction, "store.journal", JOURNAL_COLUMNS, rows)


def _next_position(transaction: Transaction, sql: str, run_id: str) -> int:
    return int(transaction.execute(sql, [run_id])[0][0])


def _customer_sync(row: Row) -> CustomerSync:
    return CustomerSync(
        run_id=row[1],
        month=Month.parse(row[2]),
        at=aware(row[3]),
        done=row[4],
        failed=row[5],
    )
