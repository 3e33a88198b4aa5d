"""What changes cost the customers, in words: always with the period and currency that it is for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from core.domain.billing_periods import periods_per_year
from core.domain.models import BillingOption, Change, PriceEffect
from core.domain.price_effect import monthly_effect
from core.domain.price_words import cents, cycle_words
from pages.components.formats import MINUS, money
from pages.components.language import _, ngettext, text
from pages.components.number_columns import aligned


@dataclass(frozen=True)
class EffectUnit:
    """What an amount is for: a month, or a billing period of unknown length; and its currency."""

    monthly: bool = True
    currency: str | None = None


@dataclass(frozen=True)
class _Part:
    unit: EffectUnit
    amount: Decimal
    agreements: int


def signed_money(value: Decimal, currency: str | None = None) -> str:
    """An amount with its sign, to the cent; with its currency where that is known."""
    if currency is None:
        return aligned(2, signed=True)(float(value))
    rounded = cents(value)
    sign = "" if not rounded else "+" if rounded > 0 else MINUS
    return sign + money(abs(rounded), currency)


def effect_label(found: PriceEffect) -> str:
    """What `effect_value` is."""
    return unit_name(_first(found).unit)


def effect_value(found: PriceEffect) -> str:
    """The first sum: per month where any is."""
    first = _first(found)
    return signed_money(first.amount, first.unit.currency)


def effect_note(found: PriceEffect) -> str | None:
    """What has to be known beside the first sum: those in other currencies or without a known
    billing cycle, and what is in none."""
    first, told = _first(found), []
    if not first.unit.monthly and first.agreements > 1:
        told.append(_("one period of each of {count} agreements", count=first.agreements))
    told += [_other(part) for part in _parts(found) if part != first]
    if found.unpriced:
        told.append(ngettext("{count} without a price", "{count} without a price", found.unpriced))
    return " · ".join(told) or None


def effect_text(found: PriceEffect) -> str:
    """The first sum with its note, in one line."""
    told = _("{name}: {value}", name=effect_label(found), value=effect_value(found))
    note = effect_note(found)
    return f"{told} ({note})" if note else told


def change_effect(change: Change) -> tuple[EffectUnit, Decimal] | None:
    """What one change costs; None without a price."""
    amount = change.price_effect
    if amount is None:
        return None
    if periods_per_year(change.billing) is None:
        return EffectUnit(False, change.currency), amount
    return EffectUnit(True, change.currency), monthly_effect(change) or Decimal(0)


def change_effect_text(change: Change) -> str:
    """What one change costs and at which price; empty without a price."""
    found = change_effect(change)
    if found is None:
        return ""
    unit, amount = found
    told = _("{name}: {value}", name=unit_name(unit), value=signed_money(amount, unit.currency))
    if change.unbilled:
        note = _("the addition is not billed to the customer")
    else:
        price = money(change.unit_price, change.currency or "")
        note = _("{price} each, billed: {cycle}", price=price, cycle=cycle_name(change.billing))
    return f"{told} ({note})"


def units_of_changes(changes: Iterable[Change]) -> tuple[EffectUnit, ...]:
    """The units of all amounts, each with a column of its own: they are never added up."""
    found = {
        EffectUnit(periods_per_year(change.billing) is not None, change.currency)
        for change in changes
        if change.price_effect is not None
    }
    return _ordered(found)


def units_of_effects(effects: Iterable[PriceEffect]) -> tuple[EffectUnit, ...]:
    """The same of sums."""
    return _ordered({part.unit for found in effects for part in _parts(found)})


def amount_in(found: PriceEffect, unit: EffectUnit) -> Decimal | None:
    """The sum of a unit; 0 where nothing costs anything, None where only others do."""
    parts = list(_parts(found))
    if not parts:
        return None if found.unpriced else Decimal(0)
    return next((part.amount for part in parts if part.unit == unit), None)


def unit_name(unit: EffectUnit) -> str:
    """What an amount is called."""
    if unit.monthly:
        return _("Price effect per month")
    return _("Price effect per billing period")


def unit_heading(unit: EffectUnit) -> str:
    """The heading of a column of amounts."""
    if unit.currency is None:
        return unit_name(unit)
    return _("{name} ({unit})", name=unit_name(unit), unit=unit.currency)


def cycle_name(option: BillingOption | None) -> str:
    """How often an agreement is billed."""
    return text(cycle_words(option))


def price_help() -> str:
    """What a price effect is."""
    return _(
        "The difference at the price of the addition, for a new one at the price of the product. "
        "Prices are for one billing period of the agreement and are turned into months where "
        "ConnectWise says how long that is. What is not billed to the customer counts as 0."
    )


def _parts(found: PriceEffect) -> Iterator[_Part]:
    for month in found.monthly:
        yield _Part(EffectUnit(True, month.currency), month.amount, month.agreements)
    for period in found.by_period:
        yield _Part(EffectUnit(False, period.currency), period.amount, period.agreements)


def _first(found: PriceEffect) -> _Part:
    return next(_parts(found), _Part(EffectUnit(), Decimal(0), 0))


def _other(part: _Part) -> str:
    effect = signed_money(part.amount, part.unit.currency)
    if part.unit.monthly:
        return _("{effect} per month", effect=effect)
    if not part.agreements:
        return _("{effect} per billing period", effect=effect)
    return ngettext(
        "{effect} per billing period of {count} agreement",
        "{effect} per billing period of {count} agreements",
        part.agreements,
        effect=effect,
    )


def _ordered(units: Iterable[EffectUnit]) -> tuple[EffectUnit, ...]:
    """Per month first; where there are none, the one that a plan has where all is known."""
    found = sorted(units, key=lambda unit: (not unit.monthly, unit.currency or ""))
    return tuple(found) or (EffectUnit(),)
