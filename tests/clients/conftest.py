"""A vendor's server on httpx's MockTransport: answers in order, and what was asked of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import httpx
import pytest
import simplejson

from core.clients.connectwise import ConnectWise
from core.clients.http import HttpLimits
from core.clients.sophos import SophosPartner
from core.settings import ConnectWiseSettings, SophosSettings

Step = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]

COMPANY_INFO = {
    "CompanyName": "Demo",
    "Codebase": "v2026_4/",
    "VersionCode": "v2026.4",
    "VersionNumber": "v4.6.99999",
    "CompanyID": "demo",
    "IsCloud": "True",
}


class FakeServer:
    """Plays the steps of a list one by one; a step left over or missing is a failure."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.requests: list[httpx.Request] = []
        self.always: dict[str, Step] = {}

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._handle)

    def plan(self, *steps: Step) -> FakeServer:
        self.steps.extend(steps)
        return self

    def paths(self) -> list[str]:
        return [request.url.path for request in self.requests]

    def query(self, position: int = -1) -> dict[str, str]:
        return dict(self.requests[position].url.params)

    def sent(self, position: int = -1) -> object:
        return simplejson.loads(self.requests[position].content, use_decimal=True)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        request.read()
        for part, step in self.always.items():
            if part in request.url.path:
                return self._play(step, request)
        self.requests.append(request)
        assert self.steps, f"nothing planned for {request.method} {request.url}"
        return self._play(self.steps.pop(0), request)

    @staticmethod
    def _play(step: Step, request: httpx.Request) -> httpx.Response:
        if isinstance(step, Exception):
            raise step
        return step if isinstance(step, httpx.Response) else step(request)


def answer(
    body: object = None,
    status: int = 200,
    *,
    text: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:
    content = text if text is not None else simplejson.dumps(body, use_decimal=True, indent=2)
    return httpx.Response(status, content=content.encode("utf-8"), headers=dict(headers or {}))


@pytest.fixture(name="answer")
def _answer() -> Callable[..., httpx.Response]:
    return answer


@pytest.fixture
def limits() -> HttpLimits:
    """No waits, so that retries take no time; three attempts."""
    return HttpLimits(
        per_minute=600_000,
        attempts=3,
        wait_initial=0,
        wait_max=0,
        wait_jitter=0,
        rate_limit_wait=0,
        retry_after_max=0,
    )


@pytest.fixture
def server() -> Iterator[FakeServer]:
    fake = FakeServer()
    yield fake
    assert not fake.steps, "planned steps were not asked for"


@pytest.fixture
def connectwise_settings() -> ConnectWiseSettings:
    return ConnectWiseSettings(
        url="https://api-na.myconnectwise.net",
        company="demo",
        public_key="public-key-value",
        private_key="private-key-value",
        client_id="client-id-value",
    )


@pytest.fixture
def connectwise(
    server: FakeServer, limits: HttpLimits, connectwise_settings: ConnectWiseSettings
) -> ConnectWise:
    """A client whose company lookup always works; everything else is planned by the test."""
    server.always["/login/companyinfo/"] = lambda _: answer(COMPANY_INFO)
    return ConnectWise(connectwise_settings, limits, server.transport)


@pytest.fixture
def sophos_settings() -> SophosSettings:
    return SophosSettings(
        client_id="sophos-client",
        client_secret="sophos-secret-value",
        id_url="https://id.sophos.test",
        api_url="https://api.sophos.test",
    )


@pytest.fixture
def sophos(
    server: FakeServer, limits: HttpLimits, sophos_settings: SophosSettings
) -> SophosPartner:
    """A client that is signed in as a partner; everything else is planned by the test."""
    token = {"access_token": "token-1", "token_type": "bearer", "expires_in": 3600}
    server.always["/oauth2/token"] = lambda _: answer(token)
    server.always["/whoami/v1"] = lambda _: answer({"id": "partner-1", "idType": "partner"})
    return SophosPartner(sophos_settings, limits, server.transport)
