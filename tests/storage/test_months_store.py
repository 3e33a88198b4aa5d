from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest

from core.domain.models import MonthClosing, Outcome, RunEventKind
from core.errors import BusyError, ConflictError, InputError, UsageSyncError
from core.storage import run_checks
from core.storage.store import Store
from tests.storage.samples import NOON, OCTOBER, fetch, line, usage
from tests.storage.sync_samples import binding, change, event, line_of, numbered, run

SEPTEMBER = OCTOBER.plus(-1)
CLOSED = MonthClosing(month=OCTOBER, closed=True, at=NOON, by="ada")
REOPENED = MonthClosing(
    month=OCTOBER,
    closed=False,
    at=NOON - timedelta(hours=1),
    by="bob “é😀”",
    reason="a credit of 'Acme'",
)


def _at_once(*works: Callable[[], object]) -> list[str]:
    """What became of each, started at the same moment."""
    gate = threading.Barrier(len(works), timeout=30)

    def outcome(work: Callable[[], object]) -> str:
        gate.wait()
        try:
            work()
        except UsageSyncError as error:
            return type(error).__name__
        return "done"

    with ThreadPoolExecutor(len(works)) as executor:
        return list(executor.map(outcome, works))


def test_at_first_every_month_is_open(store: Store) -> None:
    assert store.months.closed() == frozenset()
    assert store.months.closings() == []


def test_a_month_is_what_was_recorded_last_whatever_the_clock_says(store: Store) -> None:
    september = MonthClosing(month=SEPTEMBER, closed=True, at=NOON, by="ada", reason="audited")

    store.months.record(CLOSED)
    store.months.record(september)
    assert store.months.closed() == {OCTOBER, SEPTEMBER}

    store.months.record(REOPENED)
    assert store.months.closed() == {SEPTEMBER}

    store.months.record(CLOSED)
    assert store.months.closed() == {OCTOBER, SEPTEMBER}
    assert store.months.closings() == [CLOSED, REOPENED, september, CLOSED]
    assert store.months.closings(SEPTEMBER) == [september]


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_reopening_needs_a_reason(store: Store, reason: str) -> None:
    store.months.record(CLOSED)

    with pytest.raises(InputError, match="a reason is missing") as caught:
        store.months.record(
            MonthClosing(month=OCTOBER, closed=False, at=NOON, by="a", reason=reason)
        )

    assert [problem.field for problem in caught.value.problems] == ["reason"]
    assert store.months.closed() == {OCTOBER}


def test_who_comes_second_is_told(store: Store) -> None:
    with pytest.raises(ConflictError, match="2026-10 is open already"):
        store.months.record(REOPENED)
    store.months.record(CLOSED)
    with pytest.raises(ConflictError, match="2026-10 is closed already"):
        store.months.record(CLOSED)

    assert store.months.closings() == [CLOSED]


def test_a_month_is_not_closed_under_a_run(store: Store) -> None:
    store.runs.open_run(run(), numbered(change()))

    with pytest.raises(BusyError, match=r"Run 1 of 2026-10 has not ended yet"):
        store.months.record(CLOSED)
    store.months.record(MonthClosing(month=SEPTEMBER, closed=True, at=NOON, by="ada"))
    store.runs.event("run-1", event(RunEventKind.STARTED))
    with pytest.raises(BusyError):
        store.months.record(CLOSED)
    store.runs.event("run-1", event(RunEventKind.STOPPED))
    store.months.record(CLOSED)

    assert store.months.closed() == {OCTOBER, SEPTEMBER}


def test_nothing_is_opened_for_a_closed_month(store: Store) -> None:
    store.months.record(CLOSED)

    with pytest.raises(InputError, match=r"2026-10 is closed; nothing was written\. Reopen it"):
        store.runs.open_run(run(), numbered(change()))

    assert store.runs.list() == []
    assert store.runs.open_run(run(month=SEPTEMBER), numbered(change())).number == 1


def test_a_stopped_run_of_a_closed_month_is_not_resumed(store: Store) -> None:
    store.runs.open_run(run(), numbered(change()))
    store.runs.event("run-1", event(RunEventKind.STOPPED))
    store.months.record(CLOSED)

    with pytest.raises(InputError, match="2026-10 is closed"):
        store.runs.event("run-1", event(RunEventKind.RESUMED))
    assert store.runs.open() is None

    store.months.record(REOPENED)
    store.runs.event("run-1", event(RunEventKind.RESUMED))
    assert store.runs.open() is not None


def test_no_call_is_announced_for_a_closed_month(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cannot come to this, because nothing closes a month under a run: the last line of
    defence is tried with the first one taken away."""
    store.runs.open_run(run(), numbered(change()))
    store.runs.announce("run-1", [line_of()])
    with monkeypatch.context() as patched:
        patched.setattr(run_checks, "UNDER_WAY_RUNS", "SELECT 1, 1, 1 WHERE false")
        store.months.record(CLOSED)

    with pytest.raises(InputError, match="2026-10 is closed"):
        store.runs.announce("run-1", [line_of()])

    assert store.runs.journal("run-1") == [line_of()]


def test_of_closing_a_month_and_opening_its_run_at_once_one_wins(store: Store) -> None:
    for number in range(10):
        month = OCTOBER.plus(number)
        closing = MonthClosing(month=month, closed=True, at=NOON, by="ada")
        approved = run(f"run-{number}", month=month)

        outcomes = _at_once(
            partial(store.months.record, closing),
            partial(store.runs.open_run, approved, numbered(change())),
        )

        opened = store.runs.open()
        if opened is None:
            assert outcomes == ["done", "InputError"]
        else:
            assert outcomes == ["BusyError", "done"]
            store.runs.event(opened.id, event(RunEventKind.FINISHED))
        assert (month in store.months.closed()) == (opened is None)


def test_no_usage_is_recorded_for_a_closed_month(store: Store) -> None:
    store.usage.record_fetch(fetch([line()]), [line()], [usage()])
    store.months.record(CLOSED)

    with pytest.raises(InputError, match="2026-10 is closed"):
        store.usage.record_fetch(fetch(), [], [])

    assert len(store.usage.fetches()) == 1
    assert store.usage.usage(OCTOBER) == [usage()]
    store.usage.record_fetch(fetch(month=SEPTEMBER), [], [])


def test_outcomes_are_taken_whatever_became_of_the_month(store: Store) -> None:
    store.runs.open_run(run(), numbered(change()))
    store.runs.announce("run-1", [line_of()])
    store.runs.event("run-1", event(RunEventKind.STOPPED))
    store.months.record(CLOSED)

    store.runs.settle("run-1", [line_of(1, Outcome.DONE)], [binding()])

    assert store.additions.bindings() == {(7, 17): binding()}
