"""Readings of the monthly usage: every line as fetched, and the usage that follows from them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TypeAlias

from core.domain.models import Basis, FetchStatus, ProductUsage, Usage, UsageFetch, UsageLine
from core.domain.month import Month
from core.storage import bulk
from core.storage.database import Database, Row, Transaction
from core.storage.mappings_store import MappingDecision, change_mappings
from core.storage.products_store import name_rows, put_names
from core.storage.run_checks import refuse_closed
from core.storage.usage_rows import (
    FETCH_COLUMNS,
    LINE_COLUMNS,
    LINE_FIELDS,
    USAGE_COLUMNS,
    fetch_from,
    fetch_row,
    line_from,
    line_row,
    usage_from,
    usage_row,
)
from core.storage.values import trimmed

UsagePair: TypeAlias = tuple[str | None, str]  # customer (None: unassigned) and product code

_FETCHES = """
SELECT id, month, source, status, started_at, finished_at, line_count, content_hash, error,
       fetched_by
FROM store.usage_fetch
WHERE CAST(? AS VARCHAR) IS NULL OR month = ?
ORDER BY position DESC"""
_COMPLETE = """
SELECT id, month, source, status, started_at, finished_at, line_count, content_hash, error,
       fetched_by
FROM store.usage_fetch
WHERE month = ? AND status = ?
ORDER BY position DESC LIMIT 1 OFFSET ?"""
_LINES = f"""
SELECT {", ".join(LINE_FIELDS)}
FROM store.usage_line WHERE fetch_id = ? ORDER BY line_number"""  # noqa: S608 (own column names)
# All lines of one fetch lie together; a condition on anything else reads every line there is.
_LATEST_LINE = f"""
SELECT {", ".join(LINE_FIELDS)}
FROM store.usage_line WHERE product_code = ? AND fetch_id = (
    SELECT fetch_id FROM store.usage WHERE product_code = ? ORDER BY month DESC LIMIT 1
) ORDER BY line_number LIMIT 1"""  # noqa: S608 (own column names)
_PAIRS = """
SELECT unnest(pair[1]) AS account_id, unnest(pair[2]) AS product_code
FROM (SELECT from_json(?, '[["VARCHAR"]]') AS pair)"""
_UNSAID = """
SELECT account_id, product_code, bool_or(actual_quantity IS NULL), bool_or(ordered_quantity IS NULL)
FROM store.usage_line
WHERE fetch_id = ? AND (actual_quantity IS NULL OR ordered_quantity IS NULL)
GROUP BY account_id, product_code"""
_ASIDE = (Basis.ACTUAL, Basis.ORDERED)
_LINES_BEHIND = f"""
SELECT {", ".join(f"l.{name}" for name in LINE_FIELDS)}
FROM store.usage_line l
JOIN ({_PAIRS}) p ON p.account_id = coalesce(l.account_id, '') AND p.product_code = l.product_code
WHERE l.fetch_id = ? ORDER BY l.line_number"""  # noqa: S608 (own column names)
_BY_MONTH = """
SELECT u.month, sum(u.billable) FROM store.usage u {those}
WHERE u.month BETWEEN ? AND ? GROUP BY u.month"""
_THOSE = f"JOIN ({_PAIRS}) p ON p.account_id = u.account_id AND p.product_code = u.product_code"
_NAMES = """
SELECT account_id, min(account_name) FROM store.usage_line
WHERE fetch_id = ? AND account_id IS NOT NULL AND account_name <> ''
GROUP BY account_id ORDER BY account_id"""
_USAGE = """
SELECT month, account_id, product_code, billable, actual, ordered, lines, cost, currency
FROM store.usage WHERE month = ?
ORDER BY account_id = '', account_id, product_code"""
_MONTHS = """
SELECT DISTINCT month FROM store.usage_fetch WHERE status = ? ORDER BY month DESC"""
_LATEST = """
SELECT u.month, u.product_code, sum(u.billable),
       count(DISTINCT CASE WHEN u.account_id <> '' AND u.billable > 0 THEN u.account_id END)
