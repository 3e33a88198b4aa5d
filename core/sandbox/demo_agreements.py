"""The demo world's agreements and their additions."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from core.sandbox.demo_csv import Row, is_true, relative_date, wire_date
from core.sandbox.demo_shapes import (
    Record,
    Records,
    company_reference,
    contact_id,
    info,
    reference,
    without_nulls,
)

_CURRENCY = {"id": 7, "symbol": "€", "currencyCode": "EUR", "name": "Euro"}

# ---------------------------------------------------------------- agreements


def agreement(row: Row, tables: dict[str, Records], today: date) -> Record:
    """An agreement, with the status that it has on that day."""
    company = tables["companies"][int(row["company_id"])]
    contact = tables["contacts"][contact_id(company["id"])]
    department = tables["departments"][2]
    return without_nulls(
        {
            "id": int(row["id"]),
            "name": row["name"],
            "type": reference(tables["agreementTypes"], row["type_id"]),
            "company": company_reference(company),
            "contact": {"id": contact["id"], "name": contact["name"]},
            "location": company["territory"],
            "department": {name: department[name] for name in ("id", "identifier", "name")},
            **_agreement_dates(row, today),
            **_agreement_billing(row, tables),
            "billToCompany": company_reference(company),
            "shipToCompany": company_reference(company),
            "agreementStatus": _status(row, today),
            "_info": info(row, today),
        }
    )


def _agreement_dates(row: Row, today: date) -> Record:
    def day(column: str) -> str | None:
        return wire_date(relative_date(row[column], today)) if row[column] else None

    next_invoice = day("next_invoice")
    return {
        "startDate": day("start"),
        "endDate": day("end"),
        "noEndingDateFlag": not row["end"],
        "cancelledFlag": bool(row["cancelled"]),
        "dateCancelled": day("cancelled"),
        "reasonCancelled": row["reason_cancelled"] or None,
        "billStartDate": day("bill_start"),
        # The API types this one as a plain string, not as a date-time.
        "nextInvoiceDate": next_invoice,
    }


def _agreement_billing(row: Row, tables: dict[str, Records]) -> Record:
    return {
        "billingCycle": reference(tables["billingCycles"], row["billing_cycle_id"]),
        "billOneTimeFlag": False,
        "billAmount": Decimal(row["bill_amount"]),
        "taxable": True,
        "taxCode": reference(tables["taxCodes"], "1"),
        "prorateFirstBill": Decimal(0),
        "prorateFlag": is_true(row["prorate"]),
        "invoiceProratedAdditionsFlag": is_true(row["prorate"]),
        "periodType": "Current",
        "autoInvoiceFlag": False,
        "restrictDownPayment": False,
        "employeeCompRate": "Actual",
        "invoicingCycle": "ContractYear",
        "billTime": "NoDefault",
        "billExpenses": "NoDefault",
        "billProducts": "Billable",
        "currency": dict(_CURRENCY),
    }


def _status(row: Row, today: date) -> str:
    if row["cancelled"]:
        return "Cancelled"
    if row["end"] and relative_date(row["end"], today) < today:
        return "Expired"
    return "Inactive" if relative_date(row["start"], today) > today else "Active"


# ---------------------------------------------------------------- additions


def addition(row: Row, tables: dict[str, Records], today: date) -> Record:
    """An addition, with its amounts worked out."""
    product = tables["catalog"][int(row["product_id"])]
    parent = tables["agreements"][int(row["agreement_id"])]
    cancelled = row["cancelled"] and wire_date(relative_date(row["cancelled"], today))
    return without_nulls(
        {
            "id": int(row["id"]),
            "product": {"id": product["id"], "identifier": product["identifier"]},
            "billCustomer": row["bill_customer"],
            "effectiveDate": wire_date(relative_date(row["effective"], today)),
            "cancelledDate": cancelled or None,
            "taxableFlag": product["taxableFlag"],
            "serialNumber": row["serial_number"],
            "invoiceDescription": row["description"] or product["customerDescription"],
            "description": row["description"] or product["description"],
            "purchaseItemFlag": False,
            "specialOrderFlag": False,
            "agreementId": parent["id"],
            "uom": product["unitOfMeasure"]["name"],
            "sequenceNumber": Decimal(int(row["id"]) - 1000),
            **_amounts(row, product),
            "prorateCurrentPeriodFlag": False,
            "agreementStatus": parent["agreementStatus"],
            "_info": info(row, today),
        }
    )


def _amounts(row: Row, product: Record) -> Record:
    quantity, included = Decimal(row["quantity"]), Decimal(row["less_included"])
    price = Decimal(row["unit_price"]) if row["unit_price"] else product["price"]
    billed = quantity - included
    return {
        "quantity": quantity,
        "lessIncluded": included,
        "billedQuantity": billed,
        "unitPrice": price,
        "unitCost": product["cost"],
        "extPrice": quantity * price,
        "extCost": quantity * product["cost"],
        "margin": quantity * (price - product["cost"]),
        **dict.fromkeys(
            ("prorateCost", "proratePrice", "extendedProrateCost", "extendedProratePrice"),
            Decimal(0),
        ),
    }
