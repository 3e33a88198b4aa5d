"""Faults over real sockets: what a client sees, and whether the write happened."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from core.sandbox.rate_limit import RateLimit, too_many_requests
from core.sandbox.server import Sandbox

CATALOG = "/v4_6_release/apis/3.0/procurement/catalog"
PRODUCT = {
    "identifier": "FAULT-TEST",
    "description": "A product",
    "customerDescription": "A product",
    "subcategory": {"id": 26},
    "type": {"id": 3},
}


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[httpx.Client]:
    access = sandbox.connectwise
    with httpx.Client(
        base_url=access.url,
        auth=(f"{access.company}+{access.public_key}", access.private_key),
        headers={"clientId": access.client_id},
    ) as opened:
        yield opened


def fault(sandbox: Sandbox, **rule: Any) -> None:
    answer = httpx.post(f"{sandbox.admin_url}/faults", json=rule)
    assert answer.status_code == 200, answer.text


def created(sandbox: Sandbox) -> int:
    records = sandbox.world.tables["catalog"].all()
    return sum(record["identifier"] == PRODUCT["identifier"] for record in records)


def test_a_reset_before_the_handler_loses_the_write(sandbox: Sandbox, client: httpx.Client) -> None:
    fault(sandbox, effect="reset", method="POST", path="/procurement/catalog$")
    with pytest.raises(httpx.ReadError):
        client.post(CATALOG, json=PRODUCT)
    assert created(sandbox) == 0


def test_a_reset_after_the_commit_keeps_the_write(sandbox: Sandbox, client: httpx.Client) -> None:
    fault(sandbox, effect="reset", when="after", method="POST", path="/procurement/catalog$")
    with pytest.raises(httpx.ReadError):
        client.post(CATALOG, json=PRODUCT)
    assert created(sandbox) == 1


def test_the_server_goes_on_after_a_reset(sandbox: Sandbox, client: httpx.Client) -> None:
    fault(sandbox, effect="reset", nth=1)
    with pytest.raises(httpx.ReadError):
        client.get(CATALOG)
    assert client.get(CATALOG).status_code == 200


def test_a_truncated_body_ends_the_connection(sandbox: Sandbox, client: httpx.Client) -> None:
    fault(sandbox, effect="truncate", count=1)
    with pytest.raises(httpx.RemoteProtocolError):
        client.get(CATALOG)
    assert client.get(CATALOG).status_code == 200


def test_truncated_json_looks_complete(sandbox: Sandbox, client: httpx.Client) -> None:
    whole = client.get(CATALOG)
    fault(sandbox, effect="truncate_json")
    answer = client.get(CATALOG)
    assert (answer.status_code, answer.content) == (200, whole.content[: len(whole.content) // 2])


def test_a_status_with_body_and_headers(sandbox: Sandbox, client: httpx.Client) -> None:
    body = {"code": "ConnectWiseApi", "message": "A timeout has occured. Please try again."}
    fault(sandbox, effect="status", status=500, body=body, headers={"x-cw-request-id": "r1"})
    answer = client.get(CATALOG)
    assert (answer.status_code, answer.json()) == (500, body)
    assert answer.headers["x-cw-request-id"] == "r1"


def test_a_status_before_the_handler_writes_nothing(sandbox: Sandbox, client: httpx.Client) -> None:
    fault(sandbox, effect="status", status=502, body="Bad gateway", method="POST")
    answer = client.post(CATALOG, json=PRODUCT)
    assert (answer.status_code, answer.text) == (502, "Bad gateway")
    assert answer.headers["content-type"].startswith("text/plain")
    assert created(sandbox) == 0


def test_a_gateway_timeout_after_the_commit(sandbox: Sandbox, client: httpx.Client) -> None:
    fault(sandbox, effect="status", status=504, when="after", method="POST")
    assert client.post(CATALOG, json=PRODUCT).status_code == 504
    assert created(sandbox) == 1


def test_html_instead_of_json(sandbox: Sandbox, client: httpx.Client) -> None:
    fault(sandbox, effect="html", status=200, body="<html>Sign in</html>")
    answer = client.get(CATALOG)
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text == "<html>Sign in</html>"


def test_latency_delays_an_answer_that_is_right(sandbox: Sandbox, client: httpx.Client) -> None:
    fault(sandbox, effect="latency", latency=0.2)
    begun = time.monotonic()
    assert client.get(CATALOG).status_code == 200
    assert time.monotonic() - begun >= 0.2


def test_latency_after_the_handler_includes_its_work(
    sandbox: Sandbox, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = sandbox.world.follow_the_day

    def slow() -> None:
        time.sleep(0.6)
        real()

    monkeypatch.setattr(sandbox.world, "follow_the_day", slow)
    fault(sandbox, effect="latency", latency=0.7, when="after")
    begun = time.monotonic()
    assert client.get(CATALOG).status_code == 200
    # One after the other they would take 1.3 seconds.
    assert 0.7 <= time.monotonic() - begun < 1.3


def test_a_client_that_gives_up_has_written_nothing_yet(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    fault(sandbox, effect="reset", latency=0.3, method="POST")
    with pytest.raises(httpx.ReadTimeout):
        client.post(CATALOG, json=PRODUCT, timeout=0.1)
    assert created(sandbox) == 0


@pytest.mark.parametrize(
    ("path", "error"),
    [(CATALOG, "ConnectWiseAPI"), ("/sophos/api/whoami/v1", "tooManyRequests")],
)
def test_a_rate_limit_speaks_as_the_vendor_does(
    sandbox: Sandbox, client: httpx.Client, path: str, error: str
) -> None:
    fault(sandbox, effect="rate_limit", retry_after=7)
    answer = client.get(path)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert answer.json() == {
        "error": error,
        "message": "Too many requests. Please try again in 7 seconds.",
    }


def test_a_fault_may_strike_one_system_only(sandbox: Sandbox, client: httpx.Client) -> None:
    fault(sandbox, effect="status", status=503, system="sophos")
    assert client.get(CATALOG).status_code == 200
    assert client.get("/sophos/api/whoami/v1").status_code == 503


def test_the_controls_are_never_struck(sandbox: Sandbox) -> None:
    fault(sandbox, effect="reset")
    assert httpx.get(f"{sandbox.admin_url}/faults").json()[0]["seen"] == 0


def test_more_requests_than_a_minute_allows(sandbox: Sandbox, client: httpx.Client) -> None:
    sandbox.controls.rate_limit.reset(2)
    answers = [client.get(CATALOG, params={"pageSize": 1}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].headers["retry-after"] == "30"
    assert answers[2].json() == too_many_requests("connectwise")
    # The vendors count apart.
    assert client.get("/sophos/api/whoami/v1").status_code == 401


def test_the_minute_slides() -> None:
    now = [0.0]
    limit = RateLimit(2, clock=lambda: now[0])
    assert [limit.allows("x") for _ in range(3)] == [True, True, False]
    now[0] = 59.9
    assert not limit.allows("x")
    now[0] = 60.0
    assert limit.allows("x")


def test_requests_are_counted_even_when_struck(sandbox: Sandbox, client: httpx.Client) -> None:
    fault(sandbox, effect="reset", method="POST")
    with pytest.raises(httpx.ReadError):
        client.post(CATALOG, json=PRODUCT)
    client.get(f"{CATALOG}/101")
    counts = httpx.get(f"{sandbox.admin_url}/counters").json()
    assert counts["reads"] == {"GET /procurement/catalog/{id}": 1}
    assert counts["writes"] == {"POST /procurement/catalog": 1}
    # The client may know of a reset before the request that it struck has ended.
    deadline = time.monotonic() + 60
    while sandbox.controls.counters.as_json()["most_open"] != 0:
        assert time.monotonic() < deadline, "a request never ended"
        sandbox.controls.counters.reset()
        time.sleep(0.01)
