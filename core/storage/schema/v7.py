"""Version 7: what an addition cost when a run was done with it, by ConnectWise's answer.

Unknown for the changes of before: their undo compares with the price that their plan knew.
"""

from __future__ import annotations

from core.storage.schema.migration import Migration

_UNIT_PRICE = "ALTER TABLE store.journal ADD COLUMN unit_price DECIMAL(38, 12)"

MIGRATION = Migration(7, "price of additions in the journal", (_UNIT_PRICE,))
