"""Carrying out one change of a product: the default product is created once, or adopted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from core.clients.connectwise import ConnectWise, IdentifierChangedError
from core.clients.connectwise_fields import differing, given
from core.domain.mapping import (
    availability_of,
    has_nothing_to_bill_on,
    with_default_product,
    with_product_put_back,
)
from core.domain.models import (
    CatalogEntry,
    CatalogItem,
    Change,
    ChangeKind,
    DefaultProduct,
    ProductFields,
    ProductMapping,
)
from core.domain.plan_products import existing_default
from core.errors import (
    AccessError,
    ConflictError,
    InputError,
    OutcomeUnknownError,
    TryAgainError,
    message,
)
from core.storage.mappings_store import MappingDecision, MappingWrite
from core.use_cases.catalog import Catalog
from core.use_cases.jobs import Clock
from core.use_cases.mapping_history import changes_history
from core.use_cases.products import Products, entry_of
from core.use_cases.run_additions import Failed, TurnedAwayError, Unknown, failure_of

ORIGIN = "sync"
UNDO = "undo"
REVERSALS = frozenset(
    {ChangeKind.RETIRE_PRODUCT, ChangeKind.REVIVE_PRODUCT, ChangeKind.UNMAP_PRODUCT}
)


@dataclass(frozen=True)
class Found:
    """The product that stands for a default product now."""

    product_id: int
    identifier: str


Outcome = Found | Failed | Unknown


class ProductWriter:
    """Makes the calls for changes of products."""

    def __init__(self, connectwise: ConnectWise, products: Products, catalog: Catalog) -> None:
        self._connectwise = connectwise
        self._products = products
        self._catalog = catalog

    def look_up(self, wanted: Iterable[DefaultProduct]) -> None:
        """Bring the snapshot of the catalog up to date with what ConnectWise has for these."""
        asked = list(wanted)
        if not asked:
            return
        found = self._connectwise.find_products_by_xrefs(each.integration_xref for each in asked)
        found += self._connectwise.find_products_by_identifiers(each.identifier for each in asked)
        for item in {item.id: item for item in found}.values():
            self._catalog.put(entry_of(item))

    def look(self, change: Change, *, announced: bool) -> Found | Failed | None:
        """What can be said of a change without a write: it is done, or must not be; None: do it.

        A product that is there although its creation was never announced is somebody else's.
        """
        if change.kind is not ChangeKind.CREATE_PRODUCT:
            return None
        wanted = self._fields(change)
        item = self._existing(_default(change))
        if item is None:
            return None
        if announced and not differing(given(wanted), item):
            return self._kept(item)
        return _exists(item.identifier)

    def carry_out(self, change: Change, announce: Callable[[], None]) -> Outcome:
        """Create or adopt the product. `announce` is called before each call that writes.

        Raises TurnedAwayError, AccessError and what `announce` raises.
        """
        if change.kind is ChangeKind.ADOPT_PRODUCT:
            return self._adopt(change)
        if change.kind in REVERSALS:
            return self._reverse(change, announce)
        for last in (False, True):
            announce()
            try:
                return self._kept(self._products.create(self._fields(change)))
            except TryAgainError as error:
                # Without a cause, what failed was no call whose answer was lost.
                if last or not isinstance(error.__cause__, OutcomeUnknownError):
                    raise
            except OutcomeUnknownError as lost:
                return Unknown(lost)
            except AccessError as error:
                raise TurnedAwayError(error) from error
            except (InputError, ConflictError, IdentifierChangedError) as error:
                return failure_of(error)
        raise AssertionError("the last try returns or raises")

    def _adopt(self, change: Change) -> Found | Failed:
        if change.product_id is None:
            raise ValueError(f"nothing to adopt: {change}")
        item = self._connectwise.get_product(change.product_id)
        entry = entry_of(item)
        if entry.inactive or not entry.is_billable:
            self._catalog.put(entry)
            return Failed(
                message("{product} cannot be billed any more.", product=item.identifier),
                message("Make it active in ConnectWise, or map another product."),
            )
        return self._kept(item)

    def _reverse(self, change: Change, announce: Callable[[], None]) -> Outcome:
        """Make a product inactive, or active again. Doing it twice does no harm, so an answer that
        is lost is followed by one more try. The mapping that leaves a product is never broken by
        its becoming inactive: `put_back` moves it, once."""
        if change.product_id is None:
            raise ValueError(f"no product to change: {change}")
        if change.kind is ChangeKind.UNMAP_PRODUCT:
            entry = (self._catalog.snapshot().by_id or {}).get(change.product_id)
            return Found(change.product_id, entry.identifier if entry else "")
        inactive = change.kind is ChangeKind.RETIRE_PRODUCT
        for last in (False, True):
            announce()
            try:
                item = self._connectwise.patch_product(change.product_id, {"inactive": inactive})
                return self._kept(item, change.target.product_code if inactive else "")
            except OutcomeUnknownError as lost:
                if last:
                    return Unknown(lost)
            except AccessError as error:
                raise TurnedAwayError(error) from error
        raise AssertionError("the last try returns or raises")

    def _kept(self, item: CatalogItem, leaving: str = "") -> Found:
        self._catalog.put(entry_of(item), leaving)
        return Found(item.id, item.identifier)

    def _fields(self, change: Change) -> ProductFields:
        """The form as it would be prefilled, with what was approved."""
        wanted = _default(change)
        return replace(
            self._products.prefill(change.target.product_code),
            identifier=wanted.identifier,
            description=wanted.description,
            integration_xref=wanted.integration_xref,
            customer_description=wanted.customer_description,
            cost=wanted.cost,
            vendor_sku=wanted.vendor_sku,
        )

    def _existing(self, wanted: DefaultProduct) -> CatalogItem | None:
        found = self._connectwise.find_products_by_xrefs([wanted.integration_xref])
        found += self._connectwise.find_products_by_identifiers([wanted.identifier])
        items = {item.id: item for item in found}
        entry = existing_default(wanted, map(entry_of, items.values()))
        return None if entry is None else items[entry.id]


def map_default(
    code: str,
    found: Found,
    by_id: Callable[[], Mapping[int, CatalogEntry] | None],
    clock: Clock,
    by: str,
    *,
    created: bool,
) -> tuple[MappingDecision, Callable[[], bool]]:
    """What a default product does to its mapping, and whether it did it.

    A row that somebody mapped or turned off meanwhile stays as they wanted it.
    """
    mapped = False

    def decide(current: dict[str, ProductMapping]) -> MappingWrite:
        nonlocal mapped
        before = current[code]
        mapped = before.connectwise_product_id == found.product_id
        if mapped or not has_nothing_to_bill_on(before, by_id()):
            return [], []
        now = clock()
        after = with_default_product(
            before, found.product_id, found.identifier, now, created=created
        )
        mapped = True
        return [after], changes_history(current, [after], now, by, ORIGIN)

    return decide, lambda: mapped


def put_back(
    change: Change,
    by_id: Callable[[], Mapping[int, CatalogEntry] | None],
    clock: Clock,
    by: str,
) -> MappingDecision:
    """What undoing a change of a product does to its mapping: to what it was before the change.

    A row that somebody mapped otherwise meanwhile stays as they wanted it.
    """
    code = change.target.product_code
    revives = change.kind is ChangeKind.REVIVE_PRODUCT
    wanted = change.product_id if revives else change.product_before
    expected = change.product_before if revives else change.product_id

    def decide(current: dict[str, ProductMapping]) -> MappingWrite:
        before = current.get(code)
        if before is None or before.connectwise_product_id != expected:
            return [], []
        now = clock()
        after = with_product_put_back(before, wanted, availability_of(wanted, by_id()), now)
        return [after], changes_history(current, [after], now, by, UNDO)

    return decide


def _default(change: Change) -> DefaultProduct:
    if change.default_product is None:
        raise ValueError(f"no product to create: {change}")
    return change.default_product


def _exists(identifier: str) -> Failed:
    return Failed(
        message("ConnectWise has a product {product} by now.", product=identifier),
        message("Make the plan again: it uses that product."),
    )
