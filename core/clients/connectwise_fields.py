"""Our field names and those of ConnectWise's `CatalogItem` and `Addition` (OpenAPI 2026.4).

Changes are sent as the developer guide asks: bare top-level names and whole references. A path into
a reference may be answered with success and do nothing, so what comes back is compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum

from core.domain.models import Addition, CatalogItem, ProductFields, Reference

_WIRE_NAMES: Mapping[str, str] = {
    "identifier": "identifier",
    "description": "description",
    "customer_description": "customerDescription",
    "category": "category",
    "subcategory": "subcategory",
    "type": "type",
    "product_class": "productClass",
    "unit_of_measure": "unitOfMeasure",
    "price": "price",
    "cost": "cost",
    "taxable": "taxableFlag",
    "inactive": "inactiveFlag",
    "recurring": "recurringFlag",
    "recurring_bill_cycle": "recurringBillCycle",
    "recurring_cycle_type": "recurringCycleType",
    "manufacturer": "manufacturer",
    "manufacturer_part_number": "manufacturerPartNumber",
    "vendor_sku": "vendorSku",
    "notes": "notes",
    "integration_xref": "integrationXRef",
}
ADDITION_NAMES: Mapping[str, str] = {
    "product": "product",
    "quantity": "quantity",
    "bill_customer": "billCustomer",
    "effective_date": "effectiveDate",
    "cancelled_date": "cancelledDate",
}
_OUR_NAMES = {
    wire.lower(): ours for names in (_WIRE_NAMES, ADDITION_NAMES) for ours, wire in names.items()
}


def our_name(wire_name: str) -> str | None:
    """Our name of a field as server messages write it (`type/id`); None if it is not ours."""
    head = wire_name.strip().lstrip("/").split("/")[0].split(".")[0]
    return _OUR_NAMES.get(head.lower())


def creation_body(fields: ProductFields) -> dict[str, object]:
    """The body of a new catalog item. What has no value is left out, for the server to default."""
    return {_WIRE_NAMES[ours]: wire_value(value) for ours, value in given(fields).items()}


def given(fields: ProductFields) -> dict[str, object]:
    """Our names of the fields that have a value, with it."""
    values = {ours: getattr(fields, ours) for ours in _WIRE_NAMES}
    return {ours: value for ours, value in values.items() if value not in (None, "")}


def patch_body(
    changes: Mapping[str, object], names: Mapping[str, str] = _WIRE_NAMES
) -> list[dict[str, object]]:
    """One `replace` per changed field, None clears it. Raises KeyError for a name that is not in
    `names`, which has the server's names of our fields."""
    return [
        {"op": "replace", "path": names[ours], "value": wire_value(value)}
        for ours, value in changes.items()
    ]


def differing(changes: Mapping[str, object], item: CatalogItem | Addition) -> tuple[str, ...]:
    """Our names of the changes that `item` does not show."""
    return tuple(
        ours for ours, value in changes.items() if not same_value(value, getattr(item, ours))
    )


def same_value(wanted: object, found: object) -> bool:
    """Whether a value arrived: text up to whitespace, numbers by value, references by id.

    ConnectWise stores line breaks as spaces. A number left empty may come back as 0.
    """
    if isinstance(wanted, Reference) or isinstance(found, Reference):
        return _id(wanted) == _id(found)
    if _is_text(wanted) or _is_text(found):
        return _collapsed(wanted) == _collapsed(found)
    if isinstance(found, Decimal) and wanted is None:
        return found == 0
    return wanted == found


def _is_text(value: object) -> bool:
    return isinstance(value, str) and not isinstance(value, StrEnum)


def _id(value: object) -> int | None:
    return value.id if isinstance(value, Reference) else None


def _collapsed(value: object) -> str:
    return " ".join(str(value or "").split())


def wire_value(value: object) -> object:
    """A value of ours as the server takes it: references by id, days as their midnight."""
    if isinstance(value, Reference):
        return {"id": value.id}
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, date):
        return f"{value.isoformat()}T00:00:00Z"
    return value
