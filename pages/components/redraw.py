"""Drawing a dialog or a panel again, and nothing else where that is possible."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st
from streamlit.errors import StreamlitAPIException


def redraw() -> NoReturn:
    """Run the fragment again that is running alone; within a run of the page, run the page.

    A click in a dialog usually runs the dialog alone, but Streamlit joins it with a run of the
    page that is due at the same time, and then knows no fragment to run.
    """
    try:
        st.rerun(scope="fragment")
    except StreamlitAPIException:
        st.rerun()
