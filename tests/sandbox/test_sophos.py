from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from core.sandbox.server import Sandbox

USAGE = "/sophos/api/partner/v1/billing/usage"
TENANTS = "/sophos/api/partner/v1/tenants"
TOKEN = "/sophos/id/api/v2/oauth2/token"


@pytest.fixture
def anonymous(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.url) as client:
        yield client


def grant(sandbox: Sandbox, **changes: str) -> dict[str, str]:
    known = sandbox.sophos
    form = {
        "grant_type": "client_credentials",
        "client_id": known.client_id,
        "client_secret": known.client_secret,
        "scope": "token",
    }
    return {**form, **changes}


@pytest.fixture
def token(sandbox: Sandbox, anonymous: httpx.Client) -> str:
    return str(anonymous.post(TOKEN, data=grant(sandbox)).json()["access_token"])


@pytest.fixture
def partner(sandbox: Sandbox, token: str) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {token}", "X-Partner-ID": sandbox.world.partner_id}
    with httpx.Client(base_url=sandbox.url, headers=headers) as client:
        yield client


@pytest.fixture
def newest(sandbox: Sandbox) -> str:
    """Path of the newest complete month."""
    return f"{USAGE}/{sandbox.world.usage_months()[-2].replace('-', '/')}"


def read_all(client: httpx.Client, path: str, **params: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    key = None
    while True:
        page = client.get(path, params=params if key is None else {**params, "pageFromKey": key})
        items += page.json()["items"]
        key = page.json()["pages"].get("nextKey")
        if key is None:
            return items


# ---------------------------------------------------------------- tokens


def test_a_token_says_how_long_it_lives(sandbox: Sandbox, anonymous: httpx.Client) -> None:
    answer = anonymous.post(TOKEN, data=grant(sandbox)).json()
    assert (answer["token_type"], answer["expires_in"]) == ("bearer", 3600)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"client_secret": "wrong"}, 401, "oauth.invalid_client"),
        ({"client_id": "wrong"}, 401, "oauth.invalid_client"),
        ({"grant_type": "password"}, 400, "oauth.unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, 400, "oauth.invalid_grant"),
    ],
)
def test_a_wrong_grant_is_refused(
    sandbox: Sandbox, anonymous: httpx.Client, changes: dict[str, str], status: int, code: str
) -> None:
    answer = anonymous.post(TOKEN, data=grant(sandbox, **changes))
    assert answer.status_code == status
    assert answer.json()["errorCode"] == code


def test_a_refresh_token_gives_a_new_token(sandbox: Sandbox, anonymous: httpx.Client) -> None:
    first = anonymous.post(TOKEN, data=grant(sandbox)).json()
    refresh = grant(sandbox, grant_type="refresh_token", refresh_token=first["refresh_token"])
    second = anonymous.post(TOKEN, data=refresh).json()
    headers = {"Authorization": f"Bearer {second['access_token']}"}
    assert anonymous.get("/sophos/api/whoami/v1", headers=headers).status_code == 200


def test_a_token_ends_with_its_lifetime(sandbox: Sandbox, anonymous: httpx.Client) -> None:
    sandbox.controls.sophos.behaviour.update({"token_lifetime": 0.05})
    token = anonymous.post(TOKEN, data=grant(sandbox)).json()["access_token"]
    time.sleep(0.1)
    headers = {"Authorization": f"Bearer {token}"}
    assert anonymous.get("/sophos/api/whoami/v1", headers=headers).status_code == 401


@pytest.mark.parametrize("header", ["", "Bearer nonsense", "Basic abc"])
def test_without_a_good_token_the_answer_is_401_in_sophos_shape(
    anonymous: httpx.Client, header: str
) -> None:
    answer = anonymous.get("/sophos/api/whoami/v1", headers={"Authorization": header})
    assert answer.status_code == 401
    members = {"error", "message", "correlationId", "code", "createdAt", "requestId", "docUrl"}
    assert answer.json().keys() == members


# ---------------------------------------------------------------- whoami and tenants


def test_whoami_names_the_partner_and_the_host(sandbox: Sandbox, partner: httpx.Client) -> None:
    assert partner.get("/sophos/api/whoami/v1").json() == {
        "id": sandbox.world.partner_id,
        "idType": "partner",
        "apiHosts": {"global": sandbox.sophos.api_url},
    }


@pytest.mark.parametrize(("given", "status"), [(None, 400), ("another", 403)])
def test_partner_calls_need_the_partner_id(
    sandbox: Sandbox, token: str, given: str | None, status: int
) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    if given is not None:
        headers["X-Partner-ID"] = given
    assert httpx.get(sandbox.url + TENANTS, headers=headers).status_code == status


def test_an_organization_cannot_read_partner_data(sandbox: Sandbox, partner: httpx.Client) -> None:
    sandbox.controls.sophos.behaviour.update({"id_type": "organization"})
    assert partner.get("/sophos/api/whoami/v1").json()["idType"] == "organization"
    assert partner.get(TENANTS).status_code == 403


