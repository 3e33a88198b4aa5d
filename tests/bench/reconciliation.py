"""What a reconciliation of a large book costs: the report, a filter, the page.

`python -m tests.bench.reconciliation [FOLDER]` measures only this; the stores, which take minutes
to make, are kept in FOLDER for the next time.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from core.domain.models import RowClass
from core.domain.month import Month
from core.domain.reconciliation_view import (
    GroupBy,
    RowFilter,
    Show,
    groups,
    matching,
    worst_first,
)
from core.sandbox.server import start_sandbox
from core.services import Services, build_services
from core.settings import load_settings
from tests.bench.figures import Figure
from tests.bench.large_history import CEILING, LARGE, Size, build
from tests.e2e import chromium
from tests.e2e.dashboard import connection_environment, running

_FILTERS = (
    RowFilter(),
    RowFilter(show=Show.ALL),
    RowFilter(show=Show.ALL, text="customer 12"),
    RowFilter(classes=frozenset({RowClass.UNDER_BILLED})),
    RowFilter(show=Show.ALL, customer="tenant-77"),
    RowFilter(show=Show.ALL, product="1077"),
)
_CLASSES = ("Under-billed", "Over-billed", "Missing addition")
# Taken inside the browser, so that the driver's own waiting does not count.
_CLICK = """words => new Promise(done => {
    const main = document.querySelector("[data-testid='stMain']")
    const told = () => [...main.querySelectorAll("[data-testid='stCaptionContainer']")]
        .map(one => one.textContent).find(text => text.includes(" under-billed"))
    const button = [...main.querySelectorAll("[data-testid='stButtonGroup'] button")]
        .find(one => one.textContent.includes(words))
    const before = told()
    const started = performance.now()
    const watch = new MutationObserver(() => {
        if (told() === before) return
        watch.disconnect()
        requestAnimationFrame(() => done((performance.now() - started) / 1000))
    })
    watch.observe(main, {subtree: true, childList: true, characterData: true})
    button.click()
})"""
_TABLE = "[class*='st-key-reconciliation_table'] [role=grid]"


def figures(folder: Path | None = None) -> list[Figure]:
    """Everything that is stated for the reconciliation."""
    if folder is None:
        with tempfile.TemporaryDirectory() as made:
            return _figures(Path(made))
    return _figures(folder)


def _figures(folder: Path) -> list[Figure]:
    large, month = _store(folder / "large.duckdb", LARGE)
    found = []
    with _opened(large) as services:
        seconds = _seconds(lambda: services.reconciliation.look(month))
        found.append(Figure("Reconciliation of 30,000 additions, cold", seconds, 5, "s"))
        slowest = max(_filter_times(services, month)) * 1000
        found.append(Figure("A filter of it, the slowest", slowest, 500, "ms"))
        seconds = _seconds(lambda: services.reconciliation.trend(month))
        found.append(Figure("Used and billed over 14 months", seconds * 1000, 500, "ms"))
    found += _page_figures(large)
    ceiling, month = _store(folder / "ceiling.duckdb", CEILING)
    with _opened(ceiling) as services:
        seconds = _seconds(lambda: services.reconciliation.look(month))
        found.append(Figure("Reconciliation of 200,000 additions, cold", seconds, 30, "s"))
    return found


def _store(path: Path, size: Size) -> tuple[Path, Month]:
    """A store of that size, made anew unless one of this month is there."""
    now = datetime.now(UTC).replace(microsecond=0)
    if path.is_file():
        with _opened(path) as services:
            month = services.usage.months()[0]
        if month == Month.last_complete(now.date()):
            return path, month
        path.unlink()
    path.parent.mkdir(parents=True, exist_ok=True)
    return path, build(path, size, now)


@contextmanager
def _opened(path: Path) -> Iterator[Services]:
    """Services that nobody answers to: a report asks nobody."""
    nobody = "http://127.0.0.1:9"
    environment = {
        "CONNECTWISE_URL": nobody,
        "CONNECTWISE_COMPANY": "bench",
        "CONNECTWISE_PUBLIC_KEY": "bench",
        "CONNECTWISE_PRIVATE_KEY": "bench",
        "CONNECTWISE_CLIENT_ID": "bench",
        "SOPHOS_CLIENT_ID": "bench",
        "SOPHOS_CLIENT_SECRET": "bench",
        "SOPHOS_ID_URL": nobody,
        "SOPHOS_API_URL": nobody,
        "USAGE_SYNC_STORE": str(path),
    }
    with closing(build_services(load_settings(environment, {}))) as services:
        yield services


def _seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _filter_times(services: Services, month: Month) -> list[float]:
    rows = services.reconciliation.look(month).rows
    times = [_seconds(lambda f=wanted: worst_first(matching(rows, f))) for wanted in _FILTERS]
    return [*times, *(_seconds(lambda b=by: groups(rows, b)) for by in GroupBy)]


# ---------------------------------------------------------------- the page


def _page_figures(store: Path) -> list[Figure]:
    with start_sandbox() as sandbox:
        environment = connection_environment(sandbox, store)
        with running(environment, sandbox) as dashboard, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium.executable(), args=list(chromium.ARGUMENTS)
            )
            first = _open(browser, dashboard.url)
            again = min(_open(browser, dashboard.url) for _ in range(3))
            filtered, sent = _filter_on_screen(browser, dashboard.url)
            browser.close()
    return [
        Figure("Reconciliation page usable, first look after a start", first, 3, "s"),
        Figure("Reconciliation page usable, every further look", again, 3, "s"),
        Figure("A filter on the screen, slowest of three", filtered * 1000, 500, "ms"),
        Figure("Rows sent to the browser, of 30,000", sent, 2_000, "rows"),
    ]


def _open_page(browser: Browser, url: str) -> tuple[Page, float]:
    context = browser.new_context(locale="en-US", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(120_000)
    started = time.perf_counter()
    page.goto(f"{url}/reconciliation")
    page.locator(_TABLE).wait_for(state="attached")
    return page, time.perf_counter() - started


def _open(browser: Browser, url: str) -> float:
    """Seconds until the rows can be seen."""
    page, seconds = _open_page(browser, url)
    page.context.close()
    return seconds


def _filter_on_screen(browser: Browser, url: str) -> tuple[float, int]:
    """Seconds from a click to what it is of, and how many rows came at most."""
    page, _ = _open_page(browser, url)
    page.wait_for_timeout(5000)
    times = [page.evaluate(_CLICK, words) for words in _CLASSES]
    rows = page.locator(_TABLE).get_attribute("aria-rowcount")
    page.context.close()
    return max(times), int(rows or 1) - 1


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    print("| Figure | Measured | Bound | Ratio |\n|---|---|---|---|")
    for figure in figures(folder):
        print(figure.row())


if __name__ == "__main__":
    main()
