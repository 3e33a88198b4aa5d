"""The dashboard: `streamlit run app.py`. Only page settings and the list of pages."""

from __future__ import annotations

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from pages.components.brand import LOGO
from pages.components.language import _
from pages.components.session import enter
from pages.components.startup import lifespan


def _page(file: str, title: str, icon: str, *, default: bool = False) -> StreamlitPage:
    return st.Page(file, title=title, icon=f":material/{icon}:", default=default)


if __name__ == "__main__":
    st.set_page_config(page_title=_("Usage Sync"), page_icon=LOGO, layout="wide")
    st.logo(LOGO, size="large")
    page = st.navigation(
        [
            _page("pages/overview.py", _("Overview"), "dashboard", default=True),
            _page("pages/product_mapping.py", _("Product mapping"), "compare_arrows"),
            _page("pages/customers.py", _("Customers"), "group"),
            _page("pages/usage_sync.py", _("Usage sync"), "sync"),
            _page("pages/reconciliation.py", _("Reconciliation"), "balance"),
            _page("pages/history.py", _("History"), "history"),
            _page("pages/settings.py", _("Settings"), "settings"),
        ]
    )
    enter()
    page.run()
else:
    # The server imports this file once, and finds in it what it serves: the file itself.
    app = st.App(__file__, lifespan=lifespan)
