"""How our values travel into the database and back, exactly.

Everything is handed to DuckDB as text and cast there, because binding is not exact: DuckDB 1.5.5
stores the parameter `Decimal("1E+5")` as 1. Times are stored as naive UTC TIMESTAMP, because
reading TIMESTAMPTZ needs pytz, which nothing installs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, Inexact, InvalidOperation
from typing import Any, TypeAlias

from core.domain.month import Month
from core.errors import Fact, InputError, Message, message

Value: TypeAlias = str | int | bool | Decimal | datetime | date | Month | None

DECIMAL = "DECIMAL(38, 12)"
_STEP = Decimal("1E-12")
_EXACT = Context(
    prec=38, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact, InvalidOperation], capitals=1
)


def to_text(value: Value) -> str | None:
    """The text that DuckDB casts to the column's type; None stays NULL.

    Raises InputError for a number that the column cannot hold exactly, ValueError for a time
    without a zone.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return _decimal_text(value)
    if isinstance(value, datetime):
        return naive_utc(value).isoformat()
    return str(value)  # int, date (ISO) and Month print as they are stored


def _decimal_text(value: Decimal) -> str:
    try:
        if value.is_finite():
            return format(value.quantize(_STEP, context=_EXACT), "f")
    except (Inexact, InvalidOperation):
        pass
    raise InputError(
        message("The number {number} cannot be kept exactly.", number=str(value)),
        remedy=message("Use at most 26 digits before the decimal point and 12 after it."),
    )


def naive_utc(moment: datetime) -> datetime:
    """`moment` as the naive UTC that is stored; refuses a time without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored")
    return moment.astimezone(UTC).replace(tzinfo=None)


def aware(stored: datetime) -> datetime:
    """The aware UTC time of a stored TIMESTAMP."""
    return stored.replace(tzinfo=UTC)


def aware_or_none(stored: datetime | None) -> datetime | None:
    """Like `aware`, for a column that may be NULL."""
    return None if stored is None else aware(stored)


def trimmed(stored: Decimal) -> Decimal:
    """A stored number without the column's trailing zeros, and never in exponent form."""
    whole = stored.to_integral_value()
    return whole if whole == stored else _EXACT.normalize(stored)


def trimmed_or_none(stored: Decimal | None) -> Decimal | None:
    """Like `trimmed`, for a column that may be NULL."""
    return None if stored is None else trimmed(stored)


def message_to_json(text: Message | None) -> str | None:
    """A message as JSON text; every fact carries its type."""
    return None if text is None else json.dumps(pack_message(text), ensure_ascii=False)


def message_from_json(stored: str | None) -> Message | None:
    """The equal message that `message_to_json` was given."""
    return None if stored is None else unpack_message(json.loads(stored))


def pack_message(text: Message) -> dict[str, Any]:
    """A message as a part of a larger JSON text; every fact carries its type."""
    facts = [[name, *_pack_fact(fact)] for name, fact in text.facts]
    return {"template": text.template, "plural": text.plural, "facts": facts}


def _pack_fact(fact: Fact) -> tuple[str, Any]:
    match fact:
        case Message():
            return "message", pack_message(fact)
        case Decimal():
            return "decimal", str(fact)
        case datetime():
            return "datetime", fact.isoformat()
        case date():
            return "date", fact.isoformat()
        case int():
            return "int", fact
        case _:
            return "str", str(fact)


def unpack_message(packed: Mapping[str, Any]) -> Message:
    """The equal message that `pack_message` was given."""
    facts = tuple((name, _unpack_fact(kind, value)) for name, kind, value in packed["facts"])
    return Message(packed["template"], facts, packed["plural"])


def _unpack_fact(kind: str, value: Any) -> Fact:
    match kind:
        case "message":
            return unpack_message(value)
        case "decimal":
            return Decimal(value)
        case "datetime":
            return datetime.fromisoformat(value)
        case "date":
            return date.fromisoformat(value)
        case "int":
            return int(value)
        case _:
            return str(value)
