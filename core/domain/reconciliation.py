"""Used against billed: one report value for a month, of which pages and files are drawings.

Every used unit of the month, and every open addition of a mapped product on a mapped agreement, is
in exactly one row. What is billed is what ConnectWise says now, or, where a newer month was pushed
since, what it said then; what is expected follows from the same rules as a plan, so that a row that
a plan would change is a row that differs. Where the usage of the month says nothing, no row has a
difference: what is not known is no money.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from core.domain.billed_history import BilledHistory, as_billed
from core.domain.models import (
    Acceptance,
    Frequency,
    Push,
    Reconciliation,
    ReconciliationRow,
    RowClass,
    Tolerances,
)
from core.domain.month import Month
from core.domain.plan_inputs import PlanInputs
from core.domain.planning import source_finding
from core.domain.reconciliation_classes import compare
from core.domain.reconciliation_moved import tell_moves
from core.domain.reconciliation_prices import with_one_currency
from core.domain.reconciliation_rows import RowBuilder
from core.domain.reconciliation_totals import GOOD, is_open_exception, totals_of
from core.domain.reconciliation_vendor import Costs
from core.errors import Message, message

__all__ = ["Costs", "compare", "is_open_exception", "reconcile", "totals_of", "with_acceptances"]


def reconcile(
    inputs: PlanInputs,
    *,
    tolerances: Tolerances | None = None,
    acceptances: Iterable[Acceptance] = (),
    costs: Costs | None = None,
    net_prices: Costs | None = None,
    currency: str = "",
    pushes: Iterable[Push] = (),
) -> Reconciliation:
    """The report of `inputs.month`. `costs` is what the vendor charges by customer and code, in
    `currency`, and `net_prices` the same by the net prices of its order lines; `pushes` is what
    runs did to additions, in their order."""
    made = list(pushes)
    then, now = as_billed(inputs, BilledHistory(made)) if made else (inputs, {})
    builder = RowBuilder(then, tolerances or Tolerances(), costs or {}, net_prices or {}, currency)
    rows: Sequence[ReconciliationRow] = with_one_currency(list(builder.all()))
    if now:
        rows = [_as_it_is_now(row, now) for row in rows]
    in_progress = _is_in_progress(inputs)
    problem, remedy = _source_problem(inputs, in_progress=in_progress)
    if problem is not None:
        rows = [_without_difference(row) for row in rows]
    else:
        rows = tell_moves(rows, inputs)
    ordered = tuple(sorted(rows, key=lambda row: row.key))
    report = Reconciliation(
        month=inputs.month,
        rows=ordered,
        totals=totals_of(ordered),
        source_problem=problem,
        source_remedy=remedy,
        in_progress=in_progress,
        currency=currency,
    )
    return with_acceptances(report, acceptances)


def _is_in_progress(inputs: PlanInputs) -> bool:
    """Whether more usage is to come, and nobody syncs the month before it is over."""
    current = Month.of(inputs.today)
    daily = inputs.settings.frequency is Frequency.DAILY
    return inputs.month > current or (inputs.month == current and not daily)


def _source_problem(
    inputs: PlanInputs, *, in_progress: bool
) -> tuple[Message | None, Message | None]:
    """Why the usage of the month says nothing, and what to do; None when it does."""
    if in_progress:
        return (
            message("{month} is not over: usage so far.", month=str(inputs.month)),
            message("Nothing is compared before it is over and its usage is fetched again."),
        )
    found = source_finding(inputs)
    return (found.text, found.remedy) if found else (None, None)


def _as_it_is_now(row: ReconciliationRow, now: Mapping[int, Decimal]) -> ReconciliationRow:
    return row if row.addition_id is None else replace(row, quantity_now=now.get(row.addition_id))


def _without_difference(row: ReconciliationRow) -> ReconciliationRow:
    """The row of a month whose usage says nothing. That sync is off does not follow from usage."""
    off = row.row_class is RowClass.SYNC_OFF
    return replace(
        row,
        row_class=row.row_class if off else RowClass.STALE_SOURCE,
        expected=None,
        beyond_order=None,
        order=None,
        says_nothing=True,
    )


def with_acceptances(report: Reconciliation, acceptances: Iterable[Acceptance]) -> Reconciliation:
    """The report of which nobody accepted anything yet, with the differences that somebody did."""
    accepted = {each.key: each for each in acceptances if _is_in_force(each, report.month)}
    if not accepted:
        return report
    rows = tuple(
        row if (found := accepted.get(row.key)) is None else _excluded(row, found)
        for row in report.rows
    )
    return replace(report, rows=rows, totals=totals_of(rows))


def _is_in_force(acceptance: Acceptance, month: Month) -> bool:
    since, until = acceptance.since, acceptance.until
    return (since is None or since <= month) and (until is None or month <= until)


def _excluded(row: ReconciliationRow, acceptance: Acceptance) -> ReconciliationRow:
    if row.row_class in GOOD or row.row_class is RowClass.SYNC_OFF:
        return row
    return replace(
        row,
        row_class=RowClass.EXCLUDED,
        acceptance=acceptance,
        accepted_class=row.row_class,
    )
