"""What changes cost: sums per month, one for each currency, and what has no monthly figure."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from core.domain.models import (
    BillingOption,
    Change,
    ChangeKind,
    MonthlyEffect,
    PeriodEffect,
    Target,
)
from core.domain.price_effect import PriceEffect, monthly_effect, price_effect

AMOUNTS = st.decimals(min_value=0, max_value=10_000, places=3)
CURRENCIES = st.sampled_from([None, "EUR", "USD"])
# An agreement has one cycle and one currency, whichever of its additions changes.
TERMS = st.fixed_dictionaries(
    {n: st.tuples(st.none() | st.sampled_from(BillingOption), CURRENCIES) for n in (1, 2, 3, 4)}
)


def change(
    agreement: int,
    before: str | None,
    after: str,
    price: str | None,
    billing: BillingOption | None = BillingOption.MONTHLY,
    currency: str | None = None,
    *,
    unbilled: bool = False,
) -> Change:
    return Change(
        kind=ChangeKind.SET_QUANTITY,
        target=Target(agreement, 7),
        before=None if before is None else Decimal(before),
        after=Decimal(after),
        unit_price=None if price is None else Decimal(price),
        billing=billing,
        currency=currency,
        unbilled=unbilled,
    )


def changes() -> st.SearchStrategy[list[Change]]:
    def some(terms: dict[int, tuple[BillingOption | None, str | None]]) -> st.SearchStrategy[list]:
        one = st.builds(
            lambda agreement, before, after, price: Change(
                kind=ChangeKind.SET_QUANTITY,
                target=Target(agreement, 7),
                before=before,
                after=after,
                unit_price=price,
                billing=terms[agreement][0],
                currency=terms[agreement][1],
            ),
            st.integers(1, 4),
            st.none() | AMOUNTS,
            AMOUNTS,
            st.none() | AMOUNTS,
        )
        return st.lists(one, max_size=12)

    return TERMS.flatmap(some)


def monthly(per_year: str, agreements: int, currency: str | None = None) -> MonthlyEffect:
    return MonthlyEffect(per_year=Decimal(per_year), currency=currency, agreements=agreements)


def by_period(amount: str, agreements: int, currency: str | None = None) -> PeriodEffect:
    return PeriodEffect(amount=Decimal(amount), currency=currency, agreements=agreements)


def test_nothing_costs_nothing() -> None:
    assert price_effect([]) == PriceEffect()


def test_changes_of_one_agreement_are_added_up_per_month() -> None:
    found = price_effect([change(11, "1", "3", "2.50"), change(11, None, "2", "1")])
    assert found == PriceEffect(monthly=(monthly("84", 1),))
    assert found.monthly[0].amount == Decimal(7)


def test_periods_of_every_length_are_added_up_as_months() -> None:
    found = price_effect(
        [
            change(11, "0", "1", "12", BillingOption.YEARLY),
            change(12, "0", "1", "12", BillingOption.SEMI_ANNUAL),
            change(13, "0", "1", "12", BillingOption.QUARTERLY),
            change(14, "0", "1", "12", BillingOption.BI_MONTHLY),
            change(15, "0", "1", "12", BillingOption.MONTHLY),
            change(16, "0", "1", "12", BillingOption.BI_WEEKLY),
            change(17, "0", "1", "12", BillingOption.WEEKLY),
        ]
    )
    (month,) = found.monthly
    assert month.amount == 1 + 2 + 4 + 6 + 12 + 26 + 52
    assert month.agreements == 7
    assert found.by_period == ()


def test_what_has_no_known_cycle_is_kept_apart_with_the_number_of_agreements() -> None:
    found = price_effect(
        [
            change(11, "1", "3", "2"),
            change(12, "5", "4", "1", None),
            change(13, "0", "1", "10", BillingOption.NOT_RECURRING),
            change(13, "0", "1", "10", BillingOption.NOT_RECURRING),
        ]
    )
    assert found == PriceEffect(monthly=(monthly("48", 1),), by_period=(by_period("19", 2),))


def test_currencies_are_never_added_up() -> None:
    found = price_effect(
        [
            change(11, "0", "1", "2", currency="USD"),
            change(12, "0", "1", "3", currency="EUR"),
            change(13, "0", "1", "4"),
            change(14, "0", "1", "5", currency="EUR"),
            change(15, "0", "1", "6", None, "USD"),
            change(16, "0", "1", "7", None, "EUR"),
        ]
    )
    assert found == PriceEffect(
        monthly=(monthly("48", 1), monthly("96", 2, "EUR"), monthly("24", 1, "USD")),
        by_period=(by_period("7", 1, "EUR"), by_period("6", 1, "USD")),
    )


def test_what_has_no_price_or_does_not_change_is_not_in_the_sum() -> None:
    found = price_effect(
        [
            change(11, "1", "3", None),
            change(12, "3", "3", None),
            change(13, "3", "3", "9"),
            change(14, "1", "3", "0"),
        ]
    )
    assert found == PriceEffect(unpriced=1)


def test_what_is_not_billed_costs_nothing_whatever_its_price() -> None:
    free = [
        change(11, "1", "3", "9", unbilled=True),
        change(12, "1", "3", None, unbilled=True),
    ]
    assert price_effect(free) == PriceEffect()
    assert [monthly_effect(one) for one in free] == [0, 0]


def test_one_change_per_month() -> None:
    assert monthly_effect(change(11, "1", "3", "6", BillingOption.QUARTERLY)) == 4
    assert monthly_effect(change(11, "1", "3", "6", None)) is None
    assert monthly_effect(change(11, "1", "3", None)) is None
    assert monthly_effect(change(11, "3", "3", "6", None)) == 0


@given(changes(), st.randoms(use_true_random=False))
def test_the_order_does_not_matter(found: list[Change], chance: object) -> None:
    shuffled = list(found)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert price_effect(shuffled) == price_effect(found)


@given(changes(), changes())
def test_amounts_add_up_and_agreements_count_once(left: list[Change], right: list[Change]) -> None:
    both, first, second = price_effect(left + right), price_effect(left), price_effect(right)
    sums, one, other = _sums(both), _sums(first), _sums(second)
    assert sums.keys() == one.keys() | other.keys()
    for key, (amount, agreements) in sums.items():
        (a, n), (b, m) = one.get(key, (Decimal(0), 0)), other.get(key, (Decimal(0), 0))
        assert amount == a + b
        assert max(n, m) <= agreements <= n + m
    assert both.unpriced == first.unpriced + second.unpriced


def _sums(found: PriceEffect) -> dict[tuple[str, str | None], tuple[Decimal, int]]:
    kept = {("month", one.currency): (one.per_year, one.agreements) for one in found.monthly}
    rest = {("period", one.currency): (one.amount, one.agreements) for one in found.by_period}
    return {**kept, **rest}


@given(changes())
def test_sums_are_those_of_exact_fractions(found: list[Change]) -> None:
    lengths = {
        BillingOption.WEEKLY: Fraction(12, 52),
        BillingOption.BI_WEEKLY: Fraction(12, 26),
        BillingOption.MONTHLY: Fraction(1),
        BillingOption.BI_MONTHLY: Fraction(2),
        BillingOption.QUARTERLY: Fraction(3),
        BillingOption.SEMI_ANNUAL: Fraction(6),
        BillingOption.YEARLY: Fraction(12),
    }
    for one in price_effect(found).monthly:
        exact = sum(
            (
                Fraction(each.price_effect) / lengths[each.billing]
                for each in _of(found, one.currency)
                if each.billing in lengths and each.price_effect
            ),
            Fraction(0),
        )
        assert Fraction(one.per_year) == 12 * exact
        assert abs(Fraction(one.amount) - exact) < Fraction(1, 10**15)


def _of(found: Iterable[Change], currency: str | None) -> list[Change]:
    return [each for each in found if each.currency == currency]


@given(changes())
def test_an_undo_costs_the_opposite(found: list[Change]) -> None:
    back = [
        Change(
            kind=one.kind,
            target=one.target,
            before=one.after,
            after=one.before or Decimal(0),
            unit_price=one.unit_price,
            billing=one.billing,
            currency=one.currency,
        )
        for one in found
    ]
    forth, undone = price_effect(found), price_effect(back)
    assert undone == PriceEffect(
        monthly=tuple(
            MonthlyEffect(per_year=-one.per_year, currency=one.currency, agreements=one.agreements)
            for one in forth.monthly
        ),
        by_period=tuple(
            PeriodEffect(amount=-one.amount, currency=one.currency, agreements=one.agreements)
            for one in forth.by_period
        ),
        unpriced=forth.unpriced,
    )
