from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from core.clients.connectwise_wire import CompanyInfo, ConnectWiseWire
from core.clients.http import HttpLimits
from core.errors import (
    AccessError,
    InputError,
    NotFoundError,
    RefusedError,
    TryAgainError,
    UnexpectedAnswerError,
)
from core.settings import ConnectWiseSettings

Answering = Callable[..., httpx.Response]
API = "api-na.myconnectwise.net"
UI = "na.myconnectwise.net"

WRONG_VERSION = (
    "Could not find member 'billableOption' on object of type 'CatalogItem'. Path "
    "'billableOption', line 1, position 50.Check your accept header to make sure you are using "
    "the correct version."
)


def info(codebase: str = "v2026_4/") -> dict[str, str]:
    return {"CompanyName": "Demo", "Codebase": codebase, "VersionCode": "v2026.4", "IsCloud": "T"}


@pytest.fixture
def wire(server, limits: HttpLimits, connectwise_settings: ConnectWiseSettings) -> ConnectWiseWire:
    return ConnectWiseWire(connectwise_settings, limits, server.transport)


def hosts(server) -> list[str]:
    return [request.url.host for request in server.requests]


# ---------------------------------------------------------------- codebase


def test_the_codebase_is_looked_up_once_and_begins_every_path(
    wire: ConnectWiseWire, server, answer: Answering
) -> None:
    server.plan(answer(info()), answer([]), answer([]))
    wire.call("GET", "/procurement/types")
    wire.call("GET", "/procurement/types")
    assert server.paths() == [
        "/login/companyinfo/demo",
        "/v2026_4/apis/3.0/procurement/types",
        "/v2026_4/apis/3.0/procurement/types",
    ]
    assert set(hosts(server)) == {API}


def test_the_lookup_is_without_sign_in(wire: ConnectWiseWire, server, answer: Answering) -> None:
    server.plan(answer(info()))
    wire.company_info()
    assert not {"authorization", "clientid"} & set(server.requests[0].headers)


def test_the_company_is_escaped_in_the_path(
    server, limits: HttpLimits, connectwise_settings: ConnectWiseSettings, answer: Answering
) -> None:
    settings = replace(connectwise_settings, company="a/b c")
    server.plan(answer(info()))
    ConnectWiseWire(settings, limits, server.transport).company_info()
    assert server.requests[0].url.raw_path == b"/login/companyinfo/a%2Fb%20c"


@pytest.mark.parametrize("first", ["404", "html", "null", "down"])
def test_the_address_without_prefix_is_asked_next(
    first: str, wire: ConnectWiseWire, server, answer: Answering
) -> None:
    steps = {
        "404": [answer(text="<html>", status=404)],
        "html": [answer(text="<html>")],
        "null": [answer(None)],
        "down": [httpx.ConnectError("x")] * 3,
    }[first]
    server.plan(*steps, answer(info("v4_6_release/")))
    assert wire.codebase() == "v4_6_release"
    assert hosts(server) == [API] * len(steps) + [UI]


@pytest.mark.parametrize("second", ["null", "404"])
def test_an_unknown_company(second: str, wire: ConnectWiseWire, server, answer: Answering) -> None:
    server.plan(answer(None), answer(None) if second == "null" else answer({}, 404))
    with pytest.raises(AccessError, match="CONNECTWISE_COMPANY"):
        wire.call("GET", "/procurement/types")


def test_no_connectwise_at_the_address(wire: ConnectWiseWire, server, answer: Answering) -> None:
    server.plan(answer(text="<html>", status=404), answer(text="", status=404))
    with pytest.raises(AccessError, match="CONNECTWISE_URL"):
        wire.codebase()


def test_a_server_that_is_down_is_passing_trouble(wire: ConnectWiseWire, server) -> None:
    server.plan(*[httpx.ConnectError("refused")] * 6)
    with pytest.raises(TryAgainError, match=API):
        wire.codebase()


@pytest.mark.parametrize("codebase", ["", "/", "../admin", "v1?x=", None, 5])
def test_a_codebase_that_is_no_name_is_not_used(
    codebase: object, wire: ConnectWiseWire, server, answer: Answering
) -> None:
    server.plan(answer({"Codebase": codebase}), answer({"Codebase": codebase}))
    with pytest.raises(UnexpectedAnswerError, match="Codebase"):
        wire.codebase()


def test_a_configured_codebase_is_used_as_it_is(
    server, limits: HttpLimits, connectwise_settings: ConnectWiseSettings, answer: Answering
) -> None:
    settings = replace(connectwise_settings, codebase="v4_6_release/")
    wire = ConnectWiseWire(settings, limits, server.transport)
    server.plan(answer({}, 404))
    with pytest.raises(AccessError):
        wire.call("GET", "/procurement/types")
    assert server.paths() == ["/v4_6_release/apis/3.0/procurement/types"]


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_after_an_upgrade_the_call_goes_to_the_new_codebase(
    method: str, wire: ConnectWiseWire, server, answer: Answering
) -> None:
    server.plan(answer(info("v1/")), answer({}, 404), answer(info("v2/")), answer([]), answer([]))
    wire.call(method, "/procurement/types", json={"a": 1} if method != "GET" else None)
    wire.call("GET", "/procurement/types")
    assert server.paths()[1::2] == [
        "/v1/apis/3.0/procurement/types",
        "/v2/apis/3.0/procurement/types",
    ]
    assert server.paths()[-1] == "/v2/apis/3.0/procurement/types"


