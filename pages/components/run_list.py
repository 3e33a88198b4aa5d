"""All runs as a list, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from core.domain.models import Run
from core.services import Services
from pages.components import sync_session as session
from pages.components.downloads import draw_downloads
from pages.components.formats import NOTHING, datetime_text, month_text
from pages.components.history_rows import note_of
from pages.components.identity import name_of
from pages.components.language import _
from pages.components.number_columns import right
from pages.components.run_export import runs_table
from pages.components.run_rows import origin_of, standing

RUNS_LISTED = 200
_ROW_HEIGHT = 36
_OPEN = "usage_sync_open_run"


def draw_runs(services: Services) -> None:
    """Every run, newest first; a click on one shows its changes."""
    runs = services.runs.list(RUNS_LISTED)
    if not runs:
        st.info(
            _("Nothing was synced yet. A run begins with the approval of a plan."),
            icon=":material/inbox:",
        )
        return
    at_it = services.runs.is_under_way()
    ids = tuple(run.id for run in runs)
    with st.container(horizontal=True, horizontal_alignment="right", gap="small"):
        draw_downloads("usage_sync_runs", "usage-sync-runs", partial(runs_table, runs))
    st.dataframe(
        pd.DataFrame([_run_line(run, runs, at_it) for run in runs]),
        hide_index=True,
        placeholder=NOTHING,
        key="usage_sync_runs",
        height=min((len(runs) + 1) * _ROW_HEIGHT + 3, 620),
        row_height=_ROW_HEIGHT,
        column_order=[
            "number",
            "show",
            "month",
            "status",
            "done",
            "failed",
            "changes",
            "by",
            "at",
            "origin",
            "note",
        ],
        column_config={
            "show": st.column_config.ButtonColumn(
                "", width=90, type="tertiary", on_click=partial(_open, ids), key=_OPEN
            ),
            "number": right(_("Run"), 70),
            "month": _("Month"),
            "status": _("Status"),
            "done": right(_("Done"), 80),
            "failed": right(_("Failed"), 80),
            "changes": right(_("Changes"), 110),
            "by": _("Approved by"),
            "at": _("Approved"),
            "origin": _("Origin"),
            "note": _("Note"),
        },
    )


def _run_line(run: Run, runs: Sequence[Run], at_it: bool) -> dict[str, object]:
    return {
        "number": run.number,
        "month": month_text(run.month),
        "status": standing(run, carried_out=at_it),
        "done": run.done,
        "failed": run.failed,
        "changes": run.changes,
        "by": name_of(run.approved_by),
        "at": datetime_text(run.approved_at),
        "origin": origin_of(run),
        "note": note_of(run, runs),
        "show": _("Show"),
    }


def _open(ids: Sequence[str]) -> None:
    click = st.session_state[_OPEN]
    if click is not None and click.row < len(ids):
        session.show_run(ids[click.row])
