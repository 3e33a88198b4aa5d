"""Whether a failed call may be repeated, and after how long. Sleeping is left to stamina.

Sources: the ConnectWise developer guide (429 by Retry-After, 5xx with backoff and jitter, no other
4xx), recorded 500 bodies that are timeouts or the client's own fault, and Sophos' samples (429 and
5xx are repeated).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum, auto

_TRANSIENT = frozenset({408, 502, 503, 504})
_TIMEOUT_WORDS = ("timeout", "timed out")


class Delivery(Enum):
    """How far a call came."""

    NOT_SENT = auto()  # no connection was made: the server has seen nothing
    LOST = auto()  # sent, and no complete answer came back
    ANSWERED = auto()


@dataclass(frozen=True)
class Failure:
    """Why a call did not succeed. `text` is the body of the answer, if there is one."""

    delivery: Delivery
    reason: str
    status: int | None = None
    text: str = ""
    retry_after: str | None = None


def is_rate_limit(failure: Failure) -> bool:
    """Whether the server turned the call away unread because there were too many."""
    return failure.status == 429


def is_client_fault(failure: Failure) -> bool:
    """Whether a 500 is a value of the wrong type: ConnectWise reports that as 500."""
    return failure.status == 500 and "error converting value" in failure.text.lower()


def may_retry(failure: Failure, *, idempotent: bool) -> bool:
    """Decide whether to repeat.

    A call that was never delivered, or was turned away by the rate limit, has changed nothing and
    may always be repeated. Any other failure of a call that writes has an unknown outcome.
    """
    if failure.delivery is Delivery.NOT_SENT or is_rate_limit(failure):
        return True
    if not idempotent or is_client_fault(failure):
        return False
    return failure.delivery is Delivery.LOST or _is_transient(failure)


def _is_transient(failure: Failure) -> bool:
    if failure.status == 500:
        return any(word in failure.text.lower() for word in _TIMEOUT_WORDS)
    return failure.status in _TRANSIENT


def wait_before_retry(
    failure: Failure, now: datetime, *, rate_limit_wait: float, longest: float
) -> timedelta | None:
    """How long the server asks to wait, at most `longest` seconds.

    None means that it did not say: exponential backoff with jitter then applies. A rate limit
    without Retry-After waits `rate_limit_wait` seconds, as the ConnectWise guide asks.
    """
    asked = _seconds(failure.retry_after, now)
    if asked is None and is_rate_limit(failure):
        asked = rate_limit_wait
    if asked is None:
        return None
    return timedelta(seconds=min(max(asked, 0.0), longest))


def _seconds(header: str | None, now: datetime) -> float | None:
    """Read Retry-After: a number of seconds, or an HTTP date."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - now).total_seconds()
