"""The shared vocabulary: frozen values parsed from the wire, kept in the store, shown on pages.

Quantities and money are Decimal. Times are aware UTC datetimes. Keys never depend on a name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from core.domain.month import Month
from core.errors import Message

# ---------------------------------------------------------------- ConnectWise PSA


@dataclass(frozen=True)
class Reference:
    """ConnectWise's `{id, name}`."""

    id: int
    name: str


class ProductClass(StrEnum):
    """`productClass` of a catalog item (OpenAPI 2026.4)."""

    AGREEMENT = "Agreement"
    BUNDLE = "Bundle"
    INVENTORY = "Inventory"
    NON_INVENTORY = "NonInventory"
    SERVICE = "Service"


class RecurringCycleType(StrEnum):
    """`recurringCycleType` of a catalog item (OpenAPI 2026.4)."""

    CONTRACT_YEAR = "ContractYear"
    CALENDAR_YEAR = "CalendarYear"


@dataclass(frozen=True, kw_only=True)
class ProductFields:
    """What a person may enter for a ConnectWise product (`CatalogItem`, OpenAPI 2026.4).

    `price` and `cost` are per unit, in the company's currency.
    """

    identifier: str
    description: str
    customer_description: str
    subcategory: Reference | None
    type: Reference | None
    category: Reference | None = None
    product_class: ProductClass = ProductClass.NON_INVENTORY
    unit_of_measure: Reference | None = None
    price: Decimal | None = None
    cost: Decimal | None = None
    taxable: bool = False
    inactive: bool = False
    recurring: bool = False
    recurring_bill_cycle: Reference | None = None
    recurring_cycle_type: RecurringCycleType | None = None
    manufacturer: Reference | None = None
    manufacturer_part_number: str = ""
    vendor_sku: str = ""
    notes: str = ""
    integration_xref: str = ""


@dataclass(frozen=True, kw_only=True)
class CatalogItem(ProductFields):
    """A ConnectWise product as read. `last_updated` is the only version token there is."""

    id: int
    last_updated: datetime | None = None
    updated_by: str = ""


@dataclass(frozen=True, kw_only=True)
class CatalogEntry:
    """One line of the catalog snapshot: what the grid and the search need of a product.

    `product_class` is kept as sent when it is a new kind.
    """

    id: int
    identifier: str
    description: str
    category: str = ""
    subcategory: str = ""
    type: str = ""
    product_class: ProductClass | str = ProductClass.NON_INVENTORY
    unit_of_measure: str = ""
    price: Decimal | None = None
    cost: Decimal | None = None
    inactive: bool = False
    integration_xref: str = ""
    last_updated: datetime | None = None

    @property
    def is_billable(self) -> bool:
        """Whether its class may be billed on an agreement.

        "Bundle-class products cannot be agreement additions" (ConnectWise's additions tab); of a
        class that we do not know, nobody can say.
        """
        known = isinstance(self.product_class, ProductClass)
        return known and self.product_class is not ProductClass.BUNDLE


@dataclass(frozen=True)
class SubCategory:
    """A subcategory with the category that it belongs to."""

    id: int
    name: str
    category: Reference
    inactive: bool = False


@dataclass(frozen=True)
class ProductLookups:
    """The lists that the product forms choose from, active entries only, by name."""

    categories: tuple[Reference, ...]
    subcategories: tuple[SubCategory, ...]
    types: tuple[Reference, ...]
    units_of_measure: tuple[Reference, ...]
    manufacturers: tuple[Reference, ...]
    billing_cycles: tuple[Reference, ...]


@dataclass(frozen=True, kw_only=True)
class Company:
    """A ConnectWise company."""

    id: int
    identifier: str
    name: str
    status: str = ""
    deleted: bool = False


class AgreementStatus(StrEnum):
    """`agreementStatus`, computed by ConnectWise."""

    ACTIVE = "Active"
    CANCELLED = "Cancelled"
    EXPIRED = "Expired"
    INACTIVE = "Inactive"


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """A recurring contract of one company."""

    id: int
    name: str
    company: Reference
    status: AgreementStatus
    type: Reference | None = None
    start_date: date | None = None
    end_date: date | None = None
    bill_start_date: date | None = None
    next_invoice_date: date | None = None
    prorate: bool = False
    cancelled: bool = False
    last_updated: datetime | None = None


