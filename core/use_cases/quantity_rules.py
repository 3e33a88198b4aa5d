"""Quantity rules: of a product with its bundle, and what single customers have differently."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import uuid4

from core.domain.models import (
    BundleRule,
    CustomerHistoryEntry,
    MappingHistoryEntry,
    QuantityRules,
    Usage,
)
from core.domain.month import Month
from core.domain.rule_editing import (
    OverrideBase,
    OverrideEdit,
    RuleBase,
    RuleEdit,
    edit_problems,
    override_base,
    override_problems,
    rule_base,
    rule_differences,
)
from core.domain.rule_example import RuleExample, example_of, telling_customer
from core.errors import ConflictError, InputError, Problem, message
from core.storage.rules_store import RuleWrite
from core.storage.store import Store
from core.use_cases.jobs import Clock
from core.use_cases.kept import Kept

# Fields of the histories: `rule/multiplier`, `bundle/combine`, `rule/CODE/multiplier`.
RULE_FIELD, BUNDLE_FIELD = "rule", "bundle"


class Rules:
    """Reads rules, saves them, and shows what they do before they are saved."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._newest = Kept(self._newest_usage)

    def all(self) -> QuantityRules:
        """Every rule in force."""
        return self._store.rules.all()

    def base(self, product_code: str) -> RuleBase:
        """The rule of a Sophos product, with those that are saved with it."""
        return rule_base(product_code, self._store.mappings.all(), self.all())

    def override_base(self, customer_id: str, product_code: str) -> OverrideBase:
        """What a customer has differently for a Sophos product."""
        mappings = self._store.mappings.all()
        return override_base(customer_id, product_code, mappings, self.all())

    def save(self, edit: RuleEdit, by: str, origin: str = "grid") -> RuleBase:
        """Save a rule for all members of its bundle at once; returns it as it is then.

        Raises InputError with every problem, and ConflictError when somebody else changed one of
        the rules or the members since `edit.base` was loaded.
        """
        _refuse(edit_problems(edit))
        code = edit.base.members.product_code
        now = self._clock()

        def decide(current: QuantityRules) -> RuleWrite:
            _refuse_moved(edit.base, rule_base(code, self._store.mappings.all(), current))
            members = edit.base.members
            bundles: dict[int, BundleRule] = {}
            if members.product_id is not None and edit.bundle_after != edit.base.bundle:
                bundles[members.product_id] = edit.bundle_after
            before = dict(zip(members.codes, edit.base.rules, strict=True))
            after = dict(zip(members.codes, edit.rules, strict=True))
            changed = {code: rule for code, rule in after.items() if rule != before[code]}
            history = list(_history(edit, by, now, origin))
            return RuleWrite(rules=changed, bundles=bundles, mapping_history=history)

        self._store.rules.change(decide)
        return self.base(code)

    def save_override(self, edit: OverrideEdit, by: str, origin: str = "grid") -> OverrideBase:
        """Save what a customer has differently, for all members of the bundle; see `save`."""
        _refuse(override_problems(edit))
        customer_id, members = edit.base.customer_id, edit.base.members
        code = members.product_code
        now = self._clock()

        def decide(current: QuantityRules) -> RuleWrite:
            mappings = self._store.mappings.all()
            _refuse_moved(edit.base, override_base(customer_id, code, mappings, current))
            after = zip(members.codes, edit.overrides, strict=True)
            return RuleWrite(
                overrides={(customer_id, code): override or None for code, override in after},
                customer_history=list(_override_history(edit, by, now, origin)),
            )

        self._store.rules.change(decide)
        return self.override_base(customer_id, code)

    def example(self, edit: RuleEdit | OverrideEdit) -> RuleExample | None:
        """What an edit makes of the newest month: of its customer, or of the one that shows most.

        None while there is no usage of these products.
        """
        codes = edit.base.members.codes
        month, usages = self._newest.get(self._store.revision)
        if isinstance(edit, OverrideEdit):
            customer: str | None = edit.base.customer_id
        else:
            customer = telling_customer(usages, codes)
        if month is None or customer is None:
            return None
        mappings = self._store.mappings.all()
        counting = {code for code in codes if code in mappings and mappings[code].sync}
        customers = self._store.customers
        tenants = {**customers.only_in_usage(), **customers.tenants()}
        products = {product.code: product.description for product in self._store.products.all()}

        def name(key: str) -> str:
            return products.get(key) or (tenants[key].name if key in tenants else "") or key

        return example_of(edit, self.all(), usages, customer, counting, name, month)

    def used_products(self, customer_id: str) -> Sequence[str]:
        """The codes that a customer used in the newest month, or has a rule of its own for."""
        _month, usages = self._newest.get(self._store.revision)
        used = {usage.product_code for usage in usages if usage.account_id == customer_id}
        own = {code for customer, code in self.all().overrides if customer == customer_id}
        return sorted(used | own)

    def _newest_usage(self) -> tuple[Month | None, Sequence[Usage]]:
        months = self._store.usage.months()
        return (months[0], self._store.usage.usage(months[0])) if months else (None, ())


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise InputError(
            message("The rule was not saved, because some values cannot be accepted."), problems
        )


def _refuse_moved(base: RuleBase | OverrideBase, now: RuleBase | OverrideBase) -> None:
    if base != now:
        raise ConflictError(
            message("Somebody else changed this rule, or what is mapped to its product."),
            remedy=message("Look at the rule as it is now, then save again."),
        )


def _history(edit: RuleEdit, by: str, at: datetime, origin: str) -> Iterator[MappingHistoryEntry]:
    """Of every member: the bundle's rule is that of each of them."""
    members = edit.base.members.codes
    bundle = list(rule_differences(edit.base.bundle, edit.bundle_after))
    for code, before, after in zip(members, edit.base.rules, edit.rules, strict=True):
        changed = [(RULE_FIELD, *one) for one in rule_differences(before, after)]
        changed += [(BUNDLE_FIELD, *one) for one in bundle]
        for kind, name, old, new in changed:
            yield MappingHistoryEntry(
                id=str(uuid4()), product_code=code, at=at, by=by, origin=origin,
                field=f"{kind}/{name}", old=old, new=new,
            )  # fmt: skip


def _override_history(
    edit: OverrideEdit, by: str, at: datetime, origin: str
) -> Iterator[CustomerHistoryEntry]:
    members = edit.base.members.codes
    for code, before, after in zip(members, edit.base.overrides, edit.overrides, strict=True):
        for name, old, new in rule_differences(before, after):
            yield CustomerHistoryEntry(
                id=str(uuid4()), customer_id=edit.base.customer_id, at=at, by=by, origin=origin,
                field=f"{RULE_FIELD}/{code}/{name}", old=old, new=new,
            )  # fmt: skip
