"""Customers: which ConnectWise company and agreement a Sophos tenant is billed on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.domain.models.connectwise import Agreement, Company
from core.domain.models.sophos import Tenant
from core.domain.month import Month
from core.errors import Message


class CustomerState(StrEnum):
    """What follows from a customer mapping and from what ConnectWise says of it.

    unmapped  no company or no agreement
    blocked   the company is deleted, or the agreement is not active
    active    sync is on
    off       sync is off
    """

    UNMAPPED = "unmapped"
    BLOCKED = "blocked"
    ACTIVE = "active"
    OFF = "off"


@dataclass(frozen=True, kw_only=True)
class CustomerMapping:
    """Customer -> ConnectWise company and one of its agreements, with a sync switch.

    `customer_id` is the Sophos tenant id. `version` grows by one with each save, 0: never saved.
    """

    customer_id: str
    company_id: int | None = None
    agreement_id: int | None = None
    sync: bool = False
    since: datetime
    version: int = 0


@dataclass(frozen=True, kw_only=True)
class CustomerHistoryEntry:
    """One changed field of one customer mapping; `old` and `new` are plain text."""

    id: str
    customer_id: str
    at: datetime
    by: str
    origin: str
    field: str
    old: str
    new: str


@dataclass(frozen=True)
class CustomerSuggestion:
    """A company that a customer may map to; `agreement_id` when it has exactly one active one.

    `score` is 0 to 100.
    """

    company_id: int
    agreement_id: int | None
    score: int
    reason: Message


@dataclass(frozen=True, kw_only=True)
class CustomerSync:
    """What the last run that touched a customer did for it."""

    run_id: str
    month: Month
    at: datetime
    done: int
    failed: int


@dataclass(frozen=True, kw_only=True)
class CustomerRow:
    """One line of the customers grid.

    `listed` is False for a customer that is only known from usage lines. `agreements` are the
    active ones of the mapped company. `reason` says why a customer is blocked or cannot sync.
    """

    customer: Tenant
    listed: bool
    mapping: CustomerMapping
    company: Company | None
    agreement: Agreement | None
    agreements: tuple[Agreement, ...]
    state: CustomerState
    reason: Message | None
    suggestion: CustomerSuggestion | None
    last_sync: CustomerSync | None
    shared_with: tuple[str, ...] = ()
