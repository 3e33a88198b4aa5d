"""ConnectWise products: looked at, created exactly once, edited without overwriting anybody."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from core.clients.connectwise import ConnectWise, IdentifierChangedError
from core.clients.connectwise_errors import said_instead
from core.clients.connectwise_fields import differing, given
from core.domain.models import (
    AuditEntry,
    CatalogEntry,
    CatalogItem,
    ProductFields,
    ProductLookups,
    SophosProduct,
)
from core.domain.product_form import (
    ProductDefaults,
    changed_fields,
    fields_of,
    limits,
    prefill,
    validate,
)
from core.errors import (
    ConflictError,
    InputError,
    Message,
    OutcomeUnknownError,
    TryAgainError,
    VendorError,
    message,
)
from core.storage.store import Store
from core.use_cases.catalog import Catalog
from core.use_cases.jobs import Clock
from core.use_cases.preferences import Preferences
from core.use_cases.product_creations import Creations

_LOOKUPS_KEPT = timedelta(minutes=10)
# A write whose answer was lost may still be under way on the server when we look.
_READ_BACK_WAITS = (0.5, 1.5, 3.0)


class ProductExistsError(ConflictError):
    """ConnectWise already has a product with that identifier. `existing` is it."""

    def __init__(self, existing: CatalogItem) -> None:
        super().__init__(
            message(
                "ConnectWise already has a product with the ID {identifier}.",
                identifier=existing.identifier,
            ),
            remedy=message("Use that product, or choose another product ID."),
        )
        self.existing = existing


class ProductChangedError(ConflictError):
    """Somebody changed the product since it was read. `theirs` is how it is now."""

    def __init__(self, theirs: CatalogItem) -> None:
        super().__init__(
            message(
                "{identifier} was changed in ConnectWise since you opened it.",
                identifier=theirs.identifier,
            ),
            remedy=message("Nothing was written. Compare both and decide."),
        )
        self.theirs = theirs


class Products:
    """Reads and writes single products; `creations` are those that wait for their mapping."""

    def __init__(
        self,
        store: Store,
        connectwise: ConnectWise,
        catalog: Catalog,
        preferences: Preferences,
        clock: Clock,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
        self._connectwise = connectwise
        self._catalog = catalog
        self._preferences = preferences
        self._clock = clock
        self._sleep = sleep
        self.creations = Creations()
        self._lock = threading.Lock()
        self._lookups: tuple[datetime, ProductLookups] | None = None

    def form_options(self) -> ProductLookups:
        """The lists to choose from, read again when older than ten minutes."""
        with self._lock:
            now = self._clock()
            if self._lookups is None or now - self._lookups[0] > _LOOKUPS_KEPT:
                self._lookups = (now, self._connectwise.lookups())
            return self._lookups[1]

    def field_limits(self) -> dict[str, int]:
        """Greatest number of characters by field, for the connected server."""
        return limits(self._connectwise.identifier_limit())

    def defaults(self) -> ProductDefaults:
        return self._preferences.defaults()

    def prefill(self, product_code: str) -> ProductFields:
        """A form for a Sophos product that can be applied as it stands."""
        product = self._sophos_product(product_code)
        line = self._store.usage.latest_line(product_code)
        return prefill(
            product,
            self.defaults(),
            self.form_options(),
            unit_cost=line.unit_price if line else None,
            vendor_sku=line.sku if line else "",
        )

    def vendor_price(self, product_code: str) -> tuple[Decimal, str] | None:
        """What Sophos charged per unit last, and in which currency; None where it does not say.

        The prefilled cost is this amount. ConnectWise's catalog does not tell its own currency,
        so a person has to see whether the two are the same.
        """
        line = self._store.usage.latest_line(product_code)
        price = line.unit_price if line else None
        if line is None or price is None or price <= 0 or not line.unit_price_currency:
            return None
        return price, line.unit_price_currency

    def read(self, product_id: int) -> CatalogItem:
        """The product as it is in ConnectWise now; the snapshot learns it too."""
        item = self._connectwise.get_product(product_id)
        self._catalog.put(entry_of(item))
        return item

    def audit_trail(self, product_id: int) -> list[AuditEntry]:
        """Who changed the product in ConnectWise, newest first."""
        return self._connectwise.audit_trail("ProductCatalog", product_id)

    def create(self, wanted: ProductFields) -> CatalogItem:
        """Create a product; ends in exactly one even when the answer is lost.

        Raises InputError for values that ConnectWise would refuse, ProductExistsError when the
        identifier is taken, TryAgainError when it certainly was not created.
        """
        self._refuse_bad(wanted)
        self._refuse_existing(wanted.identifier)
        try:
            item = self._connectwise.create_product(wanted)
        except OutcomeUnknownError as lost:
            item = self._read_back_created(wanted, lost)
        except IdentifierChangedError as taken:
            self._retire_copy(taken)
            raise
        self._catalog.put(entry_of(item))
        return item

    def update(self, base: CatalogItem, wanted: ProductFields) -> CatalogItem:
        """Write what differs from `base`, the product as it was read.

        Raises InputError for changes that ConnectWise would refuse, and ProductChangedError when
        somebody changed it since; then nothing is written.
        """
        changes = changed_fields(fields_of(base), wanted)
        if not changes:
            return base
        self._refuse_bad(wanted, fields_of(base))
        theirs = self._connectwise.get_product(base.id)
        if changed_fields(fields_of(base), fields_of(theirs)):
            raise ProductChangedError(theirs)
        if wanted.identifier != base.identifier:
            self._refuse_existing(wanted.identifier, other_than=base.id)
        try:
            item = self._connectwise.patch_product(base.id, changes)
        except OutcomeUnknownError as lost:
            item = self._read_back_patched(base.id, changes, lost)
        self._catalog.put(entry_of(item))
        return item

    def _sophos_product(self, code: str) -> SophosProduct:
        for product in self._store.products.all():
            if product.code == code:
                return product
        return SophosProduct(
            code=code, description="", product_group="", first_seen=None, last_seen=None
        )

    def _refuse_bad(self, wanted: ProductFields, base: ProductFields | None = None) -> None:
        problems = validate(
            wanted, self.field_limits(), subcategories=self.form_options().subcategories, base=base
        )
        if problems:
            raise InputError(message("Some values cannot be accepted yet."), problems)

    def _refuse_existing(self, identifier: str, other_than: int | None = None) -> None:
        for item in self._connectwise.find_products_by_identifier(identifier):
            if item.id != other_than:
                raise ProductExistsError(item)

    def _retire_copy(self, taken: IdentifierChangedError) -> None:
        """Somebody created the product in the same moment: our copy must not stay in use."""
        try:
            self._connectwise.patch_product(taken.created.id, {"inactive": True})
            found = self._connectwise.find_products_by_identifier(taken.wanted)
        except VendorError:
            # `taken` tells that the copy is there and what to do with it.
            raise taken from None
        for item in found:
            raise ProductExistsError(item) from taken

    def _read_back_created(self, wanted: ProductFields, lost: OutcomeUnknownError) -> CatalogItem:
        def look() -> CatalogItem | None:
            found = self._connectwise.find_products_by_identifier(wanted.identifier)
            return found[0] if found else None

        item = self._read_back(look, lost)
        if item is None:
            raise _not_created(wanted.identifier, lost) from lost
        if differing(given(wanted), item):
            # Somebody created another product of that name in the same moment.
            raise ProductExistsError(item) from lost
        return item

    def _read_back_patched(
        self, product_id: int, changes: Mapping[str, object], lost: OutcomeUnknownError
    ) -> CatalogItem:
        def look() -> CatalogItem | None:
            now = self._connectwise.get_product(product_id)
            return None if differing(changes, now) else now

        item = self._read_back(look, lost)
        if item is None:
            raise _not_changed(lost) from lost
        return item

    def _read_back(
        self, look: Callable[[], CatalogItem | None], lost: OutcomeUnknownError
    ) -> CatalogItem | None:
        """What a lost write left; raises `lost` when ConnectWise does not say that either."""
        for wait in _READ_BACK_WAITS:
            self._sleep(wait)
            try:
                item = look()
            except VendorError:
                raise lost from None
            if item is not None:
                return item
        return None


def _not_created(identifier: str, lost: OutcomeUnknownError) -> TryAgainError:
    text = message(
        "ConnectWise did not answer, and the product {identifier} is not there.",
        identifier=identifier,
    )
    said = said_instead(lost)
    if said:
        text = message(
            "The product {identifier} was not created. ConnectWise answered: {reason}",
            identifier=identifier,
            reason=said,
        )
    remedy = message("Press Apply again; what is there already is never created twice.")
    return _try_again(text, remedy, lost)


def _not_changed(lost: OutcomeUnknownError) -> TryAgainError:
    text = message("ConnectWise did not answer, and the change is not there.")
    said = said_instead(lost)
    if said:
        text = message("The change was not made. ConnectWise answered: {reason}", reason=said)
    return _try_again(text, message("Press Apply again; it compares before it writes."), lost)


def _try_again(text: Message, remedy: Message, lost: OutcomeUnknownError) -> TryAgainError:
    return TryAgainError(
        text,
        system="ConnectWise",
        status=lost.status,
        request_id=lost.request_id,
        remedy=remedy,
        detail=lost.detail,
    )


def entry_of(item: CatalogItem) -> CatalogEntry:
    """The line of the snapshot that a product gives."""
    return CatalogEntry(
        id=item.id,
        identifier=item.identifier,
        description=item.description,
        category=item.category.name if item.category else "",
        subcategory=item.subcategory.name if item.subcategory else "",
        type=item.type.name if item.type else "",
        product_class=item.product_class,
        unit_of_measure=item.unit_of_measure.name if item.unit_of_measure else "",
        price=item.price,
        cost=item.cost,
        inactive=item.inactive,
        integration_xref=item.integration_xref,
        last_updated=item.last_updated,
    )
