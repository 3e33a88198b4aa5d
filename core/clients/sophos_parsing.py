"""Sophos JSON to our values (Partner API: tenants, billing usage).

Contact fields are personal data that nothing here needs: they are not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.clients.parsing import Reader
from core.domain.models import Tenant, UsageLine

SYSTEM = "Sophos"


@dataclass(frozen=True)
class Identity:
    """Who the credentials belong to (`whoami`). `kind` is partner, organization or tenant."""

    id: str
    kind: str


def identity(body: object) -> Identity:
    """The answer of `whoami`."""
    reader = Reader.of(SYSTEM, body, "whoami")
    return Identity(reader.text("id"), reader.text("idType"))


def tenant(reader: Reader) -> Tenant:
    """One item of `tenants`. `billingType` decides the scope, so it must be there."""
    return Tenant(
        id=reader.text("id"),
        name=reader.text("showAs", "") or reader.text("name"),
        billing_type=reader.text("billingType"),
        status=reader.text("status", ""),
        data_region=reader.text("dataRegion", ""),
        products=_product_codes(reader),
    )


def usage_line(reader: Reader) -> UsageLine:
    """One item of `billing/usage`.

    Product code and billable quantity decide what is billed and must be there. Dates stay as sent:
    the vendor's own example holds one that does not exist.
    """
    return UsageLine(
        product_code=reader.text("productCode"),
        description=reader.text("productDescription", ""),
        product_group=reader.text("productGroup", ""),
        sku=reader.label("sku"),
        account_id=reader.text("accountId", "") or None,
        account_name=reader.text("assignedAccountIdentifier", ""),
        account_status=reader.text("accountStatus", ""),
        order_number=reader.label("orderNumber"),
        order_line_item_number=reader.label("orderLineItemNumber"),
        account_number_or_serial_number=reader.label("accountNumberOrSerialNumber"),
        billable_quantity=reader.decimal("billableQuantity"),
        actual_quantity=reader.optional_decimal("actualQuantity"),
        ordered_quantity=reader.optional_decimal("orderedQuantity"),
        external_id=reader.text("externalId", "") or None,
        billing_start_date=reader.text("billingStartDate", ""),
        billing_end_date=reader.text("billingEndDate", ""),
        unit_price=reader.money("unitPrice"),
        unit_price_currency=reader.text("unitPriceCurrency", ""),
        unit_msrp=reader.money("unitMsrp"),
        unit_msrp_currency=reader.text("unitMsrpCurrency", ""),
        net_price=reader.money("netPrice"),
        net_price_currency=reader.text("netPriceCurrency", ""),
        price_with_taxes=reader.money("priceWithTaxes"),
        price_with_taxes_currency=reader.text("priceWithTaxesCurrency", ""),
    )


@dataclass(frozen=True)
class Pages:
    """The `pages` object. With `pageTotal`, `total` counts pages and `items` counts records."""

    next_key: str | None
    total: int | None
    items: int | None

    @classmethod
    def of(cls, reader: Reader) -> Pages:
        """The paging of an answer; an answer without it has one page."""
        pages = reader.child("pages")
        return cls(
            next_key=pages.label("nextKey") or None,
            total=pages.integer("total") if pages.has("total") else None,
            items=pages.integer("items") if pages.has("items") else None,
        )

    def agree_with(self, records: int, pages: int) -> bool:
        """Whether everything that was announced arrived.

        Servers differ in whether `total` counts pages or records, and in whether `items` counts all
        records or those of one page; both readings are tried together, so that a missing page fits
        neither.
        """
        if self.total is None:
            return self.items is None or self.items == records
        if self.total == records:
            return self.items is None or self.items <= records
        return self.total == pages and self.items in (None, records)


def _product_codes(reader: Reader) -> tuple[str, ...]:
    if not reader.has("products"):
        return ()
    codes: Mapping[str, None] = {
        product.text("code"): None for product in reader.items("products", "product")
    }
    return tuple(codes)
