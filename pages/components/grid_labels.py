"""The words that the grid's own cells and editor use. Places like {product} are filled there."""

from __future__ import annotations

from pages.components.language import _


def labels() -> dict[str, str]:
    """Every label of the grid in the reader's language."""
    return {**_cells(), **_states(), **_editor()}


def _cells() -> dict[str, str]:
    return {
        "grid": _("Product mappings"),
        "quick_filter": _("Find in all columns"),
        "rows": _("Rows: {shown}"),
        "none": _("none"),
        "was": _("Not saved yet. Was: {value}"),
        "on": _("On"),
        "off": _("Off"),
        "firewall": _("Firewall"),
        "waiting_for_usage": _("Waiting for its first usage"),
        "conflict": _("Conflict"),
        "conflict_hint": _("Somebody else changed this row. See above the grid."),
        "choose": _("Choose a product…"),
        "add_for": _("Add a ConnectWise product for {product}"),
        "view_for": _("View ConnectWise product {product}"),
        "history_of": _("History of {product}"),
        "sync_of": _("Sync {product}"),
        "no_usage": _("No usage was identified yet."),
        "use": _("Use"),
        "use_for": _("Use {product}"),
    }


def _states() -> dict[str, str]:
    return {
        "state_unmapped": _("Unmapped"),
        "state_active": _("Active"),
        "state_off": _("Off"),
        "state_stopped": _("Stopped"),
        "state_broken": _("Broken"),
    }


def _editor() -> dict[str, str]:
    return {
        "products": _("ConnectWise products"),
        "product_for": _("ConnectWise product for {product}"),
        "search_hint": _("Search ConnectWise products"),
        "type_two": _("Type two or more characters of the identifier or description."),
        "type_more": _("Type one more character."),
        "catalog_loading": _("The products are still loading…"),
        "no_match": _("No product matches “{text}”."),
        "refused": _("No product matches “{text}”. Choose one, or add it with the line below."),
        "first_of": _("The first {shown} of {total} products. Type more to narrow the list."),
        "found": _("Products found: {total}"),
        "suggested": _("Suggested"),
        "remove_mapping": _("Remove the mapping"),
        "add_new": _("Add “{text}” as a new product"),
        "inactive": _("inactive"),
        "not_billable": _("cannot be billed"),
        "cannot_map": _("{product} cannot be mapped: {reason}."),
    }
