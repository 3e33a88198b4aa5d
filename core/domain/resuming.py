"""What to do about one change whose call may have happened: do it, count it as done, or refuse.

The same question comes up after a lost answer and when a run goes on after a crash or a stop. Only
what ConnectWise holds now decides. A change that was never announced in the journal cannot be the
run's own, so finding it there means that somebody else made it: an undo must not take it back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum, auto

from core.domain.addition_days import is_open
from core.domain.models import Addition, Change, ChangeKind
from core.domain.quantity import plain
from core.errors import Message, message, plural_message


class Verdict(Enum):
    """DO: what the plan found is still so. DONE: what it wanted is there, by this run's own call.
    REFUSE: neither; somebody changed it since."""

    DO = auto()
    DONE = auto()
    REFUSE = auto()


@dataclass(frozen=True)
class Decision:
    """`addition_id` is set for DONE; `text` and `remedy` say why, for REFUSE."""

    verdict: Verdict
    addition_id: int | None = None
    text: Message | None = None
    remedy: Message | None = None


@dataclass(frozen=True)
class _Case:
    change: Change
    additions: Sequence[Addition]
    announced: bool
    today: date


def decide(
    change: Change, additions: Iterable[Addition], *, announced: bool, today: date
) -> Decision:
    """Compare a change of an addition with the additions that its agreement has now.

    `announced`: its call was announced in the journal, so it may have happened. A change for a
    product that the run created itself carries that product's id in `product_id`.
    """
    case = _Case(change, sorted(additions, key=lambda each: each.id), announced, today)
    return _RULES[change.kind](case)


def _quantity(case: _Case) -> Decision:
    found = _kept(case)
    if isinstance(found, Decision):
        return found
    before, after = case.change.before, case.change.after
    if found.quantity == after and (case.announced or before == after):
        return Decision(Verdict.DONE, found.id)
    if found.quantity == before:
        return _DO
    return _changed(found, case.change)


def _cancellation(case: _Case) -> Decision:
    wanted = case.change.cancelled_date
    cancelled = _existing(case)
    if case.announced and cancelled is not None and cancelled.cancelled_date == wanted:
        return Decision(Verdict.DONE, cancelled.id)
    found = _kept(case)
    if isinstance(found, Decision):
        return found
    return _DO if found.quantity == case.change.before else _changed(found, case.change)


def _undone_creation(case: _Case) -> Decision:
    """To 0 and cancelled from its first day, in one call."""
    change, found = case.change, _existing(case)
    if case.announced and found is not None and _has(found, change.after, change.cancelled_date):
        return Decision(Verdict.DONE, found.id)
    kept = _kept(case)
    if isinstance(kept, Decision):
        return kept
    if _has(kept, change.before, change.cancelled_before):
        return _DO
    return _changed(kept, change)


def _reopening(case: _Case) -> Decision:
    """Not cancelled any more, or later, with the quantity of before."""
    change, found = case.change, _existing(case)
    if found is None:
        return _refused(message("The addition no longer exists in ConnectWise."))
    if case.announced and _has(found, change.after, change.cancelled_date):
        return Decision(Verdict.DONE, found.id)
    if _has(found, change.before, change.cancelled_before):
        return _DO
    return _changed(found, change)


def _has(addition: Addition, quantity: Decimal | None, cancelled: date | None) -> bool:
    return addition.quantity == quantity and addition.cancelled_date == cancelled


def _creation(case: _Case) -> Decision:
    change = case.change
    product_id = change.product_id or change.target.product_id
    new = [
        addition
        for addition in case.additions
        if addition.product.id == product_id and addition.id not in change.known_ids
    ]
    if not new:
        return _DO
    if len(new) == 1 and case.announced and _is_the_one(new[0], change):
        return Decision(Verdict.DONE, new[0].id)
    return _somebody_added(new)


def _is_the_one(addition: Addition, change: Change) -> bool:
    return (
        addition.cancelled_date is None
        and addition.quantity == change.after
        and addition.effective_date == change.effective_date
    )


_DO = Decision(Verdict.DO)
_RULES: Mapping[ChangeKind, Callable[[_Case], Decision]] = {
    ChangeKind.SET_QUANTITY: _quantity,
    ChangeKind.ZERO: _quantity,
    ChangeKind.ADOPT_ADDITION: _quantity,
    ChangeKind.CANCEL: _cancellation,
    ChangeKind.CREATE_ADDITION: _creation,
    ChangeKind.UNBIND: _quantity,
    ChangeKind.UNDO_CREATE: _undone_creation,
    ChangeKind.UNDO_CANCEL: _reopening,
}


# ---------------------------------------------------------------- what is there


def _existing(case: _Case) -> Addition | None:
    """The addition that the change is about, as long as it is still of that product."""
    wanted = case.change
    return next(
        (
            addition
            for addition in case.additions
            if addition.id == wanted.addition_id and addition.product.id == wanted.target.product_id
        ),
        None,
    )


def _kept(case: _Case) -> Addition | Decision:
    found = _existing(case)
    if found is None:
        return _refused(message("The addition no longer exists in ConnectWise."))
    if not is_open(found, case.today):
        return _refused(message("The addition was cancelled in ConnectWise since the plan."))
    return found


def _changed(found: Addition, change: Change) -> Decision:
    return _refused(
        message(
            "Somebody changed the quantity in ConnectWise since the plan: it was {before}, and it "
            "is {now}.",
            before=plain(change.before) if change.before is not None else "-",
            now=plain(found.quantity),
        )
    )


def _somebody_added(new: Sequence[Addition]) -> Decision:
    return _refused(
        plural_message(
            "The agreement has a new addition of this product since the plan ({ids}).",
            "The agreement has {count} new additions of this product since the plan ({ids}).",
            len(new),
            ids=", ".join(str(addition.id) for addition in new),
        ),
        message(
            "Look in ConnectWise who added it. Cancel what is too much, then make the plan again."
        ),
    )


def _refused(text: Message, remedy: Message | None = None) -> Decision:
    again = message("Nothing was written over it. Make the plan again.")
    return Decision(Verdict.REFUSE, text=text, remedy=remedy or again)
