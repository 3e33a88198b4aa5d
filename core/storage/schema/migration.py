"""One step of the schema."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Migration:
    """One step from `version - 1` to `version`, run in one transaction with its record."""

    version: int
    name: str
    statements: tuple[str, ...]
