"""Usage that goes from one addition to another: never billed on both, and never on neither."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings

from core.domain.models import (
    Addition,
    Agreement,
    AgreementStatus,
    Basis,
    Binding,
    Change,
    ChangeKind,
    FindingKind,
    PlanOptions,
    QuantityRule,
    QuantityRules,
    SyncSettings,
    Target,
    UsageGone,
)
from core.domain.plan_transfers import agreements_behind
from core.domain.planning import PlanInputs, make_plan
from tests.domain.planning_world import (
    MONTH,
    addition,
    agreement,
    applied,
    bind,
    customer,
    entry,
    mapping,
    usage,
    world,
    worlds,
)

OLD = addition(100, 11, 1, 8)
OLD_KEY, NEW_KEY = Target(11, 1).key, Target(12, 1).key


def carrying(kept: Addition, *keys: str, month: object = MONTH) -> Binding:
    return replace(bind(kept), carries=keys, month=month)  # type: ignore[arg-type]


def moved(**more: object) -> PlanInputs:
    """Alpha used 8 of X. It was billed on agreement 11 and is on 12 now, beta is on 11 still."""
    values: dict[str, object] = {
        "usages": [usage("alpha", "X", 8)],
        "mappings": [mapping("X", 1)],
        "customers": [customer("alpha", 12), customer("beta", 11, sync=False)],
        "agreements": [agreement(11), agreement(12)],
        "catalog": [entry(1), entry(2)],
        "additions": [OLD],
        "bound": [carrying(OLD, "alpha/X")],
        **more,
    }
    return world(**values)  # type: ignore[arg-type]


def over(ended: date) -> Agreement:
    return agreement(11, status=AgreementStatus.EXPIRED, end_date=ended)


def cancelled(day: date | None) -> Agreement:
    """It would have gone on for a year."""
    return agreement(
        11,
        status=AgreementStatus.CANCELLED,
        cancelled=True,
        cancelled_on=day,
        end_date=date(2027, 12, 31) if day else None,
    )


def written(inputs: PlanInputs) -> dict[str, ChangeKind]:
    return {change.target.key: change.kind for change in make_plan(inputs).changes}


def blocking(inputs: PlanInputs) -> set[FindingKind]:
    return {finding.kind for finding in make_plan(inputs).blocked}


def test_what_carries_only_usage_that_left_is_let_go_whoever_is_still_mapped_there() -> None:
    plan = make_plan(moved())
    assert {c.target.key: c.kind for c in plan.changes} == {
        OLD_KEY: ChangeKind.ZERO,
        NEW_KEY: ChangeKind.CREATE_ADDITION,
    }
    zero = next(c for c in plan.changes if c.target.key == OLD_KEY)
    assert (zero.needs, zero.carried, zero.carries) == ((NEW_KEY,), ("alpha/X",), ())


@pytest.mark.parametrize(
    "more",
    [
        # Beta's usage is in it too, and beta is off: untouched.
        {"bound": [carrying(OLD, "alpha/X", "beta/X")]},
        # It was set for a newer month.
        {"bound": [carrying(OLD, "alpha/X", month=MONTH.plus(1))]},
        {"settings": SyncSettings(usage_gone=UsageGone.LEAVE)},
        {"options": PlanOptions(excluded={OLD_KEY: "not yet"})},
        {"options": PlanOptions(only=frozenset({NEW_KEY}))},
    ],
)
def test_nothing_is_raised_while_the_addition_before_still_bills_it(
    more: dict[str, object],
) -> None:
    inputs = moved(**more)
    assert NEW_KEY not in written(inputs)
    assert FindingKind.BILLED_ELSEWHERE in blocking(inputs)


@pytest.mark.parametrize(
    "more",
    [
        # Somebody set it by hand: what is there is theirs to answer for.
        {"additions": [addition(100, 11, 1, 3)], "bound": [carrying(OLD, "alpha/X", "beta/X")]},
        {"additions": [], "bound": [carrying(OLD, "alpha/X", "beta/X")]},
        {
            "agreements": [agreement(11, status=AgreementStatus.CANCELLED), agreement(12)],
            "bound": [carrying(OLD, "alpha/X", "beta/X")],
        },
    ],
)
def test_what_bills_nothing_any_more_holds_nothing_up(more: dict[str, object]) -> None:
    assert written(moved(**more)) == {NEW_KEY: ChangeKind.CREATE_ADDITION}


@pytest.mark.parametrize(
    "more",
    [
        {"additions": [OLD, addition(101, 12, 1, 5), addition(102, 12, 1, 5)]},
        {"options": PlanOptions(excluded={NEW_KEY: "not yet"})},
    ],
)
@pytest.mark.parametrize("stays", [True, False])
def test_nothing_is_lowered_while_nothing_else_bills_it(
    more: dict[str, object], stays: bool
) -> None:
    """Also where somebody stays, whose usage alone would be left."""
    beta = customer("beta", 11, sync=stays)
    inputs = moved(
        usages=[usage("alpha", "X", 8), usage("beta", "X", 2)],
        customers=[customer("alpha", 12), beta],
        **more,
    )
    assert OLD_KEY not in written(inputs)


def remapped(**more: object) -> PlanInputs:
    """Alpha used 8 of X and nothing of Y. X was billed as product 1 and is mapped to 2 now; Y,
    which is off, is mapped to 1."""
    values: dict[str, object] = {
        "mappings": [mapping("X", 2), mapping("Y", 1, sync=False)],
        "customers": [customer("alpha", 11)],
        "agreements": [agreement(11)],
        "former_products": {"X": frozenset({1})},
        **more,
    }
    return moved(**values)


def test_a_product_that_is_mapped_anew_is_not_billed_as_both() -> None:
    inputs = remapped()
    assert written(inputs) == {}
    assert blocking(inputs) == {FindingKind.BILLED_ELSEWHERE}
    on = remapped(mappings=[mapping("X", 2), mapping("Y", 1)])
    assert written(on) == {
        OLD_KEY: ChangeKind.ZERO,
        Target(11, 2).key: ChangeKind.CREATE_ADDITION,
    }


def test_two_that_change_places_and_both_go_down_do_not_wait_for_each_other() -> None:
    first, second = addition(100, 11, 1, 8), addition(101, 11, 2, 8)
    inputs = moved(
        usages=[usage("alpha", "X", 5), usage("alpha", "Y", 6)],
        mappings=[mapping("X", 2), mapping("Y", 1)],
        customers=[customer("alpha", 11)],
        additions=[first, second],
        bound=[carrying(first, "alpha/X"), carrying(second, "alpha/Y")],
    )
    changes = make_plan(inputs).changes
    assert [(c.before, c.after) for c in changes] == [(8, 6), (8, 5)]
    assert [c.needs for c in changes] == [(), (changes[0].target.key,)]


def test_what_grows_for_somebody_else_keeps_the_usage_that_nothing_else_bills() -> None:
    """Alpha left for an agreement where its row is ambiguous; beta uses more on the old one."""
    inputs = moved(
        usages=[usage("alpha", "X", 8), usage("beta", "X", 9)],
        customers=[customer("alpha", 12), customer("beta", 11)],
        additions=[OLD, addition(101, 12, 1, 1), addition(102, 12, 1, 1)],
    )
    assert written(inputs) == {}
    assert blocking(inputs) == {FindingKind.AMBIGUOUS_ADDITION, FindingKind.NOT_BILLED_YET}
    clear = replace(inputs, additions={**inputs.additions, 12: []})
    changes = {change.target.key: change for change in make_plan(clear).changes}
    assert (changes[OLD_KEY].before, changes[OLD_KEY].after) == (8, 9)
    assert changes[OLD_KEY].needs == (NEW_KEY,)


@pytest.mark.parametrize("basis", [Basis.ACTUAL, Basis.ORDERED])
def test_usage_is_to_be_billed_on_the_basis_of_its_rule(basis: Basis) -> None:
    used = replace(usage("alpha", "X", 0), actual=Decimal(5), ordered=Decimal(5))
    inputs = moved(
        usages=[used, usage("gamma", "Y", 1)],
        additions=[OLD, addition(101, 12, 1, 1), addition(102, 12, 1, 1)],
        rules=QuantityRules(by_product={"X": QuantityRule(basis=basis)}),
    )
    assert OLD_KEY not in written(inputs)


@pytest.mark.parametrize(
    ("more", "blocked"),
    [
        ({"additions": [replace(OLD, cancelled_date=date(2026, 10, 31))]}, True),
        ({"additions": [replace(OLD, cancelled_date=date(2026, 10, 30))]}, False),
        ({"agreements": [over(date(2026, 10, 31)), agreement(12)]}, True),
        ({"agreements": [over(date(2026, 10, 30)), agreement(12)]}, False),
        ({"agreements": [cancelled(date(2026, 10, 31)), agreement(12)]}, True),
        ({"agreements": [cancelled(date(2026, 10, 15)), agreement(12)]}, False),
        ({"agreements": [cancelled(None), agreement(12)]}, False),
        (
            {
                "additions": [replace(OLD, cancelled_date=date(2026, 10, 31))],
                "bound": [carrying(OLD, "alpha/X", month=MONTH.plus(-1))],
            },
            False,
        ),
    ],
)
def test_a_month_that_was_billed_elsewhere_to_its_end_is_not_billed_again(
    more: dict[str, object], blocked: bool
) -> None:
    inputs = moved(**more)
    assert (NEW_KEY not in written(inputs)) == blocked
    assert (FindingKind.ENDED_LATER in blocking(inputs)) == blocked


@pytest.mark.parametrize("quantity", [8, 9])
def test_what_is_billed_twice_is_told_though_the_right_one_needs_nothing(quantity: int) -> None:
    """The new addition bills alpha; the old one was not lowered, and is left since beta is off."""
    new = addition(101, 12, 1, quantity)
    inputs = moved(
        additions=[OLD, new],
        bound=[carrying(OLD, "alpha/X", "beta/X"), carrying(new, "alpha/X")],
    )
    assert OLD_KEY not in written(inputs)
    told = [f for f in make_plan(inputs).blocked if f.kind is FindingKind.BILLED_ELSEWHERE]
    assert [finding.target for finding in told] == [Target(11, 1)]
    by_hand = replace(inputs, additions={**inputs.additions, 11: [addition(100, 11, 1, 3)]})
    assert FindingKind.BILLED_ELSEWHERE not in blocking(by_hand)


def test_usage_of_which_nothing_is_to_be_billed_holds_nothing_up() -> None:
    free = QuantityRules(by_product={"X": QuantityRule(included=Decimal(10))})
    assert written(moved(rules=free)) == {OLD_KEY: ChangeKind.ZERO}


def test_agreements_behind_are_those_that_carry_usage_of_who_left() -> None:
    inputs = moved()
    mappings = inputs.customer_mappings
    assert agreements_behind(inputs.bindings, mappings) == {11}
    assert agreements_behind(inputs.bindings, {**mappings, "alpha": customer("alpha", 11)}) == set()


def test_a_new_addition_begins_after_the_one_that_ended() -> None:
    ended = addition(100, 12, 1, 5, cancelled=date(2026, 10, 10))
    (change,) = make_plan(moved(additions=[ended], bound=[])).changes
    assert change.effective_date == date(2026, 10, 11)
    undone = addition(100, 12, 1, 5, cancelled=date(2026, 10, 10), effective=date(2026, 10, 10))
    (again,) = make_plan(moved(additions=[undone], bound=[])).changes
    assert again.effective_date == date(2026, 10, 1)


def test_a_month_that_an_ended_addition_covered_is_not_billed_again() -> None:
    ended = addition(100, 12, 1, 5, cancelled=date(2026, 11, 1))
    inputs = moved(additions=[ended], bound=[])
    assert written(inputs) == {}
    assert blocking(inputs) == {FindingKind.ENDED_LATER}


@pytest.mark.parametrize(
    ("begins", "told"),
    [
        (None, False),
        (MONTH.last_day, False),
        # As a new one would, where the time before is invoiced already.
        (date(2027, 1, 1), False),
        (date(2027, 1, 2), True),
    ],
)
def test_an_adopted_addition_that_begins_later_than_a_new_one_is_told_of(
    begins: date | None, told: bool
) -> None:
    later = addition(100, 12, 1, 5, effective=begins)
    there = agreement(12, prorate=False, next_invoice_date=date(2027, 1, 1))
    inputs = moved(additions=[later], bound=[], agreements=[agreement(11), there])
    assert written(inputs) == {NEW_KEY: ChangeKind.ADOPT_ADDITION}
    kinds = {finding.kind for finding in make_plan(inputs).findings}
    assert (FindingKind.BEGINS_LATER in kinds) == told
    assert FindingKind.BEGINS_LATER not in blocking(inputs)


def test_created_anew_it_takes_the_one_that_is_open() -> None:
    other = addition(101, 12, 1, 5)
    gone = replace(bind(addition(99, 12, 1, 7)), carries=("alpha/X",))
    recreate = PlanOptions(recreate=frozenset({NEW_KEY}))
    inputs = moved(additions=[other], bound=[gone], options=recreate)
    assert written(inputs) == {NEW_KEY: ChangeKind.ADOPT_ADDITION}
    several = moved(additions=[other, addition(102, 12, 1, 5)], bound=[gone], options=recreate)
    assert written(several) == {}
    assert blocking(several) == {FindingKind.AMBIGUOUS_ADDITION}


def _billed_twice(additions: Iterable[Binding]) -> set[str]:
    seen: set[str] = set()
    twice: set[str] = set()
    for each in additions:
        twice |= seen.intersection(each.carries) if each.quantity > 0 else set()
        seen |= set(each.carries) if each.quantity > 0 else set()
    return twice


def _kept(change: Change) -> bool:
    return change.kind in (ChangeKind.CREATE_ADDITION, ChangeKind.SET_QUANTITY)


@given(worlds(), worlds())
@settings(max_examples=200)
def test_a_plan_never_raises_what_another_addition_of_sync_still_bills(
    first: PlanInputs, second: PlanInputs
) -> None:
    """One world is synced; then customers and products are mapped as in another world."""
    synced = applied(first, make_plan(first))
    later = replace(
        synced,
        customer_mappings=second.customer_mappings,
        mappings=second.mappings,
        agreements=second.agreements,
        products={**synced.products, **second.products},
    )
    plan = make_plan(later)
    before = _billed_twice(later.bindings.values())
    raised = {key for change in plan.changes if _kept(change) for key in change.carries}
    after = applied(later, plan)
    active = {
        key: each
        for key, each in after.bindings.items()
        if later.agreements[key[0]].status is AgreementStatus.ACTIVE
        and any(
            a.id == each.addition_id and a.quantity == each.quantity and a.cancelled_date is None
            for a in after.additions.get(key[0], ())
        )
    }
    assert not (raised & _billed_twice(active.values())) - before
