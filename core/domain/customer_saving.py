"""Planning a save of customer mappings: conflicts, problems, and agreements that become shared.

Several customers may be billed on one agreement, and their usage is then summed there. That is
rarely meant, so every agreement that a save would make shared, or more so, has to be confirmed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from core.domain import row_edits
from core.domain.customers import Contracts, CustomerValues, agreement_fault
from core.domain.models import CustomerMapping
from core.domain.row_edits import (
    Conflict,
    KeyFault,
    RowEdit,
    SavedBy,
    compare,
    key_fault,
    repeated,
)
from core.errors import Message, Problem, message

CustomerField = Literal["company_id", "agreement_id", "sync"]

COMPANY: CustomerField = "company_id"
AGREEMENT: CustomerField = "agreement_id"
SYNC: CustomerField = "sync"
CUSTOMER_FIELDS: tuple[CustomerField, ...] = (COMPANY, AGREEMENT, SYNC)


@dataclass(frozen=True)
class CustomerBase(row_edits.RowBase[CustomerValues]):
    """A customer mapping as it was loaded. Version 0 stands for one that was never saved."""

    values: CustomerValues = field(default_factory=CustomerValues)
    version: int = 0

    @classmethod
    def of(cls, mapping: CustomerMapping) -> CustomerBase:
        """The base that a stored mapping gives."""
        return cls(CustomerValues.of(mapping), mapping.version)


@dataclass(frozen=True)
class SharedAgreement:
    """An agreement that a save gives to another customer than those that have it already."""

    agreement_id: int
    joining: tuple[str, ...]
    customer_ids: tuple[str, ...]


@dataclass(frozen=True)
class CustomerSavePlan:
    """What a save would do. With `problems`, nothing at all may be written.

    `unchanged` are the customers that already have the wanted values. `shared` has to be
    confirmed, agreement by agreement.
    """

    changes: tuple[RowEdit[CustomerValues], ...] = ()
    conflicts: tuple[Conflict[CustomerValues], ...] = ()
    problems: tuple[Problem, ...] = ()
    unchanged: tuple[str, ...] = ()
    shared: tuple[SharedAgreement, ...] = ()


def plan_customer_save(
    staged: Sequence[RowEdit[CustomerValues]],
    current: Mapping[str, CustomerMapping],
    contracts: Contracts | None,
    *,
    saved_by: SavedBy | None = None,
) -> CustomerSavePlan:
    """Compare the edits with what is stored now.

    A customer that nothing is known of is accepted: it waits until Sophos lists it. `contracts`
    is None while there is nothing to check companies and agreements against.
    """

    def stored(customer_id: str) -> CustomerBase | None:
        mapping = current.get(customer_id)
        return None if mapping is None else CustomerBase.of(mapping)

    compared = compare(staged, stored, CustomerValues(), saved_by or {})
    problems = (*_repeated(staged), *_problems(staged, current, contracts))
    return CustomerSavePlan(
        compared.changes,
        compared.conflicts,
        problems,
        compared.unchanged,
        tuple(_shared(compared.changes, current)),
    )


def unconfirmed(
    shared: Iterable[SharedAgreement], confirmed: Collection[int]
) -> tuple[SharedAgreement, ...]:
    """What a person has not agreed to yet; `confirmed` are agreements."""
    return tuple(one for one in shared if one.agreement_id not in confirmed)


def shared_agreements(agreements: Mapping[str, int | None]) -> dict[int, tuple[str, ...]]:
    """The agreements that several customers have, each with them; `agreements` by customer."""
    found: dict[int, list[str]] = {}
    for customer_id in sorted(agreements):
        agreement_id = agreements[customer_id]
        if agreement_id is not None:
            found.setdefault(agreement_id, []).append(customer_id)
    return {key: tuple(customers) for key, customers in found.items() if len(customers) > 1}


def customer_problem(customer_id: str) -> Problem | None:
    """Why a text cannot be a customer's ID; None when it can."""
    fault = key_fault(customer_id)
    return None if fault is None else Problem(_fault_text(customer_id, fault), "customer_id")


