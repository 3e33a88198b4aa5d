"""Runs: executions of plans, kept for ever."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from core.domain.models.plans import Change, LimitCheck, PlanOptions
from core.domain.models.prices import PriceEffect
from core.domain.month import Month
from core.errors import Message


class RunOrigin(StrEnum):
    """How a run was started."""

    PAGE = "page"
    COMMAND_LINE = "command_line"
    SCHEDULE = "schedule"


class RunEventKind(StrEnum):
    """What happens to a run, in the order of its journal."""

    APPROVED = "approved"
    STARTED = "started"
    RESUMED = "resumed"
    REFUSED = "refused"
    STOPPED = "stopped"
    ABORTED = "aborted"
    FINISHED = "finished"


class RunStatus(StrEnum):
    """Where a run stands. OPEN: approved or under way, or cut off by a crash.

    STOPPED (by a person) and ABORTED (by a failure that would hit every change) can be resumed;
    REFUSED wrote nothing, because the plan had changed.
    """

    OPEN = "open"
    REFUSED = "refused"
    STOPPED = "stopped"
    ABORTED = "aborted"
    FINISHED = "finished"


class Outcome(StrEnum):
    """What became of one change. IN_FLIGHT: announced in the journal, and no outcome yet."""

    WAITING = "waiting"
    IN_FLIGHT = "in_flight"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, kw_only=True)
class ChangeNames:
    """What things were called when the run was approved, for reading."""

    customers: tuple[str, ...] = ()
    agreement: str = ""
    product: str = ""


@dataclass(frozen=True, kw_only=True)
class RunChange:
    """One change of a run with its outcome.

    `addition_id` and `product_id` are those that the change ended with, and `unit_price` what the
    addition cost by the answer, per unit and billing period; `text` and `remedy` tell of a failure,
    `detail` is the server's own message.
    """

    number: int
    change: Change
    names: ChangeNames
    outcome: Outcome = Outcome.WAITING
    at: datetime | None = None
    addition_id: int | None = None
    product_id: int | None = None
    text: Message | None = None
    remedy: Message | None = None
    detail: str = ""
    unit_price: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class JournalEntry:
    """One line of the journal of changes: change `number` was announced (IN_FLIGHT), or what
    became of it (DONE, FAILED, SKIPPED; WAITING where its call was turned away and did nothing).
    The last line of a change says how it stands.

    The other fields are those of `RunChange`.
    """

    number: int
    at: datetime
    outcome: Outcome = Outcome.IN_FLIGHT
    addition_id: int | None = None
    product_id: int | None = None
    text: Message | None = None
    remedy: Message | None = None
    detail: str = ""
    unit_price: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class RunEvent:
    """One line of a run's own journal."""

    kind: RunEventKind
    at: datetime
    by: str
    text: Message | None = None
    remedy: Message | None = None


@dataclass(frozen=True, kw_only=True)
class Run:
    """One execution of a plan. `number` counts runs from 1.

    `retry_of` and `undo_of` name the run that this one goes on from or takes back.
    `override_reason` is why the limits in `limits` were lifted, empty when none was.
    """

    id: str
    number: int
    month: Month
    digest: str
    origin: RunOrigin
    approved_by: str
    approved_at: datetime
    options: PlanOptions
    limits: tuple[LimitCheck, ...]
    override_reason: str = ""
    retry_of: str = ""
    undo_of: str = ""
    events: tuple[RunEvent, ...] = ()
    changes: int = 0
    done: int = 0
    failed: int = 0
    skipped: int = 0
    reads: int = 0
    writes: int = 0

    @property
    def status(self) -> RunStatus:
        """Where the run stands, from its last event."""
        last = self.events[-1].kind if self.events else RunEventKind.APPROVED
        return _STATUS.get(last, RunStatus.OPEN)

    @property
    def left(self) -> int:
        """How many changes have no outcome yet."""
        return self.changes - self.done - self.failed - self.skipped

    @property
    def finished_at(self) -> datetime | None:
        """When the run ended, None while it is open."""
        return None if self.status is RunStatus.OPEN else self.events[-1].at


_STATUS = {
    RunEventKind.REFUSED: RunStatus.REFUSED,
    RunEventKind.STOPPED: RunStatus.STOPPED,
    RunEventKind.ABORTED: RunStatus.ABORTED,
    RunEventKind.FINISHED: RunStatus.FINISHED,
}


@dataclass(frozen=True, kw_only=True)
class MonthClosing:
    """A month was closed, or, with a reason, reopened."""

    month: Month
    closed: bool
    at: datetime
    by: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class WaitingPlan:
    """A plan that the schedule made and that waits for a person's approval."""

    id: str
    month: Month
    digest: str
    made_at: datetime
    changes: int
    blocked: int
    exceeded: int
    price_effect: PriceEffect = field(default_factory=PriceEffect)
