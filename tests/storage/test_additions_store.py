from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from core.domain.models import BillCustomer, Binding, Reference
from core.errors import InputError
from core.storage.additions_store import put_additions, put_bindings, remove_bindings
from core.storage.database import Transaction
from core.storage.store import Store
from tests.storage.samples import NOON, OCTOBER
from tests.storage.sync_samples import addition, binding

LATER = NOON + timedelta(hours=1)
FULL = addition(
    2**40,
    product=Reference(17, "SKU 'é😀'"),
    quantity=Decimal("12.345678901234"),
    less_included=Decimal("1E+5"),
    bill_customer=BillCustomer.NO_CHARGE,
    unit_price=Decimal("0.000000000001"),
    unit_cost=Decimal(-3),
    effective_date=date(2026, 10, 1),
    cancelled_date=date(2027, 2, 28),
    description="=cmd() “x” <b>",
    serial_number="S'1",
    last_updated=NOON,
    updated_by="zadmin",
)


def _bind(store: Store, bindings: Iterable[Binding]) -> None:
    kept = list(bindings)
    store._database.write(lambda transaction: put_bindings(transaction, kept))


def test_before_anything_was_read_nothing_is_known(store: Store) -> None:
    assert store.additions.of() == {}
    assert store.additions.of([7]) == {}
    assert store.additions.read_at(7) is None
    assert store.additions.bindings() == {}


def test_additions_come_back_equal_by_agreement_and_id(store: Store) -> None:
    other = addition(3, agreement_id=8)

    store.additions.replace([8, 7], iter([FULL, other, addition(5)]), NOON)

    assert store.additions.of() == {7: (addition(5), FULL), 8: (other,)}
    assert store.additions.read_at(7) == store.additions.read_at(8) == NOON


def test_an_agreement_without_additions_is_not_one_that_was_not_read(store: Store) -> None:
    store.additions.replace([7, 8], [addition()], NOON)

    assert store.additions.of() == {7: (addition(),), 8: ()}
    assert store.additions.of([8, 9]) == {8: ()}
    assert store.additions.of([]) == {}
    assert store.additions.read_at(9) is None


def test_a_reading_replaces_exactly_its_agreements(store: Store) -> None:
    kept = addition(3, agreement_id=8)
    store.additions.replace([7, 8], [addition(1), addition(2), kept], NOON)

    changed = addition(2, quantity=Decimal(13))
    store.additions.replace([7, 9], [changed, addition(4)], LATER)

    assert store.additions.of() == {7: (changed, addition(4)), 8: (kept,), 9: ()}
    assert store.additions.read_at(7) == LATER
    assert store.additions.read_at(8) == NOON


def test_an_addition_that_is_listed_twice_counts_once_as_listed_last(store: Store) -> None:
    store.additions.replace([7], [addition(1), addition(1, quantity=Decimal(9))], NOON)

    assert store.additions.of() == {7: (addition(1, quantity=Decimal(9)),)}


def test_an_addition_of_another_agreement_refuses_the_reading(store: Store) -> None:
    store.additions.replace([7], [addition(1)], NOON)

    with pytest.raises(ValueError, match=r"other agreements: \[8\]"):
        store.additions.replace([7], [addition(2), addition(3, agreement_id=8)], LATER)

    assert store.additions.of() == {7: (addition(1),)}


def test_a_quantity_that_cannot_be_kept_exactly_refuses_the_reading(store: Store) -> None:
    store.additions.replace([7], [addition(1)], NOON)

    with pytest.raises(InputError, match="cannot be kept exactly"):
        store.additions.replace([7], [addition(2, quantity=Decimal("1E-13"))], LATER)

    assert store.additions.of() == {7: (addition(1),)}
    assert store.additions.read_at(7) == NOON


def test_what_could_not_be_read_is_unknown(store: Store) -> None:
    store.additions.replace([7, 8], [addition(1), addition(2, agreement_id=8)], NOON)
    _bind(store, [binding()])

    store.additions.forget([7, 99])

    assert store.additions.of() == {8: (addition(2, agreement_id=8),)}
    assert store.additions.read_at(7) is None
    assert store.additions.bindings() == {(7, 17): binding()}


def test_one_addition_is_put_after_it_was_written(store: Store) -> None:
    store.additions.replace([7], [addition(1), addition(2)], NOON)
    changed = addition(2, quantity=Decimal(13))

    def change(transaction: Transaction) -> None:
        put_additions(transaction, [changed, addition(3), addition(4, agreement_id=99)])

    store._database.write(change)

    assert store.additions.of() == {7: (addition(1), changed, addition(3))}


def test_bindings_are_put_replaced_and_removed(store: Store) -> None:
    september = binding(18, month=OCTOBER.plus(-1), quantity=Decimal("0.5"), addition_id=2**40)
    _bind(store, [binding(17), september, binding(17, agreement_id=8)])
    changed = binding(17, quantity=Decimal(99), addition_id=1)

    _bind(store, [changed])
    store._database.write(lambda transaction: remove_bindings(transaction, [(8, 17), (9, 9)]))

    assert store.additions.bindings() == {(7, 17): changed, (7, 18): september}


def test_a_snapshot_that_is_replaced_is_seen_whole(store: Store) -> None:
    """A reader between two readings never sees an agreement of one with additions of the other."""
    store.additions.replace([7], [addition(1), addition(2)], NOON)
    seen: set[tuple[int, ...]] = set()

    def read() -> None:
        for _ in range(60):
            seen.add(tuple(each.id for each in store.additions.of()[7]))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(40):
        wanted = [addition(1), addition(2)] if number % 2 else [addition(3)]
        store.additions.replace([7], wanted, NOON)
    reader.join()

    assert seen <= {(1, 2), (3,)}


def test_thirty_thousand_additions_take_a_few_seconds(store: Store) -> None:
    many = [
        replace(FULL, id=number, agreement_id=number // 15, product=Reference(number % 15, "é"))
        for number in range(30_000)
    ]
    agreements = range(2_000)
    store.additions.replace(agreements, many, NOON)
    start = time.process_time()

    store.additions.replace(agreements, many, LATER)

    assert time.process_time() - start < 12  # about 3 s of processor time on a slow machine
    start = time.process_time()
    found = store.additions.of()
    assert time.process_time() - start < 4  # about 0.5 s
    assert [each for additions in found.values() for each in additions] == many