class BillCustomer(StrEnum):
    """`billCustomer` of an addition: an enum on the wire, never a boolean."""

    BILLABLE = "Billable"
    DO_NOT_BILL = "DoNotBill"
    NO_CHARGE = "NoCharge"


@dataclass(frozen=True, kw_only=True)
class Addition:
    """One billed line of an agreement. `cancelled_date` None means open."""

    id: int
    agreement_id: int
    product: Reference
    quantity: Decimal
    less_included: Decimal
    bill_customer: BillCustomer
    unit_price: Decimal | None = None
    unit_cost: Decimal | None = None
    effective_date: date | None = None
    cancelled_date: date | None = None
    description: str = ""
    serial_number: str = ""
    last_updated: datetime | None = None
    updated_by: str = ""


@dataclass(frozen=True)
class AuditEntry:
    """One line of ConnectWise's audit trail."""

    text: str
    entered: datetime | None
    entered_by: str
    audit_type: str = ""


# ---------------------------------------------------------------- Sophos Central Partner


class BillingType(StrEnum):
    """`billingType` of a tenant; only `usage` has monthly usage."""

    TERM = "term"
    TRIAL = "trial"
    USAGE = "usage"


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """A Sophos tenant: our customer. `billing_type` is kept as sent when it is a new kind."""

    id: str
    name: str
    billing_type: str
    status: str = ""
    data_region: str = ""
    products: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class UsageLine:
    """One raw line of the monthly billing report (Partner API, `billing/usage`).

    `account_id` is the tenant, None for a device that is not assigned to a customer.
    Contact fields of the wire are personal data and are dropped.
    """

    product_code: str
    description: str
    product_group: str
    sku: str
    account_id: str | None
    account_name: str
    account_status: str
    order_number: str
    order_line_item_number: str
    account_number_or_serial_number: str
    billable_quantity: Decimal
    actual_quantity: Decimal | None = None
    ordered_quantity: Decimal | None = None
    external_id: str | None = None
    billing_start_date: str = ""
    billing_end_date: str = ""
    unit_price: Decimal | None = None
    unit_price_currency: str = ""
    unit_msrp: Decimal | None = None
    unit_msrp_currency: str = ""
    net_price: Decimal | None = None
    net_price_currency: str = ""
    price_with_taxes: Decimal | None = None
    price_with_taxes_currency: str = ""


# ---------------------------------------------------------------- what we keep


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Quantity per (month, customer, Sophos product): the sum of its usage lines.

    `account_id` is None for lines without a customer.
    """

    month: Month
    account_id: str | None
    product_code: str
    billable: Decimal
    actual: Decimal
    ordered: Decimal
    lines: int


@dataclass(frozen=True, kw_only=True)
class ProductUsage:
    """Usage of one Sophos product in one month over all customers."""

    month: Month
    product_code: str
    billable: Decimal
    customers: int


class FetchStatus(StrEnum):
    """A month is complete, or nothing is decided from it."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"


class FetchSource(StrEnum):
    """Where usage lines came from."""

    API = "api"
    FILE = "file"


@dataclass(frozen=True, kw_only=True)
class UsageFetch:
    """One reading of one month. `content_hash` is SHA-256 over the sorted lines."""

    id: str
    month: Month
    source: FetchSource
    status: FetchStatus
    started_at: datetime
    finished_at: datetime
    line_count: int
    content_hash: str
    error: str = ""
    fetched_by: str = ""


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
    """What would be created in ConnectWise for an unmapped Sophos product."""

    identifier: str
    description: str
    integration_xref: str


@dataclass(frozen=True, kw_only=True)
class MappingRow:
    """One line of the mapping grid.

    `default_product` is set when the next sync would create one for this row.
    """

    product: SophosProduct
    mapping: ProductMapping
    entry: CatalogEntry | None
    last_usage: ProductUsage | None
    suggestion: Suggestion | None
    default_product: DefaultProduct | None
    is_firewall: bool
