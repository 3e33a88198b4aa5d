"""Months: reading, moving, borders."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.month import Month, newest_over
from core.errors import InputError

months = st.builds(Month, st.integers(2100, 2900), st.integers(1, 12))


@pytest.mark.parametrize(
    ("text", "expected"), [("2026-10", Month(2026, 10)), (" 2026-1 ", Month(2026, 1))]
)
def test_parse(text, expected):
    assert Month.parse(text) == expected


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13", "2026-00", "10-2026", "1999-01", "2026-1x"]
)
def test_other_text_is_refused_with_the_remedy(text):
    with pytest.raises(InputError, match="for example 2026-10"):
        Month.parse(text)


def test_a_refusal_says_what_was_typed_and_why():
    with pytest.raises(InputError, match="“2026-1x” is not a month"):
        Month.parse("2026-1x")
    with pytest.raises(InputError, match="“2026-00” is not a month"):
        Month.parse("2026-00")
    with pytest.raises(InputError, match="“1999-01” is out of range: months begin with 2000-01"):
        Month.parse(" 1999-01 ")
    with pytest.raises(InputError, match=r"“9999-12” is out of range: .* end with 9998-12"):
        Month(9998, 12).plus(12)


@given(months)
def test_printing_and_reading_are_opposites(month):
    assert Month.parse(str(month)) == month


@given(months, st.integers(-1000, 1000))
def test_moving_there_and_back(month, distance):
    there = month.plus(distance)
    assert there.plus(-distance) == month
    assert (there > month) == (distance > 0)


def test_days_of_a_month():
    assert Month(2024, 2).first_day == date(2024, 2, 1)
    assert Month(2024, 2).last_day == date(2024, 2, 29)
    assert Month(2026, 12).plus(1) == Month(2027, 1)


def test_the_last_complete_month():
    assert Month.last_complete(date(2026, 1, 1)) == Month(2025, 12)
    assert Month.last_complete(date(2026, 11, 30)) == Month(2026, 10)


def test_the_newest_month_that_is_over_comes_before_the_one_in_progress() -> None:
    months = [Month(2026, 11), Month(2026, 10), Month(2026, 9)]
    assert newest_over(months, date(2026, 11, 30)) == Month(2026, 10)
    assert newest_over(months, date(2026, 12, 1)) == Month(2026, 11)
    assert newest_over([Month(2026, 11)], date(2026, 11, 2)) == Month(2026, 11)
