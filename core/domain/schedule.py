"""When a scheduled sync is due, and for which months.

A due time is a day at the chosen hour of the chosen time zone. However many were missed while the
dashboard was down, one sync makes up for them, with each month that they would have pushed. A month
that is over and whose turn did not come off stays owed: it is due again every day, before all newer
months, because an addition that carries a newer month takes no older one. What a schedule missed
before it existed does not count.
"""

from __future__ import annotations

import calendar
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.domain.models import Frequency, SyncSettings
from core.domain.month import Month

_DAY = timedelta(days=1)
_LONGEST = timedelta(days=63)  # two due times of any frequency are closer than this
_MADE_UP_FOR = 2 * _LONGEST  # what was missed longer ago is left to people


@dataclass(frozen=True)
class Due:
    """A due time in UTC, with the months to push, the older first."""

    at: datetime
    months: tuple[Month, ...]


def newest_due(
    settings: SyncSettings, after: datetime, until: datetime, owed: Collection[Month] = ()
) -> Due | None:
    """The newest due time later than `after` and not later than `until`; None when there is none.

    `after` is the due time that was dealt with last, or when the schedule was last changed. `owed`
    are months that are over and whose turn did not come off.
    """
    turns = [turn for turn in _turns(settings, until, owed) if after < turn.at <= until]
    months = {month for turn in turns for month in turn.months}
    return Due(turns[-1].at, tuple(sorted(months))) if turns else None


def next_due(settings: SyncSettings, now: datetime, owed: Collection[Month] = ()) -> Due | None:
    """The first due time later than `now`; None when nothing is scheduled."""
    coming = (turn for turn in _turns(settings, now + _LONGEST, owed) if turn.at > now)
    return next(coming, None)


def left_by_change(
    before: SyncSettings, settings: SyncSettings, after: datetime, now: datetime
) -> frozenset[Month]:
    """The months that are over, that `before` had missed since `after` or was yet to push, and
    that its successor does not push next.

    None where nothing is scheduled any more: whoever turns a schedule off wants no sync.
    """
    following = next_due(settings, now)
    if following is None:
        return frozenset()
    promised = [newest_due(before, after, now), next_due(before, now)]
    months = {month for due in promised if due is not None for month in due.months}
    return frozenset(m for m in months if m.last_day < now.date()).difference(following.months)


def time_zone(name: str) -> tzinfo:
    """The zone of an IANA name; UTC for the empty name and for one that this machine lacks."""
    if not name:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def _turns(settings: SyncSettings, until: datetime, owed: Collection[Month]) -> Iterator[Due]:
    """Due times in order, from well before `until` to a little after it."""
    if not settings.scheduled:
        return
    day = until.date() - _MADE_UP_FOR
    while day <= until.date() + 2 * _DAY:
        months = set(owed)
        if _is_due_on(settings, day):
            months |= _months(settings, day)
        if months:
            yield Due(_instant(settings, day), tuple(sorted(months)))
        day += _DAY


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


def _months(settings: SyncSettings, day: date) -> set[Month]:
    """What is pushed when sync is due on `day`."""
    at = _instant(settings, day)
    if settings.frequency is not Frequency.DAILY:
        local = at.astimezone(time_zone(settings.time_zone)).date()
        return {Month.last_complete(min(local, at.date()))}
    # What was used on the last day of a month is known on the day after, which has no due time of
    # its own where the clocks are put back over midnight.
    before = min(_instant(settings, day - _DAY), at - _DAY)
    return {Month.of(before.date()), Month.of(at.date())}
