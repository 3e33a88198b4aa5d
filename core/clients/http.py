"""HTTP for all vendors: timeouts, pacing, retry, JSON with Decimal, one log line per call.

The only module that imports httpx: its successor has the same surface, and changing over must stay
one line.
"""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode, urlsplit

import httpx
import simplejson
import stamina

from core.clients.pacing import Pacer
from core.clients.retrying import (
    Delivery,
    Failure,
    is_client_fault,
    is_rate_limit,
    may_retry,
    wait_before_retry,
)
from core.errors import (
    AccessError,
    OutcomeUnknownError,
    TryAgainError,
    UnexpectedAnswerError,
    VendorError,
    message,
)

BaseTransport = httpx.BaseTransport

log = logging.getLogger("core.clients")
# httpx logs whole addresses, and our queries hold what people typed.
logging.getLogger("httpx").setLevel(logging.WARNING)

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_UNSENDABLE = (
    httpx.LocalProtocolError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
    UnicodeEncodeError,
)
_LOOPBACK = ("all://127.0.0.1", "all://localhost", "all://[::1]")
_IDEMPOTENT = frozenset({"GET", "HEAD"})
_DETAIL_LENGTH = 500

Params = Mapping[str, str | int]


@dataclass(frozen=True)
class HttpLimits:
    """Timeouts and waits in seconds, pace, and how often a call is tried."""

    connect_timeout: float = 10.0
    read_timeout: float = 90.0
    per_minute: int = 600
    in_flight: int = 4
    attempts: int = 4
    wait_initial: float = 0.5
    wait_max: float = 20.0
    wait_jitter: float = 0.5
    rate_limit_wait: float = 30.0
    retry_after_max: float = 60.0


@dataclass(frozen=True)
class Answer:
    """An answer: `body` is its JSON with Decimal numbers, None when it has none or is not JSON."""

    status: int
    headers: Mapping[str, str]
    text: str = field(repr=False)
    body: object = field(repr=False, default=None)

    @property
    def request_id(self) -> str | None:
        """What the vendor's support asks for, where it is a header."""
        return self.headers.get("x-cw-request-id") or self.headers.get("x-request-id")

    @property
    def excerpt(self) -> str:
        """The start of the answer, for a log."""
        return " ".join(self.text[:_DETAIL_LENGTH].split())


