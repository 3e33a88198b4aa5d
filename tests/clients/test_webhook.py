"""Posts over real HTTP: what arrives, who can verify it, and what is said when it does not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime

import httpx
import pytest

from core.clients.http import HttpLimits
from core.clients.webhook import Post, Webhook, secret_bytes, signed_headers
from core.errors import (
    AccessError,
    RefusedError,
    TryAgainError,
    UnexpectedAnswerError,
    VendorError,
)
from core.notification_settings import WebhookSettings
from tests.hook_receiver import HookReceiver, hook_receiver

NOW = datetime(2026, 11, 3, 6, 0, tzinfo=UTC)
POST = Post("run-7", '{"text": "Zoë 🧾"}'.encode())
SECRET = "hush-hook-secret"
HIDDEN = ("t0ken", SECRET, "127.0.0.1")


@pytest.fixture
def receiver() -> Iterator[HookReceiver]:
    with hook_receiver() as running:
        yield running


def send(url: str, *, limits: HttpLimits | None = None, post: Post = POST) -> None:
    with closing(Webhook(WebhookSettings(url, SECRET), limits)) as webhook:
        webhook.send(post, NOW)


def failure(url: str, *, read_timeout: float = 20.0) -> VendorError:
    limits = HttpLimits(attempts=4, wait_initial=0.01, read_timeout=read_timeout)
    with pytest.raises(VendorError) as caught:
        send(url, limits=limits)
    error = caught.value
    assert error.remedy is not None
    assert error.__suppress_context__
    told = f"{error} {error.detail} {error!r}"
    assert [hidden for hidden in HIDDEN if hidden in told] == []
    return error


# ---------------------------------------------------------------- what is sent


def test_what_is_posted_arrives_as_it_is(receiver: HookReceiver) -> None:
    send(receiver.url)
    (got,) = receiver.received
    assert got.path == "/hooks/t0ken-in-path?key=t0ken-in-query"
    assert got.body == POST.body
    assert got.headers["content-type"] == "application/json"
    assert got.headers["webhook-id"] == "run-7"
    assert got.headers["webhook-timestamp"] == str(int(NOW.timestamp()))


def test_a_receiver_can_verify_the_signature_as_the_readme_says(receiver: HookReceiver) -> None:
    send(receiver.url)
    (got,) = receiver.received
    # Written out again on purpose, as a receiver would.
    signed = f"run-7.{int(NOW.timestamp())}.".encode() + got.body
    expected = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest())
    assert got.headers["webhook-signature"] == "v1," + expected.decode()


def test_the_signature_is_that_of_the_published_example() -> None:
    """The example of standardwebhooks.com's own libraries."""
    secret = secret_bytes("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    post = Post("msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}')
    at = datetime.fromtimestamp(1614265330, UTC)
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signed_headers(secret, post, at)["webhook-signature"] == expected


@pytest.mark.parametrize(
    "changed",
    [
        lambda: signed_headers(b"other", POST, NOW),
        lambda: signed_headers(SECRET.encode(), Post("run-8", POST.body), NOW),
        lambda: signed_headers(SECRET.encode(), Post("run-7", POST.body + b" "), NOW),
        lambda: signed_headers(SECRET.encode(), POST, datetime(2026, 11, 3, 6, 0, 1, tzinfo=UTC)),
    ],
)
def test_secret_id_time_and_body_are_all_signed(changed: Callable[[], dict[str, str]]) -> None:
    signature = signed_headers(SECRET.encode(), POST, NOW)["webhook-signature"]
    assert changed()["webhook-signature"] != signature


@pytest.mark.parametrize("secret", ["plain", "whsec_", "whsec_no base64!", "whsec_abc"])
def test_a_secret_that_is_no_base64_is_taken_as_it_is(secret: str) -> None:
    assert secret_bytes(secret) == secret.encode()


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_success_is_done_whatever_it_says(receiver: HookReceiver, status: int) -> None:
    receiver.answers = [status]
    send(receiver.url)
    assert len(receiver.received) == 1


