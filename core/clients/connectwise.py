"""ConnectWise PSA: catalog, lookups, companies, agreements and additions.

Facts: ConnectWise developer guide and OpenAPI document 2026.4. Records are known by id; names and
identifiers may change at any time.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from core.clients import connectwise_parsing as parsing
from core.clients.connectwise_additions import (
    AGREEMENTS,
    AdditionCalls,
    AdditionDiffersError,
    NewAddition,
)
from core.clients.connectwise_agreements import BILLING_CYCLES, COMPANIES, AgreementCalls
from core.clients.connectwise_catalog import CATALOG, CatalogCalls, IdentifierChangedError
from core.clients.connectwise_lists import Lists
from core.clients.connectwise_wire import CompanyInfo, ConnectWiseWire
from core.clients.counting import RequestCount
from core.clients.http import BaseTransport, HttpLimits
from core.clients.parsing import Reader
from core.domain.models import AuditEntry, ProductLookups, Reference, SubCategory
from core.errors import VendorError
from core.settings import ConnectWiseSettings

__all__ = [
    "AdditionDiffersError",
    "CompanyInfo",
    "ConnectWise",
    "IdentifierChangedError",
    "NewAddition",
    "RequestCount",
]

_IDENTIFIER_LIMIT = 75
_OLD_IDENTIFIER_LIMIT = 60
_LONG_IDENTIFIERS_SINCE = (2025, 1)
# Threads that have their answer and compute, or wait for the database.
_THREADS_AT_WORK = 2


class ConnectWise(CatalogCalls, AgreementCalls, AdditionCalls):
    """One company's ConnectWise PSA. Thread-safe; keep it for the life of the process."""

    def __init__(
        self,
        settings: ConnectWiseSettings,
        limits: HttpLimits | None = None,
        transport: BaseTransport | None = None,
    ) -> None:
        self._limits = limits or HttpLimits()
        wire = ConnectWiseWire(settings, self._limits, transport)
        super().__init__(wire, Lists(wire))
        self._identifier_limit: int | None = None

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    @property
    def in_flight(self) -> int:
        """How many calls run at one time at most."""
        return self._limits.in_flight

    @property
    def busy_threads(self) -> int:
        """How many threads keep that many calls under way: one that works on its answer leaves
        its place to another."""
        return self._limits.in_flight + _THREADS_AT_WORK

    def requests(self) -> RequestCount:
        """How many requests were sent since the start; a task takes the difference."""
        return self._wire.requests()

    # ------------------------------------------------------------ connection

    def company_info(self) -> CompanyInfo:
        """What the site says of the company, without sign-in."""
        return self._wire.company_info()

    def identifier_limit(self) -> int:
        """How many characters an identifier may have: 75 since 2025.1, 60 before.

        60 also where the release is not known: it is right for both.
        """
        if self._identifier_limit is None:
            try:
                release = self._wire.company_info().release
            except VendorError:
                return _OLD_IDENTIFIER_LIMIT
            is_new = release is not None and release >= _LONG_IDENTIFIERS_SINCE
            self._identifier_limit = _IDENTIFIER_LIMIT if is_new else _OLD_IDENTIFIER_LIMIT
        return self._identifier_limit

    def check(self) -> None:
        """Prove that keys and permissions suffice for reading; raises AccessError otherwise.

        Reads one record each of catalog, companies and agreements. `system/info` would prove
        nothing: servers differ in whether it needs a sign-in.
        """
        self._wire.company_info()
        for path in (CATALOG, COMPANIES, AGREEMENTS):
            self._wire.call("GET", path, params={"pageSize": 1, "fields": "id"})

    # ------------------------------------------------------------ lookups

    def lookups(self) -> ProductLookups:
        """The lists of the product forms: active entries only, by name. Read side by side."""
        paths = (
            "/procurement/categories",
            "/procurement/subcategories/",
            "/procurement/types",
            "/procurement/unitOfMeasures",
            "/procurement/manufacturers",
            BILLING_CYCLES,
        )
        with ThreadPoolExecutor(max_workers=self._limits.in_flight) as pool:
            categories, subcategories, types, units, manufacturers, cycles = pool.map(
                self._active, paths
            )
        return ProductLookups(
            categories=_by_name(categories),
            subcategories=_subcategories(subcategories),
            types=_by_name(types),
            units_of_measure=_by_name(units),
            manufacturers=_by_name(manufacturers),
            billing_cycles=_by_name(cycles),
        )

    # ------------------------------------------------------------ history

    def audit_trail(self, audit_type: str, record_id: int) -> list[AuditEntry]:
        """What ConnectWise recorded of one record, in its order.

        `audit_type` is one of the API's names, for example ProductCatalog or AgreementAddition.
        """
        query: dict[str, str | int] = {"type": audit_type, "id": record_id}
        found = self._lists.numbered("/system/audittrail", "audit entry", query)
        return [parsing.audit_entry(reader) for reader in found]

    def _active(self, path: str) -> list[Reader]:
        """The entries of a lookup table without the inactive ones.

        The flag is not a condition: some lists return it and refuse it there.
        """
        name = path.strip("/").split("/")[-1]
        return [
            reader
            for page in self._lists.pages(path, name, {})
            for reader in page
            if not reader.boolean("inactiveFlag")
        ]


def _by_name(readers: Iterable[Reader]) -> tuple[Reference, ...]:
    found = {reference.id: reference for reference in map(parsing.named, readers)}
    return tuple(sorted(found.values(), key=lambda entry: (entry.name.casefold(), entry.id)))


def _subcategories(readers: Iterable[Reader]) -> tuple[SubCategory, ...]:
    found = {entry.id: entry for entry in map(parsing.subcategory, readers)}
    return tuple(sorted(found.values(), key=lambda entry: (entry.name.casefold(), entry.id)))
