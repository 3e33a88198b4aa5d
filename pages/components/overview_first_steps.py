"""What a new installation shows instead: connect, read, fetch, map."""

from __future__ import annotations

import streamlit as st

from core.services import Services
from pages.components.health import draw_checks, recent_checks
from pages.components.language import _
from pages.components.tasks import fetch_form, read_catalog
from pages.components.todo import MAPPING_PAGE


def draw_first_steps(services: Services, *, has_usage: bool) -> None:
    """The way of a new installation: connect, read, fetch, map."""
    has_catalog = services.catalog.refreshed_at() is not None
    st.subheader(_("First steps"), anchor=False)
    with st.container(border=True):
        st.markdown("**1.** " + _("Connect ConnectWise PSA and Sophos Central"))
        draw_checks(recent_checks(services, str(services.store.path)))
        st.page_link("pages/settings.py", label=_("Settings"), icon=":material/settings:")
    with st.container(border=True):
        st.markdown(_mark(has_catalog) + "**2.** " + _("Read the ConnectWise products"))
        st.caption(_("Reads only. Products are what Sophos products are mapped to."))
        if not has_catalog and st.button(
            _("Read the products"), type="primary", key="overview_first_catalog"
        ):
            read_catalog(services)
    with st.container(border=True):
        st.markdown(_mark(has_usage) + "**3.** " + _("Fetch usage from Sophos"))
        st.caption(_("Reads only. Each month brings the Sophos products that were used in it."))
        if not has_usage:
            fetch_form(services, "overview_first_usage")
    with st.container(border=True):
        st.markdown("**4.** " + _("Map the Sophos products to ConnectWise products"))
        st.page_link(
            MAPPING_PAGE,
            label=_("Product mapping"),
            icon=":material/compare_arrows:",
            disabled=not (has_catalog and has_usage),
        )


def _mark(done: bool) -> str:
    return ":material/check_circle: " if done else ""
