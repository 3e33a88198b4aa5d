"""The way of a new installation: connect, read, fetch, map, review, approve."""

from __future__ import annotations

import streamlit as st

from core.services import Services
from pages.components.health import draw_checks, recent_checks
from pages.components.language import _
from pages.components.plan_findings import CUSTOMERS_PAGE
from pages.components.sync_todo import SYNC_PAGE
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
    _draw_last_steps(services, enabled=has_catalog and has_usage)


def draw_next_steps(services: Services) -> None:
    """What is left of the way once there is something to map; nothing after the first run."""
    if services.runs.list(1):
        return
    st.subheader(_("Next steps"), anchor=False)
    _draw_last_steps(services, enabled=True)


def _draw_last_steps(services: Services, *, enabled: bool) -> None:
    has_products, has_customers = _has_mapped_products(services), _has_mapped_customers(services)
    _draw_link(
        4,
        _("Map the Sophos products to ConnectWise products"),
        _("Product mapping"),
        page=MAPPING_PAGE,
        icon=":material/compare_arrows:",
        enabled=enabled,
        done=has_products,
    )
    _draw_link(
        5,
        _("Map the customers to ConnectWise agreements"),
        _("Customers"),
        page=CUSTOMERS_PAGE,
        icon=":material/groups:",
        enabled=enabled,
        done=has_customers,
    )
    _draw_link(
        6,
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
    enabled: bool = True,
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


def _has_mapped_products(services: Services) -> bool:
    return any(
        mapping.sync and mapping.connectwise_product_id is not None
        for mapping in services.store.mappings.all().values()
    )


def _has_mapped_customers(services: Services) -> bool:
    return any(
        mapping.sync and mapping.agreement_id is not None
        for mapping in services.store.customers.mappings().values()
    )


def _mark(done: bool) -> str:
    return ":material/check_circle: " if done else ""