def test_tenants_come_in_numbered_pages(sandbox: Sandbox, partner: httpx.Client) -> None:
    params = {"pageSize": "25", "pageTotal": "true"}
    pages = [partner.get(TENANTS, params={**params, "page": n}).json() for n in (1, 2, 3, 4)]
    count = len(sandbox.world.tenants)
    expected = {"current": 1, "size": 25, "maxSize": 100, "total": 3, "items": count}
    assert pages[0]["pages"] == expected
    ids = [tenant["id"] for page in pages for tenant in page["items"]]
    assert ids == [tenant["id"] for tenant in sandbox.world.tenants]
    assert pages[3]["items"] == []


def test_the_default_page_has_fifty_and_no_totals(partner: httpx.Client) -> None:
    answer = partner.get(TENANTS).json()
    assert len(answer["items"]) == 50
    assert answer["pages"] == {"current": 1, "size": 50, "maxSize": 100}


def test_a_page_is_never_larger_than_the_maximum(partner: httpx.Client) -> None:
    assert partner.get(TENANTS, params={"pageSize": 5000}).json()["pages"]["size"] == 100


@pytest.mark.parametrize("value", ["0", "-1", "x", "²"])
def test_a_page_that_is_not_a_number_is_refused(partner: httpx.Client, value: str) -> None:
    assert partner.get(TENANTS, params={"page": value}).status_code == 400


# ---------------------------------------------------------------- usage


@pytest.mark.parametrize("size", [7, 50, 1000])
def test_usage_is_the_same_at_any_page_size(
    sandbox: Sandbox, partner: httpx.Client, newest: str, size: int
) -> None:
    whole = partner.get(newest, params={"pageSize": 1000}).json()["items"]
    assert len(whole) > 200
    assert "nextKey" not in partner.get(newest, params={"pageSize": 1000}).json()["pages"]
    assert read_all(partner, newest, pageSize=size) == whole


def test_a_line_has_the_fields_of_the_report(partner: httpx.Client, newest: str) -> None:
    items = partner.get(newest, params={"pageSize": 1000}).json()["items"]
    always = {
        "partnerAccountId",
        "partnerEdiAccountNumber",
        "partnerAccountName",
        "billingStartDate",
        "billingEndDate",
        "orderNumber",
        "orderLineItemNumber",
        "accountNumberOrSerialNumber",
        "productDescription",
        "productGroup",
        "sku",
        "productCode",
        "billableQuantity",
        "accountStatus",
        "actualQuantity",
    }
    assert all(always <= line.keys() for line in items)
    assert {type(line["unitPrice"]) for line in items} == {str}
    assert {line["productGroup"] for line in items} == {"User", "Server", "Device"}


def test_pages_count_pages_and_items(partner: httpx.Client, newest: str) -> None:
    first = partner.get(newest, params={"pageSize": 100, "pageTotal": "true"}).json()
    count = len(read_all(partner, newest))
    assert first["pages"]["items"] == count
    assert first["pages"]["total"] == -(-count // 100)
    assert "fromKey" not in first["pages"]
    key = first["pages"]["nextKey"]
    second = partner.get(newest, params={"pageSize": 100, "pageFromKey": key}).json()
    assert second["pages"]["fromKey"] == key


@pytest.mark.parametrize("key", ["nonsense", "bGluZTp4", "é"])
def test_an_invented_cursor_is_refused(partner: httpx.Client, newest: str, key: str) -> None:
    assert partner.get(newest, params={"pageFromKey": key}).status_code == 400


def test_usage_of_one_customer(sandbox: Sandbox, partner: httpx.Client, newest: str) -> None:
    tenant = sandbox.world.tenants[0]["id"]
    lines = read_all(partner, newest, accountId=tenant)
    assert lines
    assert {line["accountId"] for line in lines} == {tenant}
    assert read_all(partner, newest, accountId="nobody") == []


def test_only_the_fields_asked_for(partner: httpx.Client, newest: str) -> None:
    lines = read_all(partner, newest, fields="productCode, billableQuantity")
    assert all(line.keys() == {"productCode", "billableQuantity"} for line in lines)


def test_a_month_without_data_is_404(partner: httpx.Client) -> None:
    answer = partner.get(f"{USAGE}/2001/01")
    assert answer.status_code == 404
    assert answer.json()["message"] == "No data for requested year or month."


@pytest.mark.parametrize("month", ["2026/13", "2026/0", "26/01", "2026/x"])
def test_a_month_that_is_none_is_refused(partner: httpx.Client, month: str) -> None:
    assert partner.get(f"{USAGE}/{month}").status_code == 400


def test_the_month_may_be_written_without_its_zero(sandbox: Sandbox, partner: httpx.Client) -> None:
    month = next(month for month in sandbox.world.usage_months() if "-0" in month)
    padded = partner.get(f"{USAGE}/{month.replace('-', '/')}").json()
    assert partner.get(f"{USAGE}/{month.replace('-0', '/')}").json() == padded


def test_the_unfinished_month_answers(sandbox: Sandbox, partner: httpx.Client) -> None:
    month = sandbox.world.usage_months()[-1]
    assert partner.get(f"{USAGE}/{month.replace('-', '/')}").json()["items"]
