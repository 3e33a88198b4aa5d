"""The reconciliation as tables for CSV and Excel: a summary, the rows, the vendor's lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.domain.models import (
    CurrencyTotals,
    OrderMatch,
    Reconciliation,
    ReconciliationRow,
    Totals,
    UsageLine,
)
from core.domain.quantity import plain
from core.domain.reconciliation import totals_of
from core.domain.reconciliation_view import NOT_AS_ORDERED, NamedRow, worst_first
from core.domain.reconciliation_words import (
    CLASS_MEANINGS,
    CLASS_NAMES,
    ORDER_MEANINGS,
    ORDER_NAMES,
    amount,
    currency_name,
    row_cycle,
    without_cycle_words,
)
from core.errors import Message, message
from core.use_cases.workbook import Cell, Table

Say = Callable[[Message], str]
_ZERO, _TENTH = Decimal(0), Decimal("0.1")


@dataclass(frozen=True)
class _Column:
    heading: Message
    cell: Callable[[NamedRow], Cell]
    money: bool = False


def rows_table(rows: Iterable[NamedRow], report: Reconciliation, say: Say) -> Table:
    """The rows, worst first, with everything that is known of each."""
    columns = _columns(report, say)
    return Table(
        say(message("Rows")),
        [say(column.heading) for column in columns],
        [[column.cell(one) for column in columns] for one in worst_first(rows)],
        money=frozenset(number for number, column in enumerate(columns) if column.money),
    )


def _columns(report: Reconciliation, say: Say) -> Sequence[_Column]:
    return (
        _Column(message("Class"), lambda one: say(CLASS_NAMES[one.row.row_class])),
        _Column(message("Customer"), lambda one: one.customer),
        _Column(message("Agreement"), lambda one: one.agreement),
        _Column(message("ConnectWise product"), lambda one: one.product),
        _Column(message("Sophos products"), lambda one: ", ".join(one.sophos)),
        _quantity(message("Used"), lambda one: one.row.used_units),
        _quantity(message("Expected"), lambda one: one.row.expected),
        _quantity(message("Included"), lambda one: one.row.included or None),
        _quantity(message("Billed"), lambda one: one.row.billed),
        _quantity(message("Difference"), lambda one: one.row.difference),
        _amount(message("Unit price per billing period"), lambda one: one.row.unit_price),
        _Column(message("Billing cycle"), lambda one: _said(row_cycle(one.row), say)),
        _Column(message("Currency"), lambda one: one.row.currency),
        _amount(message("Difference in money per month"), lambda one: one.row.money),
        _amount(message("Revenue per month"), lambda one: one.row.revenue),
        _amount(_with_currency(report), lambda one: one.row.cost),
        _amount(_net_with_currency(report), lambda one: one.row.net),
        _amount(message("Margin per month"), lambda one: one.row.margin),
        _quantity(message("Ordered"), lambda one: one.row.ordered),
        _quantity(message("Used beyond the order"), lambda one: one.row.beyond_order),
        _Column(message("Vendor order"), lambda one: order_words(one.row.order, say)),
        _Column(message("How it is computed"), lambda one: " ".join(map(say, one.row.steps))),
        _Column(message("Accepted because"), _accepted_because),
        _Column(message("Accepted until"), _accepted_until),
        _Column(message("Accepted by"), _accepted_by),
        _Column(message("Assignee"), lambda one: one.assignee),
        _Column(message("Note"), lambda one: one.note),
        _Column(message("Customer ID"), lambda one: ", ".join(one.row.customer_ids)),
        _Column(message("Agreement ID"), lambda one: one.row.agreement_id),
        _Column(message("Addition ID"), lambda one: one.row.addition_id),
        _Column(message("Row"), lambda one: one.key),
    )


def _quantity(heading: Message, value: Callable[[NamedRow], Decimal | None]) -> _Column:
    def cell(one: NamedRow) -> Cell:
        return None if (found := value(one)) is None else plain(found)

    return _Column(heading, cell)


def _amount(heading: Message, value: Callable[[NamedRow], Decimal | None]) -> _Column:
    def cell(one: NamedRow) -> Cell:
        return None if (found := value(one)) is None else amount(found)

    return _Column(heading, cell, money=True)


def _with_currency(report: Reconciliation) -> Message:
    if not report.currency:
        return message("Cost")
    return message("Cost ({currency})", currency=report.currency)


def _net_with_currency(report: Reconciliation) -> Message:
    if not report.currency:
        return message("Net price")
    return message("Net price ({currency})", currency=report.currency)


def _said(words: Message | None, say: Say) -> str | None:
    return None if words is None else say(words)


def order_words(order: OrderMatch | None, say: Say) -> str | None:
    """How usage stands to the order; nothing where nothing was ordered."""
    return None if order is None else say(ORDER_NAMES[order])


def _accepted_because(one: NamedRow) -> Cell:
    return one.row.acceptance.reason if one.row.acceptance else None


def _accepted_until(one: NamedRow) -> Cell:
    accepted = one.row.acceptance
    return accepted.until if accepted else None


def _accepted_by(one: NamedRow) -> Cell:
    return one.row.acceptance.by if one.row.acceptance else None


def summary_table(report: Reconciliation, rows: Sequence[ReconciliationRow], say: Say) -> Table:
    """The totals of these rows: in all, and by class. The match rate is that of the month: rows
    that were chosen for what they are would say nothing of it."""
    totals = totals_of(rows)
    lines: list[Sequence[Cell]] = [
        _figure(say(message("Month")), report.month),
        _figure(say(message("Rows")), count=totals.rows),
        _figure(
            say(message("Open exceptions")),
            count=None if report.source_problem else totals.open_exceptions,
        ),
        _rate_line(report, rows, say),
        *_money_lines(report, totals, say),
        _figure(say(_with_currency(report)), money=totals.cost),
        *_class_lines(report, totals, say),
        *(
            _figure(say(ORDER_NAMES[kind]), say(ORDER_MEANINGS[kind]), count)
            for kind in NOT_AS_ORDERED
            if (count := sum(row.order is kind for row in rows))
        ),
    ]
    if totals.without_cycle:
        why = without_cycle_words(totals.without_cycle)
        lines.append(
            _figure(say(message("Without a billing cycle")), say(why), totals.without_cycle)
        )
    if report.source_problem is not None:
        lines.insert(1, _figure(say(message("Attention")), say(report.source_problem)))
    headings = (
        message("Figure"),
        message("Explanation"),
        message("Rows"),
        message("Money"),
        message("Percent"),
    )
    return Table(
        say(message("Summary")),
        [say(heading) for heading in headings],
        lines,
        money=frozenset({3}),
    )


def _rate_line(
    report: Reconciliation, rows: Sequence[ReconciliationRow], say: Say
) -> Sequence[Cell]:
    whole = len(rows) == len(report.rows)
    name = message("First-pass match rate")
    return _figure(
        say(name if whole else message("First-pass match rate of the month")),
        None if whole else say(message("Of all rows of the month, those left out included.")),
        percent=_percent(report.totals),
    )


def _money_lines(report: Reconciliation, totals: Totals, say: Say) -> Iterator[Sequence[Cell]]:
    """What is not billed and what is too much: of each currency, where the report has several."""
    under, over = message("Under-billed, per month"), message("Over-billed, per month")
    if not report.has_several_currencies:
        yield _figure(say(under), money=totals.under_billed)
        yield _figure(say(over), money=totals.over_billed)
        return
    for each in totals.by_currency:
        yield _figure(_in_currency(under, each, say), money=each.under_billed)
        yield _figure(_in_currency(over, each, say), money=each.over_billed)


def _class_lines(report: Reconciliation, totals: Totals, say: Say) -> Iterator[Sequence[Cell]]:
    """The rows of each class and their money: where the report has several currencies, on a line
    of its own for each."""
    several = report.has_several_currencies
    for kind, count in totals.by_class.items():
        name, meaning = CLASS_NAMES[kind], say(CLASS_MEANINGS[kind])
        one = totals.by_currency[0] if totals.by_currency and not several else None
        money = one.by_class.get(kind, _ZERO) if one else None
        yield _figure(say(name), meaning, count, money)
        for each in totals.by_currency if several else ():
            if kind in each.by_class:
                yield _figure(_in_currency(name, each, say), money=each.by_class[kind])


def _in_currency(name: Message, totals: CurrencyTotals, say: Say) -> str:
    unit = currency_name(totals.currency, say)
    return say(message("{name} ({unit})", name=say(name), unit=unit))


def _figure(
    name: str,
    explanation: Cell = None,
    count: int | None = None,
    money: Decimal | None = None,
    percent: Decimal | None = None,
) -> Sequence[Cell]:
    return (name, explanation, count, money, percent)


def _percent(totals: Totals) -> Decimal | None:
    rate = totals.match_rate
    return None if rate is None else (rate * 100).quantize(_TENTH)


def lines_table(
    lines: Sequence[UsageLine], key_of: Mapping[tuple[str, str], str], say: Say
) -> Table:
    """The vendor's lines, each with the row that it counts in."""
    headings = (
        message("Row"),
        message("Customer"),
        message("Customer ID"),
        message("Product code"),
        message("Product"),
        message("SKU"),
        message("Order"),
        message("Order line"),
        message("Account or serial number"),
        message("Billable quantity"),
        message("Actual quantity"),
        message("Ordered quantity"),
        message("Unit price"),
        message("Currency"),
        message("Net price"),
        message("From"),
        message("To"),
    )
    return Table(
        say(message("Usage lines")),
        [say(heading) for heading in headings],
        [_line(line, key_of) for line in lines],
        money=frozenset({12, 14}),
    )


def _line(line: UsageLine, key_of: Mapping[tuple[str, str], str]) -> Sequence[Cell]:
    return (
        key_of.get((line.account_id or "", line.product_code)),
        line.account_name,
        line.account_id,
        line.product_code,
        line.description,
        line.sku,
        line.order_number,
        line.order_line_item_number,
        line.account_number_or_serial_number,
        line.billable_quantity,
        line.actual_quantity,
        line.ordered_quantity,
        line.unit_price,
        line.unit_price_currency,
        line.net_price,
        _day(line.billing_start_date),
        _day(line.billing_end_date),
    )


def _day(said: str) -> Cell:
    """The day that the vendor names; what it writes that is no day stays as it is."""
    try:
        return date.fromisoformat(said)
    except ValueError:
        return said
