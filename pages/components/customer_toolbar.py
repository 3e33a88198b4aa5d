"""What stands above the grid of customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from core.domain.customer_saving import SYNC
from core.domain.models import CustomerRow
from core.services import Services
from pages.components.customer_filters import Show, chip_names, counts, reasons
from pages.components.customer_refresh import draw_freshness
from pages.components.customer_session import session
from pages.components.grid_session import Dialog
from pages.components.grid_toolbar import (
    draw_chips,
    draw_csv_commands,
    draw_edit_commands,
    draw_selection,
    toolbar,
)
from pages.components.language import _, text
from pages.components.problems import as_typed


def draw_above_grid(
    services: Services, rows: Sequence[CustomerRow], by_id: Mapping[str, CustomerRow]
) -> None:
    """Saving and undoing, commands for the whole page, chips, the selection, how old it all is."""
    left, right = toolbar()
    with left:
        draw_edit_commands(session)
    with right:
        draw_csv_commands(session, services.customers.export_csv, "customers.csv")
    found = counts(rows, set(session.staged().changes()))
    draw_chips(session, services, found, chip_names())
    if session.show() is Show.NOT_SYNCABLE:
        _draw_reasons(rows)
    left, right = toolbar()
    with left:
        draw_selection(session, by_id, SYNC)
        _draw_rules(by_id)
    with right:
        draw_freshness(services)


def _draw_rules(by_id: Mapping[str, CustomerRow]) -> None:
    """Open the quantity rules of the one customer that is selected."""
    chosen = [customer_id for customer_id in session.selected() if customer_id in by_id]
    st.button(
        _("Quantity rules"),
        key="customers_rules",
        icon=":material/calculate:",
        type="tertiary",
        disabled=len(chosen) != 1,
        on_click=partial(session.open_dialog, Dialog.RULES, chosen[0] if chosen else ""),
        help=_("What is billed differently for one customer. Select one row first."),
    )


def _draw_reasons(rows: Sequence[CustomerRow]) -> None:
    """Why customers cannot sync, and how many each time."""
    lines = [
        _("{count} × {reason}", count=count, reason=text(reason)) for reason, count in reasons(rows)
    ]
    if lines:
        st.caption("  \n".join(as_typed(line) for line in lines))
