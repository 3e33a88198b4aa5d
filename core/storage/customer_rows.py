"""Rows of the customer tables and the values that they stand for."""

from __future__ import annotations

import json

from core.domain.models import (
    Agreement,
    AgreementStatus,
    BillingCycle,
    BillingOption,
    Company,
    CustomerHistoryEntry,
    CustomerMapping,
    Reference,
    Tenant,
)
from core.storage.database import Row
from core.storage.values import Value, aware, aware_or_none

TENANT_COLUMNS = {
    "id": "VARCHAR",
    "name": "VARCHAR",
    "billing_type": "VARCHAR",
    "status": "VARCHAR",
    "data_region": "VARCHAR",
    "products": "VARCHAR",
}
TENANT_SNAPSHOT_COLUMNS = {"id": "INTEGER", "listed_at": "TIMESTAMP"}
COMPANY_COLUMNS = {
    "id": "BIGINT",
    "identifier": "VARCHAR",
    "name": "VARCHAR",
    "status": "VARCHAR",
    "deleted": "BOOLEAN",
}
AGREEMENT_COLUMNS = {
    "id": "BIGINT",
    "name": "VARCHAR",
    "company_id": "BIGINT",
    "company_name": "VARCHAR",
    "status": "VARCHAR",
    "type_id": "BIGINT",
    "type_name": "VARCHAR",
    "start_date": "DATE",
    "end_date": "DATE",
    "bill_start_date": "DATE",
    "next_invoice_date": "DATE",
    "prorate": "BOOLEAN",
    "cancelled": "BOOLEAN",
    "last_updated": "TIMESTAMP",
    "billing_cycle_id": "BIGINT",
    "currency": "VARCHAR",
    "cancelled_on": "DATE",
}
BILLING_CYCLE_COLUMNS = {"id": "BIGINT", "name": "VARCHAR", "billing_option": "VARCHAR"}
CONNECTWISE_SNAPSHOT_COLUMNS = {"id": "INTEGER", "read_at": "TIMESTAMP"}
MAPPING_COLUMNS = {
    "customer_id": "VARCHAR",
    "company_id": "BIGINT",
    "agreement_id": "BIGINT",
    "sync": "BOOLEAN",
    "since": "TIMESTAMP",
    "version": "INTEGER",
}
HISTORY_COLUMNS = {
    "id": "VARCHAR",
    "position": "BIGINT",
    "customer_id": "VARCHAR",
    "changed_at": "TIMESTAMP",
    "changed_by": "VARCHAR",
    "origin": "VARCHAR",
    "field": "VARCHAR",
    "old_value": "VARCHAR",
    "new_value": "VARCHAR",
}


def tenant_row(tenant: Tenant) -> tuple[Value, ...]:
    return (
        tenant.id,
        tenant.name,
        tenant.billing_type,
        tenant.status,
        tenant.data_region,
        json.dumps(tenant.products, ensure_ascii=False),
    )


def tenant_from(row: Row) -> Tenant:
    """From the columns `TENANT_COLUMNS`."""
    return Tenant(
        id=row[0],
        name=row[1],
        billing_type=row[2],
        status=row[3],
        data_region=row[4],
        products=tuple(json.loads(row[5])),
    )


def company_row(company: Company) -> tuple[Value, ...]:
    return (company.id, company.identifier, company.name, company.status, company.deleted)


def company_from(row: Row) -> Company:
    """From the columns `COMPANY_COLUMNS`."""
    return Company(id=row[0], identifier=row[1], name=row[2], status=row[3], deleted=row[4])


def agreement_row(agreement: Agreement) -> tuple[Value, ...]:
    kind = agreement.type
    return (
        agreement.id,
        agreement.name,
        agreement.company.id,
        agreement.company.name,
        agreement.status,
        None if kind is None else kind.id,
        None if kind is None else kind.name,
        agreement.start_date,
        agreement.end_date,
        agreement.bill_start_date,
        agreement.next_invoice_date,
        agreement.prorate,
        agreement.cancelled,
        agreement.last_updated,
        agreement.billing_cycle_id,
        agreement.currency,
        agreement.cancelled_on,
    )


def agreement_from(row: Row) -> Agreement:
    """From the columns `AGREEMENT_COLUMNS`."""
    return Agreement(
        id=row[0],
        name=row[1],
        company=Reference(row[2], row[3]),
        status=AgreementStatus(row[4]),
        type=None if row[5] is None else Reference(row[5], row[6]),
        start_date=row[7],
        end_date=row[8],
        bill_start_date=row[9],
        next_invoice_date=row[10],
        prorate=row[11],
        cancelled=row[12],
        last_updated=aware_or_none(row[13]),
        billing_cycle_id=row[14],
        currency=row[15],
        cancelled_on=row[16],
    )


def billing_cycle_row(cycle: BillingCycle) -> tuple[Value, ...]:
    return (cycle.id, cycle.name, cycle.option)


def billing_cycle_from(row: Row) -> BillingCycle:
    """From the columns `BILLING_CYCLE_COLUMNS`."""
    return BillingCycle(row[0], row[1], None if row[2] is None else BillingOption(row[2]))


def mapping_row(mapping: CustomerMapping) -> tuple[Value, ...]:
    return (
        mapping.customer_id,
        mapping.company_id,
        mapping.agreement_id,
        mapping.sync,
        mapping.since,
        mapping.version,
    )


def mapping_from(row: Row) -> CustomerMapping:
    """From the columns `MAPPING_COLUMNS`."""
    return CustomerMapping(
        customer_id=row[0],
        company_id=row[1],
        agreement_id=row[2],
        sync=row[3],
        since=aware(row[4]),
        version=row[5],
    )


def history_row(entry: CustomerHistoryEntry, position: int) -> tuple[Value, ...]:
    """`position` grows by one with each entry: the order in which they were recorded."""
    return (
        entry.id,
        position,
        entry.customer_id,
        entry.at,
        entry.by,
        entry.origin,
        entry.field,
        entry.old,
        entry.new,
    )


def history_from(row: Row) -> CustomerHistoryEntry:
    """From id, customer, when, by whom, origin, field, old and new value."""
    return CustomerHistoryEntry(
        id=row[0],
        customer_id=row[1],
        at=aware(row[2]),
        by=row[3],
        origin=row[4],
        field=row[5],
        old=row[6],
        new=row[7],
    )
