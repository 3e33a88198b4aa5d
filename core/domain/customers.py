"""What is known of a customer mapping: whether its customer can be billed, and why not.

Stored are the company, the agreement and the switch. The state follows from them and from what
ConnectWise said of its companies and agreements when they were read last; see `CustomerState`.
While nothing was read yet, nothing is judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import ClassVar

from core.domain.models import (
    Agreement,
    AgreementStatus,
    BillingType,
    Company,
    CustomerMapping,
    CustomerState,
    Tenant,
)
from core.errors import Message, message


@dataclass(frozen=True)
class CustomerValues:
    """The values of a customer mapping that an editor sets."""

    company_id: int | None = None
    agreement_id: int | None = None
    sync: bool = False

    # One choice: whoever keeps his agreement over somebody else's change keeps its company too.
    LINKED: ClassVar[frozenset[str]] = frozenset({"company_id", "agreement_id"})

    @classmethod
    def of(cls, mapping: CustomerMapping) -> CustomerValues:
        """The values of a stored mapping."""
        return cls(mapping.company_id, mapping.agreement_id, mapping.sync)


@dataclass(frozen=True)
class Contracts:
    """ConnectWise's companies and agreements, all of them, as last read."""

    companies: Mapping[int, Company]
    agreements: Mapping[int, Agreement]

    @cached_property
    def _active(self) -> Mapping[int, tuple[Agreement, ...]]:
        found: dict[int, list[Agreement]] = {}
        for agreement in self.agreements.values():
            if is_active(agreement):
                found.setdefault(agreement.company.id, []).append(agreement)
        return {company: tuple(sorted(items, key=_order)) for company, items in found.items()}

    def active_of(self, company_id: int | None) -> tuple[Agreement, ...]:
        """The agreements of a company that may be billed, by name."""
        return () if company_id is None else self._active.get(company_id, ())

    def usable_company(self, company_id: int) -> Company | None:
        """A company that exists and is not deleted."""
        company = self.companies.get(company_id)
        return None if company is None or company.deleted else company


@dataclass(frozen=True)
class Condition:
    """The state of a customer, and why it is blocked or cannot sync."""

    state: CustomerState
    reason: Message | None = None


def is_active(agreement: Agreement) -> bool:
    """Whether an agreement may be offered and written to."""
    return agreement.status is AgreementStatus.ACTIVE and not agreement.cancelled


def condition_of(
    values: CustomerValues, contracts: Contracts | None, tenant: Tenant | None
) -> Condition:
    """What follows from the values; `contracts` is None while ConnectWise was never read."""
    broken = fault_of(values, contracts) if contracts else None
    if broken is not None:
        return Condition(CustomerState.BLOCKED, broken)
    if values.company_id is None or values.agreement_id is None:
        return Condition(CustomerState.UNMAPPED, _gap(values, contracts) or _no_usage(tenant))
    state = CustomerState.ACTIVE if values.sync else CustomerState.OFF
    return Condition(state, _no_usage(tenant))


def choose_company(
    values: CustomerValues, company_id: int | None, contracts: Contracts | None
) -> CustomerValues:
    """Another company: an agreement of the one before goes, and an only active one comes."""
    active = contracts.active_of(company_id) if contracts else ()
    if any(agreement.id == values.agreement_id for agreement in active):
        return replace(values, company_id=company_id)
    only = active[0].id if len(active) == 1 else None
    return replace(values, company_id=company_id, agreement_id=only)


def new_mapping(customer_id: str, now: datetime) -> CustomerMapping:
    """The mapping of a customer that nobody has saved yet."""
    return CustomerMapping(customer_id=customer_id, since=now)


def changed(mapping: CustomerMapping, values: CustomerValues, now: datetime) -> CustomerMapping:
    """What a save makes of a mapping; the version grows by one."""
    return replace(mapping, **vars(values), since=now, version=mapping.version + 1)


def _order(agreement: Agreement) -> tuple[str, int]:
    return agreement.name.casefold(), agreement.id


def fault_of(values: CustomerValues, contracts: Contracts) -> Message | None:
    """Why what is mapped cannot be billed any more; None when it can, or nothing is mapped."""
    if values.company_id is None:
        return None
    if values.company_id not in contracts.companies:
        return message("The company no longer exists in ConnectWise.")
    if contracts.usable_company(values.company_id) is None:
        return message("The company is deleted in ConnectWise.")
    if values.agreement_id is None:
        return None
    return agreement_fault(values.agreement_id, values.company_id, contracts)


def agreement_fault(agreement_id: int, company_id: int, contracts: Contracts) -> Message | None:
    """Why an agreement cannot be billed for a company; None when it can."""
    agreement = contracts.agreements.get(agreement_id)
    if agreement is None:
        return message("The agreement no longer exists in ConnectWise.")
    if agreement.company.id != company_id:
        return message(
            "The agreement {agreement} belongs to another company, {company}.",
            agreement=agreement.name,
            company=agreement.company.name,
        )
    if agreement.cancelled or agreement.status is AgreementStatus.CANCELLED:
        return message("The agreement {agreement} is cancelled.", agreement=agreement.name)
    if agreement.status is AgreementStatus.EXPIRED:
        return message("The agreement {agreement} has expired.", agreement=agreement.name)
    if agreement.status is not AgreementStatus.ACTIVE:
        return message("The agreement {agreement} is not active.", agreement=agreement.name)
    return None


def _gap(values: CustomerValues, contracts: Contracts | None) -> Message | None:
    """What is missing where somebody began, or wants sync."""
    if values.company_id is not None:
        if contracts is not None and not contracts.active_of(values.company_id):
            return message("The company has no active agreement.")
        return message("No agreement is chosen.")
    return message("Sync is on, but no company is chosen.") if values.sync else None


def _no_usage(tenant: Tenant | None) -> Message | None:
    if tenant is None or not tenant.billing_type or tenant.billing_type == BillingType.USAGE:
        return None
    if tenant.billing_type == BillingType.TERM:
        return message("Sophos bills this customer by term, so it has no monthly usage.")
    if tenant.billing_type == BillingType.TRIAL:
        return message("This customer is on trial, so it has no monthly usage.")
    return message(
        "Sophos bills this customer as “{billing}”, so it has no monthly usage.",
        billing=tenant.billing_type,
    )
