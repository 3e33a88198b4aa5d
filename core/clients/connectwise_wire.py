"""How ConnectWise is reached: codebase, sign-in, version header, and what a 404 means."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from core.clients.answers import Answer
from core.clients.connectwise_errors import Target, no_site, refusal, unknown_company
from core.clients.connectwise_parsing import SYSTEM
from core.clients.counting import RequestCount, RequestCounter
from core.clients.http import BaseTransport, Http, HttpLimits, Params
from core.clients.pacing import Pacer
from core.clients.parsing import Reader
from core.errors import AccessError, InputError, NotFoundError, VendorError, message
from core.settings import ConnectWiseSettings

API_VERSION = "2026.4"
VERSIONED = f"application/vnd.connectwise.com+json; version={API_VERSION}"
# Without a version a server answers with its newest model: what an older server needs.
UNVERSIONED = "application/json"
# The developer guide's own limit; beyond it gateways cut or refuse.
LONGEST_URL = 2000

_VERSION = re.compile(r"v?(\d{4})[._](\d+)")
_CODEBASE = re.compile(r"[A-Za-z0-9_.\-]+")


@dataclass(frozen=True)
class CompanyInfo:
    """What a site says of a company to anybody. `codebase` is the first part of API paths."""

    codebase: str
    version: str = ""
    name: str = ""
    is_cloud: bool = False

    @property
    def release(self) -> tuple[int, int] | None:
        """Year and number of the release, e.g. (2026, 4); None where it is not said."""
        found = _VERSION.match(self.version)
        return (int(found[1]), int(found[2])) if found else None


@dataclass(frozen=True)
class _Call:
    """A call that can be sent again to another codebase."""

    method: str
    path: str
    params: Params | None
    json: object
    headers: dict[str, str]
    record: bool


class ConnectWiseWire:
    """Calls to one company's ConnectWise. Thread-safe."""

    def __init__(
        self,
        settings: ConnectWiseSettings,
        limits: HttpLimits,
        transport: BaseTransport | None = None,
    ) -> None:
        self._settings = settings
        pacer = Pacer(limits.per_minute, limits.in_flight)
        self._counter = RequestCounter()

        def site(url: str) -> Http:
            return Http(
                SYSTEM, url, limits, transport=transport, pacer=pacer, counter=self._counter
            )

        self._http = site(settings.url)
        self._sites = [self._http]
        if "://api-" in settings.url:
            self._sites.append(site(settings.url.replace("://api-", "://", 1)))
        self._lock = threading.Lock()
        self._codebase = (settings.codebase or "").strip("/ ")
        self._accept = VERSIONED

    def close(self) -> None:
        """Close the connections."""
        for http in self._sites:
            http.close()

    def requests(self) -> RequestCount:
        """How many requests were sent since the start."""
        return self._counter.total()

    def company_info(self) -> CompanyInfo:
        """Ask which codebase the company is on: no sign-in needed.

        The documented place is the address of the user interface, which has no `api-` prefix; the
        configured one is asked first. Raises AccessError when neither knows the company.
        """
        errors: list[VendorError] = []
        for http in self._sites:
            try:
                found = self._company_info_at(http)
            except VendorError as error:
                errors.append(error)
            else:
                if found is not None:
                    return found
        # An answer without a company is worth more than a host that did not answer.
        if len(errors) == len(self._sites):
            raise errors[0]
        raise unknown_company(self._settings.company, self._settings.url)

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        json: object = None,
        headers: Mapping[str, str] | None = None,
        record: bool = False,
    ) -> Answer:
        """One call. `record` says that the path names one record, which may be gone.

        A cloud's codebase changes at upgrades, which shows as 404: it is then looked up again,
        once.
        """
        call = _Call(method, path, params, json, dict(headers or {}), record)
        used = self.codebase()
        try:
            return self._send_with_version(call, used)
        except VendorError as error:
            if error.status != 404:
                raise
            moved_to = self._codebase_after(used)
            if moved_to is None:
                self._confirm(error)
                raise
        return self._send_with_version(call, moved_to)

    def codebase(self) -> str:
        """The codebase: as configured, or looked up once."""
        with self._lock:
            if not self._codebase:
                self._codebase = self.company_info().codebase
            return self._codebase

    def _company_info_at(self, http: Http) -> CompanyInfo | None:
        path = "/login/companyinfo/" + quote(self._settings.company, safe="")
        answer = http.send(
            "GET",
            path,
            judge=lambda refused: no_site(refused, http.base_url),
            label="/login/companyinfo/…",
        )
        if answer.body is None:
            return None
        reader = Reader.of(SYSTEM, answer.body, "companyinfo")
        codebase = reader.text("Codebase").strip("/ ")
        if _CODEBASE.fullmatch(codebase) is None:
            raise reader.fail("Codebase", "a name like v4_6_release was expected")
        return CompanyInfo(
            codebase=codebase,
            version=reader.label("VersionCode"),
            name=reader.label("CompanyName"),
            is_cloud=str(reader.data.get("IsCloud")).lower() == "true",
        )

    def _codebase_after(self, used: str) -> str | None:
        """The codebase if it is another one by now; never where it is configured."""
        if self._settings.codebase:
            return None
        with self._lock:
            if self._codebase == used:
                self._codebase = self.company_info().codebase
            return self._codebase if self._codebase != used else None

    def _confirm(self, error: VendorError) -> None:
        """Believe that a record is gone only where the catalog still answers.

        Wrong keys look like 404 in the cloud, and a product must not seem deleted because of them.
        """
        if isinstance(error, NotFoundError):
            self.call("GET", "/procurement/catalog", params={"pageSize": 1, "fields": "id"})

    def _send(self, call: _Call, codebase: str, accept: str) -> Answer:
        path = f"/{codebase}/apis/3.0{call.path}"
        self._guard_length(path, call.params)
        target = Target(call.path, call.record, self._http.base_url, bool(self._settings.codebase))
        return self._http.send(
            call.method,
            path,
            params=call.params,
            json=call.json,
            headers={**self._sign_in(), "Accept": accept, **call.headers},
            judge=lambda answer: refusal(answer, target),
        )

    def _send_with_version(self, call: _Call, codebase: str) -> Answer:
        accept = self._accept
        try:
            return self._send(call, codebase, accept)
        except VendorError as error:
            if accept == UNVERSIONED or not _is_version_trouble(error):
                raise
        answer = self._send(call, codebase, UNVERSIONED)
        self._accept = UNVERSIONED
        return answer

    def _guard_length(self, path: str, params: Params | None) -> None:
        if len(self._http.url(path, params)) > LONGEST_URL:
            raise InputError(
                message("This search is too long for ConnectWise."),
                remedy=message("Search for fewer words."),
            )

    def _sign_in(self) -> dict[str, str]:
        settings = self._settings
        pair = f"{settings.company}+{settings.public_key}:{settings.private_key}"
        token = base64.b64encode(pair.encode("utf-8")).decode("ascii")
        return {"Authorization": f"Basic {token}", "clientId": settings.client_id}


def _is_version_trouble(error: VendorError) -> bool:
    """Whether a server refused the version of the model, not the call."""
    if isinstance(error, AccessError) or error.status not in (400, 406, 415):
        return False
    said = (error.detail or "").lower()
    return error.status == 406 or "accept header" in said or "api version" in said