# ---------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize(
    ("status", "kind", "named"),
    [
        (300, UnexpectedAnswerError, "NOTIFY_WEBHOOK_URL"),
        (302, UnexpectedAnswerError, "NOTIFY_WEBHOOK_URL"),
        (400, RefusedError, "README"),
        (401, AccessError, "NOTIFY_WEBHOOK_SECRET"),
        (403, AccessError, "NOTIFY_WEBHOOK_SECRET"),
        (404, AccessError, "NOTIFY_WEBHOOK_URL"),
        (405, AccessError, "NOTIFY_WEBHOOK_URL"),
        (408, TryAgainError, "log"),
        (410, AccessError, "NOTIFY_WEBHOOK_URL"),
        (413, RefusedError, "README"),
        (422, RefusedError, "README"),
        (429, TryAgainError, "later"),
        (500, TryAgainError, "log"),
        (503, TryAgainError, "log"),
    ],
)
def test_each_answer_has_its_sentence_and_remedy_and_is_asked_for_once(
    receiver: HookReceiver, status: int, kind: type[VendorError], named: str
) -> None:
    receiver.answers = [status]
    error = failure(receiver.url)
    assert type(error) is kind
    assert error.status == status
    assert str(status) in str(error.text)
    assert named in str(error.remedy)
    assert len(receiver.received) == 1


def test_a_receiver_that_does_not_answer_in_time(receiver: HookReceiver) -> None:
    receiver.answers = ["hang"]
    error = failure(receiver.url, read_timeout=0.3)
    assert isinstance(error, TryAgainError)
    assert "in time" in str(error.text)
    assert len(receiver.received) == 1


def test_a_receiver_that_hangs_up(receiver: HookReceiver) -> None:
    receiver.answers = ["hang up"]
    assert "closed the connection" in str(failure(receiver.url).text)


def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        error = failure(f"http://127.0.0.1:{taken.getsockname()[1]}/t0ken")
    assert isinstance(error, TryAgainError)
    assert "cannot be reached" in str(error.text)


def test_a_host_that_there_is_not() -> None:
    error = failure("https://t0ken.invalid/hook")
    assert "not known" in str(error.text)
    assert "NOTIFY_WEBHOOK_URL" in str(error.remedy)


def test_a_certificate_that_nobody_trusts() -> None:
    with hook_receiver(encrypted=True) as encrypted:
        error = failure(encrypted.url)
        assert encrypted.received == []
    assert "certificate" in str(error.text)


def test_https_where_only_http_is_spoken(receiver: HookReceiver) -> None:
    error = failure(receiver.url.replace("http:", "https:"))
    assert "encrypted" in str(error.text)
    assert receiver.received == []


def test_an_address_that_cannot_be_sent() -> None:
    error = failure("https://hooks..example.com/t0ken")
    assert isinstance(error, AccessError)
    assert "NOTIFY_WEBHOOK_URL" in str(error.remedy)


def test_the_log_has_neither_address_nor_secret_nor_body(
    receiver: HookReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    receiver.answers = [500, 200]
    failure(receiver.url)
    send(receiver.url)
    failure("https://t0ken.invalid/hook")
    assert "webhook POST (address) -> 500" in caplog.text
    assert "webhook POST (address) -> 200" in caplog.text
    for hidden in (*HIDDEN, "Zoë", "v1,"):
        assert hidden not in caplog.text


def test_nothing_is_sent_to_where_a_redirection_leads(receiver: HookReceiver) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(307, headers={"Location": receiver.url})

    webhook = Webhook(
        WebhookSettings("https://hooks.test/x", SECRET), transport=httpx.MockTransport(handle)
    )
    with pytest.raises(UnexpectedAnswerError):
        webhook.send(POST, NOW)
    assert receiver.received == []
