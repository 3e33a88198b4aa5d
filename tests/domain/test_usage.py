"""Usage from lines: sums per customer and code, hashes without order, differences."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.models import Usage, UsageLine
from core.domain.month import Month
from core.domain.usage import aggregate, by_product, compare, content_hash, cost_of

OCTOBER = Month(2026, 10)


def line(account: str | None, code: str, billable: str, **other) -> UsageLine:
    return UsageLine(
        product_code=code,
        description=f"{code} description",
        product_group="User",
        sku="DEMO1",
        account_id=account,
        account_name="",
        account_status="active",
        order_number="O-1",
        order_line_item_number="L-1",
        account_number_or_serial_number="S",
        billable_quantity=Decimal(billable),
        **other,
    )


def test_lines_of_one_customer_and_code_are_summed():
    usages = aggregate(
        OCTOBER,
        [
            line("t1", "A", "2.5", actual_quantity=Decimal(3)),
            line("t1", "A", "0.1", ordered_quantity=Decimal(4)),
            line("t2", "A", "7"),
        ],
    )
    assert usages[0] == Usage(
        month=OCTOBER,
        account_id="t1",
        product_code="A",
        billable=Decimal("2.6"),
        actual=Decimal(3),
        ordered=Decimal(4),
        lines=2,
    )
    assert usages[1].billable == Decimal(7)


def priced(quantity: str, price: str | None, currency: str = "EUR") -> UsageLine:
    unit_price = None if price is None else Decimal(price)
    return line("t1", "A", quantity, unit_price=unit_price, unit_price_currency=currency)


@pytest.mark.parametrize(
    ("lines", "cost"),
    [
        ([priced("2", "1.25"), priced("3", "1.10")], (Decimal("5.80"), "EUR")),
        ([priced("2", "1.25"), priced("-1", "1.25")], (Decimal("1.25"), "EUR")),
        ([priced("2", "1.25"), priced("3", "1.10", "USD")], None),
        ([priced("2", "1.25"), priced("3", None)], None),
        ([priced("2", "1.25", "")], None),
        # What is not billable costs nothing, whatever it says.
        ([priced("2", "1.25"), priced("0", None, "")], (Decimal("2.50"), "EUR")),
        ([priced("0", "9", "USD")], (Decimal(0), None)),
        ([], (Decimal(0), None)),
        # Twelve decimals are kept, the last one rounded.
        ([priced("0.1234567", "0.1234567")], (Decimal("0.015241556775"), "EUR")),
        ([priced("1e20", "0.1234567890125")], (Decimal("12345678901250000000"), "EUR")),
    ],
)
def test_the_cost_is_what_all_lines_say_in_one_currency(lines, cost):
    assert cost_of(lines) == cost
    if lines:
        (usage,) = aggregate(OCTOBER, lines)
        assert (usage.cost, usage.currency) == (cost or (None, None))


def test_unassigned_lines_are_summed_apart_and_come_last():
    usages = aggregate(OCTOBER, [line(None, "F", "1"), line("t", "F", "2"), line(None, "F", "3")])
    assert [(usage.account_id, usage.billable) for usage in usages] == [
        ("t", Decimal(2)),
        (None, Decimal(4)),
    ]


def test_usage_by_product_counts_customers_with_a_quantity():
    usages = aggregate(
        OCTOBER,
        [line("t1", "A", "2"), line("t2", "A", "0"), line(None, "A", "5"), line("t1", "B", "1")],
    )
    products = by_product(usages)
    assert (products["A"].billable, products["A"].customers) == (Decimal(7), 1)
    assert products["B"].month == OCTOBER
    assert by_product([]) == {}


def test_usage_of_several_months_is_not_added_up():
    mixed = [*aggregate(OCTOBER, [line("t", "A", "1")])]
    mixed += aggregate(OCTOBER.plus(-1), [line("t", "A", "1")])
    with pytest.raises(ValueError, match="several months"):
        by_product(mixed)


quantities = st.decimals(min_value=0, max_value=10**6, places=3)
lines = st.lists(
    st.builds(
        line,
        st.sampled_from([None, "t1", "t2", "t3"]),
        st.sampled_from(["A", "B"]),
        quantities.map(str),
    ),
    max_size=20,
)


@given(lines, st.randoms())
def test_order_does_not_matter_and_nothing_is_lost(given_lines, chance: random.Random):
    shuffled = given_lines.copy()
    chance.shuffle(shuffled)
    usages = aggregate(OCTOBER, given_lines)
    assert aggregate(OCTOBER, shuffled) == usages
    assert content_hash(shuffled) == content_hash(given_lines)
    total = sum((item.billable_quantity for item in given_lines), Decimal(0))
    assert sum((usage.billable for usage in usages), Decimal(0)) == total
    assert sum((p.billable for p in by_product(usages).values()), Decimal(0)) == total
    assert sum(usage.lines for usage in usages) == len(given_lines)


def test_the_hash_sees_every_field_and_every_repetition():
    one = line("t", "A", "1")
    hashes = {
        content_hash([]),
        content_hash([one]),
        content_hash([one, one]),
        content_hash([replace(one, billable_quantity=Decimal(2))]),
        content_hash([replace(one, account_id=None)]),
        content_hash([replace(one, account_id="")]),
        content_hash([replace(one, unit_price=Decimal("1.40"))]),
        content_hash([replace(one, description="é")]),
    }
    assert len(hashes) == 8


@pytest.mark.parametrize(("left", "right"), [("20", "20.0"), ("20", "2E+1"), ("0", "0.00")])
def test_the_hash_takes_equal_numbers_for_equal(left, right):
    assert content_hash([line("t", "A", left)]) == content_hash([line("t", "A", right)])


def test_compare_names_what_changed_came_and_went():
    before = aggregate(OCTOBER, [line("t1", "A", "1"), line("t2", "A", "1"), line("t3", "A", "1")])
    after = aggregate(OCTOBER, [line("t1", "A", "1"), line("t2", "A", "2"), line(None, "A", "1")])
    changes = compare(before, after)
    assert [
        (
            change.account_id,
            change.before and change.before.billable,
            change.after and change.after.billable,
        )
        for change in changes
    ] == [("t2", 1, 2), ("t3", 1, None), (None, None, 1)]
    assert compare(after, after) == ()


def test_one_line_split_in_two_of_the_same_sum_is_no_change():
    whole = aggregate(OCTOBER, [line("t", "A", "3")])
    split = aggregate(OCTOBER, [line("t", "A", "1"), line("t", "A", "2")])
    assert compare(whole, split) == ()
