"""Whether the plan on the screen may be approved, and what to do where it may not."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import streamlit as st

from core.domain.models import Outcome, Plan, Run, RunStatus
from core.services import Services
from pages.components.language import _
from pages.components.problems import as_typed
from pages.components.run_link import draw_run_link
from pages.components.run_rows import was_started

_POLL_SECONDS = 2.0
_LOOKED_AT = 20
_WROTE_NOTHING = frozenset({RunStatus.OPEN, RunStatus.REFUSED})
_Newest = tuple[str, str]


class Standing(StrEnum):
    """Whether a plan may be approved: a run that is open comes first, and one that has ended since
    ConnectWise was read makes the plan old."""

    APPROVABLE = "approvable"
    RUN_OPEN = "run_open"
    OUT_OF_DATE = "out_of_date"


def draw_standing(services: Services, plan: Plan, read_at: datetime, retry_of: str) -> Standing:
    """Why the plan may not be approved, where it may not; a plan of nothing is never approved."""
    running = services.store.runs.open()
    if running is not None:
        draw_open_run(services, running)
        return Standing.RUN_OPEN
    ended = ended_since(services, read_at, retry_of) if plan.changes else None
    if ended is not None:
        _draw_out_of_date(ended)
        return Standing.OUT_OF_DATE
    return Standing.APPROVABLE


def ended_since(services: Services, read_at: datetime, retry_of: str) -> Run | None:
    """The run that ended after ConnectWise was read for the plan, so that the plan is no longer
    current; None while it is.

    A retry goes on from what its run itself read and wrote: only calls of which nobody knows what
    became of them make it old.
    """
    ended = (run for run in services.runs.list(_LOOKED_AT) if run.status not in _WROTE_NOTHING)
    newest = next(ended, None)
    if newest is None or newest.finished_at is None or newest.finished_at <= read_at:
        return None
    if newest.id == retry_of and not _is_unknown(services, newest):
        return None
    return newest


def _is_unknown(services: Services, run: Run) -> bool:
    if not run.left:
        return False
    return any(row.outcome is Outcome.IN_FLIGHT for row in services.runs.changes(run.id))


def draw_open_run(services: Services, run: Run) -> None:
    """Why nothing can be approved now, with the way to the run that has to end first."""
    title = _("Run {number} of {month}", number=str(run.number), month=str(run.month))
    if services.runs.is_under_way():
        told = _("{run} is under way; until it has ended no plan can be approved.", run=title)
    elif was_started(run):
        told = _(
            "{run} was cut off; until it is finished or stopped no plan can be approved.", run=title
        )
    else:
        told = _("{run} has not begun; until it has ended no plan can be approved.", run=title)
    st.warning(as_typed(told), icon=":material/hourglass_top:")
    draw_run_link(run, "usage_sync_show_run")


def _draw_out_of_date(run: Run) -> None:
    """That the plan is no longer current, because a run has ended since."""
    title = _("Run {number} of {month}", number=str(run.number), month=str(run.month))
    told = _(
        "This plan is out of date: {run} has ended since ConnectWise was read for it. Make it "
        "again before it is approved.",
        run=title,
    )
    st.warning(as_typed(told), icon=":material/history:")


def _newest(services: Services) -> _Newest:
    """The run that is open, and the newest one with how it stands: what approval depends on."""
    running = services.store.runs.open()
    newest = next(iter(services.runs.list(1)), None)
    return (
        "" if running is None else running.id,
        "" if newest is None else f"{newest.id} {newest.status}",
    )


def follow(services: Services, *, dialog_open: bool) -> None:
    """Draw the page again when somebody else's run begins or ends: a plan that stands on the
    screen meanwhile could not be approved any more. A dialog is not torn away from under a
    person; it says so itself.
    """
    if not dialog_open:
        _follow(services, services.store.revision, _newest(services))


@st.fragment(run_every=_POLL_SECONDS)
def _follow(services: Services, revision: int, drawn: _Newest) -> None:
    if services.store.revision != revision and _newest(services) != drawn:
        st.rerun(scope="app")
