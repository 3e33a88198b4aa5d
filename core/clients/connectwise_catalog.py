"""The product catalog of ConnectWise: reading, searching, creating, changing.

Facts: ConnectWise developer guide and `CatalogItem` of the OpenAPI document 2026.4. There is no
version token but `_info.lastUpdated`, and no key against doing a thing twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from core.clients import connectwise_parsing as parsing
from core.clients.answers import Answer
from core.clients.conditions import (
    LONGEST_CONDITIONS,
    Condition,
    any_of,
    batches,
    containing,
    exactly,
    with_id,
)
from core.clients.connectwise_fields import creation_body, differing, patch_body, same_value
from core.clients.connectwise_lists import Calls, Progress
from core.clients.connectwise_parsing import ENTRY_FIELDS, SYSTEM
from core.clients.http_errors import outcome_unknown
from core.clients.paging import PAGE_SIZE
from core.clients.parsing import Reader
from core.domain.models import CatalogEntry, CatalogItem, ProductFields
from core.errors import InputError, Problem, RefusedError, UnexpectedAnswerError, message

CATALOG = "/procurement/catalog"
_NAME = "catalog item"
_SHORTEST_SEARCH = 2


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


class CatalogCalls(Calls):
    """The calls of `ConnectWise` that are about the product catalog."""

    def list_catalog(self, progress: Progress | None = None) -> list[CatalogEntry]:
        """The whole catalog, inactive products included, by id.

        `progress` is called with the number of products read so far.
        """
        entries: dict[int, CatalogEntry] = {}
        for page in self._lists.pages(CATALOG, _NAME, {"fields": ENTRY_FIELDS}):
            entries.update({entry.id: entry for entry in map(parsing.catalog_entry, page)})
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
        return self._find_exactly("identifier", identifiers)

    def find_products_by_xref(self, xref: str) -> list[CatalogItem]:
        """Products whose `integrationXRef` is `xref`, by id."""
        return self.find_products_by_xrefs([xref])

    def find_products_by_xrefs(self, xrefs: Iterable[str]) -> list[CatalogItem]:
        """Products whose `integrationXRef` is one of `xrefs`, by id."""
        return self._find_exactly("integrationXRef", xrefs)

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

    def _entries(self, conditions: str, page_size: int) -> Iterator[CatalogEntry]:
        params: dict[str, str | int] = {"fields": ENTRY_FIELDS}
        if conditions:
            params["conditions"] = conditions
        for page in self._lists.pages(CATALOG, _NAME, params, page_size=page_size):
            yield from map(parsing.catalog_entry, page)

    def _find_exactly(self, field: str, values: Iterable[str]) -> list[CatalogItem]:
        wanted = {_folded(value): " ".join(value.split()) for value in values if value.strip()}
        conditions = [exactly(field, value).text for value in sorted(wanted.values())]
        # A value that cannot be written at all leaves the whole catalog to look through.
        queries = batches(conditions, LONGEST_CONDITIONS) if all(conditions) else [""]
        found = {
            reader.integer("id"): parsing.catalog_item(reader)
            for query in queries
            for page in self._lists.pages(CATALOG, _NAME, {"conditions": query} if query else {})
            for reader in page
            if _folded(reader.text(field, "")) in wanted
        }
        return [found[key] for key in sorted(found)]

    def _item(self, answer: Answer) -> CatalogItem:
        return parsing.catalog_item(Reader.of(SYSTEM, answer.body, "catalog item"))

    def _written(self, answer: Answer) -> CatalogItem:
        """The record that a write returned; if it cannot be read, the write needs reading back."""
        try:
            return self._item(answer)
        except UnexpectedAnswerError as error:
            raise outcome_unknown(SYSTEM, answer, error.detail) from error


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


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def has_text(wanted: str, *texts: str) -> bool:
    return any(_folded(wanted) in _folded(text) for text in texts)


def _mentions(entry: CatalogEntry, wanted: str) -> bool:
    return str(entry.id) == wanted or has_text(wanted, entry.identifier, entry.description)
