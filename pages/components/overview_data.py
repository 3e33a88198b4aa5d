"""How fresh the data is, and whether both systems answer."""

from __future__ import annotations

import streamlit as st

from core.services import Services
from pages.components.formats import NOTHING, age_text, datetime_text, month_text
from pages.components.health import draw_checks, recent_checks
from pages.components.language import _, ngettext
from pages.components.tasks import fetch_form, read_catalog
from pages.components.usage_summary import MonthSummary


def draw_data(services: Services, months: list[MonthSummary]) -> None:
    """Age of what was read of both systems, with the way to fresh ones."""
    st.subheader(_("Connections and data"), anchor=False)
    left, right = st.columns(2, gap="medium")
    with left, st.container(border=True):
        refreshed_at = services.catalog.refreshed_at()
        st.markdown("**ConnectWise PSA**")
        st.markdown(
            ngettext(
                "{count} product, read {age} ({when}).",
                "{count} products, read {age} ({when}).",
                len(services.catalog.entries()),
                age=age_text(refreshed_at),
                when=datetime_text(refreshed_at),
            )
            if refreshed_at
            else _("The products have not been read yet.")
        )
        _draw_agreement_ages(services)
        if st.button(
            _("Read the products again"), key="overview_catalog", icon=":material/refresh:"
        ):
            read_catalog(services)
    with right, st.container(border=True):
        last = services.usage.last_fetch()
        st.markdown("**Sophos Central**")
        st.markdown(
            ngettext(
                "{count} month of usage: {month}. Last fetch {age}.",
                "{count} months of usage, the newest is {month}. Last fetch {age}.",
                len(services.usage.months()),
                month=month_text(months[-1].month) if months else NOTHING,
                age=age_text(last.finished_at),
            )
            if last
            else _("No usage has been fetched yet.")
        )
        listed_at, _contracts_read_at = services.customers.read_at()
        st.markdown(
            _("Customers read {age}.", age=age_text(listed_at, services.clock()))
            if listed_at
            else _("The customers have not been read yet.")
        )
        fetch_form(services, "overview_usage")
    _health(services)


def _draw_agreement_ages(services: Services) -> None:
    """How old the agreements are, and the oldest additions of those that customers have."""
    now = services.clock()
    _listed_at, read_at = services.customers.read_at()
    mappings = services.store.customers.mappings().values()
    agreements = {one.agreement_id for one in mappings if one.agreement_id is not None}
    additions_at = services.store.additions.oldest_reading(agreements)
    st.markdown(
        _("Agreements read {age}.", age=age_text(read_at, now))
        if read_at
        else _("The agreements have not been read yet.")
    )
    st.markdown(
        _("Additions read {age}.", age=age_text(additions_at, now))
        if additions_at
        else _("The additions have not been read yet.")
    )


@st.fragment(parallel=True)
def _health(services: Services) -> None:
    """Tested beside the page, so that a slow system does not hold it up."""
    with st.container(border=True):
        draw_checks(recent_checks(services, str(services.store.path)))
        st.page_link("pages/settings.py", label=_("Settings"), icon=":material/settings:")
