"""The way of a new installation, and what is left of it."""

from __future__ import annotations

import streamlit as st

from core.domain.models import CustomerState, MappingState
from core.services import Services
from pages.components.health import draw_checks, recent_checks
from pages.components.language import _
from pages.components.plan_findings import CUSTOMERS_PAGE
from pages.components.tasks import fetch_form, read_catalog
from pages.components.todo import MAPPING_PAGE, SYNC_PAGE


def draw_first_steps(services: Services, *, has_usage: bool) -> None:
    """The whole way: connect, read, fetch, map, review, approve."""
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
    _draw_last_steps(services, first=4, enabled=has_catalog and has_usage)


def draw_next_steps(services: Services) -> None:
    """What is left of the way once there is something to map; nothing after the first run."""
    if services.runs.list(1):
        return
    st.subheader(_("Next steps"), anchor=False)
    _draw_last_steps(services, first=1, enabled=True)


def _draw_last_steps(services: Services, *, first: int, enabled: bool) -> None:
    """Mapping, customers and approval; they count from `first`."""
    has_products = any(row.mapping.state is MappingState.ACTIVE for row in services.mappings.rows())
    has_customers = any(row.state is CustomerState.ACTIVE for row in services.customers.rows())
    _draw_link(
        first,
        _("Map the Sophos products to ConnectWise products"),
        _("Product mapping"),
        page=MAPPING_PAGE,
        icon=":material/compare_arrows:",
        enabled=enabled,
        done=has_products,
    )
    _draw_link(
        first + 1,
        _("Map the customers to ConnectWise agreements"),
        _("Customers"),
        page=CUSTOMERS_PAGE,
        icon=":material/group:",
        enabled=enabled,
        done=has_customers,
    )
    _draw_link(
        first + 2,
        _("Review the plan of a month and approve it"),
        _("Usage sync"),
        page=SYNC_PAGE,
        icon=":material/sync:",
        enabled=enabled and has_customers and has_products,
    )


def _draw_link(
    step: int,
    words: str,
    label: str,
    *,
    page: str,
    icon: str,
    enabled: bool,
    done: bool = False,
) -> None:
    with st.container(
        border=True,
        horizontal=True,
        horizontal_alignment="distribute",
        vertical_alignment="center",
    ):
        st.markdown(_mark(done) + f"**{step}.** " + words, width="content")
        st.page_link(page, label=label, icon=icon, disabled=not enabled)


def _mark(done: bool) -> str:
    return ":material/check_circle: " if done else ""
