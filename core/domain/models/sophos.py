"""Sophos Central Partner: tenants and the lines of the billing report."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


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
