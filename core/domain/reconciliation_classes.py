"""Which class a row of the reconciliation has when its two sides can be compared."""

from __future__ import annotations

from decimal import Decimal

from core.domain.models import Addition, RowClass, Tolerance

_ZERO = Decimal(0)


def compare(
    expected: Decimal, billed: Decimal | None, *, used: bool, tolerance: Tolerance
) -> RowClass:
    """The class of a row whose two sides can be compared. `billed` None: there is no addition."""
    difference = expected - (billed or _ZERO)
    if difference == 0:
        return RowClass.MATCHED
    if is_within(difference, expected, tolerance):
        return RowClass.WITHIN_TOLERANCE
    if billed is None:
        return RowClass.MISSING_ADDITION
    if not used:
        return RowClass.ADDITION_WITHOUT_USAGE
    return RowClass.UNDER_BILLED if difference > 0 else RowClass.OVER_BILLED


def compare_with(
    addition: Addition | None, expected: Decimal, *, used: bool, tolerance: Tolerance
) -> RowClass:
    """The same against an addition: its included units are free on both sides."""
    if addition is None:
        return compare(expected, None, used=used, tolerance=tolerance)
    included = addition.less_included
    return compare(
        max(_ZERO, expected - included),
        max(_ZERO, addition.quantity - included),
        used=used,
        tolerance=tolerance,
    )


def is_within(difference: Decimal, of: Decimal, tolerance: Tolerance) -> bool:
    """Whether a difference is small enough to be left alone, by units or by percent of `of`."""
    return abs(difference) <= max(tolerance.units, abs(of) * tolerance.percent / 100)
