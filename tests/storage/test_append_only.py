from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.storage import append_only, bulk
from core.storage.append_only import APPEND_ONLY
from core.storage.database import Database, Transaction
from core.storage.migrations import migrate

STORAGE = Path(append_only.__file__).parent
REWRITING = re.compile(
    r"(?:UPDATE|DELETE\s+FROM|REPLACE\s+INTO|TRUNCATE|MERGE\s+INTO)\s+(?:\w+\.)?(\w+)",
    re.IGNORECASE,
)


@pytest.fixture
def migrated(database: Database) -> Database:
    migrate(database)
    return database


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """For what is refused; nothing can change there."""
    opened = Database(tmp_path_factory.mktemp("append_only") / "store.duckdb")
    migrate(opened)
    yield opened
    opened.close()


def _trees() -> Iterator[tuple[str, ast.Module]]:
    for file in STORAGE.rglob("*.py"):
        yield file.name, ast.parse(file.read_text(encoding="utf-8"))


def _texts(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _upserts(tree: ast.Module) -> Iterator[str]:
    """The tables into which `bulk.insert` replaces rows; every one has to be named in place."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and ast.unparse(node.func) == "bulk.insert"):
            continue
        table = node.args[1]
        assert isinstance(table, ast.Constant), ast.unparse(node)
        if any(keyword.arg == "key" for keyword in node.keywords):
            yield str(table.value).removeprefix("store.")


def test_no_statement_changes_or_removes_what_was_recorded() -> None:
    rewritten = {
        name for _, tree in _trees() for text in _texts(tree) for name in REWRITING.findall(text)
    }

    assert {"usage", "addition"} <= rewritten  # it does look
    assert rewritten & set(APPEND_ONLY) == set()


def test_every_statement_that_rewrites_names_its_table() -> None:
    unnamed = re.compile(REWRITING.pattern.removesuffix(r"(\w+)") + "$", re.IGNORECASE)

    for file, tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                texts = [str(part.value) for part in node.values if isinstance(part, ast.Constant)]
                assert not [text for text in texts if unnamed.search(text)], file


def test_no_insert_replaces_what_was_recorded() -> None:
    replaced = {table for _, tree in _trees() for table in _upserts(tree)}

    assert "product_mapping" in replaced  # it does look
    assert replaced & set(APPEND_ONLY) == set()


def test_the_tables_that_are_only_added_to_exist(migrated: Database) -> None:
    tables = migrated.read(
        "SELECT table_name FROM information_schema.tables WHERE table_catalog = 'store'"
    )

    assert {(table,) for table in APPEND_ONLY} <= set(tables)


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM store.{table}",
        "UPDATE store.{table} SET {column} = {column}",
        "update  store.{table}\nset {column} = {column}",
        "TRUNCATE store.{table}",
        'DELETE FROM "store"."{table}"',
        "UPDATE store.main.{table} SET {column} = {column}",
        'UPDATE store . "main" . "{table}" SET {column} = {column}',
        "DELETE /* quietly */ FROM store.{table}",
        "DELETE FROM -- quietly\nstore.{table}",
        "MERGE INTO store.{table} t USING store.{table} s ON true WHEN MATCHED THEN DELETE",
        "INSERT OR REPLACE INTO store.{table} SELECT * FROM store.{table}",
        "INSERT INTO store.{table} SELECT * FROM store.{table} WHERE true ON CONFLICT DO NOTHING",
    ],
)
def test_whoever_tries_is_refused(untouched: Database, table: str, sql: str) -> None:
    column = untouched.read(
        "SELECT column_name FROM information_schema.columns "
        "WHERE table_catalog = 'store' AND table_name = ?",
        [table],
    )[0][0]
    statement = sql.format(table=table, column=column)

    with pytest.raises(RuntimeError, match="only ever added to"):
        untouched.write(lambda transaction: transaction.execute(statement))
    with pytest.raises(RuntimeError, match="only ever added to"):
        untouched.read(statement)


def test_an_upsert_is_refused_and_undoes_what_was_done_with_it(migrated: Database) -> None:
    def change(transaction: Transaction) -> None:
        transaction.execute("INSERT INTO store.store_info VALUES ('a', 'b')")
        bulk.insert(transaction, "store.journal", {"run_id": "VARCHAR"}, [("a",)], key=("run_id",))

    with pytest.raises(RuntimeError, match=r"only ever added to.*store\.journal"):
        migrated.write(change)

    assert migrated.read("SELECT * FROM store.store_info") == []


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM store.usage",
        'DELETE FROM "store"."usage"',
        "UPDATE store.usage SET billable = 1",
        "SELECT * FROM store.usage_line",
        "INSERT INTO store.store_info VALUES ('a', 'b') ON CONFLICT DO NOTHING",
    ],
)
def test_other_tables_and_reading_are_left_alone(migrated: Database, sql: str) -> None:
    with migrated.transaction() as transaction:
        transaction.execute(sql)


def test_a_migration_can_still_rebuild_such_a_table(migrated: Database) -> None:
    with migrated.transaction() as transaction:
        for statement in (
            "CREATE TABLE store.month_closing__new (position BIGINT PRIMARY KEY, note VARCHAR)",
            "INSERT INTO store.month_closing__new BY NAME "
            "SELECT position, reason AS note FROM store.month_closing",
            "DROP TABLE store.month_closing",
            "ALTER TABLE store.month_closing__new RENAME TO month_closing",
        ):
            transaction.execute(statement)

    assert migrated.read("SELECT note FROM store.month_closing") == []
