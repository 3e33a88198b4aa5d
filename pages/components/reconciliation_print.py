"""The report as a page of paper: static, without anything to click."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st

from core.domain.models import Reconciliation, Totals
from core.domain.reconciliation import totals_of
from core.domain.reconciliation_view import NamedRow
from pages.components.formats import NOTHING, number, percent
from pages.components.language import _, ngettext, text
from pages.components.reconciliation_money import (
    cycle_note,
    main_currency,
    over_billed,
    signed_of,
    sums_text,
    under_billed,
)
from pages.components.reconciliation_table import (
    class_names,
    has_included,
    over_billed_name,
    plain_money,
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
    yield from cycle_note(totals_of([one.row for one in rows]))
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
    """The totals of these rows, as the files have them; the match rate is that of the month."""
    rate = report.totals.match_rate
    open_count = None if report.source_problem else totals.open_exceptions
    several = report.has_several_currencies
    unit = "" if several else main_currency(report)
    rate_name = _("First-pass match rate")
    if totals.rows < report.totals.rows:
        rate_name = _("First-pass match rate of the month")
    figures = {
        under_billed_name(unit): sums_text(totals, under_billed, several=several),
        over_billed_name(unit): sums_text(totals, over_billed, several=several),
        rate_name: NOTHING if rate is None else percent(rate),
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
    included = has_included(rows)
    numbers = [
        _("Used"),
        _("Expected"),
        *([_("Included")] if included else []),
        _("Billed"),
        _("Difference"),
        _("Money"),
        cost,
    ]
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
    cells = _Cells(noted=noted, included=included, several=report.has_several_currencies)
    body = "".join(_line(one, names[one.row.row_class.value], cells) for one in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _notes(one: NamedRow) -> tuple[str, str]:
    accepted = one.row.acceptance.reason if one.row.acceptance else ""
    return one.assignee, " ".join(part for part in (accepted, one.note) if part)


@dataclass(frozen=True)
class _Cells:
    """Which cells a line has beside those that every line has, and whether amounts say their
    currency."""

    noted: bool
    included: bool
    several: bool


def _line(one: NamedRow, name: str, wanted: _Cells) -> str:
    row = one.row
    words = [name, one.customer or NOTHING, one.what]
    figures = [
        number(row.used_units),
        number(row.expected),
        *([number(row.included or None)] if wanted.included else []),
        number(row.billed),
        signed_quantity(row.difference),
        signed_of(row.money, row.currency, several=wanted.several),
        plain_money(row.cost),
    ]
    cells = [
        *(f"<td>{escape(each)}</td>" for each in words),
        *(f"<td class='number'>{escape(each)}</td>" for each in figures),
        *(f"<td>{escape(each)}</td>" for each in (_notes(one) if wanted.noted else ())),
    ]
    return f"<tr>{''.join(cells)}</tr>"
