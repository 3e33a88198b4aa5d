"""Reading the demo CSVs: UTF-8, a header row, and dates that move with today."""

from __future__ import annotations

import calendar
import csv
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

Row = dict[str, str]


def read_rows(path: Path) -> list[Row]:
    """All rows by column name."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def is_true(text: str) -> bool:
    """`true` or anything else."""
    return text == "true"


def shifted_month(day: date, months: int) -> tuple[int, int]:
    """Year and month, so many months after the day's month."""
    index = day.year * 12 + day.month - 1 + months
    return index // 12, index % 12 + 1


def month_name(day: date, months: int) -> str:
    """`YYYY-MM`, so many months after the day's month."""
    year, month = shifted_month(day, months)
    return f"{year:04}-{month:02}"


def month_ends(month: str) -> tuple[date, date]:
    """First and last day of `YYYY-MM`."""
    year, number = int(month[:4]), int(month[5:])
    return date(year, number, 1), date(year, number, calendar.monthrange(year, number)[1])


def relative_date(text: str, today: date) -> date:
    """`months/day` counted from today's month; a day past the month's end is its last one.

    `0/1` is the first of this month, `-2/31` the last day of the month before the last one.
    """
    months, _, number = text.partition("/")
    year, month = shifted_month(today, int(months))
    return date(year, month, min(int(number), calendar.monthrange(year, month)[1]))


def wire_date(day: date) -> str:
    """A day as ConnectWise prints it."""
    return f"{day.isoformat()}T00:00:00Z"


def wire_moment(days_ago: int, seed: int, today: date) -> str:
    """A time of a day in the past, spread over the working hours by `seed`."""
    moment = datetime.combine(today - timedelta(days=days_ago), time(7), UTC)
    moment += timedelta(minutes=seed * 37 % 600, seconds=seed * 13 % 60)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
