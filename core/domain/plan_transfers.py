"""Usage that goes from one addition to another: never billed on both, and never on neither.

A customer is moved to another agreement, or a Sophos product is mapped anew: what was billed on one
addition is billed on another one from now on. The addition before keeps note of whose usage it
carries. Where it is not lowered by the same plan, the new one is not raised; where the new one does
not come to bill that usage, the one before is not lowered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from core.domain import plan_transfer_findings as findings
from core.domain.addition_days import is_open
from core.domain.carried import carried_key, carried_parts
from core.domain.customers import is_active
from core.domain.models import (
    Binding,
    Carried,
    Change,
    ChangeKind,
    CustomerMapping,
    Finding,
    Target,
)
from core.domain.plan_additions import AgreementPlan
from core.domain.plan_choices import is_left_out
from core.domain.plan_inputs import PlanInputs
from core.domain.quantity import on_basis, rule_for

_Place = tuple[int, int]


def without_double_billing(planned: AgreementPlan, inputs: PlanInputs) -> AgreementPlan:
    """The plan without the changes that would bill usage twice or not at all, and why not."""
    changes, found = list(planned.changes), list[Finding]()
    carriers = _carriers(inputs.bindings)
    while refused := _refused(changes, planned.settled, carriers, inputs):
        changes = [change for change in changes if change.target not in refused]
        found += refused.values()
    found += _billed_twice(changes, carriers, inputs)
    return replace(
        planned, changes=with_needs(changes, inputs), findings=[*planned.findings, *found]
    )


def agreements_behind(
    bindings: Mapping[_Place, Binding], mappings: Mapping[str, CustomerMapping]
) -> set[int]:
    """The agreements whose additions carry usage of customers that are mapped otherwise now."""
    return {
        binding.agreement_id
        for binding in bindings.values()
        if binding.quantity > 0
        for customer_id in {carried_parts(key)[0] for key in binding.carries}
        if customer_id in mappings and mappings[customer_id].agreement_id != binding.agreement_id
    }


def with_needs(changes: Iterable[Change], inputs: PlanInputs) -> list[Change]:
    """Each change with those that come to bill, and have to be done before, what it lets go."""
    known = list(changes)
    letting_go = [change for change in known if _let_go(change)]
    let_go = {key for change in letting_go for key in _let_go(change)}
    takers = {
        key: change.target.key
        for change in known
        if let_go and not is_left_out(change, inputs)
        for key in change.carries
        if key in let_go
    }
    waiting: dict[str, set[str]] = {}
    # Two may wait for each other: then the one that is lowered most waits, the other one does not.
    for change in sorted(letting_go, key=lambda each: (each.difference, each.target)):
        key = change.target.key
        needs = {takers[each] for each in _let_go(change) if each in takers} - {key}
        waiting[key] = {need for need in needs if not _waits(need, key, waiting)}
    needed = {key: tuple(sorted(needs)) for key, needs in waiting.items() if needs}
    return [
        replace(change, needs=needed[change.target.key])
        if needed and change.target.key in needed
        else change
        for change in known
    ]


def _let_go(change: Change) -> Carried:
    """Whose usage the addition carries, and will not any more."""
    return tuple(key for key in change.carried if key not in change.carries)


def _waits(one: str, other: str, waiting: Mapping[str, set[str]]) -> bool:
    """Whether one waits for the other, by way of others perhaps."""
    return any(each == other or _waits(each, other, waiting) for each in waiting.get(one, ()))


def _carriers(bindings: Mapping[_Place, Binding]) -> Mapping[str, list[Binding]]:
    found: dict[str, list[Binding]] = {}
    for binding in bindings.values():
        if binding.quantity > 0:
            for key in binding.carries:
                found.setdefault(key, []).append(binding)
    return found


def _refused(
    changes: Iterable[Change],
    settled: Iterable[str],
    carriers: Mapping[str, list[Binding]],
    inputs: PlanInputs,
) -> dict[Target, Finding]:
    happening = [change for change in changes if not is_left_out(change, inputs)]
    decided = {_place(change) for change in happening}
    billed = {carried_key(p.customer_id, p.product_code) for c in happening for p in c.parts}
    billed |= set(settled)
    refused: dict[Target, Finding] = {}
    for change in happening:
        other = _other_carrier(change, decided, carriers, inputs)
        lost = _not_billed(change, billed, inputs)
        if other is not None and _bills(other, inputs):
            refused[change.target] = findings.billed_elsewhere(change, other, inputs)
        elif other is not None:
            refused[change.target] = findings.billed_before(change, other, inputs)
        elif lost:
            refused[change.target] = findings.not_billed_yet(change, lost, inputs)
    return refused


def _place(change: Change) -> _Place:
    return change.target.agreement_id, change.target.product_id


def _other_carrier(
    change: Change,
    decided: set[_Place],
    carriers: Mapping[str, list[Binding]],
    inputs: PlanInputs,
) -> Binding | None:
    """An addition that bills some of the usage that comes to this one, or for which this one is
    raised, and that is not lowered by this plan; or that billed it for this month until it ended.
    """
    if change.kind is ChangeKind.NOTHING:
        return None
    for key in change.carries if change.difference > 0 else _taken_over(change):
        for binding in carriers.get(key, ()):
            place = binding.agreement_id, binding.product_id
            if place == _place(change):
                continue
            if _has_billed(binding, inputs):
                return binding
            if place not in decided and _bills(binding, inputs):
                return binding
    return None


def _billed_twice(
    changes: Iterable[Change], carriers: Mapping[str, list[Binding]], inputs: PlanInputs
) -> list[Finding]:
    """What is billed here as it should be, and by another addition still, which sync leaves."""
    happening = {_place(each): each for each in changes if not is_left_out(each, inputs)}
    found: dict[_Place, Finding] = {}
    for change in happening.values():
        for key in change.carries:
            for other in carriers.get(key, ()):
                place = other.agreement_id, other.product_id
                if place in found or place == _place(change):
                    continue
                lets_go = place in happening and key not in happening[place].carries
                if not lets_go and _bills(other, inputs):
                    found[place] = findings.billed_twice(key, change, other, inputs)
    return list(found.values())


def _taken_over(change: Change) -> Carried:
    """What it did not carry before; nothing where an addition is adopted as it is."""
    if change.kind is ChangeKind.ADOPT_ADDITION:
        return ()
    return tuple(key for key in change.carries if key not in change.carried)


def _bills(binding: Binding, inputs: PlanInputs) -> bool:
    """Whether an addition still bills what sync put there. What somebody set by hand since is
    theirs to answer for."""
    agreement = inputs.agreements.get(binding.agreement_id)
    if agreement is None or not is_active(agreement):
        return False
    additions = inputs.additions.get(binding.agreement_id)
    if additions is None:
        return True
    return any(
        each.id == binding.addition_id
        and each.quantity == binding.quantity
        and is_open(each, inputs.today)
        for each in additions
    )


def _has_billed(binding: Binding, inputs: PlanInputs) -> bool:
    """Whether an addition that is billed no more was billed for the month to its end."""
    agreement = inputs.agreements.get(binding.agreement_id)
    additions = inputs.additions.get(binding.agreement_id)
    if binding.month < inputs.month or agreement is None or _bills(binding, inputs):
        return False
    last_day = inputs.month.last_day
    if not is_active(agreement):
        return agreement.billed_until is not None and agreement.billed_until >= last_day
    return any(
        each.id == binding.addition_id
        and not is_open(each, inputs.today)
        and is_open(each, last_day)
        for each in additions or ()
    )


def _not_billed(change: Change, billed: set[str], inputs: PlanInputs) -> str:
    """The customer and product that this addition carried, that is used and that nothing bills."""
    for key in _let_go(change):
        if key not in billed and _is_to_be_billed(key, inputs):
            return key
    return ""


def _is_to_be_billed(key: str, inputs: PlanInputs) -> bool:
    customer_id, code = carried_parts(key)
    customer, product = inputs.customer_mappings.get(customer_id), inputs.mappings.get(code)
    usage = inputs.usage_of.get(customer_id, {}).get(code)
    if usage is None or on_basis(usage, rule_for(inputs.rules, customer_id, code).basis) <= 0:
        return False
    return customer is not None and customer.sync and product is not None and product.sync
