"""The grid of product mappings: its rows and what they are chosen from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.domain.models import CatalogEntry
from core.domain.staging import PRODUCT, SYNC
from pages.components.grid import GridKind, GridRow
from pages.components.grid_catalog import packed_catalog
from pages.components.grid_events import CellKind, StagedField
from pages.components.language import _
from pages.components.mapping_columns import columns
from pages.components.mapping_labels import labels

CATALOG = "products"
_INACTIVE, _NOT_BILLABLE = 1, 2


@dataclass(frozen=True, kw_only=True)
class MappingGridRow(GridRow):
    """One Sophos product as it is shown. `usage` is for sorting, -1 for none."""

    former: str
    group: str
    firewall: bool
    product_id: str
    identifier: str
    description: str
    base_product_id: str
    base_product: str
    default_product: str
    usage: float
    usage_whole: str
    usage_fraction: str
    usage_month: str
    usage_hint: str


MAPPING_GRID = GridKind(
    row=MappingGridRow,
    script="mapping.js",
    staged={
        "product": StagedField(PRODUCT, CellKind.ID),
        "sync": StagedField(SYNC, CellKind.SWITCH),
    },
    columns=columns,
    labels=labels,
    no_rows=lambda: _("No product matches the filter."),
)


@st.cache_data(max_entries=2, show_spinner=False)
def products_for_search(version: str, _entries: Sequence[CatalogEntry]) -> str:  # noqa: ARG001
    """The products as the browser takes them, made once per version."""
    return pack(_entries)


def pack(entries: Sequence[CatalogEntry]) -> str:
    """The products as the browser takes them."""
    return packed_catalog(
        [entry.id for entry in entries],
        [entry.identifier for entry in entries],
        [entry.description for entry in entries],
        [entry.category for entry in entries],
        [_flags(entry) for entry in entries],
    )


def _flags(entry: CatalogEntry) -> int:
    return (_INACTIVE if entry.inactive else 0) | (0 if entry.is_billable else _NOT_BILLABLE)
