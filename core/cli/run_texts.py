"""Plans and runs as lines for a terminal and as JSON, in which decimals are texts."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from core.domain.models import (
    Change,
    Finding,
    LimitCheck,
    MonthlyEffect,
    Outcome,
    PeriodEffect,
    Plan,
    PriceEffect,
    Run,
    RunChange,
)
from core.domain.plan_inputs import PlanInputs
from core.domain.price_effect import monthly_effect, price_effect
from core.domain.price_words import cents, effect_lines
from core.domain.product_search import normalise
from core.domain.quantity import plain
from core.use_cases.exclusions import LeftOut

# What stands where changes have their outcome.
EXCLUDED = "excluded"

# ---------------------------------------------------------------- for a terminal


def change_line(change: Change, inputs: PlanInputs) -> str:
    """One change of a plan."""
    customers = sorted(map(inputs.customer_name, change.customer_ids), key=normalise)
    return _line(change, customers, _agreement(change, inputs), _product(change, inputs))


def row_line(row: RunChange) -> str:
    """One change of a run with its outcome."""
    names = row.names
    line = f"{row.outcome:<9}  "
    line += _line(row.change, names.customers, names.agreement, names.product)
    reason = " ".join(str(part) for part in (row.text, row.remedy) if part is not None)
    return f"{line}  {reason}".rstrip()


def excluded_line(left_out: LeftOut) -> str:
    """One row that was left out of a run, under the lines of its changes."""
    return f"{EXCLUDED:<9}  {left_out.place}  {left_out.reason}"


def run_line(run: Run) -> str:
    """One run."""
    return (
        f"Run {run.number}  {run.month}  {run.status}  {run.done} of {run.changes} done, "
        f"{run.failed} failed, {run.skipped} skipped  {run.approved_by}  {run.id}"
    )


def say_findings(findings: Iterable[Finding], inputs: PlanInputs) -> None:
    """Each finding on standard error, what blocks first."""
    for finding in findings:
        mark = "blocked" if finding.blocks else "note"
        told = f"{mark}: {_company(finding, inputs)}{finding.text} {finding.remedy or ''}"
        print(told.rstrip(), file=sys.stderr)


def say_limits(exceeded: Iterable[LimitCheck]) -> None:
    """Each limit that the plan exceeds, on standard error."""
    for check in exceeded:
        print(f"limit: {check.text} {check.remedy}", file=sys.stderr)


def say_effect(changes: Iterable[Change]) -> None:
    """What the changes cost together, each sum with its unit; nothing where nothing costs."""
    for line in effect_lines(price_effect(changes)):
        print(line)


def _line(change: Change, customers: Iterable[str], agreement: str, product: str) -> str:
    place = " / ".join(part for part in (", ".join(customers), agreement, product) if part)
    old, new = _number(change.before) or "-", _number(change.after) or "-"
    days = "".join(f" on {day}" for day in (change.effective_date, change.cancelled_date) if day)
    return f"{change.kind:<15}  {place}  {old} -> {new}{days}"


def _company(finding: Finding, inputs: PlanInputs) -> str:
    """Whose agreement it is about: many companies call theirs the same."""
    agreement = inputs.agreements.get(finding.target.agreement_id) if finding.target else None
    return f"{agreement.company.name}: " if agreement else ""


def _agreement(change: Change, inputs: PlanInputs) -> str:
    agreement_id = change.target.agreement_id
    return inputs.agreement_name(agreement_id) if agreement_id else ""


def _product(change: Change, inputs: PlanInputs) -> str:
    if change.target.product_id:
        return inputs.product_name(change.target.product_id)
    made = change.default_product
    return made.identifier if made else inputs.sophos_name(change.target.product_code)


# ---------------------------------------------------------------- as JSON


def plan_json(plan: Plan) -> dict[str, Any]:
    """Everything that decides an approval."""
    return {
        "month": str(plan.month),
        "digest": plan.digest,
        "changes": [_change_json(change) for change in plan.changes],
        "price_effect": _effect_json(price_effect(plan.changes)),
        "unchanged": len(plan.unchanged),
        "findings": [_finding_json(finding) for finding in plan.findings],
        "limits": [_limit_json(check) for check in plan.limits],
    }


def run_json(
    run: Run, left_out: Sequence[LeftOut], rows: Sequence[RunChange] | None = None
) -> dict[str, Any]:
    """A run with what was left out of it; with its changes where they are given, and what those
    that were done cost."""
    told: dict[str, Any] = {
        "run": run.id,
        "number": run.number,
        "month": str(run.month),
        "status": run.status.value,
        "digest": run.digest,
        "approved_by": run.approved_by,
        "approved_at": run.approved_at.isoformat(),
        "override_reason": run.override_reason,
        "older_month_reason": run.options.older_month_reason,
        "total": run.changes,
        "done": run.done,
        "failed": run.failed,
        "skipped": run.skipped,
        "reads": run.reads,
        "writes": run.writes,
        "excluded": [_excluded_json(one) for one in left_out],
    }
    if rows is not None:
        done = [row.change for row in rows if row.outcome is Outcome.DONE]
        told["price_effect"] = _effect_json(price_effect(done))
        told["changes"] = [_row_json(row) for row in rows]
    return told


def _change_json(change: Change) -> dict[str, Any]:
    target = change.target
    return {
        "target": target.key,
        "kind": change.kind.value,
        "agreement_id": target.agreement_id or None,
        "product_id": target.product_id or change.product_id,
        "product_code": target.product_code or None,
        "customers": list(change.customer_ids),
        "addition_id": change.addition_id,
        "before": _number(change.before),
        "after": _number(change.after),
        "effective_date": _text(change.effective_date),
        "cancelled_date": _text(change.cancelled_date),
        "price_effect_per_month": _cents(monthly_effect(change)),
        "price_effect_per_billing_period": _number(change.price_effect),
        "billing_cycle": change.billing,
        "currency": change.currency,
        "why": [str(step) for step in change.steps],
    }


def _row_json(row: RunChange) -> dict[str, Any]:
    return {
        **_change_json(row.change),
        "number": row.number,
        "outcome": row.outcome.value,
        "addition_id": row.addition_id or row.change.addition_id,
        "product_id": row.product_id or row.change.target.product_id or row.change.product_id,
        "reason": _text(row.text),
        "remedy": _text(row.remedy),
    }


def _excluded_json(left_out: LeftOut) -> dict[str, Any]:
    return {
        "target": left_out.target,
        "agreement_id": left_out.agreement_id,
        "product_id": left_out.product_id,
        "company": left_out.company or None,
        "agreement": left_out.agreement or None,
        "product": left_out.product,
        "reason": left_out.reason,
    }


def _finding_json(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind.value,
        "blocks": finding.blocks,
        "text": str(finding.text),
        "remedy": _text(finding.remedy),
        "target": finding.target.key if finding.target else None,
        "customer": finding.customer_id or None,
        "product_code": finding.product_code or None,
        "quantity": _number(finding.quantity),
    }


def _limit_json(check: LimitCheck) -> dict[str, Any]:
    return {
        "kind": check.kind.value,
        "exceeded": check.exceeded,
        "number": _number(check.number),
        "limit": _number(check.limit),
        "text": str(check.text),
        "remedy": str(check.remedy),
        "targets": list(check.targets),
    }


def _effect_json(found: PriceEffect) -> dict[str, Any]:
    """Of every currency apart; `per_billing_period` is of agreements without a known cycle."""
    return {
        "per_month": [_sum_json(one) for one in found.monthly],
        "per_billing_period": [_sum_json(one) for one in found.by_period],
        "changes_without_a_price": found.unpriced,
    }


def _sum_json(one: MonthlyEffect | PeriodEffect) -> dict[str, Any]:
    return {
        "amount": _cents(one.amount),
        "currency": one.currency,
        "agreements": one.agreements,
    }


def _cents(value: Decimal | None) -> str | None:
    return None if value is None else str(cents(value))


def _number(value: Decimal | None) -> str | None:
    return None if value is None else str(plain(value))


def _text(value: object) -> str | None:
    return None if value is None else str(value)
