"""What a ConnectWise model is made of: small specifications that drive all generic behaviour.

Kinds, required fields, maximum lengths and enum values are those of the vendor's OpenAPI
document, version 2026.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from core.sandbox.conditions_check import Name, Names, ValueKind


class Kind(StrEnum):
    """How a field is written in JSON. A DAY is a date-time of which only the date counts."""

    TEXT = "System.String"
    INTEGER = "System.Nullable`1[System.Int32]"
    NUMBER = "System.Nullable`1[System.Double]"
    FLAG = "System.Nullable`1[System.Boolean]"
    DATE = "System.Nullable`1[System.DateTime]"
    DAY = "System.Nullable`1[System.DateOnly]"
    CHOICE = "System.Enum"
    REFERENCE = "Reference"
    REFERENCES = "ReferenceList"
    LIST = "List"
    INFO = "Metadata"


@dataclass(frozen=True)
class Target:
    """What a reference points to.

    `table` is empty for records that the sandbox has none of. `link` names the `_href` inside the
    reference's `_info`; `members` are what the reference shows besides, in the order of the wire.
    """

    table: str
    route: str
    link: str
    label: str
    members: tuple[str, ...] = ("id", "name")


@dataclass(frozen=True)
class Field:
    """One member of a model. `read_only` members are computed: sent ones are ignored.

    `required_on_put` is the vendor's "Required On Updates".
    """

    kind: Kind
    required: bool = False
    required_on_put: bool = False
    max_length: int | None = None
    values: tuple[str, ...] = ()
    target: Target | None = None
    read_only: bool = False


Fields = Mapping[str, Field]

IDENTIFIED = ("id", "identifier", "name")

TARGETS = {
    "agreement": Target("agreements", "finance/agreements", "agreement", "Agreement"),
    "agreementType": Target("agreementTypes", "finance/agreements/types", "type", "Agreement Type"),
    "billingCycle": Target(
        "billingCycles", "finance/billingCycles", "billingCycle", "Billing Cycle"
    ),
    "category": Target("categories", "procurement/categories", "category", "Category"),
    "company": Target("companies", "company/companies", "company", "Company", IDENTIFIED),
    "companyStatus": Target("companyStatuses", "company/companies/statuses", "status", "Status"),
    "companyType": Target("companyTypes", "company/companies/types", "type", "Company Type"),
    "contact": Target("contacts", "company/contacts", "contact", "Contact"),
    "country": Target("", "company/countries", "country", "Country", IDENTIFIED),
    "currency": Target(
        "", "finance/currencies", "currency", "Currency", ("id", "symbol", "currencyCode", "name")
    ),
    "department": Target(
        "departments", "system/departments", "department", "Department", IDENTIFIED
    ),
    "location": Target("locations", "system/locations", "location", "Location"),
    "manufacturer": Target(
        "manufacturers", "procurement/manufacturers", "manufacturer", "Manufacturer"
    ),
    "product": Target("catalog", "procurement/catalog", "catalog", "Product", ("id", "identifier")),
    "productType": Target("types", "procurement/types", "type", "Product Type"),
    "subcategory": Target(
        "subcategories", "procurement/subcategories", "subcategory", "Subcategory"
    ),
    "taxCode": Target("taxCodes", "finance/taxCodes", "taxCode", "Tax Code"),
    "unitOfMeasure": Target(
        "unitOfMeasures", "procurement/unitOfMeasures", "uom", "Unit of Measure"
    ),
}

ID = {"id": Field(Kind.INTEGER, read_only=True)}
INFO = {"_info": Field(Kind.INFO, read_only=True)}
CUSTOM_FIELDS = {"customFields": Field(Kind.LIST)}


def text(*names: str, limit: int | None = None, required: bool = False) -> dict[str, Field]:
    """Text members of one maximum length."""
    return dict.fromkeys(names, Field(Kind.TEXT, required=required, max_length=limit))


def flags(*names: str) -> dict[str, Field]:
    """Boolean members."""
    return dict.fromkeys(names, Field(Kind.FLAG))


def numbers(*names: str) -> dict[str, Field]:
    """Members of the wire's type double; Decimal here."""
    return dict.fromkeys(names, Field(Kind.NUMBER))


