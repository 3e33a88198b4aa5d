"""Planning a sync: from usage and mappings to the changes of additions. Pure and repeatable.

What is previewed is a value with a digest; what is applied has to have the same digest. Nothing is
planned from a month that is incomplete, not over, stale or closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from core.domain.billing_periods import with_billing
from core.domain.models import (
    Change,
    ChangeKind,
    FetchStatus,
    Finding,
    FindingKind,
    Frequency,
    Plan,
)
from core.domain.month import Month
from core.domain.plan_additions import AgreementPlan, plan_agreement
from core.domain.plan_choices import excluded_of, limited_to
from core.domain.plan_customers import customer_scope
from core.domain.plan_digest import digest_of
from core.domain.plan_inputs import PlanInputs
from core.domain.plan_limits import check_limits
from core.domain.plan_moved import plan_left
from core.domain.plan_products import product_scope
from core.domain.plan_transfers import without_double_billing
from core.errors import Message, message

__all__ = ["PlanInputs", "make_plan", "plan_of", "source_finding"]

_ZERO = Decimal(0)


def make_plan(inputs: PlanInputs) -> Plan:
    """What a sync of `inputs.month` would do."""
    stopping = _month_finding(inputs)
    if stopping is not None:
        return plan_of(inputs, [], [stopping], 0)
    products = product_scope(inputs)
    customers = customer_scope(inputs)
    planned = AgreementPlan()
    for agreement_id in sorted(customers.customers):
        those = customers.customers[agreement_id]
        planned.add(plan_agreement(agreement_id, those, products, inputs))
    left = AgreementPlan()
    for agreement_id, moved in customers.moved.items():
        left.add(plan_left(agreement_id, moved, products, planned, inputs))
    planned.add(left)
    planned = without_double_billing(planned, inputs)
    return plan_of(
        inputs,
        [*products.changes, *planned.changes],
        [*products.findings, *customers.findings, *_unassigned(inputs), *planned.findings],
        planned.existing,
    )


def plan_of(
    inputs: PlanInputs, found: Sequence[Change], findings: Sequence[Finding], existing: int
) -> Plan:
    """Changes and findings as a plan: sorted, without what a person left out, held against the
    limits. `existing` counts the additions that were looked after."""
    found = sorted(
        with_billing(found, inputs), key=lambda change: (change.target, change.kind.value)
    )
    todo = [change for change in found if change.kind is not ChangeKind.NOTHING]
    wanted = limited_to(todo, inputs.options)
    excluded = excluded_of(wanted, inputs.options)
    left_out = {change.target for change in excluded}
    changes = tuple(change for change in wanted if change.target not in left_out)
    return Plan(
        month=inputs.month,
        changes=changes,
        unchanged=tuple(change for change in found if change.kind is ChangeKind.NOTHING),
        excluded=tuple(excluded),
        findings=tuple(sorted(findings, key=_finding_order)),
        limits=check_limits(changes, existing, inputs.settings.limits),
        digest=digest_of(inputs.month, changes),
    )


def _finding_order(finding: Finding) -> tuple[object, ...]:
    target = finding.target
    return (
        not finding.blocks,
        finding.kind.value,
        finding.customer_id,
        finding.product_code,
        target.key if target else "",
    )


def _unassigned(inputs: PlanInputs) -> list[Finding]:
    return [
        Finding(
            kind=FindingKind.UNASSIGNED_USAGE,
            blocks=False,
            product_code=usage.product_code,
            quantity=usage.billable,
            text=message(
                "{product} has usage that belongs to no customer.",
                product=inputs.sophos_name(usage.product_code),
            ),
            remedy=message("Assign the device to a customer in Sophos Central, then fetch again."),
        )
        for usage in inputs.usage
        if usage.account_id is None and usage.billable > _ZERO
    ]


# ---------------------------------------------------------------- the month as a whole


def _month_finding(inputs: PlanInputs) -> Finding | None:
    """Why nothing at all may be planned; None when it may."""
    month, current = inputs.month, Month.of(inputs.today)
    daily = inputs.settings.frequency is Frequency.DAILY
    if month in inputs.closed:
        return _stop(
            FindingKind.CLOSED_MONTH,
            message("{month} is closed.", month=str(month)),
            message("Reopen it with a reason if it has to change."),
        )
    if month > current or (month == current and not daily):
        return _stop(
            FindingKind.MONTH_NOT_OVER,
            message("{month} is not over yet.", month=str(month)),
            message("Choose a month that is over; the month in progress syncs only once a day."),
        )
    return source_finding(inputs)


def source_finding(inputs: PlanInputs) -> Finding | None:
    """Why the usage of the month says nothing: missing, incomplete or old; None when it does."""
    month = str(inputs.month)
    over = inputs.month < Month.of(inputs.today)
    newest = inputs.newest_fetch
    if newest is not None and newest.status is FetchStatus.INCOMPLETE:
        return _stop(
            FindingKind.INCOMPLETE_USAGE,
            message("The last fetch of the usage of {month} did not complete.", month=month),
            message("Fetch it again: absence is not zero, so nothing is planned from it."),
        )
    fetch = inputs.fetch
    if fetch is None:
        return _stop(
            FindingKind.NO_USAGE_FETCHED,
            message("The usage of {month} was not fetched yet.", month=month),
            message("Fetch it first."),
        )
    if not inputs.usage:
        return _stop(
            FindingKind.EMPTY_USAGE,
            message("Sophos has no usage at all for {month}.", month=month),
            message("An empty answer is not zero: fetch again later, or ask Sophos."),
        )
    # What is used while it is read may be missing from it.
    fetched_on = fetch.started_at.date()
    if over and fetched_on <= inputs.month.last_day:
        return _stop(
            FindingKind.STALE_USAGE,
            message("The usage of {month} was fetched before the month was over.", month=month),
            message("Fetch it again."),
        )
    if not over and (inputs.today - fetched_on).days > 1:
        return _stop(
            FindingKind.STALE_USAGE,
            message("The usage of {month} is more than a day old.", month=month),
            message("Fetch it again."),
        )
    return None


def _stop(kind: FindingKind, text: Message, remedy: Message) -> Finding:
    return Finding(kind=kind, blocks=True, text=text, remedy=remedy)
