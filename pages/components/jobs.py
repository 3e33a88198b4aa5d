"""Long tasks: start one, watch it from any page, hear of its end."""

from __future__ import annotations

import streamlit as st

from core.errors import Message, UsageSyncError
from core.services import Services
from core.use_cases.jobs import JobStatus
from pages.components.language import _, text
from pages.components.problems import as_typed, show_error

_WATCHED = "jobs_watched"
_POLL_SECONDS = 1.0


def watch(status: JobStatus) -> None:
    """Tell this session of the task's end, and draw the page again with the task on it."""
    st.session_state[_WATCHED] = status.kind
    st.rerun()


def job_panel(services: Services, shown_elsewhere: str | None = None) -> None:
    """The running task with its progress, or how the one that this session watched ended.

    Nothing of a task of the kind `shown_elsewhere`, except that it failed.
    """
    running = services.jobs.current()
    if running is not None:
        st.session_state[_WATCHED] = running.kind
        if running.kind == shown_elsewhere:
            return
        _progress(services)
        return
    ended = _ended(services)
    if ended is not None and (ended.kind != shown_elsewhere or ended.error is not None):
        _outcome(ended)


def failure_on_screen(services: Services) -> UsageSyncError | None:
    """What the panel tells of a task that failed: nothing else has to say it again."""
    ended = None if services.jobs.current() else _ended(services)
    return ended.error if ended is not None else None


def _ended(services: Services) -> JobStatus | None:
    """The task that this session watched, at its end."""
    kind = st.session_state.get(_WATCHED)
    return services.jobs.last(kind) if kind else None


@st.fragment(run_every=_POLL_SECONDS)
def _progress(services: Services) -> None:
    running = services.jobs.current()
    if running is None:
        st.rerun(scope="app")
    st.progress(_share(running), text=_progress_text(running))


def _share(job: JobStatus) -> float:
    return min(job.done / job.total, 1.0) if job.total else 0.0


def _progress_text(job: JobStatus) -> str:
    label = text(job.label)
    if job.total:
        return _("{task}: {done} of {total}", task=label, done=job.done, total=job.total)
    if job.done:
        return _("{task}: {done} so far", task=label, done=job.done)
    return _("{task}…", task=label)


def _outcome(job: JobStatus) -> None:
    """Success is said once, in the task's own words where it has any; a failure stays until it is
    closed."""
    if job.error is None:
        st.session_state[_WATCHED] = None
        told = job.result if isinstance(job.result, Message) else None
        st.toast(
            as_typed(text(told)) if told else _("{task}: done.", task=job.label),
            icon=":material/check_circle:",
        )
        return
    show_error(job.error)
    if st.button(_("Close"), key="jobs_close", icon=":material/close:"):
        st.session_state[_WATCHED] = None
        st.rerun()
