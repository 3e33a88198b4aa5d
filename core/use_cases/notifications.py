"""Tells people who are not looking, at least once: into the outbox first, then sent until taken.

A notification that was sent and whose answer or record was lost is sent again with the same id, by
which the receiver knows it.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Mapping
from datetime import timedelta
from uuid import uuid4

from core.domain.delivery import is_due, is_paused, next_attempt
from core.domain.models import (
    Attempt,
    AttemptOutcome,
    Channel,
    Event,
    Notification,
    NotificationChoices,
    Plan,
    Run,
    WaitingPlan,
)
from core.domain.notification_events import (
    blocked_event,
    failure_event,
    run_event,
    trial_event,
    waiting_event,
)
from core.errors import Message, RefusedError, UsageSyncError, VendorError, message
from core.storage.store import Store
from core.use_cases.connections import ConnectionCheck
from core.use_cases.jobs import Clock
from core.use_cases.notification_texts import Say, Wording, say_in_english
from core.use_cases.notification_ways import Way, not_set_up, trial_failed, trial_passed
from core.use_cases.preferences import Preferences

_log = logging.getLogger("core.notifications")
_LOOK_SECONDS = 15.0
_STOP_SECONDS = 60.0
# How far a start looks back for what a crash kept from being told.
_LOOK_BACK = timedelta(days=1)
_RUNS_LOOKED_AT = 50


class Notifications:
    """The outbox and the ways out of it. Only the dashboard starts the thread that empties it."""

    def __init__(
        self,
        store: Store,
        preferences: Preferences,
        clock: Clock,
        ways: Mapping[Channel, Way],
        *,
        sandbox: bool = False,
        dashboard_url: str = "",
    ) -> None:
        self._store = store
        self._preferences = preferences
        self._clock = clock
        self._sandbox = sandbox
        self._dashboard_url = dashboard_url
        self._say: Say = say_in_english
        self._ways = dict(ways)
        # After a start, or a test that arrived, nobody wants to wait for the end of a pause.
        self._eager = set(self._ways)
        self._pass = threading.Lock()
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    # ------------------------------------------------------------ telling

    def tell(self, event: Event) -> None:
        """Put `event` into the outbox, for every way that is set up and wants it; once."""
        choices = self.choices()
        wanted = [channel for channel in self._ways if choices.wants(channel, event.kind)]
        if wanted and self._store.outbox.put(event, wanted, self._clock()):
            self._wake.set()

    def run_ended(self, run: Run) -> None:
        """Tell how a run ended; nothing while it is open, and when a person stopped it."""
        self._tell_safely(lambda: run_event(run, self._undone_by(run)))

    def _undone_by(self, run: Run) -> int | None:
        undone = self._store.runs.get(run.undo_of) if run.undo_of else None
        return undone.number if undone else None

    def plan_waiting(self, waiting: WaitingPlan) -> None:
        """Tell that a plan waits for approval."""
        self._tell_safely(lambda: waiting_event(waiting))

    def plan_blocked(self, plan: Plan) -> None:
        """Tell that limits or findings hold a plan up; nothing when none does."""
        self._tell_safely(lambda: blocked_event(plan, self._clock().date()))

    def schedule_failed(self, error: UsageSyncError) -> None:
        """Tell that what the schedule had to do failed."""
        self._tell_safely(lambda: failure_event(error, self._clock().date()))

    def _tell_safely(self, event: Callable[[], Event | None]) -> None:
        """What is told of must not fail because of the telling."""
        try:
            made = event()
            if made is not None:
                self.tell(made)
        except Exception as error:
            _log.error("something could not be told: %s", _described(error))

    # ------------------------------------------------------------ delivering

    def deliver(self) -> int:
        """Try everything that is due, once; returns how many arrived."""
        with self._pass:
            return sum(self._deliver(channel, way) for channel, way in self._ways.items())

    def send_again(self) -> int:
        """Have everything tried at once that did not arrive; returns how many that are."""
        asked = self._store.outbox.ask_again(self._clock())
        self._wake.set()
        return asked

    def _deliver(self, channel: Channel, way: Way) -> int:
        eager = channel in self._eager
        self._eager.discard(channel)
        if not eager and is_paused(self._store.outbox.newest_attempt(channel), self._clock()):
            return 0
        arrived = 0
        for notification in self._store.outbox.waiting(channel):
            if self._ending.is_set():
                break
            if not eager and not is_due(notification, self._clock()):
                continue
            attempt = self._try(notification, way)
            self._store.outbox.record(notification, attempt)
            arrived += attempt.outcome is AttemptOutcome.SENT
            if attempt.whole_channel:
                break
        return arrived

    def _try(self, notification: Notification, way: Way) -> Attempt:
        try:
            notice = way.send(notification, self._wording(), self._clock())
        except VendorError as error:
            alone = isinstance(error, RefusedError)
            return self._failed(notification, error.text, error.remedy, whole_channel=not alone)
        except Exception as error:
            _log.error("%s could not be sent: %s", notification.event.id, _described(error))
            return self._failed(
                notification,
                message("Something unexpected went wrong."),
                message("If it happens again, send the log to your support."),
                whole_channel=False,
            )
        return Attempt(at=self._clock(), outcome=AttemptOutcome.SENT, text=notice)

    def _failed(
        self,
        notification: Notification,
        text: Message,
        remedy: Message | None,
        *,
        whole_channel: bool,
    ) -> Attempt:
        now = self._clock()
        again = next_attempt(notification, now)
        return Attempt(
            at=now,
            outcome=AttemptOutcome.GIVEN_UP if again is None else AttemptOutcome.FAILED,
            next_at=again,
            whole_channel=whole_channel,
            text=text,
            remedy=remedy,
        )

    def _wording(self) -> Wording:
        language = self.choices().language
        return Wording(self._say, language, self._sandbox, self._dashboard_url)

    # ------------------------------------------------------------ in the background

    def start(self, say: Say) -> None:
        """Begin to deliver in the background, in the words of `say`; once per process."""
        self._say = say
        if self._ways and self._thread is None:
            self._eager.update(self._ways)
            self._thread = threading.Thread(
                target=self._watch, name="usage-sync-notifications", daemon=True
            )
            self._thread.start()

    def close(self) -> None:
        """Stop delivering after what is being sent. What is left is sent after the next start."""
        self._ending.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)

    def catch_up(self) -> None:
        """Tell of what ended or began to wait just before a crash: telling it twice is once."""
        since = self._clock() - _LOOK_BACK
        runs = self._store.runs.list(_RUNS_LOOKED_AT)
        for run in runs:
            if run.finished_at is not None and run.finished_at >= since:
                self.run_ended(run)
        for plan in self._store.waiting.all():
            approved = any(
                run.month == plan.month and run.approved_at > plan.made_at for run in runs
            )
            if plan.made_at >= since and not approved:
                self.plan_waiting(plan)

    def _watch(self) -> None:
        self._safely(self.catch_up)
        while not self._ending.is_set():
            self._wake.clear()
            self._safely(self.deliver)
            self._wake.wait(_LOOK_SECONDS)

    def _safely(self, step: Callable[[], object]) -> None:
        try:
            step()
        except Exception as error:
            _log.error("the outbox could not be emptied: %s", _described(error))

    # ------------------------------------------------------------ what people see

    @property
    def ways(self) -> frozenset[Channel]:
        """The ways that are set up."""
        return frozenset(self._ways)

    def choices(self) -> NotificationChoices:
        """Which events are told, and in which language."""
        return self._preferences.notifications()

    def save_choices(self, choices: NotificationChoices, by: str) -> None:
        """Keep what a person chose; it holds for events from now on."""
        self._preferences.save_notifications(choices, by)

    def deliveries(self, limit: int) -> list[Notification]:
        """The newest notifications with how they stand."""
        return self._store.outbox.newest(limit)

    def test_webhook(self) -> ConnectionCheck:
        """Send a test to the webhook; never raises."""
        return self._test(Channel.WEBHOOK)

    def test_email(self) -> ConnectionCheck:
        """Send a test by e-mail; never raises."""
        return self._test(Channel.EMAIL)

    def _test(self, channel: Channel) -> ConnectionCheck:
        way = self._ways.get(channel)
        if way is None:
            return not_set_up(channel)
        event = trial_event(str(uuid4()))
        attempt = self._try(Notification(event=event, channel=channel, at=self._clock()), way)
        if attempt.outcome is not AttemptOutcome.SENT:
            return trial_failed(channel, attempt.text or event.title, attempt.remedy)
        self._eager.add(channel)
        self._wake.set()
        return trial_passed(channel, attempt.text)


def _described(error: Exception) -> str:
    """Where it happened and what kind it is. Not its text: that may quote an address."""
    if isinstance(error, UsageSyncError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "?"
    return f"{type(error).__name__} at {place}"
