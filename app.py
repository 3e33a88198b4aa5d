"""The dashboard: `streamlit run app.py`. Only page settings and the list of pages."""

from __future__ import annotations

import streamlit as st

from pages.components.brand import LOGO
from pages.components.language import _
from pages.components.session import enter
from pages.components.startup import lifespan


def run() -> None:
    """One turn of one session."""
    st.set_page_config(
        page_title=_("Usage Sync"),
        page_icon=LOGO,
        layout="wide",
        initial_sidebar_state="auto",
    )
    st.logo(LOGO, size="large")
    page = st.navigation(
        [
            st.Page(
                "pages/overview.py",
                title=_("Overview"),
                icon=":material/dashboard:",
                default=True,
            ),
            st.Page(
                "pages/product_mapping.py",
                title=_("Product mapping"),
                icon=":material/compare_arrows:",
            ),
            st.Page("pages/customers.py", title=_("Customers"), icon=":material/group:"),
            st.Page("pages/usage_sync.py", title=_("Usage sync"), icon=":material/sync:"),
            st.Page(
                "pages/reconciliation.py", title=_("Reconciliation"), icon=":material/balance:"
            ),
            st.Page("pages/history.py", title=_("History"), icon=":material/history:"),
            st.Page("pages/settings.py", title=_("Settings"), icon=":material/settings:"),
        ]
    )
    enter()
    page.run()


if __name__ == "__main__":
    run()
else:
    # The server imports this file once, and finds in it what it serves: the file itself.
    app = st.App(__file__, lifespan=lifespan)
