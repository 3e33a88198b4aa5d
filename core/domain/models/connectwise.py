"""ConnectWise PSA: products, companies, agreements and additions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


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


class BillingOption(StrEnum):
    """`billingOptions` of a billing cycle: how often its agreements are invoiced (OpenAPI 2022.1).

    Bi-weekly is every two weeks and bi-monthly every two months, as ConnectWise's setup table has
    them.
    """

    WEEKLY = "Weekly"
    BI_WEEKLY = "BiWeekly"
    MONTHLY = "Monthly"
    BI_MONTHLY = "BiMonthly"
    QUARTERLY = "Quarterly"
    SEMI_ANNUAL = "SemiAnnual"
    YEARLY = "Yearly"
    NOT_RECURRING = "NotRecurring"

    @property
    def periods_per_year(self) -> int | None:
        """How many billing periods a year has; None for what does not recur."""
        return _PERIODS_PER_YEAR.get(self)


# The length of a period in months is 12 divided by this. By the year it is a whole number, so that
# amounts of several lengths can be added up exactly and divided last.
_PERIODS_PER_YEAR: Mapping[BillingOption, int] = {
    BillingOption.WEEKLY: 52,
    BillingOption.BI_WEEKLY: 26,
    BillingOption.MONTHLY: 12,
    BillingOption.BI_MONTHLY: 6,
    BillingOption.QUARTERLY: 4,
    BillingOption.SEMI_ANNUAL: 2,
    BillingOption.YEARLY: 1,
}


@dataclass(frozen=True)
class BillingCycle:
    """What an agreement is invoiced by. `option` None: not sent, or of a kind that is new to us."""

    id: int
    name: str
    option: BillingOption | None = None


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """A recurring contract of one company.

    `billing_cycle_id` and `currency` (a code such as EUR) are None where ConnectWise sent none, or
    while they were not read yet.
    """

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
    billing_cycle_id: int | None = None
    currency: str | None = None
    last_updated: datetime | None = None
    cancelled_on: date | None = None

    @property
    def billed_until(self) -> date | None:
        """The last day that it is billed, as far as that is known."""
        cancelled = self.cancelled_on if self.cancelled else None
        return min((day for day in (self.end_date, cancelled) if day is not None), default=None)


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
