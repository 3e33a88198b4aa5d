"""The outbox: what is to be told, and every attempt to tell it.

Everything here is only ever added to. How a notification stands follows from its last attempt.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from core.domain.models import Attempt, AttemptOutcome, Channel, Event, Notification
from core.storage import bulk
from core.storage.database import Database, Row, Transaction
from core.storage.packing import packed, unpacked
from core.storage.values import (
    Value,
    aware,
    aware_or_none,
    message_from_json,
    message_to_json,
)

OUTBOX_COLUMNS = {
    "event_id": "VARCHAR",
    "channel": "VARCHAR",
    "position": "BIGINT",
    "kind": "VARCHAR",
    "put_at": "TIMESTAMP",
    "content": "VARCHAR",
}
DELIVERY_COLUMNS = {
    "position": "BIGINT",
    "event_id": "VARCHAR",
    "channel": "VARCHAR",
    "attempted_at": "TIMESTAMP",
    "outcome": "VARCHAR",
    "next_at": "TIMESTAMP",
    "whole_channel": "BOOLEAN",
    "reason": "VARCHAR",
    "remedy": "VARCHAR",
}
_NOTIFICATIONS = """
SELECT o.content, o.channel, o.put_at, a.tries,
       d.attempted_at, d.outcome, d.next_at, d.whole_channel, d.reason, d.remedy
FROM store.outbox o
LEFT JOIN (
    SELECT event_id, channel, max(position) AS position,
           count(CASE WHEN outcome <> 'asked' THEN 1 END) AS tries
    FROM store.delivery GROUP BY event_id, channel
) a ON a.event_id = o.event_id AND a.channel = o.channel
LEFT JOIN store.delivery d ON d.position = a.position"""
_NEWEST_ATTEMPT = """
SELECT attempted_at, outcome, next_at, whole_channel, reason, remedy
FROM store.delivery WHERE channel = ? ORDER BY position DESC LIMIT 1"""
_STUCK = """
SELECT d.event_id, d.channel
FROM store.delivery d
JOIN (
    SELECT max(position) AS position FROM store.delivery GROUP BY event_id, channel
) last ON last.position = d.position
WHERE d.outcome IN ('failed', 'given_up') ORDER BY d.position"""
_CHANNELS_OF = "SELECT channel FROM store.outbox WHERE event_id = ?"
_LAST_PUT = "SELECT coalesce(max(position), 0) FROM store.outbox"
_LAST_ATTEMPT = "SELECT coalesce(max(position), 0) FROM store.delivery"


class OutboxStore:
    """Notifications by event and channel; one that is there already is never put again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, event: Event, channels: Iterable[Channel], at: datetime) -> list[Channel]:
        """Let `event` be told on these channels, and return those on which it was not yet there."""
        wanted = list(channels)
        return self._database.write(
            lambda transaction: put_notifications(transaction, event, wanted, at),
            remark=True,
        )

    def record(self, notification: Notification, attempt: Attempt) -> None:
        """Add what became of a try."""
        row = (notification.event.id, notification.channel)
        self._database.write(lambda transaction: _add(transaction, [row], attempt), remark=True)

    def ask_again(self, at: datetime) -> int:
        """Have everything tried at once that has not arrived, and return how many that are."""
        asked = Attempt(at=at, outcome=AttemptOutcome.ASKED)

        # In one transaction: what arrives at this moment must not be asked for afterwards.
        def change(transaction: Transaction) -> int:
            stuck = [(row[0], Channel(row[1])) for row in transaction.execute(_STUCK)]
            _add(transaction, stuck, asked)
            return len(stuck)

        return self._database.write(change, remark=True)

    def waiting(self, channel: Channel) -> list[Notification]:
        """What has not arrived on a channel and was not given up, the oldest first."""
        return self._read(
            "WHERE o.channel = ? AND (d.outcome IS NULL OR d.outcome IN ('failed', 'asked')) "
            "ORDER BY o.position",
            [channel.value],
        )

    def newest(self, limit: int) -> list[Notification]:
        """Notifications of all channels, the newest first."""
        return self._read("ORDER BY o.position DESC LIMIT ?", [limit])

    def newest_attempt(self, channel: Channel) -> Attempt | None:
        """The last thing that happened on a channel, None before the first."""
        rows = self._database.read(_NEWEST_ATTEMPT, [channel.value])
        return _attempt(rows[0]) if rows else None

    def _read(self, where: str, parameters: Sequence[Any] = ()) -> list[Notification]:
        rows = self._database.read(f"{_NOTIFICATIONS} {where}", parameters)
        return [_notification(row) for row in rows]


def put_notifications(
    transaction: Transaction, event: Event, channels: Iterable[Channel], at: datetime
) -> list[Channel]:
    """Like `OutboxStore.put`, as a part of the transaction of what is told."""
    there = {row[0] for row in transaction.execute(_CHANNELS_OF, [event.id])}
    new = [channel for channel in channels if channel.value not in there]
    if new:
        content = json.dumps(packed(event), ensure_ascii=False)
        first = transaction.execute(_LAST_PUT)[0][0] + 1
        rows = [
            (event.id, channel.value, position, event.kind.value, at, content)
            for position, channel in enumerate(new, first)
        ]
        bulk.insert(transaction, "store.outbox", OUTBOX_COLUMNS, rows)
    return new


def _add(transaction: Transaction, keys: Sequence[tuple[str, Channel]], attempt: Attempt) -> None:
    first = transaction.execute(_LAST_ATTEMPT)[0][0] + 1
    rows = [_attempt_row(position, *key, attempt) for position, key in enumerate(keys, first)]
    bulk.insert(transaction, "store.delivery", DELIVERY_COLUMNS, rows)


def _attempt_row(
    position: int, event_id: str, channel: Channel, attempt: Attempt
) -> tuple[Value, ...]:
    return (
        position,
        event_id,
        channel.value,
        attempt.at,
        attempt.outcome.value,
        attempt.next_at,
        attempt.whole_channel,
        message_to_json(attempt.text),
        message_to_json(attempt.remedy),
    )


def _notification(row: Row) -> Notification:
    content, channel, put_at, tries, *last = row
    return Notification(
        event=unpacked(Event, json.loads(content)),
        channel=Channel(channel),
        at=aware(put_at),
        tries=tries or 0,
        last=None if last[0] is None else _attempt(tuple(last)),
    )


def _attempt(row: Row) -> Attempt:
    at, outcome, next_at, whole_channel, reason, remedy = row
    return Attempt(
        at=aware(at),
        outcome=AttemptOutcome(outcome),
        next_at=aware_or_none(next_at),
        whole_channel=whole_channel,
        text=message_from_json(reason),
        remedy=message_from_json(remedy),
    )
