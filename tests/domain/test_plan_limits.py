"""Both sides of each limit."""

from __future__ import annotations

from decimal import Decimal

from core.domain.models import (
    Change,
    ChangeKind,
    DefaultProduct,
    LimitCheck,
    LimitKind,
    PlanLimits,
    Target,
)
from core.domain.plan_limits import check_limits

LIMITS = PlanLimits(
    changed_share=Decimal("0.30"),
    changed_share_floor=10,
    drops_to_zero=2,
    jump_factor=Decimal(3),
    jump_floor=Decimal(10),
    quantity=Decimal(1000),
    new_products=1,
)


def change(number: int, before: object, after: object, **more: object) -> Change:
    values: dict[str, object] = {"kind": ChangeKind.SET_QUANTITY, "addition_id": number, **more}
    return Change(
        target=Target(11, number),
        before=None if before is None else Decimal(str(before)),
        after=Decimal(str(after)),
        **values,  # type: ignore[arg-type]
    )


def check(kind: LimitKind, changes: list[Change], existing: int = 100) -> LimitCheck:
    found = {each.kind: each for each in check_limits(changes, existing, LIMITS)}
    assert found.keys() == set(LimitKind)
    return found[kind]


def test_the_share_of_additions_that_change() -> None:
    three = [change(n, 5, 6) for n in (1, 2, 3)]
    assert not check(LimitKind.CHANGED_SHARE, three, 10).exceeded
    four = [*three, change(4, 5, 6)]
    over = check(LimitKind.CHANGED_SHARE, four, 10)
    assert over.exceeded
    assert over.targets == ("11/1", "11/2", "11/3", "11/4")
    assert str(over.text) == "4 of 10 additions change (40 %); 30 % may."
    assert not check(LimitKind.CHANGED_SHARE, four, 9).exceeded, "too few to speak of a share"


def test_new_additions_and_mere_bindings_are_no_part_of_the_share() -> None:
    harmless = [
        *(change(n, None, 6, kind=ChangeKind.CREATE_ADDITION, addition_id=None) for n in range(8)),
        *(change(n, 6, 6, kind=ChangeKind.ADOPT_ADDITION) for n in range(10, 18)),
    ]
    assert check(LimitKind.CHANGED_SHARE, harmless, 10).number == 0


def test_drops_to_zero() -> None:
    two = [change(1, 5, 0, kind=ChangeKind.ZERO), change(2, 5, 0, kind=ChangeKind.CANCEL)]
    assert not check(LimitKind.DROPS_TO_ZERO, two).exceeded
    assert check(LimitKind.DROPS_TO_ZERO, [*two, change(3, 5, 0)]).exceeded
    assert not check(LimitKind.DROPS_TO_ZERO, [*two, change(3, 0, 0)]).exceeded


def test_jumps_in_both_directions_from_the_floor_on() -> None:
    assert not check(LimitKind.JUMP, [change(1, 10, 30)]).exceeded
    assert check(LimitKind.JUMP, [change(1, 10, 31)]).targets == ("11/1",)
    assert check(LimitKind.JUMP, [change(1, 31, 10)]).exceeded
    assert not check(LimitKind.JUMP, [change(1, 2, 9)]).exceeded, "below the floor"
    assert check(LimitKind.JUMP, [change(1, 2, 10)]).exceeded
    assert not check(LimitKind.JUMP, [change(1, 0, 500), change(2, 500, 0)]).exceeded


def test_a_quantity_above_all() -> None:
    assert not check(LimitKind.QUANTITY, [change(1, None, 1000)]).exceeded
    assert check(LimitKind.QUANTITY, [change(1, None, "1000.5")]).exceeded


def test_products_to_be_created() -> None:
    def created(code: str) -> Change:
        return Change(
            kind=ChangeKind.CREATE_PRODUCT,
            target=Target(0, 0, code),
            default_product=DefaultProduct(code, code, code),
        )

    assert not check(LimitKind.NEW_PRODUCTS, [created("X")]).exceeded
    assert check(LimitKind.NEW_PRODUCTS, [created("X"), created("Y")]).targets == ("+X", "+Y")
