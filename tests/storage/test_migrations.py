from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.domain.models import Usage, UsageFetch, UsageLine
from core.domain.usage import aggregate
from core.errors import StoreError, StoreMismatchError
from core.storage import bulk
from core.storage.customer_rows import AGREEMENT_COLUMNS, agreement_row
from core.storage.database import Database, Transaction
from core.storage.mappings_store import MappingsStore
from core.storage.migrations import back_up, migrate, pending_migrations
from core.storage.schema import MIGRATIONS, Migration
from core.storage.store import Store
from core.storage.usage_rows import (
    FETCH_COLUMNS,
    LINE_COLUMNS,
    USAGE_COLUMNS,
    fetch_row,
    line_row,
    usage_row,
)
from tests.storage.samples import NOON, OCTOBER, change_of, fetch, line, mapping, usage
from tests.storage.sync_samples import agreement

FIRST = Migration(
    1,
    "customers",
    ("CREATE TABLE store.customer (id VARCHAR PRIMARY KEY, name VARCHAR NOT NULL)",),
)
ADD_A_COLUMN = Migration(
    2,
    "customer price",
    (
        "ALTER TABLE store.customer ADD COLUMN price DECIMAL(38, 12)",
        "UPDATE store.customer SET price = 1.5",
    ),
)
REBUILD = Migration(
    3,
    "customer switch",
    (
        "CREATE TABLE store.customer__new (id VARCHAR PRIMARY KEY, name VARCHAR NOT NULL, "
        "price DECIMAL(38, 12), sync BOOLEAN NOT NULL, CHECK (name <> ''))",
        "INSERT INTO store.customer__new BY NAME SELECT *, false AS sync FROM store.customer",
        "DROP TABLE store.customer",
        "ALTER TABLE store.customer__new RENAME TO customer",
    ),
)
ALL = (FIRST, ADD_A_COLUMN, REBUILD)
FAILING = Migration(
    2,
    "half done, then wrong",
    (
        "ALTER TABLE store.customer ADD COLUMN price DECIMAL(38, 12)",
        "UPDATE store.customer SET price = 1",
        "CREATE TABLE store.other (id VARCHAR PRIMARY KEY)",
        "SELECT * FROM store.absent",
    ),
)

Schema = tuple[list[tuple[object, ...]], ...]


def _schema(database: Database) -> Schema:
    columns = database.read(
        "SELECT table_name, column_name, data_type, is_nullable, column_default "
        "FROM information_schema.columns WHERE table_catalog = 'store' "
        "ORDER BY table_name, column_name"
    )
    constraints = database.read(
        "SELECT table_name, constraint_type, constraint_text, constraint_column_names::VARCHAR "
        "FROM duckdb_constraints() WHERE database_name = 'store' ORDER BY ALL"
    )
    return columns, constraints


def _content(database: Database, table: str) -> list[tuple[object, ...]]:
    return database.read(f"SELECT * FROM store.{table} ORDER BY ALL")


def _records(database: Database) -> list[tuple[object, ...]]:
    return _content(database, "schema_migration")


def _add_customers(database: Database) -> None:
    with database.transaction() as transaction:
        transaction.execute("INSERT INTO store.customer (id, name) VALUES ('a', 'Acme')")
        transaction.execute("INSERT INTO store.customer (id, name) VALUES ('b', 'Öz')")


def _backups(path: Path) -> list[str]:
    return sorted(file.name for file in (path.parent / "backups").glob("*"))


@pytest.mark.parametrize("migrations", [ALL, MIGRATIONS])
def test_a_fresh_database_gets_every_migration_and_no_backup(
    database: Database, path: Path, migrations: Sequence[Migration]
) -> None:
    assert migrate(database, migrations) == tuple(m.version for m in migrations)

    assert [row[:2] for row in _records(database)] == [(m.version, m.name) for m in migrations]
    assert {row[2] for row in _records(database)} == {NOON.replace(tzinfo=None)}
    assert _backups(path) == []


