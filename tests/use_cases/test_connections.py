"""Each way in which a connection fails is said in one sentence, with the remedy."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from core.clients.http import HttpLimits
from core.sandbox.faults import Effect, FaultRule
from core.sandbox.server import Sandbox
from core.services import build_services
from core.settings import load_settings
from core.use_cases.connections import ConnectionCheck
from tests.e2e.dashboard import connection_environment

WRONG_KEY = "wr0ng-Key-value"


@pytest.fixture
def check(
    sandbox: Sandbox, tmp_path: Path, impatient: HttpLimits
) -> Callable[..., dict[str, ConnectionCheck]]:
    """Test both connections with some settings replaced."""

    def run(*, client_id: str | None = None, **changes: str) -> dict[str, ConnectionCheck]:
        environment = {**connection_environment(sandbox, tmp_path / "store.duckdb"), **changes}
        settings = load_settings(environment, {})
        if client_id is not None:
            connectwise = replace(settings.connectwise, client_id=client_id)
            settings = replace(settings, connectwise=connectwise)
        limits = replace(impatient, read_timeout=0.5, connect_timeout=0.5)
        with closing(build_services(settings, limits=limits)) as services:
            return {check.system: check for check in services.connections.check()}

    return run


Check = Callable[..., dict[str, ConnectionCheck]]


def test_both_answer(check: Check) -> None:
    assert {system: result.ok for system, result in check().items()} == {
        "ConnectWise": True,
        "Sophos": True,
    }


@pytest.mark.parametrize(
    ("setting", "value", "system", "named"),
    [
        ("CONNECTWISE_PUBLIC_KEY", WRONG_KEY, "ConnectWise", "KEY"),
        ("CONNECTWISE_PRIVATE_KEY", WRONG_KEY, "ConnectWise", "KEY"),
        ("CONNECTWISE_COMPANY", "nobody", "ConnectWise", "COMPANY"),
        ("CONNECTWISE_CODEBASE", "v2001_1/", "ConnectWise", "CODEBASE"),
        ("CONNECTWISE_URL", "http://127.0.0.1:9", "ConnectWise", "ADDRESS"),
        ("SOPHOS_CLIENT_SECRET", WRONG_KEY, "Sophos", "SECRET"),
        ("SOPHOS_CLIENT_ID", WRONG_KEY, "Sophos", "CLIENT_ID"),
        ("SOPHOS_API_URL", "http://127.0.0.1:9", "Sophos", ""),
    ],
)
def test_a_wrong_setting_is_named_in_the_remedy(
    check: Check, setting: str, value: str, system: str, named: str
) -> None:
    results = check(**{setting: value})
    result = results.pop(system)
    assert not result.ok
    assert result.remedy is not None
    assert named in f"{result.text} {result.remedy}".upper()
    assert all(other.ok for other in results.values())
    assert WRONG_KEY not in f"{result.text} {result.remedy}"


@pytest.mark.parametrize(
    "rule",
    [
        FaultRule(effect=Effect.STATUS, path="finance/agreements", status=403),
        FaultRule(effect=Effect.STATUS, path="apis/3.0", status=500, body={"code": "X"}),
        FaultRule(effect=Effect.HTML, path="apis/3.0"),
        FaultRule(effect=Effect.HTML, path="apis/3.0", status=200),
        FaultRule(effect=Effect.RATE_LIMIT, path="apis/3.0"),
        FaultRule(effect=Effect.LATENCY, path="apis/3.0", latency=1.0),
        FaultRule(effect=Effect.RESET, path="apis/3.0"),
        FaultRule(effect=Effect.TRUNCATE, path="apis/3.0"),
    ],
    ids=lambda rule: f"{rule.effect}-{rule.status}",
)
def test_trouble_on_the_way_is_one_sentence_with_a_remedy(
    check: Check, sandbox: Sandbox, rule: FaultRule
) -> None:
    sandbox.controls.faults.add(rule)
    result = check()["ConnectWise"]
    assert not result.ok
    assert result.remedy is not None
    assert "\n" not in str(result.text)
    assert "html" not in str(result.text).lower()
    assert len(str(result.text)) < 200


@pytest.mark.parametrize("status", ["400", "401", "403"])
def test_a_missing_client_id_is_recognised_however_the_server_says_it(
    check: Check, sandbox: Sandbox, status: str
) -> None:
    sandbox.controls.switches.update({"missing_client_id": status})
    result = check(client_id="")["ConnectWise"]
    assert not result.ok
    assert "CONNECTWISE_CLIENT_ID" in str(result.remedy)


def test_wrong_keys_that_look_like_a_missing_page_are_recognised(
    check: Check, sandbox: Sandbox
) -> None:
    sandbox.controls.switches.update({"auth_failure": "404"})
    result = check(CONNECTWISE_PRIVATE_KEY="wrong")["ConnectWise"]
    assert not result.ok
    assert "KEY" in f"{result.text} {result.remedy}".upper()
