"""Usage by month as one plain series of bars, readable on light and on dark."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import streamlit as st

from pages.components.formats import number, short_month_text
from pages.components.language import _
from pages.components.usage_summary import MonthSummary


def trend_chart(months: Sequence[MonthSummary], product_code: str | None) -> None:
    """Billable quantity by month, of one product or of all. The theme gives the colours."""
    data = [
        {
            "month": short_month_text(summary.month),
            "quantity": float(summary.of(product_code)),
            "shown": number(summary.of(product_code)),
        }
        for summary in months
    ]
    bars = (
        alt.Chart(alt.Data(values=data))
        .mark_bar(cornerRadiusTopLeft=2, cornerRadiusTopRight=2)
        .encode(
            x=alt.X("month:N", sort=None, title=None, axis=alt.Axis(labelAngle=-45)),
            y=alt.Y("quantity:Q", title=_("Billable quantity"), axis=alt.Axis(tickCount=4)),
            tooltip=[
                alt.Tooltip("month:N", title=_("Month")),
                alt.Tooltip("shown:N", title=_("Billable quantity")),
            ],
        )
        .properties(height=220)
    )
    st.altair_chart(bars)
