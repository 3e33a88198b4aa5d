"""The words of the grid of product mappings. Places like {product} are filled in the browser."""

from __future__ import annotations

from pages.components.grid_labels import common_labels
from pages.components.language import _


def labels() -> dict[str, str]:
    """Every label of the grid in the reader's language."""
    return {**common_labels(), **_cells(), **_states(), **_editor()}


def _cells() -> dict[str, str]:
    return {
        "grid": _("Product mappings"),
        "firewall": _("Firewall"),
        "waiting_for_usage": _("Waiting for its first usage"),
        "choose": _("Choose a product…"),
        "add_for": _("Add a ConnectWise product for {product}"),
        "view_for": _("View ConnectWise product {product}"),
        "history_of": _("History of {product}"),
        "sync_of": _("Sync {product}"),
        "no_usage": _("No usage was identified yet."),
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
        "choices": _("ConnectWise products"),
        "choice_for": _("ConnectWise product for {product}"),
        "search_hint": _("Search ConnectWise products"),
        "type_two": _("Type two or more characters of the identifier or description."),
        "catalog_loading": _("The products are still loading…"),
        "no_match": _("No product matches “{text}”."),
        "refused": _("No product matches “{text}”. Choose one, or add it with the line below."),
        "found": _("Products found: {total}"),
        "remove": _("Remove the mapping"),
        "add_new": _("Add “{text}” as a new product"),
        "inactive": _("inactive"),
        "not_billable": _("cannot be billed"),
        "cannot_map": _("{product} cannot be mapped: {reason}."),
    }
