"""What changes cost, in words: the period and the currency are always said."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.domain.models import (
    BillingOption,
    Change,
    ChangeKind,
    MonthlyEffect,
    PeriodEffect,
    PriceEffect,
    Target,
)
from pages.components.plan_effect import (
    EffectUnit,
    amount_in,
    change_effect_text,
    cycle_name,
    effect_label,
    effect_note,
    effect_text,
    effect_value,
    signed_money,
    units_of_effects,
)


def month(per_year: int, currency: str | None = None, agreements: int = 1) -> MonthlyEffect:
    return MonthlyEffect(per_year=Decimal(per_year), currency=currency, agreements=agreements)


def period(amount: int, currency: str | None = None, agreements: int = 1) -> PeriodEffect:
    return PeriodEffect(amount=Decimal(amount), currency=currency, agreements=agreements)


def change(**more: object) -> Change:
    values = {
        "kind": ChangeKind.SET_QUANTITY,
        "target": Target(11, 7),
        "before": Decimal(1),
        "after": Decimal(4),
        "unit_price": Decimal("2.50"),
        **more,
    }
    return Change(**values)


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (PriceEffect(), "Price effect per month: 0.00"),
        (PriceEffect(monthly=(month(100),)), "Price effect per month: +8.33"),
        (PriceEffect(monthly=(month(-120, "EUR", 4),)), "Price effect per month: −€10.00"),
        (
            PriceEffect(monthly=(month(12, "EUR"), month(24, "USD")), unpriced=2),
            "Price effect per month: +€1.00 (+$2.00 per month · 2 without a price)",
        ),
        (
            PriceEffect(monthly=(month(12),), by_period=(period(5, None, 1), period(7, "EUR", 2))),
            "Price effect per month: +1.00 (+5.00 per billing period of 1 agreement · "
            "+€7.00 per billing period of 2 agreements)",
        ),
        (PriceEffect(by_period=(period(5, "EUR"),)), "Price effect per billing period: +€5.00"),
        (
            PriceEffect(by_period=(period(5, None, 3),)),
            "Price effect per billing period: +5.00 (one period of each of 3 agreements)",
        ),
        (PriceEffect(by_period=(period(5, None, 0),)), "Price effect per billing period: +5.00"),
    ],
)
def test_sums_of_different_periods_and_currencies_stay_apart(found, told):
    assert effect_text(found) == told
    note = effect_note(found)
    whole = f"{effect_label(found)}: {effect_value(found)}"
    assert told == (f"{whole} ({note})" if note else whole)


@pytest.mark.parametrize(
    ("value", "currency", "told"),
    [
        ("-0.001", "EUR", "€0.00"),
        ("0.005", "EUR", "€0.00"),
        ("1234.5", "EUR", "+€1,234.50"),
        ("-1234.567", "XYZ", "−XYZ1,234.57"),
        ("-3", None, "−3.00"),
    ],
)
def test_money_has_a_sign_two_decimals_and_its_currency(value, currency, told):
    assert signed_money(Decimal(value), currency) == told


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (
            {"billing": BillingOption.QUARTERLY, "currency": "EUR"},
            "Price effect per month: +€2.50 (€2.50 each, billed: quarterly)",
        ),
        ({}, "Price effect per billing period: +7.50 (2.50 each, billed: cycle not known)"),
        (
            {"billing": BillingOption.MONTHLY, "unbilled": True},
            "Price effect per month: 0.00 (the addition is not billed to the customer)",
        ),
        ({"unit_price": None}, ""),
    ],
)
def test_a_change_says_its_price_and_how_often_that_is_billed(more, told):
    assert change_effect_text(change(**more)) == told


def test_sums_have_a_column_for_each_period_and_currency():
    first = PriceEffect(monthly=(month(12, "EUR"), month(24, "USD")))
    second = PriceEffect(by_period=(period(5, "EUR"),))
    units = units_of_effects([second, first])
    assert units == (EffectUnit(True, "EUR"), EffectUnit(True, "USD"), EffectUnit(False, "EUR"))
    assert [amount_in(first, unit) for unit in units] == [1, 2, None]
    assert [amount_in(second, unit) for unit in units] == [None, None, 5]
    assert [amount_in(PriceEffect(), unit) for unit in units] == [0, 0, 0]
    assert [amount_in(PriceEffect(unpriced=1), unit) for unit in units] == [None] * 3
    assert units_of_effects([]) == (EffectUnit(),)


def test_every_billing_option_has_a_word():
    assert len({cycle_name(option) for option in (None, *BillingOption)}) == len(BillingOption) + 1
