"""When a scheduled sync is due, and for which months.

A due time is a day at the chosen hour of the chosen time zone. However many were missed while the
dashboard was down, one sync makes up for them: what it pushes is absolute, so the newest includes
the older ones. What a schedule missed before it existed does not count.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.domain.models import Frequency, SyncSettings
from core.domain.month import Month

_LONGEST = timedelta(days=63)  # two due times of any frequency are closer than this


@dataclass(frozen=True)
class Due:
    """A due time in UTC, with the months to push, the older first."""

    at: datetime
    months: tuple[Month, ...]


def newest_due(settings: SyncSettings, after: datetime, until: datetime) -> Due | None:
    """The newest due time later than `after` and not later than `until`; None when there is none.

    `after` is the due time that was dealt with last, or when the schedule was last changed.
    """
    found = [at for at in _dues(settings, until) if after < at <= until]
    return Due(found[-1], _months(settings, found)) if found else None


def next_due(settings: SyncSettings, now: datetime) -> Due | None:
    """The first due time later than `now`; None when nothing is scheduled."""
    found = [at for at in _dues(settings, now + _LONGEST) if at > now]
    return Due(found[0], _months(settings, found[:1])) if found else None


def time_zone(name: str) -> tzinfo:
    """The zone of an IANA name; UTC for the empty name and for one that this machine lacks."""
    if not name:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def _dues(settings: SyncSettings, until: datetime) -> Iterator[datetime]:
    """Due times in order, from well before `until` to a little after it."""
    if not settings.scheduled:
        return
    day = until.date() - 2 * _LONGEST
    while day <= until.date() + timedelta(days=2):
        if _is_due_on(settings, day):
            yield _instant(settings, day)
        day += timedelta(days=1)


def _is_due_on(settings: SyncSettings, day: date) -> bool:
    if settings.frequency is Frequency.DAILY:
        return True
    if settings.frequency is Frequency.INVOICE:
        return day.day == 1
    return day.day == min(settings.day, calendar.monthrange(day.year, day.month)[1])


def _instant(settings: SyncSettings, day: date) -> datetime:
    """The chosen hour of a day, as UTC.

    Months are UTC months everywhere else: where the day's month has not begun in UTC yet, its
    beginning is waited for.
    """
    local = datetime(
        day.year, day.month, day.day, settings.hour, tzinfo=time_zone(settings.time_zone)
    )
    at = local.astimezone(UTC)
    begins = datetime(day.year, day.month, 1, tzinfo=UTC)
    return max(at, begins)


def _months(settings: SyncSettings, dues: Sequence[datetime]) -> tuple[Month, ...]:
    """What one sync pushes that makes up for all of these due times."""
    at = dues[-1]
    if settings.frequency is not Frequency.DAILY:
        local = at.astimezone(time_zone(settings.time_zone)).date()
        return (Month.last_complete(min(local, at.date())),)
    current = Month.of(at.date())
    # What was used on the last day of a month is known on the day after. Where that day was
    # missed, the month is made up for as well.
    has_begun = any(due.date() == current.first_day for due in dues)
    return (current.plus(-1), current) if has_begun else (current,)
