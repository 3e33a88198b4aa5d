"""The words for the history of a customer: of its mapping, and of its own quantity rules."""

from __future__ import annotations

from collections.abc import Mapping

from core.domain.customers import Contracts
from pages.components.customer_rows import agreement_name, company_name
from pages.components.grid_history import switch_value
from pages.components.language import _
from pages.components.rule_values import history_field, value_text


def field_words(name: str, products: Mapping[str, str]) -> str:
    """A field of a customer; `products` are the Sophos products by code."""
    known = {
        "company_id": _("ConnectWise company"),
        "agreement_id": _("Agreement"),
        "sync": _("Sync switch"),
    }
    return known.get(name) or history_field(name, products) or name


def value_words(
    field: str, stored: str, contracts: Contracts | None, products: Mapping[str, str]
) -> str:
    """A stored value of a field."""
    if "/" in field:
        return value_text(field.rpartition("/")[2], stored, products)
    if field == "company_id" and stored.isdecimal():
        return company_name(int(stored), contracts)
    if field == "agreement_id" and stored.isdecimal():
        return agreement_name(int(stored), contracts)
    return switch_value(stored)
