"""What becomes of the additions of one agreement, for one plan.

An addition is known by its id once it is bound. Not bound yet, exactly one open addition of the
product is adopted; several are ambiguous and never guessed; none: a new one is created.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from core.domain import plan_findings as findings
from core.domain import plan_transfer_findings as transfers
from core.domain.addition_days import ended_on, is_open
from core.domain.carried import carried_key, carried_parts
from core.domain.effective_date import effective_date
from core.domain.models import (
    Addition,
    Binding,
    Change,
    ChangeKind,
    Finding,
    Target,
    UsageGone,
)
from core.domain.month import Month
from core.domain.plan_changes import cancel_change, create_change, existing_change
from core.domain.plan_findings import Wanted
from core.domain.plan_inputs import PlanInputs
from core.domain.plan_products import BilledProduct, ProductScope
from core.domain.product_search import normalise
from core.domain.quantity import CustomerQuantity, RuleProblem, customer_quantity, explain
from core.errors import Message, message

_ZERO = Decimal(0)


@dataclass
class AgreementPlan:
    """The outcome for agreements. `existing` counts the additions that were looked after; `settled`
    is the usage of which nothing has to be billed, by `carried_key`."""

    changes: list[Change] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    existing: int = 0
    settled: set[str] = field(default_factory=set)

    def add(self, other: AgreementPlan) -> None:
        """Take in the outcome for another agreement."""
        self.changes += other.changes
        self.findings += other.findings
        self.existing += other.existing
        self.settled |= other.settled


def plan_agreement(
    agreement_id: int, customers: Sequence[str], products: ProductScope, inputs: PlanInputs
) -> AgreementPlan:
    """Everything that happens on one agreement, for the customers on it whose sync is on."""
    plan = AgreementPlan()
    by_product: dict[int, list[Addition]] = {}
    for addition in inputs.additions[agreement_id]:
        by_product.setdefault(addition.product.id, []).append(addition)
    bound = {
        product_id: binding
        for product_id in by_product.keys() | _bound_products(agreement_id, inputs)
        if (binding := inputs.bindings.get((agreement_id, product_id))) is not None
    }
    for billed in _concerned(customers, products, by_product.keys() | bound.keys(), inputs):
        if billed.blocked:
            continue
        wanted = _wanted(agreement_id, customers, billed, inputs)
        if isinstance(wanted, Finding):
            plan.findings.append(wanted)
            continue
        additions = by_product.get(billed.product_id, []) if billed.product_id else []
        _decide(wanted, additions, bound.get(billed.product_id), inputs, plan)
    waiting = usage_waits(customers, products, inputs)
    for product_id in sorted(bound.keys() - products.untouched):
        if (product_id, "") not in products.billed:
            # While usage of the customer waits for a row that was mapped anew, it stays: nothing
            # else bills that usage yet.
            wait = transfers.waits_for_another if waiting else None
            let_go(bound[product_id], (), (_unmapped(product_id, inputs),), wait, inputs, plan)
    return plan


def let_go(
    binding: Binding,
    customers: tuple[str, ...],
    steps: tuple[Message, ...],
    wait: Callable[[Wanted, Addition, PlanInputs], Finding] | None,
    inputs: PlanInputs,
    plan: AgreementPlan,
) -> None:
    """A bound addition whose usage is gone from it, for the reasons in `steps`; with `wait` it
    stays for now, and that is said."""
    additions = inputs.additions[binding.agreement_id]
    kept = next(
        (a for a in additions if a.id == binding.addition_id and is_open(a, inputs.today)), None
    )
    if kept is None:
        return
    target = Target(binding.agreement_id, binding.product_id)
    wanted = Wanted(target, _ZERO, False, customers, (), steps)
    if wait is not None and kept.quantity > 0:
        plan.existing += 1
        plan.findings.append(wait(wanted, kept, inputs))
        return
    _decide_bound(wanted, kept, binding, inputs, plan)


def _unmapped(product_id: int, inputs: PlanInputs) -> Message:
    return message(
        "No Sophos product is mapped to {product} any more.",
        product=inputs.product_name(product_id),
    )


def _bound_products(agreement_id: int, inputs: PlanInputs) -> set[int]:
    return inputs.bound_products.get(agreement_id, set())


def _concerned(
    customers: Sequence[str],
    products: ProductScope,
    present: set[int],
    inputs: PlanInputs,
) -> list[BilledProduct]:
    """The billed products with usage of these customers, or with an addition on the agreement."""
    keys = {
        (billed.product_id, billed.code)
        for customer in customers
        for code in inputs.usage_of.get(customer, ())
        if (billed := products.by_code.get(code)) is not None
    }
    keys |= {(product_id, "") for product_id in present if (product_id, "") in products.billed}
    return [products.billed[key] for key in sorted(keys)]


def usage_waits(customers: Sequence[str], products: ProductScope, inputs: PlanInputs) -> bool:
    """Whether usage of these customers waits for a row that was mapped anew."""
    return any(
        code in products.waits
        for customer in customers
        for code in inputs.usage_of.get(customer, ())
    )


def _wanted(
    agreement_id: int, customers: Sequence[str], billed: BilledProduct, inputs: PlanInputs
) -> Wanted | Finding:
    target = Target(agreement_id, billed.product_id, billed.code)
    found: list[CustomerQuantity] = []
    for customer in customers:
        usage = inputs.usage_of.get(customer, {})
        quantity = customer_quantity(
            customer, usage, billed.members, billed.product_id, inputs.rules_in_force
        )
        if isinstance(quantity, RuleProblem):
            return findings.rule_problem(quantity, target, customer, inputs)
        found.append(quantity)
    total = sum((quantity.quantity for quantity in found), _ZERO)
    if total < 0:
        return findings.negative(target, total, inputs)

    def name(key: str) -> str:
        known = inputs.products.get(key)
        return inputs.customer_name(key) if known is None else inputs.sophos_name(key)

    return Wanted(
        target=target,
        quantity=total,
        used=any(quantity.used for quantity in found),
        customers=tuple(quantity.customer_id for quantity in found if quantity.parts)
        or tuple(customers),
        parts=tuple(part for quantity in found for part in quantity.parts),
        steps=explain(_by_name(found, inputs), name, str(inputs.month)),
    )


def _by_name(found: Sequence[CustomerQuantity], inputs: PlanInputs) -> Sequence[CustomerQuantity]:
    """In the order in which a person looks for customers; what is written does not follow it."""
    if len(found) == 1:
        return found
    return sorted(found, key=lambda each: normalise(inputs.customer_name(each.customer_id)))


# ---------------------------------------------------------------- one target


def _decide(
    wanted: Wanted,
    additions: Sequence[Addition],
    binding: Binding | None,
    inputs: PlanInputs,
    plan: AgreementPlan,
) -> None:
    still_open = [addition for addition in additions if is_open(addition, inputs.today)]
    if binding is None:
        _decide_unbound(wanted, additions, still_open, inputs, plan)
        return
    kept = next((a for a in still_open if a.id == binding.addition_id), None)
    if kept is None:
        _decide_gone(wanted, additions, still_open, binding, inputs, plan)
        return
    others = tuple(addition.id for addition in still_open if addition.id != kept.id)
    if others:
        plan.findings.append(findings.duplicate(wanted, kept, others, inputs))
    _decide_bound(wanted, kept, binding, inputs, plan)


def _decide_unbound(
    wanted: Wanted,
    additions: Sequence[Addition],
    still_open: Sequence[Addition],
    inputs: PlanInputs,
    plan: AgreementPlan,
) -> None:
    newest = _newest_month(wanted.target.agreement_id, inputs)
    off = _off_with_usage(wanted, inputs)
    if still_open and not wanted.used:
        plan.findings.append(findings.without_usage(wanted, still_open, inputs))
    elif len(still_open) > 1:
        plan.findings.append(findings.ambiguous(wanted, still_open, inputs))
    elif (still_open or wanted.quantity > 0) and _is_overtaken(newest, inputs):
        plan.findings.append(findings.newer_agreement(wanted, newest, inputs))
    elif still_open and off and still_open[0].quantity > wanted.quantity:
        plan.findings.append(findings.carries_one_off(wanted, still_open[0], off, inputs))
    elif still_open:
        _adopt(wanted, still_open[0], inputs, plan)
    elif wanted.quantity > 0:
        ended = ended_on(additions, inputs.today)
        if ended is not None and ended >= inputs.month.last_day:
            plan.findings.append(findings.ended_later(wanted, ended, inputs))
        else:
            plan.changes.append(create_change(wanted, additions, inputs))
    else:
        plan.settled |= _settled(wanted)


def _settled(wanted: Wanted) -> set[str]:
    """Whose usage there is, of which nothing has to be billed."""
    return {carried_key(part.customer_id, part.product_code) for part in wanted.parts}


def _is_overtaken(newest: Month, inputs: PlanInputs) -> bool:
    """Whether a newer month keeps this one out: a closed one always, others without a reason."""
    if newest <= inputs.month:
        return False
    return newest in inputs.closed or not inputs.options.older_month_reason


def _newest_month(agreement_id: int, inputs: PlanInputs) -> Month:
    """The newest month that sync pushed to an agreement, the one that is planned if none did."""
    months = [
        inputs.bindings[agreement_id, product_id].month
        for product_id in _bound_products(agreement_id, inputs)
    ]
    return max(months, default=inputs.month)


def _off_with_usage(wanted: Wanted, inputs: PlanInputs) -> str:
    """A customer on the agreement whose sync is off and who uses what the addition is for: it may
    bill that too. Empty where there is none."""
    codes = {part.product_code for part in wanted.parts}
    return next(
        (
            customer_id
            for customer_id in inputs.customers_off.get(wanted.target.agreement_id, ())
            if any(
                usage.billable > 0 and code in codes
                for code, usage in inputs.usage_of.get(customer_id, {}).items()
            )
        ),
        "",
    )


def _off_and_carried(binding: Binding, inputs: PlanInputs) -> str:
    """A customer on the agreement whose sync is off and whose usage the addition carries."""
    off = inputs.customers_off.get(binding.agreement_id)
    if not off:
        return ""
    return next((owner for key in binding.carries if (owner := carried_parts(key)[0]) in off), "")


def _adopt(wanted: Wanted, found: Addition, inputs: PlanInputs, plan: AgreementPlan) -> None:
    """An addition that begins after the month is told of: a second one beside it would bill twice
    from its first day on."""
    plan.existing += 1
    plan.changes.append(existing_change(ChangeKind.ADOPT_ADDITION, wanted, found, inputs))
    begins, last_day = found.effective_date, inputs.month.last_day
    day, _ = effective_date(inputs.month, inputs.agreements[wanted.target.agreement_id])
    if wanted.quantity > 0 and begins is not None and begins > max(day, last_day):
        plan.findings.append(findings.begins_later(wanted, found, day, inputs))


def _decide_gone(
    wanted: Wanted,
    additions: Sequence[Addition],
    still_open: Sequence[Addition],
    binding: Binding,
    inputs: PlanInputs,
    plan: AgreementPlan,
) -> None:
    """The bound addition was deleted or cancelled: created anew only where a person says so, and
    where no other one is open."""
    if not wanted.used or wanted.quantity <= 0:
        plan.settled |= _settled(wanted)
        return
    if wanted.target.key in inputs.options.recreate:
        newest = _newest_month(wanted.target.agreement_id, inputs)
        if _is_overtaken(newest, inputs):
            plan.findings.append(findings.newer_agreement(wanted, newest, inputs))
        elif still_open:
            _decide_unbound(wanted, additions, still_open, inputs, plan)
        else:
            plan.changes.append(create_change(wanted, additions, inputs))
        return
    plan.findings.append(findings.bound_addition_gone(wanted, additions, binding, inputs))


def _decide_bound(
    wanted: Wanted, kept: Addition, binding: Binding, inputs: PlanInputs, plan: AgreementPlan
) -> None:
    plan.existing += 1
    same = kept.quantity == wanted.quantity
    off = _off_and_carried(binding, inputs)
    if off:
        plan.findings.append(findings.carries_one_off(wanted, kept, off, inputs))
    elif (not same or _cancels(wanted, inputs)) and _carries_newer(wanted, binding, inputs):
        plan.findings.append(findings.newer_month(wanted, kept, binding, inputs))
    elif not wanted.used:
        _without(wanted, kept, binding, inputs, plan)
    else:
        kind = ChangeKind.NOTHING if same else ChangeKind.SET_QUANTITY
        plan.changes.append(existing_change(kind, wanted, kept, inputs, binding))


def _carries_newer(wanted: Wanted, binding: Binding, inputs: PlanInputs) -> bool:
    """Whether an older month must not be pushed over a newer one: never over a closed one, and an
    addition that a newer month is billed with is not cancelled for an older one."""
    if _is_overtaken(binding.month, inputs):
        return True
    return binding.month > inputs.month and _cancels(wanted, inputs)


def _cancels(wanted: Wanted, inputs: PlanInputs) -> bool:
    return not wanted.used and inputs.settings.usage_gone is UsageGone.CANCEL


def _without(
    wanted: Wanted, kept: Addition, binding: Binding, inputs: PlanInputs, plan: AgreementPlan
) -> None:
    """Usage is gone: what the settings say."""
    gone = inputs.settings.usage_gone
    if _cancels(wanted, inputs):
        plan.changes.append(cancel_change(wanted, kept, binding, inputs))
    elif kept.quantity == 0:
        plan.changes.append(existing_change(ChangeKind.NOTHING, wanted, kept, inputs, binding))
    elif gone is UsageGone.LEAVE:
        plan.findings.append(findings.left_as_it_is(wanted, kept, inputs))
    else:
        plan.changes.append(existing_change(ChangeKind.ZERO, wanted, kept, inputs, binding))
