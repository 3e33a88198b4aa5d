"""The words of the grid of customers. Places like {customer} are filled in the browser."""

from __future__ import annotations

from pages.components.grid_labels import common_labels
from pages.components.language import _


def labels() -> dict[str, str]:
    """Every label of the grid in the reader's language."""
    return {
        **common_labels(),
        **_cells(),
        **_states(),
        **_company_editor(),
        **_agreement_editor(),
        **agreement_words(),
    }


def agreement_words() -> dict[str, str]:
    """What is told of an agreement besides its name and type."""
    return {
        "starts": _("since {date}"),
        "ends": _("until {date}"),
        "next_invoice": _("next invoice {date}"),
        "prorates": _("prorated"),
        "does_not_prorate": _("not prorated"),
    }


def _cells() -> dict[str, str]:
    return {
        "grid": _("Customers"),
        "unnamed": _("Not known to Sophos yet"),
        "unlisted": _("Not listed by Sophos"),
        "unlisted_hint": _(
            "Sophos does not list this customer, or no longer does. It is known from its usage or "
            "from an imported file."
        ),
        "tenant_id": _("Tenant ID: {id}"),
        "choose": _("Choose a company…"),
        "choose_agreement": _("Choose an agreement…"),
        "no_active": _("no active agreement"),
        "history_of": _("History of {customer}"),
        "refresh_of": _("Read the agreements of {customer} again"),
        "sync_of": _("Sync {customer}"),
        "use_for": _("Use {company}"),
        "never_synced": _("No sync has touched this customer yet."),
    }


def _states() -> dict[str, str]:
    return {
        "state_unmapped": _("Unmapped"),
        "state_blocked": _("Blocked"),
        "state_active": _("Active"),
        "state_off": _("Off"),
    }


def _company_editor() -> dict[str, str]:
    return {
        "choices": _("ConnectWise companies"),
        "choice_for": _("ConnectWise company for {customer}"),
        "search_hint": _("Search ConnectWise companies"),
        "type_two": _("Type two or more characters of the name or identifier."),
        "catalog_loading": _("The companies are still loading…"),
        "no_match": _("No company matches “{text}”. Choose one of ConnectWise’s companies."),
        "found": _("Companies found: {total}"),
        "remove": _("Remove company and agreement"),
    }


def _agreement_editor() -> dict[str, str]:
    return {
        "agreement_choices": _("Active agreements"),
        "agreement_choice_for": _("Agreement for {customer}"),
        "agreement_search_hint": _("Search active agreements of the company"),
        "agreement_no_match": _("No active agreement matches “{text}”."),
        "agreement_found": _("Active agreements: {total}"),
        "agreement_remove": _("Remove the agreement"),
        "agreement_none": _("This company has no active agreement."),
        "no_company": _("Choose the company first."),
    }
