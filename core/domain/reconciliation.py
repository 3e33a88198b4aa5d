"""Used against billed: one report value for a month, of which pages and files are drawings.

Every used unit of the month, and every open addition of a mapped product on a mapped agreement, is
in exactly one row. What is billed is what ConnectWise says now, or, where a newer month was pushed
since, what it said then; what is expected follows from the same rules as a plan, so that a row that
a plan would change is a row that differs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from core.domain.billed_history import BilledHistory, as_billed
from core.domain.models import (
    Acceptance,
    Push,
    Reconciliation,
    ReconciliationRow,
    RowClass,
    Tolerances,
    Totals,
)
from core.domain.month import Month
from core.domain.plan_inputs import PlanInputs
from core.domain.planning import source_finding
from core.domain.reconciliation_rows import Costs, RowBuilder, compare

__all__ = ["Costs", "compare", "is_open_exception", "reconcile", "totals_of", "with_acceptances"]

_ZERO = Decimal(0)
_GOOD = frozenset({RowClass.MATCHED, RowClass.WITHIN_TOLERANCE})
_COMPARED = _GOOD | {
    RowClass.UNDER_BILLED,
    RowClass.OVER_BILLED,
    RowClass.MISSING_ADDITION,
    RowClass.ADDITION_WITHOUT_USAGE,
    RowClass.AMBIGUOUS,
}
_QUIET = _GOOD | {RowClass.SYNC_OFF, RowClass.EXCLUDED}


def reconcile(
    inputs: PlanInputs,
    *,
    tolerances: Tolerances | None = None,
    acceptances: Iterable[Acceptance] = (),
    costs: Costs | None = None,
    pushes: Iterable[Push] = (),
) -> Reconciliation:
    """The report of `inputs.month`. `costs` is what the vendor charges by customer and code;
    `pushes` is what runs did to additions, in their order."""
    made = list(pushes)
    then, now = as_billed(inputs, BilledHistory(made)) if made else (inputs, {})
    source = source_finding(inputs)
    rows = (
        replace(
            row,
            row_class=row.row_class if source is None else RowClass.STALE_SOURCE,
            quantity_now=None if row.addition_id is None else now.get(row.addition_id),
        )
        if source is not None or now
        else row
        for row in RowBuilder(then, tolerances or Tolerances(), costs or {}).all()
    )
    ordered = tuple(sorted(rows, key=lambda row: row.key))
    report = Reconciliation(
        month=inputs.month,
        rows=ordered,
        totals=totals_of(ordered),
        source_problem=source.text if source else None,
        source_remedy=source.remedy if source else None,
    )
    return with_acceptances(report, acceptances)


def with_acceptances(report: Reconciliation, acceptances: Iterable[Acceptance]) -> Reconciliation:
    """The report of which nobody accepted anything yet, with the differences that somebody did."""
    accepted = {each.key: each for each in acceptances if _in_force(each, report.month)}
    if not accepted:
        return report
    rows = tuple(
        row if (found := accepted.get(row.key)) is None else _excluded(row, found)
        for row in report.rows
    )
    return replace(report, rows=rows, totals=totals_of(rows))


def is_open_exception(row: ReconciliationRow) -> bool:
    """Whether a row needs somebody."""
    return row.row_class not in _QUIET


def totals_of(rows: Sequence[ReconciliationRow]) -> Totals:
    """The sums of these rows and of no others."""
    count: Counter[RowClass] = Counter()
    money_of: dict[RowClass, Decimal] = {}
    used = billed = cost = under = over = _ZERO
    for row in rows:
        kind, money = row.row_class, row.money
        count[kind] += 1
        money_of[kind] = money_of.get(kind, _ZERO) + (money or _ZERO)
        used += row.used_units
        billed += row.billed or _ZERO
        cost += row.cost or _ZERO
        if money and kind not in _QUIET:
            under, over = under + max(money, _ZERO), over - min(money, _ZERO)
    compared = sum(count[kind] for kind in _COMPARED)
    return Totals(
        rows=len(rows),
        under_billed=under,
        over_billed=over,
        open_exceptions=len(rows) - sum(count[kind] for kind in _QUIET),
        match_rate=Decimal(sum(count[kind] for kind in _GOOD)) / compared if compared else None,
        used=used,
        billed=billed,
        cost=cost,
        by_class={kind: count[kind] for kind in RowClass if count[kind]},
        money_by_class={kind: money_of[kind] for kind in RowClass if count[kind]},
    )


def _in_force(acceptance: Acceptance, month: Month) -> bool:
    return acceptance.until is None or month <= acceptance.until


def _excluded(row: ReconciliationRow, acceptance: Acceptance) -> ReconciliationRow:
    if row.row_class in _QUIET or row.row_class is RowClass.STALE_SOURCE:
        return row
    return replace(
        row,
        row_class=RowClass.EXCLUDED,
        acceptance=acceptance,
        accepted_class=row.row_class,
    )
