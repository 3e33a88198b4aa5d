"""The additions of an agreement that the reconciliation is about, and what is expected of each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from functools import partial

from core.domain.addition_days import is_open
from core.domain.models import Addition
from core.domain.plan_inputs import PlanInputs
from core.errors import Message, message

_ZERO = Decimal(0)


def open_additions(
    inputs: PlanInputs, agreement_id: int, mapped: Collection[int]
) -> Mapping[int, Sequence[Addition]]:
    """Open additions of mapped or bound products, the bound one of each product first."""
    found: dict[int, list[Addition]] = {}
    bound = inputs.bound_products.get(agreement_id, set())
    for addition in inputs.additions[agreement_id]:
        product_id = addition.product.id
        if product_id not in mapped and product_id not in bound:
            continue
        if _was_billed(addition, inputs):
            found.setdefault(product_id, []).append(addition)
    for product_id, listed in found.items():
        binding = inputs.bindings.get((agreement_id, product_id))
        kept = binding.addition_id if binding else None
        listed.sort(key=partial(_bound_first, kept))
    return found


def _was_billed(addition: Addition, inputs: PlanInputs) -> bool:
    """Whether an addition is billed for the month, or for what is over of it.

    One that sync keeps may begin later, where the month had been invoiced before it was made.
    """
    day = min(inputs.today, inputs.month.last_day)
    begins = addition.effective_date
    began = begins is None or begins <= day or is_bound(inputs, addition)
    return began and is_open(addition, day)


def is_bound(inputs: PlanInputs, addition: Addition) -> bool:
    """Whether sync keeps this addition."""
    binding = inputs.bindings.get((addition.agreement_id, addition.product.id))
    return binding is not None and binding.addition_id == addition.id


def divided(expected: Decimal, additions: Sequence[Addition]) -> tuple[Decimal, ...]:
    """What is expected, divided over several additions of which none is known to be the right one.

    Each takes what it bills, in their order, and the first one what is left over: together they
    differ by what is expected less all that is billed, and never one for the other.
    """
    shares, left = [], expected
    for addition in additions:
        share = min(max(left, _ZERO), addition.quantity)
        shares.append(share)
        left -= share
    return (shares[0] + left, *shares[1:])


def shares_of(
    expected: Decimal | None, additions: Sequence[Addition], *, several: bool
) -> Sequence[Decimal | None]:
    """What is expected of each addition; without any, what is expected."""
    if not several:
        return (expected, *[_ZERO] * (len(additions) - 1))
    return divided(expected, additions) if expected is not None else [None] * len(additions)


def divided_words(
    expected: Decimal | None, share: Decimal | None, additions: Sequence[Addition]
) -> tuple[Message, ...]:
    """What of it is expected of one of several additions; nothing where no quantity follows."""
    if expected is None or share is None:
        return ()
    billed = sum((max(_ZERO, each.quantity - each.less_included) for each in additions), _ZERO)
    return (
        message(
            "{count} additions of this product are open on the agreement and bill {billed} "
            "together. What is expected is divided over them: {share} of {expected} for this one.",
            count=len(additions),
            billed=billed,
            share=share,
            expected=expected,
        ),
    )


def _bound_first(kept: int | None, addition: Addition) -> tuple[bool, int]:
    return (addition.id != kept, addition.id)
