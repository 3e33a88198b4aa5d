"""The last sync and the next one, on the overview."""

from __future__ import annotations

import streamlit as st

from core.domain.models import Run
from core.services import Services
from pages.components.formats import age_text
from pages.components.language import _, ngettext
from pages.components.problems import as_typed
from pages.components.run_rows import standing, status_colour
from pages.components.sync_schedule import draw_schedule
from pages.components.todo import SYNC_PAGE


def draw_sync(services: Services) -> None:
    """What the newest run did, and when sync happens by itself."""
    newest = next(iter(services.runs.list(1)), None)
    st.subheader(_("Last and next sync"), anchor=False)
    with st.container(border=True):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            if newest is None:
                st.markdown(_("Nothing was synced yet."), width="content")
                params: dict[str, str] = {}
            else:
                st.markdown(_newest_text(newest, services), width="content")
                params = {"view": "runs", "run": newest.id}
            st.page_link(
                SYNC_PAGE,
                label=_("Usage sync") if newest is None else _("Show"),
                icon=":material/sync:",
                query_params=params or None,
            )
        draw_schedule(services)


def _newest_text(run: Run, services: Services) -> str:
    title = _("Run {number} of {month}", number=str(run.number), month=str(run.month))
    at_it = services.runs.is_under_way()
    words = as_typed(standing(run, carried_out=at_it))
    badge = f":{status_colour(run, carried_out=at_it)}-badge[{words}]"
    told = [_("{done} of {total} changes are done", done=run.done, total=run.changes)]
    if run.failed:
        told.append(ngettext("{count} failed", "{count} failed", run.failed))
    told.append(age_text(run.finished_at or run.approved_at, services.clock()))
    return f"**{as_typed(title)}** {badge}  \n{as_typed(' · '.join(told))}"
