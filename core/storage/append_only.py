"""What is recorded stays recorded: these tables are only ever added to."""

from __future__ import annotations

import re

APPEND_ONLY = (
    "acceptance",
    "customer_history",
    "delivery",
    "journal",
    "mapping_history",
    "month_closing",
    "outbox",
    "row_note",
    "run",
    "run_change",
    "run_customer",
    "run_event",
    "schedule_log",
    "usage_fetch",
    "usage_line",
)
# However a table is written: quoted or not, with its catalog and schema or without, any spaces.
_NAME = rf"""(?:"?\w+"?\s*\.\s*)*"?(?:{"|".join(APPEND_ONLY)})\b"?"""
_COMMENT = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)
_REWRITING = re.compile(
    rf"\b(?:UPDATE|DELETE\s+FROM|TRUNCATE(?:\s+TABLE)?|MERGE\s+INTO|OR\s+REPLACE\s+INTO)\s+{_NAME}"
    rf"|\bINTO\s+{_NAME}.*\bON\s+CONFLICT\b",
    re.IGNORECASE | re.DOTALL,
)


def refuse_rewriting(sql: str) -> None:
    """Raise RuntimeError for a statement that would change or remove what was recorded.

    A migration that has to rebuilds the table instead: create, insert, drop, rename.
    """
    found = _REWRITING.search(sql) or _REWRITING.search(_COMMENT.sub(" ", sql))
    if found is not None:
        raise RuntimeError(f"only ever added to, never changed: {found[0].split('(')[0].strip()}")
