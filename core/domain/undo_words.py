"""What somebody changed of an addition since a run, as it was then, as it is now, and by whom."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from core.domain.models import Addition
from core.domain.quantity import plain
from core.errors import Message, message


def quantity_now(found: Addition, before: Decimal | None) -> Message:
    """`before` is what the run left."""
    return message(
        "The quantity was {before}, and is {quantity} now.",
        before=plain(before or Decimal(0)),
        quantity=plain(found.quantity),
    )


def price_now(found: Addition, before: Decimal) -> Message:
    """`before` is what the run found, or what a new addition took; it writes none."""
    if found.unit_price is None:
        return message(
            "The unit price was {before}, and is not set any more.", before=plain(before)
        )
    return message(
        "The unit price was {before}, and is {price} now.",
        before=plain(before),
        price=plain(found.unit_price),
    )


def cancelled_now(found: Addition, before: date | None) -> Message:
    """`before` is the day from which it was cancelled after the run, None: it was not."""
    day = found.cancelled_date
    if day is None and before is not None:
        return message(
            "It was cancelled from {before} on, and is not cancelled any more.", before=before
        )
    if day is None:
        return message("It is not cancelled any more.")
    if before is None:
        return message("It was not cancelled, and is cancelled from {day} on now.", day=day)
    return message(
        "It was cancelled from {before} on, and is cancelled from {day} on now.",
        before=before,
        day=day,
    )


def by_whom(found: Addition, now: Message) -> Message:
    """The same with who changed the addition last, as far as ConnectWise says it."""
    if not found.updated_by:
        return now
    if found.last_updated is None:
        return message("{now} Last changed by {name}.", now=now, name=found.updated_by)
    return message(
        "{now} Last changed by {name}, {when}.",
        now=now,
        name=found.updated_by,
        when=found.last_updated,
    )
