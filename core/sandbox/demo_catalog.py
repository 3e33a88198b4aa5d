"""The demo world's lookup lists and product catalog."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from core.sandbox.demo_csv import Row, is_true, wire_moment
from core.sandbox.demo_shapes import Record, Records, info, reference, without_nulls

_LONG_AGO = "2014-01-01T00:00:00Z"

# ---------------------------------------------------------------- lookups


def lookups(rows: Iterable[Row], today: date) -> dict[str, Records]:
    """All lists by table name; a list that others refer to comes first in the file."""
    tables: dict[str, Records] = {}
    for row in rows:
        table = tables.setdefault(row["table"], {})
        table[int(row["id"])] = _lookup(row, tables, today)
    return tables


def _lookup(row: Row, tables: dict[str, Records], today: date) -> Record:
    record: Record = {"id": int(row["id"])}
    if row["identifier"]:
        record["identifier"] = row["identifier"]
    record["name"] = row["name"]
    record["inactiveFlag"] = is_true(row["inactive"])
    record["defaultFlag"] = is_true(row["default"])
    record.update(_lookup_extras(row, tables))
    record["_info"] = {
        "lastUpdated": wire_moment(700, record["id"], today),
        "updatedBy": "p.martin",
    }
    return record


def _lookup_extras(row: Row, tables: dict[str, Records]) -> Record:
    match row["table"]:
        case "subcategories":
            return {"category": reference(tables["categories"], row["parent_id"])}
        case "types":
            return {"typeXref": row["kind"]}
        case "billingCycles":
            return {"billingOptions": row["kind"]}
        case "agreementTypes":
            return {
                "employeeCompRate": "Actual",
                "employeeCompNotExceed": "Billing",
                "invoicingCycle": "ContractYear",
                **dict.fromkeys(("billTime", "billExpenses", "billProducts"), "NoDefault"),
            }
        case "taxCodes":
            return {
                "description": row["name"],
                "invoiceCaption": row["name"],
                "effectiveDate": _LONG_AGO,
            }
        case _:
            return {}


# ---------------------------------------------------------------- catalog


def product(row: Row, tables: dict[str, Records], today: date) -> Record:
    """A catalog item."""
    subcategory = tables["subcategories"][int(row["subcategory_id"])]
    price, cost = Decimal(row["price"] or 0), Decimal(row["cost"] or 0)
    cycle = reference(tables["billingCycles"], row["billing_cycle_id"])
    return without_nulls(
        {
            "id": int(row["id"]),
            "identifier": row["identifier"],
            "description": row["description"],
            "inactiveFlag": is_true(row["inactive"]),
            "category": subcategory["category"],
            "subcategory": {"id": subcategory["id"], "name": subcategory["name"]},
            "type": reference(tables["types"], row["type_id"]),
            "productClass": row["product_class"],
            "unitOfMeasure": reference(tables["unitOfMeasures"], row["unit_id"]),
            "manufacturer": reference(tables["manufacturers"], row["manufacturer_id"]),
            "manufacturerPartNumber": row["part_number"],
            "vendorSku": row["vendor_sku"],
            "integrationXRef": row["integration_xref"],
            "customerDescription": row["customer_description"],
            "notes": row["notes"],
            "price": price,
            "cost": cost,
            "taxableFlag": is_true(row["taxable"]),
            **_product_flags(),
            **_recurring(cycle, price, cost),
            "_info": info(row, today),
        }
    )


def _product_flags() -> Record:
    names = (
        "serializedFlag",
        "serializedCostFlag",
        "phaseProductFlag",
        "dropShipFlag",
        "specialOrderFlag",
        "calculatedPriceFlag",
        "calculatedCostFlag",
        "markupFlag",
        "autoUpdateUnitCostFlag",
        "autoUpdateUnitPriceFlag",
    )
    return {**dict.fromkeys(names, False), "minStockLevel": 0, "priceAttribute": "FixedFee"}


def _recurring(cycle: Record | None, price: Decimal, cost: Decimal) -> Record:
    if cycle is None:
        return {"recurringFlag": False, "recurringOneTimeFlag": False}
    return {
        "recurringFlag": True,
        "recurringOneTimeFlag": False,
        "recurringRevenue": price,
        "recurringCost": cost,
        "recurringBillCycle": cycle,
        "recurringCycleType": "ContractYear",
    }
