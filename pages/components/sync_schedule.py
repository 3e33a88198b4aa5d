"""When sync happens by itself, and what it did last."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

import streamlit as st

from core.domain.models import Run, ScheduledRun, WaitingPlan
from core.domain.month import Month
from core.domain.schedule import Due
from core.services import Services
from pages.components import sync_session as session
from pages.components.formats import age_text, datetime_text, month_text
from pages.components.language import _, ngettext, text
from pages.components.plan_effect import effect_text
from pages.components.problems import as_typed
from pages.components.run_link import draw_run_link
from pages.components.run_rows import origin_of, standing
from pages.components.sync_session import View


def waiting_plans(services: Services) -> Sequence[WaitingPlan]:
    """The plans of the schedule that wait for approval."""
    return services.scheduler.waiting()


def next_text(due: Due | None) -> str:
    """When sync happens by itself next."""
    if due is None:
        return _("Nothing syncs by itself.")
    months = ", ".join(month_text(month) for month in due.months)
    return _("Next scheduled sync: {when} ({months})", when=datetime_text(due.at), months=months)


def last_text(last: ScheduledRun | None) -> str:
    """What the schedule did last; empty when it never did anything."""
    if last is None:
        return ""
    return _(
        "Last scheduled sync: {when} ({month}): {result}",
        when=datetime_text(last.at),
        month=month_text(last.month),
        result=text(last.result),
    )


def draw_schedule(services: Services) -> None:
    """One line: next and last."""
    told = [next_text(services.scheduler.next()), last_text(services.scheduler.last())]
    st.caption(as_typed(" · ".join(part for part in told if part)))


def last_run_text(run: Run, *, carried_out: bool) -> str:
    """The last run with its origin, how it stands, and when that was."""
    title = _("Run {number} of {month}", number=str(run.number), month=str(run.month))
    told = [
        _("Last run: {run}", run=title),
        origin_of(run),
        standing(run, carried_out=carried_out),
        datetime_text(run.finished_at or run.approved_at),
    ]
    return " · ".join(told)


def draw_last_run(services: Services, shown: Collection[str | None] = ()) -> None:
    """The last run of any origin, with the way to it; nothing where it is on the screen."""
    newest = next(iter(services.runs.list(1)), None)
    if newest is None or newest.id in shown:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(
            as_typed(last_run_text(newest, carried_out=services.runs.is_under_way())),
            width="content",
        )
        draw_run_link(newest, "usage_sync_last_run")


def draw_waiting(services: Services, shown: Month | None) -> None:
    """The plans that wait, except the one that is on the screen."""
    for plan in waiting_plans(services):
        if plan.month != shown:
            _draw_waiting(services, plan)


def _draw_waiting(services: Services, plan: WaitingPlan) -> None:
    told = [
        ngettext("{count} change", "{count} changes", plan.changes),
        effect_text(plan.price_effect),
        _("made {age}", age=age_text(plan.made_at, services.clock())),
    ]
    with st.container(
        border=True,
        horizontal=True,
        horizontal_alignment="distribute",
        vertical_alignment="center",
    ):
        title = _("A plan of {month} waits for approval.", month=str(plan.month))
        st.markdown(
            f":material/pending_actions: **{as_typed(title)}**  \n{as_typed(' · '.join(told))}",
            width="content",
        )
        st.button(
            _("Show"),
            key=f"usage_sync_waiting_{plan.month}",
            icon=":material/arrow_forward:",
            on_click=partial(_look_at, plan.month),
        )


def _look_at(month: Month) -> None:
    session.choose_month(month)
    session.choose_view(View.PLAN)
    session.leave_run()
