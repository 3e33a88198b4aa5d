"""Sync by itself: when it is due, everything is read, a plan is made, and it waits for approval.

Where the settings say so, a plan that breaks no limit and has nothing blocked is applied at once.
A month that is over and whose turn failed stays owed: it comes first every day until its turn comes
off, it is run, or it is closed. Only the dashboard starts the clock; the command line never syncs
by itself.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol
from uuid import uuid4

from core.domain.models import (
    Frequency,
    Plan,
    PlanOptions,
    Run,
    RunOrigin,
    RunStatus,
    ScheduledRun,
    SyncSettings,
    WaitingPlan,
)
from core.domain.month import Month
from core.domain.price_effect import price_effect
from core.domain.schedule import Due, left_by_change, newest_due, next_due
from core.errors import (
    AccessError,
    BusyError,
    Message,
    UsageSyncError,
    VendorError,
    message,
    plural_message,
)
from core.storage.store import Store
from core.use_cases.catalog import Catalog
from core.use_cases.customers import Customers
from core.use_cases.jobs import Clock, Jobs, JobStatus, Progress, ignore_progress
from core.use_cases.planning import Planning
from core.use_cases.preferences import Preferences
from core.use_cases.run_approval import Approval
from core.use_cases.runs import Runs
from core.use_cases.usage import UsageFetching

JOB = "schedule"
BY = "schedule"
_SINCE = "schedule_since"
_LOOK_SECONDS = 30.0
_TRIES = 3
_BETWEEN_TRIES = timedelta(minutes=15)
_STEPS = 5
_WENT_THROUGH = (RunStatus.FINISHED, RunStatus.STOPPED)  # who stops a run wants the rest left
_log = logging.getLogger("core.scheduler")


class Listener(Protocol):
    """Who is told of what happens while nobody looks."""

    def plan_waiting(self, waiting: WaitingPlan) -> None:
        """A plan waits for approval."""

    def plan_blocked(self, plan: Plan) -> None:
        """A limit or a finding keeps a plan from being applied by itself."""

    def schedule_failed(self, error: UsageSyncError) -> None:
        """What was due could not be prepared."""


@dataclass
class _Tries:
    due: datetime
    count: int
    again_at: datetime


@dataclass(frozen=True)
class _Standing:
    """Since when the schedule is what it is, and the months that are over and still owed.

    Of `schedule` only what decides when sync is due is kept.
    """

    schedule: SyncSettings
    since: datetime
    owed: frozenset[Month] = frozenset()


class Scheduler:
    """Looks every half minute whether sync is due, and does it in the background worker."""

    def __init__(
        self,
        *,
        store: Store,
        preferences: Preferences,
        jobs: Jobs,
        catalog: Catalog,
        customers: Customers,
        usage: UsageFetching,
        planning: Planning,
        runs: Runs,
        listener: Listener,
        clock: Clock,
    ) -> None:
        self._store = store
        self._preferences = preferences
        self._jobs = jobs
        self._catalog = catalog
        self._customers = customers
        self._usage = usage
        self._planning = planning
        self._runs = runs
        self._listener = listener
        self._clock = clock
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._tries: _Tries | None = None
        self._keeping = threading.Lock()

    # ------------------------------------------------------------ the clock

    def start(self) -> None:
        """Start looking; once per process."""
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._watch, name="usage-sync-clock", daemon=True
            )
            self._thread.start()

    def close(self) -> None:
        """Stop looking. What is under way goes on in the worker."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        while True:
            try:
                self.look()
            except UsageSyncError as error:
                _log.warning("the schedule could not be looked at: %s", error)
            except Exception:
                _log.exception("the schedule could not be looked at")
            if self._ending.wait(_LOOK_SECONDS):
                return

    def look(self) -> JobStatus | None:
        """Start what is due; None when nothing is, or when another task runs: it waits then."""
        due = self.due()
        if due is None or self._jobs.current() is not None or self._runs.interrupted() is not None:
            return None
        if self._tries is not None and self._tries.due != due.at:
            self._tries = None
        if self._tries is not None and self._clock() < self._tries.again_at:
            return None
        try:
            return self._jobs.start(
                JOB, message("Scheduled sync"), BY, lambda progress: self._sync(due, progress)
            )
        except BusyError:
            return None

    # ------------------------------------------------------------ what people see

    def due(self) -> Due | None:
        """What is due now and was not dealt with."""
        settings = self._preferences.sync()
        standing = self._standing(settings)
        return newest_due(settings, self._dealt_with(standing), self._clock(), standing.owed)

    def next(self) -> Due | None:
        """When sync happens by itself next, the months that are owed included; None when it never
        does."""
        kept = self._read_standing()
        owed = self._still_owed(kept.owed) if kept is not None else ()
        return next_due(self._preferences.sync(), self._clock(), owed)

    def last(self) -> ScheduledRun | None:
        """What the schedule did last."""
        return self._store.waiting.last()

    def log(self, limit: int | None = None) -> list[ScheduledRun]:
        """What the schedule did, newest first."""
        return self._store.waiting.log(limit)

    def waiting(self) -> list[WaitingPlan]:
        """The plans that wait for approval. One whose month was run since waits no longer."""
        return [plan for plan in self._store.waiting.all() if not self._was_run_since(plan)]

    def prepare(self, month: Month, by: str, progress: Progress = ignore_progress) -> Plan:
        """Read everything that a plan of the month follows from, and make it.

        Where nothing is to do and nothing blocked, the additions carry the month from now on. This
        is what Sync now does, and what is done when sync is due. Raises VendorError.
        """
        progress(0, _STEPS)
        self._catalog.refresh()
        progress(1, _STEPS)
        self._usage.fetch(month, by)
        progress(2, _STEPS)
        self._customers.refresh()
        progress(3, _STEPS)
        self._planning.refresh()
        progress(4, _STEPS)
        plan = self._planning.plan(month)
        if not plan.changes and not plan.blocked:
            self._runs.confirm(month)
            self._settle(month)
        progress(_STEPS, _STEPS)
        return plan

    # ------------------------------------------------------------ when it is due

    def _dealt_with(self, standing: _Standing) -> datetime:
        """The due time that was dealt with last; at least when the schedule became what it is."""
        last = self._store.waiting.last_due()
        return standing.since if last is None else max(standing.since, last)

    def _standing(self, settings: SyncSettings) -> _Standing:
        """How the schedule stands now, kept where that is news."""
        when = _when(settings)
        with self._keeping:
            kept = self._read_standing()
            new = kept or _Standing(when, self._clock())
            if new.schedule != when:
                now = self._clock()
                left = left_by_change(new.schedule, when, self._dealt_with(new), now)
                # Whoever turns it off wants no sync, later neither.
                new = _Standing(when, now, new.owed | left if when.scheduled else frozenset())
            new = replace(new, owed=self._still_owed(new.owed))
            if new != kept:
                self._keep_standing(new)
            return new

    def _read_standing(self) -> _Standing | None:
        """As it was kept last; None before the first time, and where that cannot be read."""
        stored = self._preferences.get(_SINCE)
        if stored is None:
            return None
        try:
            kept = json.loads(stored)
            scheduled, frequency, day, hour, zone = kept["schedule"]
            return _Standing(
                SyncSettings(scheduled, Frequency(frequency), day, hour, zone),
                datetime.fromisoformat(kept["since"]),
                frozenset(Month.parse(month) for month in kept.get("owed", ())),
            )
        except (ValueError, KeyError, AttributeError, TypeError, UsageSyncError):
            _log.warning("the start of the schedule could not be read and is set anew")
            return None

    def _keep_standing(self, standing: _Standing) -> None:
        when = standing.schedule
        kept = {
            "schedule": [when.scheduled, when.frequency, when.day, when.hour, when.time_zone],
            "since": standing.since.isoformat(),
            "owed": sorted(str(month) for month in standing.owed),
        }
        self._preferences.put(_SINCE, json.dumps(kept), BY)

    # ------------------------------------------------------------ what is owed

    def _still_owed(self, owed: frozenset[Month]) -> frozenset[Month]:
        """Without the months that were closed, or run since they were over."""
        if not owed:
            return owed
        left = owed - self._store.months.closed()
        return frozenset(month for month in left if not self._was_run_when_over(month))

    def _was_run_when_over(self, month: Month) -> bool:
        """Whether all of it was pushed since, or as much as a person wanted."""
        return any(
            run.approved_at.date() > month.last_day
            and run.status in _WENT_THROUGH
            and run.options.only is None
            and not run.undo_of
            for run in self._runs.list(month=month)
        )

    def _owe(self, months: Sequence[Month]) -> None:
        """Until each is settled, it stays due."""
        self._change_owed(lambda owed: owed.union(months))

    def _settle(self, month: Month) -> None:
        self._change_owed(lambda owed: owed - {month})

    def _change_owed(self, change: Callable[[frozenset[Month]], frozenset[Month]]) -> None:
        with self._keeping:
            kept = self._read_standing()
            if kept is not None and change(kept.owed) != kept.owed:
                self._keep_standing(replace(kept, owed=change(kept.owed)))

    # ------------------------------------------------------------ doing it

    def _sync(self, due: Due, progress: Progress) -> int:
        """Deal with everything that is due; what fails in passing is tried again later.

        The months that are over are owed until their turn came off. Returns how many months were
        dealt with: none after one that failed, because a newer one must not overtake it.
        """
        count = self._tries.count + 1 if self._tries is not None else 1
        self._tries = _Tries(due.at, count, self._clock() + _BETWEEN_TRIES)
        today = self._clock().date()
        self._owe([month for month in due.months if month.last_day < today])
        dealt_with = 0
        for month in due.months:
            try:
                result, went_through = self._month(month, progress)
            except UsageSyncError as error:
                # Once a month of it is in the log, a due time does not come again.
                if _is_passing(error) and count < _TRIES and not dealt_with:
                    raise
                self._tries = None
                self._listener.schedule_failed(error)
                self._record(due, month, _sentence(error))
                raise
            self._record(due, month, result)
            if not went_through:
                break
            self._settle(month)
            dealt_with += 1
        self._tries = None
        return dealt_with

    def _month(self, month: Month, progress: Progress) -> tuple[Message, bool]:
        """What became of it, and whether that was all that the schedule can do."""
        if month in self._store.months.closed():
            return message("{month} is closed; nothing was written.", month=str(month)), True
        settings = self._preferences.sync()
        plan = self.prepare(month, BY, progress)
        if plan.exceeded or plan.blocked:
            self._listener.plan_blocked(plan)
        if not plan.changes:
            return _nothing_to_do(plan), True
        if settings.apply_unattended and not plan.exceeded and not plan.blocked:
            run = self._apply(plan, progress)
            return _result(run), run.status in _WENT_THROUGH
        return self._let_wait(plan), True

    def _apply(self, plan: Plan, progress: Progress) -> Run:
        approval = Approval(by=BY, origin=RunOrigin.SCHEDULE)
        run = self._runs.approve(plan.month, plan.digest, PlanOptions(), approval, within_task=True)
        return self._runs.execute(run.id, BY, progress)

    def _let_wait(self, plan: Plan) -> Message:
        waiting = WaitingPlan(
            id=str(uuid4()),
            month=plan.month,
            digest=plan.digest,
            made_at=self._clock(),
            changes=len(plan.changes),
            blocked=len(plan.blocked),
            exceeded=len(plan.exceeded),
            price_effect=price_effect(plan.changes),
        )
        self._store.waiting.put(waiting)
        self._listener.plan_waiting(waiting)
        return plural_message(
            "{count} change waits for approval.",
            "{count} changes wait for approval.",
            len(plan.changes),
        )

    def _record(self, due: Due, month: Month, result: Message) -> None:
        self._store.waiting.record(self._clock(), due.at, month, result)

    def _was_run_since(self, plan: WaitingPlan) -> bool:
        newest: Sequence[Run] = self._runs.list(1, plan.month)
        return bool(newest) and newest[0].approved_at > plan.made_at


def _when(settings: SyncSettings) -> SyncSettings:
    """Of the settings, those that decide when sync is due."""
    return SyncSettings(
        settings.scheduled, settings.frequency, settings.day, settings.hour, settings.time_zone
    )


def _is_passing(error: UsageSyncError) -> bool:
    """Passing trouble is worth another try soon; wrong keys are not."""
    return isinstance(error, VendorError) and not isinstance(error, AccessError)


def _nothing_to_do(plan: Plan) -> Message:
    if not plan.blocked:
        return message("Nothing to do.")
    return plural_message(
        "Nothing to do; {count} finding needs a person.",
        "Nothing to do; {count} findings need a person.",
        len(plan.blocked),
    )


def _result(run: Run) -> Message:
    return message(
        "Run {number}: {done} done, {failed} failed.",
        number=str(run.number),
        done=run.done,
        failed=run.failed,
    )


def _sentence(error: UsageSyncError) -> Message:
    if error.remedy is None:
        return error.text
    return message("{text} {remedy}", text=error.text, remedy=error.remedy)
