from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.domain.models import FetchSource, FetchStatus, ProductUsage, UsageFetch
from core.domain.month import Month
from core.domain.usage import aggregate
from core.errors import ConflictError, InputError, StoreError, message
from core.storage.mappings_store import MappingWrite
from core.storage.store import Store
from tests.storage.samples import NOON, OCTOBER, change_of, fetch, line, mapping, usage

SEPTEMBER = OCTOBER.plus(-1)
FULL_LINE = line(
    account_id=None,
    description="=cmd() “é😀” <b>",
    billable_quantity=Decimal("12.345678901234"),
    actual_quantity=Decimal(0),
    ordered_quantity=Decimal(-3),
    external_id="x'1",
    billing_start_date="2026-10-01",
    billing_end_date="2026-10-31",
    unit_price=Decimal("1.25"),
    unit_price_currency="EUR",
    unit_msrp=Decimal("0.000000000001"),
    unit_msrp_currency="USD",
    net_price=Decimal("99999999999999999999999999.999999999999"),
    net_price_currency="GBP",
    price_with_taxes=Decimal("1E+5"),
    price_with_taxes_currency="CHF",
)


def test_a_fetch_keeps_every_line_as_it_was_in_its_order(store: Store) -> None:
    lines = [FULL_LINE, line(), line(), line("MDR", actual_quantity=None)]
    recorded = fetch(
        lines,
        source=FetchSource.FILE,
        content_hash="ab" * 32,
        fetched_by="ada",
        error="",
        finished_at=NOON + timedelta(minutes=1),
    )

    store.usage.record_fetch(recorded, iter(lines), iter([]))

    assert store.usage.lines(recorded.id) == lines
    assert store.usage.fetches() == [recorded]
    assert store.usage.lines("absent") == []


def test_a_complete_fetch_replaces_the_usage_of_its_month_only(store: Store) -> None:
    old = [usage(), usage("MDR", account_id=None, billable=Decimal("2.5"))]
    september = usage(month=SEPTEMBER)
    store.usage.record_fetch(fetch(), [], old)
    store.usage.record_fetch(fetch(month=SEPTEMBER), [], [september])

    store.usage.record_fetch(fetch(), [], [usage(billable=Decimal(13))])

    assert store.usage.usage(OCTOBER) == [usage(billable=Decimal(13))]
    assert store.usage.usage(SEPTEMBER) == [september]


def test_an_incomplete_fetch_keeps_its_lines_and_leaves_the_usage(store: Store) -> None:
    store.usage.record_fetch(fetch(), [], [usage()])
    partial = fetch([line()], status=FetchStatus.INCOMPLETE, line_count=50, error="reset")

    store.usage.record_fetch(partial, [line()], [usage(billable=Decimal(1))])

    assert store.usage.usage(OCTOBER) == [usage()]
    assert store.usage.lines(partial.id) == [line()]
    assert store.usage.fetches(OCTOBER)[0] == partial


def test_a_month_with_only_incomplete_fetches_has_no_usage(store: Store) -> None:
    store.usage.record_fetch(fetch(status=FetchStatus.INCOMPLETE), [], [usage()])

    assert store.usage.usage(OCTOBER) == []
    assert store.usage.months() == []
    assert store.usage.latest_by_product() == {}


def test_an_empty_complete_fetch_empties_the_month(store: Store) -> None:
    store.usage.record_fetch(fetch(), [], [usage()])

    store.usage.record_fetch(fetch(), [], [])

    assert store.usage.usage(OCTOBER) == []
    assert store.usage.months() == [OCTOBER]


def test_fetches_are_listed_last_recorded_first(store: Store) -> None:
    first = fetch()
    second = fetch(month=SEPTEMBER, started_at=NOON - timedelta(days=1))
    third = fetch()
    for each in (first, second, third):
        store.usage.record_fetch(each, [], [])

    assert store.usage.fetches() == [third, second, first]
    assert store.usage.fetches(OCTOBER) == [third, first]
    assert store.usage.months() == [OCTOBER, SEPTEMBER]


def test_the_complete_fetch_before_the_newest_one_is_found(store: Store) -> None:
    def record(**changes: Any) -> UsageFetch:
        recorded = fetch(**changes)
        store.usage.record_fetch(recorded, [], [])
        return recorded

    assert store.usage.complete_fetch(OCTOBER) is None
    record(status=FetchStatus.INCOMPLETE)
    assert store.usage.complete_fetch(OCTOBER) is None
    first = record(finished_at=NOON + timedelta(days=1))
    record(month=SEPTEMBER)
    assert store.usage.complete_fetch(OCTOBER) == first
    assert store.usage.previous_fetch(OCTOBER) is None
    record(status=FetchStatus.INCOMPLETE)
    second = record()
    record(status=FetchStatus.INCOMPLETE)
    assert store.usage.complete_fetch(OCTOBER) == second
    assert store.usage.previous_fetch(OCTOBER) == first
    third = record()
    assert store.usage.complete_fetch(OCTOBER) == third
    assert store.usage.previous_fetch(OCTOBER) == second


