"""Numbers, money, dates and times as the reader writes them (Babel, by locale)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from babel.dates import (
    format_date,
    format_skeleton,
    format_time,
    format_timedelta,
    get_datetime_format,
)
from babel.numbers import (
    format_currency,
    format_decimal,
    format_percent,
    get_decimal_symbol,
    get_group_symbol,
)

from core.domain.month import Month
from core.errors import InputError, message
from pages.components.reader import locale, zone

NOTHING, MINUS = "–", "−"
_SPACES = re.compile(r"\s+")
_MOMENT = timedelta(seconds=1)


def number(value: int | Decimal | None) -> str:
    """A quantity without needless zeros; a dash for None."""
    if value is None:
        return NOTHING
    written = format_decimal(
        _unsigned_zero(value), format="#,##0.######", locale=locale(), decimal_quantization=False
    )
    return one_minus(written)


def money(value: Decimal | None, currency: str = "") -> str:
    """An amount with its cents, and more decimals where there are more.

    Without a currency (ConnectWise's catalog gives none) it is the bare amount.
    """
    if value is None:
        return NOTHING
    amount, exact = _unsigned_zero(value), {"locale": locale(), "decimal_quantization": False}
    if currency:
        return one_minus(format_currency(amount, currency, **exact))
    return one_minus(format_decimal(amount, format="#,##0.00####", **exact))


def one_minus(written: str) -> str:
    """Babel writes negative numbers with a hyphen in most languages; here they all have a minus
    sign, as those with a plus sign beside them, and as wide."""
    return written.replace("-", MINUS)


def _unsigned_zero(value: Decimal | int) -> Decimal | int:
    """-0 is written with its sign."""
    return value or abs(value)


def number_input(value: Decimal | None) -> str:
    """A quantity as one would type it: no grouping, so that it can be edited and read back."""
    if value is None:
        return ""
    return format_decimal(value, format="0.######", locale=locale(), decimal_quantization=False)


def money_input(value: Decimal | None) -> str:
    """An amount as one would type it: no grouping, so that it can be edited and read back."""
    if value is None:
        return ""
    return format_decimal(value, format="0.00####", locale=locale(), decimal_quantization=False)


def parse_number(typed: str) -> Decimal | None:
    """Read a number in the reader's own way of writing; None for nothing.

    Strict about grouping: `1,5` is refused in English rather than read as 15. Where the point is
    not the grouping mark it is understood as the decimal mark too (French: `12.50`).
    """
    compact = _SPACES.sub("", typed).replace(MINUS, "-").replace("'", "’")
    if not compact:
        return None
    mark, group = get_decimal_symbol(locale()), get_group_symbol(locale())
    marks = re.escape(mark) if group == "." else rf"{re.escape(mark)}."
    digits = rf"\d+|\d{{1,3}}(?:{re.escape(group)}\d{{2,3}})*{re.escape(group)}\d{{3}}"
    if not re.fullmatch(rf"[+-]?(?:(?:{digits})(?:[{marks}]\d*)?|[{marks}]\d+)", compact, re.ASCII):
        raise _not_an_amount(typed)
    return Decimal(re.sub(rf"[{marks}]", ".", _without(group, mark, compact)))


def _without(group: str, mark: str, compact: str) -> str:
    return compact if group == mark else compact.replace(group, "")


def _not_an_amount(typed: str) -> InputError:
    example = format_decimal(Decimal("1234.56"), locale=locale())
    return InputError(
        message("“{text}” is not an amount.", text=typed),
        remedy=message("Write it like {example}.", example=example),
    )


def percent(value: Decimal | float) -> str:
    """A share of 1 in whole percent."""
    written = format_percent(value, locale=locale())
    zero = format_percent(0, locale=locale())
    return zero if written == f"-{zero}" else one_minus(written)


def date_text(value: date | None) -> str:
    """A day, such as `Oct 5, 2026` or `5 oct. 2026`."""
    return NOTHING if value is None else format_date(value, format="medium", locale=locale())


def datetime_text(value: datetime | None) -> str:
    """A moment in the reader's own time zone, to the minute."""
    if value is None:
        return NOTHING
    local = value.astimezone(zone())
    pattern = str(get_datetime_format("medium", locale=locale()))
    day = format_date(local, format="medium", locale=locale())
    return pattern.format(format_time(local, format="short", locale=locale()), day)


def month_text(value: Month | None) -> str:
    """A month in words, such as `October 2026` or `octobre 2026`."""
    if value is None:
        return NOTHING
    return format_skeleton("yMMMM", value.first_day, locale=locale())


def short_month_text(value: Month | None) -> str:
    """A month for narrow places, such as `Oct 2026`."""
    if value is None:
        return NOTHING
    return format_skeleton("yMMM", value.first_day, locale=locale())


def age_text(value: datetime | None, now: datetime | None = None) -> str:
    """How long ago, such as `3 hours ago`."""
    if value is None:
        return NOTHING
    passed = value - (now or datetime.now(UTC))
    if abs(passed) < _MOMENT:  # Babel takes nothing for the future
        passed = -_MOMENT
    return format_timedelta(passed, add_direction=True, locale=locale())
