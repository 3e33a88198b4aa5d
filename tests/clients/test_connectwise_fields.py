from __future__ import annotations

from dataclasses import fields
from decimal import Decimal

import pytest

from core.clients.connectwise_fields import (
    creation_body,
    differing,
    our_name,
    patch_body,
    same_value,
)
from core.domain.models import (
    CatalogItem,
    ProductClass,
    ProductFields,
    RecurringCycleType,
    Reference,
)


def product(**changes: object) -> ProductFields:
    given = {
        "identifier": "SOPHOS-XDR",
        "description": "Sophos XDR",
        "customer_description": "Sophos XDR, per user",
        "subcategory": Reference(14, "Cloud"),
        "type": Reference(4, "Software"),
    }
    return ProductFields(**{**given, **changes})


def test_a_whole_product_as_sent() -> None:
    body = creation_body(
        product(
            category=Reference(5, "Software"),
            product_class=ProductClass.AGREEMENT,
            unit_of_measure=Reference(1, "Each"),
            price=Decimal("22.00"),
            cost=Decimal("0"),
            taxable=True,
            recurring=True,
            recurring_bill_cycle=Reference(2, "Monthly"),
            recurring_cycle_type=RecurringCycleType.CALENDAR_YEAR,
            manufacturer=Reference(3, "Sophos"),
            manufacturer_part_number="PART",
            vendor_sku="SKU",
            notes="Notes",
            integration_xref="XDR-MSP",
        )
    )
    assert body == {
        "identifier": "SOPHOS-XDR",
        "description": "Sophos XDR",
        "customerDescription": "Sophos XDR, per user",
        "category": {"id": 5},
        "subcategory": {"id": 14},
        "type": {"id": 4},
        "productClass": "Agreement",
        "unitOfMeasure": {"id": 1},
        "price": Decimal("22.00"),
        "cost": Decimal("0"),
        "taxableFlag": True,
        "inactiveFlag": False,
        "recurringFlag": True,
        "recurringBillCycle": {"id": 2},
        "recurringCycleType": "CalendarYear",
        "manufacturer": {"id": 3},
        "manufacturerPartNumber": "PART",
        "vendorSku": "SKU",
        "notes": "Notes",
        "integrationXRef": "XDR-MSP",
    }
    assert type(body["productClass"]) is str


def test_what_has_no_value_is_left_to_the_server() -> None:
    assert set(creation_body(product())) == {
        "identifier",
        "description",
        "customerDescription",
        "subcategory",
        "type",
        "productClass",
        "taxableFlag",
        "inactiveFlag",
        "recurringFlag",
    }


def test_every_field_of_ours_has_a_name_on_the_wire() -> None:
    for field in fields(ProductFields):
        [operation] = patch_body({field.name: None})
        assert our_name(str(operation["path"])) == field.name
    with pytest.raises(KeyError):
        patch_body({"id": 5})


def test_changes_are_bare_names_and_whole_references() -> None:
    changes = {"subcategory": Reference(9, "Other"), "price": Decimal("1.5"), "manufacturer": None}
    assert patch_body(changes) == [
        {"op": "replace", "path": "subcategory", "value": {"id": 9}},
        {"op": "replace", "path": "price", "value": Decimal("1.5")},
        {"op": "replace", "path": "manufacturer", "value": None},
    ]


@pytest.mark.parametrize(
    ("wire", "ours"),
    [
        ("identifier", "identifier"),
        ("/customerDescription", "customer_description"),
        ("CustomerDescription", "customer_description"),
        ("subcategory/id", "subcategory"),
        ("subcategory.id", "subcategory"),
        ("integrationXRef", "integration_xref"),
        ("integrationXref", "integration_xref"),
        ("taxableFlag", "taxable"),
        ("objectId", None),
        ("", None),
    ],
)
def test_names_in_server_messages(wire: str, ours: str | None) -> None:
    assert our_name(wire) == ours


@pytest.mark.parametrize(
    ("wanted", "found", "same"),
    [
        ("two\r\nlines  here", "two lines here", True),
        (" padded ", "padded", True),
        ("", "", True),
        ("Text", "text", False),
        (Decimal("1.50"), Decimal("1.5"), True),
        (Decimal("1.5"), Decimal("1.51"), False),
        (Decimal("1.5"), None, False),
        (None, Decimal("0"), True),
        (None, Decimal("3"), False),
        (None, None, True),
        (Reference(1, "Each"), Reference(1, "EACH"), True),
        (Reference(1, "Each"), Reference(2, "Each"), False),
        (Reference(1, "Each"), None, False),
        (None, Reference(1, "Each"), False),
        (True, True, True),
        (True, False, False),
        (ProductClass.BUNDLE, ProductClass.BUNDLE, True),
        (ProductClass.BUNDLE, ProductClass.SERVICE, False),
        (None, RecurringCycleType.CALENDAR_YEAR, False),
    ],
)
def test_whether_a_value_arrived(wanted: object, found: object, same: bool) -> None:
    assert same_value(wanted, found) is same


def test_differing_names_every_field_that_did_not_arrive() -> None:
    item = CatalogItem(
        id=1,
        identifier="A",
        description="old",
        customer_description="x",
        subcategory=Reference(1, "S"),
        type=None,
        price=Decimal(3),
    )
    changes = {"description": "new", "price": Decimal("3.0"), "type": Reference(4, "T")}
    assert differing(changes, item) == ("description", "type")
