"""Group commit: nobody's call goes out before its announcement is committed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from core.domain.models import JournalEntry, Outcome, Run
from core.domain.month import Month
from core.errors import InputError, StoreError, message
from core.services import Services
from core.use_cases.run_journal import RunJournal
from tests.use_cases.sync_world import approved, last_month


@pytest.fixture
def run(ready: Services) -> Run:
    return approved(ready, last_month(ready))


@pytest.fixture
def journal(ready: Services, run: Run) -> RunJournal:
    return RunJournal(ready.store, run.id, ready.clock)


def committed(services: Services, run: Run) -> list[tuple[int, Outcome]]:
    return [(entry.number, entry.outcome) for entry in services.store.runs.journal(run.id)]


def done(services: Services, number: int) -> JournalEntry:
    return JournalEntry(number=number, at=services.clock(), outcome=Outcome.DONE)


def wait_until(condition: Callable[[], bool]) -> None:
    for _ in range(10_000):
        if condition():
            return
        threading.Event().wait(0.001)
    raise AssertionError("it does not come to that")


def test_an_announcement_is_committed_when_it_returns(
    ready: Services, run: Run, journal: RunJournal
) -> None:
    journal.announce(3)
    assert committed(ready, run) == [(3, Outcome.IN_FLIGHT)]


def test_an_outcome_goes_in_with_the_next_announcement_or_the_flush(
    ready: Services, run: Run, journal: RunJournal
) -> None:
    journal.announce(1)
    journal.settle(done(ready, 1))
    assert committed(ready, run) == [(1, Outcome.IN_FLIGHT)]
    journal.announce(2)
    expected = [(1, Outcome.IN_FLIGHT), (1, Outcome.DONE), (2, Outcome.IN_FLIGHT)]
    assert committed(ready, run) == expected
    journal.settle(done(ready, 2))
    journal.flush()
    assert committed(ready, run) == [*expected, (2, Outcome.DONE)]
    journal.flush()
    assert len(committed(ready, run)) == 4


def test_who_waits_while_another_commits_shares_the_next_transaction(
    ready: Services, run: Run, journal: RunJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    announce, batches = ready.store.runs.announce, []
    first, go = threading.Event(), threading.Event()

    def slow(run_id: str, entries: Sequence[JournalEntry], **outcomes: Any) -> None:
        batches.append(len(entries))
        first.set()
        go.wait(10)
        announce(run_id, entries, **outcomes)

    monkeypatch.setattr(ready.store.runs, "announce", slow)
    with ThreadPoolExecutor(12) as pool:
        waiting = [pool.submit(journal.announce, 1)]
        first.wait(10)
        waiting += [pool.submit(journal.announce, number) for number in range(2, 13)]
        wait_until(lambda: len(journal._announced) == 11)
        assert committed(ready, run) == []
        go.set()
        for each in waiting:
            each.result()
    assert batches == [1, 11]
    assert sorted(committed(ready, run)) == [(n, Outcome.IN_FLIGHT) for n in range(1, 13)]


def test_what_cannot_be_committed_fails_for_everybody_who_waits_for_it(
    ready: Services, run: Run, journal: RunJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, go = threading.Event(), threading.Event()

    def refused(run_id: str, entries: Sequence[JournalEntry], **outcomes: Any) -> None:
        first.set()
        go.wait(10)
        raise InputError(message("It is closed."))

    monkeypatch.setattr(ready.store.runs, "announce", refused)
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(journal.announce, number) for number in range(1, 5)]
        first.wait(10)
        wait_until(lambda: len(journal._announced) == 3)
        go.set()
        for each in waiting:
            with pytest.raises(InputError):
                each.result()
    assert committed(ready, run) == []


def test_an_outcome_that_could_not_be_committed_is_not_lost(
    ready: Services, run: Run, journal: RunJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.announce(1)
    journal.settle(done(ready, 1))

    def full(*given: Any, **more: Any) -> None:
        raise StoreError(message("The disk is full."))

    with monkeypatch.context() as broken:
        broken.setattr(ready.store.runs, "announce", full)
        broken.setattr(ready.store.runs, "settle", full)
        with pytest.raises(StoreError):
            journal.announce(2)
    assert committed(ready, run) == [(1, Outcome.IN_FLIGHT)]
    journal.flush()
    assert committed(ready, run) == [(1, Outcome.IN_FLIGHT), (1, Outcome.DONE)]


def test_the_month_is_looked_at_with_every_announcement(
    ready: Services, run: Run, journal: RunJournal
) -> None:
    journal.announce(1)
    ready.runs.stop(run.id, "ana")
    with pytest.raises(Exception, match="not under way"):
        journal.announce(2)
    ready.months.close(Month.parse(str(run.month)), "ana")
    with pytest.raises(InputError, match="closed"):
        ready.runs.resume(run.id, "ana")
    assert committed(ready, run) == [(1, Outcome.IN_FLIGHT)]


# ---------------------------------------------------------------- ahead


def test_what_comes_next_is_announced_with_the_first_and_taken_back_when_it_ends(
    ready: Services, run: Run, journal: RunJournal
) -> None:
    journal.expect(range(1, 6))
    journal.announce(1)
    assert sorted(committed(ready, run)) == [(n, Outcome.IN_FLIGHT) for n in range(1, 6)]
    before = committed(ready, run)
    journal.announce(2)
    assert committed(ready, run) == before
    journal.settle(done(ready, 1))
    journal.flush()
    outcomes = {row.number: row.outcome for row in ready.store.runs.changes(run.id)}
    expected = [Outcome.DONE, Outcome.IN_FLIGHT] + [Outcome.WAITING] * 3
    assert [outcomes[number] for number in range(1, 6)] == expected


def test_only_some_are_announced_ahead_and_each_once(
    ready: Services, run: Run, journal: RunJournal
) -> None:
    journal.expect(range(1, run.changes + 1))
    for number in range(1, run.changes + 1):
        journal.announce(number)
        lines = committed(ready, run)
        assert (number, Outcome.IN_FLIGHT) in lines
        assert sum(outcome is Outcome.IN_FLIGHT for _, outcome in lines) <= number + 48
        journal.settle(done(ready, number))
    journal.flush()
    lines = committed(ready, run)
    assert len(lines) == len(set(lines)) == 2 * run.changes


def test_who_begins_while_the_commit_takes_his_number_ahead_is_announced_once(
    ready: Services, run: Run, journal: RunJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    announce = ready.store.runs.announce
    first, go = threading.Event(), threading.Event()

    def slow(run_id: str, entries: Sequence[JournalEntry], **outcomes: Any) -> None:
        first.set()
        go.wait(10)
        announce(run_id, entries, **outcomes)

    monkeypatch.setattr(ready.store.runs, "announce", slow)
    journal.expect(range(1, 6))
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(journal.announce, 1)]
        first.wait(10)
        waiting.append(pool.submit(journal.announce, 2))
        wait_until(lambda: len(journal._announced) == 1)
        go.set()
        for each in waiting:
            each.result()
    assert committed(ready, run).count((2, Outcome.IN_FLIGHT)) == 1
    for number in (1, 2):
        journal.settle(done(ready, number))
    journal.flush()
    assert committed(ready, run).count((2, Outcome.WAITING)) == 0


def test_many_threads_never_begin_what_is_not_committed(
    ready: Services, run: Run, journal: RunJournal
) -> None:
    journal.expect(range(1, run.changes + 1))

    def carry_out(number: int) -> bool:
        journal.announce(number)
        begun = (number, Outcome.IN_FLIGHT) in committed(ready, run)
        journal.settle(done(ready, number))
        return begun

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(carry_out, range(1, run.changes + 1)))
    journal.flush()
    rows = ready.store.runs.changes(run.id)
    assert {row.outcome for row in rows} == {Outcome.DONE}
