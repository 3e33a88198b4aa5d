"""The vendor's side of a row: what it charges, what it says was ordered, and at which net price.

Lines that are billed by use alone say that 0 was ordered, which is no order that anything could be
held against. The net price is that of a whole order line, which several customers may share: each
has its part by what it used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal

from core.domain.models import OrderMatch, OrderPart, Part, Tolerance, Usage
from core.domain.reconciliation_classes import is_within

Costs = Mapping[tuple[str | None, str], Decimal | None]

_ZERO, _CENT = Decimal(0), Decimal("0.01")
_LONG = Context(prec=60, rounding=ROUND_HALF_UP)


def sum_of(parts: Sequence[Part], costs: Costs) -> Decimal | None:
    """What these parts cost together; None where that of one is not known."""
    if len(parts) == 1:  # as most rows have
        return costs.get((parts[0].customer_id or None, parts[0].product_code))
    found = [costs.get((part.customer_id or None, part.product_code)) for part in parts]
    known = [cost for cost in found if cost is not None]
    return sum(known, _ZERO) if len(known) == len(found) else None


def ordered_of(usages: Iterable[Usage]) -> tuple[Decimal | None, Decimal | None]:
    """What was ordered, None without usage; and what was used less what was ordered, of what
    something was ordered of, None of nothing."""
    ordered: Decimal | None = None
    beyond: Decimal | None = None
    for usage in usages:
        ordered = usage.ordered if ordered is None else ordered + usage.ordered
        if usage.ordered:
            beyond = (beyond or _ZERO) + usage.billable - usage.ordered
    return ordered, beyond


def order_match(beyond: Decimal, ordered: Decimal | None, tolerance: Tolerance) -> OrderMatch:
    """How usage stands to the order; what is within tolerance is as ordered."""
    if beyond == 0 or is_within(beyond, ordered or _ZERO, tolerance):
        return OrderMatch.AS_ORDERED
    return OrderMatch.BEYOND_ORDER if beyond > 0 else OrderMatch.NOT_USED


def net_prices(parts: Iterable[OrderPart], currency: str) -> Costs:
    """The net price by customer and product, in one currency; None where it does not follow."""
    lines: dict[tuple[object, ...], list[OrderPart]] = {}
    for part in parts:
        alone = () if part.line else (part.account_id, part.product_code)
        lines.setdefault((part.order, part.line, *alone), []).append(part)
    found: dict[tuple[str | None, str], Decimal | None] = {}
    for sharing in lines.values():
        for part, share in zip(sharing, _shares(sharing, currency), strict=True):
            key = (part.account_id, part.product_code)
            before = found.get(key, _ZERO)
            found[key] = None if before is None or share is None else before + share
    return found


def _shares(sharing: Sequence[OrderPart], currency: str) -> Sequence[Decimal | None]:
    """The net price of one order line, divided to the cent: nothing is lost, nothing is added."""
    said = {part.net for part in sharing}
    net = sharing[0].net
    if len(said) > 1 or net is None or any(part.currency != currency for part in sharing):
        return [None] * len(sharing)
    weights = [part.billable for part in sharing]
    if not sum(weights):
        weights = [part.ordered for part in sharing]
    if not sum(weights):
        return [net] if len(sharing) == 1 else [None] * len(sharing)
    return _by_weight(net, weights)


def _by_weight(net: Decimal, weights: Sequence[Decimal]) -> list[Decimal | None]:
    total, step = sum(weights), min(_CENT, _unit_of(net))
    shares: list[Decimal | None] = []
    so_far = given = _ZERO
    for weight in weights:
        so_far += weight
        until = _LONG.divide(_LONG.multiply(net, so_far), total).quantize(step, context=_LONG)
        shares.append(until - given)
        given = until
    return shares


def _unit_of(amount: Decimal) -> Decimal:
    exponent = amount.as_tuple().exponent
    return Decimal(1).scaleb(min(exponent, 0)) if isinstance(exponent, int) else _CENT
