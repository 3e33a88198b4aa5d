"""Version 5: the month from which on a difference is accepted.

Acceptances of before have none, and go on to hold for all months up to their last.
"""

from __future__ import annotations

from core.storage.schema.migration import Migration

_SINCE = "ALTER TABLE store.acceptance ADD COLUMN since_month VARCHAR"

MIGRATION = Migration(5, "first month of an acceptance", (_SINCE,))
