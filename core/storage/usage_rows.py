"""Rows of the usage tables and the values that they stand for."""

from __future__ import annotations

from functools import lru_cache
from operator import attrgetter

from core.domain.models import FetchSource, FetchStatus, Usage, UsageFetch, UsageLine
from core.domain.month import Month
from core.storage.database import Row
from core.storage.values import DECIMAL, Value, aware, trimmed, trimmed_or_none

FETCH_COLUMNS = {
    "id": "VARCHAR",
    "position": "BIGINT",
    "month": "VARCHAR",
    "source": "VARCHAR",
    "status": "VARCHAR",
    "started_at": "TIMESTAMP",
    "finished_at": "TIMESTAMP",
    "line_count": "BIGINT",
    "content_hash": "VARCHAR",
    "error": "VARCHAR",
    "fetched_by": "VARCHAR",
}
_LINE_TYPES = {
    "product_code": "VARCHAR",
    "description": "VARCHAR",
    "product_group": "VARCHAR",
    "sku": "VARCHAR",
    "account_id": "VARCHAR",
    "account_name": "VARCHAR",
    "account_status": "VARCHAR",
    "order_number": "VARCHAR",
    "order_line_item_number": "VARCHAR",
    "account_number_or_serial_number": "VARCHAR",
    "billable_quantity": DECIMAL,
    "actual_quantity": DECIMAL,
    "ordered_quantity": DECIMAL,
    "external_id": "VARCHAR",
    "billing_start_date": "VARCHAR",
    "billing_end_date": "VARCHAR",
    "unit_price": DECIMAL,
    "unit_price_currency": "VARCHAR",
    "unit_msrp": DECIMAL,
    "unit_msrp_currency": "VARCHAR",
    "net_price": DECIMAL,
    "net_price_currency": "VARCHAR",
    "price_with_taxes": DECIMAL,
    "price_with_taxes_currency": "VARCHAR",
}
LINE_FIELDS = tuple(_LINE_TYPES)  # the fields of UsageLine
LINE_COLUMNS = {"fetch_id": "VARCHAR", "line_number": "BIGINT", **_LINE_TYPES}
_LINE_DECIMALS = [name for name, kind in _LINE_TYPES.items() if kind == DECIMAL]
_month = lru_cache(maxsize=100)(Month.parse)  # many rows are of few months
_line_values = attrgetter(*LINE_FIELDS)
USAGE_COLUMNS = {
    "month": "VARCHAR",
    "account_id": "VARCHAR",
    "product_code": "VARCHAR",
    "billable": DECIMAL,
    "actual": DECIMAL,
    "ordered": DECIMAL,
    "lines": "BIGINT",
    "fetch_id": "VARCHAR",
    "cost": DECIMAL,
    "currency": "VARCHAR",
}


def fetch_row(fetch: UsageFetch, position: int) -> tuple[Value, ...]:
    """`position` grows by one with each fetch: the order in which they were recorded."""
    return (
        fetch.id,
        position,
        fetch.month,
        fetch.source,
        fetch.status,
        fetch.started_at,
        fetch.finished_at,
        fetch.line_count,
        fetch.content_hash,
        fetch.error,
        fetch.fetched_by,
    )


def fetch_from(row: Row) -> UsageFetch:
    """From id, month, source, status, times, line count, hash, error and who."""
    return UsageFetch(
        id=row[0],
        month=Month.parse(row[1]),
        source=FetchSource(row[2]),
        status=FetchStatus(row[3]),
        started_at=aware(row[4]),
        finished_at=aware(row[5]),
        line_count=row[6],
        content_hash=row[7],
        error=row[8],
        fetched_by=row[9],
    )


def line_row(fetch_id: str, number: int, line: UsageLine) -> tuple[Value, ...]:
    """`number` is the place of the line in its fetch, from 0."""
    return (fetch_id, number, *_line_values(line))


def line_from(row: Row) -> UsageLine:
    """From the columns `LINE_FIELDS`."""
    values = dict(zip(LINE_FIELDS, row, strict=True))
    for name in _LINE_DECIMALS:
        values[name] = trimmed_or_none(values[name])
    return UsageLine(**values)


def usage_row(usage: Usage, fetch_id: str) -> tuple[Value, ...]:
    """Usage without a customer has the empty account, because a key cannot be NULL."""
    return (
        usage.month,
        usage.account_id or "",
        usage.product_code,
        usage.billable,
        usage.actual,
        usage.ordered,
        usage.lines,
        fetch_id,
        usage.cost,
        usage.currency,
    )


def usage_from(row: Row) -> Usage:
    """From month, account, code, three quantities, the number of lines, cost and currency."""
    return Usage(
        month=_month(row[0]),
        account_id=row[1] or None,
        product_code=row[2],
        billable=trimmed(row[3]),
        actual=trimmed(row[4]),
        ordered=trimmed(row[5]),
        lines=row[6],
        cost=trimmed_or_none(row[7]),
        currency=row[8],
    )
