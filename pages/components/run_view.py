"""A run on the screen: while it is under way, when it was cut off, and one in detail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import streamlit as st
from babel.dates import format_timedelta

from core.domain.models import Run, RunChange, RunStatus
from core.errors import UsageSyncError
from core.services import Services
from core.use_cases.exclusions import Exclusions, LeftOut
from core.use_cases.run_progress import RunProgress
from pages.components import sync_session as session
from pages.components.identity import name_of, who
from pages.components.jobs import watch
from pages.components.language import _, locale, ngettext
from pages.components.problems import as_typed, show_error
from pages.components.run_changes import draw_changes
from pages.components.run_excluded import draw_excluded
from pages.components.run_outcome import draw_figures, draw_outcome, draw_trouble
from pages.components.run_rows import (
    RunFigures,
    can_be_resumed,
    can_be_retried,
    duration,
    figures,
    older_month_note,
    requests_text,
    standing,
    status_colour,
    troubles,
    was_started,
)
from pages.components.sync_session import Dialog, View, open_dialog

DIGEST_SHOWN = 12
_POLL_SECONDS = 1.0
_TROUBLES = 10


# ---------------------------------------------------------------- under way, and cut off


def draw_under_way(services: Services) -> None:
    """Progress of the run that is being carried out, for every viewer; or a run cut off."""
    if services.runs.is_under_way():
        _progress(services)
        return
    run = services.runs.interrupted()
    if run is not None and services.jobs.current() is None:
        _draw_interrupted(services, run)


@st.fragment(run_every=_POLL_SECONDS)
def _progress(services: Services) -> None:
    now = services.runs.progress()
    if now is None and not services.runs.is_under_way():
        st.rerun(scope="app")
    with st.container(border=True, key="usage_sync_progress"):
        if now is None:
            st.markdown(_("The run begins…"))
            return
        run = services.runs.get(now.run_id)
        title = _("Run {number} of {month}", number=str(run.number), month=str(run.month))
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            told = f"**{as_typed(title)}** · {as_typed(progress_text(now))}"
            st.markdown(told, width="content")
            _stop_button(services, now)
        st.progress(share_of(now))


def _stop_button(services: Services, now: RunProgress) -> None:
    st.button(
        _("Stopping…") if now.stopping else _("Stop"),
        key="usage_sync_stop",
        icon=":material/stop_circle:",
        disabled=now.stopping,
        on_click=partial(_stop, services, now.run_id),
        help=_("After the calls that are under way. What is left can be finished later."),
    )


def _stop(services: Services, run_id: str) -> None:
    try:
        services.runs.stop(run_id, who())
    except UsageSyncError as error:
        session.say_error(error)


def share_of(now: RunProgress) -> float:
    """How far it is, 0 to 1."""
    return min(now.finished / now.total, 1.0) if now.total else 0.0


def progress_text(now: RunProgress) -> str:
    """Done, failed, remaining, and how long it will take."""
    if now.total is None:
        return _("Reading everything again before the first write…")
    told = [_("{done} of {total} done", done=now.done, total=now.total)]
    if now.failed:
        told.append(ngettext("{count} failed", "{count} failed", now.failed))
    if now.skipped:
        told.append(ngettext("{count} skipped", "{count} skipped", now.skipped))
    if now.remaining:
        told.append(ngettext("{count} left", "{count} left", now.remaining))
    if now.seconds_left is not None:
        told.append(_("about {time}", time=_time(timedelta(seconds=now.seconds_left))))
    return " · ".join(told)


def _time(span: timedelta) -> str:
    return format_timedelta(span, locale=locale())


def _draw_interrupted(services: Services, run: Run) -> None:
    finished = run.done + run.failed + run.skipped
    title = _("Run {number} of {month}", number=str(run.number), month=str(run.month))
    if was_started(run):
        told = _(
            "{run} was cut off: {done} of {total} changes have an outcome.",
            run=title,
            done=finished,
            total=run.changes,
        )
        hint = _(
            "Finishing looks in ConnectWise what became of each call before it writes anything."
        )
    else:
        told = _("{run} was approved and has not begun.", run=title)
        hint = _("Nothing was written yet.")
    with st.container(border=True, key="usage_sync_interrupted"):
        st.markdown(
            f":orange[:material/warning:] **{as_typed(told)}**  \n{as_typed(hint)}  \n"
            + as_typed(_("Until then no other run can start."))
        )
        with st.container(horizontal=True):
            label = _("Finish it") if was_started(run) else _("Start it")
            if st.button(
                label, type="primary", icon=":material/play_arrow:", key="usage_sync_resume"
            ):
                _go_on(services, run.id)
            st.button(
                _("Stop it…"),
                icon=":material/stop_circle:",
                key="usage_sync_end",
                on_click=partial(open_dialog, Dialog.END_RUN, run.id),
            )


def _go_on(services: Services, run_id: str) -> None:
    try:
        status = services.runs.start(run_id, who())
    except UsageSyncError as error:
        show_error(error)
        return
    session.show_run(run_id)
    watch(status)


def draw_end(services: Services, run_id: str) -> None:
    """The body of the dialog that stops a run which nobody carries out."""
    st.write(
        _(
            "What was done stays done. What has no outcome yet is not carried out; a new plan "
            "shows what is left to do. The run can be finished as long as no later one exists."
        )
    )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(_("Back"), key="usage_sync_end_back"):
            session.close_dialog()
            st.rerun()
        if st.button(_("Stop it"), type="primary", key="usage_sync_end_yes"):
            _stop(services, run_id)
            session.close_dialog()
            st.rerun()


# ---------------------------------------------------------------- one run


def draw_run(services: Services, run_id: str) -> None:
    """One run with what became of each of its changes."""
    st.button(
        _("All runs"),
        key="usage_sync_all_runs",
        icon=":material/arrow_back:",
        type="tertiary",
        on_click=_leave,
    )
    try:
        run = services.runs.get(run_id)
    except UsageSyncError as error:
        show_error(error)
        return
    changes, left_out = services.runs.changes(run_id), left_out_of(services, run)
    if draw_run_facts(services, run, changes, left_out):
        draw_changes(run, changes, left_out)
        st.page_link(
            "pages/history.py",
            label=_("History and undo of this run"),
            icon=":material/history:",
            query_params={"run": run.id},
            width="content",
        )


def left_out_of(services: Services, run: Run) -> Sequence[LeftOut]:
    """What a person left out of the run."""
    return Exclusions(services.store, services.catalog).of(run)


def draw_run_facts(
    services: Services, run: Run, changes: Sequence[RunChange], left_out: Sequence[LeftOut]
) -> bool:
    """How a run went, what needs a person, and what was left out; False while it is under way."""
    found = figures(changes)
    _draw_heading(services, run, found)
    if run.status is RunStatus.OPEN and services.runs.is_under_way():
        return False
    draw_outcome(run)
    draw_figures(run, found)
    for trouble in troubles(changes)[:_TROUBLES]:
        draw_trouble(trouble)
    draw_excluded(run, left_out)
    return True


def _leave() -> None:
    session.leave_run()
    session.choose_view(View.RUNS)


def _draw_heading(services: Services, run: Run, found: RunFigures) -> None:
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        title = _("Run {number} of {month}", number=str(run.number), month=str(run.month))
        at_it = services.runs.is_under_way()
        words = as_typed(standing(run, carried_out=at_it))
        badge = f":{status_colour(run, carried_out=at_it)}-badge[{words}]"
        st.subheader(f"{as_typed(title)} {badge}", anchor=False, width="content")
        with st.container(
            horizontal=True, vertical_alignment="center", gap="small", width="content"
        ):
            _draw_commands(services, run, found)
    told = [
        _("Approved by {name} on {when}", name=name_of(run.approved_by), when=run.approved_at),
        _("plan {digest}", digest=run.digest[:DIGEST_SHOWN]),
    ]
    span = duration(run)
    if span is not None:
        told.append(_("took {time}", time=_time(span)))
    if asked := requests_text(run):
        told.append(asked)
    st.caption(as_typed(" · ".join(told)))
    if run.override_reason:
        st.caption(as_typed(_("Limit lifted: {reason}", reason=run.override_reason)))
    if run.options.older_month_reason:
        st.caption(as_typed(older_month_note(run)))


def _draw_commands(services: Services, run: Run, found: RunFigures) -> None:
    newest = next(iter(services.runs.list(1)), None)
    busy = services.jobs.current() is not None
    unfinished = run.status is not RunStatus.OPEN and bool(found.left)
    if (
        unfinished
        and can_be_resumed(run, newest)
        and st.button(
            _("Finish it"),
            key="usage_sync_finish",
            icon=":material/play_arrow:",
            type="primary",
            disabled=busy,
            help=_("Looks in ConnectWise what became of each call before it writes anything."),
        )
    ):
        _go_on(services, run.id)
    if can_be_retried(run, found) and st.button(
        _("Retry what failed") if found.failed else _("Plan what is left"),
        key="usage_sync_retry",
        icon=":material/replay:",
        disabled=busy,
        help=_("A new plan of what this run did not get done, to look at before it is applied."),
    ):
        _retry(services, run)


def _retry(services: Services, run: Run) -> None:
    try:
        options = services.runs.retry_options(run.id)
    except UsageSyncError as error:
        show_error(error)
        return
    session.begin_retry(run, options)
    st.switch_page("pages/usage_sync.py")
