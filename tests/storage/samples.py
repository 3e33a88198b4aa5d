"""Values for the store's tests; every field can be set by name."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from core.domain.models import (
    CatalogEntry,
    FetchSource,
    FetchStatus,
    MappingHistoryEntry,
    MappingState,
    ProductMapping,
    Usage,
    UsageFetch,
    UsageLine,
)
from core.domain.month import Month

NOON = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
OCTOBER = Month(2026, 10)


def mapping(code: str = "CIX", **changes: Any) -> ProductMapping:
    values: dict[str, Any] = {
        "product_code": code,
        "connectwise_product_id": 17,
        "sync": True,
        "stopped": False,
        "state": MappingState.ACTIVE,
        "since": NOON,
        "reason": None,
        "version": 1,
    }
    return ProductMapping(**{**values, **changes})


def change_of(code: str = "CIX", **changes: Any) -> MappingHistoryEntry:
    values: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "product_code": code,
        "at": NOON,
        "by": "ada",
        "origin": "grid",
        "field": "sync",
        "old": "false",
        "new": "true",
    }
    return MappingHistoryEntry(**{**values, **changes})


def entry(product_id: int = 17, **changes: Any) -> CatalogEntry:
    values: dict[str, Any] = {
        "id": product_id,
        "identifier": f"SKU-{product_id}",
        "description": f"Product {product_id}",
    }
    return CatalogEntry(**{**values, **changes})


def line(code: str = "CIX", **changes: Any) -> UsageLine:
    values: dict[str, Any] = {
        "product_code": code,
        "description": "Intercept X",
        "product_group": "Endpoint",
        "sku": "CIXSKU",
        "account_id": "tenant-1",
        "account_name": "Acme",
        "account_status": "active",
        "order_number": "O-1",
        "order_line_item_number": "1",
        "account_number_or_serial_number": "A-1",
        "billable_quantity": Decimal(12),
    }
    return UsageLine(**{**values, **changes})


def fetch(lines: Sequence[UsageLine] = (), **changes: Any) -> UsageFetch:
    values: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "month": OCTOBER,
        "source": FetchSource.API,
        "status": FetchStatus.COMPLETE,
        "started_at": NOON,
        "finished_at": NOON,
        "line_count": len(lines),
        "content_hash": "0" * 64,
    }
    return UsageFetch(**{**values, **changes})


def usage(code: str = "CIX", **changes: Any) -> Usage:
    values: dict[str, Any] = {
        "month": OCTOBER,
        "account_id": "tenant-1",
        "product_code": code,
        "billable": Decimal(12),
        "actual": Decimal(10),
        "ordered": Decimal(0),
        "lines": 1,
    }
    return Usage(**{**values, **changes})
