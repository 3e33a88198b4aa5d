"""How long a billing period is, and what changes need of it to say what they cost. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from core.domain.models import BillingOption, Change
from core.domain.plan_inputs import PlanInputs

_MONTHS = 12


def periods_per_year(option: BillingOption | None) -> int | None:
    """How many billing periods a year has; None for what does not recur or is not known."""
    return None if option is None else option.periods_per_year


def per_month(amount: Decimal, option: BillingOption | None) -> Decimal | None:
    """What an amount for one billing period is per month; None where nobody can say."""
    periods = periods_per_year(option)
    return None if periods is None else amount * periods / _MONTHS


def with_billing(changes: Iterable[Change], inputs: PlanInputs) -> list[Change]:
    """The changes with what is known of the billing of their agreement and addition."""
    return [_with_billing(change, inputs) for change in changes]


def _with_billing(change: Change, inputs: PlanInputs) -> Change:
    agreement = inputs.agreements.get(change.target.agreement_id)
    if agreement is None:
        return change
    cycle = inputs.billing_cycles.get(agreement.billing_cycle_id or 0)
    return replace(
        change,
        billing=cycle.option if cycle else None,
        currency=agreement.currency,
        unbilled=change.addition_id in inputs.unbilled_additions,
    )
