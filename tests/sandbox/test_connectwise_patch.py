"""PATCH: operations on top-level members, and what happens to other paths."""

from __future__ import annotations

from decimal import Decimal

import pytest

ITEM = "/procurement/catalog/101"


def patch(api, *operations, status: int = 200):
    return api.refused("PATCH", ITEM, list(operations), status=status)


def op(path: str, value: object, verb: str = "replace") -> dict[str, object]:
    return {"op": verb, "path": path, "value": value}


def test_only_what_is_named_changes_and_the_whole_object_comes_back(api):
    before = api.get(ITEM)
    after = patch(api, op("price", Decimal("10.11")), op("inactiveFlag", True))
    assert after == before | {
        "price": Decimal("10.11"),
        "inactiveFlag": True,
        "_info": after["_info"],
    }
    assert after["_info"]["updatedBy"] == "apimember"
    assert after["_info"]["lastUpdated"] > before["_info"]["lastUpdated"]
    assert api.get(ITEM) == after


@pytest.mark.parametrize("path", ["price", "/price"])
@pytest.mark.parametrize("verb", ["add", "replace", "Replace"])
def test_paths_are_bare_or_begin_with_a_slash(api, path, verb):
    assert patch(api, op(path, "450", verb))["price"] == 450


@pytest.mark.parametrize(
    "operation",
    [{"op": "remove", "path": "manufacturer"}, op("manufacturer", None), op("manufacturer", {})],
)
def test_remove_and_null_clear_a_member(api, operation):
    assert "manufacturer" in api.get(ITEM)
    assert "manufacturer" not in patch(api, operation)


def test_references_are_replaced_whole(api):
    changed = patch(
        api, op("manufacturer", {"id": 2}), op("vendor", {"identifier": "BoulVermasse"})
    )
    assert changed["manufacturer"]["name"] == api.table("manufacturers").records[2]["name"]
    assert changed["vendor"]["id"] == 250


@pytest.mark.parametrize("path", ["manufacturer/id", "/manufacturer/id", "price/deep"])
def test_nested_paths_are_a_false_200(api, path):
    before = api.get(ITEM)
    after = patch(api, op(path, 2))
    assert after == before | {"_info": after["_info"]}


def test_nested_paths_take_effect_where_the_server_does_them(api):
    api.switches.update({"nested_patch": "apply"})
    assert patch(api, op("manufacturer/id", 2))["manufacturer"]["id"] == 2
    name = api.table("manufacturers").records[3]["name"]
    assert patch(api, op("/manufacturer/name", name))["manufacturer"]["id"] == 3
    assert "manufacturer" not in patch(api, {"op": "remove", "path": "manufacturer/id"})
    assert "Could not find member" in patch(api, op("manufacturer/x", 2), status=400)["message"]
    assert "Could not find member" in patch(api, op("price/deep", 2), status=400)["message"]


def test_line_breaks_are_stored_as_a_space(api):
    text = patch(api, op("notes", "one\r\ntwo\n\nthree\rfour"))["notes"]
    assert text == "one two three four"


def test_read_only_members_are_ignored(api):
    before = api.get(ITEM)
    after = patch(api, op("id", 5), op("_info", {}), op("calculatedPrice", 1))
    assert after == before | {"_info": after["_info"]}


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ([op("Price", 1)], 400, "Could not find member 'Price' on object of type 'CatalogItem'"),
        ([op("colour", 1)], 400, "Could not find member 'colour'"),
        ([op("colour/id", 1)], 400, "Could not find member 'colour'"),
        ([{"op": "replace", "path": "price", "val": 1}], 400, "Could not find member 'val'"),
        ([op("price", "abc")], 500, "Error converting value"),
        ([op("price", 1, "test")], 400, "'test' is not a valid patch operation."),
        ([op("", 1)], 400, "needs a path"),
        ([op("/", 1)], 400, "needs a path"),
        ([{"op": "replace", "value": 1}], 400, "needs a path"),
        ([5], 500, "Error converting value"),
        ({"price": 1}, 500, "Error converting value"),
    ],
)
def test_what_is_no_patch_is_refused(api, body, status, text):
    assert text in api.refused("PATCH", ITEM, body, status=status)["message"]


def test_a_patch_is_carried_out_whole_or_not_at_all(api):
    before = api.get(ITEM)
    reasons = api.errors(
        "PATCH",
        ITEM,
        [op("price", 1), op("description", "x" * 61), op("type", {"id": 99}), op("identifier", "")],
    )
    assert reasons == [
        ("NotFound", "type/id"),
        ("MissingRequiredField", "identifier"),
        ("MaxLengthField", "description"),
    ]
    assert api.get(ITEM) == before


def test_members_that_are_not_named_are_not_checked_again(api):
    record = api.table("catalog").records[101]
    api.table("catalog").replace(101, {**record, "description": "x" * 99})
    assert patch(api, op("price", 3))["price"] == 3


def test_the_last_of_two_operations_on_a_member_wins(api):
    assert patch(api, op("price", 1), op("/price", 2))["price"] == 2


def test_custom_fields_are_replaced_as_an_array(api):
    first = [{"id": 1, "caption": "A", "value": "x"}, {"id": 2, "caption": "B", "value": None}]
    assert patch(api, op("customFields", first))["customFields"] == [
        {"id": 1, "caption": "A", "value": "x"},
        {"id": 2, "caption": "B"},
    ]
    second = [{"id": 2, "caption": "B", "value": 5}]
    assert patch(api, op("customFields", second))["customFields"] == second


def test_a_record_that_is_gone_is_404(api):
    assert api.refused("PATCH", "/procurement/catalog/99999", [], status=404)
