"""Each due time exactly once, whatever the hour, the zone, and the time that was slept through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.models import Frequency, SyncSettings
from core.domain.month import Month
from core.domain.schedule import Due, newest_due, next_due, time_zone

ZONES = ("", "Europe/Paris", "America/New_York", "Pacific/Auckland", "Pacific/Honolulu")
START = datetime(2026, 1, 1, tzinfo=UTC)

schedules = st.builds(
    SyncSettings,
    frequency=st.sampled_from(Frequency),
    day=st.integers(1, 31),
    hour=st.integers(0, 23),
    time_zone=st.sampled_from(ZONES),
)
moments = st.integers(0, 2 * 366 * 24 * 60).map(lambda m: START + timedelta(minutes=m))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def due(settings: SyncSettings, after: str, until: str) -> Due | None:
    return newest_due(settings, at(after), at(until))


@given(schedules, moments, st.integers(1, 200 * 24))
def test_looking_often_or_once_ends_with_the_same_due_time(
    settings: SyncSettings, start: datetime, hours: int
) -> None:
    until = start + timedelta(hours=hours)
    seen = []
    last, now = start, start
    while now < until:
        now = min(now + timedelta(hours=5), until)
        found = newest_due(settings, last, now)
        if found is not None:
            seen.append(found.at)
            last = found.at
    assert seen == sorted(set(seen)), "each exactly once"
    once = newest_due(settings, start, until)
    assert (once.at if once else None) == (seen[-1] if seen else None)


@given(schedules, moments, st.integers(1, 200 * 24))
def test_what_makes_up_for_missed_times_pushes_all_that_they_would_have_of_its_months(
    settings: SyncSettings, start: datetime, hours: int
) -> None:
    until = start + timedelta(hours=hours)
    missed = []
    coming = next_due(settings, start)
    while coming is not None and coming.at <= until:
        missed.append(coming)
        coming = next_due(settings, coming.at)
    once = newest_due(settings, start, until)
    if once is None:
        assert missed == []
        return
    assert once.at == missed[-1].at
    newest = [due for due in missed if Month.of(due.at.date()) == Month.of(once.at.date())]
    assert set(once.months) == {month for due in newest for month in due.months}
    assert list(once.months) == sorted(once.months)


@given(schedules, moments)
def test_the_next_due_time_is_the_one_that_comes(settings: SyncSettings, now: datetime) -> None:
    coming = next_due(settings, now)
    assert coming is not None
    assert coming.at > now
    assert newest_due(settings, now, coming.at) == coming
    assert newest_due(settings, now, coming.at - timedelta(seconds=1)) is None


@given(schedules, moments)
def test_the_months_have_begun_and_most_are_over(settings: SyncSettings, now: datetime) -> None:
    coming = next_due(settings, now)
    assert coming is not None
    current = Month.of(coming.at.date())
    if settings.frequency is Frequency.DAILY:
        assert coming.months[-1] == current
    else:
        assert len(coming.months) == 1
        assert coming.months[0] < current


def test_with_the_invoice_when_the_month_is_over() -> None:
    settings = SyncSettings(hour=6, time_zone="Europe/Paris")
    assert due(settings, "2026-10-20T00:00", "2026-11-01T04:59") is None
    assert due(settings, "2026-10-20T00:00", "2026-11-01T05:00") == Due(
        at("2026-11-01T05:00"), (Month(2026, 10),)
    )
    # Summer time: the same hour there is another one in UTC.
    summer = due(settings, "2026-06-20T00:00", "2026-07-02T00:00")
    assert summer is not None
    assert summer.at == at("2026-07-01T04:00")


@pytest.mark.parametrize(
    ("day", "month", "expected"),
    [(31, "2026-02", "28"), (29, "2028-02", "29"), (30, "2026-04", "30"), (31, "2026-04", "30")],
)
def test_the_last_days_mean_the_last_day(day: int, month: str, expected: str) -> None:
    settings = SyncSettings(frequency=Frequency.MONTHLY, day=day, hour=0)
    found = due(settings, f"{month}-02T00:00", f"{month}-{expected}T12:00")
    assert found is not None
    assert found.at == at(f"{month}-{expected}T00:00")
    assert found.months == (Month.parse(month).plus(-1),)


def test_missed_ones_count_once() -> None:
    settings = SyncSettings(frequency=Frequency.DAILY, hour=2)
    found = due(settings, "2026-11-03T02:00", "2026-11-20T10:00")
    assert found == Due(at("2026-11-20T02:00"), (Month(2026, 11),))


def test_daily_closes_the_month_that_ended() -> None:
    settings = SyncSettings(frequency=Frequency.DAILY, hour=2)
    found = due(settings, "2026-11-30T02:00", "2026-12-01T10:00")
    assert found is not None
    assert found.months == (Month(2026, 11), Month(2026, 12))


@pytest.mark.parametrize("after", ["2026-11-30T02:00", "2026-10-20T02:00"])
def test_daily_closes_the_month_that_ended_also_when_the_first_day_was_missed(after: str) -> None:
    settings = SyncSettings(frequency=Frequency.DAILY, hour=2)
    found = due(settings, after, "2026-12-20T10:00")
    assert found == Due(at("2026-12-20T02:00"), (Month(2026, 11), Month(2026, 12)))
    assert due(settings, "2026-12-01T02:00", "2026-12-20T10:00") == Due(
        at("2026-12-20T02:00"), (Month(2026, 12),)
    )


def test_a_day_that_begins_before_its_month_in_utc_waits() -> None:
    settings = SyncSettings(hour=1, time_zone="Pacific/Auckland")
    found = due(settings, "2026-10-20T00:00", "2026-11-05T00:00")
    assert found == Due(at("2026-11-01T00:00"), (Month(2026, 10),))


def test_nothing_is_due_when_nothing_is_scheduled() -> None:
    off = SyncSettings(scheduled=False)
    assert next_due(off, START) is None
    assert newest_due(off, START, START + timedelta(days=400)) is None


def test_an_unknown_zone_is_utc() -> None:
    assert time_zone("Mars/Olympus") is UTC
    assert time_zone("") is UTC