@pytest.mark.parametrize("migrations", [ALL, MIGRATIONS])
def test_a_second_run_does_nothing(
    database: Database, path: Path, migrations: Sequence[Migration]
) -> None:
    migrate(database, migrations)
    before = (_schema(database), _records(database))

    assert migrate(database, migrations) == ()

    assert (_schema(database), _records(database)) == before
    assert _backups(path) == []


def test_a_failing_migration_changes_nothing(database: Database, path: Path) -> None:
    migrate(database, [FIRST])
    _add_customers(database)
    before = (_schema(database), _records(database), _content(database, "customer"))

    with pytest.raises(StoreError) as caught:
        migrate(database, [FIRST, FAILING])

    assert "absent" in str(caught.value.detail)
    assert (_schema(database), _records(database), _content(database, "customer")) == before
    assert migrate(database, ALL) == (2, 3)


def test_migrations_before_the_failing_one_stay(database: Database) -> None:
    failing = Migration(3, "wrong", ("SELECT * FROM store.absent",))

    with pytest.raises(StoreError):
        migrate(database, [FIRST, ADD_A_COLUMN, failing])

    assert [row[0] for row in _records(database)] == [1, 2]


@pytest.mark.parametrize("version", [1, 2])
def test_each_old_version_upgrades_with_its_rows_and_to_the_fresh_schema(
    tmp_path: Path, database: Database, version: int
) -> None:
    fresh = Database(tmp_path / "fresh.duckdb")
    migrate(fresh, ALL)
    expected = _schema(fresh)
    fresh.close()
    migrate(database, ALL[:version])
    _add_customers(database)

    migrate(database, ALL)

    assert _schema(database) == expected
    price = Decimal("1.5") if version == 1 else None
    assert _content(database, "customer") == [
        ("a", "Acme", price, False),
        ("b", "Öz", price, False),
    ]


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS) + 1))
def test_each_shipped_version_upgrades_with_its_rows_and_to_the_fresh_schema(
    tmp_path: Path, database: Database, version: int
) -> None:
    fresh = Database(tmp_path / "fresh.duckdb")
    migrate(fresh)
    expected = _schema(fresh)
    fresh.close()
    migrate(database, MIGRATIONS[:version])
    columns = _fill_every_table(database)
    before = {table: _rows_of(database, table, names) for table, names in columns.items()}

    assert migrate(database) == tuple(range(version + 1, len(MIGRATIONS) + 1))

    assert _schema(database) == expected
    assert all(len(rows) == 2 for rows in before.values())
    for table, names in columns.items():
        assert _rows_of(database, table, names) == before[table], table


def _fill_every_table(database: Database) -> dict[str, list[str]]:
    """Two rows in each table, the second with NULL where it may be; the columns by table."""
    columns: dict[str, list[str]] = {}
    rows: dict[str, tuple[list[str], list[str]]] = {}
    for table, name, kind, nullable in database.read(
        "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns "
        "WHERE table_catalog = 'store' AND table_name <> 'schema_migration' "
        "ORDER BY table_name, ordinal_position"
    ):
        columns.setdefault(table, []).append(name)
        first, second = rows.setdefault(table, ([], []))
        first.append(_sample(kind, 1))
        second.append("NULL" if nullable == "YES" else _sample(kind, 2))
    with database.transaction() as transaction:
        for table, both in rows.items():
            for values in both:
                transaction.execute(f"INSERT INTO store.{table} VALUES ({', '.join(values)})")
    return columns


def _sample(kind: str, number: int) -> str:
    samples = {
        "VARCHAR": f"'2026-0{number} “é😀”'",
        "BOOLEAN": "true",
        "TIMESTAMP": f"TIMESTAMP '2026-10-0{number} 12:00:00.123456'",
        "DATE": f"DATE '2026-10-0{number}'",
        "DECIMAL(38,12)": f"{number}.000000000001",
    }
    return samples.get(kind, str(number))


def _rows_of(database: Database, table: str, columns: list[str]) -> list[tuple[object, ...]]:
    return database.read(f"SELECT {', '.join(columns)} FROM store.{table} ORDER BY ALL")