def integers(*names: str) -> dict[str, Field]:
    """Whole numbers."""
    return dict.fromkeys(names, Field(Kind.INTEGER))


def dates(*names: str) -> dict[str, Field]:
    """Members of the format date-time."""
    return dict.fromkeys(names, Field(Kind.DATE))


def days(*names: str) -> dict[str, Field]:
    """Date-times that are kept at midnight, as agreements and additions give them back."""
    return dict.fromkeys(names, Field(Kind.DAY))


def lists(*names: str) -> dict[str, Field]:
    """Arrays that are kept as they come."""
    return dict.fromkeys(names, Field(Kind.LIST))


def choice(*values: str) -> Field:
    """An enum; its values are written exactly as here."""
    return Field(Kind.CHOICE, values=values)


def reference(target: str, *, required: bool = False, link: str = "") -> Field:
    """A reference to a kind of record of the sandbox."""
    known = TARGETS[target]
    return Field(
        Kind.REFERENCE,
        required=required,
        target=replace(known, link=link) if link else known,
    )


def foreign(*names: str) -> dict[str, Field]:
    """References to kinds of records that the sandbox has none of."""
    return {
        name: Field(Kind.REFERENCE, target=Target("", "", name, name, IDENTIFIED)) for name in names
    }


def computed(fields: Fields) -> dict[str, Field]:
    """The same members, read-only."""
    return {name: replace(field, read_only=True) for name, field in fields.items()}


def required(fields: Fields) -> dict[str, Field]:
    """The same members, required."""
    return {name: replace(field, required=True) for name, field in fields.items()}


def required_on_put(fields: Fields) -> dict[str, Field]:
    """The same members, required in a PUT only."""
    return {name: replace(field, required_on_put=True) for name, field in fields.items()}


_VALUE_KINDS = {
    Kind.TEXT: ValueKind.STRING,
    Kind.INTEGER: ValueKind.NUMBER,
    Kind.NUMBER: ValueKind.NUMBER,
    Kind.FLAG: ValueKind.BOOLEAN,
    Kind.DATE: ValueKind.DATETIME,
    Kind.DAY: ValueKind.DATETIME,
    Kind.CHOICE: ValueKind.ENUM,
}


def condition_names(fields: Fields) -> Names:
    """What `conditions` and `orderBy` of a model may name.

    `_info.lastUpdated` and `_info.updatedBy` go by their plain names. Arrays are not among them.
    """
    names: dict[str, Name] = {}
    for name, field in fields.items():
        if field.kind in _VALUE_KINDS:
            kind = _VALUE_KINDS[field.kind]
            names[name.lower()] = Name((name,), kind, frozenset(field.values))
        elif field.kind is Kind.REFERENCE and field.target is not None:
            names[name.lower()] = Name((name,), ValueKind.REFERENCE)
            names.update(_member_names(name, field.target))
    if "_info" in fields:
        names["lastupdated"] = Name(("_info", "lastUpdated"), ValueKind.DATETIME)
        names["updatedby"] = Name(("_info", "updatedBy"), ValueKind.STRING)
    return names


def _member_names(name: str, target: Target) -> Names:
    return {
        f"{name}/{member}".lower(): Name(
            (name, member), ValueKind.NUMBER if member == "id" else ValueKind.STRING
        )
        for member in target.members
    }


def child_names(fields: Fields) -> Names:
    """What `childConditions` of a model may name: the members of its arrays."""
    names: dict[str, Name] = {}
    for name, field in fields.items():
        if field.kind is Kind.REFERENCES and field.target is not None:
            names.update(_member_names(name, field.target))
        elif name in CUSTOM_FIELDS:
            names.update(
                {f"{name}/{key}".lower(): found for key, found in _of_custom_fields(name).items()}
            )
    return names


def custom_field_names() -> Names:
    """What `customFieldConditions` may name: the members of one custom field."""
    return {key.lower(): name for key, name in _of_custom_fields().items()}


def _of_custom_fields(*prefix: str) -> dict[str, Name]:
    texts = ("caption", "type", "entryMethod", "connectWiseId", "podId")
    return {
        "id": Name((*prefix, "id"), ValueKind.NUMBER),
        "value": Name((*prefix, "value"), ValueKind.ANY),
        **{key: Name((*prefix, key), ValueKind.STRING) for key in texts},
    }