FROM store.usage u
JOIN (
    SELECT product_code, max(month) AS month FROM (
        SELECT product_code, month FROM store.usage
        GROUP BY product_code, month HAVING sum(billable) > 0
    ) used GROUP BY product_code
) newest ON newest.product_code = u.product_code AND newest.month = u.month
GROUP BY u.product_code, u.month ORDER BY u.product_code"""


class UsageStore:
    """Fetches with their lines are only ever added; a month's usage is that of its newest
    complete fetch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record_fetch(
        self,
        fetch: UsageFetch,
        lines: Iterable[UsageLine],
        usages: Iterable[Usage],
        decide: MappingDecision | None = None,
    ) -> None:
        """Keep a fetch with its lines, and the names of the products in them.

        The usage of its month is replaced by `usages` when the fetch is complete, and left as it
        was otherwise. `decide` says what the fetch does to the mappings, see
        `MappingsStore.change`. All of it is one transaction. Raises ValueError when the parts
        do not belong together, InputError when the month is closed.
        """
        kept_lines, kept_usages = tuple(lines), tuple(usages)
        _refuse_parts_that_do_not_match(fetch, kept_lines, kept_usages)
        names = name_rows(fetch.month, kept_lines, fetch.finished_at)

        def change(transaction: Transaction) -> None:
            refuse_closed(transaction, fetch.month)
            _insert_fetch(transaction, fetch)
            _insert_lines(transaction, fetch.id, kept_lines)
            put_names(transaction, names)
            if fetch.status is FetchStatus.COMPLETE:
                _replace_usage(transaction, fetch, kept_usages)
            if decide is not None:
                change_mappings(transaction, decide)

        self._database.write(change)

    def fetches(self, month: Month | None = None) -> list[UsageFetch]:
        """Fetches of one month or of all, the last recorded first."""
        wanted = None if month is None else str(month)
        return [fetch_from(row) for row in self._database.read(_FETCHES, [wanted, wanted])]

    def complete_fetch(self, month: Month) -> UsageFetch | None:
        """The fetch that the usage of a month comes from, None when it has none."""
        return self._complete(month, 0)

    def previous_fetch(self, month: Month) -> UsageFetch | None:
        """The complete fetch before the newest complete one of a month, None without one."""
        return self._complete(month, 1)

    def lines(self, fetch_id: str) -> list[UsageLine]:
        """The lines of one fetch, as fetched and in that order."""
        return [line_from(row) for row in self._database.read(_LINES, [fetch_id])]

    def latest_line(self, product_code: str) -> UsageLine | None:
        """A line of the product from the newest month that has one."""
        rows = self._database.read(_LATEST_LINE, [product_code, product_code])
        return line_from(rows[0]) if rows else None

    def lines_behind(self, fetch_id: str, pairs: Iterable[UsagePair]) -> list[UsageLine]:
        """The lines of one fetch that are of these customers' products, in their order."""
        rows = self._database.read(_LINES_BEHIND, [_pairs(pairs), fetch_id])
        return [line_from(row) for row in rows]

    def customer_names(self, fetch_id: str) -> dict[str, str]:
        """What the lines of one fetch call the customers, by id."""
        return dict(self._database.read(_NAMES, [fetch_id]))

    def by_month(
        self, first: Month, last: Month, pairs: Iterable[UsagePair] | None = None
    ) -> dict[Month, Decimal]:
        """The billable quantity of each month from `first` to `last` that has usage, of all or of
        these customers' products."""
        sql = _BY_MONTH.format(those="" if pairs is None else _THOSE)
        given = [] if pairs is None else [_pairs(pairs)]
        rows = self._database.read(sql, [*given, str(first), str(last)])
        return {Month.parse(month): trimmed(quantity) for month, quantity in rows}

    def usage(self, month: Month) -> list[Usage]:
        """Usage of one month by customer and product, unassigned last; empty when never fetched."""
        return [usage_from(row) for row in self._database.read(_USAGE, [str(month)])]

    def unsaid(self, fetch_id: str) -> dict[tuple[str | None, str], frozenset[Basis]]:
        """The bases on which lines of a fetch say no quantity, by customer and product."""
        rows = self._database.read(_UNSAID, [fetch_id])
        return {
            (row[0] or None, row[1]): frozenset(
                basis for basis, missing in zip(_ASIDE, row[2:], strict=True) if missing
            )
            for row in rows
        }

    def months(self) -> list[Month]:
        """Months that have a complete fetch, newest first."""
        rows = self._database.read(_MONTHS, [FetchStatus.COMPLETE.value])
        return [Month.parse(row[0]) for row in rows]

    def latest_by_product(self) -> dict[str, ProductUsage]:
        """The newest month in which each product has a billable quantity, by product code."""
        return {row[1]: _product_usage(row) for row in self._database.read(_LATEST)}

    def _complete(self, month: Month, newer: int) -> UsageFetch | None:
        rows = self._database.read(_COMPLETE, [str(month), FetchStatus.COMPLETE.value, newer])
        return fetch_from(rows[0]) if rows else None


def _pairs(pairs: Iterable[UsagePair]) -> str:
    """The parameter of `_PAIRS`, in which each pair is once."""
    distinct = sorted({(account_id or "", code) for account_id, code in pairs})
    return json.dumps(list(zip(*distinct, strict=True)) or [[], []])


def _refuse_parts_that_do_not_match(
    fetch: UsageFetch, lines: Sequence[UsageLine], usages: Sequence[Usage]
) -> None:
    if any(usage.month != fetch.month for usage in usages):
        raise ValueError(f"usage of another month than {fetch.month}")
    if fetch.status is FetchStatus.COMPLETE and fetch.line_count != len(lines):
        raise ValueError(f"a complete fetch of {fetch.line_count} lines came with {len(lines)}")


def _insert_fetch(transaction: Transaction, fetch: UsageFetch) -> None:
    last = transaction.execute("SELECT coalesce(max(position), 0) FROM store.usage_fetch")
    row = fetch_row(fetch, last[0][0] + 1)
    bulk.insert(transaction, "store.usage_fetch", FETCH_COLUMNS, [row])


def _insert_lines(transaction: Transaction, fetch_id: str, lines: Sequence[UsageLine]) -> None:
    rows = (line_row(fetch_id, number, line) for number, line in enumerate(lines))
    bulk.insert(transaction, "store.usage_line", LINE_COLUMNS, rows)


def _replace_usage(transaction: Transaction, fetch: UsageFetch, usages: Sequence[Usage]) -> None:
    transaction.execute("DELETE FROM store.usage WHERE month = ?", [str(fetch.month)])
    bulk.insert(
        transaction,
        "store.usage",
        USAGE_COLUMNS,
        (usage_row(usage, fetch.id) for usage in usages),
        key=("month", "account_id", "product_code"),
    )


def _product_usage(row: Row) -> ProductUsage:
    month, code, billable, customers = row
    return ProductUsage(
        month=Month.parse(month),
        product_code=code,
        billable=trimmed(billable),
        customers=customers,
    )
