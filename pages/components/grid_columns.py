"""What the columns of grids are made of, and AG Grid's own words in the reader's language.

Only `initial...` widths are used: plain ones would undo the reader's own on every update.
"""

from __future__ import annotations

from typing import Any

from pages.components.grid_assets import Script, call, value
from pages.components.language import _

Column = dict[str, Any]

# Of a heading, in pixels; the sign for a filter is beside its words.
_LETTER, _PADDING, _FILTER_SIGN = 8, 20, 22
# Of the switch and what is around it, and of a letter of the word beside it.
_SWITCH, _SWITCH_LETTER = 60, 7


def column(name: str, title: str, width: int, **more: Any) -> Column:
    """One column; it has at least `width`, and room for the longest word of its title."""
    beside = _PADDING + (_FILTER_SIGN if "filter" in more else 0)
    width = max(width, _LETTER * max(map(len, title.split())) + beside)
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


def text_filter() -> Column:
    """A filter for texts, in which case and accents do not count."""
    return {
        "filter": "agTextColumnFilter",
        "filterParams": {
            "textFormatter": call("normalise"),
            "filterOptions": ["contains", "notContains", "startsWith", "blank", "notBlank"],
            "maxNumConditions": 1,
            "buttons": ["reset"],
        },
    }


def number_filter() -> Column:
    """A filter for numbers."""
    return {
        "filter": "agNumberColumnFilter",
        "filterParams": {
            "filterOptions": ["greaterThan", "lessThan", "inRange", "blank"],
            "maxNumConditions": 1,
            "buttons": ["reset"],
        },
    }


def switch_column() -> Column:
    """The sync switch, with room for the word beside it in the reader's language."""
    return column(
        "sync",
        _("Sync"),
        _SWITCH + _SWITCH_LETTER * max(len(_("On")), len(_("Off"))),
        cellRenderer="switchCell",
        valueGetter=value("sync"),
        **dirty_when_edited("sync"),
        **not_searched(),
    )


def state_column(width: int = 168) -> Column:
    """State, with the explanation where there is one."""
    return column(
        "state",
        _("State"),
        width,
        colSpan=call("stateSpan"),
        cellRenderer="stateCell",
        valueGetter=value("state"),
        **text_filter(),
    )


def suggestion_column(width: int = 168) -> Column:
    """The suggestion with its score, reason and button."""
    return column(
        "suggestion",
        _("Suggestion"),
        width,
        initialFlex=2,
        cellRenderer="suggestionCell",
        valueGetter=value("suggestion"),
        **not_searched(),
    )


def dirty_when_edited(field: str) -> Column:
    """Colour the cell while the field is not as it was loaded."""
    return {
        "cellClassRules": {"us-dirty": Script(f"p => usageSyncGrid.isDirty(p.data, '{field}')")}
    }


def edited_in_popup(editor: str) -> Column:
    """Open an editor over the cell with one click."""
    return {
        "editable": True,
        "singleClickEdit": True,
        "cellEditor": editor,
        "cellEditorPopup": True,
        "cellEditorPopupPosition": "over",
    }


def not_searched() -> Column:
    """Leave the column out of the quick filter."""
    return {"getQuickFilterText": Script("() => ''")}


def locale_text(no_rows: str) -> dict[str, str]:
    """AG Grid's words for what we use of it; `no_rows` where no row matches a filter."""
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
        "noRowsToShow": no_rows,
        "noMatchingRows": no_rows,
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
