"""The ASGI layer in front of both systems: counting, rate limit and faults."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

import simplejson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.sandbox.connection_reset import received_at, reset_connection
from core.sandbox.counters import Counters
from core.sandbox.faults import DEFAULT_HTML, Effect, FaultPlan, FaultRule, When
from core.sandbox.rate_limit import RETRY_AFTER, RateLimit, too_many_requests

SOPHOS_PREFIX = "/sophos"


def system_of(path: str) -> str:
    """Which vendor a path belongs to: `connectwise` or `sophos`."""
    return "sophos" if path.lower().startswith(SOPHOS_PREFIX) else "connectwise"


@dataclass
class _Answer:
    """An answer held back: what an application sent."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    async def collect(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    async def send(self, send: Send) -> None:
        await send(_start(self.status, self.headers))
        await send({"type": "http.response.body", "body": self.body})

    async def send_half(self, send: Send) -> None:
        """Announce the whole body and send half; uvicorn then closes the connection."""
        headers = [*_without_length(self.headers), _length(self.body)]
        await send(_start(self.status, headers))
        half = self.body[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})

    def cut(self) -> _Answer:
        """Half of the body, announced as if it were all."""
        half = self.body[: len(self.body) // 2]
        return _Answer(self.status, [*_without_length(self.headers), _length(half)], half)


class FaultMiddleware:
    """Counts every request of both vendors, then lets the rate limit or a fault have it."""

    def __init__(
        self, app: ASGIApp, faults: FaultPlan, counters: Counters, rate_limit: RateLimit
    ) -> None:
        self._app = app
        self._faults = faults
        self._counters = counters
        self._rate_limit = rate_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI entry; HTTP only, as the server takes nothing else."""
        self._counters.begin(scope["method"], scope["path"])
        try:
            await self._handle(scope, receive, send)
        finally:
            self._counters.end()

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        system = system_of(scope["path"])
        if not self._rate_limit.allows(system):
            await _rate_limited(system, RETRY_AFTER).send(send)
            return
        query = scope["query_string"].decode("latin-1")
        rule = self._faults.choose(system, scope["method"], scope["path"], query)
        if rule is None:
            await self._app(scope, receive, send)
        else:
            await self._strike(rule, scope, receive, send)

    async def _strike(self, rule: FaultRule, scope: Scope, receive: Receive, send: Send) -> None:
        answer: _Answer | None = None
        if rule.when is When.BEFORE:
            receive = _again(await _read_all(receive))
            await asyncio.sleep(rule.latency)
        if rule.when is When.AFTER or rule.effect in _NEEDS_ANSWER:
            answer = _Answer()
            await self._app(scope, receive, answer.collect)
        if rule.when is When.AFTER:
            # The server's own work is part of the time that the answer takes.
            await _wait_until(received_at(scope) + rule.latency)
        await _finish(rule, scope, answer, send)


async def _wait_until(moment: float) -> None:
    """Wait until the monotonic clock says so, to some microseconds."""
    await asyncio.sleep(max(0.0, moment - time.monotonic() - _TIMER_SECONDS))
    while time.monotonic() < moment:
        await asyncio.sleep(0)


# asyncio's timers go off up to that much too late.
_TIMER_SECONDS = 0.0015
_NEEDS_ANSWER = frozenset({Effect.LATENCY, Effect.TRUNCATE, Effect.TRUNCATE_JSON})


async def _finish(rule: FaultRule, scope: Scope, answer: _Answer | None, send: Send) -> None:
    if rule.effect is Effect.RESET:
        await reset_connection(scope)
    elif rule.effect in _NEEDS_ANSWER and answer is not None:
        await _send_damaged(rule.effect, answer, send)
    elif rule.effect is Effect.RATE_LIMIT:
        await _rate_limited(system_of(scope["path"]), rule.retry_after).send(send)
    else:
        await _made_up(rule).send(send)


async def _read_all(receive: Receive) -> list[Message]:
    """Read the request to its end: the client sees the fault as it waits, not earlier.

    What was received is also carried out if the client has given up meanwhile.
    """
    received = [await receive()]
    while received[-1].get("more_body", False):
        received.append(await receive())
    return received


def _again(received: list[Message]) -> Receive:
    remaining = iter(received)

    async def receive() -> Message:
        return next(remaining, {"type": "http.disconnect"})

    return receive


async def _send_damaged(effect: Effect, answer: _Answer, send: Send) -> None:
    if effect is Effect.TRUNCATE:
        await answer.send_half(send)
    elif effect is Effect.TRUNCATE_JSON:
        await answer.cut().send(send)
    else:
        await answer.send(send)


def _made_up(rule: FaultRule) -> _Answer:
    if rule.effect is Effect.HTML:
        page = rule.body if isinstance(rule.body, str) else DEFAULT_HTML
        return _answer(rule.status, page, "text/html; charset=utf-8", rule.headers)
    if isinstance(rule.body, str):
        return _answer(rule.status, rule.body, "text/plain; charset=utf-8", rule.headers)
    text = "" if rule.body is None else simplejson.dumps(rule.body, use_decimal=True)
    return _answer(rule.status, text, "application/json; charset=utf-8", rule.headers)


def _rate_limited(system: str, retry_after: int) -> _Answer:
    text = simplejson.dumps(too_many_requests(system, retry_after))
    return _answer(429, text, "application/json", {"Retry-After": str(retry_after)})


def _answer(status: int, text: str, content_type: str, extra: Any) -> _Answer:
    body = text.encode()
    headers = {"content-type": content_type, **{k.lower(): str(v) for k, v in extra.items()}}
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    return _Answer(status, [*encoded, _length(body)], body)


def _start(status: int, headers: list[tuple[bytes, bytes]]) -> Message:
    return {"type": "http.response.start", "status": status, "headers": headers}


def _length(body: bytes) -> tuple[bytes, bytes]:
    return (b"content-length", str(len(body)).encode())


def _without_length(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in headers if name.lower() != b"content-length"]
