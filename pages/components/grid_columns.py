"""The columns of the mapping grid and AG Grid's own words in the reader's language.

Only `initial...` widths are used: plain ones would undo the reader's own on every update.
"""

from __future__ import annotations

from typing import Any

from pages.components.grid_assets import Script, call
from pages.components.language import _

Column = dict[str, Any]


def columns() -> list[Column]:
    """All columns in their first order."""
    return [
        _sophos_product(),
        _connectwise_product(),
        _details(),
        _sync(),
        _usage(),
        _state(),
        _suggestion(),
    ]


def _column(name: str, title: str, width: int, **more: Any) -> Column:
    return {
        "colId": name,
        "headerName": title,
        "initialWidth": width,
        "minWidth": width,
        # Cells show more than their value, so every new row of data draws them again.
        "equals": Script("() => false"),
        "suppressKeyboardEvent": call("suppressKey"),
        "wrapHeaderText": True,
        "autoHeaderHeight": True,
        **more,
    }


def _text_filter() -> Column:
    return {
        "filter": "agTextColumnFilter",
        "filterParams": {
            "textFormatter": call("normalise"),
            "filterOptions": ["contains", "notContains", "startsWith", "blank", "notBlank"],
            "maxNumConditions": 1,
            "buttons": ["reset"],
        },
    }


def _number_filter() -> Column:
    return {
        "filter": "agNumberColumnFilter",
        "filterParams": {
            "filterOptions": ["greaterThan", "lessThan", "inRange", "blank"],
            "maxNumConditions": 1,
            "buttons": ["reset"],
        },
    }


def _sophos_product() -> Column:
    return _column(
        "sophos_product",
        _("Sophos product"),
        180,
        initialFlex=3,
        cellRenderer="sophosProductCell",
        valueGetter=call("sophosText"),
        getQuickFilterText=call("sophosSearch"),
        **_text_filter(),
    )


def _connectwise_product() -> Column:
    return _column(
        "product",
        _("ConnectWise product"),
        180,
        initialFlex=3,
        editable=True,
        singleClickEdit=True,
        cellEditor="productEditor",
        cellEditorPopup=True,
        cellEditorPopupPosition="over",
        cellRenderer="productCell",
        cellClassRules={"us-dirty": Script("p => usageSyncGrid.isDirty(p.data, 'product')")},
        valueGetter=call("productText"),
        getQuickFilterText=call("quickProduct"),
        **_text_filter(),
    )


def _details() -> Column:
    return _column(
        "details",
        _("Details"),
        80,
        sortable=False,
        cellRenderer="detailsCell",
        getQuickFilterText=Script("() => ''"),
    )


def _sync() -> Column:
    return _column(
        "sync",
        _("Sync"),
        132,
        cellRenderer="syncCell",
        cellClassRules={"us-dirty": Script("p => usageSyncGrid.isDirty(p.data, 'sync')")},
        valueGetter=call("sync"),
        getQuickFilterText=Script("() => ''"),
    )


def _state() -> Column:
    return _column(
        "state",
        _("State"),
        168,
        colSpan=call("stateSpan"),
        cellRenderer="stateCell",
        valueGetter=call("stateText"),
        **_text_filter(),
    )


def _usage() -> Column:
    return _column(
        "usage",
        _("Last usage"),
        118,
        headerClass="ag-right-aligned-header",
        cellRenderer="usageCell",
        valueGetter=Script("p => p.data.usage"),
        getQuickFilterText=Script("() => ''"),
        **_number_filter(),
    )


def _suggestion() -> Column:
    return _column(
        "suggestion",
        _("Suggestion"),
        168,
        initialFlex=2,
        cellRenderer="suggestionCell",
        valueGetter=Script("p => p.data.suggestion_score"),
        getQuickFilterText=Script("() => ''"),
    )


def locale_text() -> dict[str, str]:
    """AG Grid's words for what we use of it."""
    return {
        "contains": _("Contains"),
        "notContains": _("Does not contain"),
        "startsWith": _("Begins with"),
        "blank": _("Blank"),
        "notBlank": _("Not blank"),
        "greaterThan": _("Greater than"),
        "lessThan": _("Less than"),
        "inRange": _("Between"),
        "inRangeStart": _("From"),
        "inRangeEnd": _("To"),
        "filterOoo": _("Filter…"),
        "filterValue": _("Filter value"),
        "numberFilter": _("Number filter"),
        "textFilter": _("Text filter"),
        "resetFilter": _("Reset"),
        "loadingOoo": _("Loading…"),
        "noRowsToShow": _("No product matches the filter."),
        "noMatchingRows": _("No product matches the filter."),
        "sortAscending": _("Sort ascending"),
        "sortDescending": _("Sort descending"),
        "sortUnSort": _("Clear sort"),
        "ariaColumn": _("Column"),
        "ariaColumnFiltered": _("Column filtered"),
        "ariaDefaultListName": _("List"),
        "ariaFilterInput": _("Filter input"),
        "ariaFilterFromValue": _("Filter from value"),
        "ariaFilterToValue": _("Filter to value"),
        "ariaFilteringOperator": _("Filter operator"),
        "ariaFilterColumn": _("Press Ctrl and Enter to open the filter"),
        "ariaFilterMenuOpen": _("Open the filter menu"),
        "ariaHeaderSelection": _("Column with header selection"),
        "ariaLabelCellEditor": _("Cell editor"),
        "ariaLabelColumnFilter": _("Column filter"),
        "ariaLabelColumnMenu": _("Column menu"),
        "ariaLabelSelectField": _("Select field"),
        "ariaRowDeselect": _("Press Space to deselect this row"),
        "ariaRowSelect": _("Press Space to select this row"),
        "ariaRowToggleSelection": _("Press Space to toggle the selection of the row"),
        "ariaRowSelectAll": _("Press Space to toggle the selection of all rows"),
        "ariaToggleCellValue": _("Press Space to toggle the value"),
        "ariaChecked": _("checked"),
        "ariaUnchecked": _("unchecked"),
        "ariaIndeterminate": _("partly checked"),
        "ariaVisible": _("visible"),
        "ariaHidden": _("hidden"),
        "ariaSortableColumn": _("Press Enter to sort"),
        "ariaMenuColumn": _("Press Alt and Down to open the column menu"),
    }
