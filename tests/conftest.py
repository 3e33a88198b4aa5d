"""What many tests share: a sandbox over real HTTP, and the services connected to it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import hypothesis
import pytest

from core.clients.http import HttpLimits
from core.domain.month import Month
from core.sandbox.server import Sandbox, start_sandbox
from core.services import Services, build_services
from core.settings import load_settings
from tests.e2e.dashboard import connection_environment

# Property tests are about values: a slow machine must not fail them.
hypothesis.settings.register_profile(
    "values", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("values")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The processes of one run must agree on the tests and their order; a set has another order
    in each.
    """
    for marker in metafunc.definition.iter_markers("parametrize"):
        if any(isinstance(value, set | frozenset) for value in marker.args[1:2]):
            raise pytest.UsageError(f"{metafunc.definition.nodeid}: list the values of the set")


class Clock:
    """A clock that moves one second with every look, so that times in tests are distinct."""

    def __init__(self, start: datetime | None = None) -> None:
        self.now = (start or datetime.now(UTC)).replace(microsecond=0)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture(scope="session", autouse=True)
def _no_authority_is_trusted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test leaves this machine, and to read all certificates of the world for each client
    takes longer than what most tests do with it. Child processes inherit this.
    """
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv("SSL_CERT_FILE", raising=False)
        patched.setenv("SSL_CERT_DIR", str(tmp_path_factory.mktemp("no_certificates")))
        yield


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    with start_sandbox() as started:
        yield started


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Iterator[Sandbox]:
    """The demo world as after a start, with nothing left of other tests."""
    running_sandbox.reset()
    yield running_sandbox
    running_sandbox.reset()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def impatient() -> HttpLimits:
    """The limits of the clients, without the long waits of production."""
    return HttpLimits(
        read_timeout=5.0,
        per_minute=60_000,
        wait_initial=0.01,
        wait_max=0.05,
        wait_jitter=0.0,
        rate_limit_wait=0.05,
        retry_after_max=0.05,
    )


@pytest.fixture
def services(
    sandbox: Sandbox, tmp_path: Path, clock: Clock, impatient: HttpLimits
) -> Iterator[Services]:
    """Everything wired for real, connected to the sandbox as if both vendors were real."""
    settings = load_settings(connection_environment(sandbox, tmp_path / "store.duckdb"), {})
    with closing(build_services(settings, clock=clock, limits=impatient)) as built:
        yield built


@pytest.fixture(scope="session")
def filled_store(running_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed store with the catalog and the newest month of usage, read an hour ago."""
    running_sandbox.reset()
    path = tmp_path_factory.mktemp("filled") / "store.duckdb"
    now = datetime.now(UTC)
    settings = load_settings(connection_environment(running_sandbox, path), {})
    with closing(build_services(settings, clock=Clock(now - timedelta(hours=1)))) as services:
        services.catalog.refresh()
        services.usage.fetch(Month.last_complete(now.date()), "tests")
    return path


@pytest.fixture
def filled(
    filled_store: Path, tmp_path: Path, open_services: Callable[[], Services]
) -> Iterator[Services]:
    """Like `services`, with the catalog and the newest month of usage."""
    shutil.copyfile(filled_store, tmp_path / "store.duckdb")
    with closing(open_services()) as built:
        yield built


@pytest.fixture
def open_services(
    sandbox: Sandbox, tmp_path: Path, clock: Clock, impatient: HttpLimits
) -> Callable[[], Services]:
    """Open the same store again, as a restart does; close each one before the next."""

    def open_() -> Services:
        settings = load_settings(connection_environment(sandbox, tmp_path / "store.duckdb"), {})
        return build_services(settings, clock=clock, limits=impatient)

    return open_
