"""Customers: Sophos tenants, ConnectWise companies and agreements, and who is billed where."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from core.domain.models import (
    Agreement,
    BillingCycle,
    Company,
    CustomerHistoryEntry,
    CustomerMapping,
    FetchStatus,
    Tenant,
)
from core.storage import bulk
from core.storage.customer_rows import (
    AGREEMENT_COLUMNS,
    BILLING_CYCLE_COLUMNS,
    COMPANY_COLUMNS,
    CONNECTWISE_SNAPSHOT_COLUMNS,
    HISTORY_COLUMNS,
    MAPPING_COLUMNS,
    TENANT_COLUMNS,
    TENANT_SNAPSHOT_COLUMNS,
    agreement_from,
    agreement_row,
    billing_cycle_from,
    billing_cycle_row,
    company_from,
    company_row,
    history_from,
    history_row,
    mapping_from,
    mapping_row,
    tenant_from,
    tenant_row,
)
from core.storage.database import Database, Row, Transaction
from core.storage.values import aware

CustomerWrite = tuple[Sequence[CustomerMapping], Sequence[CustomerHistoryEntry]]
CustomerDecision = Callable[[dict[str, CustomerMapping]], CustomerWrite]

_TENANTS = """
SELECT id, name, billing_type, status, data_region, products FROM store.tenant ORDER BY id"""
_COMPANIES = """
SELECT id, identifier, name, status, deleted FROM store.company ORDER BY id"""
_AGREEMENTS = f"""
SELECT {", ".join(AGREEMENT_COLUMNS)} FROM store.agreement ORDER BY id"""  # noqa: S608 (own names)
_BILLING_CYCLES = """
SELECT id, name, billing_option FROM store.billing_cycle ORDER BY id"""
_MAPPINGS = """
SELECT customer_id, company_id, agreement_id, sync, since, version
FROM store.customer_mapping ORDER BY customer_id"""
_HISTORY = """
SELECT id, customer_id, changed_at, changed_by, origin, field, old_value, new_value
FROM store.customer_history
WHERE CAST(? AS VARCHAR) IS NULL OR customer_id = ?
ORDER BY position DESC LIMIT ?"""
_FORMER_AGREEMENTS = """
SELECT DISTINCT customer_id, old_value FROM store.customer_history
WHERE field = 'agreement_id' AND old_value <> ''"""
_ONLY_IN_USAGE = """
SELECT l.account_id, arg_max(l.account_name, f.position), arg_max(l.account_status, f.position)
FROM store.usage_line l JOIN store.usage_fetch f ON f.id = l.fetch_id
WHERE f.status = ? AND l.account_id IS NOT NULL
  AND l.account_id NOT IN (SELECT id FROM store.tenant)
