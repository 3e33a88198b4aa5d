"""A plan as a table for CSV and Excel, in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from core.domain.models import Plan
from core.domain.price_effect import monthly_effect
from core.domain.price_words import cents
from core.use_cases.workbook import Cell, Table
from pages.components.language import _, text
from pages.components.plan_effect import cycle_name
from pages.components.plan_rows import PlanRow, RowStatus
from pages.components.plan_table import kind_names

_MONEY = frozenset({9, 10, 11})


def plan_table(plan: Plan, rows: Sequence[PlanRow]) -> Table:
    """Every row with what decides it, why, and the IDs to find it by in ConnectWise."""
    headings = (
        _("Month"),
        _("Status"),
        _("Change"),
        _("Customer"),
        _("Agreement"),
        _("ConnectWise product"),
        _("Now"),
        _("Then"),
        _("Difference"),
        _("Unit price"),
        _("Price effect per month"),
        _("Price effect per billing period"),
        _("Currency"),
        _("Billing cycle"),
        _("Effective date"),
        _("Cancelled date"),
        _("Why this date"),
        _("Why excluded"),
        _("Explanation"),
        _("Agreement ID"),
        _("Product ID"),
        _("Addition ID"),
        _("Plan"),
    )
    title = _("Plan {month}", month=str(plan.month))
    return Table(title, headings, [_cells(plan, row) for row in rows], _MONEY)


def status_names() -> dict[RowStatus, str]:
    """Where a row stands."""
    return {
        RowStatus.TODO: _("To do"),
        RowStatus.EXCLUDED: _("Excluded"),
        RowStatus.UNCHANGED: _("Unchanged"),
    }


def _per_month(row: PlanRow) -> Decimal | None:
    """To the cent; nothing where no cycle is known: that has a figure per billing period only."""
    found = monthly_effect(row.change) if row.status is RowStatus.TODO else None
    return None if found is None else cents(found)


def _cells(plan: Plan, row: PlanRow) -> tuple[Cell, ...]:
    change = row.change
    has_quantity = change.before is not None or change.after is not None
    return (
        plan.month,
        status_names()[row.status],
        kind_names()[change.kind.value],
        row.customer,
        row.names.agreement,
        row.names.product,
        change.before,
        change.after,
        change.difference if has_quantity else None,
        change.unit_price,
        _per_month(row),
        row.price_effect,
        change.currency,
        cycle_name(change.billing) if change.target.agreement_id else "",
        change.effective_date,
        change.cancelled_date,
        text(change.date_reason) if change.date_reason else "",
        row.note,
        " ".join(text(step) for step in change.steps),
        change.target.agreement_id or None,
        change.target.product_id or change.product_id or None,
        change.addition_id,
        plan.digest,
    )
