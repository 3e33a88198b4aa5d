from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest

from core.errors import StoreError
from core.storage.database import Database, Transaction
from tests.storage.samples import NOON


@pytest.fixture
def counter(database: Database) -> Database:
    with database.transaction() as transaction:
        transaction.execute(
            "CREATE TABLE store.counter (id INTEGER PRIMARY KEY, n BIGINT NOT NULL)"
        )
        transaction.execute("INSERT INTO store.counter VALUES (1, 0)")
    return database


def _count(database: Database) -> int:
    return int(database.read("SELECT n FROM store.counter WHERE id = 1")[0][0])


def _add_one(transaction: Transaction) -> None:
    transaction.execute("UPDATE store.counter SET n = n + 1 WHERE id = 1")


def _add_one_behind_the_lock(database: Database) -> None:
    with database._connection.cursor() as cursor:
        cursor.execute("UPDATE store.counter SET n = n + 1 WHERE id = 1")


def test_what_is_written_is_read_back_after_reopening(counter: Database, path: Path) -> None:
    counter.write(_add_one)
    counter.close()

    again = Database(path)
    try:
        assert _count(again) == 1
    finally:
        again.close()


def test_an_exception_undoes_the_whole_transaction(counter: Database) -> None:
    class Stop(BaseException):
        """As the page framework stops a script: not an Exception."""

    def change(transaction: Transaction) -> None:
        _add_one(transaction)
        raise Stop

    with pytest.raises(Stop):
        counter.write(change)

    assert _count(counter) == 0
    counter.write(_add_one)
    assert _count(counter) == 1


def test_a_caught_error_inside_a_transaction_cannot_look_like_success(counter: Database) -> None:
    def change(transaction: Transaction) -> None:
        _add_one(transaction)
        with suppress(duckdb.ConstraintException):
            transaction.execute("INSERT INTO store.counter VALUES (1, 9)")

    with pytest.raises(RuntimeError, match="nothing was committed"):
        counter.write(change)

    assert _count(counter) == 0


def test_a_transaction_inside_a_transaction_is_refused(counter: Database) -> None:
    with pytest.raises(RuntimeError, match="already open"), counter.transaction():
        counter.write(_add_one)

    counter.write(_add_one)
    assert _count(counter) == 1


def test_a_write_that_meets_a_conflict_runs_again_from_its_start(counter: Database) -> None:
    attempts = []

    def change(transaction: Transaction) -> int:
        seen = transaction.execute("SELECT n FROM store.counter")[0][0]
        if not attempts:
            _add_one_behind_the_lock(counter)
        attempts.append(seen)
        _add_one(transaction)
        return int(seen)

    assert counter.write(change) == 1
    assert attempts == [0, 1]
    assert _count(counter) == 2


def test_a_key_that_another_transaction_took_meanwhile_is_a_conflict_too(
    counter: Database,
) -> None:
    attempts = []

    def change(transaction: Transaction) -> int:
        key = int(transaction.execute("SELECT max(id) + 1 FROM store.counter")[0][0])
        attempts.append(key)
        with counter._connection.cursor() as other:
            if len(attempts) == 1:
                other.begin()
                other.execute("INSERT INTO store.counter VALUES (2, 0)")
            transaction.execute("INSERT INTO store.counter VALUES (?, 0)", [key])
            if len(attempts) == 1:
                other.commit()
        return key

    assert counter.write(change) == 3
    assert attempts == [2, 3]


def test_a_conflict_that_does_not_end_is_one_plain_error(counter: Database) -> None:
    attempts = []

    def change(transaction: Transaction) -> None:
        transaction.execute("SELECT n FROM store.counter")
        _add_one_behind_the_lock(counter)
        attempts.append(1)
        _add_one(transaction)

    with pytest.raises(StoreError, match="could not be read or written") as caught:
        counter.write(change)

    assert "Conflict" in str(caught.value.detail)
    assert len(attempts) == 6
    assert _count(counter) == 6


def test_an_error_of_the_database_says_the_remedy_and_keeps_the_detail(database: Database) -> None:
    with pytest.raises(StoreError) as caught:
        database.read("SELECT * FROM store.absent")

    assert str(database.path) in str(caught.value)
    assert "free space" in str(caught.value.remedy)
    assert "absent" in str(caught.value.detail)


