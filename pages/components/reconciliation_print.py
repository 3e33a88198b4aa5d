"""The report as a page of paper: static, without anything to click."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

import streamlit as st

from core.domain.models import Reconciliation, Totals
from core.domain.reconciliation import totals_of
from core.domain.reconciliation_view import NamedRow
from pages.components.formats import NOTHING, number, percent
from pages.components.language import _, ngettext, text
from pages.components.reconciliation_table import (
    class_names,
    over_billed_name,
    plain_money,
    signed_money,
    signed_quantity,
    under_billed_name,
)

# What a person reads on paper; the files have all of it.
MOST_ROWS = 500

_STYLE = """<style>
.reconciliation-print { font-size: 0.82rem; overflow-x: auto; }
.reconciliation-print table { border-collapse: collapse; width: 100%; }
.reconciliation-print th, .reconciliation-print td {
  border-bottom: 1px solid rgba(128, 128, 128, 0.4); padding: 0.25rem 0.5rem;
  text-align: left; vertical-align: top; }
.reconciliation-print .number { text-align: right; font-variant-numeric: tabular-nums;
  white-space: nowrap; }
.reconciliation-print .figures { margin-bottom: 1rem; width: auto; }
.reconciliation-print .words { min-width: 8rem; }
.reconciliation-print h2 { font-size: 1.1rem; padding: 0; margin: 0 0 0.5rem; }
@media print {
  @page { margin: 12mm; size: landscape; }
  [data-testid='stSidebar'], [data-testid='stHeader'], [data-testid='stToolbar'],
  [data-testid='stStatusWidget'], [data-testid='stDecoration'], [data-testid='stToast'],
  [data-testid='stMain'] [data-testid='stElementContainer']:not(:has(.reconciliation-print)),
  [data-testid='stMain'] iframe { display: none !important; }
  html, body, #root, .stApp, [data-testid='stAppViewContainer'], [data-testid='stMain'],
  [data-testid='stMainBlockContainer'], [data-testid='stVerticalBlock'],
  [data-testid='stLayoutWrapper'] {
    position: static !important; display: block !important; overflow: visible !important;
    height: auto !important; width: 100% !important; max-width: none !important;
    margin: 0 !important; padding: 0 !important; background: #fff !important; }
  .reconciliation-print, .reconciliation-print * { color: #000 !important; }
  .reconciliation-print { font-size: 9pt; overflow: visible; }
  .reconciliation-print thead { display: table-header-group; }
  .reconciliation-print tr { break-inside: avoid; }
}
</style>"""


def draw_print(report: Reconciliation, rows: Sequence[NamedRow], filters: Sequence[str]) -> None:
    """The filtered rows with their totals; `filters` says in words what was left out."""
    st.caption(
        _("Print this page with your browser (Ctrl+P, ⌘P on a Mac): only the report is printed."),
    )
    st.html(_STYLE + _report(report, rows, filters))


def _report(report: Reconciliation, rows: Sequence[NamedRow], filters: Sequence[str]) -> str:
    totals = totals_of([one.row for one in rows])
    title = escape(_("Reconciliation, {month}", month=str(report.month)))
    told = "".join(f"<p>{escape(each)}</p>" for each in _told(report, rows, filters))
    return (
        f"<div class='reconciliation-print'><h2>{title}</h2>{told}"
        f"{_figures(totals, report)}{_table(rows[:MOST_ROWS], report)}</div>"
    )


def _told(
    report: Reconciliation, rows: Sequence[NamedRow], filters: Sequence[str]
) -> Iterable[str]:
    if report.source_problem is not None:
        yield " ".join(text(each) for each in (report.source_problem, report.source_remedy) if each)
    if filters:
        yield _("Filtered: {filters}", filters=", ".join(filters))
    if len(rows) > MOST_ROWS:
        yield ngettext(
            "The first {shown} of {count} row.",
            "The first {shown} of {count} rows.",
            len(rows),
            shown=MOST_ROWS,
        )


def _figures(totals: Totals, report: Reconciliation) -> str:
    """The totals of these rows, as the files have them."""
    rate = totals.match_rate
    open_count = None if report.source_problem else totals.open_exceptions
    figures = {
        under_billed_name(report.currency): plain_money(totals.under_billed),
        over_billed_name(report.currency): plain_money(totals.over_billed),
        _("First-pass match rate"): NOTHING if rate is None else percent(rate),
        _("Open exceptions"): number(open_count),
        _("Rows"): number(totals.rows),
    }
    lines = "".join(
        f"<tr><td>{escape(name)}</td><td class='number'>{escape(value)}</td></tr>"
        for name, value in figures.items()
    )
    return f"<table class='figures'><tbody>{lines}</tbody></table>"


def _table(rows: Sequence[NamedRow], report: Reconciliation) -> str:
    cost = _("Cost ({currency})", currency=report.currency) if report.currency else _("Cost")
    words = [_("Class"), _("Customer"), _("Product")]
    numbers = [_("Used"), _("Expected"), _("Billed"), _("Difference"), _("Money"), cost]
    noted = any(_notes(one) != ("", "") for one in rows)
    notes = [_("Assignee"), _("Note")] if noted else []
    head = "".join(
        [
            *(f"<th class='words'>{escape(each)}</th>" for each in words),
            *(f"<th class='number'>{escape(each)}</th>" for each in numbers),
            *(f"<th>{escape(each)}</th>" for each in notes),
        ]
    )
    names = {kind.value: name for kind, name in class_names().items()}
    body = "".join(_line(one, names[one.row.row_class.value], noted) for one in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _notes(one: NamedRow) -> tuple[str, str]:
    accepted = one.row.acceptance.reason if one.row.acceptance else ""
    return one.assignee, " ".join(part for part in (accepted, one.note) if part)


def _line(one: NamedRow, name: str, noted: bool) -> str:
    row = one.row
    words = [name, one.customer or NOTHING, one.what]
    figures = [
        number(row.used_units),
        number(row.expected),
        number(row.billed),
        signed_quantity(row.difference),
        signed_money(row.money),
        plain_money(row.cost),
    ]
    cells = [
        *(f"<td>{escape(each)}</td>" for each in words),
        *(f"<td class='number'>{escape(each)}</td>" for each in figures),
        *(f"<td>{escape(each)}</td>" for each in (_notes(one) if noted else ())),
    ]
    return f"<tr>{''.join(cells)}</tr>"
