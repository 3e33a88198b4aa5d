"""The rows of a plan as a table: numbers that sort as numbers and stand under each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st
from babel.numbers import format_decimal
from pandas.io.formats.style import Styler

from core.domain.models import ChangeKind
from pages.components.formats import NOTHING, date_text
from pages.components.language import _, locale
from pages.components.plan_rows import GroupBy, PlanRow, RowStatus

_MOST_DECIMALS = 6
QUANTITIES = ("before", "after", "difference")


def kind_names() -> dict[str, str]:
    """What happens, in a word or two."""
    return {
        ChangeKind.CREATE_PRODUCT.value: _("New product"),
        ChangeKind.ADOPT_PRODUCT.value: _("Map product"),
        ChangeKind.CREATE_ADDITION.value: _("New addition"),
        ChangeKind.ADOPT_ADDITION.value: _("Take over"),
        ChangeKind.SET_QUANTITY.value: _("Set quantity"),
        ChangeKind.ZERO.value: _("Set to 0"),
        ChangeKind.CANCEL.value: _("Cancel"),
        ChangeKind.UNDO_CREATE.value: _("Cancel again"),
        ChangeKind.UNDO_CANCEL.value: _("Reopen"),
        ChangeKind.RETIRE_PRODUCT.value: _("Retire product"),
        ChangeKind.NOTHING.value: _("As it is"),
    }


def what_of(row: PlanRow) -> str:
    """What happens to the row; that it was left out comes first."""
    if row.status is RowStatus.EXCLUDED:
        return _("Excluded")
    return kind_names()[row.change.kind.value]


def decimals_of(values: Sequence[Decimal | None]) -> int:
    """The decimals that the longest of the numbers needs."""
    return max((_decimals(value) for value in values if value is not None), default=0)


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return min(max(-exponent, 0), _MOST_DECIMALS) if isinstance(exponent, int) else 0


def aligned(decimals: int, *, signed: bool = False) -> Callable[[float], str]:
    """A function that writes every number of a column with the same decimals."""
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    if signed:
        pattern = f"+{pattern};−{pattern}"
    return partial(_written, pattern, locale())


def _written(pattern: str, where: str, value: float | None) -> str:
    if value is None or pd.isna(value):
        return NOTHING
    if not value:
        pattern = pattern.partition(";")[0].removeprefix("+")
    return format_decimal(Decimal(str(value)), format=pattern, locale=where)


def plan_frame(rows: Sequence[PlanRow]) -> pd.DataFrame:
    """The rows with plain column names and plain values, in their order."""
    return pd.DataFrame(
        {
            "what": [what_of(row) for row in rows],
            "customer": [row.customer or NOTHING for row in rows],
            "agreement": [row.names.agreement or NOTHING for row in rows],
            "product": [row.names.product for row in rows],
            "before": [_number(row.change.before) for row in rows],
            "after": [_number(row.change.after) for row in rows],
            "difference": [_number(_difference(row)) for row in rows],
            "price_effect": [_number(row.price_effect) for row in rows],
            "from": [_day(row) for row in rows],
            "why": [":material/help:"] * len(rows),
        }
    )


def styled(rows: Sequence[PlanRow]) -> Styler:
    """The frame with its numbers as the reader writes them, left-out rows pale."""
    quantities = [value for row in rows for value in (row.change.before, row.change.after)]
    plain = aligned(decimals_of(quantities))
    signed = aligned(decimals_of([_difference(row) for row in rows]), signed=True)
    frame = plan_frame(rows)
    pale = [row.status is not RowStatus.TODO for row in rows]

    def colour(line: pd.Series[Any]) -> list[str]:
        return ["color: gray" if pale[int(str(line.name))] else ""] * len(line)

    return frame.style.format(
        {
            "before": plain,
            "after": plain,
            "difference": signed,
            "price_effect": aligned(2, signed=True),
        }
    ).apply(colour, axis=1)


def column_order(by: GroupBy) -> list[str]:
    """What the rows are gathered by comes first."""
    named = ["customer", "agreement", "product"]
    if by is GroupBy.PRODUCT:
        named = ["product", "customer", "agreement"]
    return ["what", *named, "before", "after", "difference", "price_effect", "from", "why"]


def columns(on_why: Callable[[], None], why_key: str) -> dict[str, Any]:
    """Headings, widths and alignment."""
    config = st.column_config
    return {
        "what": config.TextColumn(_("Change"), width=110),
        "customer": config.TextColumn(_("Customer")),
        "agreement": config.TextColumn(_("Agreement")),
        "product": config.TextColumn(_("ConnectWise product")),
        "before": _right(_("Now"), 80, _("The quantity in ConnectWise.")),
        "after": _right(_("Then"), 80, _("The quantity after the sync.")),
        "difference": _right(_("Difference"), 90),
        "price_effect": _right(_("Price effect"), 110, price_help()),
        "from": config.TextColumn(_("From"), width=110, help=_("Effective or cancelled date.")),
        "why": config.ButtonColumn(
            _("Why"), type="tertiary", width=60, on_click=on_why, key=why_key
        ),
    }


def _right(heading: str, width: int, help_text: str | None = None) -> Any:
    return st.column_config.NumberColumn(heading, width=width, help=help_text, alignment="right")


def price_help() -> str:
    """What a price effect is."""
    return _(
        "Per billing period of the agreement, at the price of the addition; for a new one, at the "
        "price of the product."
    )


def _difference(row: PlanRow) -> Decimal | None:
    change = row.change
    if change.before is None and change.after is None:
        return None
    return change.difference


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _day(row: PlanRow) -> str:
    day = row.change.effective_date or row.change.cancelled_date
    return date_text(day) if day else ""
