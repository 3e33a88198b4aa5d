"""The mapping page, put together: toolbar, conflicts, grid, dialogs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

import pandas as pd
import streamlit as st

from core.domain.mapping_csv import REQUIRED_COLUMNS
from core.domain.models import CatalogItem, MappingRow, SophosProduct
from core.domain.row_edits import CellEdit
from core.domain.staging import PRODUCT, RowBase
from core.services import Services
from pages.components import product_forms, rule_dialog
from pages.components.grid import draw_grid, grid_frame, is_new, packed_row
from pages.components.grid_catalog import send_catalog
from pages.components.grid_conflicts import draw_conflicts
from pages.components.grid_events import Step, StepKind
from pages.components.grid_focus import draw_focus, focus, follow_link
from pages.components.grid_history import SHOWN, draw_history
from pages.components.grid_import import Checked, draw_import
from pages.components.grid_save import draw_discard
from pages.components.grid_session import Dialog, OpenDialog
from pages.components.language import _, language, locale, ngettext
from pages.components.leaving import anything_unsaved
from pages.components.mapping_filters import Show, matching
from pages.components.mapping_grid import CATALOG, MAPPING_GRID, products_for_search
from pages.components.mapping_history import field_words, value_words
from pages.components.mapping_plan import cells_in_words, plan_of, product_title
from pages.components.mapping_refresh import refresh_button
from pages.components.mapping_rows import (
    Catalog,
    Drawing,
    bases_of,
    grid_rows,
    most_decimals,
    with_staged_codes,
)
from pages.components.mapping_save import draw_mapping_save
from pages.components.mapping_session import session
from pages.components.mapping_toolbar import draw_above_grid
from pages.components.product_offers import Rows, draw_offers
from pages.components.reader import zone
from pages.components.tasks import start_refresh

# Of the rows, and of the one that alone is shown.
Version = tuple[str, str]


def draw_mapping(services: Services) -> None:
    """Everything below the title."""
    session.begin(services)
    session.follow_link(services)
    follow_link(session, "product")
    staged = session.staged()
    stored = services.mappings.versioned_rows()
    rows = with_staged_codes(stored.value, staged, services.clock())
    if not rows:
        _draw_empty(services)
        return
    session.show_notice()
    catalog = services.catalog.snapshot().by_id
    by_code = {row.mapping.product_code: row for row in rows}
    if catalog is None:
        _draw_no_catalog()
    if not product_forms.is_open():
        draw_offers(services, _rows_for_offers(by_code))
    conflicts = plan_of(staged, rows, catalog).conflicts
    draw_conflicts(
        session,
        conflicts,
        title=partial(product_title, by_code=by_code),
        cells=partial(cells_in_words, catalog=catalog),
        saver=partial(_last_saver, services),
    )
    draw_above_grid(services, rows, by_code)
    focused = focus(session, by_code)
    draw_focus(session, focused, partial(product_title, by_code=by_code))
    shown = matching(rows, session.show(), set(staged.changes()))
    if focused:
        shown = [by_code[focused]]
    drawing = Drawing(
        staged=staged,
        catalog=catalog,
        conflicts={conflict.key for conflict in conflicts},
        now=services.clock(),
        decimals=most_decimals(rows),
    )
    _draw_grid(services, (stored.version, focused), shown, drawing)
    session.remember_bases(bases_of(rows))
    _take_request(by_code)
    _draw_dialogs(services, rows, by_code, catalog)


def _draw_empty(services: Services) -> None:
    st.info(
        _(
            "There are no Sophos products yet. Refresh data reads the ConnectWise products and the "
            "usage of the last month; every product with usage then has a row here."
        ),
        icon=":material/inbox:",
    )
    running = services.jobs.current() is not None
    if refresh_button(key="mapping_first_refresh", disabled=running, primary=True):
        start_refresh(services)


def _draw_no_catalog() -> None:
    st.warning(
        _(
            "The ConnectWise products have not been read yet, so there is nothing to choose from. "
            "Press Refresh data."
        ),
        icon=":material/inventory_2:",
    )


def _draw_grid(
    services: Services, version: Version, shown: Sequence[MappingRow], drawing: Drawing
) -> None:
    # Options are fixed while the grid is on the page, so another language is another grid.
    key = f"mapping_grid_{language()}"
    draw_grid(
        _grid_frame(version, shown, drawing),
        MAPPING_GRID,
        key=key,
        language=language(),
        view=session.view_to_draw(new=is_new(key)),
        on_message=partial(session.receive, services),
    )
    snapshot = services.catalog.snapshot()
    send_catalog(
        CATALOG,
        snapshot.version,
        partial(products_for_search, snapshot.version, snapshot.entries),
        held=session.catalog_held(),
        unsaved=anything_unsaved(),
        key="mapping_catalog",
    )


def _grid_frame(version: Version, shown: Sequence[MappingRow], drawing: Drawing) -> pd.DataFrame:
    """The rows as the grid takes them; all readers share them while nothing is staged."""
    if drawing.staged:
        return _frame(shown, drawing, session.last_step())
    seen = (session.show(), session.last_step(), locale(), str(zone()))
    return _shared_frame(version, seen, shown, drawing)


@st.cache_resource(max_entries=32, show_spinner=False)
def _shared_frame(
    version: Version,  # noqa: ARG001 - cache key
    seen: tuple[Show, int, str, str],
    _shown: Sequence[MappingRow],
    _drawing: Drawing,
) -> pd.DataFrame:
    return _frame(_shown, _drawing, seen[1])


def _frame(shown: Sequence[MappingRow], drawing: Drawing, last_step: int) -> pd.DataFrame:
    return grid_frame({row.code: packed_row(row) for row in grid_rows(shown, drawing)}, last_step)


def _last_saver(services: Services, code: str) -> tuple[str, datetime] | None:
    newest = services.mappings.history(code, 1)
    return (newest[0].by, newest[0].at) if newest else None


def _take_request(by_code: Mapping[str, MappingRow]) -> None:
    """Open the dialog that was asked for in the grid."""
    request = session.pop_request()
    if request is None:
        return
    if request.kind is StepKind.HISTORY:
        session.open_dialog(Dialog.HISTORY, request.code)
    elif request.kind is StepKind.VIEW and request.text.isdecimal():
        session.close_dialog()
        product_forms.open_view(int(request.text))
    elif request.kind is StepKind.ADD:
        _open_add(request, by_code)


def _open_add(request: Step, by_code: Mapping[str, MappingRow]) -> None:
    row = by_code.get(request.code)
    products: list[SophosProduct] = [row.product] if row else []
    if products:
        session.close_dialog()
        product_forms.open_add(products, identifier=request.text)


def _draw_dialogs(
    services: Services,
    rows: Sequence[MappingRow],
    by_code: Mapping[str, MappingRow],
    catalog: Catalog,
) -> None:
    """One dialog at most: those of ConnectWise products come first."""
    if product_forms.is_open():
        rule_dialog.close()
    if product_forms.is_open() or rule_dialog.is_open():
        session.close_dialog()
    product_forms.draw_dialogs(services, on_created=_stage_created)
    _draw_rule(services, by_code)
    wanted = session.opened()
    if wanted is not None:
        _draw_dialog(wanted, services, rows, by_code, catalog)


def _draw_rule(services: Services, by_code: Mapping[str, MappingRow]) -> None:
    names = _descriptions(by_code)
    row = by_code.get(rule_dialog.edited_code() or "")
    entry = row.entry if row else None
    rule_dialog.draw_rule_dialog(services, names, entry.identifier if entry else "")


def _draw_dialog(
    wanted: OpenDialog,
    services: Services,
    rows: Sequence[MappingRow],
    by_code: Mapping[str, MappingRow],
    catalog: Catalog,
) -> None:
    bodies = {
        Dialog.SAVE: (_("Save changes"), partial(draw_mapping_save, services, rows, catalog)),
        Dialog.DISCARD: (_("Discard changes"), partial(draw_discard, session)),
        Dialog.IMPORT: (_("Import mappings"), partial(_draw_import, services, by_code)),
        Dialog.HISTORY: (
            _("History"),
            partial(_draw_history, services, wanted.code, by_code, catalog),
        ),
    }
    title, body = bodies[wanted.dialog]
    width = "small" if wanted.dialog is Dialog.DISCARD else "large"

    def draw() -> None:  # Streamlit wants a function with a name
        body()

    st.dialog(title, width=width, on_dismiss=session.close_dialog)(draw)()


def _draw_import(services: Services, by_code: Mapping[str, MappingRow]) -> None:
    def check(given: str) -> Checked:
        parsed = services.mappings.parse_csv(given)
        return parsed, services.mappings.check_csv(parsed), ()

    def changed(count: int) -> str:
        return ngettext("{count} product would change.", "{count} products would change.", count)

    def base_of(code: str) -> RowBase:
        row = by_code.get(code)
        return RowBase.of(row.mapping) if row else RowBase()

    draw_import(session, REQUIRED_COLUMNS, check, changed, base_of)


def _descriptions(by_code: Mapping[str, MappingRow]) -> dict[str, str]:
    return {code: row.product.description for code, row in by_code.items()}


def _draw_history(
    services: Services, code: str, by_code: Mapping[str, MappingRow], catalog: Catalog
) -> None:
    draw_history(
        session,
        product_title(code, by_code),
        services.mappings.history(code, SHOWN),
        nothing=_("Nothing was saved for this product yet."),
        field=field_words,
        value=partial(value_words, catalog=catalog, products=_descriptions(by_code)),
        synced={"product": code},
    )


def _stage_created(created: Mapping[str, CatalogItem]) -> None:
    """Put products that were just created in ConnectWise into their rows."""
    session.stage_many(
        CellEdit(code, PRODUCT, item.id, session.base_of(code))
        for code, item in created.items()
        if code
    )


def _rows_for_offers(by_code: Mapping[str, MappingRow]) -> Rows:
    changes = session.staged().changes()
    return Rows(
        by_code,
        title=partial(product_title, by_code=by_code),
        staged={code for code, cells in changes.items() if PRODUCT in cells},
        stage=_stage_created,
    )
