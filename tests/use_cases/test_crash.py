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

import pytest

from core.sandbox.server import Sandbox
from core.storage.store import Store
from tests.e2e.dashboard import ROOT, connection_environment

KILLS = 3


def _save_until_killed(environment: dict[str, str], seconds: float) -> int:
    """Start the child and kill it that long after its first save; the last acknowledged save."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.use_cases.endless_mapper"],
        cwd=ROOT,
        env={**os.environ, **environment},
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


@pytest.mark.parametrize("moments", [[random.uniform(0, 0.3) for _ in range(KILLS)]], ids=["any"])
def test_a_killed_save_leaves_all_rows_with_their_history_or_none(
    running_sandbox: Sandbox, filled_store: Path, tmp_path: Path, moments: list[float]
) -> None:
    path = tmp_path / "store.duckdb"
    shutil.copyfile(filled_store, path)
    for moment in moments:
        acknowledged = _save_until_killed(connection_environment(running_sandbox, path), moment)

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
