"""The product catalog: what a new item needs and gets, duplicates, deletion."""

from __future__ import annotations

import pytest

from tests.sandbox.connectwise_api import new_product

CATALOG = "/procurement/catalog"


def test_the_least_that_is_needed_and_what_the_server_adds(api):
    item = api.post(CATALOG, new_product())
    assert item["id"] == max(api.table("catalog").records)
    assert item["productClass"] == "NonInventory"
    assert item["category"]["name"] == "Hardware"
    assert item["subcategory"]["name"] == "Laptops"
    assert item["unitOfMeasure"]["name"] == "Each"
    assert item["recurringFlag"] is False
    assert item["_info"]["updatedBy"] == "apimember"
    assert api.get(f"{CATALOG}/{item['id']}") == item


def test_every_missing_member_is_named_at_once(api):
    assert api.errors("POST", CATALOG, {"description": " ", "type": {}}) == [
        ("MissingRequiredField", "identifier"),
        ("MissingRequiredField", "description"),
        ("MissingRequiredField", "subcategory"),
        ("MissingRequiredField", "type"),
        ("MissingRequiredField", "customerDescription"),
    ]


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("identifier", 75),
        ("description", 60),
        ("customerDescription", 6000),
        ("manufacturerPartNumber", 50),
        ("vendorSku", 50),
        ("integrationXRef", 50),
    ],
)
def test_texts_are_accepted_up_to_their_limit(api, name, limit):
    item = api.post(CATALOG, new_product(**{name: "é" * limit}))
    assert item[name] == "é" * limit
    body = new_product(identifier="NEW-2") | {name: "é" * (limit + 1)}
    refusal = api.refused("POST", CATALOG, body)
    assert refusal["message"] == "catalogItem object is invalid"
    assert refusal["errors"] == [
        {
            "code": "MaxLengthField",
            "message": f"The field {name} must be a string with a maximum length of {limit}.",
            "resource": "catalogItem",
            "field": name,
        }
    ]


def test_old_servers_take_60_characters_of_identifier(api):
    api.switches.update({"identifier_limit": 60})
    assert api.post(CATALOG, new_product(identifier="x" * 60))["identifier"] == "x" * 60
    body = new_product(identifier="y" * 61)
    assert api.errors("POST", CATALOG, body) == [("MaxLengthField", "identifier")]


def test_references_are_found_by_id_or_by_name_and_must_exist(api):
    by_id = api.post(CATALOG, new_product(subcategory={"id": 2, "name": "ignored"}))
    assert by_id["subcategory"]["id"] == 2
    assert by_id["subcategory"]["name"] != "ignored"
    body = new_product(
        subcategory={"id": 999}, type={"name": "Nope"}, sla={"id": 1}, manufacturer={"id": "7777"}
    )
    refusal = api.refused("POST", CATALOG, body)
    assert {(e["code"], e["field"], e["message"]) for e in refusal["errors"]} == {
        ("NotFound", "subcategory/id", "Subcategory 999 not found"),
        ("NotFound", "type/name", "Product Type Nope not found"),
        ("NotFound", "sla/id", "sla 1 not found"),
        ("NotFound", "manufacturer/id", "Manufacturer 7777 not found"),
    }


def test_a_subcategory_name_is_looked_for_in_the_category_sent_along(api):
    categories = api.table("categories")
    first, second = sorted(categories.records)[:2]
    for category in (first, second):
        reference = {"id": category, "name": categories.records[category]["name"]}
        api.table("subcategories").insert({"name": "Other", "category": reference})
    name = categories.records[second]["name"]
    item = api.post(CATALOG, new_product(subcategory={"name": "Other"}, category={"name": name}))
    assert item["category"]["id"] == second
    assert api.post(CATALOG, new_product(subcategory={"name": "Other"}))["category"]["id"] == first


def test_the_subcategory_decides_the_category(api):
    other = api.table("subcategories").records[37]
    item = api.post(CATALOG, new_product(subcategory={"id": 37}, category={"id": 1}))
    assert item["category"]["id"] == other["category"]["id"]
    changed = api.patch(f"{CATALOG}/{item['id']}", subcategory={"name": "Laptops"})
    assert changed["category"]["name"] == "Hardware"


