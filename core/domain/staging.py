"""Staged edits of product mappings: the names of their cells, and what an edit is made on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from core.domain import row_edits
from core.domain.models import ProductMapping
from core.domain.row_edits import CellEdit
from core.domain.row_staging import UNDO_STEPS, StagedCell, StagedEdits
from core.domain.saving import MappingValues

__all__ = [
    "FIELDS",
    "PRODUCT",
    "SYNC",
    "UNDO_STEPS",
    "CellEdit",
    "Field",
    "RowBase",
    "StagedCell",
    "StagedEdits",
    "Value",
]

Field = Literal["connectwise_product_id", "sync"]
Value = int | bool | None

PRODUCT: Field = "connectwise_product_id"
SYNC: Field = "sync"
FIELDS: tuple[Field, ...] = (PRODUCT, SYNC)


@dataclass(frozen=True)
class RowBase(row_edits.RowBase[MappingValues]):
    """A mapping as it was loaded. Version 0 stands for one that was never saved."""

    values: MappingValues = field(default_factory=MappingValues)
    version: int = 0

    @classmethod
    def of(cls, mapping: ProductMapping) -> RowBase:
        """The base that a stored mapping gives."""
        return cls(MappingValues.of(mapping), mapping.version)
