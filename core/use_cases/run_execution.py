"""One execution of a run: products first, then additions, several calls at a time.

A change that fails does not stop the others. What would fail for all of them does (keys, company,
permission, an outage, a closed month), and so does a person; what was not begun then waits, and
what was announced is looked for when the run is resumed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from core.clients.connectwise import ConnectWise
from core.domain.models import (
    Addition,
    Binding,
    Change,
    ChangeKind,
    JournalEntry,
    Outcome,
    ProductMapping,
    Run,
    RunChange,
)
from core.domain.run_order import in_steps
from core.errors import (
    AccessError,
    InputError,
    Message,
    NotFoundError,
    UsageSyncError,
    VendorError,
    message,
)
from core.use_cases.agreement_reading import AgreementReading
from core.use_cases.catalog import Catalog
from core.use_cases.jobs import Clock
from core.use_cases.outages import Outages
from core.use_cases.run_additions import (
    AdditionWriter,
    Failed,
    TurnedAwayError,
    Unknown,
    Unseen,
    failure_of,
)
from core.use_cases.run_journal import RunJournal
from core.use_cases.run_products import Found, ProductWriter, map_default, put_back
from core.use_cases.run_progress import Tracker

PRODUCT_KINDS = frozenset({ChangeKind.CREATE_PRODUCT, ChangeKind.ADOPT_PRODUCT})
_LEAVING = frozenset({ChangeKind.RETIRE_PRODUCT, ChangeKind.UNMAP_PRODUCT})
_NO_PRODUCT = message("The product that it needs was not created or mapped.")
_SEE_PRODUCT = message("See why at the product, then retry the failed rows.")
_NOT_BILLED = message("What bills this usage from now on was not done, so this stays.")
_RETRY = message("See why at that row, then retry the failed rows.")
_MOVED = message("The plan of now no longer has this change; it was not made.")
_PLAN_AGAIN = message("Make a new plan: it has what is left to do.")
_FINAL = frozenset({Outcome.DONE, Outcome.FAILED, Outcome.SKIPPED})


@dataclass(frozen=True)
class Tools:
    """What an execution works with."""

    connectwise: ConnectWise
    catalog: Catalog
    journal: RunJournal
    additions: AdditionWriter
    products: ProductWriter
    tracker: Tracker
    clock: Clock


@dataclass
class Halt:
    """Why an execution goes no further; threads share it. The first reason stays."""

    stopped_by: str = ""
    error: UsageSyncError | None = None
    crash: BaseException | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __bool__(self) -> bool:
        return bool(self.stopped_by or self.error or self.crash)

    def stop(self, by: str) -> None:
        """A person wants it to stop."""
        with self._lock:
            self.stopped_by = self.stopped_by or by

    def abort(self, error: UsageSyncError) -> None:
        """A failure that would hit every change."""
        with self._lock:
            self.error = self.error or error

    def crashed(self, error: BaseException) -> None:
        """A mistake of this program."""
        with self._lock:
            self.crash = self.crash or error


class _HaltedError(Exception):
    """Another change ended it before the call of this one."""


class Execution:
    """Carries out the changes of a run that have no outcome yet."""

    def __init__(
        self,
        run: Run,
        rows: Sequence[RunChange],
        reading: AgreementReading,
        mappings: Mapping[str, ProductMapping],
        tools: Tools,
        halt: Halt,
        *,
        wanted: Collection[int] | None = None,
    ) -> None:
        """`reading` is what the agreements have now. `wanted` are the numbers of the changes that
        the plan of now still has; None: it is the plan that was approved, so that what the changes
        say of ConnectWise holds."""
        self._run = run
        self._compared = wanted is None
        self._moved = set() if wanted is None else {row.number for row in rows} - set(wanted)
        self._reading = reading
        self._tools = tools
        self._halt = halt
        self._outages = Outages()
        self._todo = [row for row in rows if row.outcome not in _FINAL]
        self._identifiers = {
            row.change.target.product_code: row.change.default_product.identifier.casefold()
            for row in rows
            if row.change.kind in PRODUCT_KINDS and row.change.default_product is not None
        }
        # By identifier: several Sophos products may share one default product.
        self._created = {
            default.identifier.casefold(): Found(row.product_id, default.identifier)
            for row in rows
            if (default := row.change.default_product) is not None
            and row.product_id is not None
            and _product_of(row, mappings) == row.product_id
        }
        self._done = {row.change.target.key for row in rows if row.outcome is Outcome.DONE}
        # What has to be done before may be in no row: then it was done already.
        self._done |= {key for row in rows for key in row.change.needs} - {
            row.change.target.key for row in rows
        }
        self._not_done = {
            row.change.target.key
            for row in rows
            if row.outcome in (Outcome.FAILED, Outcome.SKIPPED)
        }
        self._unseen: list[RunChange] = []
        self._undecided: set[str] = set()
        # Sophos products whose ConnectWise product was not created, adopted or mapped.
        self._unmapped: set[str] = set()
        for row in rows:
            if row.outcome in (Outcome.FAILED, Outcome.SKIPPED):
                self._note_unmapped(row.change)
        self._still_billed: set[int | None] = {
            row.change.target.product_id for row in rows if row.outcome is Outcome.FAILED
        }

    def carry_out(self) -> None:
        """Do everything that can be done. What is left has no outcome; `halt` says why."""
        tools = self._tools
        tools.tracker.begin(len(self._todo), self._run)
        products = [row for row in self._todo if row.change.kind in PRODUCT_KINDS]
        leading = [row for row in products if _stands_alone(row.change)]
        following = [row for row in products if not _stands_alone(row.change)]
        revived = [row for row in self._todo if row.change.kind is ChangeKind.REVIVE_PRODUCT]
        placed = [row for row in self._todo if row.change.target.agreement_id]
        steps = in_steps(placed)
        leaving = [row for row in self._todo if row.change.kind in _LEAVING]
        called = (row for step in steps for row in step if _will_be_called(row))
        tools.journal.expect(row.number for row in called)
        threads = tools.connectwise.busy_threads
        with ThreadPoolExecutor(threads, thread_name_prefix="usage-sync-run") as pool:
            try:
                for rows, act in (
                    (leading, self._product),
                    (following, self._following_product),
                    (revived, self._reversal),
                    *((step, self._addition) for step in steps),
                    (leaving, self._reversal),
                ):
                    list(pool.map(self._guarded(act), rows))
                    # What comes next may need what was lost and has arrived by now.
                    unseen, self._unseen = self._unseen, []
                    list(pool.map(self._guarded(self._look_again), unseen))
            except BaseException as error:
                # Ctrl+C: the calls that are under way end, and no other begins.
                self._halt.crashed(error)
        self._flush()

    def look_back(self) -> None:
        """Find out which of the changes that were announced are done, without a call that writes.

        What is not there may still be under way: it stays announced, and is looked for again when
        the run is resumed.
        """
        for row in self._todo:
            if row.outcome is Outcome.IN_FLIGHT:
                self._guarded(self._look_back)(row)
        self._flush()

    def _look_back(self, row: RunChange) -> None:
        if row.change.kind in PRODUCT_KINDS:
            product = self._look_for_product(row)
            if isinstance(product, Found):
                self._finish_product(row, product)
        elif row.change.target.agreement_id:
            addition = self._look_for_addition(row, row.change)
            if isinstance(addition, Addition):
                self._finish_addition(row, row.change, addition)

    def _flush(self) -> None:
        """Commit the last outcomes; a mistake of this program is raised after them."""
        try:
            self._tools.journal.flush()
        finally:
            if self._halt.crash is not None:
                raise self._halt.crash

    def _guarded(self, act: Callable[[RunChange], None]) -> Callable[[RunChange], None]:
        """`act` on a row unless the execution has halted; what it raises is sorted here."""

        def guarded(row: RunChange) -> None:
            if self._halt:
                return
            try:
                act(row)
            except _HaltedError:
                return
            except TurnedAwayError as turned_away:
                # The call did nothing: the change waits as before.
                self._tools.journal.settle(self._entry(row, Outcome.WAITING))
                self._halt.abort(turned_away.error)
            except (AccessError, InputError) as error:
                # Announced or not, it has no outcome: it is looked for when the run is resumed.
                self._halt.abort(error)
            except VendorError as error:
                self._fail(row, failure_of(error))
                self._note(error)
            except BaseException as error:
                self._halt.crashed(error)

        return guarded

    def _note(self, error: VendorError) -> None:
        try:
            self._outages.note(error)
        except VendorError as hopeless:
            self._halt.abort(hopeless)

    # ------------------------------------------------------------ products

    def _product(self, row: RunChange) -> None:
        found = None if self._compared else self._look_for_product(row)
        if found is None and row.number in self._moved:
            self._skip(row, _MOVED, _PLAN_AGAIN)
            return
        if found is None:
            found = self._tools.products.carry_out(row.change, self._announcing(row))
        if isinstance(found, Unknown):
            self._undecided.add(self._identifiers[row.change.target.product_code])
            self._note(found.error)
        else:
            self._finish_product(row, found)

    def _reversal(self, row: RunChange) -> None:
        """A product leaves after its additions, and stays when one of them is still billed."""
        change = row.change
        if change.kind in _LEAVING and change.product_id in self._still_billed:
            self._skip(
                row,
                message("An addition of this product could not be taken back."),
                message("See why at the addition, then undo what is left."),
            )
            return
        found = self._tools.products.carry_out(change, self._announcing(row))
        if isinstance(found, Unknown):
            self._note(found.error)
        elif isinstance(found, Failed):
            self._fail(row, found)
        else:
            decide = put_back(
                change,
                lambda: self._tools.catalog.snapshot().by_id,
                self._tools.clock,
                self._run.approved_by,
            )
            entry = self._entry(row, Outcome.DONE, product_id=found.product_id)
            self._tools.journal.settle_product(entry, decide)
            self._tools.tracker.count(Outcome.DONE)

    def _look_for_product(self, row: RunChange) -> Found | Failed | Unknown | None:
        announced = row.outcome is Outcome.IN_FLIGHT
        try:
            return self._tools.products.look(row.change, announced=announced)
        except VendorError as error:
            if isinstance(error, AccessError) or not announced:
                raise
            return Unknown(error)

    def _following_product(self, row: RunChange) -> None:
        """The product that the run created for another Sophos product of the same name."""
        found = self._product_for(row)
        if found is not None:
            self._finish_product(row, found)

    def _product_for(self, row: RunChange) -> Found | None:
        """The default product that a change needs. Without one the change is skipped, or waits
        while nobody knows whether the product was created."""
        identifier = self._identifiers.get(row.change.target.product_code, "")
        found = self._created.get(identifier)
        if found is None and identifier not in self._undecided:
            self._skip(row)
        return found

    def _finish_product(self, row: RunChange, found: Found | Failed) -> None:
        if isinstance(found, Failed):
            self._fail(row, found)
            return
        code = row.change.target.product_code
        created = row.change.kind is ChangeKind.CREATE_PRODUCT
        decide, mapped = map_default(
            code,
            found,
            lambda: self._tools.catalog.snapshot().by_id,
            self._tools.clock,
            self._run.approved_by,
            created=created,
        )
        entry = self._entry(row, Outcome.DONE, product_id=found.product_id)
        self._tools.journal.settle_product(entry, decide)
        if mapped():
            self._created[self._identifiers[code]] = found
        else:
            self._unmapped.add(code)
        self._outages.over()
        self._tools.tracker.count(Outcome.DONE)

    # ------------------------------------------------------------ additions

    def _addition(self, row: RunChange) -> None:
        change = row.change
        if not self._unmapped.isdisjoint(part.product_code for part in change.parts):
            self._skip(row)
            return
        if not change.target.product_id:
            product = self._product_for(row)
            if product is None:
                return
            change = replace(change, product_id=product.product_id)
        outcome = self._look_for_addition(row, change)
        if outcome is None and row.number in self._moved:
            self._skip(row, _MOVED, _PLAN_AGAIN)
            return
        if outcome is None and not self._done.issuperset(change.needs):
            # While nobody knows what became of what it needs, it waits as well.
            if not self._not_done.isdisjoint(change.needs):
                self._skip(row, _NOT_BILLED, _RETRY)
            return
        if outcome is None:
            before = self._reading.of(change.target.agreement_id)
            carried_out = self._tools.additions.carry_out(change, before, self._announcing(row))
            if isinstance(carried_out, Unseen):
                self._unseen.append(row)
                return
            outcome = carried_out
        self._settle_addition(row, change, outcome)

    def _look_again(self, row: RunChange) -> None:
        """A new addition whose answer was lost, and that was not there when it was looked for."""
        change = row.change
        if not change.target.product_id and (product := self._product_for(row)) is not None:
            change = replace(change, product_id=product.product_id)
        before = self._reading.of(change.target.agreement_id)
        self._settle_addition(row, change, self._tools.additions.look_again(change, before))

    def _settle_addition(
        self, row: RunChange, change: Change, outcome: Addition | Failed | Unknown
    ) -> None:
        if isinstance(outcome, Failed):
            self._fail(row, outcome)
        elif isinstance(outcome, Unknown):
            self._still_billed.add(change.target.product_id)
            self._note(outcome.error)
        else:
            self._finish_addition(row, change, outcome)

    def _look_for_addition(
        self, row: RunChange, change: Change
    ) -> Addition | Failed | Unknown | None:
        announced = row.outcome is Outcome.IN_FLIGHT
        try:
            before = self._reading.of(change.target.agreement_id)
        except NotFoundError as gone:
            return failure_of(gone)
        except VendorError as error:
            return Unknown(error)
        return self._tools.additions.look(change, before, announced=announced)

    def _finish_addition(self, row: RunChange, change: Change, addition: Addition) -> None:
        agreement_id, product_id = addition.agreement_id, addition.product.id
        binding = None
        if change.month_after is not None:
            binding = Binding(
                agreement_id=agreement_id,
                product_id=product_id,
                addition_id=addition.id,
                month=change.month_after,
                quantity=addition.quantity,
                carries=change.carries,
            )
        self._tools.journal.settle(
            self._entry(row, Outcome.DONE, addition_id=addition.id, unit_price=addition.unit_price),
            binding=binding,
            unbind=None if binding else (agreement_id, product_id),
            addition=addition,
        )
        self._done.add(change.target.key)
        self._done.add(row.change.target.key)
        self._outages.over()
        self._tools.tracker.count(Outcome.DONE)

    # ------------------------------------------------------------ outcomes

    def _announcing(self, row: RunChange) -> Callable[[], None]:
        def announce() -> None:
            if self._halt:
                raise _HaltedError
            self._tools.journal.announce(row.number)

        return announce

    def _note_unmapped(self, change: Change) -> None:
        if change.kind in PRODUCT_KINDS:
            self._unmapped.add(change.target.product_code)

    def _fail(self, row: RunChange, failed: Failed) -> None:
        self._not_done.add(row.change.target.key)
        self._still_billed.add(row.change.target.product_id)
        self._note_unmapped(row.change)
        self._tools.journal.settle(
            self._entry(
                row,
                Outcome.FAILED,
                addition_id=failed.addition_id,
                text=failed.text,
                remedy=failed.remedy,
                detail=failed.detail,
            )
        )
        self._tools.tracker.count(Outcome.FAILED)

    def _skip(
        self, row: RunChange, text: Message = _NO_PRODUCT, remedy: Message = _SEE_PRODUCT
    ) -> None:
        self._not_done.add(row.change.target.key)
        self._note_unmapped(row.change)
        entry = self._entry(row, Outcome.SKIPPED, text=text, remedy=remedy)
        self._tools.journal.settle(entry)
        self._tools.tracker.count(Outcome.SKIPPED)

    def _entry(self, row: RunChange, outcome: Outcome, **more: object) -> JournalEntry:
        return JournalEntry(
            number=row.number,
            at=self._tools.clock(),
            outcome=outcome,
            **more,  # type: ignore[arg-type]
        )


def _will_be_called(row: RunChange) -> bool:
    """Whether a change that was never announced needs a call, as far as one can tell before."""
    change = row.change
    return row.outcome is Outcome.WAITING and (
        change.kind in _CALLED or change.before != change.after
    )


_CALLED = frozenset({ChangeKind.CANCEL, ChangeKind.UNDO_CANCEL, ChangeKind.UNDO_CREATE})


def _stands_alone(change: Change) -> bool:
    return change.kind is ChangeKind.CREATE_PRODUCT or change.product_id is not None


def _product_of(row: RunChange, mappings: Mapping[str, ProductMapping]) -> int | None:
    mapping = mappings.get(row.change.target.product_code)
    return None if mapping is None else mapping.connectwise_product_id


def unfinished(rows: Iterable[RunChange]) -> list[RunChange]:
    """The changes without an outcome."""
    return [row for row in rows if row.outcome not in _FINAL]