def test_the_codebase_is_looked_up_again_only_once(
    wire: ConnectWiseWire, server, answer: Answering
) -> None:
    server.plan(answer(info("v1/")), answer({}, 404), answer(info("v2/")), answer({}, 404))
    with pytest.raises(AccessError):
        wire.call("GET", "/procurement/types")


# ---------------------------------------------------------------- a 404


def test_a_record_is_gone_only_if_the_catalog_still_answers(
    wire: ConnectWiseWire, server, answer: Answering
) -> None:
    server.plan(answer(info()), answer({}, 404), answer(info()), answer([{"id": 1}]))
    with pytest.raises(NotFoundError):
        wire.call("GET", "/procurement/catalog/5", record=True)
    assert server.paths()[-1] == "/v2026_4/apis/3.0/procurement/catalog"


def test_wrong_keys_of_a_cloud_do_not_look_like_a_deleted_record(
    wire: ConnectWiseWire, server, answer: Answering
) -> None:
    refused = [answer({}, 404) for _ in range(2)]
    server.plan(answer(info()), refused[0], answer(info()), refused[1], answer(info()))
    with pytest.raises(AccessError, match="CONNECTWISE_PRIVATE_KEY"):
        wire.call("GET", "/procurement/catalog/5", record=True)


def test_a_record_is_not_gone_while_the_server_is_in_trouble(
    wire: ConnectWiseWire, server, answer: Answering
) -> None:
    server.plan(answer(info()), answer({}, 404), answer(info()))
    server.plan(*[answer(text="", status=503) for _ in range(3)])
    with pytest.raises(TryAgainError):
        wire.call("GET", "/procurement/catalog/5", record=True)


# ---------------------------------------------------------------- headers


def test_sign_in_client_id_and_version(wire: ConnectWiseWire, server, answer: Answering) -> None:
    server.plan(answer(info()), answer([]))
    wire.call("GET", "/procurement/types", headers={"pagination-type": "forward-only"})
    headers = server.requests[-1].headers
    pair = base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode()
    assert pair == "demo+public-key-value:private-key-value"
    assert headers["clientId"] == "client-id-value"
    assert headers["Accept"] == "application/vnd.connectwise.com+json; version=2026.4"
    assert headers["pagination-type"] == "forward-only"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (406, {"message": "Not acceptable"}),
        (400, {"code": "ConnectWiseApi", "message": WRONG_VERSION}),
        (400, {"message": "Unsupported API version 2026.4"}),
    ],
)
def test_an_older_server_is_asked_for_its_own_version(
    status: int, body: object, wire: ConnectWiseWire, server, answer: Answering
) -> None:
    server.plan(answer(info()), answer(body, status), answer({"id": 1}, 201), answer([]))
    wire.call("POST", "/procurement/catalog", json={"identifier": "A"})
    wire.call("GET", "/procurement/types")
    assert [request.headers["Accept"] for request in server.requests[2:]] == [
        "application/json",
        "application/json",
    ]


def test_a_member_that_no_version_knows_is_refused_and_the_version_stays(
    wire: ConnectWiseWire, server, answer: Answering
) -> None:
    refused = {"code": "ConnectWiseApi", "message": WRONG_VERSION}
    server.plan(answer(info()), answer(refused, 400), answer(refused, 400), answer([]))
    with pytest.raises(RefusedError):
        wire.call("POST", "/procurement/catalog", json={"x": "A"})
    wire.call("GET", "/procurement/types")
    assert "version=2026.4" in server.requests[-1].headers["Accept"]


def test_an_address_that_is_too_long_is_not_sent(
    wire: ConnectWiseWire, server, answer: Answering
) -> None:
    server.plan(answer(info()))
    with pytest.raises(InputError):
        wire.call("GET", "/procurement/catalog", params={"conditions": "x" * 2000})
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("version", "release"),
    [("v2026.4", (2026, 4)), ("v2017_3", (2017, 3)), ("2025.1.10333", (2025, 1)), ("", None)],
)
def test_the_release(version: str, release: tuple[int, int] | None) -> None:
    assert CompanyInfo("v1", version).release == release


def test_secrets_are_in_no_log_and_no_error(
    wire: ConnectWiseWire, server, answer: Answering, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    server.plan(answer(info()), answer({"message": "UserNotAuthenticated"}, 401))
    with pytest.raises(AccessError) as caught:
        wire.call("GET", "/procurement/catalog", params={"conditions": 'identifier="typed"'})
    basic = server.requests[-1].headers["Authorization"].removeprefix("Basic ")
    shown = caplog.text + str(caught.value) + str(caught.value.detail) + repr(wire.__dict__)
    assert "/procurement/catalog" in caplog.text
    for secret in ("private-key-value", "public-key-value", "client-id-value", basic, "typed"):
        assert secret not in shown
