"""What keeps the month from being compared, and the next step out of it."""

from __future__ import annotations

import streamlit as st

from core.domain.models import Reconciliation
from core.domain.month import Month
from core.services import Services
from pages.components.language import _, text
from pages.components.problems import as_typed
from pages.components.reconciliation_fix import CUSTOMERS_PAGE
from pages.components.tasks import fetch_form, fetch_usage, make_plan


def draw_no_usage(services: Services) -> None:
    """Before the first month was fetched."""
    st.info(
        _(
            "No usage has been fetched yet, so there is nothing to compare. Fetch the month that "
            "you want to look at."
        ),
        icon=":material/download:",
    )
    fetch_form(services, "reconciliation_first_usage")


def draw_not_read(services: Services, month: Month) -> None:
    """Customers are mapped, and what they are billed was never read."""
    with st.container(border=True):
        st.markdown(
            _(
                "The agreements and additions of your customers have not been read yet. Reading "
                "them changes nothing."
            )
        )
        if st.button(
            _("Read the agreements"),
            key="reconciliation_read",
            type="primary",
            icon=":material/sync_alt:",
            disabled=services.jobs.current() is not None,
        ):
            make_plan(services, month)


def draw_no_customers() -> None:
    """Nobody is mapped, so everything is used and nothing is billed."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(
            _("No customer is mapped to an agreement yet, so nothing bills this usage."),
            icon=":material/group:",
        )
        st.page_link(CUSTOMERS_PAGE, label=_("Customers"), icon=":material/group:", width="content")


def draw_problem(services: Services, report: Reconciliation) -> None:
    """Why nothing can be said of the month."""
    if report.source_problem is None:
        return
    told = f"**{as_typed(text(report.source_problem))}**"
    if report.source_remedy is not None:
        told += f" {as_typed(text(report.source_remedy))}"
    if report.in_progress:
        st.info(told, icon=":material/hourglass:")
        return
    st.warning(told, icon=":material/warning:")
    if st.button(
        _("Fetch usage"),
        key="reconciliation_fetch",
        icon=":material/download:",
        disabled=services.jobs.current() is not None,
    ):
        fetch_usage(services, [report.month])
