"""Limits that stop a dangerous plan before its first write, held against the whole of it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from core.domain.models import Change, ChangeKind, LimitCheck, LimitKind, PlanLimits
from core.domain.quantity import plain
from core.errors import message, plural_message

_ZERO = Decimal(0)
_PRODUCTS = frozenset({ChangeKind.CREATE_PRODUCT})


def check_limits(
    changes: Sequence[Change], existing: int, limits: PlanLimits
) -> tuple[LimitCheck, ...]:
    """Every limit, exceeded or not. `existing` counts the additions that the plan looked after,
    changed or not."""
    return (
        _changed_share(changes, existing, limits),
        _drops(changes, limits),
        _jumps(changes, limits),
        _quantities(changes, limits),
        _new_products(changes, limits),
    )


def alters(change: Change) -> bool:
    """Whether an addition that exists gets another quantity or is cancelled."""
    if change.addition_id is None:
        return False
    return change.kind in _CANCELLING or change.before != change.after


_CANCELLING = frozenset({ChangeKind.CANCEL, ChangeKind.UNDO_CREATE})


def _changed_share(changes: Sequence[Change], existing: int, limits: PlanLimits) -> LimitCheck:
    changed = [change for change in changes if alters(change)]
    share = Decimal(len(changed)) / existing if existing else _ZERO
    return LimitCheck(
        kind=LimitKind.CHANGED_SHARE,
        number=share,
        limit=limits.changed_share,
        exceeded=existing >= limits.changed_share_floor and share > limits.changed_share,
        text=message(
            "{changed} of {existing} additions change ({share} %); {limit} % may.",
            changed=len(changed),
            existing=existing,
            share=_percent(share),
            limit=_percent(limits.changed_share),
        ),
        remedy=message(
            "Look whether so many changes are right. If they are, approve with a reason; if they "
            "always are, raise the limit in the settings."
        ),
        targets=_keys(changed),
    )


def _drops(changes: Sequence[Change], limits: PlanLimits) -> LimitCheck:
    dropped = [
        change
        for change in changes
        if (change.before or _ZERO) > 0
        and (change.kind in _CANCELLING or (change.after or _ZERO) == 0)
    ]
    return LimitCheck(
        kind=LimitKind.DROPS_TO_ZERO,
        number=Decimal(len(dropped)),
        limit=Decimal(limits.drops_to_zero),
        exceeded=len(dropped) > limits.drops_to_zero,
        text=plural_message(
            "{count} addition drops to zero or is cancelled; {limit} may.",
            "{count} additions drop to zero or are cancelled; {limit} may.",
            len(dropped),
            limit=limits.drops_to_zero,
        ),
        remedy=message(
            "Look whether the usage of these customers is really gone. If it is, approve with a "
            "reason."
        ),
        targets=_keys(dropped),
    )


def _jumps(changes: Sequence[Change], limits: PlanLimits) -> LimitCheck:
    factors = {change.target.key: _factor(change, limits.jump_floor) for change in changes}
    greatest = max(factors.values(), default=_ZERO)
    jumped = tuple(sorted(key for key, factor in factors.items() if factor > limits.jump_factor))
    return LimitCheck(
        kind=LimitKind.JUMP,
        number=greatest,
        limit=limits.jump_factor,
        exceeded=bool(jumped),
        text=plural_message(
            "{count} quantity changes by more than the factor {limit}.",
            "{count} quantities change by more than the factor {limit}.",
            len(jumped),
            limit=plain(limits.jump_factor),
        ),
        remedy=message(
            "Look at the usage lines of these rows. If the quantities are right, approve with a "
            "reason; otherwise exclude the rows."
        ),
        targets=jumped,
    )


def _factor(change: Change, floor: Decimal) -> Decimal:
    """By which factor a quantity grows or shrinks; 0 for what is new, goes to zero or is small."""
    before, after = change.before or _ZERO, change.after or _ZERO
    if before <= 0 or after <= 0 or max(before, after) < floor:
        return _ZERO
    return max(before, after) / min(before, after)


def _quantities(changes: Sequence[Change], limits: PlanLimits) -> LimitCheck:
    large = [change for change in changes if (change.after or _ZERO) > limits.quantity]
    greatest = max((change.after or _ZERO for change in changes), default=_ZERO)
    return LimitCheck(
        kind=LimitKind.QUANTITY,
        number=greatest,
        limit=limits.quantity,
        exceeded=bool(large),
        text=plural_message(
            "{count} quantity is above {limit}; the greatest is {greatest}.",
            "{count} quantities are above {limit}; the greatest is {greatest}.",
            len(large),
            limit=plain(limits.quantity),
            greatest=plain(greatest),
        ),
        remedy=message(
            "Look at the usage lines and the multiplier of these rows. If they are right, approve "
            "with a reason or raise the limit in the settings."
        ),
        targets=_keys(large),
    )


def _new_products(changes: Sequence[Change], limits: PlanLimits) -> LimitCheck:
    new = [change for change in changes if change.kind in _PRODUCTS]
    return LimitCheck(
        kind=LimitKind.NEW_PRODUCTS,
        number=Decimal(len(new)),
        limit=Decimal(limits.new_products),
        exceeded=len(new) > limits.new_products,
        text=plural_message(
            "{count} product is created in ConnectWise; {limit} may.",
            "{count} products are created in ConnectWise; {limit} may.",
            len(new),
            limit=limits.new_products,
        ),
        remedy=message(
            "Map these Sophos products to products that exist, turn their sync off, or approve "
            "with a reason."
        ),
        targets=_keys(new),
    )


def _percent(share: Decimal) -> Decimal:
    return plain((share * 100).quantize(Decimal("0.1")))


def _keys(changes: Sequence[Change]) -> tuple[str, ...]:
    return tuple(sorted(change.target.key for change in changes))
