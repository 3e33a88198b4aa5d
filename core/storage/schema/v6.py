"""Version 6: how often and in which currency agreements are billed; whose usage additions carry.

Unknown for what was read before, until it is read again; for what was synced, until the next sync.
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

_CARRIES = "ALTER TABLE store.binding ADD COLUMN carries VARCHAR"

MIGRATION = Migration(
    6,
    "billing cycles of agreements, usage that additions carry",
    (_CYCLE_OF, _CURRENCY, _BILLING_CYCLE, _CARRIES),
    former_names=("billing cycles of agreements",),
)
