"""What a save would do, in words: one line per changed cell, and where sync will stop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.domain.mapping import new_mapping
from core.domain.models import MappingRow, MappingState, ProductMapping
from core.domain.saving import MappingValues, RowEdit, SavePlan, plan_save
from core.domain.staging import StagedEdits
from pages.components.language import _
from pages.components.mapping_rows import Catalog, after_save, product_name, what_resumes


@dataclass(frozen=True)
class ChangeLine:
    """One changed cell for the reader."""

    product: str
    field: str
    old: str
    new: str


@dataclass(frozen=True)
class Review:
    """Everything that the person has to know before saving."""

    plan: SavePlan
    lines: tuple[ChangeLine, ...]
    consequences: tuple[str, ...]


def plan_of(staged: StagedEdits, rows: Sequence[MappingRow], catalog: Catalog) -> SavePlan:
    """Compare the staged edits with what is stored now."""
    current = {row.mapping.product_code: row.mapping for row in rows if _is_stored(row.mapping)}
    return plan_save(staged.edits(), current, catalog)


def review(
    staged: StagedEdits, rows: Sequence[MappingRow], catalog: Catalog, now: datetime
) -> Review:
    """The plan with its words. Refused rows are left out of lines and consequences."""
    plan = plan_of(staged, rows, catalog)
    refused = {conflict.key for conflict in plan.conflicts}
    by_code = {row.mapping.product_code: row for row in rows}
    edits = [edit for edit in staged.edits() if edit.key not in refused]
    lines = [line for edit in edits for line in _lines(edit, by_code, catalog)]
    told = [_consequence(edit, by_code, catalog, now) for edit in edits]
    return Review(plan, tuple(lines), tuple(words for words in told if words))


def product_title(code: str, by_code: Mapping[str, MappingRow]) -> str:
    """Name and code of a Sophos product."""
    row = by_code.get(code)
    return f"{row.product.description} ({code})" if row and row.product.description else code


def product_words(product_id: int | None, catalog: Catalog) -> str:
    """A ConnectWise product for the reader."""
    return product_name(product_id, catalog) or _("none")


def sync_words(on: bool) -> str:
    """A switch for the reader."""
    return _("On") if on else _("Off")


def _is_stored(mapping: ProductMapping) -> bool:
    return mapping.version > 0 or mapping.connectwise_product_id is not None or mapping.sync


def _lines(
    edit: RowEdit, by_code: Mapping[str, MappingRow], catalog: Catalog
) -> Iterator[ChangeLine]:
    title = product_title(edit.key, by_code)
    base, wanted = edit.base, edit.wanted
    if base.connectwise_product_id != wanted.connectwise_product_id:
        old = product_words(base.connectwise_product_id, catalog)
        new = product_words(wanted.connectwise_product_id, catalog)
        yield ChangeLine(title, _("ConnectWise product"), old, new)
    if base.sync != wanted.sync:
        yield ChangeLine(title, _("Sync"), sync_words(base.sync), sync_words(wanted.sync))


def _consequence(
    edit: RowEdit, by_code: Mapping[str, MappingRow], catalog: Catalog, now: datetime
) -> str:
    row = by_code.get(edit.key)
    before = row.mapping if row else new_mapping(edit.key, now)
    after = after_save(before, edit.wanted, catalog, now)
    title = product_title(edit.key, by_code)
    if after.state is MappingState.STOPPED and before.state is not MappingState.STOPPED:
        return _(
            "Sync of {product} will stop. {resumes}", product=title, resumes=what_resumes(after)
        )
    if after.sync and not before.sync and _has_no_product(edit.wanted):
        return _(
            "{product} has no ConnectWise product. "
            "With its next usage, a default product is created.",
            product=title,
        )
    return ""


def _has_no_product(values: MappingValues) -> bool:
    return values.connectwise_product_id is None
