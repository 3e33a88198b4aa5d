"""A calendar month, the period of the vendor's billing report."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from core.errors import InputError, message

_PATTERN = re.compile(r"(\d{4})-(\d{1,2})")


@dataclass(frozen=True, order=True)
class Month:
    """Year and month (1 to 12); orders by time, prints as `2026-10`."""

    year: int
    number: int

    def __post_init__(self) -> None:
        if not (1 <= self.number <= 12 and 2000 <= self.year <= 9998):
            raise InputError(
                message("“{text}” is not a month.", text=f"{self.year}-{self.number}"),
                remedy=message("Write it as year and month, for example 2026-10."),
            )

    @classmethod
    def parse(cls, text: str) -> Month:
        """Read `2026-10`; raises InputError for anything else."""
        match = _PATTERN.fullmatch(text.strip())
        if match is None:
            raise InputError(
                message("“{text}” is not a month.", text=text),
                remedy=message("Write it as year and month, for example 2026-10."),
            )
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: date) -> Month:
        """The month that `day` is in."""
        return cls(day.year, day.month)

    @classmethod
    def last_complete(cls, today: date) -> Month:
        """The newest month that has ended before `today`."""
        return cls.of(today).plus(-1)

    def plus(self, months: int) -> Month:
        """This month moved by `months`, which may be negative."""
        index = self.year * 12 + self.number - 1 + months
        return Month(index // 12, index % 12 + 1)

    @property
    def first_day(self) -> date:
        return date(self.year, self.number, 1)

    @property
    def last_day(self) -> date:
        return date(self.year, self.number, calendar.monthrange(self.year, self.number)[1])

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"


def newest_over(months: Sequence[Month], today: date) -> Month:
    """The newest month that is over, else the newest of all; there is one at least."""
    over = [month for month in months if month <= Month.last_complete(today)]
    return max(over or months)
