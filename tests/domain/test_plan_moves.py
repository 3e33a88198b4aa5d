from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given

from core.domain.models import Change, ChangeKind, DefaultProduct, Target
from core.domain.plan_digest import digest_of
from core.domain.plan_moves import Move, moves
from core.domain.planning import PlanInputs, make_plan
from core.errors import message
from tests.domain.planning_world import MONTH, renamed, worlds

SET = Change(
    kind=ChangeKind.SET_QUANTITY,
    target=Target(11, 1),
    addition_id=100,
    before=Decimal(5),
    after=Decimal(8),
)
CREATE = Change(
    kind=ChangeKind.CREATE_ADDITION,
    target=Target(11, 2),
    after=Decimal(3),
    effective_date=date(2026, 10, 1),
    known_ids=(7,),
)
X = DefaultProduct("Sophos_X", "X", "CODE")
PRODUCT = Change(kind=ChangeKind.CREATE_PRODUCT, target=Target(0, 0, "CODE"), default_product=X)
CHANGES = (PRODUCT, SET, CREATE)


def test_equal_plans_have_no_moves_whatever_they_say() -> None:
    said = replace(SET, steps=(message("Another sentence."),), unit_price=Decimal(9))
    assert moves(CHANGES, (PRODUCT, said, CREATE)) == ()
    same_number = replace(SET, after=Decimal("8.00"))
    assert moves(CHANGES, (CREATE, same_number, PRODUCT)) == ()


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (SET, replace(SET, before=Decimal(6))),
        (SET, replace(SET, after=Decimal(9))),
        (SET, replace(SET, addition_id=101)),
        (SET, replace(SET, kind=ChangeKind.ADOPT_ADDITION)),
        (CREATE, replace(CREATE, known_ids=(7, 8))),
        (CREATE, replace(CREATE, effective_date=date(2026, 10, 2))),
        (PRODUCT, replace(PRODUCT, default_product=DefaultProduct("Sophos_Y", "X", "CODE"))),
        *(
            (PRODUCT, replace(PRODUCT, default_product=replace(X, **other)))  # type: ignore[arg-type]
            for other in (
                {"settings": "taxable"},
                {"customer_description": "X for you"},
                {"cost": Decimal("1.25")},
                {"vendor_sku": "X-1"},
            )
        ),
        (PRODUCT, replace(PRODUCT, kind=ChangeKind.ADOPT_PRODUCT, product_id=9)),
        (SET, None),
        (None, SET),
    ],
)
def test_what_decides_a_write_is_a_move(before: Change | None, now: Change | None) -> None:
    found = moves([before] if before else [], [now] if now else [])
    target = (before or now or SET).target
    assert found == (Move(target, before, now),)


@given(worlds(), worlds())
def test_there_is_a_move_exactly_where_the_digest_is_another_one(
    first: PlanInputs, second: PlanInputs
) -> None:
    plans = [make_plan(each) for each in (first, renamed(first), second)]
    for one in plans:
        for other in plans:
            same = digest_of(MONTH, one.changes) == digest_of(MONTH, other.changes)
            assert (not moves(one.changes, other.changes)) == same
