from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.models import (
    Basis,
    Change,
    ChangeKind,
    ChangeNames,
    DefaultProduct,
    LimitCheck,
    Part,
    PlanOptions,
    Target,
)
from core.domain.month import Month
from core.errors import message
from core.storage.packing import packed
from core.storage.plan_rows import (
    change_from_json,
    change_to_json,
    limits_from_json,
    limits_to_json,
    names_from_json,
    names_to_json,
    options_from_json,
    options_to_json,
)
from tests.storage import plan_strategies as any_


@given(any_.changes)
def test_a_change_comes_back_equal_to_the_last_digit(change: Change) -> None:
    back = change_from_json(change_to_json(change))

    assert back == change
    assert repr(back) == repr(change)  # 1.50 is not 1.5, and 0 is not False


@given(any_.change_names)
def test_names_come_back_equal(names: ChangeNames) -> None:
    assert names_from_json(names_to_json(names)) == names


@given(any_.options)
def test_options_come_back_equal(options: PlanOptions) -> None:
    assert options_from_json(options_to_json(options)) == options


@given(st.lists(any_.limits, max_size=4).map(tuple))
def test_limits_come_back_equal_in_their_order(limits: tuple[LimitCheck, ...]) -> None:
    back = limits_from_json(limits_to_json(limits))

    assert back == limits
    assert repr(back) == repr(limits)


def test_to_plan_nothing_is_not_to_plan_everything() -> None:
    nothing, everything = PlanOptions(only=frozenset()), PlanOptions()

    assert options_from_json(options_to_json(nothing)).only == frozenset()
    assert options_from_json(options_to_json(everything)).only is None


def test_zero_is_not_nothing() -> None:
    change = Change(kind=ChangeKind.ZERO, target=Target(7, 17), before=Decimal(0), addition_id=0)

    back = change_from_json(change_to_json(change))

    assert back.before == Decimal(0)
    assert back.addition_id == 0
    assert back.after is None


def test_what_is_empty_takes_no_room() -> None:
    change = Change(kind=ChangeKind.ZERO, target=Target(7, 17))

    assert change_to_json(change) == ('{"kind":"zero","target":{"agreement_id":7,"product_id":17}}')


def test_what_is_stored_already_is_still_read() -> None:
    """Written by version 2 of the schema; what was recorded is never written again."""
    stored = (
        '{"kind":"create_addition","target":{"agreement_id":7,"product_code":"CIX"},'
        '"customer_ids":["tenant-1"],"after":"12.50","effective_date":"2026-10-01",'
        '"date_reason":{"template":"{day}","plural":null,"facts":[["day","date","2026-10-01"]]},'
        '"known_ids":[901],"unit_price":"1.25","default_product":{"identifier":"Sophos_CIX",'
        '"description":"Intercept X","integration_xref":"CIX"},"month_after":"2026-10",'
        '"parts":[{"customer_id":"tenant-1","product_code":"CIX","lines":3,"quantity":"12.50",'
        '"basis":"actual","counts":false}],"of_another_version":[1]}'
    )

    assert change_from_json(stored) == Change(
        kind=ChangeKind.CREATE_ADDITION,
        target=Target(7, product_code="CIX"),
        customer_ids=("tenant-1",),
        after=Decimal("12.50"),
        effective_date=date(2026, 10, 1),
        date_reason=message("{day}", day=date(2026, 10, 1)),
        known_ids=(901,),
        unit_price=Decimal("1.25"),
        default_product=DefaultProduct("Sophos_CIX", "Intercept X", "CIX"),
        month_after=Month(2026, 10),
        parts=(Part("tenant-1", "CIX", 3, Decimal("12.50"), Basis.ACTUAL, False),),
    )


def test_a_value_that_json_has_no_place_for_is_refused() -> None:
    @dataclass(frozen=True)
    class Odd:
        moment: object = None

    with pytest.raises(TypeError, match="cannot be kept as JSON"):
        packed(Odd())
