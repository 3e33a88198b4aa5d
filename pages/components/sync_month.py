"""The month that is looked at: which one, what was fetched of it, whether it is closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import streamlit as st

from core.domain.models import FetchSource, FetchStatus, Frequency, MonthClosing, UsageFetch
from core.domain.month import Month
from core.services import Services
from pages.components import sync_session as session
from pages.components.formats import age_text, month_text
from pages.components.identity import name_of
from pages.components.jobs import failure_on_screen
from pages.components.language import _, ngettext
from pages.components.option_names import distinct
from pages.components.problems import as_typed
from pages.components.sync_session import Dialog, open_dialog, opened
from pages.components.tasks import fetch_usage, recent_months, sync_now


@dataclass(frozen=True)
class MonthState:
    """What is known of one month. `newest` is the last attempt, `complete` the last complete
    reading; `closing` is the last closing or reopening."""

    month: Month
    newest: UsageFetch | None
    complete: UsageFetch | None
    closing: MonthClosing | None

    @property
    def closed(self) -> bool:
        return self.closing is not None and self.closing.closed

    @property
    def failed(self) -> bool:
        """Whether the last attempt did not complete, so that nothing is planned."""
        return self.newest is not None and self.newest.status is FetchStatus.INCOMPLETE


def month_state(
    month: Month, fetches: Sequence[UsageFetch], closings: Sequence[MonthClosing]
) -> MonthState:
    """Both lists newest first."""
    complete = (fetch for fetch in fetches if fetch.status is FetchStatus.COMPLETE)
    return MonthState(
        month,
        fetches[0] if fetches else None,
        next(complete, None),
        closings[0] if closings else None,
    )


def month_choices(
    recent: Sequence[Month], fetched: Sequence[Month], current: Month, frequency: Frequency
) -> list[Month]:
    """The months to choose from, newest first; the one in progress only syncs once a day."""
    progress = {current} if frequency is Frequency.DAILY else set()
    return sorted({*recent, *fetched, *progress}, reverse=True)


def badge_of(state: MonthState) -> str:
    """How the usage of the month stands, as Markdown."""
    if state.failed:
        return f":red-badge[:material/error: {as_typed(_('Incomplete'))}]"
    if state.complete is None:
        return f":gray-badge[:material/cloud_off: {as_typed(_('Not fetched'))}]"
    return f":green-badge[:material/check: {as_typed(_('Complete'))}]"


def status_text(state: MonthState, now: datetime) -> str:
    """What was fetched when, by whom, and from where."""
    fetch = state.complete
    if fetch is None:
        return _("No usage of this month is here.")
    lines = ngettext("{count} usage line", "{count} usage lines", fetch.line_count)
    age = age_text(fetch.finished_at, now)
    if fetch.source is FetchSource.FILE:
        return _(
            "{lines}, from a file {age} by {name}",
            lines=lines,
            age=age,
            name=name_of(fetch.fetched_by),
        )
    return _(
        "{lines}, fetched {age} by {name}", lines=lines, age=age, name=name_of(fetch.fetched_by)
    )


def read_state(services: Services, month: Month) -> MonthState:
    """What the store knows of a month."""
    return month_state(
        month, services.store.usage.fetches(month), services.store.months.closings(month)
    )


def draw_month(services: Services) -> MonthState:
    """The line above everything: the month, how it stands, and what can be done with it."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            month = _choose(services)
            state = read_state(services, month)
            st.markdown(_status(state, services.clock()), width="content")
        with st.container(
            horizontal=True, vertical_alignment="center", gap="small", width="content"
        ):
            _commands(services, state)
    trouble = state.newest.error if state.failed and state.newest is not None else ""
    if trouble and not _is_told(services, trouble):
        st.error(as_typed(trouble), icon=":material/sync_problem:")
    return state


def _is_told(services: Services, trouble: str) -> bool:
    """Whether the task that met it says it above already."""
    failure = failure_on_screen(services)
    return failure is not None and str(failure) == trouble


def _choose(services: Services) -> Month:
    today = services.clock().date()
    months = month_choices(
        recent_months(today),
        services.usage.months(),
        Month.of(today),
        services.preferences.sync().frequency,
    )
    names = {str(month): month_text(month) for month in months}
    newest = str(Month.last_complete(today))
    st.selectbox(
        _("Month"),
        list(names),
        format_func=distinct(names),
        placeholder=_("Choose…"),
        label_visibility="collapsed",
        width=190,
        **session.kept(session.MONTH, names, newest),
    )
    return Month.parse(st.session_state[session.MONTH])


def _commands(services: Services, state: MonthState) -> None:
    busy = services.jobs.current() is not None
    fetched = state.newest is not None
    if st.button(
        _("Sync now"),
        key="usage_sync_now",
        icon=":material/sync:",
        disabled=busy or state.closed,
        help=_(
            "Fetches the usage of this month, reads products, customers, agreements and additions "
            "again and makes the plan. Nothing is written before you approve it."
        ),
    ):
        sync_now(services, state.month)
    if st.button(
        _("Fetch again") if fetched else _("Fetch usage"),
        key="usage_sync_fetch",
        icon=":material/download:",
        disabled=busy or state.closed,
        type="secondary" if fetched else "primary",
    ):
        fetch_usage(services, [state.month])
    # Another menu while a dialog is open, or it would stay open over the dialog.
    menu = "usage_sync_month_menu" + ("_behind" if opened() else "")
    with st.popover(_("Month"), icon=":material/more_vert:", key=menu):
        st.button(
            _("Import the usage file…"),
            key="usage_sync_import",
            icon=":material/upload_file:",
            type="tertiary",
            disabled=busy or state.closed,
            on_click=partial(open_dialog, Dialog.IMPORT),
        )
        closes = not state.closed
        st.button(
            _("Close this month…") if closes else _("Reopen this month…"),
            key="usage_sync_close_month",
            icon=":material/lock:" if closes else ":material/lock_open:",
            type="tertiary",
            disabled=busy,
            on_click=partial(open_dialog, Dialog.CLOSE_MONTH if closes else Dialog.REOPEN_MONTH),
        )


def _status(state: MonthState, now: datetime) -> str:
    badges = [badge_of(state)]
    if state.closed:
        badges.append(f":violet-badge[:material/lock: {as_typed(_('Closed'))}]")
    told = [status_text(state, now)]
    if state.failed and state.newest is not None:
        told = [
            _("The last fetch failed {age}.", age=age_text(state.newest.finished_at, now)),
            _("Nothing is planned from an incomplete month."),
        ]
    if state.closed and state.closing is not None:
        told.append(
            _("Closed on {day} by {name}.", day=state.closing.at.date(), name=state.closing.by)
        )
    return " ".join([*badges, f":small[{as_typed(' · '.join(told))}]"])
