from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from core.domain.models import ProductClass
from core.storage.store import Store
from tests.storage.samples import NOON, entry

FULL = entry(
    5,
    identifier='SOPHOS-"É\'" <b>',
    description="=cmd() é😀",
    category="Cloud",
    subcategory="Security",
    type="Service",
    product_class=ProductClass.AGREEMENT,
    unit_of_measure="each",
    price=Decimal("1234567.891"),
    cost=Decimal("1E+3"),
    inactive=True,
    integration_xref="CIX",
    last_updated=NOON,
)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(path: Path, clock: Clock) -> Iterator[Store]:
    with Store.open(path, "sandbox", now=clock) as opened:
        yield opened


def test_before_the_first_refresh_there_is_no_snapshot(store: Store) -> None:
    assert store.catalog.all() == []
    assert store.catalog.refreshed_at() is None
    assert store.catalog.get(1) is None


def test_entries_come_back_equal_by_identifier(store: Store) -> None:
    store.catalog.replace([entry(2), entry(1), FULL], NOON)

    assert store.catalog.all() == [entry(1), entry(2), FULL]
    assert store.catalog.get(5) == FULL
    assert str(store.catalog.all()[2].cost) == "1000"
    assert store.catalog.refreshed_at() == NOON
    assert store.catalog.refreshed_at().tzinfo is UTC  # type: ignore[union-attr]


def test_a_refresh_replaces_the_snapshot(store: Store) -> None:
    store.catalog.replace([entry(1), entry(2)], NOON)

    store.catalog.replace([entry(2, description="renamed"), entry(3)], NOON + timedelta(hours=1))

    assert store.catalog.all() == [entry(2, description="renamed"), entry(3)]
    assert store.catalog.refreshed_at() == NOON + timedelta(hours=1)


def test_an_empty_catalog_is_a_snapshot_too(store: Store) -> None:
    store.catalog.replace([entry(1)], NOON)

    store.catalog.replace([], NOON)

    assert store.catalog.all() == []
    assert store.catalog.refreshed_at() == NOON


def test_an_item_listed_twice_counts_as_listed_last(store: Store) -> None:
    store.catalog.replace([entry(1), entry(2), entry(1, description="moved while paging")], NOON)

    assert store.catalog.all() == [entry(1, description="moved while paging"), entry(2)]


def test_a_created_or_edited_product_is_put_into_the_snapshot(store: Store) -> None:
    store.catalog.replace([entry(1)], NOON)

    store.catalog.put(entry(1, description="edited"))
    store.catalog.put(entry(2))

    assert store.catalog.all() == [entry(1, description="edited"), entry(2)]
    assert store.catalog.refreshed_at() == NOON


def test_a_list_begun_before_a_product_was_created_does_not_lose_it(
    store: Store, clock: Clock
) -> None:
    begun = NOON
    clock.now = NOON + timedelta(seconds=5)
    store.catalog.put(entry(2, description="created while listing"))
    store.catalog.put(entry(1, description="edited while listing"))

    store.catalog.replace([entry(1, description="as listed")], begun)

    assert store.catalog.all() == [
        entry(1, description="edited while listing"),
        entry(2, description="created while listing"),
    ]


def test_a_list_begun_later_knows_better_than_what_was_put(store: Store, clock: Clock) -> None:
    store.catalog.put(entry(1, description="created"))
    store.catalog.put(entry(2, description="deleted since"))

    store.catalog.replace([entry(1, description="as listed")], NOON + timedelta(seconds=1))

    assert store.catalog.all() == [entry(1, description="as listed")]


def test_twenty_thousand_entries_are_replaced_and_read(store: Store) -> None:
    many = [entry(number, price=Decimal(number) / 100) for number in range(1, 20_001)]
    store.catalog.replace(many, NOON)

    store.catalog.replace(many, NOON)

    assert sorted(store.catalog.all(), key=lambda each: each.id) == many
