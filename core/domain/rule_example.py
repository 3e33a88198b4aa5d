"""What a rule makes of the usage of one customer, so that whoever edits it sees what it does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal

from core.domain.models import QuantityRules, Usage
from core.domain.month import Month
from core.domain.quantity import RuleProblem, customer_quantity, explain
from core.domain.rule_editing import OverrideEdit, RuleEdit
from core.errors import Message

_ZERO = Decimal(0)


@dataclass(frozen=True)
class RuleExample:
    """The quantity of one customer in one month, with every step; None: the rules give none."""

    customer: str
    month: Month
    quantity: Decimal | None
    steps: tuple[Message, ...]


def telling_customer(usages: Iterable[Usage], codes: Collection[str]) -> str | None:
    """The customer whose usage shows most: of the most members, then of the greatest quantity."""
    used: dict[str, list[Decimal]] = {}
    for usage in usages:
        if usage.account_id is not None and usage.product_code in codes and usage.billable > _ZERO:
            used.setdefault(usage.account_id, []).append(usage.billable)
    return max(sorted(used), key=lambda one: (len(used[one]), sum(used[one], _ZERO)), default=None)


def example_of(
    edit: RuleEdit | OverrideEdit,
    rules: QuantityRules,
    usages: Iterable[Usage],
    customer_id: str,
    counting: Collection[str],
    names: Callable[[str], str],
    month: Month,
) -> RuleExample:
    """What the edit makes of one customer's usage in `month`.

    `rules` are those stored; `counting` are the products whose sync is on: a bundle combines
    these, and the one that is edited.
    """
    members = edit.base.members
    codes = [c for c in members.codes if c in counting or c == members.product_code]
    usage = {one.product_code: one for one in usages if one.account_id == customer_id}
    found = customer_quantity(
        customer_id, usage, codes, members.product_id or 0, _after(edit, rules)
    )
    if isinstance(found, RuleProblem):
        return RuleExample(names(customer_id), month, None, ())
    steps = explain([found], names, str(month))
    return RuleExample(names(customer_id), month, found.quantity, steps)


def _after(edit: RuleEdit | OverrideEdit, rules: QuantityRules) -> QuantityRules:
    """All rules, as they are after the edit."""
    codes = edit.base.members.codes
    if isinstance(edit, OverrideEdit):
        own = {
            (edit.base.customer_id, code): override
            for code, override in zip(codes, edit.overrides, strict=True)
        }
        return QuantityRules(rules.by_product, rules.bundles, {**rules.overrides, **own})
    by_product = {**rules.by_product, **dict(zip(codes, edit.rules, strict=True))}
    bundles = {**rules.bundles, edit.base.members.product_id or 0: edit.bundle_after}
    return QuantityRules(by_product, bundles, rules.overrides)
