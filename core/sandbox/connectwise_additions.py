"""Additions of an agreement: `/finance/agreements/{parentId}/additions`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from core.sandbox.connectwise_agreements import STATUS, agreement_status, day_of
from core.sandbox.connectwise_answers import FieldError
from core.sandbox.connectwise_fields import (
    CUSTOM_FIELDS,
    ID,
    INFO,
    Field,
    Fields,
    Kind,
    computed,
    days,
    flags,
    foreign,
    integers,
    numbers,
    reference,
    text,
)
from core.sandbox.connectwise_model import Parent, Record, Resource, Rules, Site, Write

FIELDS: Fields = {
    **ID,
    "product": reference("product", required=True),
    **numbers("quantity", "lessIncluded", "unitPrice", "unitCost"),
    "billCustomer": Field(Kind.CHOICE, required=True, values=("Billable", "DoNotBill", "NoCharge")),
    **days("effectiveDate", "cancelledDate"),
    **flags("taxableFlag"),
    **text("serialNumber", limit=50),
    **text("invoiceDescription", limit=6000),
    **flags("purchaseItemFlag", "specialOrderFlag"),
    **computed(integers("agreementId")),
    **text("description"),
    **computed(numbers("billedQuantity")),
    **computed(text("uom")),
    **computed(numbers("extPrice", "extCost")),
    **numbers("sequenceNumber"),
    **computed(numbers("margin", "prorateCost", "proratePrice")),
    **computed(numbers("extendedProrateCost", "extendedProratePrice")),
    **flags("prorateCurrentPeriodFlag"),
    **foreign("opportunity", "invoiceGrouping"),
    **STATUS,
    **INFO,
    **CUSTOM_FIELDS,
}

# Both quoted from a live server by Sync 365; their code and field are not known.
BEFORE_BILL_START = "effectiveDate cannot be less than the agreement billing start date"
ALREADY_INVOICED = (
    "Since this period has already been invoiced there will not be an invoice generated for "
    "additional products for this period. Please prorate the agreement or update the start date "
    "to on or after the Next Invoice Date."
)
BUNDLE = "A product of the class Bundle cannot be an addition."


def _defaults(site: Site, write: Write) -> Record:
    """Price, cost and texts come from the product; the first day is today by default."""
    product = site.referred(write.record, "product", "catalog") or {}
    copied = {
        "unitPrice": product.get("price", Decimal(0)),
        "unitCost": product.get("cost", Decimal(0)),
        "taxableFlag": product.get("taxableFlag", False),
        "description": product.get("description", ""),
        "invoiceDescription": product.get("customerDescription", ""),
    }
    return {
        **copied,
        "quantity": Decimal(1),
        "lessIncluded": Decimal(0),
        "effectiveDate": _first_day(site, write),
        "serialNumber": "",
        "sequenceNumber": _next_sequence(site, write),
        **dict.fromkeys(
            ("purchaseItemFlag", "specialOrderFlag", "prorateCurrentPeriodFlag"), False
        ),
    }


def _problems(site: Site, write: Write) -> list[FieldError]:
    """No bundles; and the day must be billable where it is new."""
    found = []
    product = site.referred(write.record, "product", "catalog")
    if "product" in write.sent and product and product.get("productClass") == "Bundle":
        found.append(FieldError("InvalidField", BUNDLE, "product/id"))
    if write.before is None or "effectiveDate" in write.sent:
        found += _date_problems(site, write)
    return found


def _computed(site: Site, record: Record) -> Record:
    """Amounts are of the whole quantity, included units and all (Better Invoice's guide)."""
    quantity, price, cost = (_number(record, name) for name in _FACTORS)
    amounts = {
        "billedQuantity": quantity - _number(record, "lessIncluded"),
        "extPrice": quantity * price,
        "extCost": quantity * cost,
        "margin": quantity * price - quantity * cost,
    }
    return {**amounts, **_NO_PRORATION, **_surroundings(site, record)}


_RULES = Rules(complete=_defaults, problems=_problems, computed=_computed)


_FACTORS = ("quantity", "unitPrice", "unitCost")
_NO_PRORATION: dict[str, Any] = dict.fromkeys(
    ("prorateCost", "proratePrice", "extendedProrateCost", "extendedProratePrice"), Decimal(0)
)


def _number(record: Record, name: str) -> Decimal:
    return Decimal(record.get(name, 0))


def _surroundings(site: Site, record: Record) -> Record:
    """The unit of the product and the status of the agreement, as they are now."""
    found: Record = {}
    product = site.referred(record, "product", "catalog")
    unit = product and site.referred(product, "unitOfMeasure", "unitOfMeasures")
    if unit:
        found["uom"] = unit["name"]
    agreement = site.table("agreements").get(record.get("agreementId", 0))
    if agreement:
        found["agreementStatus"] = agreement_status(agreement, site.world.today)
    return found


def _agreement(site: Site, write: Write) -> Record:
    return site.table("agreements").get(write.parent or 0) or {}


def _first_day(site: Site, write: Write) -> str:
    start = day_of(_agreement(site, write), "billStartDate")
    day = max(site.world.today, start) if start else site.world.today
    return f"{day.isoformat()}T00:00:00Z"


def _next_sequence(site: Site, write: Write) -> Decimal:
    """Whatever gap a deletion left, the next one is behind the last."""
    siblings = (
        _number(record, "sequenceNumber")
        for record in site.table("additions").below(write.parent or 0)
    )
    return max(siblings, default=Decimal(0)) + 1


def _date_problems(site: Site, write: Write) -> list[FieldError]:
    agreement = _agreement(site, write)
    day = day_of(write.record, "effectiveDate")
    if day is None:
        return []
    bill_start = day_of(agreement, "billStartDate")
    if bill_start is not None and day < bill_start:
        return [FieldError("InvalidField", BEFORE_BILL_START, "effectiveDate")]
    next_invoice = day_of(agreement, "nextInvoiceDate")
    if next_invoice is not None and day < next_invoice and not agreement.get("prorateFlag"):
        return [FieldError("InvalidField", ALREADY_INVOICED, "effectiveDate")]
    return []


ADDITIONS = Resource(
    "Addition",
    "finance/agreements/{parentId}/additions",
    "additions",
    FIELDS,
    _RULES,
    Parent("Agreement", "agreements", "agreementId"),
    audit_type="AgreementAddition",
)
