"""The columns of the grid of customers, in their first order."""

from __future__ import annotations

from typing import Any

from pages.components.grid_assets import value
from pages.components.grid_columns import (
    Column,
    column,
    dirty_when_edited,
    edited_in_popup,
    not_searched,
    state_column,
    suggestion_column,
    switch_column,
    text_filter,
)
from pages.components.language import _


def columns() -> list[Column]:
    """All columns in their first order."""
    return [
        _searched("customer", _("Customer"), 122, initialFlex=3, **text_filter()),
        _searched("billing", _("Billing"), 72),
        _editable("company", _("ConnectWise company"), 134),
        _editable("agreement", _("Agreement"), 122),
        column(
            "actions",
            _("Actions"),
            76,
            sortable=False,
            cellRenderer="actionsCell",
            **not_searched(),
        ),
        switch_column(),
        state_column(116),
        suggestion_column(134),
        column(
            "last_sync",
            _("Last sync"),
            100,
            cellRenderer="lastSyncCell",
            valueGetter=value("last_sync"),
            **not_searched(),
        ),
    ]


def _searched(name: str, title: str, width: int, **more: Any) -> Column:
    return column(
        name,
        title,
        width,
        cellRenderer=f"{name}Cell",
        valueGetter=value(name),
        getQuickFilterText=value(name),
        **more,
    )


def _editable(name: str, title: str, width: int) -> Column:
    return _searched(
        name,
        title,
        width,
        initialFlex=3,
        **edited_in_popup(f"{name}Editor"),
        **dirty_when_edited(name),
        **text_filter(),
    )
