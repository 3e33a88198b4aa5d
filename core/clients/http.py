"""HTTP for all vendors: timeouts, pacing, retry, JSON with Decimal, one log line per call.

The only module that imports httpx: its successor has the same surface, and changing over must stay
one line.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode, urlsplit

import httpx
import simplejson
import stamina

from core.clients.answers import Answer
from core.clients.counting import RequestCounter
from core.clients.http_errors import (
    Failed,
    error_of,
    is_certificate_trouble,
    is_refusal,
    unsendable,
    untrusted,
)
from core.clients.pacing import Pacer
from core.clients.retrying import Delivery, Failure, may_retry, wait_before_retry
from core.errors import AccessError, VendorError

__all__ = ["Accept", "BaseTransport", "Http", "HttpLimits", "Judge", "Params"]

BaseTransport = httpx.BaseTransport

log = logging.getLogger("core.clients")
# httpx logs whole addresses, and our queries hold what people typed.
logging.getLogger("httpx").setLevel(logging.WARNING)
# At its most talkative this one tells hosts and the headers of answers.
logging.getLogger("httpcore").setLevel(logging.WARNING)
# stamina warns of each retry, on stderr where nothing is set up; ours say the attempt.
logging.getLogger("stamina").setLevel(logging.ERROR)

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_UNSENDABLE = (
    httpx.LocalProtocolError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
    UnicodeError,
)
_LOOPBACK = ("all://127.0.0.1", "all://localhost", "all://[::1]")
_IDEMPOTENT = frozenset({"GET", "HEAD"})

Params = Mapping[str, str | int]


@dataclass(frozen=True)
class HttpLimits:
    """Timeouts and waits in seconds, pace, and how often a call is tried.

    After `total` seconds a call is not tried again.
    """

    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    total: float = 180.0
    per_minute: int = 600
    in_flight: int = 4
    attempts: int = 4
    wait_initial: float = 0.5
    wait_max: float = 20.0
    wait_jitter: float = 0.5
    rate_limit_wait: float = 30.0
    retry_after_max: float = 60.0


Judge = Callable[[Answer], VendorError]
Accept = Callable[[Answer], bool]


class _FailedError(Exception):
    """One attempt failed; carries what the retry decision and the final error need."""

    def __init__(self, failure: Failure, answer: Answer | None = None) -> None:
        super().__init__(failure.reason)
        self.failure = failure
        self.answer = answer


@dataclass(frozen=True)
class _Call:
    method: str
    url: str
    label: str
    headers: Mapping[str, str] = field(repr=False)
    content: bytes | None = field(repr=False)
    idempotent: bool
    accept: Accept


class Http:
    """One server of one vendor. Thread-safe; keep it for the life of the process.

    `transport` replaces the network in tests.
    """

    def __init__(
        self,
        system: str,
        base_url: str,
        limits: HttpLimits | None = None,
        *,
        transport: BaseTransport | None = None,
        pacer: Pacer | None = None,
        counter: RequestCounter | None = None,
    ) -> None:
        self.system = system
        self.base_url = base_url.rstrip("/")
        self._limits = limits or HttpLimits()
        self._pacer = pacer or Pacer(self._limits.per_minute, self._limits.in_flight)
        self.counter = counter or RequestCounter()
        self._client = httpx.Client(
            transport=transport,
            timeout=httpx.Timeout(self._limits.read_timeout, connect=self._limits.connect_timeout),
            headers={"User-Agent": "usage-sync"},
            # A proxy of the environment is for the internet, not for the sandbox on this machine.
            mounts=None if transport else dict.fromkeys(_LOOPBACK),
        )

    @property
    def host(self) -> str:
        """The host name, for messages."""
        return urlsplit(self.base_url).hostname or self.base_url

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        judge: Judge,
        params: Params | None = None,
        json: object = None,
        form: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        idempotent: bool | None = None,
        label: str | None = None,
        accept: Accept | None = None,
    ) -> Answer:
        """Send one call, repeat it where that is safe, and return a 2xx answer.

        The body is `json`, `form`, or `content` as it is. `judge` makes the error of a 4xx answer.
        `accept` says which answers count as done; without it, those that hold data. `label`
        replaces the path in the log. Raises
        TryAgainError, OutcomeUnknownError (a write without an answer that says what happened),
        AccessError, UnexpectedAnswerError, or what `judge` returns.
        """
        call = _Call(
            method=method,
            url=self.url(path, params),
            label=_label(label or path, params),
            headers=_headers(json, form, headers),
            content=_content(json, form) if content is None else content,
            idempotent=method in _IDEMPOTENT if idempotent is None else idempotent,
            accept=accept or _is_usable,
        )
        try:
            return self._repeatedly(call)
        except _FailedError as failed:
            raise self._error(call, failed, judge) from failed.__cause__

    def url(self, path: str, params: Params | None = None) -> str:
        """The whole address. Spaces become %20: every server reads that the same way."""
        query = urlencode(dict(params or {}), quote_via=quote, safe="")
        return self.base_url + path + ("?" + query if query else "")

    def _repeatedly(self, call: _Call) -> Answer:
        limits = self._limits

        def decide(error: Exception) -> bool | timedelta:
            if not isinstance(error, _FailedError):
                return False
            if not may_retry(error.failure, idempotent=call.idempotent):
                return False
            asked = wait_before_retry(
                error.failure,
                datetime.now(UTC),
                rate_limit_wait=limits.rate_limit_wait,
                longest=limits.retry_after_max,
            )
            return True if asked is None else asked

        for attempt in stamina.retry_context(
            on=decide,
            attempts=limits.attempts,
            timeout=limits.total,
            wait_initial=limits.wait_initial,
            wait_max=limits.wait_max,
            wait_jitter=limits.wait_jitter,
        ):
            with attempt:
                return self._once(call, attempt.num)
        raise AssertionError("stamina lets the last error through")

    def _once(self, call: _Call, attempt: int) -> Answer:
        started = time.monotonic()
        try:
            # Before its turn: others' calls are under way meanwhile.
            request = self._client.build_request(
                call.method, call.url, content=call.content, headers=call.headers
            )
            with self._pacer.turn():
                started = time.monotonic()
                response = self._client.send(request)
        except _UNSENDABLE as error:
            self._log(call, attempt, started, type(error).__name__)
            # Without its cause: the text of that error quotes the value, perhaps a key.
            raise unsendable(self.system, error) from None
        except httpx.HTTPError as error:
            if not isinstance(error, _NOT_SENT):
                self.counter.count(call.method)
            self._log(call, attempt, started, type(error).__name__)
            raise self._no_answer(error) from error
        self.counter.count(call.method)
        answer = Answer.of(response.status_code, response.headers, response.content)
        self._log(call, attempt, started, str(answer.status), answer)
        if call.accept(answer):
            return answer
        raise _FailedError(_failure(answer), answer)

    def _no_answer(self, error: Exception) -> _FailedError | AccessError:
        not_sent = isinstance(error, _NOT_SENT)
        if not_sent and is_certificate_trouble(error):
            return untrusted(self.system, self.host, error)
        delivery = Delivery.NOT_SENT if not_sent else Delivery.LOST
        return _FailedError(Failure(delivery, f"{type(error).__name__}: {error}"))

    def _error(self, call: _Call, failed: _FailedError, judge: Judge) -> VendorError:
        if failed.answer is not None and is_refusal(failed.failure):
            return judge(failed.answer)
        return error_of(
            Failed(self.system, self.host, failed.failure, failed.answer, call.idempotent)
        )

    def _log(
        self, call: _Call, attempt: int, started: float, result: str, answer: Answer | None = None
    ) -> None:
        log.info(
            "%s %s %s -> %s in %d ms, attempt %d, %d bytes, request id %s",
            self.system,
            call.method,
            call.label,
            result,
            (time.monotonic() - started) * 1000,
            attempt,
            len(answer.text) if answer else 0,
            (answer.request_id if answer else None) or "-",
        )


def _is_usable(answer: Answer) -> bool:
    return answer.is_usable


def _label(path: str, params: Params | None) -> str:
    """What the log says of an address: names of the query only, its values may be personal."""
    return path + ("?" + "&".join(params) if params else "")


def _headers(
    json: object, form: Mapping[str, str] | None, headers: Mapping[str, str] | None
) -> dict[str, str]:
    content_type = {}
    if form is not None:
        content_type = {"Content-Type": "application/x-www-form-urlencoded"}
    elif json is not None:
        content_type = {"Content-Type": "application/json"}
    return {"Accept": "application/json", **content_type, **(headers or {})}


def _content(json: object, form: Mapping[str, str] | None) -> bytes | None:
    if form is not None:
        return urlencode(form).encode("ascii")
    if json is not None:
        text: str = simplejson.dumps(json, use_decimal=True, ensure_ascii=False)
        return text.encode("utf-8")
    return None


def _failure(answer: Answer) -> Failure:
    return Failure(
        Delivery.ANSWERED,
        f"status {answer.status}: {answer.excerpt}",
        answer.status,
        answer.text,
        answer.headers.get("retry-after"),
    )