GROUP BY l.account_id ORDER BY l.account_id"""
_NO_LIMIT = 2**62


class CustomersStore:
    """Both vendors' lists as last read, and one mapping per customer with its history."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lists_revision = 0

    @property
    def lists_revision(self) -> int:
        """Grows when companies or agreements are written: what was read of them at the same
        revision is still true. The store's own revision grows with everything else too."""
        return self._lists_revision

    def tenants(self) -> dict[str, Tenant]:
        """The tenants as Sophos last listed them, by id."""
        return {row[0]: tenant_from(row) for row in self._database.read(_TENANTS)}

    def listed_at(self) -> datetime | None:
        """When Sophos last listed its tenants, None before the first time."""
        rows = self._database.read("SELECT listed_at FROM store.tenant_snapshot WHERE id = 1")
        return _time_of(rows)

    def replace_tenants(self, tenants: Iterable[Tenant], at: datetime) -> None:
        """Make `tenants` the list. One that comes twice counts once, as listed last."""
        rows = [tenant_row(tenant) for tenant in {each.id: each for each in tenants}.values()]

        def change(transaction: Transaction) -> None:
            transaction.execute("DELETE FROM store.tenant")
            bulk.insert(transaction, "store.tenant", TENANT_COLUMNS, rows, key=("id",))
            bulk.insert(
                transaction,
                "store.tenant_snapshot",
                TENANT_SNAPSHOT_COLUMNS,
                [(1, at)],
                key=("id",),
            )

        self._database.write(change)

    def only_in_usage(self) -> dict[str, Tenant]:
        """The customers that complete fetches name and Sophos did not list, by id.

        Name and status are those of the last fetch; how they are billed is not known.
        """
        rows = self._database.read(_ONLY_IN_USAGE, [FetchStatus.COMPLETE.value])
        return {
            id_: Tenant(id=id_, name=name, billing_type="", status=status)
            for id_, name, status in rows
        }

    def companies(self) -> dict[int, Company]:
        """The ConnectWise companies as last read, by id."""
        return {row[0]: company_from(row) for row in self._database.read(_COMPANIES)}

    def agreements(self) -> dict[int, Agreement]:
        """The ConnectWise agreements as last read, by id."""
        return {row[0]: agreement_from(row) for row in self._database.read(_AGREEMENTS)}

    def billing_cycles(self) -> dict[int, BillingCycle]:
        """The ConnectWise billing cycles as last read, by id."""
        return {row[0]: billing_cycle_from(row) for row in self._database.read(_BILLING_CYCLES)}

    def connectwise_read_at(self) -> datetime | None:
        """When companies and agreements were last read, None before the first time."""
        rows = self._database.read("SELECT read_at FROM store.connectwise_snapshot WHERE id = 1")
        return _time_of(rows)

    def replace_connectwise(
        self,
        companies: Iterable[Company],
        agreements: Iterable[Agreement],
        at: datetime,
        billing_cycles: Iterable[BillingCycle] = (),
    ) -> None:
        """Make these the companies, agreements and billing cycles, in one transaction.

        What comes twice (pages shift while they are read) counts once, as listed last.
        """
        listed = {company.id: company for company in companies}
        kept = list(agreements)
        cycles = {cycle.id: cycle for cycle in billing_cycles}

        def change(transaction: Transaction) -> None:
            transaction.execute("DELETE FROM store.company")
            transaction.execute("DELETE FROM store.agreement")
            transaction.execute("DELETE FROM store.billing_cycle")
            rows = [company_row(company) for company in listed.values()]
            bulk.insert(transaction, "store.company", COMPANY_COLUMNS, rows, key=("id",))
            _put_agreements(transaction, kept)
            bulk.insert(
                transaction,
                "store.billing_cycle",
                BILLING_CYCLE_COLUMNS,
                [billing_cycle_row(cycle) for cycle in cycles.values()],
                key=("id",),
            )
            bulk.insert(
                transaction,
                "store.connectwise_snapshot",
                CONNECTWISE_SNAPSHOT_COLUMNS,
                [(1, at)],
                key=("id",),
            )

        self._write_lists(change)

    def put_agreements(self, agreements: Iterable[Agreement]) -> None:
        """Add or replace some agreements, after they were read again."""
        kept = list(agreements)
        self._write_lists(lambda transaction: _put_agreements(transaction, kept))

    def replace_agreements_of(self, company_id: int, agreements: Iterable[Agreement]) -> None:
        """Make these the agreements of one company, after they were read again."""
        kept = list(agreements)

        def change(transaction: Transaction) -> None:
            transaction.execute("DELETE FROM store.agreement WHERE company_id = ?", [company_id])
            _put_agreements(transaction, kept)

        self._write_lists(change)

    def mappings(self) -> dict[str, CustomerMapping]:
        """Every customer mapping by customer, in the order of their ids."""
        return _by_customer(self._database.read(_MAPPINGS))

    def former_agreements(self) -> dict[str, frozenset[int]]:
        """The agreements that each customer was mapped to before, by customer."""
        found: dict[str, set[int]] = {}
        for customer_id, agreement_id in self._database.read(_FORMER_AGREEMENTS):
            found.setdefault(customer_id, set()).add(int(agreement_id))
        return {customer_id: frozenset(those) for customer_id, those in found.items()}

    def change(self, decide: CustomerDecision) -> tuple[CustomerMapping, ...]:
        """Read, decide and save in one transaction; returns what was saved.

        `decide` gets every mapping as it is now and returns mappings and history to save. It may
        raise, which changes nothing. It may run again after a conflict, so it only computes.
        """

        def change(transaction: Transaction) -> tuple[CustomerMapping, ...]:
            mappings, history = decide(_by_customer(transaction.execute(_MAPPINGS)))
            bulk.insert(
                transaction,
                "store.customer_mapping",
                MAPPING_COLUMNS,
                [mapping_row(mapping) for mapping in mappings],
                key=("customer_id",),
            )
            add_customer_history(transaction, history)
            return tuple(mappings)

        return self._database.write(change)

    def history(
        self, customer_id: str | None = None, limit: int | None = None
    ) -> list[CustomerHistoryEntry]:
        """Changes of one customer's mapping and rules, or of all, newest first."""
        parameters = [customer_id, customer_id, _NO_LIMIT if limit is None else limit]
        return [history_from(row) for row in self._database.read(_HISTORY, parameters)]

    def _write_lists(self, change: Callable[[Transaction], None]) -> None:
        self._database.write(change)
        self._lists_revision += 1


def add_customer_history(transaction: Transaction, entries: Sequence[CustomerHistoryEntry]) -> None:
    """Record `entries`, as a part of a larger transaction."""
    first = transaction.execute("SELECT coalesce(max(position), 0) + 1 FROM store.customer_history")
    bulk.insert(
        transaction,
        "store.customer_history",
        HISTORY_COLUMNS,
        [history_row(entry, position) for position, entry in enumerate(entries, first[0][0])],
    )


def _put_agreements(transaction: Transaction, agreements: Iterable[Agreement]) -> None:
    rows = [agreement_row(each) for each in {each.id: each for each in agreements}.values()]
    bulk.insert(transaction, "store.agreement", AGREEMENT_COLUMNS, rows, key=("id",))


def _by_customer(rows: Iterable[Row]) -> dict[str, CustomerMapping]:
    return {row[0]: mapping_from(row) for row in rows}


def _time_of(rows: Sequence[Row]) -> datetime | None:
    return aware(rows[0][0]) if rows else None
