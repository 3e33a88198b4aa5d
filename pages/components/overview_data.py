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
    """Age of the products and of the usage, with the way to fresh ones."""
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
        fetch_form(services, "overview_usage")
    _health(services)


@st.fragment(parallel=True)
def _health(services: Services) -> None:
    """Tested beside the page, so that a slow system does not hold it up."""
    with st.container(border=True):
        draw_checks(recent_checks(services, str(services.store.path)))
        st.page_link("pages/settings.py", label=_("Settings"), icon=":material/settings:")
