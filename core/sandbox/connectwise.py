"""ConnectWise PSA's REST API over the sandbox's world, as a Starlette application.

It answers as the vendor's Developer Guide, its OpenAPI document of version 2026.4 and recorded
answers of live servers have it; where those disagree, `Switches` decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.sandbox.connectwise_answers import (
    VERSION,
    ApiError,
    cannot_route,
    error_answer,
    json_answer,
    no_content,
)
from core.sandbox.connectwise_gate import Credentials, admit
from core.sandbox.connectwise_model import Record, Site
from core.sandbox.connectwise_paging import Address
from core.sandbox.connectwise_reads import Reader
from core.sandbox.connectwise_routes import (
    RESOURCES,
    VERSIONED_CODEBASE,
    Match,
    RouteKind,
    find_route,
    split_path,
)
from core.sandbox.connectwise_writes import Writer, find_record
from core.sandbox.switches import Switches
from core.sandbox.world import World

API_MEMBER = "apimember"
"""Who writes through the API, as `_info.updatedBy` and the audit trail name it."""

_COMPANY_INFO = re.compile(r"/login/companyinfo/(?P<company>[^/]+)/?", re.IGNORECASE)
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def connectwise_app(world: World, switches: Switches, credentials: Credentials) -> Starlette:
    """The routes of ConnectWise: mount it at `/`, after the other routes of the server."""
    api = _Api(Site(world, switches), credentials)
    return Starlette(routes=[Route("/{path:path}", api.endpoint, methods=_METHODS)])


@dataclass(frozen=True)
class _Call:
    """One request; parameters and headers by lower-case name."""

    method: str
    route: str
    base: str
    address: Address
    params: Mapping[str, str]
    headers: Mapping[str, str]
    body: str


class _Api:
    """The endpoints."""

    def __init__(self, site: Site, credentials: Credentials) -> None:
        self._site = site
        self._credentials = credentials

    async def endpoint(self, request: Request) -> Response:
        """Every request; where a company is found needs no keys."""
        login = _COMPANY_INFO.fullmatch(request.url.path)
        if login is not None:
            return self._company_info(unquote(login["company"]))
        split = split_path(request.url.path)
        if split is None:
            return cannot_route()
        call = await _call(request, *split)
        return await run_in_threadpool(self._answer, call)

    def _company_info(self, company: str) -> Response:
        """Which codebase a login company is on; null for an unknown one."""
        known = company.casefold() == self._credentials.company.casefold()
        return json_answer(_company_info(self._credentials.company) if known else None)

    def _answer(self, call: _Call) -> Response:
        try:
            admit(call.headers, self._credentials, self._site.switches)
            if call.route.lower() == "system/info" and call.method == "GET":
                return json_answer(_SYSTEM_INFO)
            return self._dispatch(call)
        except ApiError as error:
            return error_answer(error)

    def _dispatch(self, call: _Call) -> Response:
        match = find_route(call.route)
        if match is None:
            raise ApiError(404, "NotFound", f"Resource {call.route} not found")
        if call.method not in match.methods:
            text = f"The requested resource does not support http method '{call.method}'."
            raise ApiError(405, "ConnectWiseApi", text)
        self._check_parent(match)
        return self._read(match, call) if call.method == "GET" else self._write(match, call)

    def _check_parent(self, match: Match) -> None:
        parent = match.resource.parent
        if parent is None or match.parent is None:
            return
        owner = next(
            known
            for known in RESOURCES
            if known.model == parent.model and known.table == parent.table
        )
        with self._site.world.lock:
            find_record(self._site, owner, None, match.parent)

    def _reader(self, match: Match, call: _Call) -> Reader:
        return Reader(self._site, match.resource, call.params, call.base, match.parent)

    def _read(self, match: Match, call: _Call) -> Response:
        reader = self._reader(match, call)
        # What is collected under the lock shares no dict that a write changes in place, so the
        # long part, the encoding, is done outside.
        with self._site.world.lock:
            if match.kind is RouteKind.COUNT:
                return json_answer({"count": reader.count()})
            if match.record_id is not None:
                return json_answer(reader.one(match.record_id))
            page = reader.page(call.address, call.headers)
        return json_answer(page.records, link=page.link)

    def _write(self, match: Match, call: _Call) -> Response:
        writer = Writer(self._site, match.resource, API_MEMBER, match.parent)
        with self._site.world.transaction():
            if match.record_id is None:
                return self._answer_of(match, call, writer.create(call.body), 201)
            if call.method == "DELETE":
                writer.delete(match.record_id, RESOURCES)
                return no_content()
            change = writer.patch if call.method == "PATCH" else writer.replace
            return self._answer_of(match, call, change(match.record_id, call.body), 200)

    def _answer_of(self, match: Match, call: _Call, record: Record, status: int) -> Response:
        return json_answer(self._reader(match, call).shown(record), status)


async def _call(request: Request, codebase: str, route: str) -> _Call:
    url = request.url
    origin = f"{url.scheme}://{url.netloc}"
    return _Call(
        method="GET" if request.method == "HEAD" else request.method,
        route=route,
        base=f"{origin}/{codebase}/apis/3.0",
        address=Address(f"{origin}{url.path}", request.query_params.multi_items()),
        params={name.lower(): text for name, text in request.query_params.multi_items()},
        headers={name.lower(): text for name, text in request.headers.items()},
        body=(await request.body()).decode("utf-8-sig", errors="replace"),
    )


def _company_info(company: str) -> Record:
    return {
        "CompanyName": "Usage Sync Demo",
        "Codebase": f"{VERSIONED_CODEBASE}/",
        "VersionCode": f"v{VERSION}",
        "VersionNumber": f"v{VERSION}.10333",
        "CompanyID": company,
        "IsCloud": "True",
    }


_SYSTEM_INFO: Record = {
    "version": f"v{VERSION}.10333",
    "isCloud": True,
    "serverTimeZone": "GMT Standard Time",
    "licenseBits": [
        {"name": "Agreement", "activeFlag": True},
        {"name": "AuditTrail", "activeFlag": True},
    ],
    "cloudRegion": "EU",
    "maxWorkFlowRecordsAllowed": 1000,
}
