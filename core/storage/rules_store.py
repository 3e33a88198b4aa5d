"""Quantity rules, of products, of bundles, and what single customers have differently."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from core.domain.models import (
    Basis,
    BundleRule,
    Combine,
    CustomerHistoryEntry,
    MappingHistoryEntry,
    QuantityRule,
    QuantityRules,
    Rounding,
    RuleOverride,
)
from core.storage import bulk
from core.storage.customers_store import add_customer_history
from core.storage.database import Database, Row, Transaction
from core.storage.mappings_store import add_mapping_history
from core.storage.values import DECIMAL, Value, trimmed, trimmed_or_none

RULE_COLUMNS = {
    "product_code": "VARCHAR",
    "basis": "VARCHAR",
    "multiplier": DECIMAL,
    "included": DECIMAL,
    "rounding": "VARCHAR",
    "minimum": DECIMAL,
}
BUNDLE_COLUMNS = {"connectwise_product_id": "BIGINT", "combine": "VARCHAR", "driver": "VARCHAR"}
OVERRIDE_COLUMNS = {"customer_id": "VARCHAR", **RULE_COLUMNS}
# In one query, so that rules that are saved meanwhile are seen whole.
_ALL = """
SELECT 'rule' AS kind, '' AS customer_id, product_code, 0 AS product_id, basis, multiplier,
       included, rounding, minimum, '' AS driver
FROM store.quantity_rule
UNION ALL
SELECT 'override', customer_id, product_code, 0, basis, multiplier, included, rounding, minimum, ''
FROM store.rule_override
UNION ALL
SELECT 'bundle', '', '', connectwise_product_id, combine, NULL, NULL, NULL, NULL, driver
FROM store.bundle_rule
ORDER BY kind, customer_id, product_code, product_id"""


@dataclass(frozen=True, kw_only=True)
class RuleWrite:
    """What to save: rules by Sophos product code, bundles by ConnectWise product, overrides by
    customer and product code. An override of None, or one that says nothing, is removed."""

    rules: Mapping[str, QuantityRule] = field(default_factory=dict)
    bundles: Mapping[int, BundleRule] = field(default_factory=dict)
    overrides: Mapping[tuple[str, str], RuleOverride | None] = field(default_factory=dict)
    mapping_history: Sequence[MappingHistoryEntry] = ()
    customer_history: Sequence[CustomerHistoryEntry] = ()


RuleDecision: TypeAlias = Callable[[QuantityRules], RuleWrite]


class RulesStore:
    """What has no rule of its own follows the default one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> QuantityRules:
        """Every rule in force."""
        return _rules(self._database.read(_ALL))

    def change(self, decide: RuleDecision) -> RuleWrite:
        """Read, decide and save in one transaction; returns what was decided.

        `decide` may raise, which changes nothing. It may run again after a conflict, so it only
        computes.
        """

        def change(transaction: Transaction) -> RuleWrite:
            write = decide(_rules(transaction.execute(_ALL)))
            _put(transaction, write)
            return write

        return self._database.write(change)


def _put(transaction: Transaction, write: RuleWrite) -> None:
    bulk.insert(
        transaction,
        "store.quantity_rule",
        RULE_COLUMNS,
        [(code, *_rule_values(rule)) for code, rule in write.rules.items()],
        key=("product_code",),
    )
    bulk.insert(
        transaction,
        "store.bundle_rule",
        BUNDLE_COLUMNS,
        [(product, bundle.combine, bundle.driver) for product, bundle in write.bundles.items()],
        key=("connectwise_product_id",),
    )
    kept = {key: override for key, override in write.overrides.items() if override}
    for customer_id, code in write.overrides.keys() - kept.keys():
        transaction.execute(
            "DELETE FROM store.rule_override WHERE customer_id = ? AND product_code = ?",
            [customer_id, code],
        )
    bulk.insert(
        transaction,
        "store.rule_override",
        OVERRIDE_COLUMNS,
        [(*key, *_rule_values(override)) for key, override in kept.items()],
        key=("customer_id", "product_code"),
    )
    add_mapping_history(transaction, write.mapping_history)
    add_customer_history(transaction, write.customer_history)


def _rule_values(rule: QuantityRule | RuleOverride) -> tuple[Value, ...]:
    return (rule.basis, rule.multiplier, rule.included, rule.rounding, rule.minimum)


def _rules(rows: Sequence[Row]) -> QuantityRules:
    by_product: dict[str, QuantityRule] = {}
    bundles: dict[int, BundleRule] = {}
    overrides: dict[tuple[str, str], RuleOverride] = {}
    for kind, customer_id, code, product_id, *values, driver in rows:
        if kind == "rule":
            by_product[code] = _rule(values)
        elif kind == "override":
            overrides[customer_id, code] = _override(values)
        else:
            bundles[product_id] = BundleRule(Combine(values[0]), driver)
    return QuantityRules(by_product=by_product, bundles=bundles, overrides=overrides)


def _rule(values: Sequence[Any]) -> QuantityRule:
    basis, multiplier, included, rounding, minimum = values
    return QuantityRule(
        basis=Basis(basis),
        multiplier=trimmed(multiplier),
        included=trimmed(included),
        rounding=Rounding(rounding),
        minimum=trimmed(minimum),
    )


def _override(values: Sequence[Any]) -> RuleOverride:
    basis, multiplier, included, rounding, minimum = values
    return RuleOverride(
        basis=None if basis is None else Basis(basis),
        multiplier=trimmed_or_none(multiplier),
        included=trimmed_or_none(included),
        rounding=None if rounding is None else Rounding(rounding),
        minimum=trimmed_or_none(minimum),
    )
