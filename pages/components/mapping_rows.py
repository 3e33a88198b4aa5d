"""From mappings and staged edits to the rows that the grid shows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel.numbers import get_decimal_symbol

from core.domain.mapping import (
    MappingChange,
    apply_change,
    availability_of,
    last_known_name,
    new_mapping,
)
from core.domain.models import (
    CatalogEntry,
    MappingRow,
    MappingState,
    ProductMapping,
    ProductUsage,
    SophosProduct,
)
from core.domain.row_staging import StagedEdits
from core.domain.saving import MappingValues
from core.domain.staging import RowBase
from pages.components import formats
from pages.components.language import _, locale, ngettext, text
from pages.components.mapping_grid import MappingGridRow
from pages.components.reader import zone

Catalog = Mapping[int, CatalogEntry] | None
_FIGURE_SPACE = "\u2007"
_PUNCTUATION_SPACE = "\u2008"


@dataclass(frozen=True)
class Drawing:
    """What all rows of one drawing share. `decimals` is that of the longest quantity."""

    staged: StagedEdits[MappingValues]
    catalog: Catalog
    conflicts: Collection[str]
    now: datetime
    decimals: int


def with_staged_codes(
    rows: Sequence[MappingRow], staged: StagedEdits[MappingValues], now: datetime
) -> list[MappingRow]:
    """The rows, and one for each staged code that has no row yet (from an imported file)."""
    known = {row.mapping.product_code for row in rows}
    return [*rows, *(_unseen_row(code, now) for code in staged.changes() if code not in known)]


def grid_rows(rows: Sequence[MappingRow], drawing: Drawing) -> list[MappingGridRow]:
    """The rows as they are shown."""
    wanted = {edit.key: edit.wanted for edit in drawing.staged.edits()}
    bases = {edit.key: edit.base for edit in drawing.staged.edits()}
    return [_grid_row(row, wanted.get(row.mapping.product_code), bases, drawing) for row in rows]


def bases_of(rows: Sequence[MappingRow]) -> dict[str, RowBase]:
    """The rows as loaded, for edits to be made on."""
    return {row.mapping.product_code: RowBase.of(row.mapping) for row in rows}


def after_save(
    mapping: ProductMapping, wanted: MappingValues, catalog: Catalog, now: datetime
) -> ProductMapping:
    """What a save of `wanted` would make of a mapping."""
    product_id = wanted.connectwise_product_id
    return apply_change(
        mapping,
        MappingChange(mapping.product_code, product_id, wanted.sync),
        availability_of(product_id, catalog),
        now,
        product_name=product_name(product_id, catalog),
        former_name=product_name(mapping.connectwise_product_id, catalog),
    )


def product_name(product_id: int | None, catalog: Catalog) -> str:
    """The identifier of a ConnectWise product, its ID where the catalog does not have it."""
    if product_id is None:
        return ""
    entry = catalog.get(product_id) if catalog else None
    return entry.identifier if entry else f"#{product_id}"


def most_decimals(rows: Sequence[MappingRow]) -> int:
    """How many decimals the quantities have, so that their points can stand in one line."""
    return max((_decimals(row.last_usage.billable) for row in rows if row.last_usage), default=0)


def _unseen_row(code: str, now: datetime) -> MappingRow:
    product = SophosProduct(
        code=code, description="", product_group="", first_seen=None, last_seen=None
    )
    return MappingRow(
        product=product,
        mapping=new_mapping(code, now),
        entry=None,
        last_usage=None,
        suggestion=None,
        default_product=None,
        is_firewall=False,
    )


def _grid_row(
    row: MappingRow,
    wanted: MappingValues | None,
    bases: Mapping[str, MappingValues],
    drawing: Drawing,
) -> MappingGridRow:
    code = row.mapping.product_code
    saved = MappingValues.of(row.mapping)
    values = saved if wanted is None else wanted
    base = bases.get(code, saved)
    saved_part = _saved_part(row, drawing.decimals, locale(), str(zone()))
    state_part = _state_part(row, wanted, drawing) if wanted else {"next_state": ""}
    return MappingGridRow(
        code=code,
        sync=values.sync,
        base_sync=base.sync,
        conflict=code in drawing.conflicts,
        **_product_part(row, values, base, drawing.catalog),
        **{**saved_part, **state_part},
    )


def _product_part(
    row: MappingRow, values: MappingValues, base: MappingValues, catalog: Catalog
) -> dict[str, str]:
    product_id = values.connectwise_product_id
    entry = catalog.get(product_id) if catalog and product_id is not None else None
    suggestion = row.suggestion
    suggested = suggestion.connectwise_product_id if suggestion else None
    return {
        "product_id": _id_text(product_id),
        "identifier": _shown_name(product_id, row.mapping, catalog),
        "description": entry.description if entry else "",
        "base_product_id": _id_text(base.connectwise_product_id),
        "base_product": _shown_name(base.connectwise_product_id, row.mapping, catalog),
        "suggestion_name": product_name(suggested, catalog),
        "default_product": next_sync(row),
    }


def _shown_name(product_id: int | None, mapping: ProductMapping, catalog: Catalog) -> str:
    """Of a product that was deleted, what it was called last."""
    gone = product_id is not None and product_id not in (catalog or {})
    former = last_known_name(mapping) if product_id == mapping.connectwise_product_id else ""
    return former if gone and former else product_name(product_id, catalog)


def next_sync(row: MappingRow) -> str:
    """What the next sync does for a row that has nothing to be billed on."""
    if row.default_product is None:
        return ""
    if row.adopted is None:
        return _("Next sync creates {product}", product=row.default_product.identifier)
    product = row.adopted.identifier
    if row.adopted.inactive:
        return _("Next sync bills nothing: {product} exists and is inactive", product=product)
    if not row.adopted.is_billable:
        return _("Next sync bills nothing: {product} exists and cannot be billed", product=product)
    return _("Next sync maps it to {product}, which exists", product=product)


def _id_text(product_id: int | None) -> str:
    return "" if product_id is None else str(product_id)


def _state_part(row: MappingRow, wanted: MappingValues, drawing: Drawing) -> dict[str, str]:
    """What saving would make of the state."""
    after = after_save(row.mapping, wanted, drawing.catalog, drawing.now)
    changes = after.state is not row.mapping.state
    hint = _hint_lines(row)
    if changes and after.reason is not None:
        hint.append(_("After saving: {reason}", reason=after.reason))
    return {"next_state": after.state.value if changes else "", "state_hint": "\n".join(hint)}


def _since(mapping: ProductMapping) -> str:
    if mapping.version == 0 and mapping.reason is None:
        return ""
    return _("since {day}", day=formats.date_text(mapping.since.astimezone(zone()).date()))


def _hint_lines(row: MappingRow) -> list[str]:
    mapping = row.mapping
    lines = [] if mapping.reason is None else [text(mapping.reason)]
    if _since(mapping):
        lines.append(_("Since {moment}", moment=mapping.since))
    return [*lines, *_ways_out(row)]


def _explanation(row: MappingRow) -> str:
    """Why a row does not sync although somebody wants it to, and what has to happen."""
    ways_out, reason = _ways_out(row), row.mapping.reason
    if ways_out and reason is not None:
        ways_out.insert(0, text(reason))
    return " ".join(ways_out)


def _ways_out(row: MappingRow) -> list[str]:
    if row.mapping.state is MappingState.STOPPED:
        return [what_resumes(row.mapping)]
    if row.mapping.state is not MappingState.BROKEN:
        return []
    # A product that is gone from ConnectWise cannot be made active there.
    way_out = _("Choose another ConnectWise product.")
    if row.entry is not None:
        way_out = _("Choose another ConnectWise product, or make this one active again.")
    coming = next_sync(row)
    return [way_out, f"{coming}."] if coming else [way_out]


def what_resumes(mapping: ProductMapping) -> str:
    """What a stopped row waits for."""
    if mapping.connectwise_product_id is None:
        return _(
            "It resumes with the next usage: its default product is then mapped, and created where "
            "there is none."
        )
    return _("It resumes with the next usage of this Sophos product.")


@lru_cache(maxsize=4096)
def _saved_part(row: MappingRow, decimals: int, _locale: str, _zone: str) -> dict[str, Any]:
    """What staged edits do not change; cached, because formatting takes most of the time."""
    product, suggestion = row.product, row.suggestion
    former = ", ".join(product.former_descriptions)
    return {
        "name": product.description,
        "former": _("Formerly: {names}", names=former) if former else "",
        "group": product.product_group,
        "firewall": row.is_firewall,
        "state": row.mapping.state.value,
        "since": _since(row.mapping),
        "state_hint": "\n".join(_hint_lines(row)),
        "explanation": _explanation(row),
        **_usage_part(row.last_usage, decimals),
        "suggestion_id": str(suggestion.connectwise_product_id) if suggestion else "",
        "suggestion_score": float(suggestion.score) if suggestion else -1.0,
        "suggestion_reason": text(suggestion.reason) if suggestion else "",
    }


def _usage_part(usage: ProductUsage | None, decimals: int) -> dict[str, Any]:
    if usage is None:
        return {
            "usage": -1.0,
            "usage_whole": "",
            "usage_fraction": "",
            "usage_month": "",
            "usage_hint": "",
        }
    whole, fraction = _split(usage.billable, decimals)
    return {
        "usage": float(usage.billable),
        "usage_whole": whole,
        "usage_fraction": fraction,
        "usage_month": formats.short_month_text(usage.month),
        "usage_hint": ngettext("{count} customer", "{count} customers", usage.customers),
    }


def _split(quantity: Decimal, decimals: int) -> tuple[str, str]:
    """The whole part and the fraction, padded so that the decimal points of a column align."""
    mark = get_decimal_symbol(locale())
    whole, found, fraction = formats.number(quantity).rpartition(mark)
    if not found:
        whole, fraction = fraction, ""
    if decimals == 0:
        return whole, ""
    padding = _FIGURE_SPACE * (decimals - len(fraction))
    return whole, f"{mark if fraction else _PUNCTUATION_SPACE}{fraction}{padding}"


def _decimals(quantity: Decimal) -> int:
    exponent = quantity.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
