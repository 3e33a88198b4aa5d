"""kill -9 of a real process in the middle of Save leaves all of it or none of it."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from core.sandbox.server import Sandbox
from core.storage.store import Store
from tests.e2e.dashboard import ROOT, connection_environment

KILLS = 5


def _save_until_killed(environment: dict[str, str], share: float) -> int:
    """Start the child and kill it in its second save, after a share of the time that the first
    one took. Returns the last save that it acknowledged.
    """
    with subprocess.Popen(
        [sys.executable, "-m", "tests.use_cases.endless_mapper"],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "save\n"
        number, seconds = child.stdout.readline().split()
        assert child.stdout.readline() == "save\n"
        time.sleep(float(seconds) * share)
        child.kill()
        rest = child.stdout.read()
    assert child.returncode != 0
    complete = [line for line in rest.splitlines(keepends=True) if line.endswith("\n")]
    acknowledged = [int(line.split()[0]) for line in complete if line != "save\n"]
    return max([int(number), *acknowledged])


def test_a_killed_save_leaves_all_rows_with_their_history_or_none(
    running_sandbox: Sandbox, filled_store: Path, tmp_path: Path
) -> None:
    path = tmp_path / "store.duckdb"
    shutil.copyfile(filled_store, path)
    environment = connection_environment(running_sandbox, path)
    for kill in range(KILLS):
        acknowledged = _save_until_killed(environment, (kill + random.random()) / KILLS)

        with Store.open(path, "real") as store:
            mappings = store.mappings.all()
            history = [h for h in store.mappings.history() if h.by == "ana"]
        (saves,) = {mapping.version for mapping in mappings.values()}
        assert saves in (acknowledged, acknowledged + 1)
        assert len({mapping.connectwise_product_id for mapping in mappings.values()}) == 1
        assert len({mapping.state for mapping in mappings.values()}) == 1
        products = [entry for entry in history if entry.field == "connectwise_product_id"]
        assert Counter(entry.product_code for entry in products) == dict.fromkeys(mappings, saves)
        newest = {entry.product_code: entry.new for entry in reversed(products)}
        assert newest == {c: str(m.connectwise_product_id) for c, m in mappings.items()}
