from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from core.errors import BusyError, InputError, message
from core.use_cases.jobs import Jobs, Progress

LABEL = message("Refreshing")


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    built = Jobs(lambda: datetime.now(UTC))
    yield built
    built.close()


def test_a_finished_task_leaves_its_result(jobs: Jobs) -> None:
    jobs.start("refresh", LABEL, "ana", lambda progress: 42)
    jobs.wait(5)
    last = jobs.last("refresh")
    assert last is not None
    assert last.finished
    assert last.result == 42
    assert last.started_by == "ana"
    assert jobs.current() is None


def test_progress_is_seen_while_it_runs(jobs: Jobs) -> None:
    reported, go_on = threading.Event(), threading.Event()

    def task(progress: Progress) -> None:
        progress(3, 10)
        reported.set()
        go_on.wait(5)

    jobs.start("refresh", LABEL, "ana", task)
    assert reported.wait(5)
    current = jobs.current()
    assert current is not None
    assert (current.done, current.total) == (3, 10)
    go_on.set()
    jobs.wait(5)


def test_a_second_task_is_refused_while_one_runs(jobs: Jobs) -> None:
    go_on = threading.Event()
    jobs.start("refresh", LABEL, "ana", lambda progress: go_on.wait(5))
    with pytest.raises(BusyError, match="Refreshing"):
        jobs.start("refresh", LABEL, "ben", lambda progress: None)
    go_on.set()
    jobs.wait(5)
    jobs.start("refresh", LABEL, "ben", lambda progress: None)
    jobs.wait(5)


def test_an_error_is_kept_and_the_worker_goes_on(jobs: Jobs) -> None:
    def fail(progress: Progress) -> None:
        raise InputError(message("No."))

    jobs.start("refresh", LABEL, "ana", fail)
    jobs.wait(5)
    last = jobs.last("refresh")
    assert last is not None
    assert isinstance(last.error, InputError)


def test_an_unexpected_error_gets_a_plain_sentence(jobs: Jobs) -> None:
    def fail(progress: Progress) -> None:
        raise ZeroDivisionError

    jobs.start("refresh", LABEL, "ana", fail)
    jobs.wait(5)
    last = jobs.last("refresh")
    assert last is not None
    assert last.error is not None
    assert "ZeroDivision" not in str(last.error)
