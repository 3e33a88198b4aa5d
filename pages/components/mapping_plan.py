"""What a save would do, in words: one line per changed cell, and where sync will stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from core.domain.mapping import new_mapping
from core.domain.models import MappingRow, MappingState, ProductMapping
from core.domain.row_edits import RowEdit
from core.domain.row_staging import StagedEdits
from core.domain.saving import MappingValues, SavePlan, plan_save
from pages.components.grid_save import ChangeLine, change_lines
from pages.components.language import _
from pages.components.mapping_rows import Catalog, after_save, product_name, what_resumes


@dataclass(frozen=True)
class Review:
    """Everything that the person has to know before saving."""

    plan: SavePlan
    lines: tuple[ChangeLine, ...]
    consequences: tuple[str, ...]


def plan_of(
    staged: StagedEdits[MappingValues], rows: Sequence[MappingRow], catalog: Catalog
) -> SavePlan:
    """Compare the staged edits with what is stored now."""
    current = {row.mapping.product_code: row.mapping for row in rows if _is_stored(row.mapping)}
    return plan_save(staged.edits(), current, catalog)


def review(
    staged: StagedEdits[MappingValues], rows: Sequence[MappingRow], catalog: Catalog, now: datetime
) -> Review:
    """The plan with its words. Refused rows are left out of lines and consequences."""
    plan = plan_of(staged, rows, catalog)
    refused = {conflict.key for conflict in plan.conflicts}
    by_code = {row.mapping.product_code: row for row in rows}
    edits = [edit for edit in staged.edits() if edit.key not in refused]
    cells = partial(cells_in_words, catalog=catalog)
    lines = [
        line
        for edit in edits
        for line in change_lines(product_title(edit.key, by_code), edit, cells)
    ]
    told = [_consequence(edit, by_code, catalog, now) for edit in edits]
    return Review(plan, tuple(lines), tuple(words for words in told if words))


def product_title(code: str, by_code: Mapping[str, MappingRow]) -> str:
    """Name and code of a Sophos product."""
    row = by_code.get(code)
    return f"{row.product.description} ({code})" if row and row.product.description else code


def cells_in_words(values: MappingValues, catalog: Catalog) -> dict[str, str]:
    """The values of a mapping for the reader, by the name of the field."""
    return {
        _("ConnectWise product"): product_name(values.connectwise_product_id, catalog) or _("none"),
        _("Sync switch"): _("On") if values.sync else _("Off"),
    }


def _is_stored(mapping: ProductMapping) -> bool:
    return mapping.version > 0 or mapping.connectwise_product_id is not None or mapping.sync


def _consequence(
    edit: RowEdit[MappingValues], by_code: Mapping[str, MappingRow], catalog: Catalog, now: datetime
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
            "With its next usage, its default product is mapped, and created where there is none.",
            product=title,
        )
    return ""


def _has_no_product(values: MappingValues) -> bool:
    return values.connectwise_product_id is None
