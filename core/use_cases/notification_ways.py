"""The ways to tell: what each sends, and what a person reads about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.clients.mail import Mailer
from core.clients.webhook import Webhook
from core.domain.models import Channel, Notification
from core.errors import Message, message, plural_message
from core.notification_settings import MAIL_REQUIRED, WEBHOOK_REQUIRED
from core.use_cases.connections import ConnectionCheck
from core.use_cases.notification_texts import Wording, mail_of, post_of


class Way(Protocol):
    """One way to tell."""

    def send(self, notification: Notification, wording: Wording, at: datetime) -> Message | None:
        """Send once; returns what was not perfect about it. Raises VendorError."""


@dataclass(frozen=True)
class WebhookWay:
    """By a signed HTTP request."""

    webhook: Webhook

    def send(self, notification: Notification, wording: Wording, at: datetime) -> Message | None:
        self.webhook.send(post_of(notification, wording), at)
        return None


@dataclass(frozen=True)
class MailWay:
    """By e-mail."""

    mailer: Mailer

    def send(self, notification: Notification, wording: Wording, at: datetime) -> Message | None:
        refused = self.mailer.send(mail_of(notification, wording), at)
        if not refused:
            return None
        return plural_message(
            "The mail server refused {count} recipient; the others have the mail.",
            "The mail server refused {count} recipients; the others have the mail.",
            refused,
        )


def ways_of(webhook: Webhook | None, mailer: Mailer | None) -> dict[Channel, Way]:
    """Those that are set up."""
    ways: dict[Channel, Way] = {}
    if webhook is not None:
        ways[Channel.WEBHOOK] = WebhookWay(webhook)
    if mailer is not None:
        ways[Channel.EMAIL] = MailWay(mailer)
    return ways


def trial_passed(channel: Channel, notice: Message | None) -> ConnectionCheck:
    """What a person reads after a test that was taken."""
    if notice is not None:
        return ConnectionCheck(_NAMES[channel], False, notice, message("Check NOTIFY_EMAIL_TO."))
    return ConnectionCheck(_NAMES[channel], True, _TAKEN[channel])


def trial_failed(channel: Channel, text: Message, remedy: Message | None) -> ConnectionCheck:
    """What a person reads after a test that was not."""
    return ConnectionCheck(_NAMES[channel], False, text, remedy)


def not_set_up(channel: Channel) -> ConnectionCheck:
    """What a person reads who tests what there is not."""
    remedy = message(
        "Set {names} in the environment or in .streamlit/secrets.toml and start again.",
        names=", ".join(_REQUIRED[channel]),
    )
    return ConnectionCheck(_NAMES[channel], False, message("Nothing is set up for it."), remedy)


_REQUIRED: dict[Channel, Sequence[str]] = {
    Channel.WEBHOOK: WEBHOOK_REQUIRED,
    Channel.EMAIL: MAIL_REQUIRED,
}
_NAMES = {Channel.WEBHOOK: "Webhook", Channel.EMAIL: "E-mail"}
_TAKEN = {
    Channel.WEBHOOK: message("The webhook took the test."),
    Channel.EMAIL: message("The mail server took the test. Look whether it has arrived."),
}
