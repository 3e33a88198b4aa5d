"""The words for the history of a product mapping."""

from __future__ import annotations

from collections.abc import Mapping

from pages.components import formats
from pages.components.grid_history import switch_value
from pages.components.language import _
from pages.components.mapping_rows import Catalog, product_name
from pages.components.rule_values import history_field, value_text


def field_words(name: str) -> str:
    """A field of a mapping."""
    known = {
        "connectwise_product_id": _("ConnectWise product"),
        "sync": _("Sync switch"),
        "state": _("State"),
    }
    return known.get(name) or history_field(name, {}) or name


def value_words(field: str, stored: str, catalog: Catalog, products: Mapping[str, str]) -> str:
    """A stored value of a field; `products` are the Sophos products by code."""
    if "/" in field:
        return value_text(field.rpartition("/")[2], stored, products)
    if field == "connectwise_product_id":
        return product_name(int(stored), catalog) if stored.isdecimal() else formats.NOTHING
    states = {
        "unmapped": _("Unmapped"),
        "active": _("Active"),
        "off": _("Off"),
        "stopped": _("Stopped"),
        "broken": _("Broken"),
    }
    return states.get(stored) or switch_value(stored)
