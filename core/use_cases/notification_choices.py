"""What people chose of notifications, as the text that is kept of it."""

from __future__ import annotations

import json

from core.domain.models import Channel, EventKind, NotificationChoices


def choices_text(choices: NotificationChoices) -> str:
    """The choices as JSON."""
    muted = sorted([channel.value, kind.value] for channel, kind in choices.muted)
    return json.dumps({"language": choices.language, "muted": muted})


def parse_choices(text: str | None) -> NotificationChoices:
    """The choices of a text; the defaults where it is missing or cannot be read.

    What only another version knows is left out.
    """
    channels, kinds = set(Channel), set(EventKind)
    try:
        stored = dict(json.loads(text or "{}"))
        muted = [(channel, kind) for channel, kind in stored.get("muted", [])]
        language = str(stored.get("language", NotificationChoices.language))
    except (TypeError, ValueError):
        return NotificationChoices()
    known = {
        (Channel(channel), EventKind(kind))
        for channel, kind in muted
        if channel in channels and kind in kinds
    }
    return NotificationChoices(language, frozenset(known))
