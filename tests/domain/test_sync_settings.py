from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

import pytest

from core.domain.models import PlanLimits, SyncSettings
from core.domain.sync_settings import sync_problems

LIMITS = tuple(item.name for item in fields(PlanLimits))


def _with(name: str, value: Any) -> SyncSettings:
    if name in LIMITS:
        return SyncSettings(limits=replace(PlanLimits(), **{name: value}))
    return replace(SyncSettings(), **{name: value})


def test_the_defaults_are_accepted() -> None:
    assert sync_problems(SyncSettings()) == ()


@pytest.mark.parametrize(
    ("name", "least", "greatest", "step"),
    [
        ("day", 1, 31, 1),
        ("hour", 0, 23, 1),
        ("changed_share", Decimal(0), Decimal(1), Decimal("0.001")),
        ("changed_share_floor", 0, 1_000_000, 1),
        ("drops_to_zero", 0, 1_000_000, 1),
        ("jump_factor", Decimal(1), Decimal(1_000_000), Decimal("0.001")),
        ("jump_floor", Decimal(0), Decimal(1_000_000), Decimal("0.001")),
        ("quantity", Decimal(1), Decimal(1_000_000), Decimal("0.001")),
        ("new_products", 0, 1_000_000, 1),
    ],
)
def test_both_sides_of_each_bound(name: str, least: Any, greatest: Any, step: Any) -> None:
    assert sync_problems(_with(name, least)) == ()
    assert sync_problems(_with(name, greatest)) == ()
    for outside in (least - step, greatest + step):
        (problem,) = sync_problems(_with(name, outside))
        assert problem.field == name
        assert str(problem.text) == f"Enter a number from {least} to {greatest}."


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_outside(value: str) -> None:
    (problem,) = sync_problems(_with("quantity", Decimal(value)))
    assert problem.field == "quantity"


def test_every_limit_has_bounds() -> None:
    for name in LIMITS:
        assert sync_problems(_with(name, Decimal(-1))) != ()


@pytest.mark.parametrize("name", ["", "UTC", "Europe/Paris", "America/Argentina/Ushuaia"])
def test_zones_that_are_known(name: str) -> None:
    assert sync_problems(_with("time_zone", name)) == ()


@pytest.mark.parametrize(
    "name", ["Mars/Olympus", "../etc/passwd", "/etc/passwd", " ", "a\0b", "Europe"]
)
def test_zones_that_are_not(name: str) -> None:
    (problem,) = sync_problems(_with("time_zone", name))
    assert problem.field == "time_zone"
    assert name in str(problem.text)


def test_all_reasons_come_at_once() -> None:
    wrong = replace(_with("quantity", Decimal(0)), day=32, hour=-1, time_zone="x")
    assert [each.field for each in sync_problems(wrong)] == ["day", "hour", "time_zone", "quantity"]
