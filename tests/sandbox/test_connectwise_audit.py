"""The audit trail of products, agreements and additions."""

from __future__ import annotations

import pytest

from tests.sandbox.connectwise_api import new_product

TRAIL = "/system/audittrail"


def texts(api, kind: str, record_id: int) -> list[tuple[str, str]]:
    entries = api.get(TRAIL, type=kind, id=record_id, pageSize=1000)
    return [(entry["auditSubType"], entry["text"]) for entry in entries]


def test_every_write_leaves_its_entries(api):
    item = api.post("/procurement/catalog", new_product(price=1))
    api.patch(f"/procurement/catalog/{item['id']}", price=2, manufacturer={"id": 1})
    api.call("DELETE", f"/procurement/catalog/{item['id']}")
    maker = api.table("manufacturers").records[1]["name"]
    assert texts(api, "ProductCatalog", item["id"]) == [
        ("Created", "CatalogItem created"),
        ("Updated", f'manufacturer changed from "" to "{maker}"'),
        ("Updated", 'price changed from "1" to "2"'),
        ("Deleted", "CatalogItem deleted"),
    ]


def test_an_entry_says_who_and_when_and_nothing_else(api):
    item = api.post("/procurement/catalog", new_product())
    entry = api.get(TRAIL, type="productcatalog", id=item["id"])[0]
    assert entry.keys() == {
        "text",
        "enteredDate",
        "enteredBy",
        "auditType",
        "auditSubType",
        "auditSource",
    }
    assert entry["enteredBy"] == "apimember"
    assert entry["enteredDate"] == item["_info"]["lastUpdated"]


def test_agreements_and_additions_have_trails_of_their_own(api):
    before = texts(api, "AgreementAddition", 1001)
    api.patch("/finance/agreements/31/additions/1001", quantity=123)
    api.patch("/finance/agreements/31", name="Other")
    assert texts(api, "AgreementAddition", 1001)[len(before) :] == [
        ("Updated", 'quantity changed from "9" to "123"')
    ]
    assert texts(api, "Agreement", 31)[-1][1].endswith('to "Other"')
    assert texts(api, "Agreement", 1001) == []


def test_a_patch_that_changes_nothing_leaves_no_entry(api):
    price = api.get("/procurement/catalog/101")["price"]
    api.patch("/procurement/catalog/101", price=price)
    assert texts(api, "ProductCatalog", 101) == []


def test_type_and_id_are_needed(api):
    response = api.call("GET", TRAIL)
    assert response.status_code == 400
    assert [item["field"] for item in response.json()["errors"]] == ["type", "id"]


@pytest.mark.parametrize("extra", [{}, {"conditions": 'auditSubType = "Updated"'}])
def test_the_trail_is_counted_and_filtered(api, extra):
    for value in (1, 2):
        api.patch("/procurement/catalog/102", price=value)
    counted = api.get(f"{TRAIL}/count", type="ProductCatalog", id=102, **extra)
    assert counted == {"count": 2}
