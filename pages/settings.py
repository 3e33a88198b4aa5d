"""Settings: connections, sync, defaults for new products, rules in force, this installation."""

from __future__ import annotations

import streamlit as st

from pages.components.language import _
from pages.components.notification_settings import draw_notifications
from pages.components.product_defaults_form import draw_product_defaults
from pages.components.rules import draw_rules
from pages.components.session import start
from pages.components.settings_view import draw_connections, draw_installation
from pages.components.sync_settings_form import draw_sync_settings

services = start(_("Settings"))
st.subheader(_("Connections"), anchor=False)
draw_connections(services)
st.subheader(_("Sync settings"), anchor=False)
draw_sync_settings(services)
st.subheader(_("Notifications"), anchor=False)
draw_notifications(services)
st.subheader(_("Defaults for new ConnectWise products"), anchor=False)
st.caption(_("What the forms start from. Lists left empty are chosen automatically."))
draw_product_defaults(services)
st.subheader(_("Rules in force"), anchor=False)
draw_rules(services)
st.subheader(_("This installation"), anchor=False)
draw_installation(services)
