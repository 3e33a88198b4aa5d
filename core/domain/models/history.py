"""What was done over all runs, and what is looked for in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from core.domain.models.plans import ChangeKind
from core.domain.models.runs import Outcome, RunChange, RunOrigin
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
class Meaning:
    """What a word that is looked for stands for in the reader's language: kinds of changes, months,
    and sentences, by their templates, that are said with it."""

    kinds: frozenset[ChangeKind] = frozenset()
    months: frozenset[Month] = frozenset()
    sentences: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class ChangeFilter:
    """What narrows the changes of all runs; empty values do not.

    `product` is a ConnectWise product's id or a Sophos product's code. A change is of the moment of
    its outcome, or of the approval while it has none: from `since`, and before `before`. Every word
    of `text` has to be in what the change says of itself, or in what `meanings` says it stands for.
    """

    run_id: str = ""
    month: Month | None = None
    customer_id: str = ""
    product: str = ""
    by: str = ""
    kind: ChangeKind | None = None
    agreement_id: int | None = None
    origin: RunOrigin | None = None
    since: datetime | None = None
    before: datetime | None = None
    outcome: Outcome | None = None
    addition_id: int | None = None
    text: str = ""
    meanings: Mapping[str, Meaning] = field(default_factory=dict)