Judge = Callable[[Answer], VendorError]


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
    ) -> None:
        self.system = system
        self.base_url = base_url.rstrip("/")
        self._limits = limits or HttpLimits()
        self._pacer = pacer or Pacer(self._limits.per_minute, self._limits.in_flight)
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
        headers: Mapping[str, str] | None = None,
        idempotent: bool | None = None,
        label: str | None = None,
    ) -> Answer:
        """Send one call, repeat it where that is safe, and return a 2xx answer.

        `judge` makes the error of a 4xx answer. `label` replaces the path in the log. Raises
        TryAgainError, OutcomeUnknownError (a write without an answer that says what happened),
        AccessError, UnexpectedAnswerError, or what `judge` returns.
        """
        call = _Call(
            method=method,
            url=self.url(path, params),
            label=_label(label or path, params),
            headers=_headers(json, form, headers),
            content=_content(json, form),
            idempotent=method in _IDEMPOTENT if idempotent is None else idempotent,
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
            timeout=None,
            wait_initial=limits.wait_initial,
            wait_max=limits.wait_max,
            wait_jitter=limits.wait_jitter,
        ):
            with attempt:
                return self._once(call, attempt.num)
        raise AssertionError("stamina lets the last error through")

    def _once(self, call: _Call, attempt: int) -> Answer:
        with self._pacer.turn():
            started = time.monotonic()
            try:
                response = self._client.request(
                    call.method, call.url, content=call.content, headers=call.headers
                )
            except _UNSENDABLE as error:
                self._log(call, attempt, started, type(error).__name__)
                # Without its cause: the text of that error quotes the value, perhaps a key.
                raise self._unsendable(error) from None
            except httpx.HTTPError as error:
                self._log(call, attempt, started, type(error).__name__)
                raise self._no_answer(error) from error
        answer = _answer(response)
        self._log(call, attempt, started, str(answer.status), answer)
        return _accepted(answer, response)

    def _no_answer(self, error: Exception) -> Exception:
        if isinstance(error, _NOT_SENT) and _is_certificate_trouble(error):
            return self._untrusted(error)
        delivery = Delivery.NOT_SENT if isinstance(error, _NOT_SENT) else Delivery.LOST
        return _FailedError(Failure(delivery, f"{type(error).__name__}: {error}"))

    def _unsendable(self, error: Exception) -> AccessError:
        return AccessError(
            message(
                "The connection settings of {system} hold characters that cannot be sent.",
                system=self.system,
            ),
            system=self.system,
            remedy=message("Copy the address and the keys again, without line breaks or accents."),
            # Not the error's own text: it may quote the value.
            detail=type(error).__name__,
        )

    def _untrusted(self, error: Exception) -> AccessError:
        return AccessError(
            message("The certificate of {host} cannot be trusted.", host=self.host),
            system=self.system,
            remedy=message(
                "Check the address in the settings, the clock of this computer, and whether a "
                "proxy or firewall opens encrypted connections."
            ),
            detail=str(error),
        )

    def _error(self, call: _Call, failed: _FailedError, judge: Judge) -> VendorError:
        failure, answer = failed.failure, failed.answer
        if failure.delivery is Delivery.NOT_SENT:
            return self._unreachable(failure)
        if is_rate_limit(failure):
            return self._too_many(failure, answer)
        if answer is not None and _is_refusal(failure):
            return judge(answer)
        if not call.idempotent:
            return self._outcome_unknown(failure, answer)
        if answer is not None and answer.status < 400:
            return self._not_json(answer)
        return self._in_trouble(failure, answer)

    def _unreachable(self, failure: Failure) -> TryAgainError:
        return TryAgainError(
            message("{system} cannot be reached at {host}.", system=self.system, host=self.host),
            system=self.system,
            remedy=message(
                "Check the network and the address in the settings, then try again. "
                "Nothing was changed."
            ),
            detail=failure.reason,
        )

    def _too_many(self, failure: Failure, answer: Answer | None) -> TryAgainError:
        return TryAgainError(
            message("{system} is receiving too many requests.", system=self.system),
            system=self.system,
            status=failure.status,
            request_id=answer.request_id if answer else None,
            remedy=message("Wait a minute and try again. Nothing was changed."),
            detail=failure.reason,
        )

    def _in_trouble(self, failure: Failure, answer: Answer | None) -> TryAgainError:
        text = (
            message("{system} did not answer in full.", system=self.system)
            if failure.status is None
            else message(
                "{system} is having trouble (error {status}).",
                system=self.system,
                status=failure.status,
            )
        )
        return TryAgainError(
            text,
            system=self.system,
            status=failure.status,
            request_id=answer.request_id if answer else None,
            remedy=message("Try again in a few minutes. Nothing was changed."),
            detail=failure.reason,
        )

    def _outcome_unknown(self, failure: Failure, answer: Answer | None) -> OutcomeUnknownError:
        return OutcomeUnknownError(
            message("The answer of {system} to a change was lost.", system=self.system),
            system=self.system,
            status=failure.status,
            request_id=answer.request_id if answer else None,
            remedy=message(
                "Look in {system} whether the change was made before trying again.",
                system=self.system,
            ),
            detail=failure.reason,
        )

    def _not_json(self, answer: Answer) -> UnexpectedAnswerError:
        return UnexpectedAnswerError(
            message("{host} answered with something else than data.", host=self.host),
            system=self.system,
            status=answer.status,
            request_id=answer.request_id,
            remedy=message(
                "Check that the address in the settings is that of the {system} API, and that no "
                "proxy or sign-in page stands in between.",
                system=self.system,
            ),
            detail=answer.excerpt,
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


def _answer(response: httpx.Response) -> Answer:
    try:
        text = response.content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Repaired text could differ from what was sent, so none of it is taken as data.
        text = response.content.decode("latin-1")
        return Answer(response.status_code, response.headers, text)
    return Answer(response.status_code, response.headers, text, _json(text))


def _json(text: str) -> object:
    try:
        return simplejson.loads(text, use_decimal=True)
    except (ValueError, RecursionError):
        return None


def _accepted(answer: Answer, response: httpx.Response) -> Answer:
    """The answer if it is a success that can be read; raises _FailedError otherwise."""
    readable = answer.body is not None or answer.text.strip() == "null"
    complete = readable or (answer.status == 204 and not answer.text)
    if response.is_success and complete:
        return answer
    reason = f"status {answer.status}: {answer.excerpt}"
    retry_after = answer.headers.get("retry-after")
    raise _FailedError(
        Failure(Delivery.ANSWERED, reason, answer.status, answer.text, retry_after), answer
    )


def _is_refusal(failure: Failure) -> bool:
    """Whether the server understood the call and did not carry it out."""
    is_4xx = failure.status is not None and 400 <= failure.status < 500
    return (is_4xx and failure.status != 408) or is_client_fault(failure)


def _is_certificate_trouble(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
