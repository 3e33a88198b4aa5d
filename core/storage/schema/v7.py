"""Version 7: what additions cost when a run was done with them, and when agreements were cancelled.

Unknown for what was done and read before. An undo of it compares with the price that its plan knew.
"""

from __future__ import annotations

from core.storage.schema.migration import Migration

_UNIT_PRICE = "ALTER TABLE store.journal ADD COLUMN unit_price DECIMAL(38, 12)"
# Version 6 did without it at first.
_CARRIES = "ALTER TABLE store.binding ADD COLUMN IF NOT EXISTS carries VARCHAR"
_CANCELLED_ON = "ALTER TABLE store.agreement ADD COLUMN cancelled_on DATE"

MIGRATION = Migration(
    7,
    "price of additions in the journal, day of cancelled agreements",
    (_UNIT_PRICE, _CARRIES, _CANCELLED_ON),
)
