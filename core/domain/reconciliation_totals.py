"""Sums over rows of the reconciliation, those of money in each currency apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from core.domain.models import CurrencyTotals, ReconciliationRow, RowClass, Totals

_ZERO = Decimal(0)
GOOD = frozenset({RowClass.MATCHED, RowClass.WITHIN_TOLERANCE})
_COMPARED = GOOD | {
    RowClass.UNDER_BILLED,
    RowClass.OVER_BILLED,
    RowClass.MISSING_ADDITION,
    RowClass.ADDITION_WITHOUT_USAGE,
    RowClass.AMBIGUOUS,
}
# Fetching the usage again puts all rows without sound usage right at once: none needs anybody.
_QUIET = GOOD | {RowClass.SYNC_OFF, RowClass.EXCLUDED, RowClass.STALE_SOURCE}
# What nobody is billed for as long as something is missing.
_UNBILLED = frozenset(
    {RowClass.UNMAPPED_PRODUCT, RowClass.UNMAPPED_CUSTOMER, RowClass.UNASSIGNED_USAGE}
)


def is_open_exception(row: ReconciliationRow) -> bool:
    """Whether a row needs somebody. What is not mapped needs nobody in a month without usage."""
    return row.row_class not in _QUIET and not leaves_nothing_unbilled(row)


def leaves_nothing_unbilled(row: ReconciliationRow) -> bool:
    """Whether a row cannot be billed, and nothing was used that could be."""
    if row.row_class not in _UNBILLED:
        return False
    return not (row.expected or row.billed or any(part.quantity for part in row.used))


def totals_of(rows: Sequence[ReconciliationRow]) -> Totals:
    """The sums of these rows and of no others."""
    count: Counter[RowClass] = Counter()
    sums: dict[str | None, _Sums] = {}
    used = billed = cost = _ZERO
    without_cycle = open_rows = compared = 0
    known = True
    for row in rows:
        count[row.row_class] += 1
        open_rows += is_open_exception(row)
        compared += (row.accepted_class or row.row_class) in _COMPARED
        used += row.used_units
        billed += row.billed or _ZERO
        cost += row.cost or _ZERO
        known = known and not row.says_nothing
        if row.money is None and row.revenue is None:
            continue
        found = sums.get(row.currency)
        if found is None:
            found = sums[row.currency] = _Sums()
        found.add(row)
        without_cycle += not row.is_monthly and bool(row.money or row.revenue)
    return Totals(
        rows=len(rows),
        open_exceptions=open_rows,
        match_rate=Decimal(sum(count[kind] for kind in GOOD)) / compared if compared else None,
        used=used,
        billed=billed,
        cost=cost,
        by_class={kind: count[kind] for kind in RowClass if count[kind]},
        by_currency=_by_currency(sums) if known else (),
        without_cycle=without_cycle,
    )


class _Sums:
    """The sums of one currency in the making."""

    def __init__(self) -> None:
        self.rows = 0
        self.under = self.over = _ZERO
        self.by_class: dict[RowClass, Decimal] = {}

    def add(self, row: ReconciliationRow) -> None:
        kind, money = row.row_class, row.money or _ZERO
        self.rows += 1
        self.by_class[kind] = self.by_class.get(kind, _ZERO) + money
        if not money or kind in _QUIET:
            return
        if money > 0:
            self.under += money
        else:
            self.over -= money

    def of(self, currency: str | None) -> CurrencyTotals:
        return CurrencyTotals(
            currency=currency,
            rows=self.rows,
            under_billed=self.under,
            over_billed=self.over,
            by_class={kind: self.by_class[kind] for kind in RowClass if kind in self.by_class},
        )


def _by_currency(sums: dict[str | None, _Sums]) -> tuple[CurrencyTotals, ...]:
    """The currency of most rows first, the unknown one last of as many."""
    if not sums:
        return (CurrencyTotals(),)
    found = [one.of(currency) for currency, one in sums.items()]
    found.sort(key=lambda each: (-each.rows, each.currency is None, each.currency or ""))
    return tuple(found)
