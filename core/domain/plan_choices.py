"""What a person left out of a plan, and what goes with it. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from core.domain.models import Change, ChangeKind, PlanOptions, Target
from core.domain.plan_inputs import PlanInputs

_PRODUCTS = frozenset({ChangeKind.CREATE_PRODUCT, ChangeKind.ADOPT_PRODUCT})


def limited_to(changes: Iterable[Change], options: PlanOptions) -> list[Change]:
    """A retry is limited to its targets, and to the products that these need."""
    known = list(changes)
    if options.only is None:
        return known
    wanted = [change for change in known if change.target.key in options.only]
    needed = {code for change in wanted for code in _codes(change)}
    return [
        change
        for change in known
        if change in wanted or (change.kind in _PRODUCTS and change.target.product_code in needed)
    ]


def excluded_of(changes: Iterable[Change], options: PlanOptions) -> list[Change]:
    """What a person left out, and what cannot be done without it.

    Without its product, an addition of it is left out too, and so are one whose quantity counts its
    usage, and another Sophos product that would have been mapped to the same new product.
    """
    known = list(changes)
    uncreated = {
        change.default_product.identifier.casefold()
        for change in known
        if change.kind is ChangeKind.CREATE_PRODUCT
        and change.default_product is not None
        and change.target.key in options.excluded
    }
    products = {
        change.target.product_code
        for change in known
        if change.kind in _PRODUCTS
        and (change.target.key in options.excluded or _follows(change, uncreated))
    }
    return [
        change
        for change in known
        if change.target.key in options.excluded
        or (change.kind in _PRODUCTS and change.target.product_code in products)
        or (change.target.agreement_id and not products.isdisjoint(_codes(change)))
    ]


def is_left_out(change: Change, inputs: PlanInputs) -> bool:
    """Whether a person left the change of an addition out, or the product that it is billed on."""
    options = inputs.options
    nothing = options.only is None and not options.excluded
    if nothing or change.kind is ChangeKind.NOTHING:
        return False
    key = change.target.key
    if options.only is not None and key not in options.only:
        return True
    products = (Target(0, 0, code).key for code in _codes(change))
    return any(each in options.excluded for each in (key, *products))


def _follows(change: Change, uncreated: set[str]) -> bool:
    """Whether it takes the product that was to be created for another Sophos product."""
    default = change.default_product
    return (
        change.product_id is None
        and default is not None
        and default.identifier.casefold() in uncreated
    )


def _codes(change: Change) -> set[str]:
    """The Sophos products that a change is about."""
    codes = {part.product_code for part in change.parts} | {change.target.product_code}
    return codes - {""}
