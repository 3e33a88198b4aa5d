"""Sophos products and what they are billed as."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from core.domain.models.connectwise import CatalogEntry
from core.domain.models.usage import ProductUsage
from core.domain.month import Month
from core.errors import Message


@dataclass(frozen=True, kw_only=True)
class SophosProduct:
    """A Sophos product as last seen. `former_descriptions` are newest first.

    `description` is empty for a code that came from an import and has no usage yet.
    """

    code: str
    description: str
    product_group: str
    first_seen: Month | None
    last_seen: Month | None
    former_descriptions: tuple[str, ...] = ()


class MappingState(StrEnum):
    """See `core.domain.mapping` for the rules."""

    UNMAPPED = "unmapped"
    ACTIVE = "active"
    OFF = "off"
    STOPPED = "stopped"
    BROKEN = "broken"


@dataclass(frozen=True, kw_only=True)
class ProductMapping:
    """Sophos product -> ConnectWise product, with its switch.

    `stopped` is set when the product was changed or removed while sync was on, and is cleared by
    the next identified usage. `state` is what follows from the other fields and the catalog;
    `since` and `reason` say when and why it became so. `version` grows by one with each save.
    """

    product_code: str
    connectwise_product_id: int | None
    sync: bool
    stopped: bool
    state: MappingState
    since: datetime
    reason: Message | None
    version: int


@dataclass(frozen=True, kw_only=True)
class MappingHistoryEntry:
    """One changed field of one mapping; `old` and `new` are plain text, empty for nothing."""

    id: str
    product_code: str
    at: datetime
    by: str
    origin: str
    field: str
    old: str
    new: str


@dataclass(frozen=True)
class Suggestion:
    """A ConnectWise product that a Sophos product may map to. `score` is 0 to 100."""

    connectwise_product_id: int
    score: int
    reason: Message


@dataclass(frozen=True)
class DefaultProduct:
    """What would be created in ConnectWise for an unmapped Sophos product.

    `settings` are those for new products as they were when it was planned: the fields that are not
    here follow from them. `cost` and `vendor_sku` are of the vendor's last bill.
    """

    identifier: str
    description: str
    integration_xref: str
    settings: str = ""
    customer_description: str = ""
    cost: Decimal | None = None
    vendor_sku: str = ""


@dataclass(frozen=True)
class VendorTerms:
    """What the vendor's last bill says of a product: unit price, None where it tells none, and
    SKU."""

    unit_price: Decimal | None
    sku: str


@dataclass(frozen=True, kw_only=True)
class MappingRow:
    """One line of the mapping grid.

    `default_product` is set when the next sync would map this row to it; `adopted` is the product
    that stands for it in ConnectWise already, None where it would be created.
    """

    product: SophosProduct
    mapping: ProductMapping
    entry: CatalogEntry | None
    last_usage: ProductUsage | None
    suggestion: Suggestion | None
    default_product: DefaultProduct | None
    is_firewall: bool
    adopted: CatalogEntry | None = None
