"""What a plan says of usage that goes from one addition to another, each with the remedy."""

from __future__ import annotations

from decimal import Decimal

from core.domain.carried import carried_parts
from core.domain.models import Addition, Binding, Change, Finding, FindingKind, Target
from core.domain.plan_findings import Wanted, only_customer, place_names
from core.domain.plan_inputs import PlanInputs
from core.errors import message

_ZERO = Decimal(0)


def waits_for_another(wanted: Wanted, kept: Addition, inputs: PlanInputs) -> Finding:
    """Nothing is mapped to the product, and its successor is not billed yet."""
    return Finding(
        kind=FindingKind.ORPHANED_ADDITION,
        blocks=False,
        target=wanted.target,
        addition_ids=(kept.id,),
        quantity=kept.quantity,
        text=message(
            "Nothing is mapped to {product} any more; it stays on {agreement} until the row that "
            "was mapped anew resumes.",
            **place_names(wanted.target, inputs),
        ),
        remedy=message("Fetch the usage again, then make the plan again."),
    )


def waits_for_agreement(wanted: Wanted, kept: Addition, inputs: PlanInputs) -> Finding:
    """Its customers are on another agreement, which does not bill the product yet."""
    return Finding(
        kind=FindingKind.ORPHANED_ADDITION,
        blocks=False,
        target=wanted.target,
        customer_id=only_customer(wanted),
        addition_ids=(kept.id,),
        quantity=kept.quantity,
        text=message(
            "{product} stays on {agreement}, whose customers were moved, until their new agreement "
            "bills it.",
            **place_names(wanted.target, inputs),
        ),
        remedy=message("Solve what keeps it from the new agreement, then make the plan again."),
    )


def billed_elsewhere(change: Change, other: Binding, inputs: PlanInputs) -> Finding:
    """Another addition still bills some of the usage, and this plan does not lower it."""
    there = place_names(Target(other.agreement_id, other.product_id), inputs)
    return Finding(
        kind=FindingKind.BILLED_ELSEWHERE,
        blocks=True,
        target=change.target,
        customer_id=change.only_customer,
        addition_ids=(other.addition_id,),
        quantity=change.after or _ZERO,
        text=message(
            "{product} on {agreement} would bill usage that {other_product} on {other_agreement} "
            "still bills, and sync leaves that one as it is.",
            other_product=there["product"],
            other_agreement=there["agreement"],
            **place_names(change.target, inputs),
        ),
        remedy=message(
            "See why that addition is left: a switch that is off, another finding, or a row that "
            "is left out. Or change its quantity in ConnectWise; then make the plan again."
        ),
    )


def billed_twice(key: str, change: Change, other: Binding, inputs: PlanInputs) -> Finding:
    """Usage is billed where it should be, and by another addition that sync leaves."""
    customer_id, code = carried_parts(key)
    target = Target(other.agreement_id, other.product_id)
    here = place_names(change.target, inputs)
    return Finding(
        kind=FindingKind.BILLED_ELSEWHERE,
        blocks=True,
        target=target,
        customer_id=customer_id,
        product_code=code,
        addition_ids=(other.addition_id,),
        quantity=other.quantity,
        text=message(
            "{sophos} of {customer} is billed as {product} on {agreement}, and as {other_product} "
            "on {other_agreement} still.",
            sophos=inputs.sophos_name(code),
            customer=inputs.customer_name(customer_id),
            other_product=place_names(target, inputs)["product"],
            other_agreement=place_names(target, inputs)["agreement"],
            **here,
        ),
        remedy=message(
            "See why sync leaves the second one: a switch that is off, or another finding. Or "
            "change its quantity in ConnectWise; then make the plan again."
        ),
    )


def billed_before(change: Change, other: Binding, inputs: PlanInputs) -> Finding:
    """An addition that has ended since billed some of the usage for this month."""
    there = place_names(Target(other.agreement_id, other.product_id), inputs)
    return Finding(
        kind=FindingKind.ENDED_LATER,
        blocks=True,
        target=change.target,
        customer_id=change.only_customer,
        addition_ids=(other.addition_id,),
        quantity=change.after or _ZERO,
        text=message(
            "{product} on {agreement} would bill usage of {month} that {other_product} on "
            "{other_agreement}, which has ended since, billed already.",
            other_product=there["product"],
            other_agreement=there["agreement"],
            month=str(inputs.month),
            **place_names(change.target, inputs),
        ),
        remedy=message("Sync a later month; correct this one in ConnectWise if it was not right."),
    )


def not_billed_yet(change: Change, key: str, inputs: PlanInputs) -> Finding:
    """The addition carries usage that nothing else comes to bill by this plan."""
    customer_id, code = carried_parts(key)
    return Finding(
        kind=FindingKind.NOT_BILLED_YET,
        blocks=True,
        target=change.target,
        customer_id=customer_id,
        product_code=code,
        addition_ids=() if change.addition_id is None else (change.addition_id,),
        quantity=change.before or _ZERO,
        text=message(
            "{product} on {agreement} stays: it bills {sophos} of {customer}, and by this plan "
            "nothing else does.",
            sophos=inputs.sophos_name(code),
            customer=inputs.customer_name(customer_id),
            **place_names(change.target, inputs),
        ),
        remedy=message("Solve what keeps that usage from its new place, then make the plan again."),
    )
