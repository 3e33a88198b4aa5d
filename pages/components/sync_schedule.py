"""When sync happens by itself, and what it did last."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from core.domain.models import ScheduledRun, WaitingPlan
from core.domain.month import Month
from core.domain.schedule import Due
from core.services import Services
from pages.components import sync_session as session
from pages.components.formats import age_text, datetime_text, month_text
from pages.components.language import _, ngettext, text
from pages.components.number_columns import aligned
from pages.components.problems import as_typed
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
        "Last: {when} ({month}): {result}",
        when=datetime_text(last.at),
        month=month_text(last.month),
        result=text(last.result),
    )


def draw_schedule(services: Services) -> None:
    """One line: next and last."""
    told = [next_text(services.scheduler.next()), last_text(services.scheduler.last())]
    st.caption(as_typed(" · ".join(part for part in told if part)))


def draw_waiting(services: Services, shown: Month | None) -> None:
    """The plans that wait, except the one that is on the screen."""
    for plan in waiting_plans(services):
        if plan.month != shown:
            _draw_waiting(services, plan)


def _draw_waiting(services: Services, plan: WaitingPlan) -> None:
    effect = aligned(2, signed=True)(float(plan.price_effect))
    told = [
        ngettext("{count} change", "{count} changes", plan.changes),
        _("price effect {effect}", effect=effect),
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
