"""From usage to the quantity of an addition, with every step told.

In this order: usage lines on the rule's basis, the combination of a bundle's members, then the rule
(times the multiplier, less the included units, rounding, the minimum). Customers that share an
agreement are summed last. The members of a bundle must agree on everything but the basis: there is
one combined quantity, and it can follow one rule only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from enum import Enum, auto

from core.domain.models import (
    Basis,
    BundleRule,
    Combine,
    Part,
    QuantityRule,
    QuantityRules,
    Rounding,
    RuleOverride,
    Usage,
)
from core.errors import Message, message, plural_message

_ZERO, _ONE = Decimal(0), Decimal(1)
# ConnectWise keeps quantities as doubles and documents no precision; this much survives a double.
_PLACES = Decimal("0.000001")
_DEFAULT_RULE = QuantityRule()
_DEFAULT_BUNDLE = BundleRule()


class RuleProblem(Enum):
    """Why no quantity can be computed."""

    RULES_DIFFER = auto()
    DRIVER_MISSING = auto()
    BASIS_UNSAID = auto()


@dataclass(frozen=True)
class CustomerQuantity:
    """One customer's quantity of one ConnectWise product, with what it was computed from.

    `combined` is the bundle's combination before the rule; `parts` are the members with usage
    lines. `used` says whether there is any usage, which a quantity of 0 does not tell.
    """

    customer_id: str
    parts: tuple[Part, ...]
    rule: QuantityRule
    bundle: BundleRule
    combined: Decimal
    quantity: Decimal

    @property
    def used(self) -> bool:
        return self.combined != 0


def rule_for(rules: QuantityRules, customer_id: str, product_code: str) -> QuantityRule:
    """The rule of a product mapping with what this customer has differently."""
    rule = rules.by_product.get(product_code, _DEFAULT_RULE)
    override = rules.overrides.get((customer_id, product_code))
    return rule if override is None else overridden(rule, override)


def overridden(rule: QuantityRule, override: RuleOverride) -> QuantityRule:
    """`rule` with the given members of `override` in their place."""
    given = {
        item.name: value
        for item in fields(override)
        if (value := getattr(override, item.name)) is not None
    }
    return replace(rule, **given)


def customer_quantity(
    customer_id: str,
    usage: Mapping[str, Usage],
    members: Sequence[str],
    product_id: int,
    rules: QuantityRules,
) -> CustomerQuantity | RuleProblem:
    """The quantity of one customer for the ConnectWise product `product_id`.

    `members` are the Sophos products mapped to it whose sync is on; `usage` is the customer's by
    product code, and may hold more than the members.
    """
    bundle = rules.bundles.get(product_id, _DEFAULT_BUNDLE)
    rule = _common_rule(customer_id, members, rules)
    if rule is None:
        return RuleProblem.RULES_DIFFER
    if _lacks_driver(bundle, members):
        return RuleProblem.DRIVER_MISSING
    parts = tuple(
        _part(customer_id, code, usage[code], rules, bundle, len(members))
        for code in members
        if code in usage
    )
    if any(part.counts and part.basis in usage[part.product_code].unsaid for part in parts):
        return RuleProblem.BASIS_UNSAID
    combined = _combined(parts, bundle.combine)
    return CustomerQuantity(
        customer_id, parts, rule, bundle, combined, _stages(combined, rule)[-1][1]
    )


def _lacks_driver(bundle: BundleRule, members: Sequence[str]) -> bool:
    """A single member needs none, unless one is named: then it is left of a bundle, and its own
    quantity is not the bundle's."""
    if bundle.combine is not Combine.DRIVER or bundle.driver in members:
        return False
    return len(members) > 1 or bool(bundle.driver)


def _common_rule(
    customer_id: str, members: Sequence[str], rules: QuantityRules
) -> QuantityRule | None:
    """What the members agree on; its basis is that of the first and has no meaning."""
    found = rule_for(rules, customer_id, members[0])
    for code in members[1:]:
        other = rule_for(rules, customer_id, code)
        if replace(other, basis=found.basis) != found:
            return None
    return found


def _part(
    customer_id: str,
    code: str,
    usage: Usage,
    rules: QuantityRules,
    bundle: BundleRule,
    member_count: int,
) -> Part:
    basis = rule_for(rules, customer_id, code).basis
    left_out = bundle.combine is Combine.DRIVER and member_count > 1 and code != bundle.driver
    return Part(customer_id, code, usage.lines, on_basis(usage, basis), basis, not left_out)


def on_basis(usage: Usage, basis: Basis) -> Decimal:
    """The quantity of `usage` that counts."""
    if basis is Basis.ACTUAL:
        return usage.actual
    return usage.ordered if basis is Basis.ORDERED else usage.billable


def _combined(parts: Sequence[Part], combine: Combine) -> Decimal:
    counted = [part.quantity for part in parts if part.counts]
    if combine is Combine.MAX:
        return max(counted, default=_ZERO)
    return sum(counted, _ZERO)


_Stage = tuple[str, Decimal]


