"""Months, moves and switches one after the other: sync never comes to bill usage twice, and never
stops to bill it without another addition that does."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings

from core.domain.addition_days import is_open
from core.domain.models import (
    MappingState,
    PlanOptions,
    Usage,
    UsageGone,
)
from core.domain.month import Month
from core.domain.planning import PlanInputs, make_plan
from tests.domain.planning_world import (
    agreement,
    carried_out,
    chances,
    customer,
    entry,
    fetched,
    mapping,
    usage,
    world,
)

FIRST = Month(2026, 1)
CODES, PRODUCTS = ("X", "Y", "Z"), (1, 2, 3)
CUSTOMERS, AGREEMENTS = ("alpha", "beta", "gamma"), (11, 12, 13)
STEPS = 8


def in_month(month: Month, chance: random.Random) -> dict[str, object]:
    """What is known in the month after."""
    at = datetime(month.plus(1).year, month.plus(1).number, 10, tzinfo=UTC)
    reading = fetched(month=month, at=at)
    return {
        "month": month,
        "today": at.date(),
        "fetch": reading,
        "newest_fetch": reading,
        "usage": [*_used(month, chance)],
    }


def _used(month: Month, chance: random.Random) -> Iterator[Usage]:
    yield replace(usage("somebody", "Other", 1), month=month)
    for name in CUSTOMERS:
        for code in CODES:
            if chance.random() < 0.7:
                # Rarely the same twice, so that equal quantities hide nothing.
                quantity = chance.choice([0, chance.randint(1, 9999), chance.randint(1, 9999)])
                yield replace(usage(name, code, quantity), month=month)


def beginning(chance: random.Random) -> PlanInputs:
    start = world(
        mappings=[mapping(code, chance.choice(PRODUCTS)) for code in CODES],
        customers=[customer(name, chance.choice(AGREEMENTS)) for name in CUSTOMERS],
        agreements=[agreement(each) for each in AGREEMENTS],
        catalog=[entry(each) for each in PRODUCTS],
    )
    gone = chance.choice(list(UsageGone))
    return replace(
        start,
        settings=replace(start.settings, usage_gone=gone),
        **in_month(FIRST, chance),  # type: ignore[arg-type]
    )


# ---------------------------------------------------------------- what people do


def other_usage(now: PlanInputs, chance: random.Random) -> PlanInputs:
    return replace(now, usage=[*_used(now.month, chance)])


def next_month(now: PlanInputs, chance: random.Random) -> PlanInputs:
    return replace(now, **in_month(now.month.plus(1), chance))  # type: ignore[arg-type]


def moved_customer(now: PlanInputs, chance: random.Random) -> PlanInputs:
    name = chance.choice(CUSTOMERS)
    old = now.customer_mappings[name]
    there = customer(name, chance.choice(AGREEMENTS), sync=old.sync)
    former = now.former_agreements.get(name, frozenset()) | {old.agreement_id or 0}
    return replace(
        now,
        customer_mappings={**now.customer_mappings, name: there},
        former_agreements={**now.former_agreements, name: former},
    )


def mapped_anew(now: PlanInputs, chance: random.Random) -> PlanInputs:
    code = chance.choice(CODES)
    old = now.mappings[code]
    former = now.former_products.get(code, frozenset()) | {old.connectwise_product_id or 0}
    anew = replace(old, connectwise_product_id=chance.choice(PRODUCTS))
    return replace(
        now,
        mappings={**now.mappings, code: anew},
        former_products={**now.former_products, code: former},
    )


def switched_customer(now: PlanInputs, chance: random.Random) -> PlanInputs:
    old = now.customer_mappings[chance.choice(CUSTOMERS)]
    switched = replace(old, sync=not old.sync)
    return replace(now, customer_mappings={**now.customer_mappings, old.customer_id: switched})


def switched_product(now: PlanInputs, chance: random.Random) -> PlanInputs:
    old = now.mappings[chance.choice(CODES)]
    switched = replace(old, sync=not old.sync)
    return replace(now, mappings={**now.mappings, old.product_code: switched})


def stopped_row(now: PlanInputs, chance: random.Random) -> PlanInputs:
    old = now.mappings[chance.choice(CODES)]
    stands = old.state is MappingState.STOPPED
    other = replace(old, state=MappingState.ACTIVE if stands else MappingState.STOPPED)
    return replace(now, mappings={**now.mappings, old.product_code: other})


def deleted_addition(now: PlanInputs, chance: random.Random) -> PlanInputs:
    if not now.bindings:
        return now
    gone = chance.choice(list(now.bindings.values())).addition_id
    left = {key: [a for a in listed if a.id != gone] for key, listed in now.additions.items()}
    return replace(now, additions=left)


def other_setting(now: PlanInputs, chance: random.Random) -> PlanInputs:
    gone = chance.choice(list(UsageGone))
    return replace(now, settings=replace(now.settings, usage_gone=gone))


ACTS: tuple[Callable[[PlanInputs, random.Random], PlanInputs], ...] = (
    other_usage,
    next_month,
    moved_customer,
    moved_customer,
    mapped_anew,
    mapped_anew,
    switched_customer,
    switched_product,
    stopped_row,
    deleted_addition,
    other_setting,
)


# ---------------------------------------------------------------- what is billed


@dataclass(frozen=True)
class Billed:
    """How many additions bill a customer's usage of a product."""

    times: Mapping[str, int]

    @classmethod
    def of(cls, now: PlanInputs) -> Billed:
        billing = {
            each.id
            for listed in now.additions.values()
            for each in listed
            if is_open(each, now.today) and each.quantity > 0
        }
        kept = (each for each in now.bindings.values() if each.addition_id in billing)
        return cls(Counter(key for each in kept for key in each.carries))


def to_be_billed(now: PlanInputs) -> Iterator[str]:
    for used in now.usage:
        owner = now.customer_mappings.get(used.account_id or "")
        product = now.mappings.get(used.product_code)
        if owner and product and owner.sync and product.sync and used.billable > 0:
            yield f"{used.account_id}/{used.product_code}"


def some_left_out(now: PlanInputs, chance: random.Random) -> PlanOptions:
    keys = [change.target.key for change in make_plan(now).changes]
    return PlanOptions(excluded={key: "not now" for key in keys if chance.random() < 0.15})


@given(chances())
@example(random.Random(15))
@example(random.Random(278))
@example(random.Random(295))
@settings(max_examples=400)
def test_usage_is_never_billed_twice_and_never_let_go_unbilled(chance: random.Random) -> None:
    now = beginning(chance)
    for _ in range(STEPS):
        before = Billed.of(now).times
        options = some_left_out(now, chance)
        plan = make_plan(replace(now, options=options))
        after_run, _ = carried_out(now, plan)
        after = Billed.of(after_run).times
        for key in to_be_billed(now):
            assert after.get(key, 0) <= max(1, before.get(key, 0)), key
            assert after.get(key, 0) >= min(1, before.get(key, 0)), key
        if not options.excluded and not plan.blocked:
            assert make_plan(after_run).changes == ()
        now = chance.choice(ACTS)(after_run, chance)


@pytest.mark.parametrize("act", sorted(set(ACTS), key=lambda act: act.__name__))
def test_every_act_leaves_a_world_that_can_be_planned(
    act: Callable[[PlanInputs, random.Random], PlanInputs],
) -> None:
    chance = random.Random(act.__name__)
    now = beginning(chance)
    synced, _ = carried_out(now, make_plan(now))
    assert make_plan(act(synced, chance)).month >= FIRST
