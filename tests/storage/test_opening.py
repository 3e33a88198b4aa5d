from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import StoreError, StoreInUseError, StoreMismatchError
from core.storage.database import Database
from core.storage.opening import refusal

ROOT = Path(__file__).parents[2]
_HOLD = """
import sys
from pathlib import Path
from core.storage.store import Store
store = Store.open(Path(sys.argv[1]), "sandbox")
print("open", flush=True)
sys.stdin.readline()
store.close()
"""


@pytest.fixture
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "open"
        yield process
        process.kill()


def test_a_second_process_gets_one_sentence_with_the_pid_and_the_remedy(
    holder: subprocess.Popen[str], path: Path
) -> None:
    with pytest.raises(StoreInUseError) as caught:
        Database(path)

    assert caught.value.pid == holder.pid
    assert str(caught.value) == (
        f"The database {path} is in use by process {holder.pid}: stop that process, "
        "or set USAGE_SYNC_STORE to another file."
    )


def test_the_file_is_free_again_when_the_other_process_ends(
    holder: subprocess.Popen[str], path: Path
) -> None:
    holder.communicate("\n", timeout=20)

    Database(path).close()


def test_opening_twice_in_one_process_names_this_process(database: Database, path: Path) -> None:
    with pytest.raises(StoreInUseError) as caught:
        Database(path.parent / ".." / "data" / path.name)

    assert caught.value.pid == os.getpid()
    database.read("SELECT 1")


def test_it_can_be_opened_again_after_closing(path: Path) -> None:
    for _ in range(3):
        Database(path).close()


@pytest.mark.parametrize("content", [b"", b"name,value\n", b"x" * 20_000])
def test_a_file_of_another_kind_is_refused_and_left_as_it_is(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "report.duckdb"
    path.write_bytes(content)

    with pytest.raises(StoreMismatchError, match=r"report\.duckdb is not a database.*Move it away"):
        Database(path)

    assert path.read_bytes() == content


def test_a_folder_that_cannot_be_made_says_what_to_check(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    with pytest.raises(StoreError, match=r"cannot be opened.*may write there"):
        Database(tmp_path / "file" / "usage_sync.duckdb")


def test_a_folder_in_place_of_the_file_says_what_to_check(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        Database(tmp_path)


def test_a_path_with_quotes_spaces_and_accents_works(tmp_path: Path) -> None:
    path = tmp_path / "l'été \"x\" 'y" / "données.duckdb"
    Database(path).close()

    assert path.is_file()


@pytest.mark.parametrize(
    ("text", "pid"),
    [
        (
            'IO Error: Could not set lock on file "/a": Conflicting lock is held in '
            "/usr/bin/python3.11 (PID 26544). See also https://duckdb.org/docs",
            26544,
        ),
        (
            'IO Error: Cannot open file "c:\\a": The process cannot access the file because it is '
            "being used by another process.\n\nFile is already open in \nC:\\python.exe (PID 812)",
            812,
        ),
        ('IO Error: Could not set lock on file "/a": Conflicting lock is held', None),
        ("IO Error: Conflicting lock is held in (PID 0)", None),
    ],
)
def test_the_holder_is_named_when_the_system_tells_it(text: str, pid: int | None) -> None:
    error = refusal(Path("a"), text)

    assert isinstance(error, StoreInUseError)
    assert error.pid == pid
    assert (f"process {pid}" if pid else "another process") in str(error)
    assert "set USAGE_SYNC_STORE to another file" in str(error)


def test_a_file_of_a_newer_duckdb_is_a_mismatch() -> None:
    text = (
        "Serialization Error: Trying to read a database file with version number 999, "
        "but we can only read versions between 64 and 68."
    )

    assert isinstance(refusal(Path("a"), text), StoreMismatchError)
