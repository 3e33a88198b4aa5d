"""At least once and known by its id: over a real store, a real webhook and a real mail server."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from core.clients.webhook import Post, signed_headers
from core.domain.models import (
    AttemptOutcome,
    Channel,
    Event,
    EventKind,
    MonthlyEffect,
    Notification,
    NotificationChoices,
    PlanOptions,
    PriceEffect,
    Run,
    RunEvent,
    RunEventKind,
    RunOrigin,
    WaitingPlan,
)
from core.domain.month import Month
from core.domain.notification_events import failure_event, run_event
from core.errors import Message, TryAgainError, UsageSyncError, message
from core.storage.outbox_store import OutboxStore
from core.use_cases import notifications as notifications_module
from core.use_cases.notification_choices import choices_text, parse_choices
from tests.e2e.dashboard import ROOT
from tests.hook_receiver import HookReceiver, hook_receiver
from tests.mail_receiver import MailReceiver, mail_receiver
from tests.use_cases.killed_notifier import EVENT as KILLED_EVENT
from tests.use_cases.notifier import SECRET, Notifier, environment, notifier, until

NOW = datetime(2026, 11, 3, 6, 0, tzinfo=UTC)
CUSTOMER = "Zebra Dental"
BOTH = {Channel.WEBHOOK, Channel.EMAIL}


class HandClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def go_on(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def hook() -> Iterator[HookReceiver]:
    with hook_receiver() as running:
        yield running


@pytest.fixture
def mail() -> Iterator[MailReceiver]:
    with mail_receiver() as running:
        running.user, running.password = "hush-user", "hush-password"
        yield running


@pytest.fixture
def open_notifier(
    hook: HookReceiver, mail: MailReceiver, clock: HandClock, tmp_path: Path
) -> Iterator[Callable[..., Notifier]]:
    """Open the same store again, as a restart does; the one before is closed."""
    with ExitStack() as opened:

        def open_(given: dict[str, str] | None = None, **others: float) -> Notifier:
            opened.close()
            settings = environment(hook.url, mail.port) if given is None else given
            return opened.enter_context(notifier(tmp_path / "s.duckdb", settings, clock, **others))

        yield open_


@pytest.fixture
def both(open_notifier: Callable[..., Notifier]) -> Notifier:
    return open_notifier()


@pytest.fixture
def by_hook(open_notifier: Callable[..., Notifier], hook: HookReceiver) -> Notifier:
    return open_notifier(environment(hook.url))


@pytest.fixture
def impatient_by_hook(open_notifier: Callable[..., Notifier], hook: HookReceiver) -> Notifier:
    return open_notifier(environment(hook.url), patience=2.0)


@pytest.fixture
def by_mail(open_notifier: Callable[..., Notifier], mail: MailReceiver) -> Notifier:
    return open_notifier(environment(mail_port=mail.port))


def event(name: str) -> Event:
    return failure_event(UsageSyncError(message(name)), NOW.date())


def run(*events: RunEventKind, at: datetime = NOW, **changes: object) -> Run:
    made = Run(
        id="0000-7",
        number=7,
        month=Month(2026, 10),
        digest="d",
        origin=RunOrigin.SCHEDULE,
        approved_by="ana",
        approved_at=at,
        options=PlanOptions(),
        limits=(),
        events=tuple(RunEvent(kind=kind, at=at, by="ana") for kind in events),
        changes=4,
        done=3,
        failed=1,
    )
    return replace(made, **changes)


WAITING = WaitingPlan(
    id="w1",
    month=Month(2026, 10),
    digest="d",
    made_at=NOW,
    changes=1,
    blocked=2,
    exceeded=0,
    price_effect=PriceEffect(
        monthly=(MonthlyEffect(per_year=Decimal(150), currency="EUR", agreements=1),)
    ),
)


def last(built: Notifier, position: int = 0) -> Notification:
    return built.notifications.deliveries(10)[position]


# ---------------------------------------------------------------- what is sent


def test_an_event_goes_every_way_once(
    both: Notifier, hook: HookReceiver, mail: MailReceiver
) -> None:
    both.notifications.run_ended(run(RunEventKind.FINISHED))
    assert both.notifications.deliver() == 2
    assert both.notifications.deliver() == 0
    ended = run_event(run(RunEventKind.FINISHED))
    assert ended is not None
    assert hook.ids == [ended.id]
    assert mail.ids == [f"<{ended.id}@example.com>"]
    assert {each.last.outcome for each in both.notifications.deliveries(9) if each.last} == {
        AttemptOutcome.SENT
    }


def test_the_body_of_the_webhook(by_hook: Notifier, hook: HookReceiver) -> None:
    by_hook.notifications.run_ended(run(RunEventKind.FINISHED))
    by_hook.notifications.deliver()
    (got,) = hook.received
    assert json.loads(got.body) == {
        "id": hook.ids[0],
        "type": "run_failed",
        "timestamp": "2026-11-03T06:00:00Z",
        "mode": "real",
        "text": "Run 7 of 2026-10 has ended: 1 change failed.",
        "data": {
            "month": "2026-10",
            "run": 7,
            "status": "finished",
            "counts": {"changes": 4, "done": 3, "failed": 1, "skipped": 0},
            "link": {"page": "usage_sync", "query": {"view": "runs", "run": "0000-7"}},
        },
    }
    signed = signed_headers(SECRET.encode(), Post(hook.ids[0], got.body), NOW)
    assert {name: got.headers[name] for name in signed} == signed


def test_the_mail(by_mail: Notifier, mail: MailReceiver) -> None:
    by_mail.notifications.plan_waiting(WAITING)
    by_mail.notifications.deliver()
    (got,) = mail.received
    assert got["Subject"] == "[Usage Sync] A plan of 2026-10 waits for approval: 1 change."
    text = got.get_content()
    assert "2 findings keep rows from being written." in text
    assert "Price effect per month: 12.50 EUR" in text
    assert "Look at the page “Usage sync” of the dashboard." in text
    assert got["Message-ID"].strip("<>").split("@")[0] in text


def test_links_begin_with_the_address_of_the_dashboard(
    open_notifier: Callable[..., Notifier], hook: HookReceiver, mail: MailReceiver
) -> None:
    given = {**environment(hook.url, mail.port), "DASHBOARD_URL": "https://sync.example.com/a/"}
    built = open_notifier(given)
    built.notifications.plan_waiting(WAITING)
    built.notifications.deliver()
    link = "https://sync.example.com/a/usage_sync?view=plan&month=2026-10&plan=1"
    assert json.loads(hook.received[0].body)["data"]["url"] == link
    assert link in mail.received[0].get_content()


def test_the_sandbox_says_that_it_is_one(
    open_notifier: Callable[..., Notifier], hook: HookReceiver, mail: MailReceiver
) -> None:
    built = open_notifier(sandbox=True)
    built.notifications.plan_waiting(WAITING)
    built.notifications.deliver()
    assert json.loads(hook.received[0].body)["mode"] == "sandbox"
    assert mail.received[0]["Subject"].startswith("[Usage Sync, sandbox]")
    assert "not about real customers" in mail.received[0].get_content()


def test_what_a_vendor_said_goes_into_mail_and_never_into_the_webhook(
    both: Notifier, hook: HookReceiver, mail: MailReceiver
) -> None:
    error = TryAgainError(
        message("{customer} cannot be read.", customer=CUSTOMER), system="ConnectWise"
    )
    both.notifications.schedule_failed(error)
    told = RunEvent(kind=RunEventKind.ABORTED, at=NOW, by="ana", text=error.text)
    both.notifications.run_ended(run(events=(told,)))
    both.notifications.deliver()
    assert len(hook.received) == 2
    assert [got for got in hook.received if CUSTOMER.encode() in got.body] == []
    assert all(CUSTOMER in got.get_content() for got in mail.received)


def test_it_is_said_in_the_language_that_was_chosen(
    both: Notifier, hook: HookReceiver, mail: MailReceiver
) -> None:
    def say(text: Message, language: str) -> str:
        return f"{language}: {text}"

    both.notifications.save_choices(NotificationChoices(language="fr"), "ana")
    both.notifications.plan_waiting(WAITING)
    both.notifications.start(say)
    until(lambda: len(hook.received) == 1 and len(mail.received) == 1)
    assert json.loads(hook.received[0].body)["text"].startswith("fr: A plan of")
    assert "fr: 2 findings" in mail.received[0].get_content()


# ---------------------------------------------------------------- which


def test_the_same_thing_told_twice_is_sent_once(by_hook: Notifier, hook: HookReceiver) -> None:
    for _ in range(2):
        by_hook.notifications.run_ended(run(RunEventKind.FINISHED))
        by_hook.notifications.plan_waiting(WAITING)
        by_hook.notifications.deliver()
    assert len(hook.ids) == len(set(hook.ids)) == 2


def test_what_is_muted_is_not_sent(both: Notifier, hook: HookReceiver, mail: MailReceiver) -> None:
    muted = {(Channel.EMAIL, EventKind.PLAN_WAITING), (Channel.WEBHOOK, EventKind.RUN_FAILED)}
    both.notifications.save_choices(NotificationChoices(muted=frozenset(muted)), "ana")
    both.notifications.plan_waiting(WAITING)
    both.notifications.run_ended(run(RunEventKind.FINISHED))
    both.notifications.deliver()
    assert [json.loads(got.body)["type"] for got in hook.received] == ["plan_waiting"]
    assert [got["Subject"] for got in mail.received] == [
        "[Usage Sync] Run 7 of 2026-10 has ended: 1 change failed."
    ]


def test_without_a_way_nothing_is_kept(open_notifier: Callable[..., Notifier]) -> None:
    built = open_notifier({})
    built.notifications.plan_waiting(WAITING)
    assert built.notifications.deliveries(10) == []
    assert built.notifications.deliver() == 0
    assert built.notifications.ways == frozenset()
    before = threading.active_count()
    built.notifications.start(lambda text, _: str(text))
    assert threading.active_count() == before


def test_choices_come_back_as_they_were_kept() -> None:
    every = frozenset((channel, kind) for channel in Channel for kind in EventKind)
    for choices in (NotificationChoices(), NotificationChoices("fr", every)):
        assert parse_choices(choices_text(choices)) == choices


@pytest.mark.parametrize("text", [None, "", "[]", "7", "{", '{"muted": 7}', '{"muted": [["a"]]}'])
def test_choices_that_cannot_be_read_are_the_defaults(text: str | None) -> None:
    assert parse_choices(text) == NotificationChoices()


def test_choices_of_another_version_keep_what_is_known() -> None:
    text = '{"language": "fr", "muted": [["pigeon", "test"], ["email", "test"], ["email", "x"]]}'
    expected = NotificationChoices("fr", frozenset({(Channel.EMAIL, EventKind.TEST)}))
    assert parse_choices(text) == expected


def test_telling_never_fails_what_is_told_of(
    both: Notifier, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space for hush-token")

    monkeypatch.setattr(OutboxStore, "put", full)
    both.notifications.run_ended(run(RunEventKind.FINISHED))
    both.notifications.plan_waiting(WAITING)
    both.notifications.schedule_failed(UsageSyncError(message("No.")))
    assert "OSError" in caplog.text
    assert "hush" not in caplog.text


# ---------------------------------------------------------------- at least once


@pytest.mark.parametrize("answer", [500, 503, "hang", "hang up", 401, 302])
def test_what_was_not_taken_is_sent_again_with_the_same_id(
    impatient_by_hook: Notifier, hook: HookReceiver, clock: HandClock, answer: int | str
) -> None:
    by_hook = impatient_by_hook
    hook.answers = [answer, 200]
    by_hook.notifications.tell(event("a"))
    assert by_hook.notifications.deliver() == 0
    failed = last(by_hook).last
    assert failed is not None
    assert failed.outcome is AttemptOutcome.FAILED
    assert failed.remedy is not None
    assert by_hook.notifications.deliver() == 0
    assert len(hook.ids) == 1
    clock.go_on(seconds=29)
    assert by_hook.notifications.deliver() == 0
    clock.go_on(seconds=1)
    assert by_hook.notifications.deliver() == 1
    assert len(hook.ids) == 2
    assert len(set(hook.ids)) == 1
    first, second = (got.headers for got in hook.received)
    assert first["webhook-signature"] != second["webhook-signature"]
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 30


def test_a_mail_that_was_not_taken_is_sent_again_with_the_same_id(
    open_notifier: Callable[..., Notifier], mail: MailReceiver, clock: HandClock
) -> None:
    by_mail = open_notifier(environment(mail_port=mail.port), patience=2.0)
    by_mail.notifications.tell(event("a"))
    for fault in ({".": "451 later"}, {"AUTH": "535 no"}, {"CONNECT": None}):
        mail.says = dict(fault)
        assert by_mail.notifications.deliver() == 0
        clock.go_on(hours=1)
    mail.says = {}
    assert by_mail.notifications.deliver() == 1
    assert last(by_mail).tries == 4
    assert mail.ids == [f"<{event('a').id}@example.com>"]


def test_one_way_that_is_shut_does_not_hold_up_the_other(
    both: Notifier, hook: HookReceiver, mail: MailReceiver
) -> None:
    hook.answers = [500]
    both.notifications.tell(event("a"))
    assert both.notifications.deliver() == 1
    assert len(mail.received) == 1


def test_at_a_shut_door_only_one_knocks(
    by_hook: Notifier, hook: HookReceiver, clock: HandClock
) -> None:
    hook.answers = [503, 503, 200]
    for name in "abc":
        by_hook.notifications.tell(event(name))
    for expected in (1, 1):
        by_hook.notifications.deliver()
        assert len(hook.ids) == expected
    by_hook.notifications.tell(event("d"))
    by_hook.notifications.deliver()
    assert len(hook.ids) == 1
    clock.go_on(seconds=30)
    by_hook.notifications.deliver()
    assert hook.ids == [event("a").id] * 2
    clock.go_on(seconds=60)
    assert by_hook.notifications.deliver() == 4
    assert hook.ids[2:] == [event(name).id for name in "abcd"]


def test_one_that_is_refused_for_itself_does_not_hold_up_the_others(
    by_hook: Notifier, hook: HookReceiver, clock: HandClock
) -> None:
    hook.answers = [422, 200]
    for name in "ab":
        by_hook.notifications.tell(event(name))
    assert by_hook.notifications.deliver() == 1
    assert by_hook.notifications.deliver() == 0
    assert hook.ids == [event("a").id, event("b").id]
    clock.go_on(seconds=30)
    assert by_hook.notifications.deliver() == 1


def test_it_is_given_up_after_three_days_and_sent_again_when_a_person_asks(
    by_hook: Notifier, hook: HookReceiver, clock: HandClock
) -> None:
    hook.answers = [500]
    by_hook.notifications.tell(event("a"))
    by_hook.notifications.deliver()
    clock.go_on(days=3)
    by_hook.notifications.deliver()
    given_up = last(by_hook).last
    assert given_up is not None
    assert given_up.outcome is AttemptOutcome.GIVEN_UP
    clock.go_on(days=30)
    by_hook.notifications.deliver()
    assert len(hook.ids) == 2

    hook.answers = [200]
    assert by_hook.notifications.send_again() == 1
    assert by_hook.notifications.deliver() == 1
    assert by_hook.notifications.send_again() == 0
    assert len(set(hook.ids)) == 1


def test_a_person_who_asks_does_not_wait_for_the_end_of_the_pause(
    by_hook: Notifier, hook: HookReceiver
) -> None:
    hook.answers = [500, 200]
    for name in "ab":
        by_hook.notifications.tell(event(name))
    by_hook.notifications.deliver()
    by_hook.notifications.send_again()
    assert by_hook.notifications.deliver() == 2


def test_after_a_restart_nothing_waits_for_the_end_of_a_pause(
    open_notifier: Callable[..., Notifier], hook: HookReceiver
) -> None:
    hook.answers = [500, 200]
    built = open_notifier(environment(hook.url))
    for name in "ab":
        built.notifications.tell(event(name))
    built.notifications.deliver()
    assert open_notifier(environment(hook.url)).notifications.deliver() == 2


def test_an_unexpected_error_is_recorded_and_holds_up_nobody(
    both: Notifier, mail: MailReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    def say(text: Message, language: str) -> str:
        raise KeyError("hush")

    both.notifications._say = say
    both.notifications.tell(event("a"))
    both.notifications.deliver()
    failed = last(both).last
    assert failed is not None
    assert failed.outcome is AttemptOutcome.FAILED
    assert "unexpected" in str(failed.text)
    assert "KeyError at" in caplog.text
    assert "hush" not in caplog.text + str(failed)


@pytest.mark.parametrize("way", ["webhook", "mail"])
def test_killed_between_sending_and_recording_it_is_sent_again_with_the_same_id(
    way: str, hook: HookReceiver, mail: MailReceiver, tmp_path: Path
) -> None:
    given = environment(hook.url) if way == "webhook" else environment(mail_port=mail.port)
    path = tmp_path / "s.duckdb"
    arguments = [hook.url, "0"] if way == "webhook" else ["", str(mail.port)]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.use_cases.killed_notifier", str(path), *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "sent\n"
        child.kill()
    ids = hook.ids if way == "webhook" else mail.ids
    assert len(ids) == 1

    with notifier(path, given, lambda: datetime.now(UTC)) as built:
        built.notifications.tell(KILLED_EVENT)
        assert built.notifications.deliver() == 1
        assert built.notifications.deliver() == 0
    ids = hook.ids if way == "webhook" else mail.ids
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert KILLED_EVENT.id in ids[0]


# ---------------------------------------------------------------- in the background


def test_the_thread_sends_what_is_told_and_ends_with_the_services(
    open_notifier: Callable[..., Notifier], hook: HookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifications_module, "_LOOK_SECONDS", 3600)
    built = open_notifier(environment(hook.url))
    for _ in range(2):
        built.notifications.start(lambda text, _: str(text))
    names = [thread.name for thread in threading.enumerate()]
    assert names.count("usage-sync-notifications") == 1
    built.notifications.tell(event("a"))
    until(lambda: len(hook.ids) == 1)
    built.notifications.tell(event("b"))
    until(lambda: len(hook.ids) == 2)
    open_notifier({})
    names = [thread.name for thread in threading.enumerate()]
    assert "usage-sync-notifications" not in names


def test_closing_waits_for_what_is_being_sent_and_leaves_the_rest(
    open_notifier: Callable[..., Notifier], hook: HookReceiver
) -> None:
    built = open_notifier(environment(hook.url))
    asked = threading.Event()

    def answer_when_closing() -> None:
        asked.set()
        assert built.notifications._ending.wait(60)

    hook.on_request = answer_when_closing
    for name in "ab":
        built.notifications.tell(event(name))
    built.notifications.start(lambda text, _: str(text))
    assert asked.wait(60)
    again = open_notifier({})
    assert hook.ids == [event("a").id]
    states = {each.event.id: each.last for each in again.notifications.deliveries(9)}
    sent = states.pop(event("a").id)
    assert sent is not None
    assert sent.outcome is AttemptOutcome.SENT
    assert states == {event("b").id: None}


def test_trouble_with_the_store_does_not_end_the_thread(
    by_hook: Notifier, hook: HookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = OutboxStore.waiting
    failures = [True]

    def sometimes(self: OutboxStore, channel: Channel) -> list[Notification]:
        if failures:
            failures.pop()
            raise UsageSyncError(message("Full."))
        return waiting(self, channel)

    monkeypatch.setattr(OutboxStore, "waiting", sometimes)
    by_hook.notifications.start(lambda text, _: str(text))
    until(lambda: not failures)
    by_hook.notifications.tell(event("a"))
    until(lambda: len(hook.ids) == 1)


def test_a_start_tells_what_a_crash_kept_from_being_told(
    by_hook: Notifier, hook: HookReceiver, clock: HandClock
) -> None:
    opened = by_hook.store.runs.open_run(run(at=NOW, id="r1", changes=0), [])
    by_hook.store.runs.event(opened.id, RunEvent(kind=RunEventKind.FINISHED, at=NOW, by="ana"))
    by_hook.store.waiting.put(replace(WAITING, made_at=NOW, month=Month(2026, 9)))
    for _ in range(2):
        by_hook.notifications.catch_up()
        by_hook.notifications.deliver()
    kinds = [json.loads(got.body)["type"] for got in hook.received]
    assert kinds == ["run_finished", "plan_waiting"]


def test_a_start_does_not_tell_old_news(
    by_hook: Notifier, hook: HookReceiver, clock: HandClock
) -> None:
    runs = by_hook.store.runs
    opened = runs.open_run(run(at=NOW, id="r1", changes=0), [])
    runs.event(opened.id, RunEvent(kind=RunEventKind.FINISHED, at=NOW, by="ana"))
    approved = runs.open_run(run(at=NOW + timedelta(days=2), id="r2", changes=0), [])
    by_hook.store.waiting.put(replace(WAITING, made_at=NOW + timedelta(days=1, hours=23)))
    by_hook.store.waiting.put(replace(WAITING, id="w2", month=Month(2026, 9), made_at=NOW))
    clock.go_on(days=2)
    by_hook.notifications.catch_up()
    assert approved.month == WAITING.month
    assert by_hook.notifications.deliver() == 0


# ---------------------------------------------------------------- tests by a person


def test_a_test_arrives_marked_as_one(
    both: Notifier, hook: HookReceiver, mail: MailReceiver
) -> None:
    assert both.notifications.test_webhook().ok
    assert both.notifications.test_email().ok
    assert json.loads(hook.received[0].body)["type"] == "test"
    assert "This is a test." in mail.received[0]["Subject"]
    assert both.notifications.deliveries(10) == []


def test_two_tests_are_two_messages(by_hook: Notifier, hook: HookReceiver) -> None:
    for _ in range(2):
        by_hook.notifications.test_webhook()
    assert len(set(hook.ids)) == 2


def test_what_fails_in_a_test_has_a_sentence_and_a_remedy(
    both: Notifier, hook: HookReceiver, mail: MailReceiver
) -> None:
    hook.answers = [404]
    mail.says["AUTH"] = "535 hush-user"
    checks = both.notifications.test_webhook(), both.notifications.test_email()
    for check, name in zip(checks, ("NOTIFY_WEBHOOK_URL", "SMTP_PASSWORD"), strict=True):
        assert not check.ok
        assert check.remedy is not None
        assert name in str(check.remedy)


def test_a_test_that_not_everybody_gets_is_not_passed(
    by_mail: Notifier, mail: MailReceiver
) -> None:
    mail.says["RCPT ben@example.com"] = "550 no"
    check = by_mail.notifications.test_email()
    assert not check.ok
    assert "1 recipient" in str(check.text)
    by_mail.notifications.tell(event("a"))
    assert by_mail.notifications.deliver() == 1
    assert by_mail.notifications.deliver() == 0


def test_testing_what_is_not_set_up_says_what_to_set(
    open_notifier: Callable[..., Notifier],
) -> None:
    built = open_notifier({})
    assert "NOTIFY_WEBHOOK_URL, NOTIFY_WEBHOOK_SECRET" in str(
        built.notifications.test_webhook().remedy
    )
    assert "SMTP_HOST" in str(built.notifications.test_email().remedy)


def test_a_test_that_arrives_opens_the_way_for_what_waits(
    by_hook: Notifier, hook: HookReceiver
) -> None:
    hook.answers = [500, 200]
    by_hook.notifications.tell(event("a"))
    by_hook.notifications.deliver()
    assert by_hook.notifications.test_webhook().ok
    assert by_hook.notifications.deliver() == 1


# ---------------------------------------------------------------- secrets


def test_no_secret_reaches_the_log_the_store_or_an_outcome(
    open_notifier: Callable[..., Notifier],
    hook: HookReceiver,
    mail: MailReceiver,
    clock: HandClock,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    both = open_notifier(patience=0.5)
    caplog.set_level(logging.DEBUG)
    said = []
    hook.answers = [200, 500, 401, 302, "hang up", "hang", 200]
    for says in (
        {},
        {"AUTH": "535 hush-user ana@example.com"},
        {"RCPT": "550 ana@example.com"},
        {".": "554 sync@example.com"},
        {"CONNECT": ""},
        {"MAIL": None},
        {},
    ):
        mail.says = dict(says)
        both.notifications.tell(event(f"{clock.now}"))
        both.notifications.deliver()
        said += [str(both.notifications.test_webhook()), str(both.notifications.test_email())]
        clock.go_on(hours=2)
    said += [repr(both.notifications.deliveries(99))]
    assert "Webhook" in "".join(said)
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert any(b"schedule-failed-" in content for content in written)
    for hidden in (SECRET, "t0ken", "hush-", "@example.com", "127.0.0.1"):
        assert hidden not in caplog.text
        assert not [text for text in said if hidden in text]
        assert not [content for content in written if hidden.encode() in content]
