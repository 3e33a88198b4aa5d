from __future__ import annotations

import logging
import ssl
import threading
import time
from collections.abc import Callable
from decimal import Decimal

import httpx
import pytest

from core.clients.answers import Answer
from core.clients.http import Http, HttpLimits
from core.errors import (
    AccessError,
    OutcomeUnknownError,
    RefusedError,
    TryAgainError,
    UnexpectedAnswerError,
    VendorError,
    message,
)

Answering = Callable[..., httpx.Response]


def judge(answer: Answer) -> VendorError:
    return RefusedError(message("Refused."), system="Test", status=answer.status)


@pytest.fixture
def http(server, limits: HttpLimits) -> Http:
    return Http("Test", "https://vendor.test/", limits, transport=server.transport)


def get(http: Http) -> Answer:
    return http.send("GET", "/things", judge=judge)


def post(http: Http) -> Answer:
    return http.send("POST", "/things", json={"a": 1}, judge=judge)


# ---------------------------------------------------------------- what is sent and read


def test_numbers_are_decimal_both_ways(http: Http, server, answer: Answering) -> None:
    server.plan(answer(text='{"price": 1.10, "count": 3}'))
    got = http.send("POST", "/things", json={"price": Decimal("0.1000")}, judge=judge)
    assert got.body == {"price": Decimal("1.10"), "count": 3}
    assert isinstance(got.body["price"], Decimal)
    assert server.requests[0].content == b'{"price": 0.1000}'


def test_text_outside_ascii_survives_both_ways(http: Http, server, answer: Answering) -> None:
    server.plan(answer({"name": "Café 🧾 שלום"}))
    got = http.send("POST", "/things", json={"name": "Zoë 🧾"}, judge=judge)
    assert got.body == {"name": "Café 🧾 שלום"}
    assert server.sent(0) == {"name": "Zoë 🧾"}


def test_query_values_are_escaped(http: Http, server, answer: Answering) -> None:
    server.plan(answer([]))
    http.send("GET", "/things", params={"q": "a&b \"c\" 'd' 50% + *"}, judge=judge)
    raw = server.requests[0].url.raw_path.decode()
    assert raw == "/things?q=a%26b%20%22c%22%20%27d%27%2050%25%20%2B%20%2A"


def test_a_byte_order_mark_and_a_null_answer_are_read(http: Http, server) -> None:
    server.plan(httpx.Response(200, content=b"\xef\xbb\xbf[1]"), httpx.Response(200, text="null"))
    assert get(http).body == [1]
    assert get(http).body is None


def test_no_content_is_a_success(http: Http, server) -> None:
    server.plan(httpx.Response(204))
    assert post(http).status == 204


# ---------------------------------------------------------------- repeated


def trouble(answer: Answering) -> list[httpx.Response | Exception]:
    return [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        httpx.ReadTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.RemoteProtocolError("peer closed connection without sending complete message body"),
        answer({"message": "slow down"}, 429, headers={"Retry-After": "30"}),
        answer(text="Bad gateway", status=502),
        answer(text="<html>503</html>", status=503),
        answer(text="", status=504),
        answer({"message": "A timeout has occured. Please try again."}, 500),
    ]


@pytest.mark.parametrize("case", range(10))
def test_a_read_is_repeated_after_passing_trouble(
    case: int, http: Http, server, answer: Answering
) -> None:
    server.plan(trouble(answer)[case], trouble(answer)[case], answer({"ok": True}))
    assert get(http).body == {"ok": True}


@pytest.mark.parametrize("case", range(10))
def test_a_read_gives_up_after_the_agreed_attempts(
    case: int, http: Http, server, answer: Answering
) -> None:
    server.plan(*[trouble(answer)[case] for _ in range(3)])
    with pytest.raises(TryAgainError) as caught:
        get(http)
    assert caught.value.remedy is not None
    assert len(server.requests) == 3


