from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sandbox.faults import (
    Effect,
    FaultPlan,
    FaultRule,
    InvalidFaultError,
    When,
    rule_as_json,
    rule_from_json,
)


def struck(plan: FaultPlan, times: int, method: str = "GET", path: str = "/a") -> list[int]:
    """Which of so many equal requests are struck, counted from 1."""
    return [n for n in range(1, times + 1) if plan.choose("connectwise", method, path)]


def plan_of(**members: object) -> FaultPlan:
    return FaultPlan((rule_from_json({"effect": "status", **members}),))


def test_a_rule_without_a_schedule_strikes_always() -> None:
    assert struck(plan_of(), 3) == [1, 2, 3]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"nth": 1}, [1]),
        ({"nth": 3}, [3]),
        ({"every": 2}, [2, 4, 6]),
        ({"every": 2, "count": 2}, [2, 4]),
        ({"count": 2}, [1, 2]),
        ({"count": 0}, []),
        ({"probability": 0}, []),
        ({"probability": 1}, [1, 2, 3, 4, 5, 6]),
    ],
)
def test_the_schedule_decides_which_calls_are_struck(
    members: dict[str, object], expected: list[int]
) -> None:
    assert struck(plan_of(**members), 6) == expected


def test_probability_repeats_with_its_seed() -> None:
    first, second = (struck(plan_of(probability=0.3, seed=5), 200) for _ in range(2))
    assert first == second
    assert 30 < len(first) < 90
    assert struck(plan_of(probability=0.3, seed=6), 200) != first


@pytest.mark.parametrize(
    ("members", "request_", "expected"),
    [
        ({"method": "post"}, ("connectwise", "POST", "/a", ""), True),
        ({"method": "POST"}, ("connectwise", "GET", "/a", ""), False),
        ({"path": "/CATALOG$"}, ("connectwise", "GET", "/procurement/catalog", ""), True),
        ({"path": "/catalog$"}, ("connectwise", "GET", "/procurement/catalog/7", ""), False),
        ({"system": "sophos"}, ("connectwise", "GET", "/a", ""), False),
        ({"system": "sophos"}, ("sophos", "GET", "/a", ""), True),
        ({"query": "page=2"}, ("connectwise", "GET", "/a", "pageSize=5&page=2"), True),
        ({"query": "page=2"}, ("connectwise", "GET", "/a", ""), False),
    ],
)
def test_a_rule_is_about_what_it_names(
    members: dict[str, object], request_: tuple[str, str, str, str], expected: bool
) -> None:
    assert (plan_of(**members).choose(*request_) is not None) is expected


def test_only_matching_requests_are_counted() -> None:
    plan = plan_of(path="/a", nth=2)
    assert plan.choose("connectwise", "GET", "/a") is None
    assert plan.choose("connectwise", "GET", "/b") is None
    assert plan.choose("connectwise", "GET", "/a") is not None


def test_the_first_rule_wins_and_the_others_count_on() -> None:
    first = FaultRule(effect=Effect.RESET, nth=1)
    second = FaultRule(effect=Effect.HTML, nth=2)
    plan = FaultPlan((first, second))
    assert plan.choose("connectwise", "GET", "/a") is first
    assert plan.choose("connectwise", "GET", "/a") is second


def test_clear_forgets_the_rules_and_a_new_rule_counts_from_one() -> None:
    plan = plan_of(nth=1)
    assert struck(plan, 1) == [1]
    plan.clear()
    assert struck(plan, 1) == []
    plan.add(FaultRule(effect=Effect.RESET, nth=1))
    assert struck(plan, 2) == [1]


def test_the_listing_tells_how_often_a_rule_matched_and_struck() -> None:
    plan = plan_of(path="/a", every=2)
    struck(plan, 5)
    (listed,) = plan.as_json()
    assert (listed["seen"], listed["struck"], listed["every"]) == (5, 2, 2)


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"effect": "explode"},
        {"effect": "status", "colour": "red"},
        {"effect": "status", "nth": "2"},
        {"effect": "status", "nth": 0},
        {"effect": "status", "every": 0},
        {"effect": "status", "nth": True},
        {"effect": "status", "path": "("},
        {"effect": "status", "query": "("},
        {"effect": "status", "when": "later"},
        {"effect": "latency", "latency": -1},
        {"effect": "status", "headers": "none"},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(members: dict[str, object]) -> None:
    with pytest.raises(InvalidFaultError):
        rule_from_json(members)


def test_json_decimals_become_seconds() -> None:
    rule = rule_from_json({"effect": "latency", "latency": Decimal("0.25")})
    assert rule.latency == 0.25
    assert isinstance(rule.latency, float)


@given(
    st.builds(
        FaultRule,
        effect=st.sampled_from(Effect),
        system=st.sampled_from(["", "sophos", "connectwise"]),
        method=st.sampled_from(["", "GET", "POST"]),
        path=st.sampled_from(["", "/catalog$", "^/sophos"]),
        nth=st.none() | st.integers(1, 9),
        every=st.none() | st.integers(1, 9),
        count=st.none() | st.integers(0, 9),
        when=st.sampled_from(When),
        status=st.integers(200, 599),
        body=st.none() | st.just({"code": "X"}),
        headers=st.just({}) | st.just({"Retry-After": "3"}),
        latency=st.floats(0, 5),
    )
)
def test_a_rule_survives_json(rule: FaultRule) -> None:
    assert rule_from_json(rule_as_json(rule)) == rule
