"""What the history keeps of a changed customer mapping: one entry per changed field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import uuid4

from core.domain.customer_saving import CUSTOMER_FIELDS
from core.domain.models import CustomerHistoryEntry, CustomerMapping
from core.use_cases.mapping_history import differences


def customer_changes(
    before: Mapping[str, CustomerMapping],
    after: Iterable[CustomerMapping],
    at: datetime,
    by: str,
    origin: str,
) -> list[CustomerHistoryEntry]:
    """One entry per field that differs; every field that has a value of a mapping that is new."""
    return [
        CustomerHistoryEntry(
            id=str(uuid4()),
            customer_id=mapping.customer_id,
            at=at,
            by=by,
            origin=origin,
            field=field,
            old=old,
            new=new,
        )
        for mapping in after
        for field, old, new in differences(
            before.get(mapping.customer_id), mapping, CUSTOMER_FIELDS
        )
    ]
