"""The digest that ties what was approved to what is applied."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from decimal import Decimal

from core.domain.models import Change
from core.domain.month import Month


def digest_of(month: Month, changes: Iterable[Change]) -> str:
    """SHA-256 over everything that decides a write, in hexadecimal.

    Names are no part of it, so that a rename leaves the digest alone; those of a product that is
    to be created are, because they are written.
    """
    text = json.dumps(
        {"month": str(month), "changes": [decides(change) for change in changes]},
        sort_keys=True,
        ensure_ascii=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def decides(change: Change) -> list[object]:
    """Everything of a change that decides what is written."""
    created = change.default_product
    return [
        change.kind.value,
        change.target.key,
        change.addition_id,
        change.product_id,
        _number(change.before),
        _number(change.after),
        None if change.effective_date is None else change.effective_date.isoformat(),
        None if change.cancelled_date is None else change.cancelled_date.isoformat(),
        None if change.cancelled_before is None else change.cancelled_before.isoformat(),
        sorted(change.known_ids),
        None
        if created is None
        else [
            created.identifier,
            created.description,
            created.integration_xref,
            created.settings,
            created.customer_description,
            _number(created.cost),
            created.vendor_sku,
        ],
    ]


def _number(value: Decimal | None) -> str | None:
    """Equal numbers are written alike."""
    return None if value is None else format(value.normalize() if value else Decimal(0), "f")
