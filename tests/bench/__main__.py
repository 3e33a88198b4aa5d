"""`python -m tests.bench`: the figures of the README, each with its bound and the ratio."""

from __future__ import annotations

import math
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from core.clients.paging import PAGE_SIZE
from core.domain.suggestions import suggest
from core.sandbox.server import Sandbox, start_sandbox
from core.services import Services, build_services
from core.settings import load_settings
from tests.bench import browser, reconciliation, sessions, sync
from tests.bench.figures import Figure
from tests.bench.large_world import CATALOG_PRODUCTS, SOPHOS_PRODUCTS, large_world
from tests.e2e.dashboard import connection_environment, fill_store, running

SESSIONS, RERUNS, THINK = 20, 10, 1.0


def main() -> None:
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder, start_sandbox(world=large_world()) as sandbox:
        environment = connection_environment(sandbox, Path(folder) / "store.duckdb")
        fill_store(environment, months=1)
        with closing(build_services(load_settings(environment, {}))) as services:
            _refuse_another_size(services)
            figures += [
                _catalog_requests(services, sandbox),
                _search_time(services),
                _suggestion_time(services),
            ]
        with running(environment, sandbox) as dashboard:
            figures += _page_figures(dashboard.url)
    figures += _apart(sync.figures)
    figures += reconciliation.figures()
    print("| Figure | Measured | Bound | Ratio |\n|---|---|---|---|")
    for figure in figures:
        print(figure.row())


def _apart(measure: Callable[[], list[Figure]]) -> list[Figure]:
    """Measured in a process of its own: its peak memory is that of nothing else."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure)


def _refuse_another_size(services: Services) -> None:
    sizes = len(services.mappings.rows()), len(services.catalog.entries())
    if sizes != (SOPHOS_PRODUCTS, CATALOG_PRODUCTS):
        raise SystemExit(f"the world has another size than stated: {sizes}")


def _catalog_requests(services: Services, sandbox: Sandbox) -> Figure:
    before = _reads(sandbox)
    services.catalog.refresh()
    requests = _reads(sandbox) - before
    bound = math.ceil(CATALOG_PRODUCTS / PAGE_SIZE) + 1
    return Figure("Requests of a catalog refresh", requests, bound, "requests")


def _reads(sandbox: Sandbox) -> int:
    return int(str(sandbox.controls.counters.as_json()["total_reads"]))


def _search_time(services: Services) -> Figure:
    times = []
    services.catalog.find("warm up")
    for query in browser.QUERIES:
        started = time.perf_counter()
        services.catalog.find(query)
        times.append(_since(started))
    return Figure("Catalog search, slowest of five", max(times), 50, "ms")


def _suggestion_time(services: Services) -> Figure:
    products = [row.product for row in services.mappings.rows()]
    started = time.perf_counter()
    suggest(products, services.catalog.entries())
    return Figure("Suggestions for all Sophos products", _since(started), 2000, "ms")


def _since(started: float) -> float:
    """Milliseconds."""
    return (time.perf_counter() - started) * 1000


def _page_figures(url: str) -> list[Figure]:
    warm, edits, typing = browser.measure(url)
    crowds = {
        name: sessions.rerun_times(url, page, SESSIONS, RERUNS, THINK)
        for name, page in (("Product mapping", "product_mapping"), ("Overview", "overview"))
    }
    return [
        Figure("Page usable, warm", warm * 1000, 3000, "ms"),
        Figure(f"Cell edit to screen, p50 of {edits.count}", edits.p50, 250, "ms"),
        Figure("Type-ahead answer in the browser, slowest of five", typing.p95, 50, "ms"),
        *(
            Figure(
                f"Rerun of {name} with {SESSIONS} sessions, p95 of {crowd.count}",
                crowd.p95,
                300,
                "ms",
            )
            for name, crowd in crowds.items()
        ),
    ]


if __name__ == "__main__":
    main()