@pytest.mark.parametrize("case", [0, 1, 5])
def test_a_write_that_reached_nobody_is_repeated(
    case: int, http: Http, server, answer: Answering
) -> None:
    server.plan(trouble(answer)[case], answer({"id": 1}, 201))
    assert post(http).status == 201


@pytest.mark.parametrize("case", [0, 5])
def test_a_write_that_reached_nobody_may_be_tried_again(
    case: int, http: Http, server, answer: Answering
) -> None:
    server.plan(*[trouble(answer)[case] for _ in range(3)])
    with pytest.raises(TryAgainError):
        post(http)


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
@pytest.mark.parametrize("case", [2, 3, 4, 6, 7, 8, 9])
def test_a_write_with_an_unknown_outcome_is_never_repeated(
    case: int, method: str, http: Http, server, answer: Answering
) -> None:
    server.plan(trouble(answer)[case])
    with pytest.raises(OutcomeUnknownError) as caught:
        http.send(method, "/things/1", json={"a": 1}, judge=judge)
    assert len(server.requests) == 1
    assert "before trying again" in str(caught.value)


@pytest.mark.parametrize("text", ['{"id": 12, "na', "<html>signed in</html>", "OK", ""])
def test_a_success_that_cannot_be_read_leaves_a_write_unknown(
    text: str, http: Http, server, answer: Answering
) -> None:
    server.plan(answer(text=text, status=201))
    with pytest.raises(OutcomeUnknownError):
        post(http)


def test_a_write_declared_idempotent_is_repeated(http: Http, server, answer: Answering) -> None:
    server.plan(httpx.ReadTimeout("slow"), answer({"token": "x"}))
    http.send("POST", "/token", form={"a": "b"}, idempotent=True, judge=judge)
    assert server.requests[0].content == b"a=b"
    assert server.requests[0].headers["content-type"] == "application/x-www-form-urlencoded"


# ---------------------------------------------------------------- not repeated


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 415])
@pytest.mark.parametrize("call", [get, post])
def test_a_refusal_is_judged_and_not_repeated(
    call: Callable[[Http], Answer], status: int, http: Http, server, answer: Answering
) -> None:
    server.plan(answer({"message": "no"}, status))
    with pytest.raises(RefusedError) as caught:
        call(http)
    assert caught.value.status == status


@pytest.mark.parametrize("call", [get, post])
def test_a_500_that_is_the_clients_fault_is_a_refusal(
    call: Callable[[Http], Answer], http: Http, server, answer: Answering
) -> None:
    text = "Error converting value \"x\" to type 'System.Int32'. Path 'timeout', line 1."
    server.plan(answer({"code": "ConnectWiseApi", "message": text}, 500))
    with pytest.raises(RefusedError):
        call(http)
    assert len(server.requests) == 1


def test_any_other_500_of_a_read_is_trouble_and_not_repeated(
    http: Http, server, answer: Answering
) -> None:
    server.plan(answer({"message": "Object reference not set"}, 500))
    with pytest.raises(TryAgainError) as caught:
        get(http)
    assert caught.value.status == 500


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (200, b"<html><body>Sign in to the WiFi</body></html>"),
        (200, b'{"id": 12, "na'),
        (200, b'[{"price": NaN}]'),
        (200, b""),
        (200, b'{"name": "caf\xe9"}'),
        (200, b"[" * 100_000),
        (302, b""),
    ],
)
def test_an_answer_that_is_not_data_is_named_as_such(
    status: int, content: bytes, http: Http, server
) -> None:
    server.plan(httpx.Response(status, content=content, headers={"Location": "/login"}))
    with pytest.raises(UnexpectedAnswerError) as caught:
        get(http)
    assert "vendor.test" in str(caught.value)
    assert len(server.requests) == 1


