"""Quantity rules: how usage becomes the quantity of an addition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import StrEnum


class Basis(StrEnum):
    """Which quantity of the vendor's lines counts."""

    BILLABLE = "billable"
    ACTUAL = "actual"
    ORDERED = "ordered"


class Combine(StrEnum):
    """How the members of a bundle become one quantity."""

    SUM = "sum"
    MAX = "max"
    DRIVER = "driver"


class Rounding(StrEnum):
    """To whole units; NEAREST rounds a half up."""

    NONE = "none"
    UP = "up"
    DOWN = "down"
    NEAREST = "nearest"


@dataclass(frozen=True)
class QuantityRule:
    """The rule of one product mapping.

    In this order, after the members of a bundle were combined: times `multiplier`, less `included`
    units (never below zero), `rounding`, and at least `minimum` where there is any usage.
    """

    basis: Basis = Basis.BILLABLE
    multiplier: Decimal = Decimal(1)
    included: Decimal = Decimal(0)
    rounding: Rounding = Rounding.NONE
    minimum: Decimal = Decimal(0)


@dataclass(frozen=True)
class BundleRule:
    """How one ConnectWise product combines the Sophos products that are mapped to it.

    `driver` is the product code that counts alone, for DRIVER.
    """

    combine: Combine = Combine.SUM
    driver: str = ""


@dataclass(frozen=True)
class RuleOverride:
    """What one customer has differently for one Sophos product; None: as the mapping says."""

    basis: Basis | None = None
    multiplier: Decimal | None = None
    included: Decimal | None = None
    rounding: Rounding | None = None
    minimum: Decimal | None = None

    def __bool__(self) -> bool:
        return any(getattr(self, item.name) is not None for item in fields(self))


@dataclass(frozen=True)
class QuantityRules:
    """All rules in force.

    `by_product` by Sophos product code, `bundles` by ConnectWise product id, `overrides` by
    customer id and product code.
    """

    by_product: Mapping[str, QuantityRule] = field(default_factory=dict)
    bundles: Mapping[int, BundleRule] = field(default_factory=dict)
    overrides: Mapping[tuple[str, str], RuleOverride] = field(default_factory=dict)
