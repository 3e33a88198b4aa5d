"""Routing, keys, headers and the first calls that every client makes."""

from __future__ import annotations

import httpx
import pytest

from tests.sandbox.connectwise_api import Api


def plain(api: Api, path: str, **arguments: object) -> httpx.Response:
    """A call without keys."""
    return httpx.get(f"{api.sandbox.url}{path}", **arguments)


def keys(api: Api, **changes: str) -> tuple[str, str]:
    access = {**vars(api.sandbox.connectwise), **changes}
    return f"{access['company']}+{access['public_key']}", access["private_key"]


def test_company_info_names_the_codebase_and_needs_no_keys(api):
    company = api.sandbox.connectwise.company
    for path in (f"/login/companyinfo/{company}", f"/LOGIN/companyinfo/{company.upper()}/"):
        info = plain(api, path).json()
        assert info["Codebase"] == "v2026_4/"
        assert info["IsCloud"] == "True"
        assert info.keys() >= {"CompanyName", "VersionCode", "VersionNumber", "CompanyID"}


def test_company_info_of_an_unknown_company_is_null_with_a_200(api):
    response = plain(api, "/login/companyinfo/nobody")
    assert response.status_code == 200
    assert response.json() is None


@pytest.mark.parametrize(
    "path",
    [
        "/v2019_1/apis/3.0/system/info",
        "/v4_6_release/v4_6_release/apis/3.0/system/info",
        "/v4_6_release/apis/4.0/system/info",
        "/system/info",
        "/",
    ],
)
def test_a_path_that_cannot_be_routed_is_answered_in_plain_text(api, path):
    response = api.client.get(f"{api.sandbox.url}{path}")
    assert response.status_code == 400
    assert response.text == "Cannot route. Codebase/company is invalid"
    assert response.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    "path",
    [
        "/v4_6_release/apis/3.0/system/info",
        "/v4_6_release/apis/3.0/system/info/",
        "/V2026_4/Apis/3.0/System/Info",
    ],
)
def test_routes_take_any_case_a_trailing_slash_and_both_codebases(api, path):
    response = api.client.get(f"{api.sandbox.url}{path}")
    assert response.status_code == 200
    assert response.json()["isCloud"] is True


def test_every_answer_carries_the_vendors_headers(api):
    response = api.call("GET", "/system/info")
    assert response.headers["content-type"].startswith("application/vnd.connectwise.com+json")
    assert response.headers["api-current-version"] == "2026.4"
    assert response.headers["cache-control"] == "no-cache"
    again = api.call("GET", "/system/info")
    assert response.headers["x-cw-request-id"] != again.headers["x-cw-request-id"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"company": "nobody"},
        {"company": "USAGESYNC_DEMO"},
        {"public_key": "x"},
        {"private_key": "x"},
        {"private_key": "clé"},
    ],
)
def test_wrong_keys_are_not_authenticated(api, wrong):
    response = api.call("GET", "/system/info", auth=keys(api, **wrong))
    assert response.status_code == 401
    assert response.json() == {"code": "ConnectWiseApi", "message": "UserNotAuthenticated"}


@pytest.mark.parametrize("header", ["", "Basic", "Basic %%%", "Bearer abc", "Basic /w=="])
def test_a_broken_authorization_header_is_not_authenticated(api, header):
    headers = {"Authorization": header, "clientId": "x"}
    response = httpx.get(f"{api.root}/system/info", headers=headers)
    assert response.status_code == 401


def test_a_cloud_server_may_answer_wrong_keys_with_404(api):
    api.switches.update({"auth_failure": "404"})
    assert api.call("GET", "/system/info", auth=keys(api, private_key="x")).status_code == 404
    assert api.call("GET", "/system/info").status_code == 200


@pytest.mark.parametrize("status", ["401", "400", "403"])
def test_a_missing_client_id_is_refused_as_switched(api, status):
    api.switches.update({"missing_client_id": status})
    response = httpx.get(f"{api.root}/system/info", auth=keys(api))
    assert response.status_code == int(status)
    assert "clientId" in response.json()["message"]


def test_any_client_id_is_accepted(api):
    headers = {"clientId": "another integrator"}
    assert api.call("GET", "/system/info", headers=headers).status_code == 200


def test_unknown_routes_and_records_are_404_and_other_methods_405(api):
    for route in ("/service/tickets", "/procurement/catalog/999999", "/procurement/catalog/abc"):
        assert api.call("GET", route).status_code == 404
    assert api.call("GET", "/finance/agreements/999999/additions").status_code == 404
    assert api.call("DELETE", "/procurement/catalog").status_code == 405
    assert api.call("POST", "/procurement/catalog/info").status_code == 405
    assert api.call("POST", "/procurement/catalog/count").status_code == 405


def test_error_bodies_are_indented_with_crlf_and_have_no_empty_errors(api):
    response = api.call("GET", "/procurement/catalog", params={"conditions": "nothing = 1"})
    assert response.text == (
        '{\r\n  "code": "ApiFindCondition",\r\n'
        '  "message": "nothing is not a recognized name."\r\n}'
    )


def test_every_resource_of_the_slice_answers_lists_counts_and_records(api):
    routes = [
        "/company/companies",
        "/company/companies/statuses",
        "/company/companies/types",
        "/finance/agreements",
        "/finance/agreements/types",
        "/finance/agreements/31/additions",
        "/finance/billingCycles",
        "/finance/taxcodes",
        "/procurement/catalog",
        "/procurement/catalog/info",
        "/procurement/categories",
        "/procurement/categories/1/subcategories/",
        "/procurement/subcategories/",
        "/procurement/types",
        "/procurement/unitOfMeasures",
        "/procurement/manufacturers",
    ]
    for route in routes:
        records = api.get(route, pageSize=1000)
        assert records, route
        assert api.get(f"{route.rstrip('/')}/count")["count"] >= len(records)
        if route != "/procurement/catalog/info":
            assert api.get(f"{route.rstrip('/')}/{records[0]['id']}") == records[0]
    first = api.get("/procurement/catalog/info")[0]
    assert api.get(f"/procurement/catalog/{first['id']}/info") == first
    assert "subcategory" not in first
