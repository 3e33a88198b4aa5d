from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from core.domain.models import (
    Basis,
    BundleRule,
    Combine,
    QuantityRule,
    QuantityRules,
    Rounding,
    RuleOverride,
)
from core.errors import ConflictError, InputError, StoreError, message
from core.storage.rules_store import RuleWrite
from core.storage.store import Store
from tests.storage.samples import change_of
from tests.storage.sync_samples import customer_change

RULE = QuantityRule(
    basis=Basis.ORDERED,
    multiplier=Decimal("0.000000000001"),
    included=Decimal("1E+5"),
    rounding=Rounding.NEAREST,
    minimum=Decimal("2.5"),
)
FULL = RuleOverride(
    basis=Basis.ACTUAL,
    multiplier=Decimal("1.25"),
    included=Decimal(0),
    rounding=Rounding.NONE,
    minimum=Decimal(3),
)
WRITE = RuleWrite(
    rules={"CIX": RULE, "Ünï 'é😀'": QuantityRule()},
    bundles={17: BundleRule(Combine.DRIVER, "CIX"), 2**40: BundleRule(Combine.MAX)},
    overrides={("tenant-1", "CIX"): FULL, ("tenant-1", "MDR"): RuleOverride(minimum=Decimal(0))},
)


def _save(store: Store, write: RuleWrite) -> None:
    store.rules.change(lambda current: write)


def test_without_rules_there_are_none(store: Store) -> None:
    assert store.rules.all() == QuantityRules()


def test_rules_come_back_equal(store: Store) -> None:
    assert store.rules.change(lambda current: WRITE) == WRITE

    assert store.rules.all() == QuantityRules(WRITE.rules, WRITE.bundles, WRITE.overrides)


def test_a_save_replaces_what_it_names_and_leaves_the_rest(store: Store) -> None:
    _save(store, WRITE)
    changed: dict[str, Any] = {
        "rules": {"CIX": QuantityRule(multiplier=Decimal(2))},
        "bundles": {17: BundleRule()},
        "overrides": {("tenant-2", "CIX"): FULL},
    }

    _save(store, RuleWrite(**changed))

    found = store.rules.all()
    assert found.by_product == {**WRITE.rules, **changed["rules"]}
    assert found.bundles == {**WRITE.bundles, **changed["bundles"]}
    assert found.overrides == {**WRITE.overrides, **changed["overrides"]}


@pytest.mark.parametrize("nothing", [None, RuleOverride()])
def test_an_override_that_says_nothing_is_removed(
    store: Store, nothing: RuleOverride | None
) -> None:
    _save(store, WRITE)

    _save(store, RuleWrite(overrides={("tenant-1", "CIX"): nothing, ("tenant-9", "X"): nothing}))

    assert set(store.rules.all().overrides) == {("tenant-1", "MDR")}


def test_zero_is_an_override_and_not_nothing(store: Store) -> None:
    _save(store, WRITE)

    found = store.rules.all().overrides["tenant-1", "MDR"]

    assert found == RuleOverride(minimum=Decimal(0))
    assert found.included is None


def test_rules_and_both_histories_are_one_transaction(store: Store) -> None:
    of_mapping, of_customer = change_of(field="multiplier"), customer_change(field="CIX basis")

    _save(store, replace(WRITE, mapping_history=[of_mapping], customer_history=[of_customer]))

    assert store.mappings.history() == [of_mapping]
    assert store.customers.history() == [of_customer]


@pytest.mark.parametrize("fails", ["mapping", "customer", "number", "decision"])
def test_a_save_that_fails_saves_nothing(store: Store, fails: str) -> None:
    of_mapping, of_customer = change_of(), customer_change()
    write = replace(WRITE, mapping_history=[of_mapping], customer_history=[of_customer])
    if fails == "mapping":
        write = replace(write, mapping_history=[of_mapping, of_mapping])
    if fails == "customer":
        write = replace(write, customer_history=[of_customer, of_customer])
    if fails == "number":
        write = replace(write, overrides={("a", "b"): RuleOverride(included=Decimal("1E-13"))})

    def decide(current: QuantityRules) -> RuleWrite:
        if fails == "decision":
            raise ConflictError(message("theirs"))
        return write

    with pytest.raises((StoreError, InputError, ConflictError)):
        store.rules.change(decide)

    assert store.rules.all() == QuantityRules()
    assert store.mappings.history() == []
    assert store.customers.history() == []


def test_changes_of_eight_threads_follow_one_another(store: Store) -> None:
    def double(current: QuantityRules) -> RuleWrite:
        before: Mapping[str, QuantityRule] = current.by_product
        rule = before.get("CIX", QuantityRule())
        doubled = replace(rule, multiplier=rule.multiplier * 2)
        return RuleWrite(rules={"CIX": doubled}, mapping_history=[change_of()])

    threads = [threading.Thread(target=lambda: store.rules.change(double)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert store.rules.all().by_product["CIX"].multiplier == 2**8
    assert len(store.mappings.history()) == 8
