"""Amounts of the reconciliation in words: those in several currencies each with its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from core.domain.models import CurrencyTotals, Reconciliation, Totals
from core.domain.reconciliation_words import currency_name, without_cycle_words
from pages.components.formats import NOTHING
from pages.components.language import _, text
from pages.components.reconciliation_table import plain_money, signed_money

Sum = Callable[[CurrencyTotals], Decimal]


def under_billed(totals: CurrencyTotals) -> Decimal:
    """What is not billed, per month."""
    return totals.under_billed


def over_billed(totals: CurrencyTotals) -> Decimal:
    """What is billed too much, per month."""
    return totals.over_billed


def in_currency(amount: str, currency: str | None) -> str:
    """An amount with its currency."""
    return _("{amount} {currency}", amount=amount, currency=currency_name(currency, text))


def signed_of(value: Decimal | None, currency: str | None, *, several: bool) -> str:
    """An amount with its sign, and with its currency where there are several."""
    told = signed_money(value)
    return in_currency(told, currency) if several and value is not None else told


def sums_text(totals: Totals, of: Sum, *, several: bool) -> str:
    """The sum of each currency; a dash where nothing is known."""
    if not totals.by_currency:
        return NOTHING
    if not several:
        return plain_money(of(totals.by_currency[0]))
    return " + ".join(
        in_currency(plain_money(of(each)), each.currency) for each in totals.by_currency
    )


def main_currency(report: Reconciliation) -> str:
    """What the first sum is in, as far as it is known: where ConnectWise says no currency at all,
    it is taken for that of the costs."""
    found = report.totals.by_currency
    known = (found[0].currency if found else None) or ""
    return known if known or report.has_several_currencies else report.currency


def is_taken_for_granted(report: Reconciliation) -> bool:
    """Whether the currency of the sums is only that of the costs."""
    found = report.totals.by_currency
    return bool(main_currency(report)) and not (found and found[0].currency)


def cycle_note(totals: Totals) -> Sequence[str]:
    """For how many rows the amounts are for no month; nothing where there are none."""
    return [text(without_cycle_words(totals.without_cycle))] if totals.without_cycle else []
