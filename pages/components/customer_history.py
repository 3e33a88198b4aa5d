"""The words for the history of a customer."""

from __future__ import annotations

from core.domain.customers import Contracts
from pages.components import formats
from pages.components.customer_rows import agreement_name, company_name
from pages.components.grid_history import switch_value
from pages.components.language import _


def field_words(name: str) -> str:
    """A field of a customer's mapping."""
    known = {
        "company_id": _("ConnectWise company"),
        "agreement_id": _("Agreement"),
        "sync": _("Sync"),
    }
    return known.get(name, name)


def value_words(field: str, stored: str, contracts: Contracts | None) -> str:
    """A stored value of a field."""
    if field == "company_id" and stored.isdecimal():
        return company_name(int(stored), contracts)
    if field == "agreement_id" and stored.isdecimal():
        return agreement_name(int(stored), contracts)
    return switch_value(stored) or formats.NOTHING
