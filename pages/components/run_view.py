"""Runs on the screen: the one under way, one that was cut off, the list, and one in detail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pandas as pd
import streamlit as st
from babel.dates import format_timedelta

from core.domain.models import Outcome, Run, RunChange, RunStatus
from core.errors import UsageSyncError
from core.services import Services
from core.use_cases.run_progress import RunProgress
from core.use_cases.runs import JOB
from pages.components import sync_session as session
from pages.components.downloads import draw_downloads
from pages.components.formats import NOTHING, datetime_text, month_text, number
from pages.components.history_rows import note_of
from pages.components.identity import who
from pages.components.jobs import watch
from pages.components.language import _, locale, ngettext, text
from pages.components.number_columns import aligned, decimals_of, right
from pages.components.paging import draw_pages, on_screen
from pages.components.plan_findings import BESIDE
from pages.components.plan_table import few, kind_names
from pages.components.problems import as_typed, show_error
from pages.components.run_export import run_table, runs_table
from pages.components.run_rows import (
    RunFigures,
    Trouble,
    advice_of,
    can_be_resumed,
    can_be_retried,
    duration,
    figures,
    last_word,
    message_of,
    origin_names,
    outcome_names,
    reason_of,
    status_colour,
    status_names,
    to_look_at,
    troubles,
    was_started,
)
from pages.components.sync_session import Dialog, View, open_dialog

DIGEST_SHOWN = 12
RUNS_LISTED = 200
_POLL_SECONDS = 1.0
_TROUBLES, _NAMED = 10, 5
_ROW_HEIGHT = 36
_COLOURS = {
    Outcome.FAILED: "#d13438",
    Outcome.SKIPPED: "#c27c0e",
    Outcome.IN_FLIGHT: "#c27c0e",
    Outcome.WAITING: "gray",
}
_OPEN = "usage_sync_open_run"
_OPEN_ONLY, _PAGE = "usage_sync_open_only", "usage_sync_run_page"


# ---------------------------------------------------------------- under way, and cut off


def draw_under_way(services: Services) -> None:
    """Progress of the run that is being carried out, for every viewer; or a run cut off."""
    if is_under_way(services):
        _progress(services)
        return
    run = services.runs.interrupted()
    if run is not None and services.jobs.current() is None:
        _draw_interrupted(services, run)


def is_under_way(services: Services) -> bool:
    """Whether this process carries a run out, or is about to."""
    job = services.jobs.current()
    return services.runs.progress() is not None or (job is not None and job.kind == JOB)


@st.fragment(run_every=_POLL_SECONDS)
def _progress(services: Services) -> None:
    now = services.runs.progress()
    if now is None and not is_under_way(services):
        st.rerun(scope="app")
    with st.container(border=True, key="usage_sync_progress"):
        if now is None:
            st.markdown(_("The run begins…"))
            return
        run = services.runs.get(now.run_id)
        left, right_side = st.columns(BESIDE, vertical_alignment="center")
        title = _("Run {number} of {month}", number=str(run.number), month=str(run.month))
        left.markdown(f"**{as_typed(title)}** · {as_typed(progress_text(now))}")
        with right_side:
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


# ---------------------------------------------------------------- the list


def draw_runs(services: Services) -> None:
    """Every run, newest first; a click on one shows its changes."""
    runs = services.runs.list(RUNS_LISTED)
    if not runs:
        st.info(
            _("Nothing was synced yet. A run begins with the approval of a plan."),
            icon=":material/inbox:",
        )
        return
    ids = tuple(run.id for run in runs)
    with st.container(horizontal=True, horizontal_alignment="right", gap="small"):
        draw_downloads("usage_sync_runs", "usage-sync-runs", partial(runs_table, runs))
    st.dataframe(
        pd.DataFrame([_run_line(run, runs) for run in runs]),
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


def _run_line(run: Run, runs: Sequence[Run]) -> dict[str, object]:
    return {
        "number": run.number,
        "month": month_text(run.month),
        "status": status_names()[run.status],
        "done": run.done,
        "failed": run.failed,
        "changes": run.changes,
        "by": run.approved_by,
        "at": datetime_text(run.approved_at),
        "origin": origin_names()[run.origin],
        "note": note_of(run, runs),
        "show": _("Show"),
    }


def _open(ids: Sequence[str]) -> None:
    click = st.session_state[_OPEN]
    if click is not None and click.row < len(ids):
        session.show_run(ids[click.row])


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
    changes = services.runs.changes(run_id)
    if draw_run_facts(services, run, changes):
        _draw_changes(run, changes)
        st.page_link(
            "pages/history.py",
            label=_("History and undo of this run"),
            icon=":material/history:",
            query_params={"run": run.id},
            width="content",
        )


def draw_run_facts(services: Services, run: Run, changes: Sequence[RunChange]) -> bool:
    """How a run went, and what needs a person; False while it is under way."""
    found = figures(changes)
    _draw_heading(services, run, found)
    if run.status is RunStatus.OPEN and is_under_way(services):
        return False
    _draw_outcome(run)
    _draw_figures(run, found)
    for trouble in troubles(changes)[:_TROUBLES]:
        _draw_trouble(trouble)
    return True


def _leave() -> None:
    session.leave_run()
    session.choose_view(View.RUNS)


def _draw_heading(services: Services, run: Run, found: RunFigures) -> None:
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        title = _("Run {number} of {month}", number=str(run.number), month=str(run.month))
        badge = f":{status_colour(run)}-badge[{as_typed(status_names()[run.status])}]"
        st.subheader(f"{as_typed(title)} {badge}", anchor=False, width="content")
        with st.container(
            horizontal=True, vertical_alignment="center", gap="small", width="content"
        ):
            _draw_commands(services, run, found)
    told = [
        _("Approved by {name} on {when}", name=run.approved_by, when=run.approved_at),
        _("plan {digest}", digest=run.digest[:DIGEST_SHOWN]),
    ]
    span = duration(run)
    if span is not None:
        told.append(_("took {time}", time=_time(span)))
    if run.reads or run.writes:
        told.append(_("{reads} reads and {writes} writes", reads=run.reads, writes=run.writes))
    st.caption(as_typed(" · ".join(told)))
    if run.override_reason:
        st.caption(as_typed(_("Limit lifted: {reason}", reason=run.override_reason)))


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


def _draw_outcome(run: Run) -> None:
    """Why it ended, where it ended otherwise than well."""
    word = last_word(run)
    if word is None or word.text is None:
        if run.status is RunStatus.STOPPED:
            st.warning(
                as_typed(_("Stopped by {name}.", name=run.events[-1].by)),
                icon=":material/stop_circle:",
            )
        return
    told = f"**{as_typed(text(word.text))}**"
    if word.remedy is not None:
        told += f"\n\n{as_typed(text(word.remedy))}"
    show: Callable[..., object] = st.error if run.status is not RunStatus.STOPPED else st.warning
    show(told, icon=":material/error:")


def _draw_figures(run: Run, found: RunFigures) -> None:
    with st.container(horizontal=True):
        st.metric(
            _("Done"),
            _("{part} of {whole}", part=found.done, whole=run.changes),
            border=True,
            height="stretch",
        )
        st.metric(_("Failed"), number(found.failed), border=True, height="stretch")
        if found.skipped:
            st.metric(_("Skipped"), number(found.skipped), border=True, height="stretch")
        if found.unknown:
            st.metric(_("Unknown"), number(found.unknown), border=True, height="stretch")
        if found.waiting:
            st.metric(_("Not begun"), number(found.waiting), border=True, height="stretch")
        st.metric(
            _("Price effect per period"),
            aligned(2, signed=True)(float(found.price_effect)),
            border=True,
            height="stretch",
            help=_("Of what was done."),
        )


def _draw_trouble(trouble: Trouble) -> None:
    """One reason with what it struck."""
    words = outcome_names()[trouble.outcome]
    reason = reason_of(trouble) or words
    with st.container(border=True):
        told = f":red[:material/error: **{as_typed(words)}.**] **{as_typed(reason)}**"
        advice = advice_of(trouble)
        st.markdown(told + (f"  \n{as_typed(advice)}" if advice else ""))
        lines = [
            " · ".join(part for part in (few(one.names.customers), one.names.product) if part)
            for one in trouble.changes[:_NAMED]
        ]
        more = len(trouble.changes) - len(lines)
        if more > 0:
            lines.append(ngettext("{count} more", "{count} more", more))
        st.markdown("\n".join(f"- {as_typed(line)}" for line in lines))


def _draw_changes(run: Run, changes: Sequence[RunChange]) -> None:
    open_ones = to_look_at(changes)
    shown = sorted(changes, key=lambda one: (one.outcome is Outcome.DONE, one.number))
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        if open_ones and len(open_ones) < len(changes):
            words = ngettext(
                "Only the {count} that was not done",
                "Only the {count} that were not done",
                len(open_ones),
            )
            if st.toggle(words, key=_OPEN_ONLY, persist_state="session"):
                shown = open_ones
        else:
            words = ngettext("{count} change", "{count} changes", len(changes))
            st.caption(words, width="content")
        with st.container(horizontal=True, gap="small", width="content"):
            draw_downloads(
                "usage_sync_run", f"usage-sync-run-{run.number}", partial(run_table, run, changes)
            )
    name = f"{_PAGE}_{run.number}"
    _draw_table(on_screen(name, shown))
    draw_pages(name, shown)


def change_frame(changes: Sequence[RunChange]) -> pd.DataFrame:
    """The changes with what became of each, in plain values."""
    return pd.DataFrame(
        {
            "outcome": [outcome_names()[one.outcome] for one in changes],
            "message": [message_of(one) for one in changes],
            "what": [kind_names()[one.change.kind.value] for one in changes],
            "customer": [few(one.names.customers) for one in changes],
            "agreement": [one.names.agreement or NOTHING for one in changes],
            "product": [one.names.product for one in changes],
            "before": [_number(one.change.before) for one in changes],
            "after": [_number(one.change.after) for one in changes],
            "at": [datetime_text(one.at) for one in changes],
        }
    )


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _draw_table(changes: Sequence[RunChange]) -> None:
    plain = aligned(
        decimals_of(value for one in changes for value in (one.change.before, one.change.after))
    )
    frame = change_frame(changes)
    told = any(frame["message"])
    colours = {outcome_names()[outcome]: colour for outcome, colour in _COLOURS.items()}
    st.dataframe(
        frame.style.format({"before": plain, "after": plain}).map(
            lambda word: f"color: {colours[word]}" if word in colours else "", subset=["outcome"]
        ),
        hide_index=True,
        placeholder=NOTHING,
        height=min((len(changes) + 1) * _ROW_HEIGHT + 3, 620),
        row_height=_ROW_HEIGHT,
        key="usage_sync_run_changes",
        column_order=[name for name in frame.columns if name != "message"] + ["message"] * told,
        column_config={
            "outcome": st.column_config.TextColumn(_("Outcome"), width=100),
            "message": st.column_config.TextColumn(_("Message"), width=360),
            "what": _("Change"),
            "customer": st.column_config.TextColumn(_("Customer"), width=190),
            "agreement": _("Agreement"),
            "product": st.column_config.TextColumn(_("ConnectWise product"), width=190),
            "before": right(_("Before"), 80),
            "after": right(_("After"), 80),
            "at": _("When"),
        },
    )