def test_a_store_of_the_first_version_keeps_what_people_entered(path: Path) -> None:
    first = Database(path, clock=lambda: NOON)
    migrate(first, MIGRATIONS[:1])
    MappingsStore(first).save([mapping()], [entered := change_of()], {"CIX": 0})
    fetched = fetch([line()])
    with first.transaction() as transaction:
        _record_as_the_first_version(transaction, fetched, [line()], [usage()])
    first.close()

    with Store.open(path, "sandbox", now=lambda: NOON) as store:
        assert store.mappings.all() == {"CIX": mapping()}
        assert store.mappings.history() == [entered]
        assert store.usage.fetches() == [fetched]
        assert store.usage.lines(fetched.id) == [line()]
        assert store.usage.usage(OCTOBER) == [usage()]
    assert _backups(path) == ["usage_sync-v1-20261122T120000Z.duckdb"]


def _record_as_the_first_version(
    transaction: Transaction,
    fetched: UsageFetch,
    lines: Sequence[UsageLine],
    usages: Sequence[Usage],
) -> None:
    fetches = [fetch_row(fetched, 1)]
    bulk.insert(transaction, "store.usage_fetch", FETCH_COLUMNS, fetches)
    line_rows = [line_row(fetched.id, number, each) for number, each in enumerate(lines)]
    bulk.insert(transaction, "store.usage_line", LINE_COLUMNS, line_rows)
    columns = dict(list(USAGE_COLUMNS.items())[:8])
    usage_rows = [usage_row(each, fetched.id)[:8] for each in usages]
    bulk.insert(transaction, "store.usage", columns, usage_rows)


PRICED = st.lists(
    st.builds(
        line,
        code=st.sampled_from(["CIX", "XDR"]),
        account_id=st.sampled_from(["tenant-1", "tenant-2", None]),
        billable_quantity=st.decimals(-9, 99, places=3),
        unit_price=st.none() | st.decimals(0, 99, places=6),
        unit_price_currency=st.sampled_from(["EUR", "EUR", "EUR", "USD", ""]),
    ),
    max_size=8,
)


@given(lines=PRICED)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_read_before_gets_the_cost_that_a_new_reading_gets(
    tmp_path_factory: pytest.TempPathFactory, lines: list[UsageLine]
) -> None:
    path = tmp_path_factory.mktemp("store") / "store.duckdb"
    first = Database(path, clock=lambda: NOON)
    migrate(first, MIGRATIONS[:1])
    expected = aggregate(OCTOBER, lines)
    with first.transaction() as transaction:
        _record_as_the_first_version(transaction, fetch(lines), lines, expected)
    first.close()

    with Store.open(path, "sandbox", now=lambda: NOON) as store:
        assert store.usage.usage(OCTOBER) == list(expected)


def test_agreements_of_before_have_no_known_billing(path: Path) -> None:
    before = Database(path, clock=lambda: NOON)
    migrate(before, MIGRATIONS[:5])
    kept = agreement()
    columns = dict(list(AGREEMENT_COLUMNS.items())[:14])
    with before.transaction() as transaction:
        bulk.insert(transaction, "store.agreement", columns, [agreement_row(kept)[:14]])
    before.close()

    with Store.open(path, "sandbox", now=lambda: NOON) as store:
        assert store.customers.agreements() == {kept.id: kept}
        assert (kept.billing_cycle_id, kept.currency) == (None, None)
        assert store.customers.billing_cycles() == {}


def test_prices_that_no_invoice_has_are_no_obstacle(path: Path) -> None:
    lines = [line(billable_quantity=Decimal(10) ** 25, unit_price=Decimal(10) ** 25)]
    lines = [replace(each, unit_price_currency="EUR") for each in lines]
    first = Database(path, clock=lambda: NOON)
    migrate(first, MIGRATIONS[:1])
    with first.transaction() as transaction:
        _record_as_the_first_version(transaction, fetch(lines), lines, [usage()])
    first.close()

    with Store.open(path, "sandbox", now=lambda: NOON) as store:
        assert [each.cost for each in store.usage.usage(OCTOBER)] == [None]