def test_eight_threads_write_and_read_without_loss_or_mixed_rows(counter: Database) -> None:
    with counter.transaction() as transaction:
        transaction.execute("CREATE TABLE store.pair (id BIGINT PRIMARY KEY, double BIGINT)")
        transaction.execute("INSERT INTO store.pair SELECT range, range * 2 FROM range(100)")
    wrong: list[object] = []

    def work(number: int) -> None:
        for step in range(25):
            wanted = (number * 25 + step) % 100
            counter.write(_add_one)
            rows = counter.read("SELECT id, double FROM store.pair WHERE id = ?", [wanted])
            if rows != [(wanted, wanted * 2)]:
                wrong.append(rows)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
    assert _count(counter) == 200


def test_one_write_waits_for_the_other(counter: Database) -> None:
    begun = threading.Event()

    def change(transaction: Transaction) -> None:
        begun.set()
        _add_one(transaction)

    waiting = threading.Thread(target=counter.write, args=(change,))
    with counter.transaction() as transaction:
        waiting.start()
        assert not begun.wait(0.2)
        _add_one(transaction)
    waiting.join(10)

    assert begun.is_set()
    assert _count(counter) == 2


def test_the_revision_grows_with_every_commit_and_with_nothing_else(counter: Database) -> None:
    before = counter.revision
    counter.read("SELECT 1")
    with pytest.raises(StoreError):
        counter.write(lambda transaction: transaction.execute("SELECT * FROM store.absent"))
    assert counter.revision == before

    counter.write(_add_one)

    assert counter.revision == before + 1


def test_a_reader_sees_the_last_commit_while_a_write_is_open(counter: Database) -> None:
    seen = []
    with counter.transaction() as transaction:
        _add_one(transaction)
        reader = threading.Thread(target=lambda: seen.append(_count(counter)))
        reader.start()
        reader.join(10)

    assert seen == [0]
    assert _count(counter) == 1


def test_parameters_are_bound_exactly_or_not_at_all(database: Database) -> None:
    assert database.read("SELECT ?, ?, ?, ?", ["a'b", 1, True, None]) == [("a'b", 1, True, None)]
    assert database.read("SELECT ?", [NOON]) == [(NOON.replace(tzinfo=None),)]
    assert database.read("SELECT ?", ["\ud800"]) == [("?",)]
    with pytest.raises(TypeError, match="float"):
        database.read("SELECT ?", [1.5])  # type: ignore[list-item]


def test_a_copy_is_a_complete_database_of_its_own(counter: Database, path: Path) -> None:
    counter.write(_add_one)
    target = path.parent / "backups" / "copy.duckdb"
    target.parent.mkdir()

    counter.copy_to(target)
    counter.write(_add_one)

    copy = Database(target)
    try:
        assert _count(copy) == 1
        with pytest.raises(StoreError), copy.transaction() as transaction:
            transaction.execute("INSERT INTO store.counter VALUES (1, 9)")  # still the key
    finally:
        copy.close()


def test_closing_twice_does_nothing_and_reading_afterwards_is_a_plain_error(path: Path) -> None:
    database = Database(path)
    database.close()
    database.close()

    with pytest.raises(StoreError, match="could not be read"):
        database.read("SELECT 1")
    with pytest.raises(StoreError, match="could not be read"):
        database.write(lambda transaction: transaction.execute("SELECT 1"))


@pytest.mark.parametrize(
    "sql",
    [
        "ATTACH '{folder}/other.duckdb' AS other",
        "COPY (SELECT 1) TO '{folder}/out.csv'",
        "SELECT * FROM read_text('{folder}/secret.txt')",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET threads = 1",
        "SELECT * FROM outside",
    ],
)
def test_sql_reaches_nothing_but_the_store(database: Database, tmp_path: Path, sql: str) -> None:
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    outside = [1]  # a Python name that replacement scans would find

    with pytest.raises(StoreError):
        database.read(sql.format(folder=tmp_path))

    assert sorted(file.name for file in tmp_path.iterdir()) == ["data", "secret.txt"]
    assert outside == [1]
