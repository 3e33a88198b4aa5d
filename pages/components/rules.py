"""The rules in force, in words."""

from __future__ import annotations

import streamlit as st

from core.domain.product_form import ProductDefaults
from core.errors import UsageSyncError
from core.services import Services
from pages.components.language import _
from pages.components.problems import show_error


def draw_rules(services: Services) -> None:
    """What the dashboard does and does not do, with what is set here."""
    try:
        limits = services.products.field_limits()
    except UsageSyncError as error:
        show_error(error)
        return
    lines = [
        *_mapping_rules(services.preferences.defaults()),
        _(
            "Texts of a ConnectWise product have at most these characters: product ID "
            "{identifier}, description {description}, customer description {customer}.",
            identifier=limits["identifier"],
            description=limits["description"],
            customer=limits["customer_description"],
        ),
        _("A month of usage is taken complete or not at all; an incomplete one decides nothing."),
        _("A suggestion is never applied by itself."),
        _("Every change of a mapping is kept with who, when, old and new value."),
    ]
    st.markdown("\n".join(f"- {line}" for line in lines))


def _mapping_rules(defaults: ProductDefaults) -> list[str]:
    seen_first = (
        _("A Sophos product seen for the first time is unmapped and its sync is on.")
        if defaults.new_products_sync
        else _("A Sophos product seen for the first time is unmapped and its sync is off.")
    )
    return [
        _(
            "A Sophos product is known by its code, a ConnectWise product by its ID: renames on "
            "either side keep the mapping."
        ),
        _("Several Sophos products may be mapped to one ConnectWise product (a bundle)."),
        _(
            "When the ConnectWise product of a row is changed or removed while its sync is on, the "
            "sync of that row stops. It resumes with the next identified usage."
        ),
        _(
            "If the row is unmapped or broken then, a default product is created by the next sync. "
            "It is previewed first."
        ),
        seen_first,
    ]
