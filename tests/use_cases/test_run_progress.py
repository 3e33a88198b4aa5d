"""How far a run is: what was done before it was resumed counts, and its pace does not."""

from __future__ import annotations

import pytest

from core.domain.models import Outcome
from core.use_cases import run_progress
from core.use_cases.run_progress import Tracker
from tests.storage.sync_samples import run

FRESH = run(changes=64)
STOPPED = run(changes=64, done=24, failed=2, skipped=1)


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of the clock, in its only element."""
    now = [1000.0]
    monkeypatch.setattr(run_progress.time, "monotonic", lambda: now[0])
    return now


def test_a_run_begins_at_nothing() -> None:
    told: list[tuple[int, int | None]] = []
    tracker = Tracker("r", lambda done, total: told.append((done, total)))
    tracker.begin(64, FRESH)
    assert (tracker.now.finished, tracker.now.total, tracker.now.remaining) == (0, 64, 64)
    tracker.count(Outcome.DONE)
    assert told == [(0, 64), (1, 64)]


def test_a_resumed_run_counts_on_from_what_was_done_before() -> None:
    told: list[tuple[int, int | None]] = []
    tracker = Tracker("r", lambda done, total: told.append((done, total)))
    tracker.begin(37, STOPPED)
    for outcome in (Outcome.DONE, Outcome.DONE, Outcome.FAILED):
        tracker.count(outcome)
    now = tracker.now
    assert (now.done, now.failed, now.skipped) == (26, 3, 1)
    assert (now.finished, now.remaining, now.total) == (30, 34, 64)
    assert told == [(27, 64), (28, 64), (29, 64), (30, 64)]


def test_the_time_left_follows_from_the_pace_of_this_pass_alone(seconds: list[float]) -> None:
    tracker = Tracker("r", lambda _done, _total: None)
    tracker.begin(37, STOPPED)
    for _ in range(4):
        tracker.count(Outcome.DONE)
    assert tracker.now.seconds_left is None  # too few to tell a pace
    seconds[0] += 10
    tracker.count(Outcome.DONE)
    assert tracker.now.seconds_left == 2 * 32 + 1
