"""The newest month that is over at a glance, and the months before it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import streamlit as st

from core.domain.models import MappingRow, MappingState
from core.domain.month import Month
from pages.components.formats import month_text, number
from pages.components.language import _, language
from pages.components.option_names import distinct
from pages.components.trend_chart import trend_chart
from pages.components.usage_summary import MonthSummary


def at_a_glance(
    months: list[MonthSummary], today: date
) -> tuple[MonthSummary, MonthSummary | None]:
    """The newest month that is over, and the one before it: a month in progress would look like a
    loss. Without any that is over, the month in progress alone."""
    over = [summary for summary in months if summary.month <= Month.last_complete(today)]
    if not over:
        return months[-1], None
    return over[-1], over[-2] if len(over) > 1 else None


def draw_month(rows: list[MappingRow], months: list[MonthSummary], today: date) -> None:
    """Figures of the newest month that is over, each with its change."""
    newest, before = at_a_glance(months, today)
    month = month_text(newest.month)
    st.subheader(month[:1].upper() + month[1:], anchor=False)
    active = {row.product.code for row in rows if row.mapping.state is MappingState.ACTIVE}
    synced = sum(code in active for code in newest.by_product)
    with st.container(horizontal=True):
        _figure(_("Customers with usage"), newest.customers, before and before.customers)
        _figure(
            _("Sophos products used"), len(newest.by_product), before and len(before.by_product)
        )
        st.metric(
            _("Of these syncing"),
            _("{part} of {whole}", part=synced, whole=len(newest.by_product)),
            border=True,
            height="stretch",
        )
        _figure(_("Billable quantity"), newest.billable, before and before.billable)


def _figure(label: str, value: int | Decimal, before: int | Decimal | None) -> None:
    change = None if before is None else value - before
    delta = None
    if change:
        told = f"+{number(change)}" if change > 0 else number(change)
        delta = _("{change} since the month before", change=told)
    st.metric(
        label,
        number(value),
        delta=delta,
        delta_color="off",
        delta_arrow="off",
        border=True,
        height="stretch",
    )


def draw_trend(rows: list[MappingRow], months: list[MonthSummary]) -> None:
    """Quantity by month, of all products or of one."""
    called = {row.product.code: row.product.description or row.product.code for row in rows}
    used = {code for summary in months for code in summary.by_product}
    ordered = sorted(used, key=lambda code: called.get(code, code).casefold())
    names = {"": _("All products"), **{code: called.get(code, code) for code in ordered}}
    with st.container(border=True):
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            st.markdown("**" + _("Usage by month") + "**")
            chosen = st.selectbox(
                _("Sophos product"),
                list(names),
                format_func=distinct(names),
                placeholder=_("Choose…"),
                key=f"overview_trend_product_{language()}",
                label_visibility="collapsed",
                width=360,
            )
        trend_chart(months, chosen or None)
