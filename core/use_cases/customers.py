"""The customers grid: its rows, reading both vendors, saving, history, CSV."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from uuid import uuid4

from core.clients.connectwise import ConnectWise
from core.clients.sophos import SophosPartner
from core.domain.customer_csv import CustomerImport, export_customers, parse_customers
from core.domain.customer_saving import (
    CustomerSavePlan,
    SharedAgreement,
    plan_customer_save,
    shared_agreements,
    unconfirmed,
)
from core.domain.customer_suggestions import suggest_companies
from core.domain.customers import (
    Contracts,
    CustomerValues,
    changed,
    condition_of,
    new_mapping,
)
from core.domain.models import (
    Agreement,
    BillingCycle,
    Company,
    CustomerHistoryEntry,
    CustomerMapping,
    CustomerRow,
    CustomerState,
    CustomerSuggestion,
    CustomerSync,
    Tenant,
)
from core.domain.product_search import normalise
from core.domain.row_edits import Conflict, RowEdit
from core.errors import (
    AccessError,
    InputError,
    Message,
    Problem,
    UnexpectedAnswerError,
    message,
    plural_message,
)
from core.storage.customers_store import CustomerWrite
from core.storage.store import Store
from core.use_cases.customer_history import customer_changes
from core.use_cases.jobs import Clock, Progress, ignore_progress
from core.use_cases.kept import Kept, Versioned


@dataclass(frozen=True)
class CustomerSaveResult:
    """What a save did. `conflicts` are the rows that it refused."""

    saved: tuple[CustomerMapping, ...]
    conflicts: tuple[Conflict[CustomerValues], ...]


@dataclass(frozen=True)
class CustomerCheck:
    """What an import would do: edits, the agreements that they would make shared, what to know."""

    edits: tuple[RowEdit[CustomerValues], ...]
    shared: tuple[SharedAgreement, ...]
    notices: tuple[Message, ...]


class Customers:
    """Customers, and the companies and agreements that they are billed on."""

    def __init__(
        self, store: Store, connectwise: ConnectWise, sophos: SophosPartner, clock: Clock
    ) -> None:
        self._store = store
        self._connectwise = connectwise
        self._sophos = sophos
        self._clock = clock
        self._last_contracts: Versioned[Contracts | None] = Versioned("", None)
        self._contracts = Kept(self._read_contracts)
        self._last_rows: Versioned[tuple[CustomerRow, ...]] = Versioned("", ())
        self._rows = Kept(self._read_rows)
        self._suggestions: tuple[object, dict[str, CustomerSuggestion]] = (None, {})

    # ------------------------------------------------------------ reading the vendors

    def refresh(self, progress: Progress = ignore_progress) -> int:
        """Read the customers from Sophos, and from ConnectWise all companies and agreements with
        the cycles in which these are billed.

        Returns the number of customers. If any of it fails, everything stays as it was.
        """
        started = self._clock()
        tenants = self._sophos.tenants()
        read = len(tenants)
        progress(read, None)
        companies = self._connectwise.all_companies(partial(_more, progress, read))
        read += len(companies)
        agreements = self._connectwise.all_agreements(partial(_more, progress, read))
        cycles = self._billing_cycles()
        self._refuse_vanished(tenants, companies, agreements)
        store = self._store.customers
        store.replace_tenants(tenants, started)
        store.replace_connectwise(companies, agreements, started, cycles)
        self.rows()
        return len(tenants)

    def refresh_one(self, customer_id: str) -> int:
        """Read the agreements of the company that a customer is mapped to; returns how many.

        Raises InputError for a customer without a company. A failed read changes nothing.
        """
        mapping = self._store.customers.mappings().get(customer_id)
        if mapping is None or mapping.company_id is None:
            raise InputError(
                message("This customer has no ConnectWise company to read."),
                remedy=message("Choose its company and save, or refresh all customers."),
            )
        agreements = self._connectwise.agreements(mapping.company_id)
        self._store.customers.replace_agreements_of(mapping.company_id, agreements)
        return len(agreements)

    def read_at(self) -> tuple[datetime | None, datetime | None]:
        """When Sophos and ConnectWise were read last, in UTC; None for never."""
        return self._store.customers.listed_at(), self._store.customers.connectwise_read_at()

    # ------------------------------------------------------------ what is known

    def rows(self) -> tuple[CustomerRow, ...]:
        """One row per customer that Sophos lists, usage names, or a mapping is for, by name.

        Read anew only after something was written, and the same object while they are equal.
        """
        return self.versioned_rows().value

    def versioned_rows(self) -> Versioned[tuple[CustomerRow, ...]]:
        """The rows with a version that changes with them."""
        return self._rows.get(self._revision())

    def contracts(self) -> Contracts | None:
        """Companies and agreements as last read; None while they never were."""
        return self.versioned_contracts().value

    def versioned_contracts(self) -> Versioned[Contracts | None]:
        """The same with a version that changes with them, and is never that of another process."""
        return self._contracts.get(self._store.customers.lists_revision)

    def names(self) -> dict[str, str]:
        """The customers' names by id, with those that only usage names."""
        return {row.mapping.customer_id: row.customer.name for row in self.rows()}

    def history(
        self, customer_id: str | None = None, limit: int | None = None
    ) -> list[CustomerHistoryEntry]:
        """Every change, newest first; of one customer or of all."""
        return self._store.customers.history(customer_id, limit)

    # ------------------------------------------------------------ saving

    def save(
        self,
        edits: Sequence[RowEdit[CustomerValues]],
        by: str,
        origin: str = "grid",
        shared_confirmed: Collection[int] = (),
    ) -> CustomerSaveResult:
        """Save all rows at once, except those that somebody else changed since they were loaded.

        Raises InputError with every problem when any value is not acceptable, and when an agreement
        would become shared that is not in `shared_confirmed`; then nothing is saved.
        """
        now = self._clock()
        contracts = self.contracts()
        conflicts: tuple[Conflict[CustomerValues], ...] = ()

        def decide(current: dict[str, CustomerMapping]) -> CustomerWrite:
            nonlocal conflicts
            plan = plan_customer_save(edits, current, contracts)
            self._refuse(plan, shared_confirmed)
            conflicts = plan.conflicts
            saved = [
                changed(current.get(edit.key) or new_mapping(edit.key, now), edit.wanted, now)
                for edit in plan.changes
            ]
            return saved, customer_changes(current, saved, now, by, origin)

        saved = self._store.customers.change(decide)
        return CustomerSaveResult(saved, tuple(map(self._with_saver, conflicts)))

    # ------------------------------------------------------------ CSV

    def export_csv(self) -> str:
        """All customers as CSV; importing it again changes nothing."""
        return export_customers(self.rows())

    def parse_csv(self, text: str) -> CustomerImport:
        """What a CSV asks for, with every bad row. Nothing is applied."""
        return parse_customers(text)

    def check_csv(self, parsed: CustomerImport) -> CustomerCheck:
        """What an import would save; raises InputError with every bad row."""
        current = self._store.customers.mappings()
        edits = parsed.edits(current)
        plan = plan_customer_save(edits, current, self.contracts())
        problems = parsed.every_problem(plan.problems)
        if problems:
            raise InputError(
                message("The file has rows that cannot be accepted; nothing was imported."),
                problems,
                remedy=message("Correct these rows and import the file again."),
            )
        notices = (*self._unknown(plan.changes), *self.sharing_words(plan.shared))
        return CustomerCheck(plan.changes, plan.shared, tuple(notices))

    def sharing_words(self, shared: Sequence[SharedAgreement]) -> Iterator[Message]:
        """What sharing means, agreement by agreement."""
        names, contracts = self.names(), self.contracts()
        for one in shared:
            agreement = contracts.agreements.get(one.agreement_id) if contracts else None
            customers = [names.get(customer_id) or customer_id for customer_id in one.customer_ids]
            yield message(
                "{customers} would share the agreement {agreement}: "
                "their usage would be added up and billed on it together.",
                customers=", ".join(customers),
                agreement=agreement.name if agreement else f"#{one.agreement_id}",
            )

    # ------------------------------------------------------------ inside

    def _billing_cycles(self) -> Sequence[BillingCycle]:
        """None where the role may not read them: prices are then per billing period."""
        try:
            return self._connectwise.billing_cycles()
        except AccessError:
            return ()

    def _refuse_vanished(
        self,
        tenants: Sequence[Tenant],
        companies: Sequence[Company],
        agreements: Sequence[Agreement],
    ) -> None:
        store = self._store.customers
        if not tenants and store.tenants():
            raise _vanished(
                "Sophos", message("Sophos listed no customers, though it had some before.")
            )
        if not companies and store.companies():
            raise _vanished(
                "ConnectWise",
                message("ConnectWise listed no companies, though it had some before."),
            )
        if not agreements and store.agreements():
            raise _vanished(
                "ConnectWise",
                message("ConnectWise listed no agreements, though it had some before."),
            )

    def _revision(self) -> Hashable:
        """Changes with everything that rows follow from. The store counts a write of agreements
        before their own count grows: rows that are read in between must not be kept."""
        return self._store.revision, self._store.customers.lists_revision

    def _read_contracts(self) -> Versioned[Contracts | None]:
        """Read them; the same object with the same version while they are equal."""
        store = self._store.customers
        if store.connectwise_read_at() is None:
            return Versioned("", None)
        found = Contracts(store.companies(), store.agreements())
        if found != self._last_contracts.value:
            self._last_contracts = Versioned(str(uuid4()), found)
        return self._last_contracts

    def _read_rows(self) -> Versioned[tuple[CustomerRow, ...]]:
        """Read them; the same object with the same version while they are equal."""
        rows = self._rows_now()
        if rows != self._last_rows.value:
            self._last_rows = Versioned(str(uuid4()), rows)
        return self._last_rows

    def _rows_now(self) -> tuple[CustomerRow, ...]:
        store = self._store.customers
        listed, unlisted, mappings = store.tenants(), store.only_in_usage(), store.mappings()
        known, syncs = self.versioned_contracts(), self._store.runs.customer_syncs()
        shared = shared_agreements({key: one.agreement_id for key, one in mappings.items()})
        suggestions = self._suggest({**unlisted, **listed}, known)
        now = self._clock()
        rows = [
            _row(
                listed.get(id_) or unlisted.get(id_) or _unknown(id_),
                mappings.get(id_) or new_mapping(id_, now),
                known.value,
                listed=id_ in listed,
                suggestion=suggestions.get(id_),
                last_sync=syncs.get(id_),
                shared=shared,
            )
            for id_ in listed.keys() | unlisted.keys() | mappings.keys()
        ]
        return tuple(sorted(rows, key=_order))

    def _suggest(
        self, tenants: Mapping[str, Tenant], known: Versioned[Contracts | None]
    ) -> dict[str, CustomerSuggestion]:
        """Suggestions depend on names and agreements only: they are kept until one changes."""
        contracts = known.value
        if contracts is None:
            return {}
        key = (known.version, {id_: tenant.name for id_, tenant in tenants.items()})
        if self._suggestions[0] != key:
            self._suggestions = (key, suggest_companies(tenants.values(), contracts))
        return self._suggestions[1]

    def _refuse(self, plan: CustomerSavePlan, confirmed: Collection[int]) -> None:
        if plan.problems:
            raise InputError(
                message("Nothing was saved, because some values cannot be accepted."),
                plan.problems,
            )
        shared = unconfirmed(plan.shared, confirmed)
        if shared:
            raise InputError(
                message("Nothing was saved, because customers would share an agreement."),
                [Problem(words, "agreement_id") for words in self.sharing_words(shared)],
                remedy=message("Confirm it if that is meant, or choose other agreements."),
            )

    def _unknown(self, edits: Sequence[RowEdit[CustomerValues]]) -> Iterator[Message]:
        known = self.names()
        unknown = [edit.key for edit in edits if edit.key not in known]
        if unknown:
            yield plural_message(
                "{count} customer is not known to Sophos, and waits until it is: {customers}.",
                "{count} customers are not known to Sophos, and wait until they are: {customers}.",
                len(unknown),
                customers=", ".join(unknown),
            )

    def _with_saver(self, conflict: Conflict[CustomerValues]) -> Conflict[CustomerValues]:
        newest = self._store.customers.history(conflict.key, 1)
        return replace(conflict, by=newest[0].by, at=newest[0].at) if newest else conflict


