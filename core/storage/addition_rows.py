"""Rows of additions and bindings and the values that they stand for."""

from __future__ import annotations

import json

from core.domain.models import Addition, BillCustomer, Binding, Reference
from core.domain.month import Month
from core.storage.database import Row
from core.storage.values import DECIMAL, Value, aware_or_none, trimmed, trimmed_or_none

ADDITION_COLUMNS = {
    "id": "BIGINT",
    "agreement_id": "BIGINT",
    "product_id": "BIGINT",
    "product_name": "VARCHAR",
    "quantity": DECIMAL,
    "less_included": DECIMAL,
    "bill_customer": "VARCHAR",
    "unit_price": DECIMAL,
    "unit_cost": DECIMAL,
    "effective_date": "DATE",
    "cancelled_date": "DATE",
    "description": "VARCHAR",
    "serial_number": "VARCHAR",
    "last_updated": "TIMESTAMP",
    "updated_by": "VARCHAR",
}
READ_COLUMNS = {"agreement_id": "BIGINT", "read_at": "TIMESTAMP"}
BINDING_COLUMNS = {
    "agreement_id": "BIGINT",
    "product_id": "BIGINT",
    "addition_id": "BIGINT",
    "month": "VARCHAR",
    "quantity": DECIMAL,
    "carries": "VARCHAR",
}


def addition_row(addition: Addition) -> tuple[Value, ...]:
    return (
        addition.id,
        addition.agreement_id,
        addition.product.id,
        addition.product.name,
        addition.quantity,
        addition.less_included,
        addition.bill_customer,
        addition.unit_price,
        addition.unit_cost,
        addition.effective_date,
        addition.cancelled_date,
        addition.description,
        addition.serial_number,
        addition.last_updated,
        addition.updated_by,
    )


def addition_from(row: Row) -> Addition:
    """From the columns `ADDITION_COLUMNS`."""
    return Addition(
        id=row[0],
        agreement_id=row[1],
        product=Reference(row[2], row[3]),
        quantity=trimmed(row[4]),
        less_included=trimmed(row[5]),
        bill_customer=BillCustomer(row[6]),
        unit_price=trimmed_or_none(row[7]),
        unit_cost=trimmed_or_none(row[8]),
        effective_date=row[9],
        cancelled_date=row[10],
        description=row[11],
        serial_number=row[12],
        last_updated=aware_or_none(row[13]),
        updated_by=row[14],
    )


def binding_row(binding: Binding) -> tuple[Value, ...]:
    return (
        binding.agreement_id,
        binding.product_id,
        binding.addition_id,
        binding.month,
        binding.quantity,
        json.dumps(binding.carries, separators=(",", ":")) if binding.carries else None,
    )


def binding_from(row: Row) -> Binding:
    """From the columns `BINDING_COLUMNS`."""
    return Binding(
        agreement_id=row[0],
        product_id=row[1],
        addition_id=row[2],
        month=Month.parse(row[3]),
        quantity=trimmed(row[4]),
        carries=tuple(json.loads(row[5])) if row[5] else (),
    )
