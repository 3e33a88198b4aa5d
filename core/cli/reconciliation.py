"""`reconcile`: used against billed, for a month.

Exit codes: 0 everything matches or is accepted, 2 there are differences, 1 something failed, a
month whose usage says nothing included.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from decimal import Decimal
from operator import attrgetter

from core.cli.shared import (
    DONE,
    FAILED,
    PENDING,
    Commands,
    open_services,
    print_json,
    with_json,
    write_bytes,
    write_file,
)
from core.domain.models import CurrencyTotals, Reconciliation, Totals
from core.domain.month import Month
from core.domain.quantity import plain
from core.domain.reconciliation_view import NamedRow, worst_first
from core.domain.reconciliation_words import (
    CLASS_NAMES,
    amount,
    currency_name,
    without_cycle_words,
)
from core.use_cases.month_report import MonthReport


def add_commands(commands: Commands) -> None:
    """Put it into the parser."""
    reconcile = commands.add_parser("reconcile", help="what was used against what is billed")
    reconcile.add_argument("--month", required=True, help="YYYY-MM")
    reconcile.add_argument("--csv", metavar="FILE", help="write all rows (-: standard output)")
    reconcile.add_argument("--xlsx", metavar="FILE", help="write summary, rows and usage lines")
    reconcile.add_argument(
        "--all-agreements",
        action="store_true",
        help="read also the active agreements that no customer is mapped to",
    )
    with_json(reconcile, _reconcile)


def _reconcile(options: argparse.Namespace) -> int:
    month = Month.parse(options.month)
    with open_services() as services:
        services.planning.refresh(everywhere=options.all_agreements)
        looked = services.reconciliation.look(month)
        if options.csv:
            write_file(options.csv, services.reconciliation.export_csv(month).decode("utf-8-sig"))
        if options.xlsx:
            write_bytes(options.xlsx, services.reconciliation.export_workbook(month))
    if options.json:
        print_json(_as_json(looked))
    elif "-" not in (options.csv, options.xlsx):
        _say(looked)
    report = looked.report
    if report.source_problem is not None:
        print(f"{report.source_problem} {report.source_remedy or ''}".rstrip(), file=sys.stderr)
        return FAILED
    return PENDING if report.totals.open_exceptions else DONE


def _say(looked: MonthReport) -> None:
    for one in worst_first(looked.rows):
        if one.is_open:
            print(_line(one, looked.report))
    totals = looked.report.totals
    open_count = _open_count(looked.report)
    rate = "-" if totals.match_rate is None else f"{totals.match_rate:.1%}"
    print(
        f"{totals.rows} rows, {'-' if open_count is None else open_count} open. Under-billed "
        f"{_sums(totals, _UNDER)}, over-billed {_sums(totals, _OVER)} per month. "
        f"First-pass match rate {rate}."
    )
    if totals.without_cycle:
        print(without_cycle_words(totals.without_cycle))


_UNDER, _OVER = attrgetter("under_billed"), attrgetter("over_billed")


def _sums(totals: Totals, of: Callable[[CurrencyTotals], Decimal]) -> str:
    """Of each currency apart; one alone needs no name."""
    if not totals.by_currency:
        return "-"
    if len(totals.by_currency) == 1:
        return f"{of(totals.by_currency[0]):.2f}"
    return " + ".join(
        f"{of(each):.2f} {currency_name(each.currency, str)}" for each in totals.by_currency
    )


def _line(one: NamedRow, report: Reconciliation) -> str:
    row = one.row
    place = " / ".join(part for part in (one.customer or "-", one.what) if part)
    money = "" if row.money is None else f"  {signed_amount(row.money)}"
    if money and report.has_several_currencies:
        money += f" {currency_name(row.currency, str)}"
    return (
        f"{CLASS_NAMES[row.row_class]!s:<22}  {place}  used {plain(row.used_units)}, "
        f"billed {_number(row.billed)}{money}"
    )


def signed_amount(value: Decimal) -> str:
    """To the cent, and with its sign where there is something left of it."""
    written = f"{value:+.2f}"
    return written if written.strip("+-0.") else "0.00"


def _open_count(report: Reconciliation) -> int | None:
    """How many rows need somebody; None where the usage of the month says nothing."""
    return None if report.source_problem is not None else report.totals.open_exceptions


def _number(value: Decimal | None) -> str:
    return "-" if value is None else str(plain(value))


def _as_json(looked: MonthReport) -> dict[str, object]:
    report = looked.report
    return {
        "month": str(report.month),
        "problem": None if report.source_problem is None else str(report.source_problem),
        "currency": report.currency or None,
        "totals": _totals_json(report),
        "rows": [_row_json(one) for one in worst_first(looked.rows)],
    }


def _exact(value: Decimal | None) -> str | None:
    return None if value is None else f"{amount(value):f}"


def _totals_json(report: Reconciliation) -> dict[str, object]:
    """`under_billed` and `over_billed` are of `currency`, that of most rows; `by_currency` has it
    and all others. They are never added up."""
    totals = report.totals
    return {
        "rows": totals.rows,
        "open": _open_count(report),
        "under_billed": _exact(totals.under_billed),
        "over_billed": _exact(totals.over_billed),
        "currency": totals.by_currency[0].currency if totals.by_currency else None,
        "by_currency": [_currency_json(each) for each in totals.by_currency],
        "rows_without_billing_cycle": totals.without_cycle,
        "match_rate": None if totals.match_rate is None else f"{totals.match_rate:.4f}",
        "by_class": {kind.value: count for kind, count in totals.by_class.items()},
    }


def _currency_json(totals: CurrencyTotals) -> dict[str, object]:
    return {
        "currency": totals.currency,
        "rows": totals.rows,
        "under_billed": _exact(totals.under_billed),
        "over_billed": _exact(totals.over_billed),
        "by_class": {kind.value: _exact(money) for kind, money in totals.by_class.items()},
    }


def _row_json(one: NamedRow) -> dict[str, object]:
    row = one.row
    quantities = {
        "used": row.used_units,
        "expected": row.expected,
        "included": row.included,
        "billed": row.billed,
        "difference": row.difference,
        "ordered": row.ordered,
        "beyond_order": row.beyond_order,
    }
    amounts = {
        "unit_price": row.unit_price,
        "money": row.money,
        "revenue": row.revenue,
        "cost": row.cost,
        "net": row.net,
        "margin": row.margin,
    }
    return {
        "key": one.key,
        "class": row.row_class.value,
        "customers": list(one.customers),
        "customer_ids": list(row.customer_ids),
        "agreement_id": row.agreement_id,
        "product": one.what,
        "product_id": row.product_id,
        "product_codes": list(row.product_codes),
        "addition_id": row.addition_id,
        **{
            name: None if value is None else f"{plain(value):f}"
            for name, value in quantities.items()
        },
        **{name: _exact(value) for name, value in amounts.items()},
        "order": row.order.value if row.order else None,
        "billing_cycle": row.billing.value if row.billing else None,
        "currency": row.currency,
        "steps": [str(step) for step in row.steps],
        "accepted": row.acceptance.reason if row.acceptance else None,
        "assignee": one.assignee or None,
        "note": one.note or None,
    }
