"""Version 6: how often and in which currency agreements are billed.

Unknown for what was read before, until it is read again.
"""

from __future__ import annotations

from core.storage.schema.migration import Migration

_CYCLE_OF = "ALTER TABLE store.agreement ADD COLUMN billing_cycle_id BIGINT"
_CURRENCY = "ALTER TABLE store.agreement ADD COLUMN currency VARCHAR"

_BILLING_CYCLE = """
CREATE TABLE store.billing_cycle (
    id BIGINT PRIMARY KEY,
    name VARCHAR NOT NULL,
    billing_option VARCHAR
)"""

MIGRATION = Migration(6, "billing cycles of agreements", (_CYCLE_OF, _CURRENCY, _BILLING_CYCLE))
