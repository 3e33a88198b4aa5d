"""Open the database file, hardened, and say plainly why it cannot be opened."""

from __future__ import annotations

import os
import re
from pathlib import Path

import duckdb

from core.errors import StoreError, StoreInUseError, StoreMismatchError, message

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
}
_HELD = re.compile(r"conflicting lock|used by another process|already open in", re.IGNORECASE)
_HOLDER = re.compile(r"\bPID:? ?([1-9]\d*)")


def backups_folder(path: Path) -> Path:
    """Where copies of the database at `path` go: the only other folder that SQL may touch."""
    return path.parent / "backups"


def connect(path: Path) -> duckdb.DuckDBPyConnection:
    """Attach the file at `path` (created when absent) as the catalog `store`.

    After that SQL can reach no file but the store and its backups, no extension and no network.
    Raises StoreInUseError, StoreMismatchError or StoreError.
    """
    _make_folder(path)
    connection = duckdb.connect(
        ":memory:", config={**_CONFIG, "temp_directory": str(path) + ".tmp"}
    )
    try:
        connection.execute(f"ATTACH {quoted(path)} AS store")
        _harden(connection, path)
    except duckdb.Error as error:
        connection.close()
        raise refusal(path, str(error)) from error
    return connection


def quoted(path: Path) -> str:
    """`path` as an SQL literal; ATTACH takes no parameters."""
    return "'" + str(path).replace("'", "''") + "'"


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(path, str(error)) from error


def _harden(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    connection.execute(f"SET allowed_directories = [{quoted(backups_folder(path))}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def refusal(path: Path, text: str) -> StoreError:
    """The error to raise for what DuckDB says when it cannot attach `path`."""
    if "already attached" in text:
        return _in_use(path, os.getpid())
    if _HELD.search(text):
        holder = _HOLDER.search(text)
        return _in_use(path, int(holder[1]) if holder else None)
    if "not a valid DuckDB" in text or "database file with version number" in text:
        return StoreMismatchError(
            message(
                "The file {path} is not a database that this version can read.", path=str(path)
            ),
            remedy=message("Move it away, or set USAGE_SYNC_STORE to another file."),
            detail=text,
        )
    return _unusable(path, text)


def _in_use(path: Path, pid: int | None) -> StoreInUseError:
    # The PID is text: a number would be shown with thousands separators.
    if not pid:
        text = message(
            "The database {path} is in use by another process: stop that process, "
            "or set USAGE_SYNC_STORE to another file.",
            path=str(path),
        )
        return StoreInUseError(text, pid=None)
    text = message(
        "The database {path} is in use by process {pid}: stop that process, "
        "or set USAGE_SYNC_STORE to another file.",
        path=str(path),
        pid=str(pid),
    )
    return StoreInUseError(text, pid=pid)


def _unusable(path: Path, detail: str) -> StoreError:
    return StoreError(
        message("The database {path} cannot be opened.", path=str(path)),
        remedy=message(
            "Check that its folder exists, that this user may write there and that the disk "
            "has free space, or set USAGE_SYNC_STORE to another file."
        ),
        detail=detail,
    )
