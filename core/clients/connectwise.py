"""ConnectWise PSA: catalog, lookups, companies, agreements and additions.

Facts: ConnectWise developer guide and OpenAPI document 2026.4. Records are known by id; names and
identifiers may change at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from core.clients import connectwise_parsing as parsing
from core.clients.conditions import (
    Condition,
    all_of,
    any_of,
    batches,
    containing,
    exactly,
    with_id,
)
from core.clients.connectwise_fields import creation_body, differing, patch_body, same_value
from core.clients.connectwise_parsing import ENTRY_FIELDS, SYSTEM
from core.clients.connectwise_wire import CompanyInfo, ConnectWiseWire
from core.clients.http import Answer, BaseTransport, HttpLimits, Params
from core.clients.paging import PAGE_SIZE, Listing, read_numbered_pages, read_pages
from core.clients.parsing import Reader, each
from core.domain.models import (
    Addition,
    Agreement,
    AuditEntry,
    CatalogEntry,
    CatalogItem,
    Company,
    ProductFields,
    ProductLookups,
    Reference,
    SubCategory,
)
from core.errors import (
    InputError,
    OutcomeUnknownError,
    Problem,
    RefusedError,
    UnexpectedAnswerError,
    VendorError,
    message,
)
from core.settings import ConnectWiseSettings

T = TypeVar("T")
Progress = Callable[[int], None]

CATALOG = "/procurement/catalog"
COMPANIES = "/company/companies"
AGREEMENTS = "/finance/agreements"
# Room for host, codebase, path and the other parameters in an address of 2,000 characters.
_LONGEST_CONDITIONS = 1500
_SHORTEST_SEARCH = 2
_IDENTIFIER_LIMIT = 75
_OLD_IDENTIFIER_LIMIT = 60
_LONG_IDENTIFIERS_SINCE = (2025, 1)


class IdentifierChangedError(UnexpectedAnswerError):
    """ConnectWise created the product under another identifier: the one asked for was taken.

    `wanted` is the identifier that was asked for; `created` is the new record, which exists.
    """

    def __init__(self, wanted: str, created: CatalogItem) -> None:
        super().__init__(
            message(
                "ConnectWise already has a product “{wanted}” and created “{created}” instead.",
                wanted=wanted,
                created=created.identifier,
            ),
            system=SYSTEM,
            remedy=message(
                "Use the product that was there, and make “{created}” inactive or rename it.",
                created=created.identifier,
            ),
            detail=f"catalog item {created.id}",
        )
        self.wanted = wanted
        self.created = created


class ConnectWise:
    """One company's ConnectWise PSA. Thread-safe; keep it for the life of the process."""

    def __init__(
        self,
        settings: ConnectWiseSettings,
        limits: HttpLimits | None = None,
        transport: BaseTransport | None = None,
    ) -> None:
        self._limits = limits or HttpLimits()
        self._wire = ConnectWiseWire(settings, self._limits, transport)
        self._identifier_limit: int | None = None

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

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

    # ------------------------------------------------------------ catalog

    def list_catalog(self, progress: Progress | None = None) -> list[CatalogEntry]:
        """The whole catalog, inactive products included, by id.

        `progress` is called with the number of products read so far.
        """
        entries: dict[int, CatalogEntry] = {}
        for page in self._pages(CATALOG, {"fields": ENTRY_FIELDS}):
            for reader in each(SYSTEM, page, "catalog item", CATALOG):
                entry = parsing.catalog_entry(reader)
                entries[entry.id] = entry
            if progress is not None:
                progress(len(entries))
        return [entries[key] for key in sorted(entries)]

    def search_catalog(self, text: str, limit: int = 50) -> list[CatalogEntry]:
        """Products whose id is `text`, or with it in identifier or description, by id.

        Every character counts as itself, wildcards and quotes too. Raises InputError for less than
        two characters that are not an id.
        """
        wanted = " ".join(text.split())
        by_id = with_id(wanted)
        condition = Condition("", exact=True)
        if len(wanted) >= _SHORTEST_SEARCH:
            condition = containing(("identifier", "description"), wanted)
        elif not by_id:
            raise InputError(message("Type at least two characters."))
        query = any_of(by_id, condition.text) if condition.text or condition.exact else ""
        found = self._entries(query, limit if condition.exact else PAGE_SIZE)
        if not condition.exact:
            found = (entry for entry in found if _mentions(entry, wanted))
        return list(islice(found, limit))

    def find_products_by_identifier(self, identifier: str) -> list[CatalogItem]:
        """Products with this identifier: exactly so first, then those in other capitals.

        Usually one or none. ConnectWise takes identifiers that differ in capitals for the same.
        """
        found = self.find_products_by_identifiers([identifier])
        return sorted(found, key=lambda item: (item.identifier != identifier, item.id))

    def find_products_by_identifiers(self, identifiers: Iterable[str]) -> list[CatalogItem]:
        """Products with one of the identifiers, whatever their capitals, by id."""
        return self._find_exactly("identifier", identifiers, lambda item: item.identifier)

    def find_products_by_xref(self, xref: str) -> list[CatalogItem]:
        """Products whose `integrationXRef` is `xref`, by id."""
        return self._find_exactly("integrationXRef", [xref], lambda item: item.integration_xref)

    def get_product(self, product_id: int) -> CatalogItem:
        """One product. Raises NotFoundError if it was deleted."""
        return self._item(self._wire.call("GET", f"{CATALOG}/{product_id}", record=True))

    def create_product(self, fields: ProductFields) -> CatalogItem:
        """Create a product, once: never repeated when the answer is lost.

        Raises RefusedError (problems by field), OutcomeUnknownError (look for the identifier before
        trying again), or IdentifierChangedError where ConnectWise made a copy of a taken
        identifier.
        """
        answer = self._wire.call("POST", CATALOG, json=creation_body(fields))
        created = self._written(answer)
        if not same_value(fields.identifier, created.identifier):
            raise IdentifierChangedError(fields.identifier, created)
        return created

    def patch_product(self, product_id: int, changes: Mapping[str, object]) -> CatalogItem:
        """Change the given fields (named as in ProductFields) and check that they arrived.

        Raises RefusedError naming every field that the server did not take, OutcomeUnknownError
        when the answer was lost, or NotFoundError. Returns the record as it is now.
        """
        if not changes:
            return self.get_product(product_id)
        answer = self._wire.call(
            "PATCH", f"{CATALOG}/{product_id}", json=patch_body(changes), record=True
        )
        item = self._written(answer)
        missing = differing(changes, item)
        if missing:
            raise _not_taken(missing, answer)
        return item

    # ------------------------------------------------------------ lookups

    def lookups(self) -> ProductLookups:
        """The lists of the product forms: active entries only, by name. Read side by side."""
        paths = (
            "/procurement/categories",
            "/procurement/subcategories/",
            "/procurement/types",
            "/procurement/unitOfMeasures",
            "/procurement/manufacturers",
            "/finance/billingCycles",
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

    # ------------------------------------------------------------ companies and agreements

    def companies(self, search: str = "") -> list[Company]:
        """Companies that are not deleted, by id; with `search`, those with it in name or id."""
        wanted = " ".join(search.split())
        text = containing(("name", "identifier"), wanted).text if wanted else ""
        records = self._list(
            COMPANIES,
            "company",
            parsing.company,
            {
                "conditions": all_of("deletedFlag=false", text),
                "fields": "id,identifier,name,status/name,deletedFlag",
            },
        )
        return [
            company
            for company in records
            if not company.deleted and _has(wanted, company.name, company.identifier)
        ]

    def agreements(self, company_id: int) -> list[Agreement]:
        """All agreements of a company, of every status, by id."""
        records = self._list(
            AGREEMENTS,
            "agreement",
            parsing.agreement,
            {"conditions": f"company/id={company_id}"},
        )
        return [agreement for agreement in records if agreement.company.id == company_id]

    def additions(self, agreement_id: int) -> list[Addition]:
        """All additions of an agreement, cancelled ones included, by id."""
        return self._list(
            f"{AGREEMENTS}/{agreement_id}/additions",
            "addition",
            lambda reader: parsing.addition(reader, agreement_id),
            {},
            record=True,
        )

    def audit_trail(self, audit_type: str, record_id: int) -> list[AuditEntry]:
        """What ConnectWise recorded of one record, in its order.

        `audit_type` is one of the API's names, for example ProductCatalog or AgreementAddition.
        """
        listing = self._listing("/system/audittrail", {"type": audit_type, "id": record_id})
        return [
            parsing.audit_entry(reader)
            for page in read_numbered_pages(listing)
            for reader in each(SYSTEM, page, "audit entry", "/system/audittrail")
        ]

    # ------------------------------------------------------------ inside

    def _listing(
        self, path: str, params: Params, *, record: bool = False, page_size: int = PAGE_SIZE
    ) -> Listing:
        def fetch(query: Params, headers: dict[str, str]) -> Answer:
            return self._wire.call("GET", path, params=query, headers=headers, record=record)

        return Listing(SYSTEM, path, fetch, params, page_size)

    def _pages(self, path: str, params: Params) -> Iterator[list[object]]:
        return read_pages(self._listing(path, params))

    def _list(
        self,
        path: str,
        name: str,
        parse: Callable[[Reader], T],
        params: Params,
        *,
        record: bool = False,
    ) -> list[T]:
        """A whole list by id. A record that moved between two pages is taken once."""
        listing = self._listing(path, params, record=record)
        records: dict[int, T] = {}
        for page in read_pages(listing):
            for reader in each(SYSTEM, page, name, path):
                records[reader.integer("id")] = parse(reader)
        return [records[key] for key in sorted(records)]

    def _entries(self, conditions: str, page_size: int) -> Iterator[CatalogEntry]:
        params: dict[str, str | int] = {"fields": ENTRY_FIELDS}
        if conditions:
            params["conditions"] = conditions
        listing = self._listing(CATALOG, params, page_size=max(1, min(page_size, PAGE_SIZE)))
        for page in read_pages(listing):
            for reader in each(SYSTEM, page, "catalog item", CATALOG):
                yield parsing.catalog_entry(reader)

    def _find_exactly(
        self, field: str, values: Iterable[str], value_of: Callable[[CatalogItem], str]
    ) -> list[CatalogItem]:
        wanted = {_folded(value): " ".join(value.split()) for value in values if value.strip()}
        conditions = [exactly(field, value).text for value in sorted(wanted.values())]
        # A value that cannot be written at all leaves the whole catalog to look through.
        queries = batches(conditions, _LONGEST_CONDITIONS) if all(conditions) else [""]
        found = {
            item.id: item
            for query in queries
            for item in self._list(
                CATALOG,
                "catalog item",
                parsing.catalog_item,
                {"conditions": query} if query else {},
            )
            if _folded(value_of(item)) in wanted
        }
        return [found[key] for key in sorted(found)]

    def _active(self, path: str) -> list[Reader]:
        """The entries of a lookup table without the inactive ones.

        The flag is not a condition: some lists return it and refuse it there.
        """
        return [
            reader
            for page in self._pages(path, {})
            for reader in each(SYSTEM, page, path, path)
            if not reader.boolean("inactiveFlag")
        ]

    def _item(self, answer: Answer) -> CatalogItem:
        return parsing.catalog_item(Reader.of(SYSTEM, answer.body, "catalog item"))

    def _written(self, answer: Answer) -> CatalogItem:
        """The record that a write returned; if it cannot be read, the write needs reading back."""
        try:
            return self._item(answer)
        except UnexpectedAnswerError as error:
            raise OutcomeUnknownError(
                message("The answer of {system} to a change was lost.", system=SYSTEM),
                system=SYSTEM,
                status=answer.status,
                request_id=answer.request_id,
                remedy=message(
                    "Look in {system} whether the change was made before trying again.",
                    system=SYSTEM,
                ),
                detail=error.detail,
            ) from error


def _not_taken(fields: Sequence[str], answer: Answer) -> RefusedError:
    return RefusedError(
        message("ConnectWise did not take every value, although it reported success."),
        [Problem(message("ConnectWise kept another value here."), field) for field in fields],
        system=SYSTEM,
        status=answer.status,
        request_id=answer.request_id,
        remedy=message("Reload the product to see what it holds now, then correct it."),
        detail="differing: " + ", ".join(fields),
    )


def _by_name(readers: Iterable[Reader]) -> tuple[Reference, ...]:
    found = {reference.id: reference for reference in map(parsing.named, readers)}
    return tuple(sorted(found.values(), key=lambda entry: (entry.name.casefold(), entry.id)))


def _subcategories(readers: Iterable[Reader]) -> tuple[SubCategory, ...]:
    found = {entry.id: entry for entry in map(parsing.subcategory, readers)}
    return tuple(sorted(found.values(), key=lambda entry: (entry.name.casefold(), entry.id)))


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _has(wanted: str, *texts: str) -> bool:
    return any(_folded(wanted) in _folded(text) for text in texts)


def _mentions(entry: CatalogEntry, wanted: str) -> bool:
    return str(entry.id) == wanted or _has(wanted, entry.identifier, entry.description)
