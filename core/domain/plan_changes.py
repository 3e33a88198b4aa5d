"""The changes of additions that a plan is made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from core.domain.addition_days import ended_on
from core.domain.carried import carried_by
from core.domain.effective_date import effective_date
from core.domain.models import Addition, Binding, Change, ChangeKind
from core.domain.month import Month
from core.domain.plan_findings import Wanted
from core.domain.plan_inputs import PlanInputs
from core.errors import message


def existing_change(
    kind: ChangeKind,
    wanted: Wanted,
    addition: Addition,
    inputs: PlanInputs,
    binding: Binding | None = None,
) -> Change:
    """What happens to an addition that is there: its quantity is set, to the same one perhaps."""
    return Change(
        kind=kind,
        target=wanted.target,
        customer_ids=wanted.customers,
        addition_id=addition.id,
        before=addition.quantity,
        after=wanted.quantity,
        unit_price=addition.unit_price,
        month_before=binding.month if binding else None,
        month_after=_month_after(kind, inputs, binding),
        carries=carried_by(wanted.parts),
        carried=binding.carries if binding else (),
        parts=wanted.parts,
        steps=wanted.steps,
    )


def _month_after(kind: ChangeKind, inputs: PlanInputs, binding: Binding | None) -> Month:
    """What is found done says nothing against the newer month that put it there."""
    if kind is ChangeKind.NOTHING and binding is not None:
        return max(inputs.month, binding.month)
    return inputs.month


def create_change(wanted: Wanted, additions: Sequence[Addition], inputs: PlanInputs) -> Change:
    """A new addition, beside `additions` of the product on the agreement: it begins after all that
    have ended."""
    day, why = effective_date(inputs.month, inputs.agreements[wanted.target.agreement_id])
    ended = ended_on(additions, inputs.today)
    if ended is not None and ended >= day:
        day, why = ended + timedelta(days=1), message("The day after the addition before it ended.")
    entry = (inputs.catalog or {}).get(wanted.target.product_id)
    return Change(
        kind=ChangeKind.CREATE_ADDITION,
        target=wanted.target,
        customer_ids=wanted.customers,
        after=wanted.quantity,
        effective_date=day,
        date_reason=why,
        known_ids=tuple(sorted(addition.id for addition in additions)),
        unit_price=entry.price if entry else None,
        month_after=inputs.month,
        carries=carried_by(wanted.parts),
        parts=wanted.parts,
        steps=wanted.steps,
    )


def cancel_change(wanted: Wanted, kept: Addition, binding: Binding, inputs: PlanInputs) -> Change:
    """Billed until the end of the month before, or for its first day if it began later."""
    last = inputs.month.first_day - timedelta(days=1)
    if kept.effective_date is not None:
        last = max(last, kept.effective_date)
    return Change(
        kind=ChangeKind.CANCEL,
        target=wanted.target,
        customer_ids=wanted.customers,
        addition_id=kept.id,
        before=kept.quantity,
        after=Decimal(0),
        cancelled_before=kept.cancelled_date,
        cancelled_date=last,
        known_ids=tuple(
            sorted(
                each.id
                for each in inputs.additions[kept.agreement_id]
                if each.product.id == kept.product.id
            )
        ),
        unit_price=kept.unit_price,
        month_before=binding.month,
        carried=binding.carries,
        parts=wanted.parts,
        steps=wanted.steps,
    )
