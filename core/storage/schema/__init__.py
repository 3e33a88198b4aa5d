"""The shipped migrations, oldest first. A shipped one is never edited: append another.

Only plain types, keys first, no foreign keys and no secondary indexes: they block a later ALTER.
What ALTER cannot do is a rebuild inside one migration (create `t__new`, INSERT ... BY NAME, drop,
rename). Months are text like `2026-10`; an account that is not assigned is the empty text, because
a key column cannot be NULL.
"""

from core.storage.schema import v1, v2, v3, v4, v5, v6, v7
from core.storage.schema.migration import Migration

__all__ = ["MIGRATIONS", "Migration"]

MIGRATIONS: tuple[Migration, ...] = (
    v1.MIGRATION,
    v2.MIGRATION,
    v3.MIGRATION,
    v4.MIGRATION,
    v5.MIGRATION,
    v6.MIGRATION,
    v7.MIGRATION,
)
