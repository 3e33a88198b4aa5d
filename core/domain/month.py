"""A calendar month, the period of the vendor's billing report."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from core.errors import InputError, Message, message

_PATTERN = re.compile(r"(\d{4})-(\d{1,2})")
_FIRST_YEAR, _LAST_YEAR = 2000, 9998


@dataclass(frozen=True, order=True)
class Month:
    """Year and month (1 to 12); orders by time, prints as `2026-10`."""

    year: int
    number: int

    def __post_init__(self) -> None:
        _refuse_unreal(self.year, self.number, f"{self.year}-{self.number:02d}")

    @classmethod
    def parse(cls, text: str) -> Month:
        """Read `2026-10`; raises InputError for anything else."""
        match = _PATTERN.fullmatch(text.strip())
        if match is None:
            raise _refusal(message("“{text}” is not a month.", text=text))
        year, number = int(match[1]), int(match[2])
        # Here, and not only in the month itself, which does not know how it was written.
        _refuse_unreal(year, number, text.strip())
        return cls(year, number)

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


def _refuse_unreal(year: int, number: int, text: str) -> None:
    if not 1 <= number <= 12:
        raise _refusal(message("“{text}” is not a month.", text=text))
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise _refusal(
            message(
                "“{text}” is out of range: months begin with {first} and end with {last}.",
                text=text,
                first=f"{_FIRST_YEAR}-01",
                last=f"{_LAST_YEAR}-12",
            )
        )


def _refusal(text: Message) -> InputError:
    return InputError(text, remedy=message("Write it as year and month, for example 2026-10."))


def newest_over(months: Sequence[Month], today: date) -> Month:
    """The newest month that is over, else the newest of all; there is one at least."""
    over = [month for month in months if month <= Month.last_complete(today)]
    return max(over or months)
