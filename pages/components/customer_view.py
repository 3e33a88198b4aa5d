"""The customers page, put together: toolbar, conflicts, grid, dialogs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

import pandas as pd
import streamlit as st

from core.domain.customer_csv import REQUIRED_COLUMNS
from core.domain.customer_saving import CustomerBase
from core.domain.customers import Contracts
from core.domain.models import CustomerRow
from core.services import Services
from pages.components.customer_filters import Show, matching
from pages.components.customer_grid import CATALOG, CUSTOMER_GRID, companies_for_search
from pages.components.customer_history import field_words, value_words
from pages.components.customer_plan import cells_in_words, customer_title, plan_of
from pages.components.customer_refresh import refresh_button, start_refresh, start_refresh_of
from pages.components.customer_rows import (
    Drawing,
    bases_of,
    packed_rows,
    saved_rows,
    with_staged_customers,
)
from pages.components.customer_save import draw_customer_save
from pages.components.customer_session import session
from pages.components.customer_toolbar import draw_above_grid
from pages.components.grid import draw_grid, grid_frame, is_new
from pages.components.grid_catalog import send_catalog
from pages.components.grid_conflicts import draw_conflicts
from pages.components.grid_events import StepKind
from pages.components.grid_focus import draw_focus, focus, follow_link
from pages.components.grid_history import SHOWN, draw_history
from pages.components.grid_import import Checked, draw_import
from pages.components.grid_save import draw_discard
from pages.components.grid_session import Dialog, OpenDialog
from pages.components.language import _, language, locale, ngettext
from pages.components.leaving import anything_unsaved
from pages.components.problems import as_typed
from pages.components.reader import zone
from pages.components.rule_override import draw_override, forget_override

Known = Mapping[str, CustomerRow]
# Of the rows, of the companies and agreements, and of the one row that alone is shown.
Version = tuple[str, str, str]


def draw_customers(services: Services) -> None:
    """Everything below the title."""
    session.begin(services)
    session.follow_link(services)
    follow_link(session, "customer")
    staged = session.staged()
    stored, known = services.customers.versioned_rows(), services.customers.versioned_contracts()
    rows = with_staged_customers(stored.value, staged, services.clock())
    if not rows:
        _draw_empty(services)
        return
    session.show_notice()
    contracts = known.value
    by_id = {row.mapping.customer_id: row for row in rows}
    if contracts is None:
        _draw_no_contracts()
    conflicts = plan_of(staged, rows, contracts).conflicts
    draw_conflicts(
        session,
        conflicts,
        title=partial(customer_title, by_id=by_id),
        cells=partial(cells_in_words, contracts=contracts),
        saver=partial(_last_saver, services),
    )
    draw_above_grid(services, rows, by_id)
    focused = focus(session, by_id)
    draw_focus(session, focused, partial(customer_title, by_id=by_id))
    version, reader = (stored.version, known.version), (locale(), str(zone()))
    drawing = Drawing(
        staged=staged,
        contracts=contracts,
        saved=saved_rows(version, reader, stored.value, contracts),
        conflicts={conflict.key for conflict in conflicts},
    )
    shown = matching(rows, session.show(), set(staged.changes()))
    if focused:
        shown = [by_id[focused]]
    _draw_grid(services, (*version, focused), shown, drawing)
    session.remember_bases(bases_of(rows))
    _take_request(services, by_id)
    wanted = session.opened()
    if wanted is not None:
        _draw_dialog(wanted, services, rows, by_id, contracts)


def _draw_empty(services: Services) -> None:
    st.info(
        _(
            "There are no customers yet. Refresh customers reads them from Sophos, and the "
            "companies and agreements that they are billed on from ConnectWise."
        ),
        icon=":material/inbox:",
    )
    running = services.jobs.current() is not None
    if refresh_button(key="customers_first_refresh", disabled=running, primary=True):
        start_refresh(services)


def _draw_no_contracts() -> None:
    st.warning(
        _(
            "The companies and agreements have not been read from ConnectWise yet, so there is "
            "nothing to choose from. Press Refresh customers."
        ),
        icon=":material/apartment:",
    )


def _draw_grid(
    services: Services, version: Version, shown: Sequence[CustomerRow], drawing: Drawing
) -> None:
    # Options are fixed while the grid is on the page, so another language is another grid.
    key = f"customers_grid_{language()}"
    draw_grid(
        _grid_frame(version, shown, drawing),
        CUSTOMER_GRID,
        key=key,
        language=language(),
        view=session.view_to_draw(new=is_new(key)),
        on_message=partial(session.receive, services),
    )
    contracts, contracts_version = drawing.contracts or Contracts({}, {}), version[1]
    send_catalog(
        CATALOG,
        contracts_version,
        partial(companies_for_search, contracts_version, contracts),
        held=session.catalog_held(),
        unsaved=anything_unsaved(),
        key="customers_catalog",
    )


def _grid_frame(version: Version, shown: Sequence[CustomerRow], drawing: Drawing) -> pd.DataFrame:
    """The rows as the grid takes them; all readers share them while nothing is staged."""
    if drawing.staged:
        return grid_frame(packed_rows(shown, drawing), session.last_step())
    seen = (session.show(), session.last_step(), locale(), str(zone()))
    return _shared_frame(version, seen, shown, drawing)


@st.cache_resource(max_entries=32, show_spinner=False)
def _shared_frame(
    version: Version,  # noqa: ARG001 - cache key
    seen: tuple[Show, int, str, str],
    _shown: Sequence[CustomerRow],
    _drawing: Drawing,
) -> pd.DataFrame:
    return grid_frame(packed_rows(_shown, _drawing), seen[1])


def _last_saver(services: Services, customer_id: str) -> tuple[str, datetime] | None:
    newest = services.customers.history(customer_id, 1)
    return (newest[0].by, newest[0].at) if newest else None


def _take_request(services: Services, by_id: Known) -> None:
    """Do what was asked for in the grid: show a history, or read one customer's agreements."""
    request = session.pop_request()
    if request is None or request.code not in by_id:
        return
    if request.kind is StepKind.HISTORY:
        session.open_dialog(Dialog.HISTORY, request.code)
    elif request.kind is StepKind.REFRESH:
        start_refresh_of(services, request.code, customer_title(request.code, by_id))


