"""ConnectWise JSON to our values. Field names are those of the OpenAPI document, version 2026.4."""

from __future__ import annotations

from decimal import Decimal

from core.clients.parsing import Reader, to_utc
from core.domain.models import (
    Addition,
    Agreement,
    AgreementStatus,
    AuditEntry,
    BillCustomer,
    BillingCycle,
    BillingOption,
    CatalogEntry,
    CatalogItem,
    Company,
    ProductClass,
    RecurringCycleType,
    Reference,
    SubCategory,
)

SYSTEM = "ConnectWise"

# What a snapshot needs; a thousand whole items would be ten times as large.
ENTRY_FIELDS = ",".join(
    (
        "id",
        "identifier",
        "description",
        "category/name",
        "subcategory/name",
        "type/name",
        "productClass",
        "unitOfMeasure/name",
        "price",
        "cost",
        "inactiveFlag",
        "integrationXRef",
        "_info",
    )
)

# What is planned and shown of agreements and additions; whole ones are several times as large.
AGREEMENT_FIELDS = ",".join(
    (
        "id",
        "name",
        "company/id",
        "company/name",
        "agreementStatus",
        "type/id",
        "type/name",
        "startDate",
        "endDate",
        "billStartDate",
        "nextInvoiceDate",
        "prorateFlag",
        "cancelledFlag",
        "dateCancelled",
        "billingCycle/id",
        "currency/currencyCode",
    )
)
ADDITION_FIELDS = ",".join(
    (
        "id",
        "agreementId",
        "product/id",
        "product/identifier",
        "quantity",
        "lessIncluded",
        "billCustomer",
        "unitPrice",
        "unitCost",
        "effectiveDate",
        "cancelledDate",
        "description",
        "serialNumber",
    )
)


def catalog_entry(reader: Reader) -> CatalogEntry:
    """A `CatalogItem` read with ENTRY_FIELDS, or whole.

    One product of a class that is new to us must not keep the whole catalog out.
    """
    return CatalogEntry(
        id=reader.integer("id"),
        identifier=reader.text("identifier"),
        description=reader.text("description", ""),
        category=reader.name_of("category"),
        subcategory=reader.name_of("subcategory"),
        type=reader.name_of("type"),
        product_class=reader.open_enum("productClass", ProductClass, ProductClass.NON_INVENTORY),
        unit_of_measure=reader.name_of("unitOfMeasure"),
        price=reader.optional_decimal("price"),
        cost=reader.optional_decimal("cost"),
        inactive=reader.boolean("inactiveFlag"),
        integration_xref=reader.text("integrationXRef", ""),
        last_updated=reader.child("_info").moment("lastUpdated"),
    )


def catalog_item(reader: Reader) -> CatalogItem:
    """A whole `CatalogItem`."""
    info = reader.child("_info")
    cycle_type = None
    if reader.has("recurringCycleType"):
        cycle_type = reader.enum("recurringCycleType", RecurringCycleType)
    return CatalogItem(
        id=reader.integer("id"),
        identifier=reader.text("identifier"),
        description=reader.text("description", ""),
        customer_description=reader.text("customerDescription", ""),
        category=reader.reference("category"),
        subcategory=reader.reference("subcategory"),
        type=reader.reference("type"),
        product_class=reader.enum("productClass", ProductClass, ProductClass.NON_INVENTORY),
        unit_of_measure=reader.reference("unitOfMeasure"),
        price=reader.optional_decimal("price"),
        cost=reader.optional_decimal("cost"),
        taxable=reader.boolean("taxableFlag"),
        inactive=reader.boolean("inactiveFlag"),
        recurring=reader.boolean("recurringFlag"),
        recurring_bill_cycle=reader.reference("recurringBillCycle"),
        recurring_cycle_type=cycle_type,
        manufacturer=reader.reference("manufacturer"),
        manufacturer_part_number=reader.text("manufacturerPartNumber", ""),
        vendor_sku=reader.text("vendorSku", ""),
        notes=reader.text("notes", ""),
        integration_xref=reader.text("integrationXRef", ""),
        last_updated=info.moment("lastUpdated"),
        updated_by=info.text("updatedBy", ""),
    )


