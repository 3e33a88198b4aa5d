"""Each due time exactly once, whatever the hour, the zone, and the time that was slept through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.models import Frequency, SyncSettings
from core.domain.month import Month
from core.domain.schedule import Due, left_by_change, newest_due, next_due, time_zone

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


@given(schedules, moments, st.integers(1, 100 * 24))
def test_looking_often_or_once_ends_with_the_same_due_time(
    settings: SyncSettings, start: datetime, hours: int
) -> None:
    until = start + timedelta(hours=hours)
    seen = []
    last, now = start, start
    while now < until:
        now = min(now + timedelta(hours=11), until)
        found = newest_due(settings, last, now)
        if found is not None:
            seen.append(found.at)
            last = found.at
    assert seen == sorted(set(seen)), "each exactly once"
    once = newest_due(settings, start, until)
    assert (once.at if once else None) == (seen[-1] if seen else None)


@given(schedules, moments, st.integers(1, 120 * 24))
def test_what_makes_up_for_missed_times_pushes_all_that_they_would_have(
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
    assert set(once.months) == {month for due in missed for month in due.months}
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


@pytest.mark.parametrize(
    ("after", "ended"),
    [
        ("2026-11-30T02:00", (Month(2026, 11),)),
        ("2026-10-20T02:00", (Month(2026, 10), Month(2026, 11))),
    ],
)
def test_daily_closes_the_months_that_ended_also_when_their_first_days_were_missed(
    after: str, ended: tuple[Month, ...]
) -> None:
    settings = SyncSettings(frequency=Frequency.DAILY, hour=2)
    found = due(settings, after, "2026-12-20T10:00")
    assert found == Due(at("2026-12-20T02:00"), (*ended, Month(2026, 12)))
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


def test_daily_closes_the_month_whose_next_has_no_due_time_on_its_first_day() -> None:
    # In New York the clocks are put back on 1 November 2026: 19:00 there is 23:00 in UTC on
    # 31 October, and the time after that is 00:00 on 2 November.
    settings = SyncSettings(frequency=Frequency.DAILY, hour=19, time_zone="America/New_York")
    assert next_due(settings, at("2026-10-31T23:00")) == Due(
        at("2026-11-02T00:00"), (Month(2026, 10), Month(2026, 11))
    )


# ---------------------------------------------------------------- owed months

OWED = {Month(2026, 11)}


def test_an_owed_month_is_due_again_every_day_but_not_sooner() -> None:
    settings = SyncSettings(hour=6)
    after = at("2026-12-01T06:00")
    again = Due(at("2026-12-02T06:00"), (Month(2026, 11),))
    assert newest_due(settings, after, at("2026-12-02T05:59"), OWED) is None
    assert newest_due(settings, after, again.at, OWED) == again
    assert next_due(settings, after, OWED) == again
    assert next_due(settings, after) == Due(at("2027-01-01T06:00"), (Month(2026, 12),))


def test_what_is_owed_comes_before_what_is_due() -> None:
    monthly = SyncSettings(frequency=Frequency.MONTHLY, day=3, hour=6)
    both = Due(at("2027-01-03T06:00"), (Month(2026, 11), Month(2026, 12)))
    assert newest_due(monthly, at("2027-01-02T06:00"), both.at, OWED) == both
    assert next_due(monthly, at("2027-01-02T06:00"), OWED) == both
    daily = SyncSettings(frequency=Frequency.DAILY, hour=6)
    assert next_due(daily, at("2026-12-01T06:00"), OWED) == Due(
        at("2026-12-02T06:00"), (Month(2026, 11), Month(2026, 12))
    )


def test_the_months_that_were_slept_through_come_the_oldest_first() -> None:
    found = due(SyncSettings(hour=6), "2026-09-20T00:00", "2026-12-10T00:00")
    assert found == Due(at("2026-12-01T06:00"), (Month(2026, 9), Month(2026, 10), Month(2026, 11)))


DAILY_LATE = SyncSettings(frequency=Frequency.DAILY, hour=22)
ON_THE_5TH = SyncSettings(frequency=Frequency.MONTHLY, day=5)


@pytest.mark.parametrize(
    ("before", "changed", "after", "now", "left"),
    [
        # It was to come later that day, and its new hour is over.
        (DAILY_LATE, {"hour": 6}, "2026-11-30T22:00", "2026-12-01T09:00", OWED),
        (DAILY_LATE, {"hour": 6}, "2026-12-01T22:00", "2026-12-02T09:00", set()),
        (ON_THE_5TH, {"day": 3}, "2026-11-05T06:00", "2026-12-04T09:00", OWED),
        (ON_THE_5TH, {"frequency": Frequency.DAILY}, "2026-11-05T06:00", "2026-12-04T09:00", OWED),
        # It had come, and nobody was there.
        (ON_THE_5TH, {"day": 4}, "2026-11-05T06:00", "2026-12-06T09:00", OWED),
        (ON_THE_5TH, {"day": 4}, "2026-12-05T06:00", "2026-12-06T09:00", set()),
        (ON_THE_5TH, {"scheduled": False}, "2026-11-05T06:00", "2026-12-06T09:00", set()),
        # The new schedule has it next.
        (ON_THE_5TH, {"day": 9}, "2026-11-05T06:00", "2026-12-04T09:00", set()),
        (ON_THE_5TH, {"day": 9}, "2026-11-05T06:00", "2026-12-06T09:00", set()),
        # Nothing was scheduled.
        (replace(ON_THE_5TH, scheduled=False), {"scheduled": True, "day": 3},
         "2026-11-05T06:00", "2026-12-04T09:00", set()),
    ],
)  # fmt: skip
def test_a_change_of_the_schedule_loses_no_turn(
    before: SyncSettings, changed: dict[str, object], after: str, now: str, left: set[Month]
) -> None:
    assert left_by_change(before, replace(before, **changed), at(after), at(now)) == left


@given(
    st.lists(schedules, min_size=1, max_size=4),
    moments,
    st.lists(st.tuples(st.integers(1, 400), st.booleans(), st.booleans()), max_size=20),
)
def test_every_month_is_pushed_once_it_is_over_whatever_fails_and_changes(
    plans: Sequence[SyncSettings],
    start: datetime,
    events: Sequence[tuple[int, bool, bool]],
) -> None:
    """Hours between looks, whether what is due then fails, whether the schedule changes first."""
    settings, since, now = plans[0], start, start
    owed: set[Month] = set()
    pushed: set[Month] = set()
    quiet = [(24, False, False)] * 64
    for place, (hours, fails, changes) in enumerate([*events, *quiet]):
        now += timedelta(hours=hours)
        if changes:
            following = plans[place % len(plans)]
            owed |= left_by_change(settings, following, since, now)
            settings, since = following, now
        found = newest_due(settings, since, now, owed)
        if found is None:
            continue
        since = found.at
        ended = {month for month in found.months if month.last_day < now.date()}
        if fails:
            owed |= ended
        else:
            owed -= ended
            pushed |= ended
    first, last = Month.of(start.date()), Month.of(now.date()).plus(-2)
    wanted, month = set(), first
    while month <= last:
        wanted.add(month)
        month = month.plus(1)
    assert wanted <= pushed
