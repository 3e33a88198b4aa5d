"""Customers that were moved to another agreement: the one before stops billing what they use."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given

from core.domain.models import (
    AgreementStatus,
    ChangeKind,
    Finding,
    FindingKind,
    MappingState,
    PlanOptions,
    SyncSettings,
    Target,
    UsageGone,
)
from core.domain.plan_customers import left_agreements
from core.domain.planning import PlanInputs, make_plan
from tests.domain.planning_world import (
    MONTH,
    addition,
    agreement,
    bind,
    customer,
    entry,
    mapping,
    usage,
    world,
    worlds,
)

OLD = addition(100, 11, 1, 5)
NEW_TARGET = Target(12, 1)


def moved(**more: object) -> PlanInputs:
    """One customer with 8 of one product, on agreement 12 now and on 11 before."""
    values: dict[str, object] = {
        "usages": [usage("alpha", "X", 8)],
        "mappings": [mapping("X", 1)],
        "customers": [customer("alpha", 12)],
        "agreements": [agreement(11), agreement(12)],
        "catalog": [entry(1), entry(2)],
        "additions": [OLD],
        "bound": [bind(OLD)],
        "former_agreements": {"alpha": frozenset({11})},
        **more,
    }
    return world(**values)  # type: ignore[arg-type]


def outcome(inputs: PlanInputs) -> dict[int, ChangeKind]:
    """What happens, by agreement."""
    return {each.target.agreement_id: each.kind for each in make_plan(inputs).changes}


def left_alone(inputs: PlanInputs) -> Finding:
    """The one thing that is said of the old agreement, on which nothing happens."""
    plan = make_plan(inputs)
    assert all(each.target.agreement_id != 11 for each in plan.changes)
    (said,) = (f for f in plan.findings if f.kind is FindingKind.ORPHANED_ADDITION)
    assert said.target == Target(11, 1)
    return said


def test_the_new_agreement_bills_and_the_old_one_stops() -> None:
    plan = make_plan(moved())
    old, new = plan.changes
    assert (old.kind, old.before, old.after) == (ChangeKind.ZERO, Decimal(5), Decimal(0))
    assert (new.kind, new.after) == (ChangeKind.CREATE_ADDITION, Decimal(8))
    assert old.customer_ids == new.customer_ids == ("alpha",)
    assert [str(step) for step in old.steps] == ["alpha is billed on Agreement 12 now."]
    assert plan.findings == ()


def test_the_settings_say_what_becomes_of_the_old_addition() -> None:
    cancel = moved(settings=SyncSettings(usage_gone=UsageGone.CANCEL))
    assert outcome(cancel)[11] is ChangeKind.CANCEL
    leave = make_plan(moved(settings=SyncSettings(usage_gone=UsageGone.LEAVE)))
    assert [each.target for each in leave.changes] == [NEW_TARGET]
    assert [each.kind for each in leave.findings] == [FindingKind.ZERO_LEFT]


def test_a_newer_month_on_the_old_addition_is_not_overwritten() -> None:
    later = moved(bound=[bind(OLD, MONTH.plus(1))])
    assert 11 not in outcome(later)
    assert FindingKind.NEWER_MONTH in {each.kind for each in make_plan(later).findings}


@pytest.mark.parametrize(
    "more",
    [
        {"customers": [customer("alpha", 12, sync=False)]},
        {"customers": [customer("alpha", None)]},
        {"customers": []},
        # Somebody else who was billed there is not billed any more.
        {
            "customers": [customer("alpha", 12), customer("beta", 12, sync=False)],
            "former_agreements": {"alpha": frozenset({11}), "beta": frozenset({11})},
        },
        # Never known to have been there.
        {"former_agreements": {}},
        # Nothing can be written to either agreement.
        {"agreements": [agreement(11), agreement(12, status=AgreementStatus.EXPIRED)]},
        {"agreements": [agreement(11, status=AgreementStatus.CANCELLED), agreement(12)]},
        # The new one does not come to bill it.
        {"additions": [OLD, addition(101, 12, 1, 5), addition(102, 12, 1, 5)]},
        {"mappings": [mapping("X", 1, state=MappingState.STOPPED)]},
        {"mappings": [mapping("X", 2, state=MappingState.STOPPED)]},
        {"options": PlanOptions(excluded={NEW_TARGET.key: "not yet"})},
        {"options": PlanOptions(only=frozenset({Target(11, 1).key}))},
    ],
)
def test_nothing_is_let_go_that_would_not_be_billed_elsewhere(more: dict[str, object]) -> None:
    assert not left_alone(moved(**more)).blocks


def test_a_product_that_is_off_stays_untouched_on_the_old_agreement() -> None:
    assert outcome(moved(mappings=[mapping("X", 1, sync=False)])) == {}


def test_an_agreement_that_could_not_be_read_is_left_alone() -> None:
    inputs = moved()
    unread = replace(inputs, additions={12: ()})
    assert left_alone(unread).quantity == 5


def test_whoever_stays_keeps_the_addition() -> None:
    inputs = moved(
        usages=[usage("alpha", "X", 8), usage("beta", "X", 2)],
        customers=[customer("alpha", 12), customer("beta", 11)],
    )
    assert outcome(inputs) == {11: ChangeKind.SET_QUANTITY, 12: ChangeKind.CREATE_ADDITION}
    first = make_plan(inputs).changes[0]
    assert (first.target, first.after) == (Target(11, 1), Decimal(2))


def test_what_was_let_go_is_not_looked_at_again() -> None:
    done = addition(100, 11, 1, 0)
    inputs = moved(additions=[done, addition(101, 12, 1, 8)], bound=[bind(done)])
    assert left_agreements(
        inputs.customer_mappings, inputs.former_agreements, inputs.bindings
    ) == {}  # fmt: skip


@given(worlds())
def test_an_agreement_without_customers_is_only_ever_lowered_for_customers_that_moved(
    inputs: PlanInputs,
) -> None:
    mapped = {each.agreement_id for each in inputs.customer_mappings.values()}
    for change in make_plan(inputs).changes:
        agreement_id = change.target.agreement_id
        if not agreement_id or agreement_id in mapped:
            continue
        assert change.kind in (ChangeKind.ZERO, ChangeKind.CANCEL)
        assert (agreement_id, change.target.product_id) in inputs.bindings
        for customer_id in change.customer_ids:
            assert agreement_id in inputs.former_agreements[customer_id]
            assert inputs.customer_mappings[customer_id].sync
