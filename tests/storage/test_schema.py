from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from core.domain.models import CatalogEntry, UsageLine
from core.storage import (
    addition_rows,
    catalog_store,
    customer_rows,
    mappings_store,
    months_store,
    outbox_store,
    products_store,
    reconciliation_store,
    rules_store,
    run_rows,
    settings_store,
    usage_rows,
    waiting_store,
)
from core.storage.database import Database
from core.storage.migrations import migrate
from core.storage.schema import MIGRATIONS

SHIPPED = {
    1: "8e0a2ac640e6422c",
    2: "9d8f51eddfc05960",
    3: "e36141afd8590412",
    4: "3a0a509bd6d0e1a2",
    5: "c4f4cabbf75e0e06",
    6: "4669e31d782e1782",
    7: "b9ecf3254f41665f",
}
PORTABLE = {"VARCHAR", "BIGINT", "INTEGER", "BOOLEAN", "TIMESTAMP", "DATE", "DECIMAL(38,12)"}
WRITTEN = {
    "product_mapping": mappings_store.MAPPING_COLUMNS,
    "mapping_history": mappings_store.HISTORY_COLUMNS,
    "sophos_product_name": products_store.COLUMNS,
    "catalog_entry": catalog_store.COLUMNS,
    "catalog_snapshot": catalog_store.SNAPSHOT_COLUMNS,
    "setting": settings_store.COLUMNS,
    "usage_fetch": usage_rows.FETCH_COLUMNS,
    "usage_line": usage_rows.LINE_COLUMNS,
    "usage": usage_rows.USAGE_COLUMNS,
    "tenant": customer_rows.TENANT_COLUMNS,
    "tenant_snapshot": customer_rows.TENANT_SNAPSHOT_COLUMNS,
    "company": customer_rows.COMPANY_COLUMNS,
    "agreement": customer_rows.AGREEMENT_COLUMNS,
    "billing_cycle": customer_rows.BILLING_CYCLE_COLUMNS,
    "connectwise_snapshot": customer_rows.CONNECTWISE_SNAPSHOT_COLUMNS,
    "customer_mapping": customer_rows.MAPPING_COLUMNS,
    "customer_history": customer_rows.HISTORY_COLUMNS,
    "addition": addition_rows.ADDITION_COLUMNS,
    "additions_read": addition_rows.READ_COLUMNS,
    "binding": addition_rows.BINDING_COLUMNS,
    "quantity_rule": rules_store.RULE_COLUMNS,
    "bundle_rule": rules_store.BUNDLE_COLUMNS,
    "rule_override": rules_store.OVERRIDE_COLUMNS,
    "acceptance": reconciliation_store.ACCEPTANCE_COLUMNS,
    "row_note": reconciliation_store.NOTE_COLUMNS,
    "month_closing": months_store.COLUMNS,
    "waiting_plan": waiting_store.WAITING_COLUMNS,
    "schedule_log": waiting_store.LOG_COLUMNS,
    "outbox": outbox_store.OUTBOX_COLUMNS,
    "delivery": outbox_store.DELIVERY_COLUMNS,
    "run": run_rows.RUN_COLUMNS,
    "run_change": run_rows.CHANGE_COLUMNS,
    "run_customer": run_rows.CUSTOMER_COLUMNS,
    "run_event": run_rows.EVENT_COLUMNS,
    "journal": run_rows.JOURNAL_COLUMNS,
}
# Written by statements of their own.
UNWRITTEN = {"schema_migration", "store_info"}
STORAGE = Path(usage_rows.__file__).parent


@pytest.fixture
def migrated(database: Database) -> Database:
    migrate(database)
    return database


def _columns(database: Database, table: str) -> dict[str, str]:
    return dict(
        database.read(
            "SELECT column_name, data_type FROM information_schema.columns "
            "WHERE table_catalog = 'store' AND table_name = ? ORDER BY ordinal_position",
            [table],
        )
    )


def test_a_shipped_migration_is_never_edited() -> None:
    digests = {
        migration.version: hashlib.sha256(
            "\n".join((migration.name, *migration.statements)).encode()
        ).hexdigest()[:16]
        for migration in MIGRATIONS
    }

    assert digests == SHIPPED


def test_versions_count_up_from_one() -> None:
    assert [migration.version for migration in MIGRATIONS] == list(range(1, len(MIGRATIONS) + 1))


@pytest.mark.parametrize(("table", "written"), WRITTEN.items())
def test_the_columns_that_are_written_are_those_of_the_schema(
    migrated: Database, table: str, written: Mapping[str, str]
) -> None:
    plain = {name: kind.replace(" ", "") for name, kind in written.items()}

    assert _columns(migrated, table) == plain


def test_every_table_is_known_here(migrated: Database) -> None:
    tables = {
        row[0]
        for row in migrated.read(
            "SELECT table_name FROM information_schema.tables WHERE table_catalog = 'store'"
        )
    }

    assert tables == {*WRITTEN, *UNWRITTEN}


def test_usage_lines_and_catalog_entries_are_kept_with_every_field() -> None:
    assert set(usage_rows.LINE_FIELDS) == {field.name for field in dataclasses.fields(UsageLine)}
    assert set(catalog_store.COLUMNS) - {"put_at"} == {
        field.name for field in dataclasses.fields(CatalogEntry)
    }


def test_column_types_are_those_that_postgresql_takes_too(migrated: Database) -> None:
    types = {kind for table in WRITTEN for kind in _columns(migrated, table).values()}

    assert types <= PORTABLE


def test_there_are_no_indexes_sequences_or_foreign_keys(migrated: Database) -> None:
    assert migrated.read("SELECT * FROM duckdb_indexes() WHERE database_name = 'store'") == []
    assert migrated.read("SELECT * FROM duckdb_sequences() WHERE database_name = 'store'") == []
    assert (
        migrated.read(
            "SELECT * FROM duckdb_constraints() "
            "WHERE database_name = 'store' AND constraint_type = 'FOREIGN KEY'"
        )
        == []
    )


def test_every_table_is_named_with_its_catalog() -> None:
    tables = "|".join([*WRITTEN, *UNWRITTEN])
    bare = re.compile(rf"\b(?:FROM|JOIN|INTO|UPDATE|TABLE)\s+(?!store\.)(?:{tables})\b")

    for file in STORAGE.rglob("*.py"):
        assert bare.findall(file.read_text(encoding="utf-8")) == [], file.name
