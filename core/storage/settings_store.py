"""Settings that people change on the pages. Connection secrets are never among them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from core.storage import bulk
from core.storage.database import Database
from core.storage.values import aware

COLUMNS = {
    "key": "VARCHAR",
    "value": "VARCHAR",
    "changed_by": "VARCHAR",
    "changed_at": "TIMESTAMP",
}
_SECRET = re.compile(r"secret|password|token|private.?key|public.?key|api.?key", re.IGNORECASE)


class SettingChange(NamedTuple):
    """Who put a setting, and when."""

    by: str
    at: datetime


class SettingsStore:
    """Values by key, as text."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: str) -> str | None:
        """The value of `key`, None when it was never put."""
        rows = self._database.read("SELECT value FROM store.setting WHERE key = ?", [key])
        return rows[0][0] if rows else None

    def all(self) -> dict[str, str]:
        """Every setting by key."""
        return dict(self._database.read("SELECT key, value FROM store.setting ORDER BY key"))

    def changed(self, key: str) -> SettingChange | None:
        """Who put `key` last, and when; None when it was never put."""
        rows = self._database.read(
            "SELECT changed_by, changed_at FROM store.setting WHERE key = ?", [key]
        )
        return SettingChange(rows[0][0], aware(rows[0][1])) if rows else None

    def put(self, key: str, value: str, by: str, at: datetime) -> None:
        """Set `key`, with who and when. Refuses names of secrets: they stay in core.settings."""
        if _SECRET.search(key):
            raise ValueError(f"the setting {key} sounds like a secret, which is never stored")
        row = (key, value, by, at)
        self._database.write(
            lambda transaction: bulk.insert(
                transaction, "store.setting", COLUMNS, [row], key=("key",)
            )
        )
