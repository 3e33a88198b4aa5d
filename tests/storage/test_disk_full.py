"""A real child process whose files may not grow: what a full disk does to a write."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_CHILD = """
import json, os, resource, signal, sys, time
from pathlib import Path
from core.errors import StoreError
from core.storage.store import Store
from tests.storage.samples import NOON, fetch, line, usage

store = Store.open(Path(sys.argv[1]), "sandbox")
store.settings.put("before", "1", "ada", NOON)
lines = [line(str(number), description=os.urandom(20).hex()) for number in range(9000)]
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
attempts = []
try:
    store.usage.record_fetch(
        fetch(lines), lines, [usage()], lambda current: attempts.append(1) or ([], [])
    )
    said = ""
except StoreError as error:
    said = str(error)
read = store.settings.all()
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
store.settings.put("after", "2", "ada", NOON)
store.close()
with Store.open(Path(sys.argv[1]), "sandbox") as store:
    assert store.usage.fetches() == []
    print(json.dumps([said, read, store.settings.all(), len(attempts)]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of file size are POSIX")
def test_a_full_disk_is_one_plain_error_and_loses_nothing_that_was_saved(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, str(path)],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=60,
    )

    said, read_meanwhile, kept, attempts = json.loads(done.stdout)
    assert "could not be read or written. Check that its disk has free space" in said
    assert read_meanwhile == {"before": "1"}
    assert kept == {"before": "1", "after": "2"}
    assert attempts == 1  # a conflict is tried again, a full disk is not
