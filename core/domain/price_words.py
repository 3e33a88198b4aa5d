"""What changes cost, in sentences that always say the unit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Context, Decimal

from core.domain.models import BillingOption, PriceEffect
from core.errors import Message, message, plural_message

_CENT = Decimal("0.01")
# A product of price and quantity may have more digits than Decimal's own context takes.
_WIDE = Context(prec=60)

_CYCLE_NAMES: Mapping[BillingOption, Message] = {
    BillingOption.WEEKLY: message("weekly"),
    BillingOption.BI_WEEKLY: message("every two weeks"),
    BillingOption.MONTHLY: message("monthly"),
    BillingOption.BI_MONTHLY: message("every two months"),
    BillingOption.QUARTERLY: message("quarterly"),
    BillingOption.SEMI_ANNUAL: message("every six months"),
    BillingOption.YEARLY: message("yearly"),
    BillingOption.NOT_RECURRING: message("not recurring"),
}


def cycle_words(option: BillingOption | None) -> Message:
    """How often an agreement is billed."""
    return message("cycle not known") if option is None else _CYCLE_NAMES[option]


def effect_lines(found: PriceEffect) -> Iterator[Message]:
    """One sentence for each sum, and one for what is in none; nothing where nothing costs."""
    for month in found.monthly:
        told = _money(month.amount, month.currency)
        yield message("Price effect per month: {amount}", amount=told)
    for period in found.by_period:
        told = _money(period.amount, period.currency)
        if period.agreements:
            yield plural_message(
                "Price effect per billing period of {count} agreement: {amount}",
                "Price effect per billing period of {count} agreements: {amount}",
                period.agreements,
                amount=told,
            )
        else:
            yield message("Price effect per billing period: {amount}", amount=told)
    if found.unpriced:
        yield plural_message(
            "{count} change has no known price and is not in it.",
            "{count} changes have no known price and are not in it.",
            found.unpriced,
        )


def cents(amount: Decimal) -> Decimal:
    """To the cent: what was divided by a number of months has no end."""
    return amount.quantize(_CENT, context=_WIDE)


def _money(amount: Decimal, currency: str | None) -> Decimal | Message:
    if currency is None:
        return cents(amount)
    return message("{amount} {currency}", amount=cents(amount), currency=currency)
