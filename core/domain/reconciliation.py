"""Used against billed: one report value for a month, of which pages and files are drawings.

Every used unit of the month, and every open addition of a mapped product on a mapped agreement, is
in exactly one row. What is billed is what ConnectWise says now; what is expected follows from the
same rules as a plan, so that a row that a plan would change is a row that differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from core.domain.models import (
    Acceptance,
    Finding,
    Reconciliation,
    ReconciliationRow,
    RowClass,
    Tolerances,
    Totals,
)
from core.domain.plan_inputs import PlanInputs
from core.domain.planning import source_finding
from core.domain.reconciliation_rows import Costs, RowBuilder, compare

__all__ = ["Costs", "compare", "reconcile", "totals_of"]

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
) -> Reconciliation:
    """The report of `inputs.month`. `costs` is what the vendor charges by customer and code."""
    builder = RowBuilder(inputs, tolerances or Tolerances(), costs or {})
    source = source_finding(inputs)
    accepted = {each.key: each for each in acceptances if _in_force(each, inputs)}
    rows = tuple(
        sorted(
            (_final(row, source, accepted.get(row.key)) for row in builder.all()),
            key=lambda row: row.key,
        )
    )
    return Reconciliation(
        month=inputs.month,
        rows=rows,
        totals=totals_of(rows),
        source_problem=source.text if source else None,
    )


def totals_of(rows: Sequence[ReconciliationRow]) -> Totals:
    """The sums of these rows and of no others."""
    compared = [row for row in rows if row.row_class in _COMPARED]
    good = sum(row.row_class in _GOOD for row in compared)
    counted = [row for row in rows if row.row_class not in _QUIET and row.money is not None]
    money = [row.money for row in counted if row.money is not None]
    by_class = {kind: [row for row in rows if row.row_class is kind] for kind in RowClass}
    return Totals(
        rows=len(rows),
        under_billed=sum((each for each in money if each > 0), _ZERO),
        over_billed=-sum((each for each in money if each < 0), _ZERO),
        open_exceptions=sum(row.row_class not in _QUIET for row in rows),
        match_rate=Decimal(good) / len(compared) if compared else None,
        used=sum((row.used_units for row in rows), _ZERO),
        billed=sum((row.billed or _ZERO for row in rows), _ZERO),
        cost=sum((row.cost or _ZERO for row in rows), _ZERO),
        by_class={kind: len(found) for kind, found in by_class.items() if found},
        money_by_class={
            kind: sum((row.money or _ZERO for row in found), _ZERO)
            for kind, found in by_class.items()
            if found
        },
    )


def _in_force(acceptance: Acceptance, inputs: PlanInputs) -> bool:
    return acceptance.until is None or inputs.month <= acceptance.until


def _final(
    row: ReconciliationRow, source: Finding | None, acceptance: Acceptance | None
) -> ReconciliationRow:
    if source is not None:
        return replace(row, row_class=RowClass.STALE_SOURCE)
    if acceptance is None or row.row_class in _QUIET:
        return row
    return replace(
        row,
        row_class=RowClass.EXCLUDED,
        acceptance=acceptance,
        accepted_class=row.row_class,
    )
