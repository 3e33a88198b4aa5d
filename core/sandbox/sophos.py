"""Sophos Central Partner: token, `whoami`, tenants and the monthly billing report.

Follows the public Partner API (partner-v1, global host) and its Postman collection: bearer
tokens of `expires_in` seconds, `X-Partner-ID` on partner calls, numbered pages for tenants, and
cursor pages (`pageFromKey`) for `billing/usage`, where a month without data is a 404.
"""

from __future__ import annotations

import base64
import binascii
import secrets
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import simplejson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from core.sandbox.credentials import SophosCredentials
from core.sandbox.world import Record, World

DEFAULT_PAGE_SIZE = 50


@dataclass
class SophosBehaviour:
    """What tests may change: token lifetime in seconds, kind of client, largest page sizes."""

    token_lifetime: float = 3600
    id_type: str = "partner"
    max_tenants_page: int = 100
    max_usage_page: int = 1000

    def update(self, wanted: Mapping[str, object]) -> None:
        """Set several at once; ValueError for an unknown name or a value of another kind."""
        for name, value in wanted.items():
            kinds = _BEHAVIOUR_KINDS.get(name)
            if kinds is None or not isinstance(value, kinds) or isinstance(value, bool):
                raise ValueError(f"{name} is unknown or cannot be {value!r}")
        for name, value in wanted.items():
            setattr(self, name, value)

    def reset(self) -> None:
        """Back to the defaults."""
        for item in fields(self):
            setattr(self, item.name, item.default)


_BEHAVIOUR_KINDS: Mapping[str, tuple[type, ...]] = {
    "token_lifetime": (int, float, Decimal),
    "id_type": (str,),
    "max_tenants_page": (int,),
    "max_usage_page": (int,),
}


class SophosError(Exception):
    """An answer that is not a success, in Sophos' shape."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error = error
        self.message = message


class Tokens:
    """The tokens given out, with the time at which each ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._access: dict[str, float] = {}
        self._refresh: set[str] = set()

    def give(self, lifetime: float) -> Record:
        """A new pair, in the shape of the token endpoint's answer."""
        access, refresh = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        with self._lock:
            self._access[access] = time.monotonic() + float(lifetime)
            self._refresh.add(refresh)
        return {
            "access_token": access,
            "refresh_token": refresh,
            "token_type": "bearer",
            "message": "OK",
            "errorCode": "success",
            "expires_in": int(lifetime),
        }

    def accepts(self, access: str) -> bool:
        """Whether the token is known and not over."""
        with self._lock:
            return self._access.get(access, 0.0) > time.monotonic()

    def accepts_refresh(self, refresh: str) -> bool:
        """Whether the refresh token was given out here."""
        with self._lock:
            return refresh in self._refresh

    def revoke(self) -> None:
        """Every token ends now."""
        with self._lock:
            self._access.clear()
            self._refresh.clear()


