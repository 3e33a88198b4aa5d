"""Bring a database to this version's schema: forward only, once, before anybody reads it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from core.errors import StoreError, StoreMismatchError, message
from core.storage.database import Database, Transaction
from core.storage.opening import backups_folder
from core.storage.schema import MIGRATIONS, Migration

_RECORDS = """
CREATE TABLE IF NOT EXISTS store.schema_migration (
    version INTEGER PRIMARY KEY,
    name VARCHAR NOT NULL,
    applied_at TIMESTAMP NOT NULL
)"""


def migrate(database: Database, migrations: Sequence[Migration] = MIGRATIONS) -> tuple[int, ...]:
    """Apply what is pending and return its versions.

    A database that holds data is copied to the backups folder first. Each migration and its
    record are one transaction: one that fails changes nothing, and those before it stay.
    Raises StoreMismatchError for a database whose history is not a part of `migrations`.
    """
    pending = pending_migrations(database, migrations)
    applied = len(migrations) - len(pending)
    if pending and applied:
        back_up(database, applied)
    for migration in pending:
        _apply(database, migration)
    return tuple(migration.version for migration in pending)


def pending_migrations(
    database: Database, migrations: Sequence[Migration] = MIGRATIONS
) -> Sequence[Migration]:
    """The migrations that `database` lacks; refuses what this version does not know."""
    applied = _applied(database)
    known = [(migration.version, migration.name) for migration in migrations]
    if not _are_part_of(applied, migrations):
        raise StoreMismatchError(
            message(
                "The database {path} was written by another version of this product.",
                path=str(database.path),
            ),
            remedy=message(
                "Start the version that wrote it, or set USAGE_SYNC_STORE to another file."
            ),
            detail=f"applied {applied}, known {known}",
        )
    return migrations[len(applied) :]


def _are_part_of(applied: Sequence[tuple[int, str]], migrations: Sequence[Migration]) -> bool:
    """Whether these are the first of the migrations, by the names that they have or had."""
    return len(applied) <= len(migrations) and all(
        version == known.version and name in (known.name, *known.former_names)
        for (version, name), known in zip(applied, migrations, strict=False)
    )


def back_up(database: Database, version: int) -> Path:
    """Copy the whole database into the backups folder and return the copy's path.

    Raises StoreError when it cannot be written; a copy has its final name only when complete.
    """
    target = _free_name(database, version)
    partial = target.with_suffix(".partial")
    try:
        target.parent.mkdir(exist_ok=True)
        partial.unlink(missing_ok=True)
        database.copy_to(partial)
        os.replace(partial, target)
    except (OSError, StoreError) as error:
        raise StoreError(
            message(
                "The database {path} was not upgraded, because its backup could not be written.",
                path=str(database.path),
            ),
            remedy=message(
                "Make room on the disk or allow writing to {folder}, then start again.",
                folder=str(target.parent),
            ),
            detail=str(getattr(error, "detail", None) or error),
        ) from error
    return target


def _free_name(database: Database, version: int) -> Path:
    folder = backups_folder(database.path)
    stem = f"{database.path.stem}-v{version}-{database.clock():%Y%m%dT%H%M%SZ}"
    number = 1
    target = folder / f"{stem}.duckdb"
    while target.exists():
        number += 1
        target = folder / f"{stem}-{number}.duckdb"
    return target


def _applied(database: Database) -> list[tuple[int, str]]:
    tables = {
        name
        for (name,) in database.read(
            "SELECT table_name FROM information_schema.tables WHERE table_catalog = 'store'"
        )
    }
    if "schema_migration" in tables:
        rows = database.read("SELECT version, name FROM store.schema_migration ORDER BY version")
        return [(version, name) for version, name in rows]
    if tables:
        raise StoreMismatchError(
            message("The file {path} is a database of another program.", path=str(database.path)),
            remedy=message("Set USAGE_SYNC_STORE to another file."),
        )
    return []


def _apply(database: Database, migration: Migration) -> None:
    def change(transaction: Transaction) -> None:
        transaction.execute(_RECORDS)
        for statement in migration.statements:
            transaction.execute(statement)
        transaction.execute(
            "INSERT INTO store.schema_migration (version, name, applied_at) VALUES (?, ?, ?)",
            [migration.version, migration.name, database.clock()],
        )

    database.write(change)
