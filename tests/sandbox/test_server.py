from __future__ import annotations

import socket
from datetime import date
from pathlib import Path

import httpx
import pytest

from core.sandbox.server import Sandbox, start_sandbox

CATALOG = "/v4_6_release/apis/3.0/procurement/catalog"


def connectwise_client(sandbox: Sandbox) -> httpx.Client:
    access = sandbox.connectwise
    return httpx.Client(
        base_url=access.url,
        auth=(f"{access.company}+{access.public_key}", access.private_key),
        headers={"clientId": access.client_id},
    )


def test_it_answers_for_both_vendors() -> None:
    with start_sandbox() as sandbox:
        with connectwise_client(sandbox) as client:
            company = client.get(f"/login/companyinfo/{sandbox.connectwise.company}").json()
            assert company["CompanyID"] == sandbox.connectwise.company
            assert client.get(CATALOG, params={"pageSize": 1}).status_code == 200
        form = {
            "grant_type": "client_credentials",
            "client_id": sandbox.sophos.client_id,
            "client_secret": sandbox.sophos.client_secret,
            "scope": "token",
        }
        token = httpx.post(f"{sandbox.sophos.id_url}/api/v2/oauth2/token", data=form).json()
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        answer = httpx.get(f"{sandbox.sophos.api_url}/whoami/v1", headers=headers)
        assert answer.json()["idType"] == "partner"


def test_it_listens_on_this_machine_only(sandbox: Sandbox) -> None:
    assert sandbox.url == f"http://127.0.0.1:{sandbox.port}"


def test_the_printed_object_has_what_clients_need(sandbox: Sandbox) -> None:
    printed = sandbox.as_json()
    assert printed.keys() == {"connectwise", "sophos"}
    assert printed["connectwise"].keys() == {
        "url",
        "company",
        "public_key",
        "private_key",
        "client_id",
    }
    assert printed["sophos"].keys() == {"id_url", "api_url", "client_id", "client_secret"}
    assert all(value for part in printed.values() for value in part.values())


def test_secrets_are_not_in_what_a_log_would_show(sandbox: Sandbox) -> None:
    shown = repr(sandbox.connectwise) + repr(sandbox.sophos)
    assert sandbox.connectwise.private_key not in shown
    assert sandbox.sophos.client_secret not in shown


def test_stopping_frees_the_port_and_may_be_repeated() -> None:
    sandbox = start_sandbox()
    sandbox.stop()
    sandbox.stop()
    sandbox.wait()
    with pytest.raises(httpx.ConnectError):
        httpx.get(sandbox.url)
    with start_sandbox(port=sandbox.port) as again:
        assert again.port == sandbox.port


def test_a_taken_port_is_an_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match=r"in use|permitted|forbidden"):
            start_sandbox(port=taken.getsockname()[1])


def test_a_day_can_be_chosen() -> None:
    with start_sandbox(today=date(2026, 1, 31)) as sandbox:
        overview = httpx.get(sandbox.admin_url).json()
        assert overview["today"] == "2026-01-31"
        assert overview["months"][-2:] == ["2025-12", "2026-01"]


def test_writes_outlive_a_restart_with_a_state_file(tmp_path: Path) -> None:
    state = tmp_path / "sandbox.json"
    patch = [{"op": "replace", "path": "description", "value": "Renamed by hand"}]
    with start_sandbox(state_file=state) as first, connectwise_client(first) as client:
        assert client.patch(f"{CATALOG}/101", json=patch).status_code == 200
    with start_sandbox(state_file=state) as second, connectwise_client(second) as client:
        assert client.get(f"{CATALOG}/101").json()["description"] == "Renamed by hand"


def test_reset_brings_the_demo_back(sandbox: Sandbox) -> None:
    with connectwise_client(sandbox) as client:
        before = client.get(f"{CATALOG}/101").json()
        patch = [{"op": "replace", "path": "description", "value": "Other"}]
        client.patch(f"{CATALOG}/101", json=patch)
        sandbox.reset()
        assert client.get(f"{CATALOG}/101").json() == before
