"""Which customers are billed on which agreement, for one plan."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from decimal import Decimal

from core.domain.carried import carried_parts
from core.domain.customers import Contracts, CustomerValues, agreement_fault, fault_of, is_active
from core.domain.models import (
    Binding,
    CustomerMapping,
    Finding,
    FindingKind,
    Target,
)
from core.domain.plan_inputs import PlanInputs
from core.errors import Message, message

_ZERO = Decimal(0)


@dataclass
class CustomerScope:
    """The outcome: customers with sync on by agreement, in order, those that were moved away from
    an agreement, by that agreement, and what to say."""

    customers: dict[int, list[str]] = field(default_factory=dict)
    moved: dict[int, tuple[str, ...]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def customer_scope(inputs: PlanInputs) -> CustomerScope:
    """Sort every customer that is mapped or has usage."""
    scope = CustomerScope()
    for customer_id in sorted(inputs.customer_mappings.keys() | inputs.usage_of.keys()):
        finding = _finding(customer_id, inputs)
        if finding is not None:
            scope.findings.append(finding)
            continue
        mapping = inputs.customer_mappings.get(customer_id)
        if mapping is not None and mapping.sync and mapping.agreement_id is not None:
            scope.customers.setdefault(mapping.agreement_id, []).append(customer_id)
    scope.moved = _moved(scope, inputs)
    scope.findings += _orphaned(scope, inputs)
    return scope


def _finding(customer_id: str, inputs: PlanInputs) -> Finding | None:
    """Why a customer gets no writes; None when it does, or when it has nothing to write."""
    mapping = inputs.customer_mappings.get(customer_id)
    used = sum((u.billable for u in inputs.usage_of.get(customer_id, {}).values()), _ZERO)
    name = inputs.customer_name(customer_id)
    wanted = mapping is not None and mapping.sync
    if mapping is None or mapping.agreement_id is None:
        if not used and not wanted:
            return None
        return Finding(
            kind=FindingKind.UNMAPPED_CUSTOMER,
            blocks=wanted,
            customer_id=customer_id,
            quantity=used,
            text=message("{customer} is not mapped to an agreement.", customer=name),
            remedy=message("Choose its company and agreement on the page Customers."),
        )
    if not wanted:
        if not used:
            return None
        return Finding(
            kind=FindingKind.CUSTOMER_OFF,
            blocks=False,
            customer_id=customer_id,
            quantity=used,
            text=message("Sync of {customer} is off.", customer=name),
            remedy=message("Turn it on if the customer shall be billed."),
        )
    return _agreement_finding(mapping, mapping.agreement_id, used, inputs)


def _agreement_finding(
    mapping: CustomerMapping, agreement_id: int, used: Decimal, inputs: PlanInputs
) -> Finding | None:
    customer_id = mapping.customer_id
    name = inputs.customer_name(customer_id)
    fault = mapping_fault(mapping, inputs)
    if fault is not None:
        return Finding(
            kind=FindingKind.NO_ACTIVE_AGREEMENT,
            blocks=True,
            customer_id=customer_id,
            quantity=used,
            text=message("{customer}: {reason}", customer=name, reason=fault),
            remedy=message("Choose an active agreement on the page Customers."),
        )
    if agreement_id not in inputs.additions:
        return Finding(
            kind=FindingKind.UNREADABLE_AGREEMENT,
            blocks=True,
            customer_id=customer_id,
            quantity=used,
            text=message(
                "The additions of {agreement} ({customer}) could not be read.",
                agreement=inputs.agreement_name(agreement_id),
                customer=name,
            ),
            remedy=message("Make the plan again; if it stays so, test the connections."),
        )
    return None


def mapping_fault(mapping: CustomerMapping, inputs: PlanInputs) -> Message | None:
    """Why the agreement must not be written to for this customer, as the page Customers says it."""
    contracts = Contracts(inputs.companies or {}, inputs.agreements)
    if inputs.companies is not None:
        return fault_of(CustomerValues.of(mapping), contracts)
    if mapping.company_id is None or mapping.agreement_id is None:
        return None
    return agreement_fault(mapping.agreement_id, mapping.company_id, contracts)


def left_agreements(
    mappings: Mapping[str, CustomerMapping],
    former: Mapping[str, Set[int]],
    bindings: Mapping[tuple[int, int], Binding],
) -> dict[int, tuple[str, ...]]:
    """The agreements that all their customers were moved away from, with these customers.

    Only those on which sync kept a quantity, and only where every customer that was mapped there
    is mapped to another agreement with its sync on. Where additions carry no note of whose usage
    they bill, that is everybody who was mapped there: `former` are the agreements that each
    customer was mapped to before.
    """
    billed = {each.agreement_id for each in mappings.values() if each.sync}
    mapped = {each.agreement_id for each in mappings.values()}
    kept: dict[int, list[Binding]] = {}
    for (agreement_id, _), binding in bindings.items():
        if binding.quantity > _ZERO and agreement_id not in billed:
            kept.setdefault(agreement_id, []).append(binding)
    customers: dict[int, list[str]] = {}
    for agreement_id, additions in kept.items():
        if all(each.carries for each in additions):
            carried = {carried_parts(key)[0] for each in additions for key in each.carries}
            customers[agreement_id] = sorted(carried)
        elif agreement_id not in mapped:
            customers[agreement_id] = sorted(key for key in former if agreement_id in former[key])
    return {
        agreement_id: tuple(those)
        for agreement_id, those in sorted(customers.items())
        if those and all(_is_billed(mappings.get(each), agreement_id) for each in those)
    }


def _is_billed(mapping: CustomerMapping | None, elsewhere_than: int) -> bool:
    if mapping is None or not mapping.sync:
        return False
    return mapping.agreement_id not in (None, elsewhere_than)


def _moved(scope: CustomerScope, inputs: PlanInputs) -> dict[int, tuple[str, ...]]:
    """Only from agreements that can be written to, and only customers that this plan bills."""
    billed = {customer for customers in scope.customers.values() for customer in customers}
    left = left_agreements(inputs.customer_mappings, inputs.former_agreements, inputs.bindings)
    return {
        agreement_id: customers
        for agreement_id, customers in left.items()
        if agreement_id in inputs.additions
        and agreement_id in inputs.agreements
        and is_active(inputs.agreements[agreement_id])
        and billed.issuperset(customers)
    }


def _orphaned(scope: CustomerScope, inputs: PlanInputs) -> list[Finding]:
    """Additions that sync kept, on agreements that no customer is mapped to any more."""
    seen_to = _mapped_agreements(inputs.customer_mappings) | scope.moved.keys()
    return [
        Finding(
            kind=FindingKind.ORPHANED_ADDITION,
            blocks=False,
            target=Target(agreement_id, product_id),
            addition_ids=(binding.addition_id,),
            quantity=binding.quantity,
            text=message(
                "Sync kept {product} on {agreement}, and no customer is mapped to it any more.",
                product=inputs.product_name(product_id),
                agreement=inputs.agreement_name(agreement_id),
            ),
            remedy=message("Look in ConnectWise whether that addition shall still be billed."),
        )
        for (agreement_id, product_id), binding in sorted(inputs.bindings.items())
        if agreement_id not in seen_to and binding.quantity > 0
    ]


def _mapped_agreements(mappings: Mapping[str, CustomerMapping]) -> set[int]:
    return {m.agreement_id for m in mappings.values() if m.agreement_id is not None}
