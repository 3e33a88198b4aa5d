"""The product catalog: `/procurement/catalog` (`CatalogItem`) and its light list `/info`."""

from __future__ import annotations

from decimal import Decimal

from core.sandbox.connectwise_answers import FieldError
from core.sandbox.connectwise_fields import (
    CUSTOM_FIELDS,
    ID,
    INFO,
    Field,
    Fields,
    choice,
    computed,
    flags,
    foreign,
    integers,
    numbers,
    reference,
    text,
)
from core.sandbox.connectwise_model import Record, Resource, Rules, Site, Write

_CLASSES = choice("Agreement", "Bundle", "Inventory", "NonInventory", "Service")
_BILLABLE = choice("Billable", "DoNotBill", "NoCharge", "NoDefault")

FIELDS: Fields = {
    **ID,
    **text("identifier", limit=75, required=True),
    **text("description", limit=60, required=True),
    **flags("inactiveFlag"),
    "subcategory": reference("subcategory", required=True),
    "type": reference("productType", required=True),
    "productClass": _CLASSES,
    **flags("serializedFlag", "serializedCostFlag", "phaseProductFlag"),
    "unitOfMeasure": reference("unitOfMeasure"),
    **integers("minStockLevel"),
    **numbers("price", "cost"),
    "priceAttribute": choice("FixedFee", "NotToExceed", "OverrideRate", "TimeAndMaterials"),
    **flags("taxableFlag", "dropShipFlag", "specialOrderFlag"),
    **text("customerDescription", limit=6000, required=True),
    "manufacturer": reference("manufacturer"),
    **text("manufacturerPartNumber", limit=50),
    "vendor": reference("company"),
    **text("vendorSku", limit=50),
    **text("notes"),
    **text("integrationXRef", limit=50),
    **foreign("sla", "entityType"),
    **flags("recurringFlag"),
    **numbers("recurringRevenue", "recurringCost"),
    **flags("recurringOneTimeFlag"),
    "recurringBillCycle": reference("billingCycle"),
    "recurringCycleType": choice("ContractYear", "CalendarYear"),
    **flags("calculatedPriceFlag", "calculatedCostFlag"),
    "category": reference("category"),
    **computed(numbers("calculatedPrice", "calculatedCost")),
    "billableOption": _BILLABLE,
    **computed(text("connectWiseID")),
    "agreementType": reference("agreementType"),
    **numbers("markupPercentage"),
    **flags("markupFlag", "autoUpdateUnitCostFlag", "autoUpdateUnitPriceFlag"),
    **INFO,
    **CUSTOM_FIELDS,
}

_FLAGS_OFF = (
    "inactiveFlag",
    "serializedFlag",
    "serializedCostFlag",
    "phaseProductFlag",
    "taxableFlag",
    "dropShipFlag",
    "specialOrderFlag",
    "recurringFlag",
    "recurringOneTimeFlag",
    "calculatedPriceFlag",
    "calculatedCostFlag",
)
_EMPTY_TEXTS = ("manufacturerPartNumber", "vendorSku", "notes", "integrationXRef")


def _max_length(site: Site, name: str, spec: Field) -> int | None:
    """60 for `identifier` on old servers, 75 on new ones (switch)."""
    return site.switches.identifier_limit if name == "identifier" else spec.max_length


def _defaults(site: Site, write: Write) -> Record:
    """`productClass` defaults as documented; the others as a created item comes back."""
    return {
        "productClass": "NonInventory",
        "minStockLevel": 0,
        "price": Decimal(0),
        "cost": Decimal(0),
        **dict.fromkeys(_FLAGS_OFF, False),
        **dict.fromkeys(_EMPTY_TEXTS, ""),
        **_default_reference(site, "unitOfMeasure", "unitOfMeasures"),
        **(_recurring(site) if write.record.get("recurringFlag") else {}),
    }


def _problems(site: Site, write: Write) -> list[FieldError]:
    """A duplicate identifier: always refused on a change, on creation by switch.

    Nothing is known of renaming an item to an identifier that another one has; refusing it
    is the cautious guess.
    """
    creating = write.before is None
    if creating and site.switches.duplicate_identifier == "copy":
        return []
    if "identifier" in write.sent and _holder(site, write) is not None:
        text = "A matching catalog item already exists"
        return [FieldError("ObjectExists", text, "identifier")]
    return []


def _settled(site: Site, write: Write) -> Record:
    """The category is the subcategory's; a duplicate gets `-Copy0` and so on (Zomentum)."""
    settled: Record = {}
    subcategory = site.referred(write.record, "subcategory", "subcategories")
    if subcategory is not None and "category" in subcategory:
        settled["category"] = subcategory["category"]
    if write.before is None:
        settled["identifier"] = _free_identifier(site, write)
    return settled


_RULES = Rules(_max_length, _defaults, _problems, _settled)


def _holder(site: Site, write: Write) -> int | None:
    """The id of another item that already has this identifier."""
    own = None if write.before is None else write.before["id"]
    wanted = str(write.record.get("identifier", "")).casefold()
    for record_id, record in site.table("catalog").records.items():
        if record_id != own and str(record.get("identifier", "")).casefold() == wanted:
            return record_id
    return None


def _free_identifier(site: Site, write: Write) -> str:
    wanted = str(write.record["identifier"])
    if _holder(site, write) is None:
        return wanted
    records = site.table("catalog").records.values()
    taken = {str(record.get("identifier", "")).casefold() for record in records}
    number = 0
    while f"{wanted}-Copy{number}".casefold() in taken:
        number += 1
    return f"{wanted}-Copy{number}"


def _default_reference(site: Site, name: str, table: str) -> Record:
    """The table's default entry, if one is marked."""
    for record in site.table(table).all():
        if record.get("defaultFlag"):
            return {name: {"id": record["id"], "name": record["name"]}}
    return {}


def _recurring(site: Site) -> Record:
    cycle = _default_reference(site, "recurringBillCycle", "billingCycles")
    return {"recurringCycleType": "CalendarYear", **cycle}


CATALOG = Resource(
    "CatalogItem",
    "procurement/catalog",
    "catalog",
    FIELDS,
    _RULES,
    audit_type="ProductCatalog",
)
_INFO_MEMBERS = (
    "id",
    "identifier",
    "description",
    "inactiveFlag",
    "productClass",
    "serializedCostFlag",
    "price",
    "cost",
    "taxableFlag",
    "dropShipFlag",
    "specialOrderFlag",
    "customerDescription",
    "manufacturerPartNumber",
    "vendorSku",
    "billableOption",
    "_info",
)
CATALOG_INFO = Resource(
    "CatalogItemInfo",
    "procurement/catalog/info",
    "catalog",
    {name: FIELDS[name] for name in _INFO_MEMBERS},
    writable=False,
)
