"""What is taken of a usage file: one month's lines, and what they replace."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.domain.month import Month
from core.domain.usage import aggregate
from core.domain.usage_import import (
    customers_of,
    left_out_words,
    lines_of_month,
    replacement,
    taken_words,
)
from core.errors import InputError
from tests.storage.samples import line

OCTOBER, SEPTEMBER = Month(2026, 10), Month(2026, 9)


def dated(*dates: str):
    return [line(billing_start_date=date) for date in dates]


def test_of_two_months_only_the_lines_of_the_given_one_are_taken():
    lines = dated("2026-10-01", "2026-09-01", "2026-10-15", "2026-08-01", "2026-09-30")
    found = lines_of_month(lines, OCTOBER)
    assert found.month == OCTOBER
    assert found.lines == (lines[0], lines[2])
    assert found.left_out == ((Month(2026, 8), 1), (SEPTEMBER, 2))


def test_a_file_of_one_month_says_it_itself():
    found = lines_of_month(dated("2026-10-01", "2026-10-02"), None)
    assert (found.month, len(found.lines), found.left_out) == (OCTOBER, 2, ())


def test_lines_that_say_no_month_are_of_the_only_one():
    assert len(lines_of_month(dated("", "2026-10-02"), OCTOBER).lines) == 2
    assert len(lines_of_month(dated("", "2026-10-02"), None).lines) == 2
    assert len(lines_of_month(dated("", ""), OCTOBER).lines) == 2
    assert len(lines_of_month(dated("01/10/2026", "01/10/2026"), OCTOBER).lines) == 2


@pytest.mark.parametrize(
    "dates",
    [
        ("2026-10-01", "2026-09-01", ""),
        ("01/10/2026", "01/09/2026"),
        ("2026-10-01", "01/09/2026"),
    ],
)
@pytest.mark.parametrize("given", [OCTOBER, None])
def test_a_line_that_may_be_of_another_month_is_never_taken(dates, given):
    with pytest.raises(InputError, match=r"clearly which month|which single month") as caught:
        lines_of_month(dated(*dates), given)
    assert caught.value.remedy is not None


@pytest.mark.parametrize("date", ["10/09/2026", "01.12.2026", "9-8-2026"])
def test_a_date_that_cannot_be_of_the_given_month_is_refused(date):
    given = Month(2026, 11)
    with pytest.raises(InputError, match="not of 2026-11"):
        lines_of_month(dated(date, date), given)


def test_without_a_month_several_are_refused_and_so_is_a_file_of_others():
    with pytest.raises(InputError, match="which single month"):
        lines_of_month(dated("2026-10-01", "2026-09-01"), None)
    with pytest.raises(InputError, match=r"of 2026-08, 2026-09, not of 2026-10"):
        lines_of_month(dated("2026-09-01", "2026-08-01"), OCTOBER)


def usages(*parts: tuple[str | None, str, int]):
    """Customer, product and billable quantity of each line."""
    return aggregate(
        OCTOBER,
        [
            line(account_id=account, product_code=code, billable_quantity=Decimal(quantity))
            for account, code, quantity in parts
        ],
    )


def test_customers_that_come_and_go_are_told_and_products_that_go():
    before = usages(
        ("gone", "A", 3), ("gone", "B", 1), ("idle", "A", 0), ("kept", "A", 2), (None, "C", 4)
    )
    after = usages(("kept", "A", 2), ("new", "A", 1), ("zero", "A", 0))
    found = replacement(before, after)
    assert found.missing == ("gone",)
    assert found.new == ("new",)
    assert found.products_gone == ("B", "C")


def test_a_customer_with_a_line_is_there_whatever_it_counts():
    found = replacement(usages(("T", "A", 3), ("T", "B", 1)), usages(("T", "A", 0)))
    assert found.missing == ()
    assert found.products_gone == ("B",)


def test_the_same_again_replaces_nothing():
    same = usages(("T", "A", 3), (None, "B", 1))
    found = replacement(same, same)
    assert (found.missing, found.new, found.products_gone) == ((), (), ())


def test_what_came_in_is_told_and_what_was_left_out():
    assert str(taken_words(OCTOBER, 20, 1, ())) == (
        "2026-10: 20 usage lines of 1 customer taken in."
    )
    left_out = ((Month(2026, 8), 1), (SEPTEMBER, 2))
    assert [str(one) for one in left_out_words(left_out)] == [
        "1 line of 2026-08 left out.",
        "2 lines of 2026-09 left out.",
    ]
    assert str(taken_words(OCTOBER, 1, 2, left_out)) == (
        "2026-10: 1 usage line of 2 customers taken in. 1 line of 2026-08 left out. "
        "2 lines of 2026-09 left out."
    )


def test_lines_of_nobody_are_of_no_customer():
    assert customers_of([line(account_id=None), line(account_id="T"), line(account_id="T")]) == {
        "T"
    }
