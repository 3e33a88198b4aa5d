"""What a sync of a large book costs: planning, requests, time, memory; and the same by a loop."""

from __future__ import annotations

import math
import resource
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from core.clients.http import HttpLimits
from core.domain.customers import CustomerValues
from core.domain.models import PlanLimits, PlanOptions, RunOrigin, RunStatus, SyncSettings
from core.domain.month import Month
from core.domain.row_edits import RowEdit as CustomerEdit
from core.domain.saving import MappingValues, RowEdit
from core.services import Services, build_services
from core.settings import ConnectWiseSettings, Settings, SophosSettings
from core.use_cases.run_approval import Approval
from tests.bench.figures import Figure
from tests.bench.plain_loop import loop_seconds_per_request
from tests.bench.sync_world import (
    FIRST_AGREEMENT,
    FIRST_PRODUCT,
    Size,
    code_of,
    served,
    tenant_of,
)

SIZE = Size(customers=2_000, additions=30_000, products=500)
CEILING = Size(customers=10_000, additions=200_000, products=2_000)
LATENCY = 0.020
IN_FLIGHT = 4
PAGE = 1000
LOOP_AGREEMENTS = 60
_LATENCY_REQUESTS = 1_000


@dataclass(frozen=True)
class _Sync:
    """One sync as it was measured; requests are those of ConnectWise."""

    plan: float
    approve: float
    refresh_reads: int
    apply_reads: int
    apply: float
    changes: int
    writes: int
    affected: int


def figures() -> list[Figure]:
    """Everything that is stated for the sync."""
    found = []
    with served(SIZE, LATENCY) as access, _services(access) as services:
        _prepare(services, SIZE)
        loop = loop_seconds_per_request(access["connectwise"], FIRST_AGREEMENT, LOOP_AGREEMENTS)
        bare = _bare_latency(access["connectwise"])
        first = _sync(services)
        second = _sync(services)
        assert second.changes == second.writes == 0, "an unchanged world gives no writes"
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        found += _figures(first, second, loop, bare, peak)
    with served(CEILING, 0) as access, _services(access) as services:
        _prepare(services, CEILING)
        services.planning.refresh()
        found.append(Figure("Plan of 200,000 additions", _planned(services), 30, "s"))
    return found


def _figures(first: _Sync, second: _Sync, loop: float, bare: float, peak: float) -> list[Figure]:
    requests = first.apply_reads + first.writes
    bound = requests * LATENCY / IN_FLIGHT
    pages = math.ceil(SIZE.customers / PAGE)
    reads = first.refresh_reads + first.apply_reads
    ours = first.apply / requests
    return [
        Figure("Plan of 30,000 additions", first.plan, 3, "s"),
        Figure(
            "Requests of a sync that only read",
            reads,
            SIZE.customers + first.affected + 2 * pages,
            "requests",
        ),
        Figure("Requests of a sync that write", first.writes, first.changes, "requests"),
        Figure("Apply, at 20 ms latency", first.apply, 1.15 * bound, "s"),
        Figure(
            "Apply, to its requests in a bare loop with as many in flight",
            100 * first.apply / (requests * bare / IN_FLIGHT),
            115,
            "%",
        ),
        Figure("Writes of a second sync", second.writes, 1, "requests"),
        Figure("Peak memory", peak, 1024, "MiB"),
        Figure("Time of a request, to that of a plain loop", 100 * ours / loop, 100, "%"),
    ]


def _bare_latency(access: dict[str, str]) -> float:
    """Seconds of a request when a bare loop keeps as many in flight as a sync does: the server's
    own work, its timer and the network come on top of the latency that it is told."""
    root = f"{access['url']}/v4_6_release/apis/3.0/finance/agreements"
    user = f"{access['company']}+{access['public_key']}"
    headers = {"clientId": access["client_id"]}
    with (
        httpx.Client(auth=(user, access["private_key"]), headers=headers) as client,
        ThreadPoolExecutor(IN_FLIGHT) as pool,
    ):

        def read(number: int) -> None:
            client.get(f"{root}/{FIRST_AGREEMENT + number}/additions").raise_for_status()

        read(0)
        started = time.perf_counter()
        list(pool.map(read, range(_LATENCY_REQUESTS)))
        return (time.perf_counter() - started) / _LATENCY_REQUESTS * IN_FLIGHT


@contextmanager
def _services(access: dict[str, Any]) -> Iterator[Services]:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            store_path=Path(folder) / "store.duckdb",
            connectwise=ConnectWiseSettings(**access["connectwise"]),
            sophos=SophosSettings(**access["sophos"]),
        )
        limits = HttpLimits(per_minute=10**7, in_flight=IN_FLIGHT)
        with closing(build_services(settings, limits=limits)) as services:
            yield services


def _prepare(services: Services, size: Size) -> None:
    """Catalog, usage, and every product and customer mapped with sync on."""
    services.catalog.refresh()
    services.usage.fetch(_month(services), "bench")
    services.customers.refresh()
    off, on = MappingValues(), MappingValues
    versions = {code: each.version for code, each in services.store.mappings.all().items()}
    services.mappings.save(
        [
            RowEdit(code_of(n), versions[code_of(n)], off, on(FIRST_PRODUCT + n, True))
            for n in range(size.products)
        ],
        "bench",
    )
    agreements = services.store.customers.agreements()
    services.customers.save(
        [
            CustomerEdit(
                tenant_of(n),
                0,
                CustomerValues(),
                CustomerValues(
                    agreements[FIRST_AGREEMENT + n].company.id, FIRST_AGREEMENT + n, True
                ),
            )
            for n in range(size.customers)
        ],
        "bench",
    )
    wide = PlanLimits(changed_share=Decimal(1), drops_to_zero=10_000)
    services.preferences.save_sync(SyncSettings(limits=wide), "bench")


def _month(services: Services) -> Month:
    return Month.last_complete(services.clock().date())


def _planned(services: Services) -> float:
    started = time.perf_counter()
    services.planning.plan(_month(services))
    return time.perf_counter() - started


def _sync(services: Services) -> _Sync:
    month = _month(services)
    before = services.connectwise.requests()
    services.planning.refresh()
    refreshed = services.connectwise.requests() - before
    seconds = _planned(services)
    plan = services.planning.plan(month)
    written = [change for change in plan.changes if change.before != change.after]
    affected = {change.target.agreement_id for change in plan.changes}
    if not plan.changes:
        return _Sync(seconds, 0, refreshed.reads, 0, 0, 0, refreshed.writes, 0)
    approval = Approval(by="bench", origin=RunOrigin.COMMAND_LINE, override_reason="bench")
    asked = time.perf_counter()
    run = services.runs.approve(month, plan.digest, PlanOptions(), approval)
    started = time.perf_counter()
    run = services.runs.execute(run.id, "bench")
    took = time.perf_counter() - started
    assert run.status is RunStatus.FINISHED, run.events[-1]
    assert run.done == len(plan.changes)
    return _Sync(
        plan=seconds,
        approve=started - asked,
        refresh_reads=refreshed.reads,
        apply_reads=run.reads,
        apply=took,
        changes=len(written),
        writes=run.writes,
        affected=len(affected),
    )
