"""kill -9 of a real process at every request of a run: resumed, it ends as if nothing had happened.

Every request is struck once by default, those before and after the server's commit in turn; with
USAGE_SYNC_KILLS=all each is struck in both ways.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.domain.models import Outcome, PlanOptions, RunStatus
from core.sandbox.faults import Effect, FaultRule, When
from core.sandbox.server import Sandbox
from tests.e2e.dashboard import ROOT, connection_environment
from tests.use_cases.conftest import creations_of, opened
from tests.use_cases.sync_world import Bill, approved, bill, prepare

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")

KILLED = -9
WRITES = 40
ALL = os.environ.get("USAGE_SYNC_KILLS") == "all"


@dataclass(frozen=True)
class Approved:
    """A store with an approved run, and what the run comes to when nothing happens to it."""

    store: Path
    bill: Bill
    changes: int
    requests: int
    creations: int


class Carrier:
    """Carries out the run of a store in a process of its own, which may be killed at a request."""

    def __init__(self, process: subprocess.Popen[str], sandbox: Sandbox) -> None:
        self._process = process
        self._sandbox = sandbox

    def __call__(
        self, store: Path, *, resume: bool, kill: int = 0, when: str = ""
    ) -> dict[str, Any] | int:
        """How the run stands when the process came to its end, else the exit code."""
        order = {
            "environment": connection_environment(self._sandbox, store),
            "resume": resume,
            "kill": kill,
            "when": when,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        said = json.loads(self._process.stdout.readline())
        if isinstance(said, int):
            return said
        assert json.loads(self._process.stdout.readline()) == 0
        return dict(said)


@pytest.fixture(scope="module")
def carry_out(running_sandbox: Sandbox) -> Iterator[Carrier]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.use_cases.killed_run"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Carrier(process, running_sandbox)
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture(scope="module")
def run_of_forty(
    running_sandbox: Sandbox,
    filled_store: Path,
    tmp_path_factory: pytest.TempPathFactory,
    carry_out: Carrier,
) -> Approved:
    """One product, two agreements, more than forty writes, and few reads beside them."""
    running_sandbox.reset()
    folder = tmp_path_factory.mktemp("forty")
    path, copy = folder / "store.duckdb", folder / "copy.duckdb"
    shutil.copyfile(filled_store, path)
    with opened(running_sandbox, path) as services:
        month = prepare(services, agreements=2, defaults=["NDR-MSP"])
        plan = services.planning.plan(month)
        # As few as are asked for: each is a process that is killed, and one that goes on.
        only = PlanOptions(only=frozenset(c.target.key for c in plan.changes[:WRITES]))
        changes = approved(services, month, only).changes
    shutil.copyfile(path, copy)
    running_sandbox.controls.counters.reset()
    assert isinstance(carry_out(copy, resume=False), dict)
    counted = running_sandbox.controls.counters.as_json()
    reads, writes = int(str(counted["total_reads"])), int(str(counted["total_writes"]))
    assert writes == changes >= WRITES
    found = Approved(
        path, bill(running_sandbox), changes, reads + writes, creations_of(running_sandbox)
    )
    running_sandbox.reset()
    return found


@pytest.fixture
def attempt(run_of_forty: Approved, running_sandbox: Sandbox, tmp_path: Path) -> Callable[[], Path]:
    """A copy of the store, and the world before the run."""

    def copy() -> Path:
        running_sandbox.reset()
        shutil.copyfile(run_of_forty.store, tmp_path / "store.duckdb")
        (tmp_path / "store.duckdb.wal").unlink(missing_ok=True)
        return tmp_path / "store.duckdb"

    return copy


def assert_as_if_nothing_had_happened(
    ended: dict[str, Any] | int, run_of_forty: Approved, sandbox: Sandbox, place: str
) -> None:
    assert isinstance(ended, dict), place
    assert ended["status"] == RunStatus.FINISHED, place
    assert ended["outcomes"] == [Outcome.DONE] * run_of_forty.changes, place
    assert set(ended["bound"]) <= sandbox.world.tables["additions"].records.keys(), place
    assert bill(sandbox) == run_of_forty.bill, place
    assert creations_of(sandbox) == run_of_forty.creations, place


@pytest.mark.parametrize("part", range(4))
def test_killed_at_any_request_and_resumed_it_ends_the_same(
    run_of_forty: Approved,
    running_sandbox: Sandbox,
    carry_out: Carrier,
    attempt: Callable[[], Path],
    part: int,
) -> None:
    for number in range(1 + part, run_of_forty.requests + 1, 4):
        # Alternately, so that each part has both ways.
        ways = ("before", "after") if ALL else (("before", "after")[number // 4 % 2],)
        for when in ways:
            store, place = attempt(), f"killed {when} request {number}"
            assert carry_out(store, resume=False, kill=number, when=when) == KILLED, place
            ended = carry_out(store, resume=True)
            assert_as_if_nothing_had_happened(ended, run_of_forty, running_sandbox, place)


def test_killed_again_and_again_it_comes_to_the_same_end(
    run_of_forty: Approved,
    running_sandbox: Sandbox,
    carry_out: Carrier,
    attempt: Callable[[], Path],
) -> None:
    store = attempt()
    for kills in range(run_of_forty.requests):
        ended = carry_out(store, resume=kills > 0, kill=18 + kills % 5, when="after")
        if ended != KILLED:
            break
    assert kills > 1
    assert_as_if_nothing_had_happened(ended, run_of_forty, running_sandbox, f"{kills} kills")


@pytest.mark.parametrize("when", list(When))
def test_killed_among_lost_answers_it_creates_nothing_twice(
    run_of_forty: Approved,
    running_sandbox: Sandbox,
    carry_out: Carrier,
    attempt: Callable[[], Path],
    when: When,
) -> None:
    for number in (24, 41):
        store, place = attempt(), f"lost {when} the commit, killed at request {number}"
        rule = FaultRule(effect=Effect.RESET, when=when, path="agreements/.*additions", every=6)
        for method in ("POST", "PATCH"):
            running_sandbox.controls.faults.add(FaultRule(**{**vars(rule), "method": method}))
        assert carry_out(store, resume=False, kill=number, when="after") == KILLED, place
        running_sandbox.controls.faults.clear()
        carry_out(store, resume=True)
        with opened(running_sandbox, store) as services:
            [run] = services.runs.list()
            if run.failed:
                # What was lost twice has failed, and is done by a retry.
                retry = services.runs.retry_options(run.id)
                services.runs.execute(approved(services, run.month, retry).id, "ana")
        assert bill(running_sandbox) == run_of_forty.bill, place
        assert creations_of(running_sandbox) == run_of_forty.creations, place
