from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from core.errors import InputError, Problem, message, plural_message


def test_a_message_says_its_facts_in_english() -> None:
    said = message(
        "{count} lines of {month} cost {amount}", count=3, month="2026-10", amount=Decimal("1.50")
    )
    assert str(said) == "3 lines of 2026-10 cost 1.50"


def test_a_time_is_said_to_the_minute_in_utc() -> None:
    at = datetime(2026, 11, 26, 19, 52, 38, tzinfo=timezone(timedelta(hours=1)))
    assert str(message("Changed {when}.", when=at)) == "Changed 2026-11-26 18:52 UTC."
    assert str(message("From {day} on.", day=date(2026, 12, 1))) == "From 2026-12-01 on."


def test_equal_messages_are_equal_whatever_the_order_of_facts() -> None:
    assert message("{a}{b}", a=1, b=2) == message("{a}{b}", b=2, a=1)
    assert hash(message("{a}", a=1)) == hash(message("{a}", a=1))


def test_the_plural_follows_the_count() -> None:
    one, many = "{count} row", "{count} rows"
    assert [str(plural_message(one, many, n)) for n in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]


def test_braces_in_a_fact_are_text() -> None:
    assert str(message("No {name}.", name="{x}")) == "No {x}."


def test_a_message_may_hold_another() -> None:
    assert str(message("Running: {task}.", task=message("fetch {n}", n=2))) == "Running: fetch 2."


def test_an_error_says_what_happened_and_the_remedy() -> None:
    error = InputError(
        message("Nothing was saved."), [Problem(message("x"))], remedy=message("Correct it.")
    )
    assert str(error) == "Nothing was saved. Correct it."
    assert len(error.problems) == 1