def named(reader: Reader) -> Reference:
    """An entry of a lookup table."""
    return Reference(reader.integer("id"), reader.text("name"))


def subcategory(reader: Reader) -> SubCategory:
    """A `SubCategory`; its category is required."""
    return SubCategory(
        id=reader.integer("id"),
        name=reader.text("name"),
        category=reader.required_reference("category"),
        inactive=reader.boolean("inactiveFlag"),
    )


def company(reader: Reader) -> Company:
    """A `Company`."""
    return Company(
        id=reader.integer("id"),
        identifier=reader.text("identifier"),
        name=reader.text("name"),
        status=reader.name_of("status"),
        deleted=reader.boolean("deletedFlag"),
    )


def agreement(reader: Reader) -> Agreement:
    """An `Agreement`. Its status must be there and known: it decides whether it may be billed."""
    return Agreement(
        id=reader.integer("id"),
        name=reader.text("name"),
        company=reader.required_reference("company"),
        status=reader.enum("agreementStatus", AgreementStatus),
        type=reader.reference("type"),
        start_date=reader.day("startDate"),
        end_date=reader.day("endDate"),
        bill_start_date=reader.day("billStartDate"),
        next_invoice_date=reader.day("nextInvoiceDate"),
        prorate=reader.boolean("prorateFlag"),
        cancelled=reader.boolean("cancelledFlag"),
        cancelled_on=reader.day("dateCancelled"),
        billing_cycle_id=_id_of(reader, "billingCycle"),
        currency=reader.child("currency").text("currencyCode", "") or None,
        last_updated=reader.child("_info").moment("lastUpdated"),
    )


def _id_of(reader: Reader, name: str) -> int | None:
    """The id in a reference; it is nullable in the document, and the reference may be absent."""
    child = reader.child(name)
    return child.integer("id") if child.has("id") else None


def billing_cycle(reader: Reader) -> BillingCycle:
    """A `BillingCycle` (OpenAPI 2025.1). Options that are new to us are unknown, and no error: one
    cycle must not keep all agreements out."""
    sent = reader.text("billingOptions", "")
    known = {option.value: option for option in BillingOption}
    return BillingCycle(reader.integer("id"), reader.text("name", ""), known.get(sent))


def addition(reader: Reader, agreement_id: int) -> Addition:
    """An `Addition` of an agreement. Nothing included (`lessIncluded` null) is 0."""
    info = reader.child("_info")
    parent = reader.integer("agreementId") if reader.has("agreementId") else agreement_id
    if parent != agreement_id:
        raise reader.fail("agreementId", f"it belongs to {parent}, not to {agreement_id}")
    included = reader.optional_decimal("lessIncluded")
    return Addition(
        id=reader.integer("id"),
        agreement_id=parent,
        product=reader.required_reference("product", "identifier"),
        quantity=reader.decimal("quantity"),
        less_included=Decimal(0) if included is None else included,
        bill_customer=reader.enum("billCustomer", BillCustomer),
        unit_price=reader.optional_decimal("unitPrice"),
        unit_cost=reader.optional_decimal("unitCost"),
        effective_date=reader.day("effectiveDate"),
        cancelled_date=reader.day("cancelledDate"),
        description=reader.text("description", ""),
        serial_number=reader.text("serialNumber", ""),
        last_updated=info.moment("lastUpdated"),
        updated_by=info.text("updatedBy", ""),
    )


def audit_entry(reader: Reader) -> AuditEntry:
    """An `AuditTrailEntry`. A time that cannot be read is left out: it is only shown."""
    try:
        entered = to_utc(reader.text("enteredDate", ""))
    except ValueError:
        entered = None
    return AuditEntry(
        text=reader.text("text", ""),
        entered=entered,
        entered_by=reader.text("enteredBy", ""),
        audit_type=reader.text("auditType", ""),
    )