def _more(progress: Progress, before: int, done: int) -> None:
    progress(before + done, None)


def _vanished(system: str, text: Message) -> UnexpectedAnswerError:
    """None where there were some is an answer gone wrong, not an empty list."""
    return UnexpectedAnswerError(
        text,
        system=system,
        remedy=message(
            "What was read earlier is kept. Refresh again later; if it stays so, check what the "
            "API credentials may see."
        ),
    )


def _unknown(customer_id: str) -> Tenant:
    return Tenant(id=customer_id, name="", billing_type="")


def _order(row: CustomerRow) -> tuple[bool, str, str]:
    return not row.customer.name, normalise(row.customer.name), row.mapping.customer_id


def _row(
    tenant: Tenant,
    mapping: CustomerMapping,
    contracts: Contracts | None,
    *,
    listed: bool,
    suggestion: CustomerSuggestion | None,
    last_sync: CustomerSync | None,
    shared: Mapping[int, tuple[str, ...]],
) -> CustomerRow:
    condition = condition_of(CustomerValues.of(mapping), contracts, tenant)
    company_id, agreement_id = mapping.company_id, mapping.agreement_id
    without_company = contracts is None or company_id is None
    wanted = company_id is None or condition.state is CustomerState.BLOCKED
    another = suggestion is not None and suggestion.company_id != company_id
    others = shared.get(agreement_id, ()) if agreement_id is not None else ()
    return CustomerRow(
        customer=tenant,
        listed=listed,
        mapping=mapping,
        company=None if contracts is None else contracts.companies.get(company_id or 0),
        agreement=None if contracts is None else contracts.agreements.get(agreement_id or 0),
        agreements=() if without_company or contracts is None else contracts.active_of(company_id),
        state=condition.state,
        reason=condition.reason,
        suggestion=suggestion if wanted and another else None,
        last_sync=last_sync,
        shared_with=tuple(other for other in others if other != mapping.customer_id),
    )
