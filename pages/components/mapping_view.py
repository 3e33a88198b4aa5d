"""The mapping page, put together: toolbar, conflicts, grid, dialogs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd
import streamlit as st

from core.domain.models import CatalogItem, MappingRow, SophosProduct
from core.domain.staging import PRODUCT, CellEdit
from core.services import Services
from pages.components import mapping_session as session
from pages.components import product_forms
from pages.components.grid import grid_frame, is_new, mapping_grid
from pages.components.grid_catalog import send_catalog
from pages.components.grid_events import Step, StepKind
from pages.components.grid_labels import labels
from pages.components.language import _, language, locale
from pages.components.mapping_conflicts import draw_conflicts
from pages.components.mapping_dialogs import Dialog, OpenDialog, close_dialog, open_dialog, opened
from pages.components.mapping_filters import Show, matching
from pages.components.mapping_history import draw_history
from pages.components.mapping_import import draw_import
from pages.components.mapping_plan import plan_of, product_title
from pages.components.mapping_refresh import draw_freshness, refresh_button
from pages.components.mapping_rows import (
    Catalog,
    Drawing,
    bases_of,
    grid_rows,
    most_decimals,
    with_staged_codes,
)
from pages.components.mapping_save import draw_discard, draw_save, show_notice
from pages.components.mapping_toolbar import draw_chips, draw_selection, draw_toolbar
from pages.components.reader import zone
from pages.components.tasks import start_refresh


def draw_mapping(services: Services) -> None:
    """Everything below the title."""
    session.begin(services)
    _follow_link(services)
    staged = session.staged()
    rows = with_staged_codes(services.mappings.rows(), staged, services.clock())
    if not rows:
        _draw_empty(services)
        return
    show_notice()
    catalog = services.catalog.snapshot().by_id
    by_code = {row.mapping.product_code: row for row in rows}
    if catalog is None:
        _draw_no_catalog()
    _draw_above(services, rows, by_code)
    conflicts = plan_of(staged, rows, catalog).conflicts
    draw_conflicts(services, conflicts, by_code, catalog)
    shown = matching(rows, session.show(), set(staged.changes()))
    drawing = Drawing(
        staged=staged,
        catalog=catalog,
        conflicts={conflict.key for conflict in conflicts},
        now=services.clock(),
        seen=session.last_step(),
        decimals=most_decimals(rows),
    )
    _draw_grid(services, shown, drawing)
    session.remember_bases(bases_of(rows))
    _take_request(by_code)
    _draw_dialogs(services, rows, by_code, catalog)


def _follow_link(services: Services) -> None:
    """A link from another page may name the chip to turn on, once."""
    wanted = st.query_params.pop("show", None)
    if wanted in set(Show):
        session.put_show(services, Show(wanted))


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


def _draw_above(
    services: Services, rows: Sequence[MappingRow], by_code: Mapping[str, MappingRow]
) -> None:
    staged = session.staged()
    draw_toolbar(services, rows, staged)
    draw_chips(services, rows, staged)
    row = st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    )
    with row.container(horizontal=True, vertical_alignment="center", width="content"):
        draw_selection(by_code)
    with row.container(horizontal=True, vertical_alignment="center", width="content"):
        draw_freshness(services)


def _draw_grid(services: Services, shown: Sequence[MappingRow], drawing: Drawing) -> None:
    # Options are fixed while the grid is on the page, so another language is another grid.
    key = f"mapping_grid_{language()}"
    mapping_grid(
        _grid_frame(services, shown, drawing),
        key=key,
        labels=labels(),
        language=language(),
        view=session.view_to_draw(new=is_new(key)),
        on_message=partial(session.receive, services),
    )
    snapshot = services.catalog.snapshot()
    send_catalog(
        snapshot.version,
        snapshot.entries,
        held=session.catalog_held(),
        unsaved=bool(session.staged()),
        key="mapping_catalog",
    )


def _grid_frame(services: Services, shown: Sequence[MappingRow], drawing: Drawing) -> pd.DataFrame:
    """The rows as the grid takes them; all readers share them while nothing is staged."""
    if drawing.staged:
        return grid_frame(grid_rows(shown, drawing))
    seen = (session.show(), drawing.seen, locale(), str(zone()))
    return _shared_frame(services.mappings.version(), seen, shown, drawing)


@st.cache_resource(max_entries=32, show_spinner=False)
def _shared_frame(
    version: tuple[int, str],  # noqa: ARG001 - cache key
    seen: tuple[Show, int, str, str],  # noqa: ARG001 - cache key
    _shown: Sequence[MappingRow],
    _drawing: Drawing,
) -> pd.DataFrame:
    return grid_frame(grid_rows(_shown, _drawing))


def _take_request(by_code: Mapping[str, MappingRow]) -> None:
    """Open the dialog that was asked for in the grid."""
    request = session.pop_request()
    if request is None:
        return
    if request.kind is StepKind.HISTORY:
        open_dialog(Dialog.HISTORY, request.code)
    elif request.kind is StepKind.VIEW and request.text.isdecimal():
        close_dialog()
        product_forms.open_view(int(request.text))
    elif request.kind is StepKind.ADD:
        _open_add(request, by_code)


def _open_add(request: Step, by_code: Mapping[str, MappingRow]) -> None:
    row = by_code.get(request.code)
    products: list[SophosProduct] = [row.product] if row else []
    if products:
        close_dialog()
        product_forms.open_add(products, identifier=request.text)


def _draw_dialogs(
    services: Services,
    rows: Sequence[MappingRow],
    by_code: Mapping[str, MappingRow],
    catalog: Catalog,
) -> None:
    """One dialog at most: those of ConnectWise products come first."""
    if product_forms.is_open():
        close_dialog()
    product_forms.draw_dialogs(services, on_created=_stage_created)
    wanted = opened()
    if wanted is not None:
        _draw_dialog(wanted, services, rows, by_code, catalog)


def _draw_dialog(
    wanted: OpenDialog,
    services: Services,
    rows: Sequence[MappingRow],
    by_code: Mapping[str, MappingRow],
    catalog: Catalog,
) -> None:
    bodies = {
        Dialog.SAVE: (_("Save changes"), partial(draw_save, services, rows, catalog)),
        Dialog.DISCARD: (_("Discard changes"), draw_discard),
        Dialog.IMPORT: (_("Import mappings"), partial(draw_import, services, rows)),
        Dialog.HISTORY: (
            _("History"),
            partial(
                draw_history, services, wanted.code, product_title(wanted.code, by_code), catalog
            ),
        ),
    }
    title, body = bodies[wanted.dialog]
    width = "small" if wanted.dialog is Dialog.DISCARD else "large"

    def draw() -> None:  # Streamlit wants a function with a name
        body()

    st.dialog(title, width=width, on_dismiss=close_dialog)(draw)()


def _stage_created(created: Mapping[str, CatalogItem]) -> None:
    """Put products that were just created in ConnectWise into their rows."""
    session.stage_many(
        CellEdit(code, PRODUCT, item.id, session.base_of(code))
        for code, item in created.items()
        if code
    )
