"""One error tree, named by what the caller should do, and the messages people read.

UsageSyncError
├── InputError                 correct what was given; every reason at once
│   └── ConfigurationError     correct the environment or .streamlit/secrets.toml
├── ConflictError              somebody else changed it: show both, write nothing
├── StoreError                 the local database
│   ├── StoreInUseError        stop the other process
│   └── StoreMismatchError     use another file: unknown version, or of the other mode
├── BusyError                  wait: another long task is running
└── VendorError                ConnectWise or Sophos
    ├── TryAgainError          passing trouble; nothing was written
    ├── OutcomeUnknownError    a write was sent and its answer lost: read back first
    ├── AccessError            stop: keys, company, client ID or permission
    ├── NotFoundError          the record is gone
    ├── RefusedError           the server refused the values; problems by field
    └── UnexpectedAnswerError  an answer that is not what the API documents
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Union

Fact = Union[str, int, Decimal, date, datetime, "Message"]


@dataclass(frozen=True)
class Message:
    """A sentence for a person, kept as data so that it can be said in any language.

    `template` is the English source with named places (`{customer}`); it is the gettext msgid.
    `facts` fill the places. With `plural` set, the fact `count` chooses between the two.
    `str()` gives the English sentence, with times to the minute in UTC.
    """

    template: str
    facts: tuple[tuple[str, Fact], ...] = ()
    plural: str | None = None

    def __str__(self) -> str:
        facts = dict(self.facts)
        chosen = self.template
        if self.plural is not None and facts.get("count") != 1:
            chosen = self.plural
        return chosen.format_map({name: _written(value) for name, value in facts.items()})


def _written(value: Fact) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return str(value)


def message(template: str, **facts: Fact) -> Message:
    """Mark and build a translatable sentence (an extraction keyword of the catalogs)."""
    return Message(template, tuple(sorted(facts.items())))


def plural_message(singular: str, plural: str, count: int, **facts: Fact) -> Message:
    """Like `message`, with the form chosen by `count`."""
    return Message(singular, tuple(sorted({**facts, "count": count}.items())), plural)


@dataclass(frozen=True)
class Problem:
    """One reason why a value was not accepted.

    `field` is the name of the field in our models; `row` is the 1-based line of a file; `key` is
    the record that it concerns (a Sophos product code), where there are several.
    """

    text: Message
    field: str | None = None
    row: int | None = None
    key: str | None = None


class UsageSyncError(Exception):
    """Base of everything that this product raises on purpose.

    `text` is what happened; `remedy` what the person can do about it; `detail` is for the log.
    """

    def __init__(
        self, text: Message, *, remedy: Message | None = None, detail: str | None = None
    ) -> None:
        super().__init__(str(text))
        self.text = text
        self.remedy = remedy
        self.detail = detail

    def __str__(self) -> str:
        return " ".join(str(part) for part in (self.text, self.remedy) if part is not None)


class InputError(UsageSyncError):
    """Values that cannot be accepted; `problems` has every reason, not just the first."""

    def __init__(
        self, text: Message, problems: Sequence[Problem] = (), *, remedy: Message | None = None
    ) -> None:
        super().__init__(text, remedy=remedy)
        self.problems = tuple(problems)


class ConfigurationError(InputError):
    """The settings do not add up; `problems` names each setting."""


class ConflictError(UsageSyncError):
    """Somebody else changed the record since it was read. Nothing was written."""


class StoreError(UsageSyncError):
    """The local database cannot be used."""


class StoreInUseError(StoreError):
    """Another process holds the database file."""

    def __init__(self, text: Message, *, pid: int | None, remedy: Message | None = None) -> None:
        super().__init__(text, remedy=remedy)
        self.pid = pid


class StoreMismatchError(StoreError):
    """The file is of another version of this product, or holds the other mode's data."""


class BusyError(UsageSyncError):
    """A long task of the same kind is already running."""


class VendorError(UsageSyncError):
    """A call to `system` ("ConnectWise" or "Sophos") did not do what was asked.

    `status` is the HTTP status if there was an answer; `request_id` is what the vendor's
    support asks for.
    """

    def __init__(
        self,
        text: Message,
        *,
        system: str,
        status: int | None = None,
        request_id: str | None = None,
        remedy: Message | None = None,
        detail: str | None = None,
    ) -> None:
        super().__init__(text, remedy=remedy, detail=detail)
        self.system = system
        self.status = status
        self.request_id = request_id


class TryAgainError(VendorError):
    """Passing trouble (network, rate limit, server down). Nothing was written."""


class OutcomeUnknownError(VendorError):
    """A write was sent and no answer came. It may or may not have happened."""


class AccessError(VendorError):
    """Keys, company, client ID, role or permission. Every further call would fail too."""


class NotFoundError(VendorError):
    """The record does not exist (any more)."""


class RefusedError(VendorError):
    """The server refused the values. `problems` carries its messages, field by field."""

    def __init__(
        self,
        text: Message,
        problems: Sequence[Problem] = (),
        *,
        system: str,
        status: int | None = None,
        request_id: str | None = None,
        remedy: Message | None = None,
        detail: str | None = None,
    ) -> None:
        super().__init__(
            text,
            system=system,
            status=status,
            request_id=request_id,
            remedy=remedy,
            detail=detail,
        )
        self.problems = tuple(problems)


class UnexpectedAnswerError(VendorError):
    """HTML, truncated JSON, a missing field or one of another type; `detail` names it."""
