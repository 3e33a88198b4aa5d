"""The properties that a plan must have in every world. See also tests/use_cases for those that
need ConnectWise."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.addition_days import is_open
from core.domain.models import (
    ChangeKind,
    Combine,
    FetchStatus,
    FindingKind,
    Plan,
    PlanOptions,
    Rounding,
    SyncSettings,
)
from core.domain.plan_customers import left_agreements
from core.domain.planning import PlanInputs, make_plan
from core.domain.quantity import CustomerQuantity, customer_quantity
from tests.domain.planning_world import (
    CODES,
    PRODUCTS,
    applied,
    chances,
    fetched,
    random_rules,
    renamed,
    usage,
    worlds,
)

_CREATING = frozenset({ChangeKind.CREATE_PRODUCT, ChangeKind.ADOPT_PRODUCT})


def left_behind(inputs: PlanInputs) -> dict[int, tuple[str, ...]]:
    """The agreements that all their customers were moved away from, with these customers."""
    return left_agreements(inputs.customer_mappings, inputs.former_agreements, inputs.bindings)


def _writes(plan: Plan) -> list[tuple[object, ...]]:
    """What a plan writes, without the names that a created product gets."""
    return [
        (c.kind, c.target, c.addition_id, c.product_id, c.before, c.after, c.effective_date,
         c.cancelled_date, c.known_ids)
        for c in plan.changes
    ]  # fmt: skip


@given(worlds())
@settings(max_examples=300)
def test_a_plan_that_was_applied_leaves_nothing_to_do(inputs: PlanInputs) -> None:
    after = applied(inputs, make_plan(inputs))
    assert make_plan(after).changes == ()


@given(worlds(), st.randoms(use_true_random=False))
@settings(max_examples=150)
def test_the_order_of_answers_does_not_matter(inputs: PlanInputs, chance: random.Random) -> None:
    def shuffled(mapping: dict[object, object]) -> dict[object, object]:
        items = list(mapping.items())
        chance.shuffle(items)
        return dict(items)

    def mixed(values: object) -> list[object]:
        items = list(values)  # type: ignore[call-overload]
        chance.shuffle(items)
        return items

    other = replace(
        inputs,
        usage=mixed(inputs.usage),
        mappings=shuffled(inputs.mappings),
        catalog=shuffled(inputs.catalog),
        customer_mappings=shuffled(inputs.customer_mappings),
        agreements=shuffled(inputs.agreements),
        additions={k: mixed(v) for k, v in shuffled(inputs.additions).items()},
        bindings=shuffled(inputs.bindings),
    )
    assert make_plan(other) == make_plan(inputs)


@given(worlds())
@settings(max_examples=150)
def test_renames_do_not_matter(inputs: PlanInputs) -> None:
    plan, other = make_plan(inputs), make_plan(renamed(inputs))
    assert _writes(other) == _writes(plan)
    if not any(change.kind in _CREATING for change in plan.changes):
        assert other.digest == plan.digest


@given(worlds())
@settings(max_examples=50)
def test_an_incomplete_month_is_not_planned(inputs: PlanInputs) -> None:
    failed = replace(inputs, newest_fetch=fetched(FetchStatus.INCOMPLETE))
    assert make_plan(failed).changes == ()
    assert make_plan(replace(inputs, fetch=None, usage=[])).changes == ()
    assert make_plan(replace(inputs, usage=[])).changes == ()


@given(worlds())
@settings(max_examples=50)
def test_an_agreement_that_could_not_be_read_is_not_written(inputs: PlanInputs) -> None:
    some = dict(inputs.additions)
    lost = sorted(some)[0]
    del some[lost]
    plan = make_plan(replace(inputs, additions=some))
    assert lost not in {change.target.agreement_id for change in plan.changes}
    # What customers left behind who are on it now stays, too: nothing else bills them.
    waits = {
        agreement_id
        for agreement_id, customers in left_behind(inputs).items()
        if lost in {inputs.customer_mappings[each].agreement_id for each in customers}
    }
    others = [
        c for c in make_plan(inputs).changes if c.target.agreement_id not in {0, lost, *waits}
    ]
    assert [c for c in plan.changes if c.target.agreement_id] == others


@given(worlds())
@settings(max_examples=150)
def test_several_open_additions_are_never_guessed(inputs: PlanInputs) -> None:
    for change in make_plan(inputs).changes:
        key = (change.target.agreement_id, change.target.product_id)
        if change.target.agreement_id == 0 or key in inputs.bindings:
            continue
        still_open = [
            a
            for a in inputs.additions[change.target.agreement_id]
            if a.product.id == change.target.product_id and is_open(a, inputs.today)
        ]
        assert len(still_open) <= 1


@given(worlds())
@settings(max_examples=50)
def test_a_closed_month_is_not_reached(inputs: PlanInputs) -> None:
    closed = replace(inputs, closed=frozenset({inputs.month}))
    assert make_plan(closed).changes == ()


@given(worlds())
@settings(max_examples=150)
def test_what_is_off_is_untouched(inputs: PlanInputs) -> None:
    off_products = {m.connectwise_product_id for m in inputs.mappings.values() if not m.sync} - {
        m.connectwise_product_id for m in inputs.mappings.values() if m.sync
    }
    on_agreements = {m.agreement_id for m in inputs.customer_mappings.values() if m.sync}
    for change in make_plan(inputs).changes:
        assert change.target.product_id not in off_products or change.kind in _CREATING
        assert change.target.agreement_id in on_agreements | left_behind(inputs).keys() | {0}
        for customer in change.customer_ids:
            assert inputs.customer_mappings[customer].sync


@given(worlds())
@settings(max_examples=100)
def test_what_is_excluded_or_not_asked_for_is_not_written(inputs: PlanInputs) -> None:
    whole = make_plan(inputs)
    for change in whole.changes:
        key = change.target.key
        left = make_plan(replace(inputs, options=PlanOptions(excluded={key: "not now"})))
        assert key not in {c.target.key for c in left.changes}
        assert change in left.excluded
        only = make_plan(replace(inputs, options=PlanOptions(only=frozenset({key}))))
        if change.target.agreement_id in left_behind(inputs) and change not in only.changes:
            waiting = [f for f in only.findings if f.kind is FindingKind.ORPHANED_ADDITION]
            assert change.target in {finding.target for finding in waiting}
            continue
        assert change in only.changes
        codes = {part.product_code for part in change.parts} | {change.target.product_code}
        assert {c.target.key for c in only.changes} <= {key} | {f"+{code}" for code in codes}


@given(
    chances(),
    st.lists(st.tuples(st.sampled_from(CODES), st.decimals(0, 100, places=2)), max_size=5),
    st.sampled_from(PRODUCTS),
)
def test_a_bundle_is_the_combination_of_its_members_before_the_rule(
    chance: random.Random, quantities: list[tuple[str, Decimal]], product_id: int
) -> None:
    used = {code: usage("alpha", code, quantity) for code, quantity in quantities}
    found = customer_quantity("alpha", used, CODES, product_id, random_rules(chance))
    if not isinstance(found, CustomerQuantity):
        return
    amounts = {part.product_code: part.quantity for part in found.parts}
    assert amounts.keys() == used.keys()
    match found.bundle.combine:
        case Combine.SUM:
            assert found.combined == sum(amounts.values(), Decimal(0))
        case Combine.MAX:
            assert found.combined == max(amounts.values(), default=Decimal(0))
        case Combine.DRIVER:
            assert found.combined == amounts.get(found.bundle.driver, Decimal(0))
    rule = found.rule
    if rule.multiplier == 1 and not rule.included and rule.rounding is Rounding.NONE:
        assert found.quantity == (max(found.combined, rule.minimum) if found.combined else 0)


@given(worlds())
@settings(max_examples=100)
def test_every_changed_quantity_is_explained(inputs: PlanInputs) -> None:
    for change in make_plan(inputs).changes:
        assert change.steps
        for step in change.steps:
            assert "{" not in str(step)


@given(worlds())
@settings(max_examples=100)
def test_the_digest_is_that_of_the_writes(inputs: PlanInputs) -> None:
    plan = make_plan(inputs)
    assert make_plan(replace(inputs, settings=replace(inputs.settings, hour=7))).digest == (
        plan.digest
    )
    assert isinstance(inputs.settings, SyncSettings)
    for change in plan.changes:
        left = make_plan(
            replace(inputs, options=PlanOptions(excluded={change.target.key: "not now"}))
        )
        assert left.digest != plan.digest
