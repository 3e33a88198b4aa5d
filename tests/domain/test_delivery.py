"""When a notification is tried again and when it is given up, on both sides of each bound."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.delivery import GIVE_UP_AFTER, is_due, is_paused, next_attempt
from core.domain.models import (
    Attempt,
    AttemptOutcome,
    Channel,
    Event,
    EventKind,
    Notification,
)
from core.errors import message

NOW = datetime(2026, 11, 3, 6, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def notification(tries: int = 0, last: Attempt | None = None) -> Notification:
    event = Event(id="a", kind=EventKind.TEST, title=message("Test"))
    return Notification(event=event, channel=Channel.EMAIL, at=NOW, tries=tries, last=last)


def failed(*, next_at: datetime | None = NOW, whole_channel: bool = True) -> Attempt:
    return Attempt(
        at=NOW - SECOND,
        outcome=AttemptOutcome.FAILED,
        next_at=next_at,
        whole_channel=whole_channel,
    )


@pytest.mark.parametrize(
    ("tries", "seconds"), [(0, 30), (1, 60), (2, 120), (6, 1920), (7, 3600), (8, 3600), (999, 3600)]
)
def test_the_pause_doubles_up_to_an_hour(tries: int, seconds: int) -> None:
    assert next_attempt(notification(tries), NOW) == NOW + timedelta(seconds=seconds)


def test_it_is_given_up_after_three_days() -> None:
    assert next_attempt(notification(50), NOW + GIVE_UP_AFTER - SECOND) is not None
    assert next_attempt(notification(50), NOW + GIVE_UP_AFTER) is None
    assert timedelta(days=3) == GIVE_UP_AFTER


@given(st.integers(min_value=0, max_value=10_000))
def test_pauses_never_shrink_and_are_never_nothing(tries: int) -> None:
    this, after = (next_attempt(notification(count), NOW) for count in (tries, tries + 1))
    assert this is not None
    assert after is not None
    assert NOW < this <= after


def test_what_is_due() -> None:
    assert is_due(notification(), NOW)
    assert is_due(notification(1, failed(next_at=NOW)), NOW)
    assert not is_due(notification(1, failed(next_at=NOW + SECOND)), NOW)
    asked = Attempt(at=NOW, outcome=AttemptOutcome.ASKED)
    assert is_due(notification(1, asked), NOW)
    for outcome in (AttemptOutcome.SENT, AttemptOutcome.GIVEN_UP):
        assert not is_due(notification(1, Attempt(at=NOW, outcome=outcome)), NOW)


def test_a_way_that_is_known_to_be_shut_rests() -> None:
    assert not is_paused(None, NOW)
    assert is_paused(failed(next_at=NOW + SECOND), NOW)
    assert not is_paused(failed(next_at=NOW), NOW)
    assert not is_paused(failed(next_at=NOW + SECOND, whole_channel=False), NOW)
    for outcome in (AttemptOutcome.SENT, AttemptOutcome.GIVEN_UP, AttemptOutcome.ASKED):
        over = Attempt(at=NOW, outcome=outcome, next_at=NOW + SECOND, whole_channel=True)
        assert not is_paused(over, NOW)
