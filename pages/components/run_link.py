"""The way to one run, from anywhere."""

from __future__ import annotations

import streamlit as st

from core.domain.models import Run
from pages.components.language import _
from pages.components.sync_session import View, close_dialog
from pages.components.todo import SYNC_PAGE


def draw_run_link(run: Run, key: str) -> None:
    """A button that shows the run: a link to the page that one is on looks like no link."""
    if st.button(
        _("Show run {number}", number=str(run.number)),
        key=key,
        icon=":material/arrow_forward:",
        type="tertiary",
    ):
        close_dialog()
        st.switch_page(SYNC_PAGE, query_params={"view": View.RUNS.value, "run": run.id})
