"""The rows of the reconciliation as a table: numbers that sort and stand under each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler

from core.domain.models import ReconciliationRow, RowClass
from core.domain.reconciliation_view import NOT_AS_ORDERED, GroupBy, NamedRow
from core.domain.reconciliation_words import CLASS_NAMES, ORDER_NAMES
from pages.components.formats import NOTHING, number
from pages.components.language import _, text
from pages.components.number_columns import aligned, right


def class_names() -> dict[RowClass, str]:
    """The classes in the reader's language."""
    return {kind: text(name) for kind, name in CLASS_NAMES.items()}


def rows_frame(rows: Sequence[NamedRow]) -> pd.DataFrame:
    """The rows with plain column names and plain values, in their order."""
    names = class_names()
    return pd.DataFrame(
        {
            "class": [names[one.row.row_class] for one in rows],
            "customer": [one.customer or NOTHING for one in rows],
            "product": [one.what for one in rows],
            "used": numbers(one.row.used_units for one in rows),
            "expected": numbers(one.row.expected for one in rows),
            "included": numbers(one.row.included or None for one in rows),
            "billed": numbers(one.row.billed for one in rows),
            "difference": numbers(one.row.difference for one in rows),
            "money": numbers(one.row.money for one in rows),
            "currency": [one.row.currency or "" for one in rows],
            "cost": numbers(one.row.cost for one in rows),
            "net": numbers(one.row.net for one in rows),
            "margin": numbers(one.row.margin for one in rows),
            "ordered": numbers(one.row.ordered for one in rows),
            "order": [order_words(one.row) for one in rows],
            "assignee": [one.assignee for one in rows],
            "note": [one.note for one in rows],
            "details": [":material/search:"] * len(rows),
        }
    )


def numbers(values: Any) -> list[float | None]:
    """Amounts and quantities for a table, which sorts by them."""
    return [None if value is None else float(value) for value in values]


def styled(rows: Sequence[NamedRow]) -> Styler:
    """The frame with its numbers as the reader writes them, what needs nobody pale."""
    colours = ["" if one.is_open else "color: gray" for one in rows]
    drawn = rows_frame(rows).style.format(
        {
            "used": quantity_cell,
            "expected": quantity_cell,
            "included": quantity_cell,
            "billed": quantity_cell,
            "difference": partial(quantity_cell, signed=True),
            "money": aligned(2, signed=True),
            "cost": money_cell,
            "net": money_cell,
            "margin": aligned(2, signed=True),
            "ordered": quantity_cell,
        }
    )
    return drawn.apply(partial(_coloured, colours), axis=0) if any(colours) else drawn


def quantity_cell(value: float | None, *, signed: bool = False) -> str:
    """A quantity in a table: with its own decimals, whatever others have."""
    exact = None if value is None or pd.isna(value) else Decimal(str(value))
    return signed_quantity(exact) if signed else number(exact)


def money_cell(value: float | None) -> str:
    """An amount in a table."""
    return plain_money(None if value is None or pd.isna(value) else Decimal(str(value)))


def _coloured(colours: list[str], _column: pd.Series[Any]) -> list[str]:
    return colours


def has_included(rows: Iterable[NamedRow]) -> bool:
    """Whether a row has units free of charge: without them, its difference could not be followed
    from what is expected and what is billed."""
    return any(one.row.included for one in rows)


def column_order(by: GroupBy | None, *, several: bool, included: bool = False) -> list[str]:
    """What the rows are gathered by comes first; amounts say their currency where there are
    several, and units free of charge have a column where there are any."""
    named = ["product", "customer"] if by is GroupBy.PRODUCT else ["customer", "product"]
    money = ["money", "currency"] if several else ["money"]
    free = ["included"] if included else []
    units = ["used", "expected", *free, "billed", "difference"]
    figures = [*units, *money, "details", "cost", "net"]
    invoice = ["margin", "ordered", "order"]
    return ["class", *named, *figures, *invoice, "assignee", "note"]


