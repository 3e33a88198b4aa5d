"""Version 3: what usage costs; accepted differences, notes and assignees of the reconciliation.

`acceptance` and `row_note` are only ever added to, see `core.storage.append_only`.
"""

from __future__ import annotations

from core.storage.schema.migration import Migration

_COST = "ALTER TABLE store.usage ADD COLUMN cost DECIMAL(38, 12)"
_CURRENCY = "ALTER TABLE store.usage ADD COLUMN currency VARCHAR"

# As `core.domain.usage` does it for new readings. Numbers that no invoice has (the product of two
# columns could be too long to compute) stay without a cost.
_COST_OF_WHAT_IS_THERE = """
UPDATE store.usage SET cost = said.cost, currency = said.currency
FROM (
    SELECT fetch_id, account_id, product_code,
           CAST(coalesce(sum(amount), 0) AS DECIMAL(38, 12)) AS cost,
           min(currency) AS currency
    FROM (
        SELECT fetch_id, coalesce(account_id, '') AS account_id, product_code,
               billable_quantity <> 0 AS counts,
               CASE WHEN billable_quantity <> 0 THEN unit_price_currency END AS currency,
               CASE WHEN abs(billable_quantity) < 1000000 AND abs(unit_price) < 10000
                         AND unit_price_currency <> ''
                    THEN billable_quantity * unit_price END AS amount
        FROM store.usage_line WHERE fetch_id IN (SELECT fetch_id FROM store.usage)
    ) lines
    GROUP BY fetch_id, account_id, product_code
    HAVING count(CASE WHEN counts AND amount IS NULL THEN 1 END) = 0
       AND count(DISTINCT currency) <= 1
) said
WHERE usage.fetch_id = said.fetch_id AND usage.account_id = said.account_id
  AND usage.product_code = said.product_code"""

_ACCEPTANCE = """
CREATE TABLE store.acceptance (
    position BIGINT PRIMARY KEY,
    row_key VARCHAR NOT NULL,
    accepted BOOLEAN NOT NULL,
    reason VARCHAR NOT NULL,
    until_month VARCHAR,
    happened_at TIMESTAMP NOT NULL,
    done_by VARCHAR NOT NULL
)"""

_ROW_NOTE = """
CREATE TABLE store.row_note (
    position BIGINT PRIMARY KEY,
    row_key VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    content VARCHAR NOT NULL,
    happened_at TIMESTAMP NOT NULL,
    done_by VARCHAR NOT NULL
)"""

MIGRATION = Migration(
    3,
    "cost of usage; accepted differences and notes",
    (_COST, _CURRENCY, _COST_OF_WHAT_IS_THERE, _ACCEPTANCE, _ROW_NOTE),
)