def test_keys_that_cannot_be_sent_are_an_access_error_that_does_not_quote_them(
    http: Http, server
) -> None:
    server.plan(httpx.LocalProtocolError("Illegal header value b'secret\\nvalue'"))
    for value in ("secret-value", "sécret-value"):
        with pytest.raises(AccessError) as caught:
            http.send("GET", "/things", headers={"clientId": value}, judge=judge)
        error: BaseException | None = caught.value
        assert error is not None
        assert error.__suppress_context__
        assert "cret" not in f"{error} {caught.value.detail}"


def test_an_untrusted_certificate_is_not_passing_trouble(http: Http, server) -> None:
    failed = httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED]")
    failed.__cause__ = ssl.SSLCertVerificationError("self-signed certificate")
    server.plan(failed)
    with pytest.raises(AccessError) as caught:
        get(http)
    assert "certificate" in str(caught.value)


# ---------------------------------------------------------------- waits, pace, log


def test_retry_after_is_waited_for_and_capped(server, answer: Answering) -> None:
    limits = HttpLimits(attempts=2, retry_after_max=0.2, wait_initial=9, wait_max=9)
    http = Http("Test", "https://vendor.test", limits, transport=server.transport)
    server.plan(answer({}, 429, headers={"Retry-After": "30"}), answer({"ok": 1}))
    started = time.monotonic()
    get(http)
    assert 0.2 <= time.monotonic() - started < 8


def test_a_call_is_not_tried_again_after_the_agreed_time(server) -> None:
    limits = HttpLimits(attempts=50, total=0.5, wait_initial=0.2, wait_max=0.2, wait_jitter=0)
    http = Http("Test", "https://vendor.test", limits, transport=server.transport)
    server.plan(*[httpx.ConnectError("refused")] * 50)
    with pytest.raises(TryAgainError):
        get(http)
    assert 2 <= len(server.requests) < 6
    server.steps.clear()


def test_no_more_than_the_agreed_calls_are_in_flight(server, answer: Answering) -> None:
    running, most, lock = 0, 0, threading.Lock()

    def handle(_: httpx.Request) -> httpx.Response:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1
        return answer([])

    limits = HttpLimits(per_minute=600_000, in_flight=2)
    http = Http("Test", "https://vendor.test", limits, transport=httpx.MockTransport(handle))
    threads = [threading.Thread(target=get, args=(http,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 2


def test_one_redacted_line_per_call(
    server, limits: HttpLimits, answer: Answering, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.plan(
        answer(text="x", status=503),
        answer({"name": "body-text"}, headers={"x-cw-request-id": "req-7"}),
    )
    http = Http("Test", "https://vendor.test", limits, transport=server.transport)
    http.send(
        "GET",
        "/things",
        params={"conditions": 'name="typed-by-a-person"'},
        headers={"Authorization": "Basic top-secret"},
        judge=judge,
    )
    ours = [record.getMessage() for record in caplog.records if record.name == "core.clients"]
    assert len(ours) == 2
    assert ours[0].startswith("Test GET /things?conditions -> 503 in ")
    assert "200" in ours[1]
    assert "attempt 2" in ours[1]
    assert "req-7" in ours[1]
    assert not [record for record in caplog.records if record.name.startswith("stamina")]
    for hidden in ("top-secret", "typed-by-a-person", "body-text"):
        assert hidden not in caplog.text


def test_a_loopback_server_is_reached_past_a_proxy(
    monkeypatch: pytest.MonkeyPatch, limits: HttpLimits
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with _tiny_server() as port:
        http = Http("Test", f"http://127.0.0.1:{port}", limits)
        assert get(http).body == {"ok": True}
        http.close()


def _tiny_server():
    from contextlib import contextmanager
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b'{"ok": true}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    @contextmanager
    def run():
        with HTTPServer(("127.0.0.1", 0), Handler) as tiny:
            thread = threading.Thread(target=tiny.serve_forever, daemon=True)
            thread.start()
            yield tiny.server_port
            tiny.shutdown()
            thread.join()

    return run()
