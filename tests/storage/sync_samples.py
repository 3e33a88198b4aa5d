"""Values of the usage sync for the store's tests; every field can be set by name."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal
from typing import Any

from core.domain.models import (
    Addition,
    Agreement,
    AgreementStatus,
    BillCustomer,
    Binding,
    Change,
    ChangeKind,
    ChangeNames,
    Company,
    CustomerHistoryEntry,
    CustomerMapping,
    JournalEntry,
    Outcome,
    PlanOptions,
    Reference,
    Run,
    RunChange,
    RunEvent,
    RunEventKind,
    RunOrigin,
    Target,
    Tenant,
)
from tests.storage.samples import NOON, OCTOBER


def tenant(tenant_id: str = "tenant-1", **changes: Any) -> Tenant:
    values: dict[str, Any] = {"id": tenant_id, "name": "Acme", "billing_type": "usage"}
    return Tenant(**{**values, **changes})


def company(company_id: int = 250, **changes: Any) -> Company:
    values: dict[str, Any] = {"id": company_id, "identifier": f"C{company_id}", "name": "Acme"}
    return Company(**{**values, **changes})


def agreement(agreement_id: int = 7, **changes: Any) -> Agreement:
    values: dict[str, Any] = {
        "id": agreement_id,
        "name": f"Agreement {agreement_id}",
        "company": Reference(250, "Acme"),
        "status": AgreementStatus.ACTIVE,
    }
    return Agreement(**{**values, **changes})


def full_agreement(agreement_id: int = 8) -> Agreement:
    """Every field has a value that differs from its default."""
    return agreement(
        agreement_id,
        name="Ünï “é😀” <b>",
        status=AgreementStatus.EXPIRED,
        type=Reference(3, "Managed 'services'"),
        start_date=date(2024, 2, 29),
        end_date=date(2027, 1, 31),
        bill_start_date=date(2024, 3, 1),
        next_invoice_date=date(2026, 12, 1),
        prorate=True,
        cancelled=True,
        billing_cycle_id=5,
        currency="EUR",
        last_updated=NOON,
    )


def customer(customer_id: str = "tenant-1", **changes: Any) -> CustomerMapping:
    values: dict[str, Any] = {
        "customer_id": customer_id,
        "company_id": 250,
        "agreement_id": 7,
        "sync": True,
        "since": NOON,
        "version": 1,
    }
    return CustomerMapping(**{**values, **changes})


def customer_change(customer_id: str = "tenant-1", **changes: Any) -> CustomerHistoryEntry:
    values: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "customer_id": customer_id,
        "at": NOON,
        "by": "ada",
        "origin": "grid",
        "field": "sync",
        "old": "false",
        "new": "true",
    }
    return CustomerHistoryEntry(**{**values, **changes})


def addition(addition_id: int = 900, **changes: Any) -> Addition:
    values: dict[str, Any] = {
        "id": addition_id,
        "agreement_id": 7,
        "product": Reference(17, "SKU-17"),
        "quantity": Decimal(12),
        "less_included": Decimal(0),
        "bill_customer": BillCustomer.BILLABLE,
    }
    return Addition(**{**values, **changes})


def binding(product_id: int = 17, **changes: Any) -> Binding:
    values: dict[str, Any] = {
        "agreement_id": 7,
        "product_id": product_id,
        "addition_id": 900,
        "month": OCTOBER,
        "quantity": Decimal(12),
    }
    return Binding(**{**values, **changes})


def run(run_id: str = "run-1", **changes: Any) -> Run:
    values: dict[str, Any] = {
        "id": run_id,
        "number": 0,
        "month": OCTOBER,
        "digest": "ab" * 32,
        "origin": RunOrigin.PAGE,
        "approved_by": "ada",
        "approved_at": NOON,
        "options": PlanOptions(),
        "limits": (),
    }
    return Run(**{**values, **changes})


def change(product_id: int = 17, **changes: Any) -> Change:
    values: dict[str, Any] = {
        "kind": ChangeKind.SET_QUANTITY,
        "target": Target(7, product_id),
        "customer_ids": ("tenant-1",),
        "addition_id": 900,
        "before": Decimal(11),
        "after": Decimal(12),
    }
    return Change(**{**values, **changes})


def numbered(*changes: Change) -> list[RunChange]:
    """The changes of a run, none of them begun."""
    names = ChangeNames(customers=("Acme",), agreement="Agreement 7", product="SKU-17")
    return [
        RunChange(number=number, change=each, names=names) for number, each in enumerate(changes, 1)
    ]


def event(kind: RunEventKind, **changes: Any) -> RunEvent:
    return RunEvent(**{"kind": kind, "at": NOON, "by": "ada", **changes})


def line_of(number: int = 1, outcome: Outcome = Outcome.IN_FLIGHT, **changes: Any) -> JournalEntry:
    return JournalEntry(**{"number": number, "outcome": outcome, "at": NOON, **changes})
