"""Usage as we keep it: sums per month, customer and product, and the readings behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from core.domain.models.rules import Basis
from core.domain.month import Month


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Quantity per (month, customer, Sophos product): the sum of its usage lines.

    `account_id` is None for lines without a customer. `cost` is what the vendor charges, None
    where the lines that count do not all say it in one `currency`. `unsaid` are the bases on which
    some of its lines say no quantity, as far as that was asked for.
    """

    month: Month
    account_id: str | None
    product_code: str
    billable: Decimal
    actual: Decimal
    ordered: Decimal
    lines: int
    cost: Decimal | None = None
    currency: str | None = None
    unsaid: frozenset[Basis] = frozenset()


@dataclass(frozen=True, kw_only=True)
class ProductUsage:
    """Usage of one Sophos product in one month over all customers."""

    month: Month
    product_code: str
    billable: Decimal
    customers: int


class FetchStatus(StrEnum):
    """A month is complete, or nothing is decided from it."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"


class FetchSource(StrEnum):
    """Where usage lines came from."""

    API = "api"
    FILE = "file"


@dataclass(frozen=True, kw_only=True)
class UsageFetch:
    """One reading of one month. `content_hash` is SHA-256 over the sorted lines."""

    id: str
    month: Month
    source: FetchSource
    status: FetchStatus
    started_at: datetime
    finished_at: datetime
    line_count: int
    content_hash: str
    error: str = ""
    fetched_by: str = ""
