"""A real child process is killed (SIGKILL) at random moments while it saves."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.domain.models import Outcome, RunStatus
from core.storage.store import Store
from tests.storage.endless_saver import CODES, LINES
from tests.storage.samples import OCTOBER

ROOT = Path(__file__).parents[2]
KILLS = 6


def _save_until_killed(path: Path, work: str, seconds: float) -> int:
    """Start the child, kill it that long after its first save; the last save it acknowledged."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.storage.endless_saver", str(path), work],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        first = child.stdout.readline()
        time.sleep(seconds)
        child.kill()
        rest = child.stdout.read()
    assert child.returncode != 0
    complete = [text for text in (first + rest).splitlines(keepends=True) if text.endswith("\n")]
    return int(complete[-1])


@pytest.fixture
def moments() -> list[float]:
    return [random.uniform(0, 0.15) for _ in range(KILLS)]


def test_a_killed_save_leaves_all_or_none_of_its_mappings_and_history(
    path: Path, moments: list[float]
) -> None:
    for moment in moments:
        acknowledged = _save_until_killed(path, "mappings", moment)

        with Store.open(path, "sandbox") as store:
            mappings = store.mappings.all()
            history = store.mappings.history()
        version = mappings[CODES[0]].version
        assert list(mappings) == CODES
        assert {each.version for each in mappings.values()} == {version}
        assert version in (acknowledged, acknowledged + 1)
        assert len(history) == len(CODES) * version
        assert {entry.new for entry in history[: len(CODES)]} == {str(version)}


def test_a_killed_fetch_leaves_all_or_none_of_its_lines_and_usage(
    path: Path, moments: list[float]
) -> None:
    for moment in moments:
        acknowledged = _save_until_killed(path, "usage", moment)

        with Store.open(path, "sandbox") as store:
            fetches = store.usage.fetches()
            newest = store.usage.lines(fetches[0].id)
            usages = store.usage.usage(OCTOBER)
            assert {len(store.usage.lines(each.id)) for each in fetches} == {LINES}
        number = len(fetches)
        assert number in (acknowledged, acknowledged + 1)
        assert {each.billable_quantity for each in newest} == {number}
        assert {each.billable for each in usages} == {number}
        assert [each.product_code for each in usages] == CODES


def test_a_killed_run_has_each_outcome_together_with_its_binding(
    path: Path, moments: list[float]
) -> None:
    for moment in moments:
        acknowledged = _save_until_killed(path, "runs", moment)

        with Store.open(path, "sandbox") as store:
            runs = store.runs.list()
            changes = [store.runs.changes(each.id) for each in runs]
            bindings = store.additions.bindings()
            opened = store.runs.open()
        done = sum(each.done for each in runs)
        assert done in (acknowledged, acknowledged + 1)
        assert [each.quantity for each in bindings.values()] == [done]
        assert {len(each) for each in changes} == {len(CODES)}  # never a run without its changes
        assert {each.status for each in runs[1:]} <= {RunStatus.FINISHED}
        assert opened in (None, runs[0])
        not_done = [each.outcome for each in changes[0] if each.outcome is not Outcome.DONE]
        assert set(not_done[1:]) <= {Outcome.WAITING}
        assert set(not_done[:1]) <= {Outcome.WAITING, Outcome.IN_FLIGHT}


def test_a_process_killed_while_it_creates_the_file_leaves_one_that_opens(tmp_path: Path) -> None:
    for attempt in range(4):
        path = tmp_path / f"{attempt}.duckdb"
        with subprocess.Popen(
            [sys.executable, "-m", "tests.storage.endless_saver", str(path), "mappings"],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
        ) as child:
            _wait_for(path)
            time.sleep(random.uniform(0, 0.02))
            child.kill()

        with Store.open(path, "sandbox") as store:
            versions = {each.version for each in store.mappings.all().values()}
        assert len(versions) <= 1


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.001)
