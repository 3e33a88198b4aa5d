"""Reading customers, companies and agreements anew: of all customers, or of one."""

from __future__ import annotations

import streamlit as st

from core.errors import UsageSyncError, message
from core.services import Services
from core.use_cases.jobs import Progress
from pages.components import formats
from pages.components.identity import who
from pages.components.jobs import watch
from pages.components.language import _
from pages.components.problems import show_error

CUSTOMERS = "customers"


def draw_freshness(services: Services) -> None:
    """How old the data is, and the button that reads it anew."""
    st.caption(_freshness(services), width="content")
    running = services.jobs.current() is not None
    if refresh_button(key="customers_refresh", disabled=running):
        start_refresh(services)


def refresh_button(*, key: str, disabled: bool = False, primary: bool = False) -> bool:
    """The button; True when it was pressed."""
    return st.button(
        _("Refresh customers"),
        key=key,
        icon=":material/refresh:",
        disabled=disabled,
        type="primary" if primary else "tertiary",
        help=_("Reads the customers from Sophos, and companies and agreements from ConnectWise."),
    )


def start_refresh(services: Services) -> None:
    """Start reading all customers; the page is drawn again with the progress on it."""

    def task(progress: Progress) -> int:
        return services.customers.refresh(progress)

    try:
        label = message("Reading customers, companies and agreements")
        status = services.jobs.start(CUSTOMERS, label, who(), task)
    except UsageSyncError as error:
        show_error(error)
        return
    watch(status)


def start_refresh_of(services: Services, customer_id: str, name: str) -> None:
    """Start reading the agreements of one customer's company."""

    def task(_progress: Progress) -> int:
        return services.customers.refresh_one(customer_id)

    try:
        label = message("Reading the agreements of {customer}", customer=name)
        status = services.jobs.start(CUSTOMERS, label, who(), task)
    except UsageSyncError as error:
        show_error(error)
        return
    watch(status)


def _freshness(services: Services) -> str:
    listed, read = services.customers.read_at()
    now = services.clock()
    customers = (
        _("Customers read {age}", age=formats.age_text(listed, now))
        if listed
        else _("Customers not read yet")
    )
    agreements = (
        _("agreements {age}", age=formats.age_text(read, now)) if read else _("no agreements yet")
    )
    return f"{customers} · {agreements}"
