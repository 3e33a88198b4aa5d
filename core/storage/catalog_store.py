"""The snapshot of the ConnectWise product catalog."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from core.domain.models import CatalogEntry, ProductClass
from core.storage import bulk
from core.storage.database import Database, Row, Transaction
from core.storage.values import DECIMAL, Value, aware, aware_or_none, trimmed_or_none

COLUMNS = {
    "id": "BIGINT",
    "identifier": "VARCHAR",
    "description": "VARCHAR",
    "category": "VARCHAR",
    "subcategory": "VARCHAR",
    "type": "VARCHAR",
    "product_class": "VARCHAR",
    "unit_of_measure": "VARCHAR",
    "price": DECIMAL,
    "cost": DECIMAL,
    "inactive": "BOOLEAN",
    "integration_xref": "VARCHAR",
    "last_updated": "TIMESTAMP",
    "put_at": "TIMESTAMP",
}
SNAPSHOT_COLUMNS = {"id": "INTEGER", "fetched_at": "TIMESTAMP", "entry_count": "BIGINT"}
_SELECT = """
SELECT id, identifier, description, category, subcategory, type, product_class, unit_of_measure,
       price, cost, inactive, integration_xref, last_updated
FROM store.catalog_entry"""

_CLASSES = frozenset(ProductClass)


class CatalogStore:
    """Every ConnectWise product as last listed, and those created or edited since."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[CatalogEntry]:
        """The snapshot by identifier; empty before the first refresh."""
        return [_entry(row) for row in self._database.read(f"{_SELECT} ORDER BY identifier, id")]

    def get(self, product_id: int) -> CatalogEntry | None:
        """The entry of one ConnectWise product, None when the snapshot does not have it."""
        rows = self._database.read(f"{_SELECT} WHERE id = ?", [product_id])
        return _entry(rows[0]) if rows else None

    def refreshed_at(self) -> datetime | None:
        """When the listing in the snapshot was started, None before the first."""
        rows = self._database.read("SELECT fetched_at FROM store.catalog_snapshot WHERE id = 1")
        return aware(rows[0][0]) if rows else None

    def replace(self, entries: Iterable[CatalogEntry], fetched_at: datetime) -> None:
        """Make `entries` the snapshot, in one transaction.

        `fetched_at` is when reading the list began: what was put since then is newer than the
        list and stays. An item that the list has twice (pages shift while they are read) counts
        once, as listed last.
        """
        listed = {entry.id: entry for entry in entries}

        def change(transaction: Transaction) -> None:
            transaction.execute(
                "DELETE FROM store.catalog_entry WHERE put_at IS NULL OR put_at < ?", [fetched_at]
            )
            newer = {row[0] for row in transaction.execute("SELECT id FROM store.catalog_entry")}
            kept = [entry for entry in listed.values() if entry.id not in newer]
            _insert(transaction, kept, put_at=None)
            snapshot = (1, fetched_at, len(kept) + len(newer))
            bulk.insert(
                transaction,
                "store.catalog_snapshot",
                SNAPSHOT_COLUMNS,
                [snapshot],
                key=("id",),
            )

        self._database.write(change)

    def put(self, entry: CatalogEntry) -> None:
        """Add or replace one entry, after its product was created, read or edited."""
        put_at = self._database.clock()
        self._database.write(lambda transaction: _insert(transaction, [entry], put_at=put_at))


def _insert(
    transaction: Transaction, entries: Sequence[CatalogEntry], *, put_at: datetime | None
) -> None:
    bulk.insert(
        transaction,
        "store.catalog_entry",
        COLUMNS,
        [_row(entry, put_at) for entry in entries],
        key=("id",),
    )


def _entry(row: Row) -> CatalogEntry:
    return CatalogEntry(
        id=row[0],
        identifier=row[1],
        description=row[2],
        category=row[3],
        subcategory=row[4],
        type=row[5],
        product_class=_class_of(row[6]),
        unit_of_measure=row[7],
        price=trimmed_or_none(row[8]),
        cost=trimmed_or_none(row[9]),
        inactive=row[10],
        integration_xref=row[11],
        last_updated=aware_or_none(row[12]),
    )


def _class_of(stored: str) -> ProductClass | str:
    return ProductClass(stored) if stored in _CLASSES else stored


def _row(entry: CatalogEntry, put_at: datetime | None) -> tuple[Value, ...]:
    return (
        entry.id,
        entry.identifier,
        entry.description,
        entry.category,
        entry.subcategory,
        entry.type,
        entry.product_class,
        entry.unit_of_measure,
        entry.price,
        entry.cost,
        entry.inactive,
        entry.integration_xref,
        entry.last_updated,
        put_at,
    )