def columns(
    currency: str, on_details: Callable[[], None], details_key: str, *, included: bool = False
) -> dict[str, Any]:
    """Headings, widths and alignment; names leave room for units free of charge where they have a
    column."""
    config = st.column_config
    wide = 160 if included else 180
    cost = _("Cost ({currency})", currency=currency) if currency else _("Cost")
    return {
        "class": config.TextColumn(_("Class"), width=160),
        "customer": config.TextColumn(_("Customer"), width=wide),
        "product": config.TextColumn(_("Product"), width=wide),
        "used": right(_("Used"), 75, _("Billable units of the vendor's lines.")),
        "expected": right(_("Expected"), 80, _("What should be billed, after the rules.")),
        "included": right(
            _("Included"),
            75,
            _(
                "Units of the addition that are free of charge: what is expected beyond them "
                "should be billed."
            ),
        ),
        "billed": right(
            _("Billed"), 75, _("The quantity of the addition, less its included units.")
        ),
        "difference": right(_("Difference"), 85, difference_help()),
        "money": right(_("Money"), 110, money_help()),
        "currency": config.TextColumn(_("Currency"), width=75, help=_("That of the agreement.")),
        "cost": right(cost, 110, _("What the vendor charges for the usage.")),
        "net": right(net_name(currency), 110, net_help()),
        "margin": right(_("Margin"), 110, margin_help()),
        "ordered": right(_("Ordered"), 80, _("What the vendor's lines say was ordered.")),
        "order": config.TextColumn(_("Vendor order"), width=180, help=order_help()),
        "details": config.ButtonColumn(
            _("Why"), type="tertiary", width=60, on_click=on_details, key=details_key
        ),
        "assignee": config.TextColumn(_("Assignee"), width=100),
        "note": config.TextColumn(_("Note"), width=180),
    }


def order_words(row: ReconciliationRow) -> str:
    """By how much usage is not as ordered; nothing where it is, or nothing was ordered."""
    if row.order not in NOT_AS_ORDERED or row.beyond_order is None:
        return ""
    return _(
        "{name}: {value}", name=text(ORDER_NAMES[row.order]), value=number(abs(row.beyond_order))
    )


def net_name(currency: str) -> str:
    """What the net price of a row is called."""
    return _("Net price ({currency})", currency=currency) if currency else _("Net price")


def net_help() -> str:
    """What the net price of a row is."""
    return _(
        "What the vendor's order lines come to by their net price. One that several customers "
        "share is divided by what each of them used."
    )


def order_help() -> str:
    """What an order that usage does not stand to is, and what it changes."""
    return _(
        "Where usage is not what the vendor's lines say was ordered. It changes nothing of the "
        "class: that compares usage with what the customer is billed."
    )


def difference_help() -> str:
    """What a difference is."""
    return _("What should be billed less what is: + is not billed, − is billed too much.")


def money_help() -> str:
    """What the money of a row is."""
    return _(
        "The difference at the price of the addition, per month; where there is no addition, at "
        "the price of the product. Prices are for one billing period of the agreement. Where its "
        "billing cycle is not known or does not recur, the amount counts as it is."
    )


def margin_help() -> str:
    """What a margin is, and what it takes for granted."""
    return _(
        "Revenue less cost, per month. There is none where the two are in different currencies; "
        "where ConnectWise does not say that of an agreement, it is taken for that of the cost."
    )


def under_billed_name(currency: str) -> str:
    """What the money is called that is not billed, with its currency as far as it is known."""
    if not currency:
        return _("Under-billed")
    return _("Under-billed ({currency})", currency=currency)


def over_billed_name(currency: str) -> str:
    """The same of what is billed too much."""
    return _("Over-billed ({currency})", currency=currency) if currency else _("Over-billed")


def signed_quantity(value: Decimal | None) -> str:
    """A quantity with its sign; a dash for None."""
    return f"+{number(value)}" if value is not None and value > 0 else number(value)


def signed_money(value: Decimal | None) -> str:
    """An amount with its sign; a dash for None."""
    return NOTHING if value is None else aligned(2, signed=True)(float(value))


def plain_money(value: Decimal | None) -> str:
    """An amount with two decimals; a dash for None."""
    return NOTHING if value is None else aligned(2)(float(value))
