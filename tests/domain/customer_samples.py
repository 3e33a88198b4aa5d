"""Companies, agreements and customers for tests."""

from __future__ import annotations

from datetime import UTC, date, datetime

from core.domain.customers import Contracts, CustomerValues
from core.domain.models import (
    Agreement,
    AgreementStatus,
    Company,
    CustomerMapping,
    Reference,
    Tenant,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def company(company_id: int, name: str = "", *, deleted: bool = False) -> Company:
    return Company(
        id=company_id, identifier=f"C{company_id}", name=name or f"C {company_id}", deleted=deleted
    )


def agreement(
    agreement_id: int,
    company_id: int,
    *,
    name: str = "",
    status: AgreementStatus = AgreementStatus.ACTIVE,
    cancelled: bool = False,
) -> Agreement:
    return Agreement(
        id=agreement_id,
        name=name or f"A {agreement_id}",
        company=Reference(company_id, f"C {company_id}"),
        status=status,
        type=Reference(1, "Managed"),
        start_date=date(2026, 1, 1),
        next_invoice_date=date(2026, 12, 1),
        prorate=True,
        cancelled=cancelled,
    )


def contracts(*items: Company | Agreement) -> Contracts:
    return Contracts(
        {item.id: item for item in items if isinstance(item, Company)},
        {item.id: item for item in items if isinstance(item, Agreement)},
    )


def stored(customer_id: str, values: CustomerValues, version: int = 1) -> CustomerMapping:
    return CustomerMapping(customer_id=customer_id, **vars(values), since=NOW, version=version)


def tenant(customer_id: str = "t1", name: str = "Garage", billing: str = "usage") -> Tenant:
    return Tenant(id=customer_id, name=name, billing_type=billing, status="active")
