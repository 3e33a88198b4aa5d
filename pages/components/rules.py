"""The rules in force, in words."""

from __future__ import annotations

import streamlit as st

from core.domain.models import SyncSettings, UsageGone
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
        *_sync_rules(services.preferences.sync()),
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


def _sync_rules(settings: SyncSettings) -> list[str]:
    approval = (
        _(
            "A plan that the schedule made is applied by itself if no limit is exceeded and "
            "nothing is blocked. Every other one waits for a person."
        )
        if settings.scheduled and settings.apply_unattended
        else _("Nothing is written to an agreement before a person has approved the plan.")
    )
    gone = {
        UsageGone.ZERO: _("An addition whose usage is gone is set to 0."),
        UsageGone.CANCEL: _("An addition whose usage is gone is cancelled."),
        UsageGone.LEAVE: _("An addition whose usage is gone is left as it is, and told."),
    }
    return [
        approval,
        _(
            "Before the first write everything is read again. If the plan would be another one by "
            "then, nothing is written."
        ),
        _(
            "Every write is noted before it is sent. After a crash or a lost answer it is looked "
            "for in ConnectWise first and never blindly repeated."
        ),
        _("Price, dates and texts of an addition that exists stay as they are."),
        gone[settings.usage_gone],
        _("Of several open additions of one product none is guessed: the row is blocked."),
        _("A closed month accepts no fetch and no write until it is reopened with a reason."),
    ]
