from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.month import Month
from core.errors import Fact, InputError, Message, message, plural_message
from core.storage.values import (
    aware,
    message_from_json,
    message_to_json,
    naive_utc,
    to_text,
    trimmed,
)

_names = st.text("abcdefgh_", min_size=1, max_size=8)
_plain_facts: st.SearchStrategy[Fact] = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.integers(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.dates(),
    st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(fold=0)),
)


def _messages(facts: st.SearchStrategy[Fact]) -> st.SearchStrategy[Message]:
    pairs = st.lists(st.tuples(_names, facts), max_size=4).map(tuple)
    return st.builds(Message, st.text(max_size=30), pairs, st.none() | st.text(max_size=9))


@given(_messages(_plain_facts | _messages(_plain_facts)))
def test_a_message_comes_back_equal_with_its_fact_types(text: Message) -> None:
    back = message_from_json(message_to_json(text))

    assert back == text
    assert repr(back) == repr(text)


def test_a_stored_message_still_says_the_same() -> None:
    reason = plural_message("{count} row of {month}", "{count} rows of {month}", 3, month="2026-10")
    nested = message("stopped: {why}", why=reason, amount=Decimal("1.50"))

    assert str(message_from_json(message_to_json(nested))) == "stopped: 3 rows of 2026-10"
    assert message_to_json(None) is None
    assert message_from_json(None) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        ("", ""),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        (date(2026, 1, 2), "2026-01-02"),
        (Month(2026, 3), "2026-03"),
        (Decimal("1E+5"), "100000.000000000000"),
        (Decimal("-0.5"), "-0.500000000000"),
        (datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=2))), "2026-01-02T01:00:00"),
    ],
)
def test_values_become_the_text_that_their_column_is_cast_from(
    value: object, text: str | None
) -> None:
    assert to_text(value) == text  # type: ignore[arg-type]


@pytest.mark.parametrize("digits", ["9" * 26 + "." + "9" * 12, "0.000000000001"])
def test_the_longest_numbers_that_fit_are_taken(digits: str) -> None:
    assert to_text(Decimal(digits)) == digits


@pytest.mark.parametrize("digits", ["1" + "0" * 26, "1E-13", "NaN", "sNaN", "Infinity"])
def test_numbers_that_would_change_are_refused_with_the_remedy(digits: str) -> None:
    with pytest.raises(InputError, match=rf"{digits} cannot be kept exactly.*at most 26 digits"):
        to_text(Decimal(digits))


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        naive_utc(datetime(2026, 1, 1))  # noqa: DTZ001


@given(st.datetimes(timezones=st.timezones(), min_value=datetime(1990, 1, 1)))  # noqa: DTZ001
def test_any_time_comes_back_as_the_same_instant_in_utc(moment: datetime) -> None:
    back = aware(naive_utc(moment))

    assert back == moment.astimezone(UTC)
    assert back.tzinfo is UTC


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("1.500000000000", "1.5"),
        ("100.000000000000", "100"),
        ("0.000000000000", "0"),
        ("1E-12", "1E-12"),
        ("12345678901234567890123456.123456789012", "12345678901234567890123456.123456789012"),
        ("99999999999999999999999999.000000000000", "99999999999999999999999999"),
    ],
)
def test_numbers_lose_the_zeros_of_the_column_and_nothing_else(stored: str, shown: str) -> None:
    assert str(trimmed(Decimal(stored))) == shown