def _stages(combined: Decimal, rule: QuantityRule) -> list[_Stage]:
    """The quantity after each step that the rule takes, by the step's name; the last one counts."""
    stages: list[_Stage] = [("combined", combined)]
    value = combined
    if rule.multiplier != _ONE:
        value = value * rule.multiplier
        stages.append(("multiplier", value))
    if rule.included > 0:
        value = max(_ZERO, value - rule.included) if value > 0 else value
        stages.append(("included", value))
    if rule.rounding is not Rounding.NONE:
        value = rounded(value, rule.rounding)
        stages.append(("rounding", value))
    if combined > 0 and value < rule.minimum:
        value = rule.minimum
        stages.append(("minimum", value))
    exact = _limited(value)
    if exact != value:
        stages.append(("places", exact))
    return stages


_ROUNDING: Mapping[Rounding, str] = {
    Rounding.UP: ROUND_CEILING,
    Rounding.DOWN: ROUND_FLOOR,
    Rounding.NEAREST: ROUND_HALF_UP,
}


def rounded(value: Decimal, rounding: Rounding) -> Decimal:
    """`value` in whole units; NONE leaves it as it is."""
    if rounding is Rounding.NONE:
        return value
    return value.to_integral_value(rounding=_ROUNDING[rounding])


def _limited(value: Decimal) -> Decimal:
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -6:
        return value.quantize(_PLACES, rounding=ROUND_HALF_UP)
    return value


# ---------------------------------------------------------------- in words


def explain(
    quantities: Sequence[CustomerQuantity], names: Callable[[str], str], month: str
) -> tuple[Message, ...]:
    """Every step from usage lines to the quantity, one sentence each.

    `names` gives the name of a customer id or product code.
    """
    if not any(quantity.parts for quantity in quantities):
        return (message("There is no usage in {month}.", month=month),)
    told = [quantity for quantity in quantities if quantity.parts]
    steps: list[Message] = []
    for quantity in told:
        if len(told) > 1:
            steps.append(message("{customer}:", customer=names(quantity.customer_id)))
        steps += _steps(quantity, names)
    if len(told) > 1:
        total = sum((quantity.quantity for quantity in told), _ZERO)
        steps.append(
            message("All customers of this agreement together: {quantity}.", quantity=plain(total))
        )
    return tuple(steps)


def is_heading(step: Message) -> bool:
    """Whether what `explain` says here is whose the steps that follow are."""
    return step.template == "{customer}:"


def is_for_all(step: Message) -> bool:
    """Whether what `explain` says here belongs to all customers, not to the last heading."""
    return step.template.startswith("All customers of this agreement together")


def _steps(quantity: CustomerQuantity, names: Callable[[str], str]) -> list[Message]:
    steps = [_part_step(part, names) for part in quantity.parts]
    if len(quantity.parts) > 1:
        steps.append(_combine_step(quantity, names))
    stages = _stages(quantity.combined, quantity.rule)[1:]
    return [*steps, *(_rule_step(name, value, quantity.rule) for name, value in stages)]


def _part_step(part: Part, names: Callable[[str], str]) -> Message:
    product, quantity = names(part.product_code), plain(part.quantity)
    if part.basis is Basis.ACTUAL:
        return plural_message(
            "{product}: {quantity} measured, in {count} usage line.",
            "{product}: {quantity} measured, in {count} usage lines.",
            part.lines,
            product=product,
            quantity=quantity,
        )
    if part.basis is Basis.ORDERED:
        return plural_message(
            "{product}: {quantity} ordered, in {count} usage line.",
            "{product}: {quantity} ordered, in {count} usage lines.",
            part.lines,
            product=product,
            quantity=quantity,
        )
    return plural_message(
        "{product}: {quantity} billable, in {count} usage line.",
        "{product}: {quantity} billable, in {count} usage lines.",
        part.lines,
        product=product,
        quantity=quantity,
    )


def _combine_step(quantity: CustomerQuantity, names: Callable[[str], str]) -> Message:
    combined = plain(quantity.combined)
    if quantity.bundle.combine is Combine.MAX:
        return message("The highest of the bundle counts: {quantity}.", quantity=combined)
    if quantity.bundle.combine is Combine.DRIVER:
        return message(
            "Only {product} counts in this bundle: {quantity}.",
            product=names(quantity.bundle.driver),
            quantity=combined,
        )
    return message("The sum of the bundle: {quantity}.", quantity=combined)


def _rule_step(name: str, value: Decimal, rule: QuantityRule) -> Message:
    quantity = plain(value)
    match name:
        case "multiplier":
            return message(
                "Times {multiplier}: {quantity}.",
                multiplier=plain(rule.multiplier),
                quantity=quantity,
            )
        case "included":
            return message(
                "Less {included} included: {quantity}.",
                included=plain(rule.included),
                quantity=quantity,
            )
        case "minimum":
            return message("Raised to the minimum: {quantity}.", quantity=quantity)
        case "places":
            return message("To six decimals: {quantity}.", quantity=quantity)
        case _:
            return _rounding_step(rule.rounding, quantity)


def _rounding_step(rounding: Rounding, quantity: Decimal) -> Message:
    if rounding is Rounding.UP:
        return message("Rounded up: {quantity}.", quantity=quantity)
    if rounding is Rounding.DOWN:
        return message("Rounded down: {quantity}.", quantity=quantity)
    return message("Rounded: {quantity}.", quantity=quantity)


def plain(value: Decimal) -> Decimal:
    """The same number without trailing zeros and never in exponent form."""
    whole = value.to_integral_value()
    return whole if whole == value else value.normalize()
