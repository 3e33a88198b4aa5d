"""What changes cost the customers of their agreements. Pure.

An addition is billed once per billing period of its agreement. Where it is known how long that is,
sums are per month; what belongs to other agreements is kept apart. Currencies are never added up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from core.domain.billing_periods import per_month, periods_per_year
from core.domain.models import Change, MonthlyEffect, PeriodEffect, PriceEffect

_ZERO = Decimal(0)
_Currency = str | None


@dataclass
class _Sum:
    amount: Decimal = _ZERO
    agreements: set[int] = field(default_factory=set)

    def add(self, amount: Decimal, agreement_id: int) -> None:
        self.amount += amount
        self.agreements.add(agreement_id)


def monthly_effect(change: Change) -> Decimal | None:
    """What a change costs its customer per month, in the currency of the agreement; None without
    a price or a known billing cycle."""
    effect = change.price_effect
    if effect is None:
        return None
    return per_month(effect, change.billing) if effect else _ZERO


def price_effect(changes: Iterable[Change]) -> PriceEffect:
    """The effect of all of them: what keeps its quantity has none, known price or not."""
    by_year: dict[_Currency, _Sum] = {}
    by_period: dict[_Currency, _Sum] = {}
    unpriced = 0
    for change in changes:
        effect = change.price_effect
        if effect is None:
            unpriced += bool(change.difference)
        elif effect:
            periods = periods_per_year(change.billing)
            sums = by_period if periods is None else by_year
            found = sums.setdefault(change.currency, _Sum())
            found.add(effect * (periods or 1), change.target.agreement_id)
    return PriceEffect(
        monthly=tuple(
            MonthlyEffect(per_year=one.amount, currency=code, agreements=len(one.agreements))
            for code, one in _sorted(by_year)
        ),
        by_period=tuple(
            PeriodEffect(amount=one.amount, currency=code, agreements=len(one.agreements))
            for code, one in _sorted(by_period)
        ),
        unpriced=unpriced,
    )


def _sorted(sums: dict[_Currency, _Sum]) -> list[tuple[_Currency, _Sum]]:
    """By currency, the unknown one first."""
    return sorted(sums.items(), key=lambda item: item[0] or "")
