"""Usage by month as one plain series of bars, readable on light and on dark."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import streamlit as st
from babel.numbers import get_decimal_symbol, get_group_symbol

from pages.components.formats import number, short_month_text
from pages.components.language import _, locale
from pages.components.usage_summary import MonthSummary

WIDEST_BAR = 72


def _point(summary: MonthSummary, product_code: str | None) -> dict[str, str | float]:
    """One bar; `described` is what a screen reader says of it."""
    month = short_month_text(summary.month)
    quantity = summary.of(product_code)
    return {
        "month": month,
        "quantity": float(quantity),
        "shown": number(quantity),
        "described": _("{name}: {value}", name=month, value=quantity),
    }


def number_locale() -> alt.NumberLocale:
    """The axis writes numbers as the rest of the page does."""
    return alt.NumberLocale(
        decimal=get_decimal_symbol(locale()),
        thousands=get_group_symbol(locale()),
        grouping=[3],
        currency=["", ""],
    )


def trend_chart(months: Sequence[MonthSummary], product_code: str | None) -> None:
    """Billable quantity by month, of one product or of all. The theme gives the colours."""
    data = [_point(summary, product_code) for summary in months]
    bars = (
        alt.Chart(alt.Data(values=data))
        .mark_bar(
            cornerRadiusTopLeft=2,
            cornerRadiusTopRight=2,
            # One month alone would be a wall.
            size=alt.ExprRef(f"min({WIDEST_BAR}, bandwidth('x'))"),
        )
        .encode(
            x=alt.X("month:N", sort=None, title=None, axis=alt.Axis(labelAngle=-45)),
            y=alt.Y("quantity:Q", title=_("Billable quantity"), axis=alt.Axis(tickCount=4)),
            description="described:N",
            tooltip=[
                alt.Tooltip("month:N", title=_("Month")),
                alt.Tooltip("shown:N", title=_("Billable quantity")),
            ],
        )
        .properties(height=220)
        .configure(locale=alt.Locale(number=number_locale()))
    )
    st.altair_chart(bars)
