"""The rows of a plan as a table: numbers that sort as numbers and stand under each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler

from core.domain.models import Change, ChangeKind
from pages.components.formats import NOTHING, date_text
from pages.components.language import _
from pages.components.number_columns import aligned, decimals_of, right
from pages.components.plan_effect import EffectUnit, change_effect, price_help, unit_heading
from pages.components.plan_rows import GroupBy, PlanRow, RowStatus

_NAMED = 2
_EFFECT_WIDTH = 215


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
        ChangeKind.UNDO_CREATE.value: _("Undo the addition"),
        ChangeKind.UNDO_CANCEL.value: _("Reopen"),
        ChangeKind.RETIRE_PRODUCT.value: _("Retire product"),
        ChangeKind.REVIVE_PRODUCT.value: _("Revive product"),
        ChangeKind.UNMAP_PRODUCT.value: _("Undo mapping"),
        ChangeKind.UNBIND.value: _("Let go"),
        ChangeKind.NOTHING.value: _("As it is"),
    }


def what_of(row: PlanRow) -> str:
    """What happens to the row; that it was left out comes first."""
    if row.status is RowStatus.EXCLUDED:
        return _("Excluded")
    return kind_names()[row.change.kind.value]


def effective_text(change: Change) -> str:
    """From which day an addition counts, and why from that one."""
    told = _("Effective date: {day}", day=date_text(change.effective_date))
    if change.date_reason is None:
        return told
    return _("{text} {remedy}", text=f"{told}.", remedy=change.date_reason)


def few(names: Sequence[str]) -> str:
    """The customers of a shared agreement, not all of them where they are many."""
    if len(names) <= _NAMED + 1:
        return ", ".join(names) or NOTHING
    more = len(names) - _NAMED
    return _("{names} and {count} more", names=", ".join(names[:_NAMED]), count=more)


def plan_frame(rows: Sequence[PlanRow], units: Sequence[EffectUnit]) -> pd.DataFrame:
    """The rows with plain column names and plain values, in their order; what they cost in a column
    for each of the units."""
    return pd.DataFrame(
        {
            "what": [what_of(row) for row in rows],
            "customer": [few(row.names.customers) for row in rows],
            "agreement": [row.names.agreement or NOTHING for row in rows],
            "product": [row.names.product for row in rows],
            "before": [_number(row.change.before) for row in rows],
            "after": [_number(row.change.after) for row in rows],
            "difference": [_number(_difference(row)) for row in rows],
            **{
                name: [_number(_effect_in(row, unit)) for row in rows]
                for name, unit in zip(effect_names(units), units, strict=True)
            },
            "from": [_day(row) for row in rows],
            "why": [":material/help:"] * len(rows),
        }
    )


def effect_names(units: Sequence[EffectUnit]) -> list[str]:
    """What the columns of the units are called in a frame."""
    return [f"price_effect_{number}" for number in range(len(units))]


def styled(rows: Sequence[PlanRow], units: Sequence[EffectUnit]) -> Styler:
    """The frame with its numbers as the reader writes them, left-out rows pale."""
    quantities = [value for row in rows for value in (row.change.before, row.change.after)]
    plain = aligned(decimals_of(quantities))
    signed = aligned(decimals_of([_difference(row) for row in rows]), signed=True)
    style = plan_frame(rows, units).style.format(
        {
            "before": plain,
            "after": plain,
            "difference": signed,
            **dict.fromkeys(effect_names(units), aligned(2, signed=True)),
        }
    )
    pale = [row.status is not RowStatus.TODO for row in rows]
    return style.apply(_colours, pale=pale, axis=None) if any(pale) else style


def _colours(frame: pd.DataFrame, pale: Sequence[bool]) -> pd.DataFrame:
    colours = pd.DataFrame("", index=frame.index, columns=frame.columns)
    colours.loc[list(pale)] = "color: gray"
    return colours


def column_order(by: GroupBy, units: Sequence[EffectUnit]) -> list[str]:
    """What the rows are gathered by comes first; what is seldom needed comes last."""
    named = ["customer", "product"] if by is GroupBy.CUSTOMER else ["product", "customer"]
    numbers = ["before", "after", "difference", *effect_names(units)]
    return ["what", *named, *numbers, "why", "from", "agreement"]


def columns(
    on_why: Callable[[], None], why_key: str, units: Sequence[EffectUnit]
) -> dict[str, Any]:
    """Headings, widths and alignment."""
    config = st.column_config
    return {
        "what": config.TextColumn(_("Change"), width=125),
        "customer": config.TextColumn(_("Customer"), width=190),
        "agreement": config.TextColumn(_("Agreement")),
        "product": config.TextColumn(_("ConnectWise product"), width=190),
        "before": right(_("Now"), 80, _("The quantity in ConnectWise.")),
        "after": right(_("Then"), 80, _("The quantity after the sync.")),
        "difference": right(_("Difference"), 90),
        **effect_columns(units),
        "from": config.TextColumn(_("Date"), width=110, help=_("Effective or cancelled date.")),
        "why": config.ButtonColumn(
            _("Why"), type="tertiary", width=60, on_click=on_why, key=why_key
        ),
    }


def effect_columns(units: Sequence[EffectUnit]) -> dict[str, Any]:
    """The columns of what something costs, one for each unit."""
    return {
        name: right(unit_heading(unit), _EFFECT_WIDTH, price_help())
        for name, unit in zip(effect_names(units), units, strict=True)
    }


def _effect_in(row: PlanRow, unit: EffectUnit) -> Decimal | None:
    """Nothing for what is left out or stays as it is."""
    found = change_effect(row.change) if row.status is RowStatus.TODO else None
    return found[1] if found is not None and found[0] == unit else None


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
