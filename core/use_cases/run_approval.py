"""From an approved plan to the run that is recorded, and what keeps a plan from being approved."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

from core.domain.models import (
    Change,
    ChangeKind,
    ChangeNames,
    Plan,
    PlanOptions,
    Run,
    RunChange,
    RunOrigin,
    Target,
)
from core.domain.plan_digest import decides
from core.domain.plan_inputs import PlanInputs
from core.domain.plan_moves import Move, moves
from core.domain.product_search import normalise
from core.errors import ConflictError, InputError, Message, Problem, message, plural_message

_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class Approval:
    """Who approves, from where, and what they said about it.

    `override_reason` is why the limits may be exceeded; `retry_of` and `undo_of` name the run
    that this one goes on from or takes back.
    """

    by: str
    origin: RunOrigin
    override_reason: str = ""
    retry_of: str = ""
    undo_of: str = ""


class PlanChangedError(ConflictError):
    """The plan is another one than the one that was looked at. `plan` is how it is now."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(
            message("The plan has changed since you looked at it."),
            remedy=message("Nothing was written. Look at the plan as it is now."),
        )
        self.plan = plan


class LimitsExceededError(InputError):
    """The plan breaks limits, and nobody said why it may. `plan` has them."""

    def __init__(self, plan: Plan) -> None:
        exceeded = plan.exceeded
        super().__init__(
            plural_message(
                "The plan exceeds a limit; nothing was written.",
                "The plan exceeds {count} limits; nothing was written.",
                len(exceeded),
            ),
            [Problem(check.text, key=check.kind.value) for check in exceeded],
            remedy=message("Exclude the rows in question, or approve with a reason."),
        )
        self.plan = plan


def refuse_unapprovable(plan: Plan, digest: str, approval: Approval) -> None:
    """Raise PlanChangedError, InputError or LimitsExceededError unless it may be carried out."""
    if plan.digest != digest:
        raise PlanChangedError(plan)
    if not plan.changes:
        blocked = plan.blocked[0] if plan.blocked else None
        raise InputError(
            blocked.text if blocked else message("There is nothing to do."),
            remedy=blocked.remedy if blocked else None,
        )
    if plan.exceeded and not approval.override_reason.strip():
        raise LimitsExceededError(plan)


def new_run(plan: Plan, options: PlanOptions, approval: Approval, at: datetime) -> Run:
    """The run of a plan, before the store gives it a number."""
    reason = " ".join(approval.override_reason.split()) if plan.exceeded else ""
    return Run(
        id=str(uuid4()),
        number=0,
        month=plan.month,
        digest=plan.digest,
        origin=approval.origin,
        approved_by=approval.by,
        approved_at=at,
        options=options,
        limits=plan.limits,
        override_reason=reason,
        retry_of=approval.retry_of,
        undo_of=approval.undo_of,
    )


def rows_of(changes: Sequence[Change], inputs: PlanInputs) -> list[RunChange]:
    """The changes of a plan as rows of its run, with what things are called today."""
    return [
        RunChange(number=number, change=change, names=_names(change, inputs))
        for number, change in enumerate(changes, start=1)
    ]


def _names(change: Change, inputs: PlanInputs) -> ChangeNames:
    agreement_id, product_id = change.target.agreement_id, change.target.product_id
    if product_id:
        product = inputs.product_name(product_id)
    elif change.default_product is not None:
        product = change.default_product.identifier
    else:
        product = inputs.sophos_name(change.target.product_code)
    return ChangeNames(
        customers=tuple(sorted(map(inputs.customer_name, change.customer_ids), key=normalise)),
        agreement=inputs.agreement_name(agreement_id) if agreement_id else "",
        product=product,
    )


def what_moved(approved: Sequence[RunChange], plan: Plan, inputs: PlanInputs) -> Message:
    """One sentence about the difference between what was approved and the plan of now."""
    moved = moves([row.change for row in approved], plan.changes)
    named = ", ".join(_place(move, inputs) for move in moved[:_NAMED])
    return plural_message(
        "{count} change is another one than was approved ({named}); nothing was written.",
        "{count} changes are others than were approved ({named} …); nothing was written.",
        len(moved),
        named=named,
    )


def _place(move: Move, inputs: PlanInputs) -> str:
    change = move.now or move.before
    if change is None:
        return ""
    names = _names(change, inputs)
    return " / ".join(part for part in (names.agreement, names.product) if part)


def failed_targets(rows: Sequence[RunChange], plan: Plan) -> Iterator[str]:
    """The targets, in a plan of now, of changes that a run did not get done.

    A product may have come into being since; its additions then have another target.
    """
    targets = {row.change.target for row in rows}
    codes = {
        (target.agreement_id, target.product_code) for target in targets if target.product_code
    }
    for change in plan.changes:
        own = {(change.target.agreement_id, part.product_code) for part in change.parts}
        if change.target in targets or own & codes:
            yield change.target.key


def with_only(options: PlanOptions, targets: frozenset[str]) -> PlanOptions:
    """The same decisions for some targets."""
    return replace(options, only=targets)


def still_wanted(
    rows: Iterable[RunChange], now: Iterable[Change], products: Mapping[str, int]
) -> set[int]:
    """The numbers of the changes of a run that the plan of now has too.

    `products` are the ConnectWise products that Sophos products are mapped to: a product may have
    come into being since; its additions then have another target.
    """
    planned = list(now)
    adopted = {
        change.target.product_code: change.product_id
        for change in planned
        if change.kind is ChangeKind.ADOPT_PRODUCT and change.product_id is not None
    }
    known = {**products, **adopted}
    decided = {json.dumps(decides(change)) for change in planned}
    return {
        row.number
        for row in rows
        if any(json.dumps(decides(change)) in decided for change in _as_of_now(row.change, known))
    }


def _as_of_now(change: Change, products: Mapping[str, int]) -> Iterator[Change]:
    yield change
    target = change.target
    product_id = products.get(target.product_code)
    if target.agreement_id and product_id is not None:
        yield replace(change, target=Target(target.agreement_id, product_id))
