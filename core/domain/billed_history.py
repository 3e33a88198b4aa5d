"""What an addition was billed with in an earlier month, as far as runs tell.

An addition has one quantity: that of the newest month that was pushed to it. Before the first push
of a newer month, it had the older month's, with whatever people corrected by then; every run kept
what it found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from core.domain.models import Addition, ChangeKind, Push
from core.domain.month import Month
from core.domain.plan_inputs import PlanInputs

# What ends an addition, and what began one: taken back, it is open again, or it was not there.
_ENDS = frozenset({ChangeKind.CANCEL, ChangeKind.UNDO_CREATE})
_BEGINS = frozenset({ChangeKind.CREATE_ADDITION, ChangeKind.UNDO_CANCEL})


class BilledHistory:
    """The pushes of many additions, taken back as far as a month needs it."""

    def __init__(self, pushes: Iterable[Push]) -> None:
        """`pushes` in the order in which they were made."""
        self._pushes: dict[int, list[Push]] = {}
        for push in pushes:
            self._pushes.setdefault(push.addition_id, []).append(push)

    def since(self, addition_id: int, month: Month) -> Sequence[Push]:
        """What newer months did to an addition since `month` was pushed last, in order."""
        pushes = self._pushes.get(addition_id, [])
        first = len(pushes)
        while first and pushes[first - 1].month > month:
            first -= 1
        return pushes[first:]

    def then(self, addition: Addition, month: Month) -> Addition | None:
        """The addition as it was billed in `month`; None when it was not."""
        newer = self.since(addition.id, month)
        if not newer:
            return addition
        if newer[0].kind in _BEGINS or newer[0].before is None:
            return None
        ended = any(push.kind in _ENDS for push in newer)
        return replace(
            addition,
            quantity=newer[0].before,
            cancelled_date=None if ended else addition.cancelled_date,
        )


def as_billed(
    inputs: PlanInputs, history: BilledHistory
) -> tuple[PlanInputs, Mapping[int, Decimal]]:
    """The inputs with the additions as they were billed in their month, and what those additions
    have today to which a newer month was pushed since."""
    now: dict[int, Decimal] = {}
    found: dict[int, Sequence[Addition]] = {}
    for agreement_id, additions in inputs.additions.items():
        then = [history.then(addition, inputs.month) for addition in additions]
        kept = tuple(addition for addition in then if addition is not None)
        now.update(
            (addition.id, addition.quantity)
            for addition in additions
            if history.since(addition.id, inputs.month)
        )
        found[agreement_id] = kept
    return (replace(inputs, additions=found) if now else inputs), now
