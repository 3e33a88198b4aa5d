"""Reading JSON into our values: a missing field or one of another type is an error that names it.

ConnectWise omits fields that are null, so a field that may be null may also be absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from enum import StrEnum
from typing import TypeVar

from core.domain.models import Reference
from core.errors import UnexpectedAnswerError, message

E = TypeVar("E", bound=StrEnum)

_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(T.*)?", re.ASCII)
_PLAIN_NUMBER = re.compile(r"-?\d{1,30}(\.\d{1,30})?", re.ASCII)
# A quantity or price beyond this is a mistake of the answer, not business.
_MOST_DIGITS = 18
# Servers that compute with doubles send 33.333333333333336; what lies behind is not business.
_STEP = Decimal("1E-12")
_ROUNDING = Context(prec=38)


@dataclass(frozen=True)
class Reader:
    """One JSON object and where it came from, for example `catalog item 12`."""

    system: str
    data: dict[str, object]
    where: str

    @classmethod
    def of(cls, system: str, data: object, where: str) -> Reader:
        """Raises UnexpectedAnswerError unless `data` is an object."""
        if not isinstance(data, dict):
            raise unexpected(system, where, f"an object was expected, not {_kind(data)}")
        return cls(system, data, where)

    def has(self, name: str) -> bool:
        """Whether the field is there with a value."""
        return self.data.get(name) is not None

    def fail(self, name: str, reason: str) -> UnexpectedAnswerError:
        """The error for a field, to be raised."""
        return unexpected(self.system, f"{self.where}: {name}", reason)

    def text(self, name: str, default: str | None = None) -> str:
        """A text; without `default` the field must be there and not be blank."""
        value = self.data.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            raise self.fail(name, f"a text was expected, not {_kind(value)}")
        if default is None and not value.strip():
            raise self.fail(name, "a text was expected, and it is empty")
        return value

    def label(self, name: str, default: str = "") -> str:
        """A text that some servers send as a whole number (order numbers, serial numbers)."""
        value = self.data.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return self.text(name, default)

    def integer(self, name: str) -> int:
        """A whole number that must be there."""
        value = self.data.get(name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.fail(name, f"a whole number was expected, not {_kind(value)}")
        return value

    def boolean(self, name: str, default: bool = False) -> bool:
        """true or false; null is `default`."""
        value = self.data.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.fail(name, f"true or false was expected, not {_kind(value)}")
        return value

    def decimal(self, name: str) -> Decimal:
        """A JSON number that must be there."""
        value = self.data.get(name)
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise self.fail(name, f"a number was expected, not {_kind(value)}")
        return self._sane(name, Decimal(value))

    def optional_decimal(self, name: str) -> Decimal | None:
        """A JSON number, or None for null."""
        return self.decimal(name) if self.has(name) else None

    def money(self, name: str) -> Decimal | None:
        """An amount as a JSON number or as a text like `1.40`; None for null or empty."""
        value = self.data.get(name)
        if not isinstance(value, str):
            return self.optional_decimal(name)
        if not value.strip():
            return None
        if _PLAIN_NUMBER.fullmatch(value.strip()) is None:
            raise self.fail(name, "an amount like 1.40 was expected")
        return self._sane(name, Decimal(value.strip()))

    def _sane(self, name: str, value: Decimal) -> Decimal:
        if not value.is_finite() or abs(value.adjusted()) > _MOST_DIGITS:
            raise self.fail(name, "the number is out of range")
        rounded = value.quantize(_STEP, context=_ROUNDING)
        return value if value == rounded else rounded

    def enum(self, name: str, kind: type[E], default: E | None = None) -> E:
        """One of the values of `kind`; null is `default`, if there is one."""
        value = self.data.get(name)
        if value is None and default is not None:
            return default
        try:
            return kind(value)  # type: ignore[arg-type]
        except ValueError:
            known = ", ".join(kind)
            raise self.fail(name, f"one of {known} was expected, not {str(value)[:60]!r}") from None

    def open_enum(self, name: str, kind: type[E], default: E) -> E | str:
        """Like `enum`, but a text that is none of the values is kept as sent."""
        value = self.text(name, default)
        try:
            return kind(value)
        except ValueError:
            return value

    def day(self, name: str) -> date | None:
        """A date, also where it is written as midnight of that day; None for null."""
        value = self.text(name, "")
        if not value:
            return None
        match = _DAY.fullmatch(value)
        try:
            return date.fromisoformat(match[1] if match else "")
        except ValueError:
            raise self.fail(name, f"a date was expected, not {value[:60]!r}") from None

    def moment(self, name: str) -> datetime | None:
        """A point in time as aware UTC; None for null."""
        value = self.text(name, "")
        if not value:
            return None
        try:
            return to_utc(value)
        except ValueError:
            raise self.fail(name, f"a time was expected, not {value[:60]!r}") from None

    def child(self, name: str) -> Reader:
        """An object inside; an empty one for null."""
        value = self.data.get(name)
        return Reader.of(self.system, {} if value is None else value, f"{self.where}: {name}")

    def items(self, name: str, where: str) -> Iterator[Reader]:
        """The objects of a list that must be there; `where` names one of them."""
        return each(self.system, self.data.get(name), where, f"{self.where}: {name}")

    def reference(self, name: str, label: str = "name") -> Reference | None:
        """`{id, name}`, or None for null. `label` is the field that holds the name."""
        if not self.has(name):
            return None
        child = self.child(name)
        return Reference(child.integer("id"), child.text(label, ""))

    def required_reference(self, name: str, label: str = "name") -> Reference:
        """`{id, name}` that must be there."""
        found = self.reference(name, label)
        if found is None:
            raise self.fail(name, "a reference was expected, and there is none")
        return found

    def name_of(self, name: str) -> str:
        """The name in a reference, empty for null."""
        return self.child(name).text("name", "")


def each(system: str, data: object, where: str, list_name: str) -> Iterator[Reader]:
    """The objects of a list, each known by its id or position in messages."""
    if not isinstance(data, list):
        raise unexpected(system, list_name, f"a list was expected, not {_kind(data)}")
    for position, item in enumerate(data, start=1):
        known_as = item.get("id", position) if isinstance(item, dict) else position
        yield Reader.of(system, item, f"{where} {str(known_as)[:60]}")


def to_utc(text: str) -> datetime:
    """An ISO time as aware UTC; one without a zone is taken as UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def unexpected(system: str, field: str, reason: str) -> UnexpectedAnswerError:
    """The error for an answer that is not what the interface documents."""
    return UnexpectedAnswerError(
        message(
            "{system} sent an answer that cannot be used: {field}.", system=system, field=field
        ),
        system=system,
        remedy=message(
            "Nothing was taken from this answer. If it happens again, report it with this text."
        ),
        detail=f"{field}: {reason}",
    )


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
    if value is None:
        return "nothing"
    return names.get(type(value), "a number")
