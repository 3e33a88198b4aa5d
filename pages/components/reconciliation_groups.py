"""Customers or products of the reconciliation with what their rows come to together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler

from core.domain.models import Reconciliation, Totals
from core.domain.reconciliation_view import Group, GroupBy
from core.domain.reconciliation_words import currency_name
from pages.components.language import _, text
from pages.components.number_columns import right
from pages.components.reconciliation_table import (
    money_cell,
    numbers,
    over_billed_name,
    under_billed_name,
)


def groups_frame(groups: Sequence[Group], report: Reconciliation) -> Styler:
    """The groups with their totals, as the reader writes numbers: each currency in columns of its
    own."""
    totals = [group.totals for group in groups]
    money = _money_columns(totals, report)
    frame = pd.DataFrame(
        {
            "name": [group.name or _("No customer") for group in groups],
            "rows": [each.rows for each in totals],
            "open": [each.open_exceptions for each in totals],
            **money,
            "cost": numbers(each.cost for each in totals),
        }
    )
    return frame.style.format(dict.fromkeys([*money, "cost"], money_cell))


def _money_columns(totals: Sequence[Totals], report: Reconciliation) -> dict[str, Any]:
    if not report.has_several_currencies:
        return {
            "under": numbers(each.under_billed for each in totals),
            "over": numbers(each.over_billed for each in totals),
        }
    found: dict[str, Any] = {}
    for at, currency in enumerate(_currencies(report)):
        own = [each.in_currency(currency) for each in totals]
        found[f"under_{at}"] = numbers(each and each.under_billed for each in own)
        found[f"over_{at}"] = numbers(each and each.over_billed for each in own)
    return found


def group_columns(by: GroupBy, report: Reconciliation) -> dict[str, Any]:
    """Headings of the groups."""
    name = _("Customer") if by is GroupBy.CUSTOMER else _("Product")
    cost = report.currency
    return {
        "name": st.column_config.TextColumn(name),
        "rows": right(_("Rows"), 80),
        "open": right(_("To do"), 80),
        **_money_headings(report),
        "cost": right(_("Cost ({currency})", currency=cost) if cost else _("Cost"), 120),
    }


def _money_headings(report: Reconciliation) -> dict[str, Any]:
    if not report.has_several_currencies:
        return {
            "under": right(under_billed_name(""), 120),
            "over": right(over_billed_name(""), 120),
        }
    found: dict[str, Any] = {}
    for at, currency in enumerate(_currencies(report)):
        unit = currency_name(currency, text)
        found[f"under_{at}"] = right(under_billed_name(unit), 150)
        found[f"over_{at}"] = right(over_billed_name(unit), 150)
    return found


def _currencies(report: Reconciliation) -> Sequence[str | None]:
    return [each.currency for each in report.totals.by_currency]
