"""Notifications over a real store, a real receiver of webhooks and a real mail server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.clients.http import HttpLimits
from core.clients.mail import Mailer
from core.clients.webhook import Webhook
from core.notification_settings import NotificationSettings, load_notifications
from core.storage.store import Store
from core.use_cases.jobs import Clock
from core.use_cases.notification_ways import ways_of
from core.use_cases.notifications import Notifications
from core.use_cases.preferences import Preferences

SECRET = "hush-hook-secret"


@dataclass(frozen=True)
class Notifier:
    notifications: Notifications
    store: Store


def environment(hook_url: str = "", mail_port: int = 0) -> dict[str, str]:
    """The settings of those ways whose receiver is given; both are on this machine."""
    given = {}
    if hook_url:
        given |= {"NOTIFY_WEBHOOK_URL": hook_url, "NOTIFY_WEBHOOK_SECRET": SECRET}
    if mail_port:
        given |= {
            "NOTIFY_EMAIL_TO": "ana@example.com, ben@example.com",
            "NOTIFY_EMAIL_FROM": "sync@example.com",
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(mail_port),
            "SMTP_SECURITY": "none",
            "SMTP_USER": "hush-user",
            "SMTP_PASSWORD": "hush-password",
        }
    return given


@contextmanager
def notifier(
    path: Path,
    given: dict[str, str],
    clock: Clock,
    *,
    sandbox: bool = False,
    patience: float = 30.0,
) -> Iterator[Notifier]:
    """Open everything; nothing is sent before `deliver` or `start`.

    `patience` is how many seconds an answer may take: short only where none comes.
    """
    settings: NotificationSettings = load_notifications(given)
    limits = HttpLimits(read_timeout=patience, per_minute=60_000)
    webhook = Webhook(settings.webhook, limits) if settings.webhook else None
    mailer = Mailer(settings.mail, timeout=patience) if settings.mail else None
    with Store.open(path, "real", clock) as store:
        notifications = Notifications(
            store,
            Preferences(store, clock),
            clock,
            ways_of(webhook, mailer),
            sandbox=sandbox,
            dashboard_url=settings.dashboard_url,
        )
        with closing(notifications):
            yield Notifier(notifications, store)
    if webhook is not None:
        webhook.close()


def until(done: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for what another thread does."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise AssertionError("it did not happen")
        time.sleep(0.01)
