"""Pages over real services and the sandbox."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner

import core.services
from core.domain.month import Month
from core.sandbox.server import Sandbox
from core.services import Services, build_services
from core.settings import load_settings
from tests.conftest import Clock
from tests.e2e.dashboard import connection_environment

# What a test asks for decides which file the services open: reading both vendors anew for every
# test would take most of its time. The fuller one first.
_STORES = {"filled_services": "filled_page_store", "catalog_services": "catalog_page_store"}


@pytest.fixture(scope="session", autouse=True)
def _packages_are_read_once() -> Iterator[None]:
    """Each AppTest looks for components in the metadata of every installed package, which takes
    longer than most pages; what is installed stays the same.
    """
    found = manifest_scanner.scan_component_manifests()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(manifest_scanner, "scan_component_manifests", lambda: found)
        yield


@pytest.fixture
def page_services(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    open_services: Callable[[], Services],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Services]:
    """What the pages get as their services; caches do not outlive the test."""
    wanted = next((_STORES[name] for name in _STORES if name in request.fixturenames), None)
    if wanted is not None:
        shutil.copyfile(request.getfixturevalue(wanted), tmp_path / "store.duckdb")
    with closing(open_services()) as services:
        monkeypatch.setattr(core.services, "build_services", lambda: services)
        st.cache_resource.clear()
        st.cache_data.clear()
        yield services
        st.cache_resource.clear()
        st.cache_data.clear()


@pytest.fixture
def catalog_services(page_services: Services) -> Services:
    """With the ConnectWise products."""
    return page_services


@pytest.fixture
def filled_services(page_services: Services) -> Services:
    """With the ConnectWise products and the two newest months of usage."""
    return page_services


@pytest.fixture(scope="session")
def catalog_page_store(running_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed store with the ConnectWise products, read an hour ago."""
    running_sandbox.reset()
    path = tmp_path_factory.mktemp("pages") / "catalog.duckdb"
    with closing(_services_an_hour_ago(running_sandbox, path)) as services:
        services.catalog.refresh()
    return path


@pytest.fixture(scope="session")
def filled_page_store(running_sandbox: Sandbox, catalog_page_store: Path) -> Path:
    """The same with the two newest months of usage."""
    running_sandbox.reset()
    path = catalog_page_store.with_name("filled.duckdb")
    shutil.copyfile(catalog_page_store, path)
    with closing(_services_an_hour_ago(running_sandbox, path)) as services:
        newest = Month.last_complete(services.clock().date())
        for month in (newest.plus(-1), newest):
            services.usage.fetch(month, "Test")
    return path


def _services_an_hour_ago(sandbox: Sandbox, store: Path) -> Services:
    clock = Clock(datetime.now(UTC) - timedelta(hours=1))
    return build_services(load_settings(connection_environment(sandbox, store), {}), clock=clock)
