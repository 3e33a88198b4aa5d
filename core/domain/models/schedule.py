"""When sync happens by itself, and what it may do."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from core.domain.month import Month
from core.errors import Message


class Frequency(StrEnum):
    """How often usage is pushed.

    INVOICE: with the Sophos monthly invoice, when the month is over. MONTHLY: once a month on a
    chosen day, the last complete month. DAILY: every day, the month in progress, and the last
    complete month once more when a new one has begun.
    """

    INVOICE = "invoice"
    MONTHLY = "monthly"
    DAILY = "daily"


class UsageGone(StrEnum):
    """What becomes of a bound addition whose usage is gone."""

    ZERO = "zero"
    CANCEL = "cancel"
    LEAVE = "leave"


@dataclass(frozen=True)
class PlanLimits:
    """What a plan may do without an override.

    `changed_share` (0 to 1) of the existing additions, from `changed_share_floor` of them on;
    `drops_to_zero` of them; a quantity may change by `jump_factor` where the larger of old and
    new is at least `jump_floor`; no quantity over `quantity`; `new_products` at most.
    """

    changed_share: Decimal = Decimal("0.30")
    changed_share_floor: int = 10
    drops_to_zero: int = 10
    jump_factor: Decimal = Decimal(3)
    jump_floor: Decimal = Decimal(10)
    quantity: Decimal = Decimal(10_000)
    new_products: int = 10


@dataclass(frozen=True)
class SyncSettings:
    """`day` (29 to 31: the last day of shorter months) is for MONTHLY; `hour` (0 to 23) is in
    `time_zone`, an IANA name, UTC where empty.

    `scheduled` False: nothing happens by itself. `apply_unattended`: a scheduled plan that breaks
    no limit and has nothing blocked is applied; otherwise it waits for approval.
    """

    scheduled: bool = True
    frequency: Frequency = Frequency.INVOICE
    day: int = 1
    hour: int = 6
    time_zone: str = ""
    apply_unattended: bool = False
    usage_gone: UsageGone = UsageGone.ZERO
    limits: PlanLimits = field(default_factory=PlanLimits)


@dataclass(frozen=True, kw_only=True)
class ScheduledRun:
    """What became of one month when sync was due at `due`; `at` is when that was over."""

    at: datetime
    due: datetime
    month: Month
    result: Message
