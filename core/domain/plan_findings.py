"""What a plan says of additions that it does not write, each with the remedy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.domain.models import Addition, Binding, Finding, FindingKind, Part, Target
from core.domain.month import Month
from core.domain.plan_inputs import PlanInputs
from core.domain.quantity import RuleProblem
from core.errors import Message, message

_ZERO = Decimal(0)


@dataclass(frozen=True)
class Wanted:
    """One target with the quantity that it shall have. `used`: whether there is usage."""

    target: Target
    quantity: Decimal
    used: bool
    customers: tuple[str, ...]
    parts: tuple[Part, ...]
    steps: tuple[Message, ...]


def place_names(target: Target, inputs: PlanInputs) -> dict[str, str]:
    """`product` and `agreement` for a sentence."""
    if target.product_id:
        product = inputs.product_name(target.product_id)
    else:
        product = inputs.sophos_name(target.product_code)
    return {"product": product, "agreement": inputs.agreement_name(target.agreement_id)}


def only_customer(wanted: Wanted) -> str:
    """The customer that a target is for; empty where it is for several."""
    return wanted.customers[0] if len(wanted.customers) == 1 else ""


def ambiguous(wanted: Wanted, found: Sequence[Addition], inputs: PlanInputs) -> Finding:
    """Several open additions, none of them bound."""
    return Finding(
        kind=FindingKind.AMBIGUOUS_ADDITION,
        blocks=True,
        target=wanted.target,
        customer_id=only_customer(wanted),
        addition_ids=tuple(sorted(addition.id for addition in found)),
        quantity=wanted.quantity,
        text=message(
            "{agreement} has {count} open additions of {product}: which one to keep is not clear.",
            count=len(found),
            **place_names(wanted.target, inputs),
        ),
        remedy=message("Cancel all but one of them in ConnectWise, then make the plan again."),
    )


def duplicate(
    wanted: Wanted, kept: Addition, others: tuple[int, ...], inputs: PlanInputs
) -> Finding:
    """Open additions beside the bound one."""
    return Finding(
        kind=FindingKind.DUPLICATE_ADDITION,
        blocks=False,
        target=wanted.target,
        customer_id=only_customer(wanted),
        addition_ids=(kept.id, *sorted(others)),
        text=message(
            "{agreement} has more open additions of {product} than the one that sync keeps.",
            **place_names(wanted.target, inputs),
        ),
        remedy=message("Look in ConnectWise whether the customer is billed twice."),
    )


def without_usage(wanted: Wanted, found: Sequence[Addition], inputs: PlanInputs) -> Finding:
    """Additions that sync never bound, without usage."""
    return Finding(
        kind=FindingKind.UNBOUND_WITHOUT_USAGE,
        blocks=False,
        target=wanted.target,
        customer_id=only_customer(wanted),
        addition_ids=tuple(sorted(addition.id for addition in found)),
        quantity=sum((addition.quantity for addition in found), _ZERO),
        text=message(
            "{agreement} bills {product}, which sync never kept, and there is no usage.",
            **place_names(wanted.target, inputs),
        ),
        remedy=message("Look in ConnectWise whether it shall still be billed; sync leaves it."),
    )


def bound_addition_gone(
    wanted: Wanted, additions: Sequence[Addition], binding: Binding, inputs: PlanInputs
) -> Finding:
    """The bound addition was deleted or cancelled in ConnectWise."""
    cancelled = any(addition.id == binding.addition_id for addition in additions)
    place = place_names(wanted.target, inputs)
    text = (
        message("The addition of {product} on {agreement} was cancelled.", **place)
        if cancelled
        else message("The addition of {product} on {agreement} was deleted.", **place)
    )
    return Finding(
        kind=FindingKind.BOUND_ADDITION_GONE,
        blocks=True,
        target=wanted.target,
        customer_id=only_customer(wanted),
        addition_ids=(binding.addition_id,),
        quantity=wanted.quantity,
        text=text,
        remedy=message("If it shall be billed again, choose to create it anew."),
    )


def newer_month(wanted: Wanted, kept: Addition, binding: Binding, inputs: PlanInputs) -> Finding:
    """The addition carries a newer month than the one that is planned."""
    return Finding(
        kind=FindingKind.NEWER_MONTH,
        blocks=True,
        target=wanted.target,
        customer_id=only_customer(wanted),
        addition_ids=(kept.id,),
        quantity=wanted.quantity,
        text=message(
            "{product} on {agreement} carries the usage of {month} already.",
            month=str(binding.month),
            **place_names(wanted.target, inputs),
        ),
        remedy=message("Sync that month, or give a reason for pushing an older one."),
    )


def newer_agreement(wanted: Wanted, newest: Month, inputs: PlanInputs) -> Finding:
    """The agreement was synced for a newer month, in which the product was not billed."""
    return Finding(
        kind=FindingKind.NEWER_MONTH,
        blocks=True,
        target=wanted.target,
        customer_id=only_customer(wanted),
        quantity=wanted.quantity,
        text=message(
            "{agreement} carries {newest} already: {product} for {month} would be billed from then "
            "on as well.",
            newest=str(newest),
            month=str(inputs.month),
            **place_names(wanted.target, inputs),
        ),
        remedy=message("Sync that month, or give a reason for pushing an older one."),
    )


def carries_one_off(
    wanted: Wanted, kept: Addition, customer_id: str, inputs: PlanInputs
) -> Finding:
    """The addition bills a customer too whose sync is off: it is left as it is."""
    return Finding(
        kind=FindingKind.CUSTOMER_OFF,
        blocks=True,
        target=wanted.target,
        customer_id=customer_id,
        addition_ids=(kept.id,),
        quantity=wanted.quantity,
        text=message(
            "{product} on {agreement} bills {customer} as well, whose sync is off: it stays as it "
            "is.",
            customer=inputs.customer_name(customer_id),
            **place_names(wanted.target, inputs),
        ),
        remedy=message(
            "Turn that sync on, or map the customer to another agreement or to none, if it shall "
            "not be billed here."
        ),
    )


def left_as_it_is(wanted: Wanted, kept: Addition, inputs: PlanInputs) -> Finding:
    """Usage is gone, and the settings leave the addition."""
    return Finding(
        kind=FindingKind.ZERO_LEFT,
        blocks=False,
        target=wanted.target,
        customer_id=only_customer(wanted),
        addition_ids=(kept.id,),
        quantity=kept.quantity,
        text=message(
            "The usage of {product} on {agreement} is gone; the settings say to leave it.",
            **place_names(wanted.target, inputs),
        ),
        remedy=message("Change the addition in ConnectWise if it shall not be billed."),
    )


def ended_later(wanted: Wanted, day: date, inputs: PlanInputs) -> Finding:
    """An addition that has ended covered the month."""
    return Finding(
        kind=FindingKind.ENDED_LATER,
        blocks=True,
        target=wanted.target,
        customer_id=only_customer(wanted),
        quantity=wanted.quantity,
        text=message(
            "{agreement} was billed {product} until {day} by an addition that has ended: a new one "
            "for {month} would bill it twice.",
            day=day,
            month=str(inputs.month),
            **place_names(wanted.target, inputs),
        ),
        remedy=message("Sync a later month; correct this one in ConnectWise if it was not right."),
    )


def begins_later(wanted: Wanted, found: Addition, day: date, inputs: PlanInputs) -> Finding:
    """The addition that is adopted begins after the month, and after the day of a new one."""
    return Finding(
        kind=FindingKind.BEGINS_LATER,
        blocks=False,
        target=wanted.target,
        customer_id=only_customer(wanted),
        addition_ids=(found.id,),
        quantity=wanted.quantity,
        text=message(
            "{product} on {agreement} begins on {begins}: nothing is billed for the time before, "
            "from {day} on.",
            begins=found.effective_date or day,
            day=day,
            **place_names(wanted.target, inputs),
        ),
        remedy=message(
            "Change its first day in ConnectWise if {month} has to be billed.",
            month=str(inputs.month),
        ),
    )


def rule_problem(
    problem: RuleProblem, target: Target, customer_id: str, inputs: PlanInputs
) -> Finding:
    """No quantity follows from the rules."""
    product = place_names(target, inputs)["product"]
    if problem is RuleProblem.DRIVER_MISSING:
        kind = FindingKind.DRIVER_MISSING
        text = message(
            "The product that leads the bundle {product} is not mapped to it, or its sync is off.",
            product=product,
        )
        remedy = message("Choose another leading product, or another way to combine.")
    elif problem is RuleProblem.BASIS_UNSAID:
        kind = FindingKind.BASIS_UNSAID
        text = message(
            "The usage of {customer} does not say the quantity that {product} is billed by.",
            customer=inputs.customer_name(customer_id),
            product=product,
        )
        remedy = message(
            "Fetch the month, or choose a file with that quantity; or bill the billable one."
        )
    else:
        kind = FindingKind.RULES_DIFFER
        text = message(
            "The Sophos products of {product} have different quantity rules for {customer}.",
            product=product,
            customer=inputs.customer_name(customer_id),
        )
        remedy = message("Give all of them the same rule: only the basis may differ.")
    return Finding(
        kind=kind, blocks=True, target=target, customer_id=customer_id, text=text, remedy=remedy
    )


def negative(target: Target, total: Decimal, inputs: PlanInputs) -> Finding:
    """The usage lines add up to less than nothing."""
    return Finding(
        kind=FindingKind.NEGATIVE_QUANTITY,
        blocks=True,
        target=target,
        quantity=total,
        text=message(
            "The quantity of {product} on {agreement} would be negative.",
            **place_names(target, inputs),
        ),
        remedy=message("Look at the usage lines of the month."),
    )
