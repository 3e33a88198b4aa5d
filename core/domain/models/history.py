"""What was done over all runs, and what is looked for in it."""

from __future__ import annotations

from dataclasses import dataclass

from core.domain.models.runs import Outcome, RunChange
from core.domain.month import Month


@dataclass(frozen=True, kw_only=True)
class PastChange:
    """One change with the run that it belongs to."""

    run_id: str
    run: int
    month: Month
    by: str
    row: RunChange


@dataclass(frozen=True, kw_only=True)
class ChangeFilter:
    """What narrows the changes of all runs; empty values do not.

    `product` is a ConnectWise product's id or a Sophos product's code; every word of `text` has to
    be in what the change says of itself.
    """

    run_id: str = ""
    month: Month | None = None
    customer_id: str = ""
    product: str = ""
    by: str = ""
    outcome: Outcome | None = None
    addition_id: int | None = None
    text: str = ""
