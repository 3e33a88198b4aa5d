"""What changes cost the customers: sums that say their unit and currency."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

_MONTHS = 12


@dataclass(frozen=True, kw_only=True)
class MonthlyEffect:
    """A sum over `agreements` agreements in one currency; `currency` None: not known.

    It is kept by the year: a year has a whole number of billing periods, so the sum is exact.
    """

    per_year: Decimal
    currency: str | None = None
    agreements: int

    @property
    def amount(self) -> Decimal:
        """Per month."""
        return self.per_year / _MONTHS


@dataclass(frozen=True, kw_only=True)
class PeriodEffect:
    """A sum over one billing period of each of `agreements` agreements, in one currency.

    How long those periods are is not known. `agreements` 0: nobody counted them.
    """

    amount: Decimal
    currency: str | None = None
    agreements: int


@dataclass(frozen=True, kw_only=True)
class PriceEffect:
    """What some changes cost together: one sum for each currency.

    `by_period` has what belongs to agreements without a known billing cycle; it is in no monthly
    sum. `unpriced` changes have no known price and are in none at all.
    """

    monthly: tuple[MonthlyEffect, ...] = ()
    by_period: tuple[PeriodEffect, ...] = ()
    unpriced: int = 0
