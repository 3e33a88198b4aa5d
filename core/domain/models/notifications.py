"""Notifications: what is told to people who are not looking, by which way, and how that went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.domain.month import Month
from core.errors import Message


class Channel(StrEnum):
    """The ways to tell."""

    WEBHOOK = "webhook"
    EMAIL = "email"


class EventKind(StrEnum):
    """What is told. TEST is what a person sends to see whether it arrives."""

    RUN_FINISHED = "run_finished"
    RUN_FAILED = "run_failed"
    PLAN_WAITING = "plan_waiting"
    PLAN_BLOCKED = "plan_blocked"
    SCHEDULE_FAILED = "schedule_failed"
    TEST = "test"


@dataclass(frozen=True)
class Count:
    """How many of something, by a name that programs understand."""

    name: str
    number: int


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing to tell. The same thing told twice has the same `id`.

    `title` has no names of customers and goes everywhere; `lines` may quote what a vendor said and
    go into mail only. `run` is the number of a run; `status` and `system` say in words for programs
    how something ended and where. `page` and `query` are where a person looks.
    """

    id: str
    kind: EventKind
    title: Message
    lines: tuple[Message, ...] = ()
    month: Month | None = None
    run: int | None = None
    status: str = ""
    system: str = ""
    counts: tuple[Count, ...] = ()
    page: str = ""
    query: Mapping[str, str] = field(default_factory=dict)


class AttemptOutcome(StrEnum):
    """ASKED: a person wants it tried again at once."""

    SENT = "sent"
    FAILED = "failed"
    GIVEN_UP = "given_up"
    ASKED = "asked"


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One try to deliver.

    After FAILED, the next is not before `next_at`; with `whole_channel` no other notification would
    have arrived that way either. `text` and `remedy` tell of a failure.
    """

    at: datetime
    outcome: AttemptOutcome
    next_at: datetime | None = None
    whole_channel: bool = False
    text: Message | None = None
    remedy: Message | None = None


@dataclass(frozen=True, kw_only=True)
class Notification:
    """One event on one way, put into the outbox at `at`, after `tries` attempts."""

    event: Event
    channel: Channel
    at: datetime
    tries: int = 0
    last: Attempt | None = None


@dataclass(frozen=True)
class NotificationChoices:
    """What is told and in which language; `muted` are the kinds that a way leaves out."""

    language: str = "en"
    muted: frozenset[tuple[Channel, EventKind]] = frozenset()

    def wants(self, channel: Channel, kind: EventKind) -> bool:
        """Whether events of `kind` go by `channel`."""
        return (channel, kind) not in self.muted
