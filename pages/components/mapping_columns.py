"""The columns of the grid of product mappings, in their first order."""

from __future__ import annotations

from pages.components.grid_assets import Script, value
from pages.components.grid_columns import (
    Column,
    column,
    dirty_when_edited,
    edited_in_popup,
    not_searched,
    number_filter,
    state_column,
    suggestion_column,
    switch_column,
    text_filter,
)
from pages.components.language import _


def columns() -> list[Column]:
    """All columns in their first order."""
    return [
        _sophos_product(),
        _connectwise_product(),
        _details(),
        switch_column(),
        _usage(),
        state_column(150),
        suggestion_column(),
    ]


def _sophos_product() -> Column:
    return column(
        "sophos_product",
        _("Sophos product"),
        180,
        initialFlex=3,
        cellRenderer="sophosProductCell",
        valueGetter=value("sophosProduct"),
        getQuickFilterText=value("sophosSearch"),
        **text_filter(),
    )


def _connectwise_product() -> Column:
    return column(
        "product",
        _("ConnectWise product"),
        180,
        initialFlex=3,
        cellRenderer="productCell",
        valueGetter=value("product"),
        getQuickFilterText=value("product"),
        **edited_in_popup("productEditor"),
        **dirty_when_edited("product"),
        **text_filter(),
    )


def _details() -> Column:
    return column(
        "details", _("Details"), 80, sortable=False, cellRenderer="detailsCell", **not_searched()
    )


def _usage() -> Column:
    return column(
        "usage",
        _("Last usage"),
        106,
        headerClass="ag-right-aligned-header",
        cellRenderer="usageCell",
        valueGetter=Script("p => p.data.usage"),
        **not_searched(),
        **number_filter(),
    )
