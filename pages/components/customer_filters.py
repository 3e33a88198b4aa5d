"""The chips above the grid of customers: which are shown, and how many there are of each.

They look at what is saved, so that a row does not vanish under the hand that edits it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from enum import StrEnum

from core.domain.models import BillingType, CustomerRow, CustomerState
from core.errors import Message
from pages.components.language import _


class Show(StrEnum):
    """What a chip shows."""

    ALL = "all"
    TODO = "todo"
    MAPPED = "mapped"
    UNMAPPED = "unmapped"
    ON = "on"
    OFF = "off"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    NOT_SYNCABLE = "not_syncable"
    UNSAVED = "unsaved"


def needs_work(row: CustomerRow) -> bool:
    """Whether a person has to do something, so that this customer is billed as meant."""
    if row.state is CustomerState.BLOCKED or _failed(row):
        return True
    if row.state is not CustomerState.UNMAPPED:
        return False
    # What Sophos does not list is known from usage, so it has some.
    return row.mapping.sync or row.customer.billing_type in (BillingType.USAGE, "")


def _failed(row: CustomerRow) -> bool:
    return row.last_sync is not None and row.last_sync.failed > 0


def _succeeded(row: CustomerRow) -> bool:
    return row.last_sync is not None and row.last_sync.failed == 0


_TESTS: dict[Show, Callable[[CustomerRow], bool]] = {
    Show.ALL: lambda row: True,  # noqa: ARG005 - one signature for all
    Show.TODO: needs_work,
    Show.MAPPED: lambda row: row.mapping.agreement_id is not None,
    Show.UNMAPPED: lambda row: row.mapping.agreement_id is None,
    Show.ON: lambda row: row.mapping.sync,
    Show.OFF: lambda row: not row.mapping.sync,
    Show.SUCCEEDED: _succeeded,
    Show.FAILED: _failed,
    Show.NOT_SYNCABLE: lambda row: row.reason is not None,
}


def matching(rows: Sequence[CustomerRow], show: Show, staged: Collection[str]) -> list[CustomerRow]:
    """The rows that a chip shows; `staged` are the customers with unsaved edits."""
    if show is Show.UNSAVED:
        return [row for row in rows if row.mapping.customer_id in staged]
    return [row for row in rows if _TESTS[show](row)]


def counts(rows: Sequence[CustomerRow], staged: Collection[str]) -> dict[Show, int]:
    """How many rows each chip would show."""
    return {show: len(matching(rows, show, staged)) for show in Show}


def chip_names() -> dict[Show, str]:
    """The words of the chips."""
    return {
        Show.ALL: _("All"),
        Show.TODO: _("To do"),
        Show.MAPPED: _("Mapped"),
        Show.UNMAPPED: _("Unmapped"),
        Show.ON: _("On"),
        Show.OFF: _("Off"),
        Show.SUCCEEDED: _("Succeeded"),
        Show.FAILED: _("Failed"),
        Show.NOT_SYNCABLE: _("Not syncable"),
        Show.UNSAVED: _("Unsaved"),
    }


def reasons(rows: Sequence[CustomerRow]) -> list[tuple[Message, int]]:
    """Why customers cannot sync, and how many each time, most first; names are left out."""
    found = Counter(_without_names(row.reason) for row in rows if row.reason is not None)
    return sorted(found.items(), key=lambda item: (-item[1], item[0].template))


def _without_names(reason: Message) -> Message:
    return replace(reason, facts=tuple((name, "…") for name, _value in reason.facts))
