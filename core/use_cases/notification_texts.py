"""A notification as the body of a webhook and as a mail."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from urllib.parse import urlencode

from core.clients.mail import Mail
from core.clients.webhook import Post
from core.domain.models import Event, Notification
from core.errors import Message, message

Say = Callable[[Message, str], str]

_PAGES: Mapping[str, Message] = {
    "usage_sync": message("Usage sync"),
    "settings": message("Settings"),
}


def say_in_english(text: Message, language: str) -> str:  # noqa: ARG001 - what a Say takes
    """For where there are no catalogs of other languages."""
    return str(text)


@dataclass(frozen=True)
class Wording:
    """How notifications are put in words. `dashboard_url` empty: links name the page only."""

    say: Say = say_in_english
    language: str = "en"
    sandbox: bool = False
    dashboard_url: str = ""

    def __call__(self, text: Message) -> str:
        return self.say(text, self.language)


def post_of(notification: Notification, wording: Wording) -> Post:
    """The body of the webhook: no names of customers, nothing that a vendor or a person wrote."""
    event = notification.event
    data: dict[str, object] = {
        "month": str(event.month) if event.month else None,
        "run": event.run,
        "status": event.status or None,
        "system": event.system or None,
        "counts": {count.name: count.number for count in event.counts},
        "link": {"page": event.page, "query": dict(event.query)},
        "url": _url(event, wording) or None,
    }
    body = {
        "id": event.id,
        "type": event.kind.value,
        "timestamp": notification.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "mode": "sandbox" if wording.sandbox else "real",
        "text": wording(event.title),
        "data": {name: value for name, value in data.items() if value is not None},
    }
    return Post(event.id, json.dumps(body, ensure_ascii=False).encode("utf-8"))


def mail_of(notification: Notification, wording: Wording) -> Mail:
    """The mail: what happened, how it ended, where to look."""
    event = notification.event
    title = wording(event.title)
    product = message("Usage Sync, sandbox") if wording.sandbox else message("Usage Sync")
    parts = [title, "\n".join(wording(line) for line in event.lines), _where(event, wording)]
    if wording.sandbox:
        parts.append(wording(message("This is about the sandbox, not about real customers.")))
    parts.append("-- \n" + wording(_foot(event)))
    text = "\n\n".join(part for part in parts if part)
    return Mail(event.id, f"[{wording(product)}] {title}", text + "\n")


def _where(event: Event, wording: Wording) -> str:
    url = _url(event, wording)
    if url:
        return url
    page = _PAGES.get(event.page)
    return (
        wording(message("Look at the page “{page}” of the dashboard.", page=page)) if page else ""
    )


def _url(event: Event, wording: Wording) -> str:
    if not wording.dashboard_url or not event.page:
        return ""
    query = "?" + urlencode(event.query) if event.query else ""
    return f"{wording.dashboard_url}/{event.page}{query}"


def _foot(event: Event) -> Message:
    return message(
        "Notification {name}. What is told and in which language is set on the page “Settings”.",
        name=event.id,
    )
