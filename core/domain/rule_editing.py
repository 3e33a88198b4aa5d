"""Editing quantity rules: what may be saved, and what belongs together.

The Sophos products of one ConnectWise product (a bundle) have one rule, of which only the basis is
each product's own: their combined quantity can follow one rule only. So it is saved for all of them
together, and so is what a customer has differently. Whoever edits keeps what was loaded, so that a
save can tell what somebody else changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Any, TypeVar

from core.domain.models import (
    Basis,
    BundleRule,
    Combine,
    ProductMapping,
    QuantityRule,
    QuantityRules,
    Rounding,
    RuleOverride,
)
from core.errors import Message, Problem, message

GREATEST = Decimal(1_000_000)
PLACES = 6
NUMBERS = ("multiplier", "included", "minimum")
_ZERO = Decimal(0)
_PLAIN, _NO_BUNDLE, _NO_OVERRIDE = QuantityRule(), BundleRule(), RuleOverride()


@dataclass(frozen=True)
class Members:
    """A Sophos product with those that are mapped to the same ConnectWise product, in order.

    Sync on or off, so that turning it on later does not break the bundle. The product alone when
    it is unmapped; `product_id` is None then.
    """

    product_code: str
    product_id: int | None
    codes: tuple[str, ...]

    @property
    def is_bundle(self) -> bool:
        return len(self.codes) > 1


@dataclass(frozen=True)
class RuleBase:
    """The rules that are edited together, as they were loaded: one for each of the members."""

    members: Members
    rules: tuple[QuantityRule, ...]
    bundle: BundleRule = _NO_BUNDLE

    @property
    def rule(self) -> QuantityRule:
        """The rule of the product that is edited."""
        return self.rules[self.members.codes.index(self.members.product_code)]

    @property
    def agree(self) -> bool:
        """Whether the members differ in nothing but the basis."""
        first = self.rules[0]
        return all(replace(rule, basis=first.basis) == first for rule in self.rules)


@dataclass(frozen=True)
class RuleEdit:
    """What a person wants. `bundle` counts only where several products are mapped."""

    base: RuleBase
    rule: QuantityRule
    bundle: BundleRule = _NO_BUNDLE

    @property
    def rules(self) -> tuple[QuantityRule, ...]:
        """The rule of each member afterwards: the others keep their basis."""
        own = self.base.members.product_code
        return tuple(
            self.rule if code == own else replace(self.rule, basis=rule.basis)
            for code, rule in zip(self.base.members.codes, self.base.rules, strict=True)
        )

    @property
    def bundle_after(self) -> BundleRule:
        """How the bundle combines afterwards; that of a product alone is left as it is."""
        if not self.base.members.is_bundle:
            return self.base.bundle
        return (
            self.bundle
            if self.bundle.combine is Combine.DRIVER
            else replace(self.bundle, driver="")
        )

    @property
    def changes(self) -> bool:
        """Whether there is anything to save."""
        return self.rules != self.base.rules or self.bundle_after != self.base.bundle


@dataclass(frozen=True)
class OverrideBase:
    """What a customer has differently, as it was loaded: one for each of the members."""

    customer_id: str
    members: Members
    overrides: tuple[RuleOverride, ...]

    @property
    def override(self) -> RuleOverride:
        """That of the product that is edited."""
        return self.overrides[self.members.codes.index(self.members.product_code)]


@dataclass(frozen=True)
class OverrideEdit:
    """What a person wants for one customer; an override that says nothing is removed."""

    base: OverrideBase
    override: RuleOverride

    @property
    def overrides(self) -> tuple[RuleOverride, ...]:
        """The override of each member afterwards: the others keep their basis."""
        own = self.base.members.product_code
        return tuple(
            self.override if code == own else replace(self.override, basis=override.basis)
            for code, override in zip(self.base.members.codes, self.base.overrides, strict=True)
        )

    @property
    def changes(self) -> bool:
        """Whether there is anything to save."""
        return self.overrides != self.base.overrides


def members_of(product_code: str, mappings: Mapping[str, ProductMapping]) -> Members:
    """The products whose rules are edited with those of `product_code`."""
    mapping = mappings.get(product_code)
    product_id = None if mapping is None else mapping.connectwise_product_id
    if product_id is None:
        return Members(product_code, None, (product_code,))
    mapped = (code for code, m in mappings.items() if m.connectwise_product_id == product_id)
    return Members(product_code, product_id, tuple(sorted(mapped)))


def rule_base(
    product_code: str, mappings: Mapping[str, ProductMapping], rules: QuantityRules
) -> RuleBase:
    """What is edited with the rule of one Sophos product."""
    members = members_of(product_code, mappings)
    found = tuple(rules.by_product.get(code, _PLAIN) for code in members.codes)
    if members.product_id is None:
        return RuleBase(members, found)
    return RuleBase(members, found, rules.bundles.get(members.product_id, _NO_BUNDLE))


def override_base(
    customer_id: str,
    product_code: str,
    mappings: Mapping[str, ProductMapping],
    rules: QuantityRules,
) -> OverrideBase:
    """What is edited with what one customer has differently for one Sophos product."""
    members = members_of(product_code, mappings)
    found = (rules.overrides.get((customer_id, code), _NO_OVERRIDE) for code in members.codes)
    return OverrideBase(customer_id, members, tuple(found))


def edit_problems(edit: RuleEdit) -> tuple[Problem, ...]:
    """Every reason why a rule cannot be saved."""
    found = list(_number_problems(edit.rule))
    bundle = edit.bundle_after
    if edit.base.members.is_bundle and bundle.combine is Combine.DRIVER:
        found += _driver_problems(bundle.driver, edit.base.members)
    return tuple(found)


def override_problems(edit: OverrideEdit) -> tuple[Problem, ...]:
    """Every reason why an override cannot be saved."""
    return tuple(_number_problems(edit.override))


def _number_problems(rule: QuantityRule | RuleOverride) -> Iterator[Problem]:
    for name in NUMBERS:
        value: Decimal | None = getattr(rule, name)
        text = None if value is None else _number_problem(name, value)
        if text is not None:
            yield Problem(text, field=name)


def _number_problem(name: str, value: Decimal) -> Message | None:
    if name == "multiplier" and value <= _ZERO:
        return message("The multiplier has to be greater than 0.")
    if value < _ZERO:
        return message("This cannot be less than 0.")
    if value > GREATEST:
        return message("This cannot be more than {limit}.", limit=GREATEST)
    exponent = value.normalize().as_tuple().exponent
    if isinstance(exponent, int) and exponent < -PLACES:
        return message("At most {limit} decimals are kept.", limit=PLACES)
    return None


def _driver_problems(driver: str, members: Members) -> Iterator[Problem]:
    if not driver:
        yield Problem(message("Choose the product that leads the bundle."), field="driver")
    elif driver not in members.codes:
        yield Problem(
            message("The product that leads the bundle has to be mapped to it."), field="driver"
        )


# ---------------------------------------------------------------- for the history

_Rule = QuantityRule | BundleRule | RuleOverride
R = TypeVar("R", QuantityRule, BundleRule, RuleOverride)


def rule_differences(before: _Rule, after: _Rule) -> Iterator[tuple[str, str, str]]:
    """Each member that differs: its name, the old and the new value as plain text."""
    for item in fields(after):
        old, new = member_text(before, item.name), member_text(after, item.name)
        if old != new:
            yield item.name, old, new


def member_text(rule: _Rule, name: str) -> str:
    """One member of a rule as plain text, as the history keeps it."""
    value = getattr(rule, name)
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if value else "0"
    return "" if value is None else str(value)


def with_member(rule: R, name: str, text: str) -> R:
    """The rule with one member as `member_text` tells it."""
    nothing = isinstance(rule, RuleOverride) and not text
    member: dict[str, Any] = {name: None if nothing else _MEMBERS[name](text)}
    return replace(rule, **member)


_MEMBERS: Mapping[str, Callable[[str], object]] = {
    "basis": Basis,
    "rounding": Rounding,
    "combine": Combine,
    "driver": str,
    **dict.fromkeys(NUMBERS, Decimal),
}
