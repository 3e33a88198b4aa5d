"""Reading both vendors anew: the ConnectWise catalog and the last complete month of usage."""

from __future__ import annotations

import streamlit as st

from core.services import Services
from pages.components import formats
from pages.components.language import _
from pages.components.tasks import start_refresh


def draw_freshness(services: Services) -> None:
    """How old the data is, and the button that reads it anew."""
    st.caption(_freshness(services), width="content")
    if refresh_button(key="mapping_refresh", disabled=services.jobs.current() is not None):
        start_refresh(services)


def refresh_button(*, key: str, disabled: bool = False, primary: bool = False) -> bool:
    """The button; True when it was pressed."""
    return st.button(
        _("Refresh data"),
        key=key,
        icon=":material/refresh:",
        disabled=disabled,
        type="primary" if primary else "tertiary",
        help=_("Reads the ConnectWise products and the last complete month of usage."),
    )


def _freshness(services: Services) -> str:
    refreshed = services.catalog.refreshed_at()
    months = services.usage.months()
    catalog = (
        _("Products read {age}", age=formats.age_text(refreshed, services.clock()))
        if refreshed
        else _("Products not read yet")
    )
    usage = (
        _("usage up to {when}", when=formats.month_text(months[0])) if months else _("no usage yet")
    )
    return f"{catalog} · {usage}"
