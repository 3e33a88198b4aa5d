"""What the README says of notifications is what is sent: its code is run, its examples compared."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.clients.webhook import Post, Webhook
from core.domain.models import (
    Channel,
    EventKind,
    Notification,
    PlanOptions,
    Run,
    RunEvent,
    RunEventKind,
    RunOrigin,
)
from core.domain.month import Month
from core.domain.notification_events import run_event
from core.notification_settings import NOTIFICATION_NAMES, WebhookSettings
from core.use_cases.notification_texts import Wording, post_of
from tests.hook_receiver import Received, hook_receiver

README = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")
SECTION = README.partition("\n## Notifications\n")[2].partition("\n## ")[0]
POST = Post("run-failed-1", '{"text": "Zoë"}'.encode())
SECRETS = ("any text", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

IsGenuine = Callable[[Mapping[str, str], bytes, str], bool]


def code(language: str) -> str:
    found = re.findall(rf"```{language}\n(.*?)```", SECTION, re.DOTALL)
    assert len(found) == 1
    return found[0]


@pytest.fixture
def is_genuine() -> IsGenuine:
    """The function that the README gives to a receiver."""
    names: dict[str, object] = {}
    exec(code("python"), names)
    return names["is_genuine"]


def received(secret: str, at: datetime) -> Received:
    with (
        hook_receiver() as hook,
        closing(Webhook(WebhookSettings(hook.url, secret))) as webhook,
    ):
        webhook.send(POST, at)
        return hook.received[0]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_receiver_verifies_what_is_sent(is_genuine: IsGenuine, secret: str) -> None:
    got = received(secret, datetime.now(UTC))
    assert is_genuine(got.headers, got.body, secret)
    assert not is_genuine(got.headers, got.body + b" ", secret)
    assert not is_genuine(got.headers, got.body, secret + "BBBB")
    assert not is_genuine({**got.headers, "webhook-id": "run-failed-2"}, got.body, secret)
    later = str(int(time.time()) + 1)
    assert not is_genuine({**got.headers, "webhook-timestamp": later}, got.body, secret)


def test_a_receiver_refuses_what_is_old(is_genuine: IsGenuine) -> None:
    got = received("any text", datetime.now(UTC) - timedelta(minutes=6))
    assert not is_genuine(got.headers, got.body, "any text")


def test_the_example_has_the_members_that_are_sent() -> None:
    at = datetime(2026, 11, 3, 6, 0, tzinfo=UTC)
    run = Run(
        id="…",
        number=7,
        month=Month(2026, 10),
        digest="d",
        origin=RunOrigin.PAGE,
        approved_by="ana",
        approved_at=at,
        options=PlanOptions(),
        limits=(),
        events=(RunEvent(kind=RunEventKind.FINISHED, at=at, by="ana"),),
        changes=4,
        done=3,
        failed=1,
    )
    event = run_event(run)
    assert event is not None
    notification = Notification(event=event, channel=Channel.WEBHOOK, at=at)
    sent = json.loads(post_of(notification, Wording(dashboard_url="https://sync.example.com")).body)
    shown = json.loads(code("json"))
    for message in (sent, shown):
        message["id"] = message["text"] = ""
    sent["data"]["url"] = sent["data"]["url"].replace("%E2%80%A6", "…")
    assert sent == shown


def test_every_setting_and_every_type_is_named() -> None:
    table = {name for name in re.findall(r"`([A-Z_]+)`", SECTION) if name.isupper()}
    assert table == set(NOTIFICATION_NAMES)
    for kind in EventKind:
        assert f"`{kind.value}`" in SECTION
