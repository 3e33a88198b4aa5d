"""Sophos products, known from their usage lines, with the names that they had in each month."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby

from core.domain.models import SophosProduct, UsageLine
from core.domain.month import Month
from core.storage import bulk
from core.storage.database import Database, Row, Transaction
from core.storage.values import Value

COLUMNS = {
    "product_code": "VARCHAR",
    "month": "VARCHAR",
    "description": "VARCHAR",
    "product_group": "VARCHAR",
    "line_count": "BIGINT",
    "observed_at": "TIMESTAMP",
}
# Newest month first; within a month what was observed last, then the name of most lines.
_NAMES = """
SELECT product_code, month, description, product_group
FROM store.sophos_product_name
ORDER BY product_code, month DESC, observed_at DESC, line_count DESC, description"""
_ONLY_MAPPED = """
SELECT m.product_code FROM store.product_mapping m
LEFT JOIN store.sophos_product_name n ON n.product_code = m.product_code
WHERE n.product_code IS NULL"""


class ProductsStore:
    """One product per code, whatever it was called."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[SophosProduct]:
        """Every product by code, those included that have a mapping and no usage yet."""
        named = [
            _product(code, list(rows))
            for code, rows in groupby(self._database.read(_NAMES), key=lambda row: row[0])
        ]
        unnamed = [_unnamed(row[0]) for row in self._database.read(_ONLY_MAPPED)]
        return sorted([*named, *unnamed], key=lambda product: product.code)

    def record(self, month: Month, lines: Iterable[UsageLine], at: datetime) -> None:
        """Remember which products `month` has and what they are called, as observed at `at`."""
        rows = name_rows(month, lines, at)
        self._database.write(lambda transaction: put_names(transaction, rows))


def name_rows(month: Month, lines: Iterable[UsageLine], at: datetime) -> list[tuple[Value, ...]]:
    """One row per code and description in `lines`, whatever their order."""
    counts = Counter((line.product_code, line.description, line.product_group) for line in lines)
    ordered = sorted(counts.items(), key=lambda item: (item[0][:2], -item[1], item[0][2]))
    rows: list[tuple[Value, ...]] = []
    for (code, description), same_name in groupby(ordered, key=lambda item: item[0][:2]):
        groups = list(same_name)
        line_count = sum(count for _, count in groups)
        rows.append((code, month, description, groups[0][0][2], line_count, at))
    return rows


def put_names(transaction: Transaction, rows: Sequence[Sequence[Value]]) -> None:
    """Write `name_rows` in a transaction that belongs to the caller."""
    bulk.insert(
        transaction,
        "store.sophos_product_name",
        COLUMNS,
        rows,
        key=("product_code", "month", "description"),
    )


def _product(code: str, names: Sequence[Row]) -> SophosProduct:
    _, last_seen, description, product_group = names[0]
    former = dict.fromkeys(row[2] for row in names if row[2] != description)
    return SophosProduct(
        code=code,
        description=description,
        product_group=product_group,
        first_seen=Month.parse(names[-1][1]),
        last_seen=Month.parse(last_seen),
        former_descriptions=tuple(former),
    )


def _unnamed(code: str) -> SophosProduct:
    return SophosProduct(
        code=code, description="", product_group="", first_seen=None, last_seen=None
    )
