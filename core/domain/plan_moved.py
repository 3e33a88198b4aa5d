"""Customers that were moved to another agreement: what sync kept on the one before is let go.

Otherwise both agreements would bill the same usage. Nothing is let go while the new agreement does
not bill it, or while somebody who was billed on the old one is not billed at all.
"""

from __future__ import annotations

from collections.abc import Set

from core.domain import plan_transfer_findings as findings
from core.domain.plan_additions import AgreementPlan, let_go, usage_waits
from core.domain.plan_choices import is_left_out
from core.domain.plan_inputs import PlanInputs
from core.domain.plan_products import ProductScope
from core.errors import message


def plan_left(
    agreement_id: int,
    customers: tuple[str, ...],
    products: ProductScope,
    elsewhere: AgreementPlan,
    inputs: PlanInputs,
) -> AgreementPlan:
    """What happens on an agreement that `customers` were moved away from.

    `elsewhere` is what the plan does on all agreements that customers are mapped to.
    """
    plan = AgreementPlan()
    now = {inputs.customer_mappings[customer].agreement_id for customer in customers}
    held_up = _held_up(now, products, elsewhere, inputs)
    waiting = usage_waits(customers, products, inputs)
    steps = tuple(
        message(
            "{customer} is billed on {agreement} now.",
            customer=inputs.customer_name(customer),
            agreement=inputs.agreement_name(inputs.customer_mappings[customer].agreement_id or 0),
        )
        for customer in customers
    )
    for product_id in sorted(inputs.bound_products.get(agreement_id, set()) - products.untouched):
        binding = inputs.bindings[agreement_id, product_id]
        waits = product_id in held_up or waiting
        wait = findings.waits_for_agreement if waits else None
        let_go(binding, customers, steps, wait, inputs, plan)
    return plan


def _held_up(
    now: Set[int | None], products: ProductScope, elsewhere: AgreementPlan, inputs: PlanInputs
) -> set[int]:
    """The products that the agreements `now` do not come to bill by this plan."""
    blocked = {billed.product_id for billed in products.billed.values() if billed.blocked}
    found = (each.target for each in elsewhere.findings if each.blocks)
    left_out = (each.target for each in elsewhere.changes if is_left_out(each, inputs))
    targets = [target for target in (*found, *left_out) if target is not None]
    return blocked | {each.product_id for each in targets if each.agreement_id in now}
