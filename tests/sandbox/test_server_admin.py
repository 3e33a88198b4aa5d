"""The controls under `/_sandbox`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from core.sandbox.server import Sandbox

CATALOG = "/v4_6_release/apis/3.0/procurement/catalog"


@pytest.fixture
def admin(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.admin_url) as client:
        yield client


def connectwise_get(sandbox: Sandbox, path: str, **params: Any) -> Any:
    access = sandbox.connectwise
    return httpx.get(
        f"{access.url}/v4_6_release/apis/3.0{path}",
        params=params,
        auth=(f"{access.company}+{access.public_key}", access.private_key),
        headers={"clientId": access.client_id},
    ).json()


def test_the_overview_tells_what_there_is(admin: httpx.Client) -> None:
    overview = admin.get("").json()
    assert overview["tables"]["catalog"] == 1200
    assert len(overview["months"]) == 15


def test_renaming_a_product_by_hand_shows_in_connectwise(
    sandbox: Sandbox, admin: httpx.Client
) -> None:
    answer = admin.patch("/tables/catalog/1203", json={"identifier": "EPP"}, params={"by": "zoe"})
    assert answer.json()["identifier"] == "EPP"
    product = connectwise_get(sandbox, "/procurement/catalog/1203")
    assert (product["identifier"], product["_info"]["updatedBy"]) == ("EPP", "zoe")
    addition = connectwise_get(sandbox, "/finance/agreements/32/additions/1005")
    assert addition["product"]["identifier"] == "EPP"


def test_an_edit_by_hand_leaves_an_audit_entry(sandbox: Sandbox, admin: httpx.Client) -> None:
    admin.patch("/tables/additions/1005", json={"quantity": 77}, params={"by": "zoe"})
    addition = connectwise_get(sandbox, "/finance/agreements/32/additions/1005")
    assert addition["quantity"] == 77
    trail = connectwise_get(sandbox, "/system/audittrail", type="AgreementAddition", id=1005)
    assert ("zoe", 'quantity changed from "30" to "77"') in {
        (entry["enteredBy"], entry["text"]) for entry in trail
    }


def test_null_removes_a_member(admin: httpx.Client) -> None:
    changed = admin.patch("/tables/catalog/1203", json={"manufacturer": None}).json()
    assert "manufacturer" not in changed


def test_a_record_is_added_and_deleted(sandbox: Sandbox, admin: httpx.Client) -> None:
    record = admin.post("/tables/manufacturers", json={"name": "Zuline"}).json()
    assert record["name"] == "Zuline"
    assert admin.get(f"/tables/manufacturers/{record['id']}").json() == record
    assert admin.delete(f"/tables/manufacturers/{record['id']}").status_code == 200
    assert admin.get(f"/tables/manufacturers/{record['id']}").status_code == 404
    assert record["id"] not in {item["id"] for item in admin.get("/tables/manufacturers").json()}


def test_a_deleted_product_is_gone_for_clients(sandbox: Sandbox, admin: httpx.Client) -> None:
    admin.delete("/tables/catalog/1203")
    assert "id" not in connectwise_get(sandbox, "/procurement/catalog/1203")
    trail = connectwise_get(sandbox, "/system/audittrail", type="ProductCatalog", id=1203)
    assert [entry["auditSubType"] for entry in trail] == ["Deleted"]


def test_usage_can_be_set_and_taken_away(sandbox: Sandbox, admin: httpx.Client) -> None:
    month = sandbox.world.usage_months()[-2]
    lines = [{"productCode": "X", "billableQuantity": 1.1}]
    assert admin.put(f"/usage/{month}", json=lines).json() == lines
    assert str((sandbox.world.usage_lines(month) or [])[0]["billableQuantity"]) == "1.1"
    assert admin.put(f"/usage/{month}", content="null").json() is None
    assert sandbox.world.usage_lines(month) is None
    assert admin.put(f"/usage/{month}", json={"a": 1}).status_code == 400


def test_the_vendor_renames_a_product(sandbox: Sandbox, admin: httpx.Client) -> None:
    admin.put("/sophos-products/CEMA-MSP", json={"description": "Sophos Mail"})
    for month in sandbox.world.usage_months():
        names = {
            line["productDescription"]
            for line in sandbox.world.usage_lines(month) or []
            if line["productCode"] == "CEMA-MSP"
        }
        assert names == {"Sophos Mail"}


def test_a_tenant_is_changed(sandbox: Sandbox, admin: httpx.Client) -> None:
    tenant = sandbox.world.tenants[0]["id"]
    admin.patch(f"/tenants/{tenant}", json={"billingType": "term"})
    assert sandbox.world.tenants[0]["billingType"] == "term"
    assert admin.patch("/tenants/nobody", json={}).status_code == 404


def test_switches_are_read_and_set(sandbox: Sandbox, admin: httpx.Client) -> None:
    assert admin.get("/switches").json()["identifier_limit"] == 75
    admin.patch("/switches", json={"identifier_limit": 60, "forward_only": False})
    assert sandbox.controls.switches.identifier_limit == 60
    assert sandbox.controls.switches.forward_only is False
    assert admin.delete("/switches").json()["identifier_limit"] == 75


@pytest.mark.parametrize(
    "wanted",
    [
        {"unheard_of": 1},
        {"auth_failure": "500"},
        {"forward_only": 1},
        {"identifier_limit": 60, "auth_failure": "x"},
    ],
)
def test_a_wrong_switch_changes_nothing(admin: httpx.Client, wanted: dict[str, object]) -> None:
    before = admin.get("/switches").json()
    assert admin.patch("/switches", json=wanted).status_code == 400
    assert admin.get("/switches").json() == before


def test_sophos_behaviour_is_set(sandbox: Sandbox, admin: httpx.Client) -> None:
    answer = admin.patch("/sophos", json={"token_lifetime": 1.5, "revoke_tokens": True})
    assert answer.json()["token_lifetime"] == 1.5
    assert admin.patch("/sophos", json={"id_type": 3}).status_code == 400
    assert admin.delete("/sophos").json()["token_lifetime"] == 3600


def test_revoked_tokens_are_refused(sandbox: Sandbox, admin: httpx.Client) -> None:
    token = sandbox.controls.sophos.tokens.give(3600)["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    whoami = f"{sandbox.sophos.api_url}/whoami/v1"
    assert httpx.get(whoami, headers=headers).status_code == 200
    admin.patch("/sophos", json={"revoke_tokens": True})
    assert httpx.get(whoami, headers=headers).status_code == 401


def test_the_rate_limit_is_set(admin: httpx.Client) -> None:
    assert admin.get("/rate-limit").json() == {"per_minute": 1000}
    assert admin.patch("/rate-limit", json={"per_minute": 5}).json() == {"per_minute": 5}
    assert admin.patch("/rate-limit", json={"per_minute": "5"}).status_code == 400
    assert admin.delete("/rate-limit").json() == {"per_minute": 1000}


def test_faults_are_set_listed_and_cleared(admin: httpx.Client) -> None:
    rules = [{"effect": "reset", "nth": 9}, {"effect": "html", "path": "/nowhere"}]
    assert len(admin.post("/faults", json=rules).json()) == 2
    assert [rule["effect"] for rule in admin.get("/faults").json()] == ["reset", "html"]
    assert admin.delete("/faults").json() == []


def test_of_several_faults_all_are_set_or_none(admin: httpx.Client) -> None:
    answer = admin.post("/faults", json=[{"effect": "reset"}, {"effect": "explode"}])
    assert answer.status_code == 400
    assert "explode" in answer.json()["error"]
    assert admin.get("/faults").json() == []


def test_counters_start_anew(sandbox: Sandbox, admin: httpx.Client) -> None:
    connectwise_get(sandbox, "/procurement/catalog/1203")
    assert admin.get("/counters").json()["total_reads"] == 1
    assert admin.delete("/counters").json()["total_reads"] == 0


def test_reset_undoes_everything(sandbox: Sandbox, admin: httpx.Client) -> None:
    admin.delete("/tables/catalog/1203")
    admin.post("/faults", json={"effect": "reset"})
    admin.patch("/switches", json={"identifier_limit": 60})
    admin.patch("/rate-limit", json={"per_minute": 1})
    admin.patch("/sophos", json={"token_lifetime": 1})
    assert admin.post("/reset").json()["tables"]["catalog"] == 1200
    assert admin.get("/faults").json() == []
    assert admin.get("/switches").json()["identifier_limit"] == 75
    assert admin.get("/rate-limit").json()["per_minute"] == 1000
    assert admin.get("/sophos").json()["token_lifetime"] == 3600


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("GET", "/tables/unheard-of", "", 404),
        ("GET", "/tables/catalog/999999", "", 404),
        ("PATCH", "/tables/catalog/1203", "[]", 400),
        ("PATCH", "/tables/catalog/1203", "{not json", 400),
        ("POST", "/switches", "", 405),
        ("PUT", "/sophos-products/X", '{"description": 3}', 400),
    ],
)
def test_a_wrong_request_is_told_why(
    admin: httpx.Client, method: str, path: str, content: str, status: int
) -> None:
    assert admin.request(method, path, content=content).status_code == status
