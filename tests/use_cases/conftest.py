"""A store in which everything is ready for a sync, and what the sync comes to."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.clients.http import HttpLimits
from core.sandbox.connectwise import API_MEMBER
from core.sandbox.server import Sandbox
from core.services import Services, build_services
from core.settings import load_settings
from tests.e2e.dashboard import connection_environment
from tests.use_cases.sync_world import DEFAULTS, Bill, bill, prepare, synced

QUICK = HttpLimits(per_minute=600_000, wait_initial=0, wait_max=0, wait_jitter=0)


@dataclass(frozen=True)
class Undisturbed:
    """What a run without any trouble comes to."""

    bill: Bill
    changes: int
    creations: int


def opened(sandbox: Sandbox, path: Path) -> closing[Services]:
    settings = load_settings(connection_environment(sandbox, path), {})
    return closing(build_services(settings, limits=QUICK))


@pytest.fixture(scope="session")
def ready_store(
    running_sandbox: Sandbox, filled_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A closed store with a plan that creates products and additions, and adopts some."""
    running_sandbox.reset()
    path = tmp_path_factory.mktemp("ready") / "store.duckdb"
    shutil.copyfile(filled_store, path)
    with opened(running_sandbox, path) as services:
        prepare(services, defaults=DEFAULTS)
    return path


@pytest.fixture(scope="session")
def undisturbed(
    running_sandbox: Sandbox, ready_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> Undisturbed:
    running_sandbox.reset()
    path = tmp_path_factory.mktemp("undisturbed") / "store.duckdb"
    shutil.copyfile(ready_store, path)
    with opened(running_sandbox, path) as services:
        run = synced(services, services.usage.months()[0])
        assert run.done == run.changes
    creations = creations_of(running_sandbox)
    found = Undisturbed(bill(running_sandbox), run.changes, creations)
    running_sandbox.reset()
    return found


def creations_of(sandbox: Sandbox) -> int:
    """How many records the API created; a request that was cut off on its way created none."""
    trail = sandbox.world.tables["audittrail"].all()
    return sum(
        entry["auditSubType"] == "Created" and entry["enteredBy"] == API_MEMBER for entry in trail
    )


@pytest.fixture
def ready(
    ready_store: Path, tmp_path: Path, open_services: Callable[[], Services]
) -> Iterator[Services]:
    """Services on a copy of `ready_store`, which look for lost answers without waiting."""
    shutil.copyfile(ready_store, tmp_path / "store.duckdb")
    with closing(open_services()) as built:
        built.runs._sleep = lambda seconds: None
        built.products._sleep = lambda seconds: None
        yield built