def _draw_dialog(
    wanted: OpenDialog,
    services: Services,
    rows: Sequence[CustomerRow],
    by_id: Known,
    contracts: Contracts | None,
) -> None:
    bodies = {
        Dialog.SAVE: (_("Save changes"), partial(draw_customer_save, services, rows, contracts)),
        Dialog.DISCARD: (_("Discard changes"), partial(draw_discard, session)),
        Dialog.IMPORT: (_("Import customers"), partial(_draw_import, services, by_id)),
        Dialog.HISTORY: (
            _("History"),
            partial(_draw_history, services, wanted.code, by_id, contracts),
        ),
        Dialog.RULES: (
            as_typed(
                _("Quantity rules of {customer}", customer=customer_title(wanted.code, by_id))
            ),
            partial(draw_override, services, wanted.code),
        ),
    }
    title, body = bodies[wanted.dialog]
    width = "small" if wanted.dialog is Dialog.DISCARD else "large"

    def draw() -> None:  # Streamlit wants a function with a name
        body()

    st.dialog(title, width=width, on_dismiss=_close_dialog)(draw)()


def _close_dialog() -> None:
    session.close_dialog()
    forget_override()


def _draw_import(services: Services, by_id: Known) -> None:
    def check(given: str) -> Checked:
        parsed = services.customers.parse_csv(given)
        found = services.customers.check_csv(parsed)
        return parsed, found.edits, found.notices

    def changed(count: int) -> str:
        return ngettext("{count} customer would change.", "{count} customers would change.", count)

    def base_of(customer_id: str) -> CustomerBase:
        row = by_id.get(customer_id)
        return CustomerBase.of(row.mapping) if row else CustomerBase()

    draw_import(session, REQUIRED_COLUMNS, check, changed, base_of)


def _draw_history(
    services: Services, customer_id: str, by_id: Known, contracts: Contracts | None
) -> None:
    products = {row.product.code: row.product.description for row in services.mappings.rows()}
    draw_history(
        session,
        customer_title(customer_id, by_id),
        services.customers.history(customer_id, SHOWN),
        nothing=_("Nothing was saved for this customer yet."),
        field=partial(field_words, products=products),
        value=partial(value_words, contracts=contracts, products=products),
        synced={"customer": customer_id},
    )
