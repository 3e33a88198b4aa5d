"""The sandbox's answers, held against the vendor's OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.sandbox.connectwise_api import FORWARD, Api, new_product, operations
from tests.sandbox.openapi_slice import MISSING, OpenApiSlice, find_document

CATALOG = "/procurement/catalog"
ADDITIONS = "/finance/agreements/31/additions"
LISTS = [
    "/company/companies",
    "/company/companies/statuses",
    "/company/companies/types",
    "/finance/agreements",
    "/finance/agreements/types",
    ADDITIONS,
    "/finance/billingCycles",
    "/finance/taxCodes",
    CATALOG,
    "/procurement/catalog/info",
    "/procurement/categories",
    "/procurement/categories/1/subcategories/",
    "/procurement/subcategories/",
    "/procurement/types",
    "/procurement/unitOfMeasures",
    "/procurement/manufacturers",
]
PUT_AGREEMENT = {
    "name": "Again",
    "type": {"id": 1},
    "company": {"id": 250},
    "contact": {"id": 5250},
    "employeeCompRate": "Actual",
    "invoicingCycle": "CalendarYear",
    "billTime": "NoDefault",
    "billExpenses": "NoDefault",
    "billProducts": "Billable",
}


@pytest.fixture(scope="module")
def document() -> OpenApiSlice:
    path = find_document()
    if path is None or not path.exists():
        pytest.skip(MISSING)
    return OpenApiSlice(path)


@pytest.fixture
def checked(api: Api, document: OpenApiSlice) -> Iterator[Api]:
    """A client that holds every answer against the document."""

    def check(response: httpx.Response) -> None:
        response.read()
        body = response.json() if response.content else None
        request = response.request
        faults = document.response_errors(
            request.method, request.url.path, response.status_code, body
        )
        assert not faults, (request.method, request.url.path, faults[:5])
        if response.status_code in {200, 201}:
            kind = response.headers["content-type"]
            assert kind.startswith("application/vnd.connectwise.com+json")

    api.client.event_hooks["response"].append(check)
    yield api
    api.client.event_hooks["response"].remove(check)


@pytest.mark.parametrize("route", LISTS)
def test_lists_records_and_counts(checked, document, route):
    records = checked.get(route, pageSize=1000)
    assert records
    count = f"{route.rstrip('/')}/count"
    if document.operation("GET", f"{checked.root}{count}"):
        assert checked.get(count)["count"] >= len(records)
    if not route.endswith("/info"):
        for record in records[:3]:
            checked.get(f"{route.rstrip('/')}/{record['id']}")


def test_pages_and_selections(checked):
    assert checked.call("GET", CATALOG, params={"pageSize": 3}, headers=FORWARD).json()
    assert checked.get("/system/info")["isCloud"] is True
    assert checked.get(f"{CATALOG}/101/info")["id"] == 101


def test_products_through_their_life(checked):
    item = checked.post(
        CATALOG,
        new_product(
            recurringFlag=True,
            price=1.5,
            customFields=[{"id": 1, "caption": "A", "type": "Text", "value": "x"}],
            vendor={"id": 250},
        ),
    )
    route = f"{CATALOG}/{item['id']}"
    checked.patch(route, price="2.25", manufacturer={"id": 1})
    checked.put(route, new_product(notes="x"))
    assert checked.get("/system/audittrail", type="ProductCatalog", id=item["id"])
    assert checked.get("/system/audittrail/count", type="ProductCatalog", id=item["id"])["count"]
    assert checked.call("DELETE", route).status_code == 204


def test_agreements_and_additions_through_their_life(checked):
    day = f"{checked.world.today.isoformat()}T00:00:00Z"
    body = {"product": {"id": 101}, "billCustomer": "Billable", "effectiveDate": day}
    added = checked.post(ADDITIONS, body)
    route = f"{ADDITIONS}/{added['id']}"
    checked.patch(route, quantity=5, cancelledDate=day)
    checked.put(route, body)
    assert checked.call("DELETE", route).status_code == 204
    checked.put("/finance/agreements/31", PUT_AGREEMENT)
    checked.patch("/company/companies/250", name="Renamed")


def test_refusals(checked):
    assert checked.errors("POST", CATALOG, {})
    assert checked.refused("POST", CATALOG, {"colour": 1})
    assert checked.refused("POST", CATALOG, {"price": "x"}, status=500)
    assert checked.refused("GET", f"{CATALOG}/99999", {}, status=404)
    assert checked.errors("PATCH", ADDITIONS + "/1001", operations({"product": {"id": 0}}))
    used = checked.table("additions").records[1001]["product"]["id"]
    assert checked.call("DELETE", f"{CATALOG}/{used}").status_code == 409
    assert checked.call("GET", CATALOG, auth=("a", "b")).status_code == 401
    assert checked.call("GET", CATALOG, headers={"clientId": ""}).status_code == 401


def test_the_helper_finds_faults_of_answers(document):
    path = "/v4_6_release/apis/3.0/procurement/catalog/1"
    item = {
        "identifier": "x",
        "description": "x",
        "customerDescription": "x",
        "subcategory": {"id": 1},
        "type": {"id": 1},
    }
    assert document.response_errors("GET", path, 200, item) == []
    assert document.response_errors("GET", path, 200, {**item, "price": "1"})
    assert document.response_errors("GET", path, 200, {**item, "colour": 1})
    assert document.response_errors("GET", path, 200, {**item, "productClass": "x"})
    assert document.response_errors("GET", path, 200, {"identifier": "x"})
    assert document.response_errors("GET", path, 418, item)
    assert document.response_errors("GET", "/apis/3.0/nothing", 200, item)
    assert document.response_errors("DELETE", path, 204, {"a": 1})


def test_the_helper_finds_faults_of_requests(document):
    path = "/v4_6_release/apis/3.0/procurement/catalog"
    headers = {"clientId": "x"}
    good = new_product(subcategory={"id": 1}, type={"id": 1})
    assert document.request_errors("POST", path, {}, headers, good) == []
    assert document.request_errors("POST", path, {}, {}, good)
    assert document.request_errors("POST", path, {}, headers, {"identifier": "x"})
    assert document.request_errors("GET", path, {"conditions": "id=1"}, headers, None) == []
    assert document.request_errors("GET", path, {"filter": "id=1"}, headers, None)
    assert (
        document.request_errors("PATCH", f"{path}/1", {}, headers, operations({"price": 1})) == []
    )
    assert document.request_errors("PATCH", f"{path}/1", {}, headers, {"price": 1})
