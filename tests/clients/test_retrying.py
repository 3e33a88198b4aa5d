from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.clients.retrying import (
    Delivery,
    Failure,
    is_client_fault,
    may_retry,
    wait_before_retry,
)

NOW = datetime(2026, 11, 22, 10, 0, 0, tzinfo=UTC)


def answered(status: int, text: str = "", retry_after: str | None = None) -> Failure:
    return Failure(Delivery.ANSWERED, "test", status, text, retry_after)


NOT_SENT = Failure(Delivery.NOT_SENT, "refused")
LOST = Failure(Delivery.LOST, "reset")


@pytest.mark.parametrize(
    ("failure", "read", "write"),
    [
        (NOT_SENT, True, True),
        (answered(429), True, True),
        (LOST, True, False),
        (answered(502), True, False),
        (answered(503), True, False),
        (answered(504), True, False),
        (answered(408), True, False),
        (answered(500, "A timeout has occured. Please try again."), True, False),
        (answered(500, "Timeout expired.  The timeout period elapsed prior to"), True, False),
        (answered(500, "Object reference not set"), False, False),
        (answered(500, 'Error converting value "timeout" to type'), False, False),
        (answered(501), False, False),
        (answered(400, "timeout"), False, False),
        (answered(401), False, False),
        (answered(404), False, False),
        (answered(200, "<html>"), False, False),
    ],
)
def test_what_may_be_repeated(failure: Failure, read: bool, write: bool) -> None:
    assert may_retry(failure, idempotent=True) is read
    assert may_retry(failure, idempotent=False) is write


def test_a_value_of_the_wrong_type_is_the_clients_fault() -> None:
    assert is_client_fault(answered(500, "Error converting value {x} to type 'Int32'"))
    assert not is_client_fault(answered(400, "Error converting value"))
    assert not is_client_fault(answered(500, "timeout"))


def wait(failure: Failure) -> timedelta | None:
    return wait_before_retry(failure, NOW, rate_limit_wait=30, longest=60)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        (" 60 ", 60),
        ("61", 60),
        ("99999999999999999999", 60),
        ("Sun, 22 Nov 2026 10:00:20 GMT", 20),
        ("Sun, 22 Nov 2026 10:00:20 -0000", 20),
        ("Sun, 22 Nov 2026 09:00:00 GMT", 0),
    ],
)
def test_retry_after_is_honoured_up_to_the_cap(header: str, seconds: float) -> None:
    assert wait(answered(503, retry_after=header)) == timedelta(seconds=seconds)


@pytest.mark.parametrize("header", [None, "", "soon", "-5", "1.5", "٣"])
def test_a_rate_limit_without_a_usable_retry_after_waits_the_default(header: str | None) -> None:
    assert wait(answered(429, retry_after=header)) == timedelta(seconds=30)


@pytest.mark.parametrize("failure", [NOT_SENT, LOST, answered(502), answered(503, "", "soon")])
def test_otherwise_backoff_decides(failure: Failure) -> None:
    assert wait(failure) is None