def _fault_text(customer_id: str, fault: KeyFault) -> Message:
    if fault is KeyFault.MISSING:
        return message("The customer ID is missing.")
    if fault is KeyFault.UNCLEAN:
        return message(
            "The customer ID {customer} has blanks around it or control characters.",
            customer=repr(customer_id),
        )
    return message(
        "The customer ID {customer} is longer than {limit} characters.",
        customer=customer_id[:20] + "…",
        limit=row_edits.KEY_LIMIT,
    )


def _shared(
    changes: Sequence[RowEdit[CustomerValues]], current: Mapping[str, CustomerMapping]
) -> Iterator[SharedAgreement]:
    before = {key: mapping.agreement_id for key, mapping in current.items()}
    after = {**before, **{edit.key: edit.wanted.agreement_id for edit in changes}}
    joining: dict[int, list[str]] = {}
    for edit in changes:
        wanted = edit.wanted.agreement_id
        if wanted is not None and before.get(edit.key) != wanted:
            joining.setdefault(wanted, []).append(edit.key)
    for agreement_id, customers in sorted(shared_agreements(after).items()):
        if agreement_id in joining:
            yield SharedAgreement(agreement_id, tuple(sorted(joining[agreement_id])), customers)


def _repeated(staged: Sequence[RowEdit[CustomerValues]]) -> Iterator[Problem]:
    for customer_id in repeated(edit.key for edit in staged):
        text = message("The customer {customer} is edited twice.", customer=customer_id)
        yield Problem(text, field="customer_id")


def _problems(
    staged: Sequence[RowEdit[CustomerValues]],
    current: Mapping[str, CustomerMapping],
    contracts: Contracts | None,
) -> Iterator[Problem]:
    for edit in staged:
        found = (
            customer_problem(edit.key),
            _company_problem(edit, current.get(edit.key), contracts),
            _agreement_problem(edit, current.get(edit.key), contracts),
        )
        for problem in found:
            if problem is not None:
                yield replace(problem, key=edit.key)


def _company_problem(
    edit: RowEdit[CustomerValues], stored: CustomerMapping | None, contracts: Contracts | None
) -> Problem | None:
    company_id = edit.wanted.company_id
    # A company that is mapped already may be deleted by now; switching sync off must still work.
    if company_id is None or contracts is None or (stored and stored.company_id == company_id):
        return None
    company = contracts.companies.get(company_id)
    if company is None:
        text = message(
            "There is no ConnectWise company with the ID {id}. "
            "Refresh the customers or choose another company.",
            id=company_id,
        )
    elif company.deleted:
        text = message(
            "The ConnectWise company {company} is deleted. Choose another company.",
            company=company.name,
        )
    else:
        return None
    return Problem(text, field="connectwise_company_id")


def _agreement_problem(
    edit: RowEdit[CustomerValues], stored: CustomerMapping | None, contracts: Contracts | None
) -> Problem | None:
    company_id, agreement_id = edit.wanted.company_id, edit.wanted.agreement_id
    if agreement_id is None:
        return None
    if company_id is None:
        text = message("An agreement needs its company. Choose the company too.")
        return Problem(text, field="agreement_id")
    same = stored and (stored.company_id, stored.agreement_id) == (company_id, agreement_id)
    if contracts is None or same:
        return None
    if agreement_id not in contracts.agreements:
        text = message(
            "There is no ConnectWise agreement with the ID {id}. "
            "Refresh the customers or choose another agreement.",
            id=agreement_id,
        )
        return Problem(text, field="agreement_id")
    fault = agreement_fault(agreement_id, company_id, contracts)
    if fault is None:
        return None
    text = message("{why} Choose an active agreement of the company.", why=fault)
    return Problem(text, field="agreement_id")
