"""Notifications: which events are told by which way, tests, and how the last ones went."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from core.domain.delivery import GIVE_UP_AFTER
from core.domain.models import (
    Attempt,
    AttemptOutcome,
    Channel,
    EventKind,
    Notification,
    NotificationChoices,
)
from core.notification_settings import (
    LINK_OPTIONAL,
    MAIL_OPTIONAL,
    MAIL_REQUIRED,
    WEBHOOK_OPTIONAL,
    WEBHOOK_REQUIRED,
)
from core.services import Services
from core.use_cases.connections import ConnectionCheck
from core.use_cases.notifications import Notifications
from pages.components.connection_settings import OPTIONAL, REQUIRED, draw_settings
from pages.components.formats import datetime_text
from pages.components.health import draw_checks
from pages.components.identity import who
from pages.components.language import _, available, ngettext, text
from pages.components.problems import as_typed

_KEY = "notifications"
_SAVED = "notifications_saved"
_ASKED = "notifications_asked"
_SHOWN = 20
_SETTINGS = (
    *((name, REQUIRED) for name in WEBHOOK_REQUIRED),
    *((name, OPTIONAL) for name in WEBHOOK_OPTIONAL),
    *((name, REQUIRED) for name in MAIL_REQUIRED),
    *((name, OPTIONAL) for name in (*MAIL_OPTIONAL, *LINK_OPTIONAL)),
)
# In the order of the ways on the page.
_CHANNELS = (Channel.WEBHOOK, Channel.EMAIL)


def draw_notifications(services: Services) -> None:
    """What is told, how, and whether it arrives."""
    _tell_once()
    notifications = services.notifications
    ways = [channel for channel in _CHANNELS if channel in notifications.ways]
    st.markdown(_introduction(ways))
    if ways:
        with st.container(border=True):
            _choices(notifications, ways)
        _tests(notifications, ways)
    with st.expander(_("Settings of notifications"), icon=":material/key:", expanded=not ways):
        draw_settings(_SETTINGS)
        st.caption(_("Values are never shown. The environment wins over the file."))
    _deliveries(notifications)


def channel_names() -> dict[Channel, str]:
    """The ways to tell."""
    return {Channel.WEBHOOK: _("Webhook"), Channel.EMAIL: _("E-mail")}


def kind_names() -> dict[EventKind, str]:
    """The events that one can choose."""
    return {
        EventKind.RUN_FINISHED: _("A run has finished without failures"),
        EventKind.RUN_FAILED: _("A run failed, wholly or in part"),
        EventKind.PLAN_WAITING: _("A plan waits for approval"),
        EventKind.PLAN_BLOCKED: _("A limit or a finding holds up a plan"),
        EventKind.SCHEDULE_FAILED: _("A scheduled sync failed"),
    }


def _tell_once() -> None:
    if st.session_state.pop(_SAVED, False):
        st.toast(_("Saved."), icon=":material/check_circle:")
    asked = st.session_state.pop(_ASKED, 0)
    if asked:
        told = ngettext(
            "{count} notification is being sent again.",
            "{count} notifications are being sent again.",
            asked,
        )
        st.toast(told, icon=":material/send:")


def _introduction(ways: Sequence[Channel]) -> str:
    if not ways:
        return _(
            "Nothing is sent yet. To be told of runs and plans without looking here, set the names "
            "below for a webhook, for e-mail or for both, in the environment or in "
            "`.streamlit/secrets.toml`, and start the dashboard again."
        )
    return _(
        "Each event is sent until it has arrived, for {days} days at most. One that may have "
        "arrived already is sent again with the same id.",
        days=GIVE_UP_AFTER.days,
    )


# ---------------------------------------------------------------- which events


def _choices(notifications: Notifications, ways: Sequence[Channel]) -> None:
    stored = notifications.choices()
    muted = set(stored.muted)
    for channel, column in zip(ways, st.columns(len(ways), gap="medium"), strict=True):
        with column:
            st.markdown(f"**{channel_names()[channel]}**")
            for kind, name in kind_names().items():
                wanted = st.checkbox(
                    name, value=stored.wants(channel, kind), key=f"{_KEY}_{channel}_{kind}"
                )
                (muted.discard if wanted else muted.add)((channel, kind))
    spoken = _language(stored.language)
    if st.button(_("Save"), type="primary", icon=":material/save:", key=f"{_KEY}_save"):
        notifications.save_choices(NotificationChoices(spoken, frozenset(muted)), who())
        st.session_state[_SAVED] = True
        st.rerun()


def _language(stored: str) -> str:
    names = available()
    codes = list(names)
    return str(
        st.selectbox(
            _("Language of notifications"),
            codes,
            index=codes.index(stored) if stored in codes else 0,
            format_func=names.__getitem__,
            placeholder=_("Choose…"),
            key=f"{_KEY}_language",
            width=260,
        )
    )


# ---------------------------------------------------------------- tests


def _tests(notifications: Notifications, ways: Sequence[Channel]) -> None:
    labels = {
        Channel.WEBHOOK: _("Send a test to the webhook"),
        Channel.EMAIL: _("Send a test by e-mail"),
    }
    tests: Mapping[Channel, Callable[[], ConnectionCheck]] = {
        Channel.WEBHOOK: notifications.test_webhook,
        Channel.EMAIL: notifications.test_email,
    }
    with st.container(horizontal=True):
        pressed = [
            channel
            for channel in ways
            if st.button(labels[channel], icon=":material/send:", key=f"{_KEY}_test_{channel}")
        ]
    for channel in pressed:
        with st.spinner(_("Sending…")):
            check = tests[channel]()
        draw_checks([check])


# ---------------------------------------------------------------- how the last ones went


def _deliveries(notifications: Notifications) -> None:
    newest = notifications.deliveries(_SHOWN)
    if not newest:
        return
    st.markdown(f"**{_('Last notifications')}**")
    st.dataframe([_row(each) for each in newest], hide_index=True, height="content")
    for told in dict.fromkeys(_trouble(each) for each in newest if each.last and each.last.text):
        st.warning(told, icon=":material/warning:")
    if any(_is_stuck(each) for each in newest) and st.button(
        _("Send again what has not arrived"), icon=":material/refresh:", key=f"{_KEY}_again"
    ):
        st.session_state[_ASKED] = notifications.send_again()
        st.rerun()


def _row(notification: Notification) -> dict[str, str | int]:
    last = notification.last
    return {
        _("When"): datetime_text(notification.at),
        _("Event"): text(notification.event.title),
        _("Way"): channel_names()[notification.channel],
        _("State"): _state(last),
        _("Attempts"): notification.tries,
    }


def _state(last: Attempt | None) -> str:
    if last is None or last.outcome is AttemptOutcome.ASKED:
        return _("Waiting")
    if last.outcome is AttemptOutcome.SENT:
        return _("Arrived, {time}", time=datetime_text(last.at))
    if last.outcome is AttemptOutcome.GIVEN_UP:
        return _("Given up")
    return _("Failed, again at {time}", time=datetime_text(last.next_at))


def _trouble(notification: Notification) -> str:
    """What went wrong with the last try, and what to do, as Markdown."""
    name, last = channel_names()[notification.channel], notification.last
    told = f"**{name}**"
    if last is not None and last.text is not None:
        told += f" · {as_typed(text(last.text))}"
    if last is not None and last.remedy is not None:
        told += "\n\n" + _("What to do: {remedy}", remedy=as_typed(text(last.remedy)))
    return told


def _is_stuck(notification: Notification) -> bool:
    last = notification.last
    return last is not None and last.outcome in (AttemptOutcome.FAILED, AttemptOutcome.GIVEN_UP)
