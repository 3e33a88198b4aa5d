"""The notice that nothing here is real."""

from __future__ import annotations

import streamlit as st

from core.services import Services
from core.settings import Mode
from pages.components.language import _


def sandbox_banner(services: Services) -> None:
    """Say that this is the sandbox, so that nobody takes its figures for their customers'."""
    if services.mode is not Mode.SANDBOX:
        return
    st.info(
        _("**Sandbox.** All data is made up. Settings says how to connect your own systems."),
        icon=":material/science:",
    )
