"""Runs: a plan is approved, carried out in the background, stopped, resumed, retried."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from core.clients.connectwise import ConnectWise, RequestCount
from core.domain.models import (
    ChangeKind,
    Outcome,
    Plan,
    PlanOptions,
    Run,
    RunChange,
    RunEvent,
    RunEventKind,
    RunStatus,
)
from core.domain.month import Month
from core.domain.undo import undo_plan
from core.domain.undo_transfers import LaterRun
from core.errors import (
    AccessError,
    BusyError,
    ConflictError,
    InputError,
    UsageSyncError,
    VendorError,
    message,
    plural_message,
)
from core.storage.store import Store
from core.use_cases.agreement_reading import AgreementReading
from core.use_cases.catalog import Catalog
from core.use_cases.jobs import Clock, Jobs, JobStatus, Progress, ignore_progress
from core.use_cases.planning import Planning
from core.use_cases.products import Products
from core.use_cases.run_additions import AdditionWriter
from core.use_cases.run_approval import (
    Approval,
    failed_targets,
    new_run,
    refuse_unapprovable,
    rows_of,
    still_wanted,
    what_moved,
    with_only,
)
from core.use_cases.run_execution import Execution, Halt, Tools, unfinished
from core.use_cases.run_journal import RunJournal
from core.use_cases.run_products import ProductWriter
from core.use_cases.run_progress import RunProgress, Tracker
from core.use_cases.undo_reading import read_who_changed

JOB, READING_BACK = "run", "run_reading_back"
_NO_REQUESTS = RequestCount()
_NO_OPTIONS = PlanOptions()


class _Current:
    """The run that this process carries out now."""

    def __init__(self, run: Run, tracker: Tracker, halt: Halt) -> None:
        self.run = run
        self.tracker = tracker
        self.halt = halt


class Runs:
    """Approves plans and carries them out, one at a time."""

    def __init__(
        self,
        store: Store,
        connectwise: ConnectWise,
        planning: Planning,
        products: Products,
        catalog: Catalog,
        jobs: Jobs,
        clock: Clock,
        sleep: Callable[[float], None] = time.sleep,
        *,
        tell: Callable[[Run], object],
    ) -> None:
        """`tell` hears of every run that has ended; `sleep` waits before a lost answer is looked
        for."""
        self._tell = tell
        self._store = store
        self._connectwise = connectwise
        self._planning = planning
        self._catalog = catalog
        self._writer = ProductWriter(connectwise, products, catalog)
        self._jobs = jobs
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._current: _Current | None = None

    # ------------------------------------------------------------ looking

    def list(self, limit: int | None = None, month: Month | None = None) -> Sequence[Run]:
        """Runs, newest first."""
        return self._store.runs.list(limit, month)

    def get(self, run_id: str) -> Run:
        """One run; raises InputError for an id that there is not."""
        run = self._store.runs.get(run_id)
        if run is None:
            raise InputError(message("There is no such run."))
        return run

    def changes(self, run_id: str) -> Sequence[RunChange]:
        """The changes of a run with their outcomes."""
        return self._store.runs.changes(run_id)

    def progress(self) -> RunProgress | None:
        """How far the run that is being carried out is; None when there is none."""
        with self._lock:
            return self._current.tracker.now if self._current else None

    def is_under_way(self) -> bool:
        """Whether this process carries a run out, or is about to."""
        job = self._jobs.current()
        return self.progress() is not None or (job is not None and job.kind == JOB)

    def interrupted(self) -> Run | None:
        """The run that is open and that nobody carries out: after a crash, or before its start."""
        run = self._store.runs.open()
        progress = self.progress()
        return None if run is None or (progress and progress.run_id == run.id) else run

    # ------------------------------------------------------------ approving

    def approve(
        self,
        month: Month,
        digest: str,
        options: PlanOptions,
        approval: Approval,
        *,
        within_task: bool = False,
    ) -> Run:
        """Record that the plan with this digest shall be carried out.

        Raises PlanChangedError when the plan is another one by now, LimitsExceededError, BusyError
        while another run is open or another task runs (the caller's own, `within_task`, aside),
        InputError when there is nothing to do.
        """
        busy = self._jobs.current()
        if busy is not None and not within_task:
            raise BusyError(
                message("Another task is running: {task}.", task=busy.label),
                remedy=message("Wait until it has finished, then try again."),
            )
        plan = self._plan(month, options, approval.undo_of)
        refuse_unapprovable(plan, digest, approval)
        rows = rows_of(plan.changes, self._planning.inputs(month, options))
        return self._store.runs.open_run(new_run(plan, options, approval, self._clock()), rows)

    def start(self, run_id: str, by: str) -> JobStatus:
        """Carry a run out, or go on with it, in the background worker."""
        run = self.get(run_id)
        approved = run.events[-1].kind is RunEventKind.APPROVED
        task = self.execute if approved else self.resume
        label = message("Run {number} of {month}", number=str(run.number), month=str(run.month))
        return self._jobs.start(JOB, label, by, lambda progress: task(run_id, by, progress))

    def confirm(self, month: Month) -> int:
        """Where there is nothing to do, keep that the additions carry this month's usage.

        Returns how many do. Raises InputError when there is something to do.
        """
        plan = self._planning.plan(month)
        if plan.changes:
            raise InputError(message("There are changes to approve first."))
        return self._keep_month(plan)

    def retry_options(self, run_id: str) -> PlanOptions:
        """The options of a plan of what a run did not get done, made from what is known now."""
        run = self.get(run_id)
        left = [row for row in self.changes(run_id) if row.outcome is not Outcome.DONE]
        everything = replace(run.options, only=None)
        plan = self._plan(run.month, everything, run.undo_of)
        return with_only(everything, frozenset(failed_targets(left, plan)))

    # ------------------------------------------------------------ undoing

    def prepare_undo(self, run_id: str, progress: Progress = ignore_progress) -> None:
        """Read again what a run has changed, so that its undo is planned from what is there now,
        and who changed what the undo will leave alone.

        Raises VendorError, and BusyError while the run has not ended.
        """
        agreements = {row.change.target.agreement_id for row in self.changes(run_id)}
        self._planning.refresh_agreements(agreements - {0}, progress)
        read_who_changed(self._connectwise, self._store, self.undo_plan(run_id))

    def undo_plan(self, run_id: str, options: PlanOptions = _NO_OPTIONS) -> Plan:
        """What would take back everything that a run has done; see `core.domain.undo`.

        Raises BusyError while the run has not ended.
        """
        run = self.get(run_id)
        if run.status is RunStatus.OPEN:
            raise BusyError(
                message("Run {number} has not ended yet.", number=str(run.number)),
                remedy=message("Wait until it has ended, or finish or stop it, then try again."),
            )
        inputs = self._planning.inputs(run.month, options)
        return undo_plan(run, self.changes(run_id), inputs, self._later(run))

    def _later(self, run: Run) -> Sequence[LaterRun]:
        """The runs of its month after it that did something."""
        later = [each for each in self.list(month=run.month) if each.number > run.number]
        return [
            LaterRun(each, [row for row in self.changes(each.id) if row.outcome is Outcome.DONE])
            for each in later
            if each.done
        ]

    def _plan(self, month: Month, options: PlanOptions, undo_of: str) -> Plan:
        if undo_of:
            return self.undo_plan(undo_of, options)
        return self._planning.plan(month, options)

    # ------------------------------------------------------------ carrying out

    def execute(self, run_id: str, by: str, progress: Progress = ignore_progress) -> Run:
        """Carry out a run that was approved; returns how it ended.

        First everything that it touches is read again and the plan made anew: when it is another
        one by now, the run is refused and nothing is written.
        """
        return self._carry_out(run_id, by, RunEventKind.STARTED, progress)

    def resume(self, run_id: str, by: str, progress: Progress = ignore_progress) -> Run:
        """Go on with a run that was cut off, stopped or aborted; returns how it ended.

        Each change without an outcome is looked for in ConnectWise first. One that was announced
        and is there counts as done; one that somebody else touched meanwhile fails; one that the
        plan of now no longer has is left alone. Raises
        ConflictError when a later run was approved since.
        """
        self._refuse_overtaken(self.get(run_id))
        return self._carry_out(run_id, by, RunEventKind.RESUMED, progress)

    def start_reading_back(self) -> JobStatus | None:
        """Look, in the background worker, what became of the calls of a run that was cut off, so
        that whoever decides to finish or to stop it knows; None when there is nothing to look for.
        """
        run = self.interrupted()
        if run is None or not _announced(self.changes(run.id)):
            return None
        label = message("Looking for what run {number} had sent", number=str(run.number))
        return self._jobs.start(
            READING_BACK, label, run.approved_by, lambda _progress: self.read_back(run.id)
        )

    def read_back(self, run_id: str) -> None:
        """Find out which of the announced calls were made when a run was cut off; writes nothing.

        Raises VendorError; then all of it stays unknown.
        """
        run, rows = self.get(run_id), self.changes(run_id)
        current = _Current(run, Tracker(run_id, ignore_progress), Halt())
        reading = self._read_again(_announced(rows))
        self._execution(current, rows, reading, wanted=set()).look_back()
        if current.halt.error is not None:
            raise current.halt.error

    def stop(self, run_id: str, by: str) -> None:
        """Stop a run after the calls that are under way; what is left can be resumed.

        A run that nobody carries out is stopped at once.
        """
        with self._lock:
            current = self._current
            if current is not None and current.run.id == run_id:
                current.tracker.stop()
                current.halt.stop(by)
                return
        self._event(run_id, RunEventKind.STOPPED, by)

    def _carry_out(self, run_id: str, by: str, kind: RunEventKind, progress: Progress) -> Run:
        run = self.get(run_id)
        current = _Current(run, Tracker(run_id, progress), Halt())
        with self._lock:
            if self._current is not None:
                raise BusyError(
                    message("Run {number} is under way.", number=str(self._current.run.number)),
                    remedy=message("Wait until it has ended, or stop it."),
                )
            self._current = current
        try:
            self._event(run_id, kind, by)
            before = self._connectwise.requests()
            end = self._attempt(current)
            self._event(run_id, end.kind, by, end, self._connectwise.requests() - before)
        finally:
            with self._lock:
                self._current = None
        ended = self.get(run_id)
        self._tell(ended)
        return ended

    def _attempt(self, current: _Current) -> RunEvent:
        """Read, compare, carry out; the event that ends it. A crash leaves the run open."""
        run, rows = current.run, self.changes(current.run.id)
        untouched = all(row.outcome is Outcome.WAITING for row in rows)
        try:
            reading = self._read_again(unfinished(rows))
        except VendorError as error:
            kind = RunEventKind.REFUSED
            if isinstance(error, AccessError) or not untouched:
                kind = RunEventKind.ABORTED
            return self._end(kind, error)
        plan = self._plan(run.month, run.options, run.undo_of)
        if untouched and plan.digest != run.digest:
            return self._refused(run, rows, plan, reading)
        wanted = None if untouched else self._still_wanted(run, rows)
        self._execution(current, rows, reading, wanted).carry_out()
        return self._ending(current, plan)

    def _still_wanted(self, run: Run, rows: Sequence[RunChange]) -> set[int]:
        """The numbers of the changes that a plan made now would have too.

        Nothing is left out of that plan for being no target of this run: an addition has another
        target once its product was created.
        """
        plan = self._plan(run.month, replace(run.options, only=None), run.undo_of)
        products = {
            code: mapping.connectwise_product_id
            for code, mapping in self._store.mappings.all().items()
            if mapping.connectwise_product_id is not None
        }
        return still_wanted(rows, plan.changes, products)

    def _read_again(self, rows: Sequence[RunChange]) -> AgreementReading:
        """What the changes depend on, fresh from ConnectWise and in the store."""
        self._writer.look_up(
            row.change.default_product
            for row in rows
            if row.change.kind is ChangeKind.CREATE_PRODUCT
            and row.change.default_product is not None
        )
        agreements = {row.change.target.agreement_id for row in rows}
        return self._planning.refresh_agreements(agreements - {0})

    def _execution(
        self,
        current: _Current,
        rows: Sequence[RunChange],
        reading: AgreementReading,
        wanted: set[int] | None,
    ) -> Execution:
        today = self._planning.today()
        tools = Tools(
            connectwise=self._connectwise,
            catalog=self._catalog,
            journal=RunJournal(self._store, current.run.id, self._clock),
            additions=AdditionWriter(self._connectwise, today, self._sleep),
            products=self._writer,
            tracker=current.tracker,
            clock=self._clock,
        )
        mappings = self._store.mappings.all()
        return Execution(current.run, rows, reading, mappings, tools, current.halt, wanted=wanted)

    # ------------------------------------------------------------ ending

    def _refused(
        self, run: Run, rows: Sequence[RunChange], plan: Plan, reading: AgreementReading
    ) -> RunEvent:
        if reading.failures:
            return self._end(RunEventKind.REFUSED, next(iter(reading.failures.values())))
        inputs = self._planning.inputs(run.month, run.options)
        return RunEvent(
            kind=RunEventKind.REFUSED,
            at=self._clock(),
            by="",
            text=what_moved(rows, plan, inputs),
            remedy=message("Look at the plan as it is now, then approve it again."),
        )

    def _ending(self, current: _Current, plan: Plan) -> RunEvent:
        halt, run = current.halt, current.run
        left = self.get(run.id).left
        if halt.error is not None:
            return self._end(RunEventKind.ABORTED, halt.error)
        if halt.stopped_by and left:
            return RunEvent(kind=RunEventKind.STOPPED, at=self._clock(), by=halt.stopped_by)
        if left:
            return RunEvent(
                kind=RunEventKind.ABORTED,
                at=self._clock(),
                by="",
                text=plural_message(
                    "{count} change has no outcome yet, because ConnectWise did not answer.",
                    "{count} changes have no outcome yet, because ConnectWise did not answer.",
                    left,
                ),
                remedy=message("Resume the run: it looks before it writes."),
            )
        self._keep_month(plan)
        return RunEvent(kind=RunEventKind.FINISHED, at=self._clock(), by="")

    def _end(self, kind: RunEventKind, error: UsageSyncError) -> RunEvent:
        return RunEvent(kind=kind, at=self._clock(), by="", text=error.text, remedy=error.remedy)

    def _keep_month(self, plan: Plan) -> int:
        """The additions that have their quantity already carry this month's usage from now on."""
        found = {
            (each.target.agreement_id, each.target.product_id): each for each in plan.unchanged
        }
        known = self._store.additions.bindings() if found else {}
        bound = [known[key] for key in found if key in known]
        kept = [
            # Somebody may have set by hand what was used since.
            replace(each, month=plan.month, carries=as_found.carries, quantity=as_found.after)
            for each in bound
            if each.month <= plan.month
            and (as_found := found[each.agreement_id, each.product_id]).after is not None
        ]
        moved = [each for each in kept if each != known[each.agreement_id, each.product_id]]
        if moved:
            self._store.additions.bind(moved)
        return len(bound)

    def _event(
        self,
        run_id: str,
        kind: RunEventKind,
        by: str,
        end: RunEvent | None = None,
        requests: RequestCount = _NO_REQUESTS,
    ) -> None:
        event = end or RunEvent(kind=kind, at=self._clock(), by=by)
        event = replace(event, by=event.by or by)
        self._store.runs.event(run_id, event, requests.reads, requests.writes)

    def _refuse_overtaken(self, run: Run) -> None:
        """A later run may have pushed a newer month onto the same additions."""
        newest = self._store.runs.list(1)[0]
        if newest.id != run.id:
            raise ConflictError(
                message(
                    "Run {later} was approved after run {number}.",
                    later=str(newest.number),
                    number=str(run.number),
                ),
                remedy=message("Make a new plan: it has what is left to do."),
            )


def _announced(rows: Sequence[RunChange]) -> list[RunChange]:
    """The changes whose call may have been made, and nobody knows what became of it."""
    return [row for row in rows if row.outcome is Outcome.IN_FLIGHT]
