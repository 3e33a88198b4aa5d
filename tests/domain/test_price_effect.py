"""What changes cost: sums over one billing period of each agreement, and over how many."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from core.domain.models import Change, ChangeKind, Target
from core.domain.price_effect import PriceEffect, price_effect

AMOUNTS = st.decimals(min_value=0, max_value=10_000, places=3)


def change(agreement: int, before: str | None, after: str, price: str | None) -> Change:
    return Change(
        kind=ChangeKind.SET_QUANTITY,
        target=Target(agreement, 7),
        before=None if before is None else Decimal(before),
        after=Decimal(after),
        unit_price=None if price is None else Decimal(price),
    )


def changes() -> st.SearchStrategy[list[Change]]:
    one = st.builds(
        lambda agreement, before, after, price: Change(
            kind=ChangeKind.SET_QUANTITY,
            target=Target(agreement, 7),
            before=before,
            after=after,
            unit_price=price,
        ),
        st.integers(1, 4),
        st.none() | AMOUNTS,
        AMOUNTS,
        st.none() | AMOUNTS,
    )
    return st.lists(one, max_size=12)


def test_nothing_costs_nothing() -> None:
    assert price_effect([]) == PriceEffect(Decimal(0), 0, 0)
    assert not PriceEffect().mixed


def test_one_agreement_has_one_period() -> None:
    found = price_effect([change(11, "1", "3", "2.50"), change(11, None, "2", "1")])
    assert found == PriceEffect(Decimal("7.00"), 0, 1)
    assert not found.mixed


def test_several_agreements_are_marked_because_their_periods_may_differ() -> None:
    found = price_effect([change(11, "1", "3", "2"), change(12, "5", "4", "1")])
    assert found == PriceEffect(Decimal(3), 0, 2)
    assert found.mixed


def test_what_has_no_price_or_does_not_change_is_not_in_the_sum() -> None:
    found = price_effect(
        [
            change(11, "1", "3", None),
            change(12, "3", "3", None),
            change(13, "3", "3", "9"),
            change(14, "1", "3", "0"),
        ]
    )
    assert found == PriceEffect(Decimal(0), 1, 0)


@given(changes(), st.randoms(use_true_random=False))
def test_the_order_does_not_matter(found: list[Change], chance: object) -> None:
    shuffled = list(found)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert price_effect(shuffled) == price_effect(found)


@given(changes(), changes())
def test_amounts_add_up_and_agreements_count_once(left: list[Change], right: list[Change]) -> None:
    both, first, second = price_effect(left + right), price_effect(left), price_effect(right)
    assert both.amount == first.amount + second.amount
    assert both.unpriced == first.unpriced + second.unpriced
    most = max(first.agreements, second.agreements)
    assert most <= both.agreements <= first.agreements + second.agreements


@given(changes())
def test_an_undo_costs_the_opposite(found: list[Change]) -> None:
    back = [
        Change(
            kind=one.kind,
            target=one.target,
            before=one.after,
            after=one.before or Decimal(0),
            unit_price=one.unit_price,
        )
        for one in found
    ]
    forth, undone = price_effect(found), price_effect(back)
    assert undone == PriceEffect(-forth.amount, forth.unpriced, forth.agreements)