def test_a_recurring_item_gets_a_cycle(api):
    item = api.post(CATALOG, new_product(recurringFlag=True))
    assert item["recurringCycleType"] == "CalendarYear"
    default = [c for c in api.get("/finance/billingCycles") if c["defaultFlag"]]
    assert [item["recurringBillCycle"]["id"]] == [cycle["id"] for cycle in default]


def test_a_duplicate_identifier_becomes_a_copy(api):
    names = [
        api.post(CATALOG, new_product(identifier=text))["identifier"]
        for text in ("Dup", "DUP", "dup")
    ]
    assert names == ["Dup", "DUP-Copy0", "dup-Copy1"]


def test_a_duplicate_identifier_is_refused_where_the_server_does(api):
    api.switches.update({"duplicate_identifier": "exists"})
    api.post(CATALOG, new_product(identifier="Dup"))
    body = new_product(identifier="dup")
    assert api.errors("POST", CATALOG, body) == [("ObjectExists", "identifier")]


def test_an_item_is_not_renamed_to_the_identifier_of_another(api):
    one = api.post(CATALOG, new_product(identifier="One"))
    api.post(CATALOG, new_product(identifier="Two"))
    rename = [{"op": "replace", "path": "identifier", "value": "TWO"}]
    assert api.errors("PATCH", f"{CATALOG}/{one['id']}", rename) == [("ObjectExists", "identifier")]
    assert api.patch(f"{CATALOG}/{one['id']}", identifier="ONE")["identifier"] == "ONE"


def test_put_replaces_everything(api):
    item = api.post(CATALOG, new_product(notes="x", price=5, manufacturer={"id": 1}))
    route = f"{CATALOG}/{item['id']}"
    replaced = api.put(route, new_product(id=4, description="Again\nand again", notes=None))
    assert replaced["id"] == item["id"]
    assert replaced["description"] == "Again and again"
    assert replaced["price"] == 0
    assert replaced["notes"] == ""
    assert "manufacturer" not in replaced
    assert api.errors("PUT", route, {"identifier": "NEW-1"})[0] == (
        "MissingRequiredField",
        "description",
    )


def test_an_item_in_use_is_deleted_by_switch_only(api):
    used = api.table("additions").records[1001]["product"]["id"]
    assert api.call("DELETE", f"{CATALOG}/{used}").status_code == 409
    assert api.call("GET", f"{CATALOG}/{used}").status_code == 200
    api.switches.update({"delete_in_use": "204"})
    response = api.call("DELETE", f"{CATALOG}/{used}")
    assert (response.status_code, response.content) == (204, b"")
    assert api.call("GET", f"{CATALOG}/{used}").status_code == 404
    left_over = api.get("/finance/agreements/31/additions/1001")
    assert left_over["product"]["id"] == used


def test_an_unused_item_is_deleted_and_its_id_not_given_again(api):
    item = api.post(CATALOG, new_product())
    assert api.call("DELETE", f"{CATALOG}/{item['id']}").status_code == 204
    assert api.call("DELETE", f"{CATALOG}/{item['id']}").status_code == 404
    assert api.post(CATALOG, new_product())["id"] > item["id"]


def test_lookups_can_be_added_below_their_parent(api):
    route = "/procurement/categories/3/subcategories"
    created = api.post(route, {"name": "Fresh"})
    assert created.keys() == {"id", "name", "inactiveFlag", "_info"}
    whole = api.get(f"/procurement/subcategories/{created['id']}")
    assert whole["category"]["id"] == 3
    assert whole["category"]["name"] == api.table("categories").records[3]["name"]
    elsewhere = api.call("GET", f"/procurement/categories/1/subcategories/{created['id']}")
    assert elsewhere.status_code == 404
    assert api.errors("POST", route, {"name": "x" * 51}) == [("MaxLengthField", "name")]
    assert api.call("DELETE", "/procurement/categories/3").status_code == 409
