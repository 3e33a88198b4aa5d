"""One step of the schema."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Migration:
    """One step from `version - 1` to `version`, run in one transaction with its record.

    `former_names` are those of earlier forms of it, which databases may have recorded: a later
    migration brings these up to the same.
    """

    version: int
    name: str
    statements: tuple[str, ...]
    former_names: tuple[str, ...] = ()
