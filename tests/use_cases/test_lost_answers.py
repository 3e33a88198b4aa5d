"""Answers that are lost or late, over HTTP: nothing is billed twice, and what is left is told."""

from __future__ import annotations

import shutil
import time
from contextlib import closing
from pathlib import Path

from core.clients.http import HttpLimits
from core.domain.models import Change, ChangeKind, Outcome, PlanOptions, RunStatus
from core.sandbox.faults import Effect, FaultRule, When
from core.sandbox.server import Sandbox
from core.services import Services, build_services
from core.settings import load_settings
from tests.e2e.dashboard import connection_environment
from tests.use_cases.sync_world import (
    agreements_that_prorate,
    approved,
    change_usage,
    fresh_plan,
    prepare,
    synced,
)
from tests.use_cases.test_moved_customers import kept, move_all
from tests.use_cases.test_runs import stopped_early

IMPATIENT = HttpLimits(
    per_minute=600_000, read_timeout=0.5, wait_initial=0, wait_max=0, wait_jitter=0
)
LATE = 2.0


def test_what_waits_for_a_lost_answer_is_done_when_the_run_is_resumed(
    filled: Services, sandbox: Sandbox
) -> None:
    """A customer is moved; one addition on the new agreement is made, and nobody learns of it."""
    services = filled
    services.runs._sleep = lambda seconds: None
    month = prepare(services)
    assert synced(services, month).status is RunStatus.FINISHED
    old, new = agreements_that_prorate(services)[1], agreements_that_prorate(services)[4]
    before = sum(kept(services, old).values()) + sum(kept(services, new).values())
    move_all(services, old, new)
    services.planning.refresh()
    run = approved(services, month)
    path = f"agreements/{new}/additions"
    add = sandbox.controls.faults.add
    add(FaultRule(effect=Effect.RESET, when=When.AFTER, method="POST", path=path, nth=1))
    # The run's own reading is the first one; what it reads back does not come.
    for nth in range(2, 9):
        add(FaultRule(effect=Effect.STATUS, status=503, method="GET", path=path, nth=nth))

    run = services.runs.execute(run.id, "ana")
    sandbox.controls.faults.clear()
    rows = services.runs.changes(run.id)
    (lost,) = [row for row in rows if row.outcome is Outcome.IN_FLIGHT]
    waiting = [row for row in rows if row.outcome is Outcome.WAITING]
    assert [lost.change.target.key in row.change.needs for row in waiting] == [True]
    assert (run.status, run.failed, run.skipped) == (RunStatus.ABORTED, 0, 0)

    run = services.runs.resume(run.id, "ana")
    assert (run.status, run.done) == (RunStatus.FINISHED, run.changes)
    assert sum(kept(services, old).values()) + sum(kept(services, new).values()) == before
    assert services.history.undone() == []


def test_a_new_addition_that_comes_late_is_not_sent_twice(
    sandbox: Sandbox, filled_store: Path, tmp_path: Path
) -> None:
    shutil.copyfile(filled_store, tmp_path / "store.duckdb")
    settings = load_settings(connection_environment(sandbox, tmp_path / "store.duckdb"), {})
    with closing(build_services(settings, limits=IMPATIENT)) as services:
        services.runs._sleep = lambda seconds: None
        month = prepare(services)
        plan = services.planning.plan(month)
        new = next(c for c in plan.changes if c.kind is ChangeKind.CREATE_ADDITION)
        only = PlanOptions(only=frozenset({new.target.key}))
        run = approved(services, month, only)
        sandbox.controls.faults.add(
            FaultRule(effect=Effect.LATENCY, latency=LATE, method="POST", path="/additions", nth=1)
        )
        run = services.runs.execute(run.id, "ana")
        assert (run.status, run.failed) == (RunStatus.FINISHED, 1)
        assert [each.left for each in services.history.undone()] == [1]
        time.sleep(LATE)
        (made,) = in_connectwise(sandbox, new)

        services.planning.refresh()
        options = services.runs.retry_options(run.id)
        (adopted,) = services.planning.plan(month, options).changes
        assert (adopted.kind, adopted.addition_id) == (ChangeKind.ADOPT_ADDITION, made)
        again = services.runs.execute(approved(services, month, options).id, "ana")
        assert (again.done, again.failed) == (1, 0)
        assert in_connectwise(sandbox, new) == [made]
        assert services.history.undone() == []


def in_connectwise(sandbox: Sandbox, change: Change) -> list[int]:
    """The additions of the product on the agreement that were not there before."""
    return [
        row["id"]
        for row in sandbox.world.tables["additions"].all()
        if row["agreementId"] == change.target.agreement_id
        and row["product"]["id"] == change.target.product_id
        and row["id"] not in change.known_ids
    ]


def test_what_a_resumed_run_left_because_the_plan_moved_is_still_to_be_done(
    filled: Services, sandbox: Sandbox
) -> None:
    services = filled
    month = prepare(services)
    run = stopped_early(services, month)
    change_usage(
        sandbox, month, lambda line: {**line, "billableQuantity": line["billableQuantity"] + 1}
    )
    services.usage.fetch(month, "ana")
    run = services.runs.resume(run.id, "ana")
    left = fresh_plan(services, month).changes
    assert run.skipped
    assert left
    assert [each.run.id for each in services.history.undone()] == [run.id]
    assert synced(services, month).status is RunStatus.FINISHED
    assert services.history.undone() == []
