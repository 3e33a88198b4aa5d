"""Runs as tables for CSV and Excel, in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence

from core.domain.models import Outcome, Run, RunChange
from core.domain.price_effect import monthly_effect
from core.domain.price_words import cents
from core.use_cases.exclusions import LeftOut
from core.use_cases.workbook import Cell, Table
from pages.components.language import _, text
from pages.components.plan_effect import cycle_name
from pages.components.plan_table import kind_names
from pages.components.run_excluded import excluded_cells, excluded_reasons
from pages.components.run_rows import moment_of, origin_of, outcome_names, status_names

_MONEY = frozenset({10, 11})


def runs_table(runs: Sequence[Run]) -> Table:
    """One line for each run."""
    headings = (
        _("Run"),
        _("Month"),
        _("Status"),
        _("Changes"),
        _("Done"),
        _("Failed"),
        _("Skipped"),
        _("Approved by"),
        _("Approved"),
        _("Ended"),
        _("Origin"),
        _("Why a limit was lifted"),
        _("Why an older month was pushed"),
        _("Excluded"),
        _("Why excluded"),
        _("Plan"),
    )
    return Table(_("Runs"), headings, [_run_cells(run) for run in runs])


def _run_cells(run: Run) -> tuple[Cell, ...]:
    return (
        run.number,
        run.month,
        status_names()[run.status],
        run.changes,
        run.done,
        run.failed,
        run.skipped,
        run.approved_by,
        run.approved_at,
        run.finished_at,
        origin_of(run),
        run.override_reason,
        run.options.older_month_reason,
        len(run.options.excluded),
        excluded_reasons(run),
        run.digest,
    )


def run_table(run: Run, changes: Sequence[RunChange], left_out: Sequence[LeftOut]) -> Table:
    """Every change with its outcome, and the IDs to find it by in ConnectWise; then what was left
    out, with the reason."""
    headings = (
        _("Run"),
        _("Month"),
        _("Outcome"),
        _("When"),
        _("Change"),
        _("Customer"),
        _("Agreement"),
        _("ConnectWise product"),
        _("Before"),
        _("After"),
        _("Price effect per month"),
        _("Price effect per billing period"),
        _("Currency"),
        _("Billing cycle"),
        _("Effective date"),
        _("Cancelled date"),
        _("Message"),
        _("Remedy"),
        _("ConnectWise said"),
        _("Explanation"),
        _("Agreement ID"),
        _("Product ID"),
        _("Addition ID"),
    )
    title = _("Run {number}", number=str(run.number))
    rows = [_cells(run, change) for change in changes]
    about = {_("Run"): run.number, _("Month"): run.month}
    return Table(title, headings, [*rows, *excluded_cells(headings, about, left_out)], _MONEY)


def _effect(row: RunChange) -> tuple[Cell, ...]:
    """What was done costs; per month to the cent, where the billing cycle was known."""
    change, done = row.change, row.outcome is Outcome.DONE
    month = monthly_effect(change) if done else None
    return (
        None if month is None else cents(month),
        change.price_effect if done else None,
        change.currency,
        cycle_name(change.billing) if change.target.agreement_id else "",
    )


def _cells(run: Run, row: RunChange) -> tuple[Cell, ...]:
    change = row.change
    return (
        run.number,
        run.month,
        outcome_names()[row.outcome],
        moment_of(row),
        kind_names()[change.kind.value],
        ", ".join(row.names.customers),
        row.names.agreement,
        row.names.product,
        change.before,
        change.after,
        *_effect(row),
        change.effective_date,
        change.cancelled_date,
        text(row.text) if row.text else "",
        text(row.remedy) if row.remedy else "",
        row.detail,
        " ".join(text(step) for step in change.steps),
        change.target.agreement_id or None,
        row.product_id or change.target.product_id or None,
        row.addition_id or change.addition_id,
    )