class SophosServer:
    """The endpoints of the id service and of the global API host, over one world."""

    def __init__(
        self, world: World, credentials: SophosCredentials, behaviour: SophosBehaviour
    ) -> None:
        self._world = world
        self._credentials = credentials
        self.behaviour = behaviour
        self.tokens = Tokens()

    def routes(self) -> list[BaseRoute]:
        """Routes below `/sophos/id` and `/sophos/api`."""
        usage = "/sophos/api/partner/v1/billing/usage/{year}/{month}"
        return [
            Route("/sophos/id/api/v2/oauth2/token", self._token, methods=["POST"]),
            Route("/sophos/api/whoami/v1", self._answering(self._whoami)),
            Route("/sophos/api/partner/v1/tenants", self._answering(self._tenants)),
            Route(usage, self._answering(self._usage)),
        ]

    # ------------------------------------------------------------ id service

    async def _token(self, request: Request) -> Response:
        form = {key: values[0] for key, values in parse_qs((await request.body()).decode()).items()}
        given = (form.get("client_id"), form.get("client_secret"))
        known = (self._credentials.client_id, self._credentials.client_secret)
        if form.get("grant_type") not in ("client_credentials", "refresh_token"):
            return _token_refused(400, "oauth.unsupported_grant_type", "Unsupported grant type")
        if given != known:
            return _token_refused(401, "oauth.invalid_client", "Client authentication failed")
        if form["grant_type"] == "refresh_token" and not self.tokens.accepts_refresh(
            form.get("refresh_token", "")
        ):
            return _token_refused(400, "oauth.invalid_grant", "Invalid refresh token")
        return _json(self.tokens.give(self.behaviour.token_lifetime))

    # ------------------------------------------------------------ API

    def _answering(self, endpoint: Any) -> Any:
        """Wrap an endpoint: bearer first, errors in Sophos' shape."""

        def answer(request: Request) -> Response:
            try:
                self._check_bearer(request)
                return _json(endpoint(request))
            except SophosError as error:
                return _error(error)

        return answer

    def _check_bearer(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not self.tokens.accepts(token):
            raise SophosError(401, "Unauthorized", "Unauthorized")

    def _check_partner(self, request: Request) -> None:
        given = request.headers.get("x-partner-id")
        if not given:
            raise SophosError(400, "badRequest", "X-Partner-ID header is required")
        if given != self._world.partner_id or self.behaviour.id_type != "partner":
            raise SophosError(403, "Forbidden", "Access denied")

    def _whoami(self, request: Request) -> Record:
        host = f"{request.url.scheme}://{request.url.netloc}/sophos/api"
        hosts = {"global": host}
        if self.behaviour.id_type == "tenant":
            hosts["dataRegion"] = host
        kind = self.behaviour.id_type
        return {"id": self._world.partner_id, "idType": kind, "apiHosts": hosts}

    def _tenants(self, request: Request) -> Record:
        self._check_partner(request)
        largest = self.behaviour.max_tenants_page
        size = _page_size(request, largest)
        page = _positive(request, "page", 1)
        with self._world.lock:
            tenants = list(self._world.tenants)
        pages = {"current": page, "size": size, "maxSize": largest}
        return _page(request, tenants, (page - 1) * size, pages)

    def _usage(self, request: Request) -> Record:
        self._check_partner(request)
        lines = self._world.usage_lines(_month(request))
        if lines is None:
            raise SophosError(404, "notFound", "No data for requested year or month.")
        for parameter, member in (("accountId", "accountId"), ("contactEmail", "contactEmail")):
            wanted = request.query_params.get(parameter)
            if wanted is not None:
                lines = [line for line in lines if line.get(member) == wanted]
        return self._usage_page(request, lines)

    def _usage_page(self, request: Request, lines: list[Record]) -> Record:
        largest = self.behaviour.max_usage_page
        size = _page_size(request, largest)
        key = request.query_params.get("pageFromKey")
        start = _offset(key) if key else 0
        pages: Record = {"size": size, "maxSize": largest}
        if key:
            pages["fromKey"] = key
        if start + size < len(lines):
            pages["nextKey"] = _key(start + size)
        return _page(request, lines, start, pages)


def _page(request: Request, items: list[Record], start: int, pages: Record) -> Record:
    """`total` counts pages and `items` counts records; both only with `pageTotal=true`."""
    size = pages["size"]
    if request.query_params.get("pageTotal", "").lower() == "true":
        pages = {**pages, "total": -(-len(items) // size), "items": len(items)}
    shown = [_only(request, item) for item in items[start : start + size]]
    return {"items": shown, "pages": pages}


def _page_size(request: Request, largest: int) -> int:
    return min(_positive(request, "pageSize", DEFAULT_PAGE_SIZE), largest)


def _positive(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise SophosError(400, "badRequest", f"{name} must be a positive integer")
    return int(text)


def _month(request: Request) -> str:
    year, month = request.path_params["year"], request.path_params["month"]
    if not (year.isdecimal() and len(year) == 4 and month.isdecimal() and 1 <= int(month) <= 12):
        raise SophosError(400, "badRequest", "Invalid year or month")
    return f"{year}-{int(month):02}"


def _key(offset: int) -> str:
    return base64.urlsafe_b64encode(f"line:{offset}".encode()).decode()


def _offset(key: str) -> int:
    try:
        kind, _, number = base64.urlsafe_b64decode(key.encode()).decode().partition(":")
        if kind != "line":
            raise ValueError(kind)
        return int(number)
    except (ValueError, binascii.Error) as error:
        raise SophosError(400, "badRequest", "Invalid pageFromKey") from error


def _only(request: Request, record: Record) -> Record:
    wanted = request.query_params.get("fields")
    if not wanted:
        return record
    names = {name.strip() for name in wanted.split(",")}
    return {name: value for name, value in record.items() if name in names}


def _json(body: Record, status: int = 200) -> Response:
    text = simplejson.dumps(body, use_decimal=True, ensure_ascii=False)
    return Response(text.encode(), status, media_type="application/json")


def _token_refused(status: int, code: str, message: str) -> Response:
    body = {"errorCode": code, "message": message, "trackingId": str(uuid.uuid4())}
    return _json(body, status)


def _error(error: SophosError) -> Response:
    body = {
        "error": error.error,
        "message": error.message,
        "correlationId": str(uuid.uuid4()),
        "code": error.error,
        "createdAt": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "requestId": str(uuid.uuid4()),
        "docUrl": "https://developer.sophos.com/docs/partner-v1/1/overview",
    }
    return _json(body, error.status)
