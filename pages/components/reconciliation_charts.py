"""Charts of the reconciliation: what people would rather look at than read.

Nothing is told by colour alone: kinds of marks and sides of the axis tell the same, and amounts
stand in the labels. The theme gives the colours, on light and on dark.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import altair as alt
import streamlit as st

from core.domain.models import CurrencyTotals, Totals
from core.domain.reconciliation_view import NamedRow, top_by_currency
from core.use_cases.reconciliation_trend import MonthPoint
from pages.components.formats import number, short_month_text
from pages.components.language import _
from pages.components.problems import as_typed
from pages.components.reconciliation_money import signed_of
from pages.components.reconciliation_table import class_names
from pages.components.trend_chart import number_locale

TOP = 10
_LABEL_WIDTH, _LINE, _BAR, _AROUND = 200, 14, 38, 60
# Greys that can be seen on light and on dark: bars go to both sides of the darker one.
_ZERO_LINE, _GRID_LINE = alt.value("#8a94a3"), alt.value("#8a94a333")


def draw_trend(points: Sequence[MonthPoint], height: int = 320) -> None:
    """Used as bars, billed as a line with points, month by month."""
    if not any(point.used or point.billed for point in points):
        st.caption(_("Nothing was used, and nothing is billed."))
        return
    names = {"used": _("Used"), "billed": _("Billed")}
    months = [short_month_text(point.month) for point in points]
    used = [_point(point, names["used"], point.used) for point in points]
    billed = [
        _point(point, names["billed"], point.billed) for point in points if point.billed is not None
    ]
    x = alt.X(
        "month:N",
        sort=months,
        title=None,
        axis=alt.Axis(labelAngle=-45),
        scale=alt.Scale(domain=months),
    )
    y = alt.Y("quantity:Q", title=_("Units"), axis=alt.Axis(tickCount=4))
    colour = alt.Color(
        "what:N",
        title=None,
        scale=alt.Scale(domain=[names["billed"], names["used"]]),
        legend=alt.Legend(orient="top", symbolOpacity=1),
    )
    tooltip = [
        alt.Tooltip("month:N", title=_("Month")),
        alt.Tooltip("what:N", title=_("What")),
        alt.Tooltip("shown:N", title=_("Units")),
    ]
    encoding = {"x": x, "y": y, "color": colour, "tooltip": tooltip, "description": "described:N"}
    bars = alt.Chart(_data(used)).mark_bar(opacity=0.5).encode(**encoding)
    line = alt.Chart(_data(billed)).mark_line(strokeWidth=2.5).encode(**encoding)
    marks = (
        alt.Chart(_data(billed))
        .mark_point(shape="diamond", size=300, filled=True, opacity=1)
        .encode(**encoding)
    )
    _show(alt.layer(bars, line, marks).properties(height=height))


def _point(point: MonthPoint, what: str, quantity: Decimal) -> dict[str, Any]:
    month = short_month_text(point.month)
    return {
        "month": month,
        "what": what,
        "quantity": float(quantity),
        "shown": number(quantity),
        "described": _("{name}: {value}", name=f"{what}, {month}", value=quantity),
    }


def draw_by_class(totals: Totals, *, several: bool) -> None:
    """The money of each class, of each currency in a chart of its own: what is not billed to the
    right, what is too much to the left."""
    _draw_charts(_class_bars(each, several=several) for each in totals.by_currency)


def draw_top(rows: Sequence[NamedRow], *, several: bool) -> None:
    """The rows with the most money between used and billed, of each currency apart."""
    _draw_charts(
        [_row_bar(one, one.row.money, several=several) for one in found if one.row.money]
        for _currency, found in top_by_currency(rows, TOP)
    )


def _draw_charts(charts: Iterable[Sequence[dict[str, Any]]]) -> None:
    found = [bars for bars in charts if bars]
    for bars in found:
        _draw_bars(bars)
    if not found:
        st.caption(_("No difference has a price."))


def _class_bars(totals: CurrencyTotals, *, several: bool) -> Sequence[dict[str, Any]]:
    names = class_names()
    found = []
    for kind, money in sorted(totals.by_class.items(), key=lambda item: -abs(item[1])):
        if money:
            shown = signed_of(money, totals.currency, several=several)
            found.append(_bar((names[kind], shown), names[kind], money, shown))
    return found


def _row_bar(one: NamedRow, money: Decimal, *, several: bool) -> dict[str, Any]:
    shown = signed_of(money, one.row.currency, several=several)
    label = (f"{shown}  {one.customer}".rstrip(), one.what)
    name = " · ".join(part for part in (one.customer, one.what) if part)
    return _bar(label, name, money, shown)


def _bar(label: tuple[str, str], name: str, money: Decimal, shown: str) -> dict[str, Any]:
    """One bar; the two lines of `label` stand beside it. `shown` is the amount in words."""
    return {
        "label": label,
        "name": name,
        "money": float(money),
        "side": _side(money),
        "shown": shown,
        "described": _("{name}: {value}", name=name, value=shown),
    }


def _side(money: Decimal) -> str:
    return _("Not billed") if money > 0 else _("Billed too much")


def _draw_bars(bars: Sequence[dict[str, Any]]) -> None:
    sides = [_("Not billed"), _("Billed too much")]
    st.caption(as_typed(f"← {sides[1]} · {sides[0]} →"))
    # Bars are told apart by their place: two rows may have the same label.
    placed = [{**bar, "place": place} for place, bar in enumerate(bars)]
    labels = json.dumps([bar["label"] for bar in bars])
    chart = (
        alt.Chart(_data(placed))
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            y=alt.Y(
                "place:O",
                title=None,
                axis=alt.Axis(
                    labelLimit=_LABEL_WIDTH,
                    labelOverlap=False,
                    labelLineHeight=_LINE,
                    labelOffset=-_LINE / 2,  # the first line would be in the middle
                    labelExpr=f"{labels}[datum.value]",
                ),
            ),
            x=alt.X(
                "money:Q",
                title=None,
                axis=alt.Axis(
                    tickCount=4,
                    labelOverlap=True,
                    labelFlush=False,
                    gridColor=alt.condition("datum.value === 0", _ZERO_LINE, _GRID_LINE),
                ),
            ),
            color=alt.Color("side:N", scale=alt.Scale(domain=sides), legend=None),
            tooltip=[
                alt.Tooltip("name:N", title=_("Row")),
                alt.Tooltip("shown:N", title=_("Money")),
            ],
            description="described:N",
        )
        .properties(height=len(bars) * _BAR + _AROUND)
    )
    _show(chart)


def _data(values: Sequence[dict[str, Any]]) -> alt.Data:
    return alt.Data(values=list(values))


def _show(chart: alt.Chart | alt.LayerChart) -> None:
    st.altair_chart(chart.configure(locale=alt.Locale(number=number_locale())))
