"""What a person typed for a quantity rule, to and from the values of the domain.

Typed values are a plain dict, kept in the session, so that nothing typed is lost by a problem or a
failed save. For what a customer has differently, an empty field means: as the product says.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core.domain.models import (
    Basis,
    BundleRule,
    Combine,
    QuantityRule,
    Rounding,
    RuleOverride,
)
from core.domain.rule_editing import NUMBERS
from core.errors import InputError, Problem
from core.use_cases.quantity_rules import BUNDLE_FIELD, RULE_FIELD
from pages.components.formats import NOTHING, number, number_input, parse_number
from pages.components.language import _
from pages.components.problems import field_problem

Values = dict[str, str | None]


def values_of(rule: QuantityRule | RuleOverride, bundle: BundleRule | None = None) -> Values:
    """The form's start: numbers as the reader would type them."""
    values: Values = {name: number_input(getattr(rule, name)) for name in NUMBERS}
    values["basis"] = None if rule.basis is None else rule.basis.value
    values["rounding"] = None if rule.rounding is None else rule.rounding.value
    if bundle is not None:
        values["combine"] = bundle.combine.value
        values["driver"] = bundle.driver or None
    return values


def rule_from(values: Mapping[str, str | None]) -> tuple[QuantityRule, tuple[Problem, ...]]:
    """The rule that was typed; an empty number is that of a rule that changes nothing."""
    numbers, problems = _numbers(values)
    return QuantityRule(**_chosen(values), **_given(numbers)), problems


def override_from(values: Mapping[str, str | None]) -> tuple[RuleOverride, tuple[Problem, ...]]:
    """What was typed for a customer; what is empty is as the product says."""
    numbers, problems = _numbers(values)
    return RuleOverride(**_chosen(values), **_given(numbers)), problems


def bundle_from(values: Mapping[str, str | None]) -> BundleRule:
    """How the bundle combines."""
    return BundleRule(Combine(values.get("combine") or Combine.SUM), values.get("driver") or "")


def _chosen(values: Mapping[str, str | None]) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    if values["basis"]:
        chosen["basis"] = Basis(values["basis"])
    if values["rounding"]:
        chosen["rounding"] = Rounding(values["rounding"])
    return chosen


def _given(numbers: Mapping[str, Decimal | None]) -> dict[str, Any]:
    return {name: value for name, value in numbers.items() if value is not None}


def _numbers(
    values: Mapping[str, str | None],
) -> tuple[dict[str, Decimal | None], tuple[Problem, ...]]:
    numbers: dict[str, Decimal | None] = {}
    problems: list[Problem] = []
    for name in NUMBERS:
        try:
            numbers[name] = parse_number(values[name] or "")
        except InputError as error:
            numbers[name] = None
            problems.append(field_problem(error, name))
    return numbers, tuple(problems)


# ---------------------------------------------------------------- what things are called


def rule_labels() -> dict[str, str]:
    """The members of a rule by name."""
    return {
        "basis": _("Quantity that counts"),
        "multiplier": _("Multiplier"),
        "included": _("Included units"),
        "rounding": _("Rounding"),
        "minimum": _("Minimum"),
        "combine": _("Bundle"),
        "driver": _("Leading product"),
    }


def basis_names() -> dict[str, str]:
    """The quantities of Sophos' lines."""
    return {
        Basis.BILLABLE.value: _("Billable"),
        Basis.ACTUAL.value: _("Measured"),
        Basis.ORDERED.value: _("Ordered"),
    }


def rounding_names() -> dict[str, str]:
    """The ways to whole units."""
    return {
        Rounding.NONE.value: _("None"),
        Rounding.UP.value: _("Up"),
        Rounding.DOWN.value: _("Down"),
        Rounding.NEAREST.value: _("To the nearest"),
    }


def combine_names() -> dict[str, str]:
    """The ways in which the products of a bundle become one quantity."""
    return {
        Combine.SUM.value: _("Sum of its products"),
        Combine.MAX.value: _("The highest of its products"),
        Combine.DRIVER.value: _("One leading product"),
    }


def value_text(name: str, stored: str, products: Mapping[str, str]) -> str:
    """A stored value of a rule as it is read; `products` are the Sophos products by code."""
    if not stored:
        return NOTHING
    if name == "driver":
        return products.get(stored) or stored
    known = {"basis": basis_names(), "rounding": rounding_names(), "combine": combine_names()}
    if name in known:
        return known[name].get(stored, stored)
    return number(Decimal(stored)) if name in NUMBERS else stored


def history_field(field: str, products: Mapping[str, str]) -> str | None:
    """A field of a history in words, such as `rule/multiplier` or `rule/CODE/multiplier`.

    None for a field that is not of a rule.
    """
    kind, _slash, rest = field.partition("/")
    code, _slash, name = rest.rpartition("/")
    if kind not in {RULE_FIELD, BUNDLE_FIELD} or name not in rule_labels():
        return None
    label = rule_labels()[name]
    if not code:
        return _("Quantity rule: {name}", name=label)
    return _("Quantity rule of {product}: {name}", product=products.get(code) or code, name=label)
