"""A store of the size that the reconciliation's figures are stated for, made inside DuckDB.

Every day of every month was fetched, as under the daily frequency: the newest fetch of a month is
the one that counts, all others are only kept.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from core.domain.models import SyncSettings
from core.domain.month import Month
from core.storage.database import Database, Transaction
from core.storage.migrations import migrate
from core.storage.store import Store
from core.use_cases.preferences import Preferences


@dataclass(frozen=True)
class Size:
    """`additions` are one per customer and product used; `daily` False: one fetch a month."""

    customers: int
    additions: int
    products: int
    months: int
    daily: bool

    @property
    def products_each(self) -> int:
        return self.additions // self.customers


LARGE = Size(customers=2_000, additions=30_000, products=500, months=24, daily=True)
CEILING = Size(customers=10_000, additions=200_000, products=2_000, months=2, daily=False)

# Customer c uses the products c, c + 1, ... (modulo), with a quantity that drifts over the months.
_USED = """
    SELECT c.range AS customer, (c.range * 7 + p.range) % {products} AS product,
           1 + (c.range * 31 + p.range * 17) % 40 + ({age} * (p.range % 3)) // 6 AS quantity
    FROM range({customers}) c, range({products_each}) p"""

_PRODUCTS = (
    """INSERT INTO store.catalog_entry
    SELECT 1000 + range, 'SKU-' || range, 'Product ' || range, 'Security', 'Licences', 'Service',
           'NonInventory', 'Each', 2 + range % 17 + 0.25, 1 + range % 17, false, '', NULL, NULL
    FROM range({products})""",
    "INSERT INTO store.catalog_snapshot VALUES (1, TIMESTAMP '{now}', {products})",
    """INSERT INTO store.product_mapping
    SELECT 'CODE-' || range, 1000 + range, true, false, 'active', TIMESTAMP '{now}', NULL, 1
    FROM range({products})""",
    """INSERT INTO store.sophos_product_name
    SELECT 'CODE-' || range, '{newest}', 'Sophos product number ' || range, 'User', 1,
           TIMESTAMP '{now}' FROM range({products})""",
)
_CUSTOMERS = (
    """INSERT INTO store.tenant
    SELECT 'tenant-' || range, 'Customer number ' || range, 'usage', 'active', 'eu01', '[]'
    FROM range({customers})""",
    "INSERT INTO store.tenant_snapshot VALUES (1, TIMESTAMP '{now}')",
    """INSERT INTO store.company
    SELECT 500000 + range, 'C' || range, 'Company ' || range, 'Active', false
    FROM range({customers})""",
    """INSERT INTO store.agreement
    SELECT 100000 + range, 'Managed security ' || range, 500000 + range, 'Company ' || range,
           'Active', 1, 'Managed', DATE '2020-01-01', NULL, DATE '2020-01-01', NULL, true, false,
           NULL, 2, 'EUR', NULL
    FROM range({customers})""",
    "INSERT INTO store.billing_cycle VALUES (2, 'Monthly', 'Monthly')",
    "INSERT INTO store.connectwise_snapshot VALUES (1, TIMESTAMP '{now}')",
    """INSERT INTO store.customer_mapping
    SELECT 'tenant-' || range, 500000 + range, 100000 + range, true, TIMESTAMP '{now}', 1
    FROM range({customers})""",
    """INSERT INTO store.additions_read
    SELECT 100000 + range, TIMESTAMP '{now}' FROM range({customers})""",
)
# Of a hundred additions three are too low, two too high and one is missing.
_ADDITIONS = """
INSERT INTO store.addition
SELECT row_number() OVER (), 100000 + customer, 1000 + product, 'SKU-' || product,
       CASE WHEN (customer + product) % 100 < 3 THEN greatest(quantity - 2, 0)
            WHEN (customer + product) % 100 < 5 THEN quantity + 3 ELSE quantity END,
       0, 'Billable', 2 + product % 17 + 0.25, NULL, DATE '2024-01-01', NULL, '', '', NULL, ''
FROM ({used}) used WHERE (customer + product) % 100 <> 5"""
_FETCH = """
INSERT INTO store.usage_fetch
VALUES ('{fetch}', {position}, '{month}', 'api', 'complete', TIMESTAMP '{at}', TIMESTAMP '{at}',
        {additions}, 'hash', '', 'bench')"""
_LINES = """
INSERT INTO store.usage_line
SELECT '{fetch}', row_number() OVER (ORDER BY customer, product) - 1, 'CODE-' || product,
       'Sophos product number ' || product, 'User', 'SKU' || product, 'tenant-' || customer,
       'Customer number ' || customer, 'active', 'ORD-{month}', 'LN-' || product,
       'A-' || customer, quantity, quantity, 0, NULL, '{month}-01', '{last}',
       1.5 + product % 9, 'EUR', 2.5 + product % 9, 'EUR', quantity * (1.5 + product % 9), 'EUR',
       NULL, ''
FROM ({used}) used"""
_USAGE = """
INSERT INTO store.usage
SELECT '{month}', account_id, product_code, sum(billable_quantity), sum(actual_quantity),
       sum(ordered_quantity), count(*), '{fetch}', sum(billable_quantity * unit_price), 'EUR'
FROM store.usage_line WHERE fetch_id = '{fetch}'
GROUP BY account_id, product_code ORDER BY account_id, product_code"""


def build(path: Path, size: Size, now: datetime) -> Month:
    """Write the store and return its newest month, the last complete one before `now`."""
    newest = Month.last_complete(now.date())
    with closing(Database(path, clock=lambda: now)) as database:
        migrate(database)
        values = {
            **{name: getattr(size, name) for name in ("customers", "additions", "products")},
            "products_each": size.products_each,
            "now": f"{now:%Y-%m-%d %H:%M:%S}",
            "newest": newest,
        }
        with database.transaction() as transaction:
            for statement in (*_PRODUCTS, *_CUSTOMERS):
                transaction.execute(statement.format(**values))
            used = _USED.format(**values, age=0)
            transaction.execute(_ADDITIONS.format(used=used))
        position = 0
        for age in range(size.months - 1, -1, -1):
            month = newest.plus(-age)
            with database.transaction() as transaction:
                position = _month(transaction, month, position, size, values, age)
    with Store.open(path, "real", now=lambda: now) as store:  # binds the file to its mode
        Preferences(store, lambda: now).save_sync(SyncSettings(scheduled=False), "bench")
    return newest


def _month(
    transaction: Transaction,
    month: Month,
    position: int,
    size: Size,
    values: dict[str, object],
    age: int,
) -> int:
    """The fetches of one month, the last of them after it was over."""
    days = (month.last_day - month.first_day).days + 1
    after = datetime.combine(month.last_day, time(6), UTC) + timedelta(days=1)
    used = _USED.format(**values, age=age)
    fetch = ""
    for back in range(days - 1 if size.daily else 0, -1, -1):
        position += 1
        # As random as the ids that fetches have.
        fetch = transaction.execute("SELECT CAST(uuid() AS VARCHAR)")[0][0]
        given = {
            "fetch": fetch,
            "position": position,
            "month": month,
            "last": month.last_day,
            "at": f"{after - timedelta(days=back):%Y-%m-%d %H:%M:%S}",
            "used": used,
            "additions": size.additions,
        }
        transaction.execute(_FETCH.format(**given))
        transaction.execute(_LINES.format(**given))
    transaction.execute(_USAGE.format(fetch=fetch, month=month))
    return position
