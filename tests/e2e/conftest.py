"""What journeys start from: a dashboard, a sandbox, and a browser in front."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from core.sandbox.server import start_sandbox
from tests.e2e import chromium
from tests.e2e.dashboard import (
    CHECKED,
    Dashboard,
    Starter,
    connection_environment,
    preloaded,
    running,
)

# Journeys are about what happens, not about how soon: a busy machine must not fail them.
expect.set_options(timeout=30_000)
_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A journey that failed is tried once more from its beginning, and the report counts it: a
    click can meet a page that is being drawn anew."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium.executable(), args=list(chromium.ARGUMENTS)
        )
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def start() -> Iterator[Starter]:
    """Starts the dashboards of the journeys that are not about the start."""
    with preloaded() as starter:
        yield starter


@pytest.fixture
def dashboard(filled_store: Path, tmp_path: Path, start: Starter) -> Iterator[Dashboard]:
    """A dashboard with catalog and usage, connected to a sandbox that the test can reach."""
    with _filled(filled_store, tmp_path, start) as started:
        yield started


@pytest.fixture(scope="session")
def common_dashboard(
    filled_store: Path, tmp_path_factory: pytest.TempPathFactory, start: Starter
) -> Iterator[Dashboard]:
    """The same for all tests that keep nothing: they stage edits, which no other session sees, and
    neither save, nor refresh, nor sort, filter or resize, which is remembered for everybody.
    """
    with _filled(filled_store, tmp_path_factory.mktemp("common"), start) as started:
        yield started


@contextmanager
def _filled(filled_store: Path, folder: Path, start: Starter) -> Iterator[Dashboard]:
    store = folder / "store.duckdb"
    shutil.copy(filled_store, store)
    with start_sandbox() as sandbox:
        environment = connection_environment(sandbox, store)
        with running(environment, sandbox, CHECKED, start=start) as started:
            yield started


@pytest.fixture
def sandbox_dashboard(tmp_path: Path) -> Iterator[Dashboard]:
    """A dashboard with nothing configured: the first start on a fresh machine."""
    environment = {"USAGE_SYNC_STORE": str(tmp_path / "store.duckdb")}
    with running(environment, None, CHECKED) as started:
        yield started


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Open a page in a browser profile of its own: `open_page(url, locale="fr-FR", ...)`."""
    contexts = []

    def open_(url: str, **options: object) -> Page:
        settings = {"locale": "en-US", "viewport": {"width": 1440, "height": 900}, **options}
        context = browser.new_context(**settings)
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.goto(url)
        return page

    yield open_
    for context in contexts:
        context.close()