def test_usage_is_listed_by_customer_and_product_with_the_unassigned_last(store: Store) -> None:
    unassigned = usage("XGS", account_id=None)
    first, second = usage("A", account_id="tenant-1"), usage("B", account_id="tenant-1")
    store.usage.record_fetch(fetch(), [], [unassigned, second, first])

    assert store.usage.usage(OCTOBER) == [first, second, unassigned]


def test_the_last_usage_of_a_product_is_its_newest_month_with_a_quantity(store: Store) -> None:
    store.usage.record_fetch(
        fetch(month=SEPTEMBER),
        [],
        [
            usage("GONE", month=SEPTEMBER, billable=Decimal("1.5")),
            usage("GONE", month=SEPTEMBER, account_id="tenant-2", billable=Decimal("2.25")),
            usage("GONE", month=SEPTEMBER, account_id=None, billable=Decimal(1)),
            usage("GONE", month=SEPTEMBER, account_id="tenant-3", billable=Decimal(0)),
            usage("KEPT", month=SEPTEMBER),
        ],
    )
    store.usage.record_fetch(
        fetch(),
        [],
        [usage("GONE", billable=Decimal(0)), usage("KEPT"), usage("NEVER", billable=Decimal(0))],
    )

    assert store.usage.latest_by_product() == {
        "GONE": ProductUsage(
            month=SEPTEMBER, product_code="GONE", billable=Decimal("4.75"), customers=2
        ),
        "KEPT": ProductUsage(month=OCTOBER, product_code="KEPT", billable=Decimal(12), customers=1),
    }


def test_a_fetch_makes_its_products_known(store: Store) -> None:
    store.usage.record_fetch(fetch([line()]), [line()], [])
    assert [product.description for product in store.products.all()] == ["Intercept X"]

    renamed = [line(description="Endpoint")]
    store.usage.record_fetch(fetch(renamed, finished_at=NOON + timedelta(hours=1)), renamed, [])

    assert store.products.all()[0].description == "Endpoint"
    assert store.products.all()[0].former_descriptions == ("Intercept X",)


def test_a_fetch_and_what_it_does_to_the_mappings_are_one_transaction(store: Store) -> None:
    store.mappings.save([mapping(stopped=True)], [], {"CIX": 0})
    resumed, noted = mapping(), change_of(by="system", field="stopped")
    recorded = fetch([line()])

    store.usage.record_fetch(recorded, [line()], [usage()], lambda current: ([resumed], [noted]))

    assert store.mappings.all() == {"CIX": resumed}
    assert store.mappings.history() == [noted]


def test_a_fetch_whose_decision_fails_is_not_kept(store: Store) -> None:
    def decide(current: object) -> MappingWrite:
        raise ConflictError(message("no"))

    with pytest.raises(ConflictError):
        store.usage.record_fetch(fetch([line()]), [line()], [usage()], decide)

    assert store.usage.fetches() == []
    assert store.usage.usage(OCTOBER) == []
    assert store.products.all() == []


def test_the_latest_line_is_of_the_last_complete_fetch_of_the_newest_month(store: Store) -> None:
    def record(price: int, **changes: Any) -> None:
        lines = [line(unit_price=Decimal(price)), line("MDR")]
        recorded = fetch(lines, **changes)
        store.usage.record_fetch(recorded, lines, aggregate(recorded.month, lines))

    assert store.usage.latest_line("CIX") is None
    record(1)
    record(2)
    record(3, month=SEPTEMBER)
    record(4, status=FetchStatus.INCOMPLETE)

    latest = store.usage.latest_line("CIX")

    assert latest == line(unit_price=Decimal(2))


def test_the_lines_behind_some_usage_are_those_of_its_fetch_in_their_order(store: Store) -> None:
    lines = [
        line(order_number="1"),
        line("MDR", order_number="2"),
        line(account_id="tenant-2", order_number="3"),
        line(account_id=None, order_number="4"),
        line(order_number="5"),
    ]
    first, second = fetch(lines), fetch([line(order_number="6")])
    store.usage.record_fetch(first, lines, [])
    store.usage.record_fetch(second, [line(order_number="6")], [])

    def found(fetch_id: str, *pairs: tuple[str | None, str]) -> list[str]:
        return [each.order_number for each in store.usage.lines_behind(fetch_id, pairs)]

    assert store.usage.lines_behind(first.id, [("tenant-1", "CIX")]) == [lines[0], lines[4]]
    assert found(first.id, ("tenant-1", "MDR"), ("tenant-2", "CIX")) == ["2", "3"]
    assert found(first.id, ("tenant-1", "CIX"), ("tenant-1", "CIX")) == ["1", "5"]
    assert found(first.id, (None, "CIX")) == ["4"]
    assert found(first.id, ("tenant-9", "CIX")) == []
    assert found(first.id) == []
    assert found(second.id, ("tenant-1", "CIX")) == ["6"]


