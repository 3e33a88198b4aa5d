"""Numbers, dates and money by locale; reading what a person typed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.month import Month
from core.errors import InputError
from pages.components import formats

NARROW_SPACE = "\u202f"
LOCALES = ["en_US", "en_GB", "fr_FR", "fr_CA", "fr_CH", "en_IN", "de_CH"]


@pytest.fixture
def reads_in(monkeypatch: pytest.MonkeyPatch):
    def choose(locale: str, zone: str = "UTC") -> None:
        monkeypatch.setattr(formats, "locale", lambda: locale)
        monkeypatch.setattr(formats, "zone", lambda: ZoneInfo(zone))

    return choose


@pytest.mark.parametrize(
    ("locale", "value", "shown"),
    [
        ("en_US", Decimal("1234.50"), "1,234.5"),
        ("fr_FR", Decimal("1234.50"), f"1{NARROW_SPACE}234,5"),
        ("en_US", Decimal("3"), "3"),
        ("en_US", 1200, "1,200"),
        ("en_US", None, "–"),
        ("en_US", Decimal("0.000001"), "0.000001"),
    ],
)
def test_quantities_have_no_needless_zeros(reads_in, locale, value, shown):
    reads_in(locale)
    assert formats.number(value) == shown


@pytest.mark.parametrize(
    ("locale", "value", "currency", "shown"),
    [
        ("en_US", Decimal("5"), "", "5.00"),
        ("en_US", Decimal("1234.123456"), "", "1,234.123456"),
        ("fr_FR", Decimal("1234.5"), "", f"1{NARROW_SPACE}234,50"),
        ("en_US", Decimal("5"), "USD", "$5.00"),
        ("fr_FR", Decimal("5.125"), "EUR", "5,125\u00a0€"),
        ("fr_FR", None, "EUR", "–"),
    ],
)
def test_money_keeps_every_decimal(reads_in, locale, value, currency, shown):
    reads_in(locale)
    assert formats.money(value, currency) == shown


@pytest.mark.parametrize(
    ("locale", "shown"),
    [
        ("en_US", ["−1,234.5", "−5.10", "−€5.10", "−50%"]),
        ("en_GB", ["−1,234.5", "−5.10", "−€5.10", "−50%"]),
        ("fr_FR", ["−1\u202f234,5", "−5,10", "−5,10\u00a0€", "−50\u00a0%"]),
        ("fr_CA", ["−1\u00a0234,5", "−5,10", "−5,10\u00a0€", "−50\u00a0%"]),
        ("sv_SE", ["−1\u00a0234,5", "−5,10", "−5,10\u00a0€", "−50\u00a0%"]),
    ],
)
def test_negative_numbers_have_a_minus_sign_in_every_language(reads_in, locale, shown):
    reads_in(locale)
    assert [
        formats.number(Decimal("-1234.5")),
        formats.money(Decimal("-5.1")),
        formats.money(Decimal("-5.1"), "EUR"),
        formats.percent(Decimal("-0.5")),
    ] == shown


@pytest.mark.parametrize("locale", ["en_US", "fr_FR", "sv_SE"])
def test_nothing_has_no_sign(reads_in, locale):
    reads_in(locale)
    written = [
        formats.number(Decimal("-0.0")),
        formats.money(Decimal("-0.00")),
        formats.money(Decimal("-0.00"), "EUR"),
        formats.percent(Decimal("-0.001")),
        formats.percent(Decimal("-0")),
    ]
    assert not [text for text in written if "-" in text or formats.MINUS in text]


@given(
    value=st.decimals(min_value=-(10**9), max_value=0, places=6, allow_nan=False),
    locale=st.sampled_from(LOCALES),
)
def test_a_negative_amount_that_was_shown_is_read_back(value, locale):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(formats, "locale", lambda: locale)
        assert formats.parse_number(formats.number(value)) == value
        assert formats.parse_number(formats.money(value)) == value


@pytest.mark.parametrize(
    ("locale", "typed", "value"),
    [
        ("en_US", "", None),
        ("en_US", "   ", None),
        ("en_US", "12.5", "12.5"),
        ("en_US", "1,234.50", "1234.50"),
        ("en_US", "1,234,567", "1234567"),
        ("en_US", ".5", "0.5"),
        ("en_US", "5.", "5"),
        ("en_US", "-3", "-3"),
        ("en_US", "−3", "-3"),
        ("fr_FR", "12,5", "12.5"),
        ("fr_FR", "12.5", "12.5"),
        ("fr_FR", "1 234,50", "1234.50"),
        ("fr_FR", f"1{NARROW_SPACE}234,50", "1234.50"),
        ("fr_FR", "1\u00a0234,50", "1234.50"),
        ("de_CH", "1'234.50", "1234.50"),
        ("en_IN", "12,34,567.5", "1234567.5"),
    ],
)
def test_amounts_are_read_as_the_reader_writes_them(reads_in, locale, typed, value):
    reads_in(locale)
    assert formats.parse_number(typed) == (None if value is None else Decimal(value))


@pytest.mark.parametrize(
    ("locale", "typed"),
    [
        ("en_US", "1,5"),
        ("en_US", "12,34"),
        ("en_US", "1.2.3"),
        ("en_US", "abc"),
        ("en_US", "NaN"),
        ("en_US", "Infinity"),
        ("en_US", "1e5"),
        ("en_US", "$5"),
        ("en_US", "٣"),
        ("fr_FR", "1.234,5"),
        ("fr_FR", "1,2,3"),
        ("fr_FR", ","),
        ("fr_FR", "-"),
    ],
)
def test_what_is_not_clearly_an_amount_is_refused_with_an_example(reads_in, locale, typed):
    reads_in(locale)
    with pytest.raises(InputError) as caught:
        formats.parse_number(typed)
    assert typed in str(caught.value)
    assert "234" in str(caught.value.remedy)


@given(
    value=st.decimals(min_value=0, max_value=10**9, places=6, allow_nan=False),
    locale=st.sampled_from(LOCALES),
)
def test_what_a_form_shows_is_read_back_as_the_same_amount(value, locale):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(formats, "locale", lambda: locale)
        assert formats.parse_number(formats.money_input(value)) == value
        assert formats.parse_number(formats.money(value)) == value


def test_times_are_in_the_zone_of_the_reader(reads_in):
    moment = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
    reads_in("en_US", "Europe/Paris")
    assert formats.datetime_text(moment).startswith("Feb 1, 2026")
    reads_in("fr_FR", "America/Montreal")
    assert formats.datetime_text(moment).startswith("31 janv. 2026")


def test_days_and_months(reads_in):
    reads_in("fr_FR")
    assert formats.date_text(date(2026, 10, 5)) == "5 oct. 2026"
    assert formats.month_text(Month(2026, 10)) == "octobre 2026"
    assert formats.short_month_text(Month(2026, 10)) == "oct. 2026"
    reads_in("en_US")
    assert formats.month_text(Month(2026, 10)) == "October 2026"
    assert formats.month_text(None) == formats.date_text(None) == "–"


def test_age_says_how_long_ago(reads_in):
    now = datetime(2026, 1, 2, tzinfo=UTC)
    reads_in("en_US")
    assert formats.age_text(now - timedelta(hours=3), now) == "3 hours ago"
    reads_in("fr_FR")
    assert formats.age_text(now - timedelta(days=2), now) == "il y a 2 jours"
    assert formats.age_text(now, now) == "il y a 1 seconde"
    assert formats.age_text(None, now) == "–"
