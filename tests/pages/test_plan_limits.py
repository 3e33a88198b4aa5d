"""The limits of a plan in lines: what it has, what it may, and how the two compare."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.domain.models import LimitCheck, LimitKind
from core.errors import message
from pages.components.plan_limits import limit_lines, limit_names, standing_of


def check(kind: LimitKind, number: str, limit: str, *, exceeded: bool = False) -> LimitCheck:
    said = message("Said.")
    return LimitCheck(kind, Decimal(number), Decimal(limit), exceeded, said, said)


def test_every_limit_has_a_name():
    assert set(limit_names()) == set(LimitKind)


def test_what_is_exceeded_comes_first_the_rest_in_its_order():
    found = limit_lines(
        [
            check(LimitKind.CHANGED_SHARE, "0.123456", "0.3"),
            check(LimitKind.DROPS_TO_ZERO, "12", "10", exceeded=True),
            check(LimitKind.JUMP, "0", "3"),
        ]
    )
    assert [line.replace("\\", "") for line in found] == [
        "Additions that go to 0 or are cancelled: 12 (at most 10) – **exceeded**. Said.",
        "Additions that change (%): 12.3 (at most 30) – within",
        "Factor by which a quantity may change: 0 (at most 3) – within",
    ]


@pytest.mark.parametrize(
    ("kind", "number", "limit", "shown"),
    [
        (LimitKind.CHANGED_SHARE, "0.30001", "0.3", "30.1 (at most 30)"),
        (LimitKind.JUMP, "3.0001", "3", "3.01 (at most 3)"),
        (LimitKind.QUANTITY, "10000.5", "10000", "10,000.5 (at most 10,000)"),
    ],
)
def test_what_is_above_a_limit_never_looks_equal_to_it(kind, number, limit, shown):
    (line,) = limit_lines([check(kind, number, limit, exceeded=True)])
    assert shown in line.replace("\\", "")


def test_a_share_of_few_additions_is_not_held_against_its_limit():
    assert standing_of(check(LimitKind.CHANGED_SHARE, "0.8", "0.3")) == (
        "not applied: few additions"
    )
    assert standing_of(check(LimitKind.CHANGED_SHARE, "0.3", "0.3")) == "within"