def test_usage_by_month_of_all_and_of_some(store: Store) -> None:
    for month, quantity in ((OCTOBER, 5), (SEPTEMBER, 7), (SEPTEMBER.plus(-1), 9)):
        usages = [
            usage(month=month, billable=Decimal(quantity)),
            usage("MDR", month=month, billable=Decimal("0.5")),
            usage(month=month, account_id=None, billable=Decimal(100)),
        ]
        store.usage.record_fetch(fetch(month=month), [], usages)

    def found(*pairs: tuple[str | None, str], first: Month = SEPTEMBER) -> dict[Month, Decimal]:
        return store.usage.by_month(first, OCTOBER, pairs)

    assert store.usage.by_month(SEPTEMBER, OCTOBER) == {
        SEPTEMBER: Decimal("107.5"),
        OCTOBER: Decimal("105.5"),
    }
    assert found(("tenant-1", "CIX")) == {SEPTEMBER: 7, OCTOBER: 5}
    assert found(("tenant-1", "CIX"), ("tenant-1", "CIX"), (None, "CIX")) == {
        SEPTEMBER: 107,
        OCTOBER: 105,
    }
    assert found(("tenant-1", "CIX"), first=SEPTEMBER.plus(-5)).keys() == {
        SEPTEMBER.plus(-1),
        SEPTEMBER,
        OCTOBER,
    }
    assert found() == {}


def test_customers_are_called_what_the_lines_of_a_fetch_call_them(store: Store) -> None:
    lines = [
        line(account_name="Acme"),
        line(account_id="tenant-2", account_name="Öz"),
        line(account_id="tenant-3", account_name=""),
        line(account_id=None, account_name="nobody"),
    ]
    recorded = fetch(lines)
    store.usage.record_fetch(recorded, lines, [])

    assert store.usage.customer_names(recorded.id) == {"tenant-1": "Acme", "tenant-2": "Öz"}


@pytest.mark.parametrize("what", ["month", "line count", "twice"])
def test_parts_that_do_not_belong_together_are_refused_whole(store: Store, what: str) -> None:
    store.usage.record_fetch(fetch(), [], [usage()])
    recorded, usages = fetch([line()]), [usage(billable=Decimal(99))]
    if what == "month":
        usages = [usage(month=SEPTEMBER)]
    if what == "line count":
        recorded = replace(recorded, line_count=2)
    if what == "twice":
        usages = [usage(account_id=None), usage(account_id="")]

    with pytest.raises(ValueError, match=r"another month|came with|comes twice"):
        store.usage.record_fetch(recorded, [line()], usages)

    assert len(store.usage.fetches()) == 1
    assert store.usage.lines(recorded.id) == []
    assert store.usage.usage(OCTOBER) == [usage()]


def test_a_quantity_that_cannot_be_kept_exactly_refuses_the_whole_fetch(store: Store) -> None:
    lines = [line(), line(billable_quantity=Decimal("0.1234567890123"))]
    recorded = fetch(lines)

    with pytest.raises(InputError, match=r"0\.1234567890123 cannot be kept exactly"):
        store.usage.record_fetch(recorded, lines, [])

    assert store.usage.fetches() == []
    assert store.products.all() == []


def test_one_fetch_is_recorded_once(store: Store) -> None:
    recorded = fetch([line()])
    store.usage.record_fetch(recorded, [line()], [usage()])

    with pytest.raises(StoreError):
        store.usage.record_fetch(recorded, [line()], [usage(billable=Decimal(99))])

    assert store.usage.lines(recorded.id) == [line()]
    assert store.usage.usage(OCTOBER) == [usage()]


def test_a_hundred_thousand_lines_take_a_few_seconds(store: Store) -> None:
    lines = [
        line(f"P{number % 25}", account_id=f"tenant-{number % 400}", order_number=str(number))
        for number in range(100_000)
    ]
    recorded = fetch(lines)
    start = time.process_time()

    store.usage.record_fetch(recorded, lines, [usage()])

    assert time.process_time() - start < 15  # about 5 s of processor time on a slow machine
    assert store.usage.lines(recorded.id) == lines
