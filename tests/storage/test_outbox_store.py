from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from core.domain.models import (
    Attempt,
    AttemptOutcome,
    Channel,
    Count,
    Event,
    EventKind,
    Notification,
)
from core.domain.month import Month
from core.errors import message, plural_message
from core.storage.database import Database, Transaction
from core.storage.migrations import migrate
from core.storage.outbox_store import OutboxStore, put_notifications
from core.storage.store import Store
from tests.storage.samples import NOON

BOTH = (Channel.WEBHOOK, Channel.EMAIL)
EVENT = Event(
    id="run-failed-1",
    kind=EventKind.RUN_FAILED,
    title=plural_message("{count} change failed.", "{count} changes failed.", 3),
    lines=(message("Zoë “é😀” {month}", month="2026-10"),),
    month=Month(2026, 10),
    run=7,
    status="finished",
    system="ConnectWise",
    counts=(Count("done", 5), Count("failed", 3)),
    page="usage_sync",
    query={"view": "runs", "run": "r7"},
)
FAILED = Attempt(
    at=NOON + timedelta(seconds=1),
    outcome=AttemptOutcome.FAILED,
    next_at=NOON + timedelta(seconds=31),
    whole_channel=True,
    text=message("No answer from {host}.", host="there"),
    remedy=message("Look."),
)


def event(name: str) -> Event:
    return Event(id=name, kind=EventKind.TEST, title=message("Test"))


def attempt(outcome: AttemptOutcome, seconds: int = 1) -> Attempt:
    return Attempt(at=NOON + timedelta(seconds=seconds), outcome=outcome)


def names(notifications: list[Notification]) -> list[str]:
    return [notification.event.id for notification in notifications]


def test_an_event_comes_back_as_it_was_put(store: Store) -> None:
    assert store.outbox.put(EVENT, BOTH, NOON) == list(BOTH)
    assert store.outbox.put(event("small"), [Channel.EMAIL], NOON) == [Channel.EMAIL]

    assert store.outbox.waiting(Channel.WEBHOOK) == [
        Notification(event=EVENT, channel=Channel.WEBHOOK, at=NOON)
    ]
    assert store.outbox.newest(1)[0].event == event("small")
    assert len(store.outbox.newest(10)) == 3


def test_the_same_event_is_put_once_for_each_channel(store: Store) -> None:
    store.outbox.put(EVENT, [Channel.WEBHOOK], NOON)

    assert store.outbox.put(EVENT, BOTH, NOON + timedelta(days=1)) == [Channel.EMAIL]
    assert store.outbox.put(EVENT, BOTH, NOON) == []

    assert [each.at for each in store.outbox.waiting(Channel.WEBHOOK)] == [NOON]


def test_what_arrived_is_not_put_again(store: Store) -> None:
    store.outbox.put(EVENT, [Channel.WEBHOOK], NOON)
    store.outbox.record(store.outbox.newest(1)[0], attempt(AttemptOutcome.SENT))

    assert store.outbox.put(EVENT, [Channel.WEBHOOK], NOON) == []
    assert store.outbox.waiting(Channel.WEBHOOK) == []


def test_attempts_are_recorded_and_the_last_one_counts(store: Store) -> None:
    store.outbox.put(EVENT, BOTH, NOON)
    (waiting,) = store.outbox.waiting(Channel.EMAIL)
    store.outbox.record(waiting, FAILED)

    (waiting,) = store.outbox.waiting(Channel.EMAIL)
    assert (waiting.tries, waiting.last) == (1, FAILED)
    assert store.outbox.newest_attempt(Channel.EMAIL) == FAILED
    assert store.outbox.newest_attempt(Channel.WEBHOOK) is None
    assert store.outbox.waiting(Channel.WEBHOOK)[0].tries == 0

    store.outbox.record(waiting, attempt(AttemptOutcome.SENT, 40))
    assert store.outbox.waiting(Channel.EMAIL) == []
    assert {each.channel: each.tries for each in store.outbox.newest(9)} == {
        Channel.EMAIL: 2,
        Channel.WEBHOOK: 0,
    }


@pytest.mark.parametrize(
    ("outcome", "waits"),
    [
        (AttemptOutcome.SENT, False),
        (AttemptOutcome.FAILED, True),
        (AttemptOutcome.GIVEN_UP, False),
        (AttemptOutcome.ASKED, True),
    ],
)
def test_what_waits_and_what_is_over(store: Store, outcome: AttemptOutcome, waits: bool) -> None:
    store.outbox.put(EVENT, [Channel.EMAIL], NOON)
    store.outbox.record(store.outbox.newest(1)[0], attempt(outcome))

    assert bool(store.outbox.waiting(Channel.EMAIL)) is waits


def test_the_oldest_waits_in_front(store: Store) -> None:
    for name in ("b", "a", "c"):
        store.outbox.put(event(name), [Channel.EMAIL], NOON)
    store.outbox.record(store.outbox.waiting(Channel.EMAIL)[0], FAILED)

    assert names(store.outbox.waiting(Channel.EMAIL)) == ["b", "a", "c"]
    assert names(store.outbox.newest(2)) == ["c", "a"]


def test_only_what_did_not_arrive_is_asked_for_again(store: Store) -> None:
    outcomes = {
        "sent": AttemptOutcome.SENT,
        "failed": AttemptOutcome.FAILED,
        "given up": AttemptOutcome.GIVEN_UP,
    }
    for name, outcome in outcomes.items():
        store.outbox.put(event(name), [Channel.EMAIL], NOON)
        store.outbox.record(store.outbox.newest(1)[0], attempt(outcome))
    store.outbox.put(event("new"), [Channel.EMAIL], NOON)

    assert store.outbox.ask_again(NOON + timedelta(hours=1)) == 2
    assert store.outbox.ask_again(NOON + timedelta(hours=1)) == 0

    waiting = store.outbox.waiting(Channel.EMAIL)
    assert names(waiting) == ["failed", "given up", "new"]
    assert [each.tries for each in waiting] == [1, 1, 0]
    assert waiting[0].last == Attempt(at=NOON + timedelta(hours=1), outcome=AttemptOutcome.ASKED)


def test_an_event_can_be_put_with_what_it_tells_of(database: Database) -> None:
    migrate(database)
    outbox = OutboxStore(database)

    def change(transaction: Transaction) -> None:
        transaction.execute("INSERT INTO store.store_info VALUES ('a', 'b')")
        put_notifications(transaction, EVENT, BOTH, NOON)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.write(change)
    assert outbox.newest(9) == []


def test_it_is_still_there_after_a_restart(path: Path) -> None:
    with Store.open(path, "sandbox") as store:
        store.outbox.put(EVENT, BOTH, NOON)
        store.outbox.record(store.outbox.waiting(Channel.EMAIL)[0], FAILED)
    with Store.open(path, "sandbox") as store:
        (waiting,) = store.outbox.waiting(Channel.EMAIL)
        assert waiting == Notification(
            event=EVENT, channel=Channel.EMAIL, at=NOON, tries=1, last=FAILED
        )
