"""The month in four figures, each with its change since the month before."""

from __future__ import annotations

import threading
from decimal import Decimal

import streamlit as st

from core.domain.models import Reconciliation, Totals
from core.services import Services
from pages.components.formats import NOTHING, number, percent, short_month_text
from pages.components.language import _, ngettext
from pages.components.reconciliation_money import (
    Sum,
    cycle_note,
    in_currency,
    is_taken_for_granted,
    main_currency,
    over_billed,
    under_billed,
)
from pages.components.reconciliation_table import (
    over_billed_name,
    plain_money,
    signed_money,
    signed_quantity,
    under_billed_name,
)

_PATIENCE = 10  # seconds, should the page never come to its end


def draw_tiles(services: Services, report: Reconciliation) -> threading.Event:
    """Drawn at once, and again with the changes as soon as the month before is compared too.

    That begins when the event is set that is returned, which is for the end of the page: the
    rows come first.
    """
    drawn = threading.Event()
    _tiles(services, report, drawn)
    return drawn


@st.fragment(parallel=True)
def _tiles(services: Services, report: Reconciliation, drawn: threading.Event) -> None:
    place = st.empty()
    sound = report.source_problem is None
    before = services.reconciliation.previous_if_kept(report.month) if sound else None
    with place.container():
        _figures(report, before)
    if before is not None or not sound:
        return
    drawn.wait(_PATIENCE)
    before = services.reconciliation.previous(report.month)
    if before is not None:
        with place.container():
            _figures(report, before)


def _figures(report: Reconciliation, before: Totals | None) -> None:
    totals = report.totals
    open_count = None if report.source_problem else totals.open_exceptions
    month = short_month_text(report.month.plus(-1))
    with st.container(horizontal=True):
        _figure(
            under_billed_name(main_currency(report)),
            plain_money(totals.under_billed),
            _money_note(totals, before, under_billed, month),
            _money_help(
                _("Used, and not billed, at the price of the addition and per month."), report
            ),
        )
        _figure(
            over_billed_name(main_currency(report)),
            plain_money(totals.over_billed),
            _money_note(totals, before, over_billed, month),
            _money_help(
                _("Billed, and not used, at the price of the addition and per month."), report
            ),
        )
        _figure(
            _("First-pass match rate"),
            NOTHING if totals.match_rate is None else percent(totals.match_rate),
            _rate_change(totals.match_rate, before and before.match_rate, month),
            _(
                "The share of the compared rows that match or are within tolerance; an accepted "
                "difference is no match. Unmapped customers and products, unassigned usage and "
                "what is off are not compared: they are not in the rate."
            ),
        )
        _figure(
            _("Open exceptions"),
            number(open_count),
            _count_change(open_count, before and before.open_exceptions, month),
            _("Rows that need somebody: everything but what matches, is accepted or is off."),
        )


def _figure(label: str, value: str, change: str | None, help_text: str) -> None:
    st.metric(
        label,
        value,
        delta=change,
        delta_color="off",
        delta_arrow="off",
        border=True,
        height="stretch",
        help=help_text,
    )


def _money_help(help_text: str, report: Reconciliation) -> str:
    told = [help_text]
    if is_taken_for_granted(report):
        told.append(
            _("ConnectWise does not say its currency: this holds where it is that of the cost.")
        )
    return " ".join([*told, *cycle_note(report.totals)])


def _money_note(totals: Totals, before: Totals | None, of: Sum, month: str) -> str | None:
    """The sums in other currencies, and the change of the first one."""
    if not totals.by_currency:
        return None
    first, *others = totals.by_currency
    told = []
    if others:
        rest = [in_currency(plain_money(of(each)), each.currency) for each in others]
        told.append(_("and {others}", others=" + ".join(rest)))
    if before is not None and before.by_currency:
        then = before.in_currency(first.currency)
        change = of(first) - (of(then) if then else Decimal(0))
        told.append(_("{change} since {since}", change=signed_money(change), since=month))
    return " · ".join(told) or None


def _count_change(now: int | None, before: int | None, month: str) -> str | None:
    if now is None or before is None:
        return None
    return _("{change} since {since}", change=_signed(Decimal(now - before)), since=month)


def _rate_change(now: Decimal | None, before: Decimal | None, month: str) -> str | None:
    if now is None or before is None:
        return None
    points = ((now - before) * 100).quantize(Decimal(1))
    return ngettext(
        "{change} point since {since}",
        "{change} points since {since}",
        abs(int(points)),
        change=_signed(points),
        since=month,
    )


def _signed(value: Decimal) -> str:
    return signed_quantity(value) if value else "±0"
