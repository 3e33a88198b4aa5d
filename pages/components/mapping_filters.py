"""The chips above the grid: which rows are shown, and how many there are of each.

They look at what is saved, so that a row does not vanish under the hand that edits it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from enum import StrEnum

from core.domain.models import MappingRow, MappingState
from pages.components.language import _


class Show(StrEnum):
    """What a chip shows."""

    ALL = "all"
    TODO = "todo"
    MAPPED = "mapped"
    UNMAPPED = "unmapped"
    ON = "on"
    OFF = "off"
    STOPPED = "stopped"
    BROKEN = "broken"
    FIREWALL = "firewall"
    UNSAVED = "unsaved"


_NEEDS_WORK = frozenset({MappingState.UNMAPPED, MappingState.STOPPED, MappingState.BROKEN})

_TESTS: dict[Show, Callable[[MappingRow], bool]] = {
    Show.ALL: lambda row: True,  # noqa: ARG005 - one signature for all
    Show.TODO: lambda row: row.mapping.state in _NEEDS_WORK,
    Show.MAPPED: lambda row: row.mapping.connectwise_product_id is not None,
    Show.UNMAPPED: lambda row: row.mapping.connectwise_product_id is None,
    Show.ON: lambda row: row.mapping.sync,
    Show.OFF: lambda row: not row.mapping.sync,
    Show.STOPPED: lambda row: row.mapping.state is MappingState.STOPPED,
    Show.BROKEN: lambda row: row.mapping.state is MappingState.BROKEN,
    Show.FIREWALL: lambda row: row.is_firewall,
}


def matching(rows: Sequence[MappingRow], show: Show, staged: Collection[str]) -> list[MappingRow]:
    """The rows that a chip shows; `staged` are the codes with unsaved edits."""
    if show is Show.UNSAVED:
        return [row for row in rows if row.mapping.product_code in staged]
    return [row for row in rows if _TESTS[show](row)]


def counts(rows: Sequence[MappingRow], staged: Collection[str]) -> dict[Show, int]:
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
        Show.STOPPED: _("Stopped"),
        Show.BROKEN: _("Broken"),
        Show.FIREWALL: _("Firewall"),
        Show.UNSAVED: _("Unsaved"),
    }
