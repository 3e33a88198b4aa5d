"""One DuckDB file, attached as the catalog `store`, read by many threads and written by one.

The SQL of this package keeps to what a DuckDB file and an attached PostgreSQL database both take:
plain scalar types, keys made by the application, upserts by ON CONFLICT; no sequences, foreign
keys or secondary indexes, and one written catalog per transaction.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import duckdb

from core.errors import StoreError, message
from core.storage.append_only import refuse_rewriting
from core.storage.kept_reads import KeptReads
from core.storage.opening import connect, quoted
from core.storage.values import naive_utc

Row: TypeAlias = tuple[Any, ...]
Parameter: TypeAlias = str | int | bool | datetime | None
Clock: TypeAlias = Callable[[], datetime]
T = TypeVar("T")

_ATTEMPTS = 6
_FIRST_PAUSE = 0.02  # seconds


def utc_now() -> datetime:
    """The time of day, aware and in UTC."""
    return datetime.now(UTC)


class Transaction:
    """The statements of one transaction. Only `Database` makes one."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor
        self.failed = False

    def execute(self, sql: str, parameters: Sequence[Parameter] = ()) -> list[Row]:
        """Run one statement and return its rows. After an error, nothing will be committed."""
        try:
            refuse_rewriting(sql)
            return self._cursor.execute(sql, _bound(parameters)).fetchall()
        except BaseException:
            self.failed = True
            raise


class Database:
    """The open file. Threads may share it; another process may not open it meanwhile.

    Raises StoreInUseError, StoreMismatchError or StoreError when it cannot be opened, and
    StoreError when reading or writing fails later.
    """

    def __init__(self, path: Path, *, clock: Clock = utc_now) -> None:
        self.path = path.expanduser().resolve()
        self.clock = clock
        self._connection = connect(self.path)
        # A file is open at most once per process, so this lock is the process-wide one.
        self._write_lock = threading.Lock()
        self._writer: int | None = None
        self._revision = 0
        self._kept = KeptReads()
        self._facts_revision = 0

    @property
    def revision(self) -> int:
        """Grows with every committed change. Nobody else writes the file while it is open."""
        return self._revision

    @property
    def facts_revision(self) -> int:
        """Grows with every committed change but those that were said to be remarks."""
        return self._facts_revision

    def read(self, sql: str, parameters: Sequence[Parameter] = ()) -> list[Row]:
        """All rows of one query, on a cursor of its own (a shared one mixes up results)."""
        bound = tuple(_bound(parameters))

        def read() -> list[Row]:
            refuse_rewriting(sql)
            with self._plain_errors(), closing(self._connection.cursor()) as cursor:
                return cursor.execute(sql, bound).fetchall()

        return list(self._kept.get((sql, bound), lambda: self._revision, read))

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Commit everything done inside, or nothing if an exception leaves the block."""
        with self._plain_errors(), self._transaction() as transaction:
            yield transaction

    def write(self, change: Callable[[Transaction], T], *, remark: bool = False) -> T:
        """Run `change` in one transaction, again from its start when it met a conflict.

        `change` must therefore depend on nothing but the database. A `remark` is what plans and
        reports do not follow from: they are not made anew for it.
        """
        with self._plain_errors():
            for attempt in range(_ATTEMPTS - 1):
                try:
                    return self._attempt(change, remark)
                except duckdb.TransactionException as error:
                    if not _is_conflict(error):
                        raise
                time.sleep(_FIRST_PAUSE * 2**attempt * random.uniform(0.5, 1))  # noqa: S311
            return self._attempt(change, remark)

    def copy_to(self, target: Path) -> None:
        """Write a complete copy to the new file `target`, in the backups folder.

        The file is never copied by the operating system: closing any handle on it would drop
        this process's POSIX lock.
        """
        with (
            self._plain_errors(),
            self._write_lock,
            closing(self._connection.cursor()) as cursor,
        ):
            cursor.execute(f"ATTACH {quoted(target)} AS backup")
            try:
                cursor.execute("COPY FROM DATABASE store TO backup")
            finally:
                cursor.execute("DETACH backup")

    def close(self) -> None:
        """Finish the write in progress, checkpoint and release the file. Twice does nothing."""
        with self._write_lock:
            self._connection.close()

    def _attempt(self, change: Callable[[Transaction], T], remark: bool) -> T:
        with self._transaction(remark) as transaction:
            return change(transaction)

    @contextmanager
    def _transaction(self, remark: bool = False) -> Iterator[Transaction]:
        if self._writer == threading.get_ident():
            raise RuntimeError("a transaction is already open in this thread")
        with self._write_lock:
            self._writer = threading.get_ident()
            try:
                with closing(self._connection.cursor()) as cursor:
                    yield from _all_or_nothing(cursor)
                self._revision += 1
                self._facts_revision += not remark
            finally:
                self._writer = None

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        try:
            yield
        except duckdb.Error as error:
            raise StoreError(
                message("The database {path} could not be read or written.", path=str(self.path)),
                remedy=message(
                    "Check that its disk has free space and that this user may write there, "
                    "then try again; if it stays so, restart the dashboard."
                ),
                detail=f"{type(error).__name__}: {error}",
            ) from error


def _all_or_nothing(cursor: duckdb.DuckDBPyConnection) -> Iterator[Transaction]:
    transaction = Transaction(cursor)
    cursor.begin()
    try:
        yield transaction
        if transaction.failed:
            # COMMIT would silently roll back.
            raise RuntimeError("an error inside the transaction was caught; nothing was committed")
        cursor.commit()
    except BaseException:
        # After a failed commit there is no transaction left to roll back.
        with suppress(duckdb.Error):
            cursor.rollback()
        raise


def _is_conflict(error: duckdb.TransactionException) -> bool:
    """Whether another transaction was in the way; a full disk at the commit is the same class.

    A key that two transactions inserted is reported as a constraint violation of the commit.
    """
    text = str(error).lower()
    return "conflict" in text or "constraint violation" in text


def _bound(parameters: Sequence[Parameter]) -> list[Parameter]:
    return [_bindable(value) for value in parameters]


def _bindable(value: Parameter) -> Parameter:
    if isinstance(value, datetime):
        return naive_utc(value)
    if isinstance(value, str):
        return without_lone_surrogates(value)
    if value is None or isinstance(value, int):
        return value
    raise TypeError(f"{type(value).__name__} is not bound: bulk.insert casts it exactly")


def without_lone_surrogates(text: str) -> str:
    """`text` with `?` for halves of characters, which JSON can carry and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")