def test_an_upgraded_database_survives_reopening(database: Database, path: Path) -> None:
    migrate(database, ALL[:1])
    _add_customers(database)
    migrate(database, ALL)
    database.close()

    again = Database(path)
    try:
        assert [row[0] for row in _content(again, "customer")] == ["a", "b"]
        assert migrate(again, ALL) == ()
    finally:
        again.close()


def test_pending_migrations_of_a_database_with_data_are_backed_up_before(
    database: Database, path: Path
) -> None:
    migrate(database, [FIRST])
    _add_customers(database)
    expected = (_schema(database), _records(database), _content(database, "customer"))

    migrate(database, ALL)

    assert _backups(path) == ["usage_sync-v1-20261122T120000Z.duckdb"]
    backup = Database(path.parent / "backups" / _backups(path)[0])
    try:
        found = (_schema(backup), _records(backup), _content(backup, "customer"))
        assert found == expected
    finally:
        backup.close()


def test_backups_never_replace_each_other(database: Database, path: Path) -> None:
    migrate(database, [FIRST])

    first, second, third = (back_up(database, 1) for _ in range(3))

    assert len({first, second, third}) == 3
    assert _backups(path) == sorted(file.name for file in (first, second, third))


def test_the_rest_of_an_interrupted_backup_is_no_obstacle(database: Database, path: Path) -> None:
    migrate(database, [FIRST])
    target = back_up(database, 1)
    target.rename(target.with_suffix(".partial"))

    back_up(database, 1)

    assert _backups(path) == [target.name]


def test_without_a_backup_nothing_is_upgraded(database: Database, path: Path) -> None:
    migrate(database, [FIRST])
    (path.parent / "backups").write_text("a file where the folder goes", encoding="utf-8")

    with pytest.raises(StoreError, match=r"was not upgraded.*backup.*Make room"):
        migrate(database, ALL)

    assert [row[0] for row in _records(database)] == [1]


def test_a_database_of_the_first_form_of_version_6_comes_to_the_same_schema(
    database: Database, tmp_path: Path
) -> None:
    """It had no note yet of whose usage additions carry."""
    whole = MIGRATIONS[5]
    first_form = replace(
        whole,
        name=whole.former_names[0],
        statements=tuple(each for each in whole.statements if "carries" not in each),
        former_names=(),
    )
    assert len(first_form.statements) == len(whole.statements) - 1
    migrate(database, (*MIGRATIONS[:5], first_form))
    assert migrate(database) == tuple(each.version for each in MIGRATIONS[6:])
    other = Database(tmp_path / "other.duckdb", clock=lambda: NOON)
    migrate(other)
    assert _schema(database) == _schema(other)
    other.close()


@pytest.mark.parametrize(
    "written",
    [
        (*ALL, Migration(4, "of a newer version", ())),
        (FIRST, Migration(2, "of another branch", ())),
        (FIRST, Migration(3, "with a gap", ())),
    ],
)
def test_a_database_of_an_unknown_version_is_refused_unchanged(
    database: Database, path: Path, written: Sequence[Migration]
) -> None:
    migrate(database, written)
    before = (_schema(database), _records(database))

    with pytest.raises(StoreMismatchError, match=r"another version.*set USAGE_SYNC_STORE"):
        migrate(database, ALL)

    assert (_schema(database), _records(database)) == before
    assert _backups(path) == []


def test_a_database_of_another_program_is_refused_unchanged(database: Database) -> None:
    with database.transaction() as transaction:
        transaction.execute("CREATE TABLE store.customer (id VARCHAR)")
    before = _schema(database)

    with pytest.raises(StoreMismatchError, match="another program"):
        migrate(database)

    assert _schema(database) == before


def test_pending_migrations_are_told_without_running_them(database: Database) -> None:
    migrate(database, ALL[:1])

    assert list(pending_migrations(database, ALL)) == [ADD_A_COLUMN, REBUILD]
    assert [row[0] for row in _records(database)] == [1]
