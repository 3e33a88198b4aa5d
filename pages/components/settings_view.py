"""The parts of the settings page."""

from __future__ import annotations

import platform

import streamlit as st

from core.services import Services
from core.settings import VERSION, Mode
from pages.components.connection_settings import draw_connection_settings
from pages.components.health import draw_checks, test_now
from pages.components.language import _
from pages.components.problems import as_typed


def draw_connections(services: Services) -> None:
    """Test both systems; which settings are given, never their values."""
    if services.mode is Mode.SANDBOX:
        st.markdown(
            _(
                "The sandbox is connected. To connect your own systems, set the names below in "
                "the environment or in `.streamlit/secrets.toml` and start the dashboard again. "
                "Both systems or neither: real data and the sandbox are never mixed."
            )
        )
    if st.button(_("Test the connections"), icon=":material/network_check:", key="settings_test"):
        with st.spinner(_("Testing…")):
            draw_checks(test_now(services))
    draw_connection_settings()
    st.caption(_("Values are never shown. The environment wins over the file."))


def draw_installation(services: Services) -> None:
    """Version, mode and database, as support asks for them."""
    sandbox = services.mode is Mode.SANDBOX
    facts = {
        _("Version"): VERSION,
        _("Mode"): _("Sandbox") if sandbox else _("Real systems"),
        _("Database"): str(services.store.path),
        _("Python"): platform.python_version(),
    }
    lines = [_("{name}: {value}", name=name, value=value) for name, value in facts.items()]
    st.markdown("\n".join(f"- {as_typed(line)}" for line in lines))
