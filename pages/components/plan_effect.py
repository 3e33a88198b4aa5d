"""What changes cost the customers, in words: always with the period that it is for."""

from __future__ import annotations

from decimal import Decimal

from core.domain.price_effect import PriceEffect
from pages.components.language import _, ngettext
from pages.components.number_columns import aligned


def signed_money(value: Decimal) -> str:
    """An amount with its sign."""
    return aligned(2, signed=True)(float(value))


def effect_note(found: PriceEffect) -> str | None:
    """What has to be known of a sum: which periods are added up in it, and what is not in it."""
    told = []
    if found.mixed:
        told.append(_("one period of each of {count} agreements", count=found.agreements))
    if found.unpriced:
        told.append(ngettext("{count} without a price", "{count} without a price", found.unpriced))
    return " · ".join(told) or None


def effect_text(found: PriceEffect) -> str:
    """The sum with its note, in one line."""
    told = _("Price effect per billing period: {effect}", effect=signed_money(found.amount))
    note = effect_note(found)
    return f"{told} ({note})" if note else told


def price_help() -> str:
    """What a price effect is."""
    return _(
        "Per billing period of the agreement, however long that is, and in its currency; at the "
        "price of the addition, for a new one at the price of the product. A sum adds one period "
        "of each agreement."
    )
