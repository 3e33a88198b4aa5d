"""What the history keeps of a changed mapping: one entry per changed field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from uuid import uuid4

from core.domain.models import MappingHistoryEntry, ProductMapping

SYSTEM = "system"
_FIELDS = ("connectwise_product_id", "sync", "state")


def changes_history(
    before: Mapping[str, ProductMapping],
    after: Iterable[ProductMapping],
    at: datetime,
    by: str,
    origin: str,
) -> list[MappingHistoryEntry]:
    """One entry per field that differs; every field of a mapping that is new."""
    return [
        MappingHistoryEntry(
            id=str(uuid4()),
            product_code=mapping.product_code,
            at=at,
            by=by,
            origin=origin,
            field=field,
            old=old,
            new=new,
        )
        for mapping in after
        for field, old, new in differences(before.get(mapping.product_code), mapping, _FIELDS)
    ]


def differences(
    before: object | None, after: object, fields: Iterable[str]
) -> Iterator[tuple[str, str, str]]:
    """Field, old and new of each of `fields` that differs, as plain text, empty for nothing."""
    for field in fields:
        old = _plain(getattr(before, field)) if before else ""
        new = _plain(getattr(after, field))
        if old != new:
            yield field, old, new


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
