"""What stands above the grid of product mappings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from core.domain.models import MappingRow, MappingState, SophosProduct
from core.domain.staging import SYNC
from core.services import Services
from pages.components.grid_toolbar import (
    draw_chips,
    draw_csv_commands,
    draw_edit_commands,
    draw_selection,
    toolbar,
)
from pages.components.language import _
from pages.components.mapping_filters import chip_names, counts
from pages.components.mapping_refresh import draw_freshness
from pages.components.mapping_session import session
from pages.components.product_forms import open_add
from pages.components.rule_dialog import open_rule

_BLANK = SophosProduct(code="", description="", product_group="", first_seen=None, last_seen=None)


def draw_above_grid(
    services: Services, rows: Sequence[MappingRow], by_code: Mapping[str, MappingRow]
) -> None:
    """Saving and undoing, commands for the whole page, chips, the selection, how old it all is."""
    left, right = toolbar()
    with left:
        draw_edit_commands(session)
    with right:
        _draw_add(rows)
        draw_csv_commands(session, services.mappings.export_csv, "product_mappings.csv")
    found = counts(rows, set(session.staged().changes()))
    draw_chips(session, services, found, chip_names())
    left, right = toolbar()
    with left:
        draw_selection(session, by_code, SYNC)
        _draw_rule(services, by_code)
    with right:
        draw_freshness(services)


def _draw_add(rows: Sequence[MappingRow]) -> None:
    st.button(
        _("Add product to PSA"),
        key="mapping_add",
        icon=":material/add:",
        on_click=partial(_add, rows),
        help=_("For the selected rows without one, or a blank form when no row is selected."),
    )


def _draw_rule(services: Services, by_code: Mapping[str, MappingRow]) -> None:
    """Open the quantity rule of the one row that is selected."""
    codes = [code for code in session.selected() if code in by_code]
    st.button(
        _("Quantity rule"),
        key="mapping_rule",
        icon=":material/calculate:",
        type="tertiary",
        disabled=len(codes) != 1,
        on_click=partial(open_rule, services, codes[0] if codes else ""),
        help=_("How usage becomes the quantity that is billed. Select one row first."),
    )


def _add(rows: Sequence[MappingRow]) -> None:
    chosen = set(session.selected())
    selected = [row for row in rows if row.mapping.product_code in chosen]
    without = [row.product for row in selected if not _has_product(row)]
    if selected and not without:
        session.leave_notice(_("Every selected row has a ConnectWise product already."))
        return
    open_add(without or [_BLANK], left_out=len(selected) - len(without))


def _has_product(row: MappingRow) -> bool:
    """Whether a row is mapped, or will be by a save; to a product that is still there."""
    saved = row.mapping.connectwise_product_id
    staged = session.staged().wanted(row.mapping.product_code)
    product_id = saved if staged is None else staged.connectwise_product_id
    broken = row.mapping.state is MappingState.BROKEN and product_id == saved
    return product_id is not None and not broken
