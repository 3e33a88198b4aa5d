"""The grid of customers: its rows and what they are chosen from."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core.domain.customer_saving import AGREEMENT, COMPANY, SYNC
from core.domain.customers import Contracts
from core.domain.models import Agreement
from pages.components.customer_columns import columns
from pages.components.customer_labels import labels
from pages.components.grid import GridKind, GridRow
from pages.components.grid_catalog import packed_catalog
from pages.components.grid_events import CellKind, StagedField
from pages.components.language import _

CATALOG = "companies"
_NO_AGREEMENT = 1


@dataclass(frozen=True, kw_only=True)
class CustomerGridRow(GridRow):
    """One customer as it is shown. `last_sync_at` is for sorting, -1 for never.

    `agreement_note` is what is told of the agreement in its cell; `shared` says that other
    customers have it too, `shared_hint` which.
    """

    unlisted: bool
    billing: str
    status: str
    company_id: str
    company: str
    company_code: str
    base_company_id: str
    base_company: str
    agreement_id: str
    agreement: str
    agreement_note: str
    base_agreement_id: str
    base_agreement: str
    shared: str
    shared_hint: str
    last_sync_at: float
    last_sync: str
    last_sync_result: str
    last_sync_failed: bool
    last_sync_hint: str


CUSTOMER_GRID = GridKind(
    row=CustomerGridRow,
    script="customers.js",
    staged={
        "company": StagedField(COMPANY, CellKind.ID),
        "agreement": StagedField(AGREEMENT, CellKind.ID),
        "sync": StagedField(SYNC, CellKind.SWITCH),
    },
    columns=columns,
    labels=labels,
    no_rows=lambda: _("No customer matches the filter."),
)


@st.cache_data(max_entries=2, show_spinner=False)
def companies_for_search(version: str, _contracts: Contracts) -> str:  # noqa: ARG001 - cache key
    """The companies as the browser takes them, made once per version."""
    return pack(_contracts)


def pack(contracts: Contracts) -> str:
    """The companies that may be chosen, by name, with their active agreements."""
    usable = [company for company in contracts.companies.values() if not company.deleted]
    active = {company.id: contracts.active_of(company.id) for company in usable}
    return packed_catalog(
        [company.id for company in usable],
        [company.name for company in usable],
        [company.identifier for company in usable],
        [company.status for company in usable],
        [0 if active[company.id] else _NO_AGREEMENT for company in usable],
        agreements=[
            _agreement(company.id, agreement)
            for company in usable
            for agreement in active[company.id]
        ],
    )


def _agreement(company_id: int, agreement: Agreement) -> list[object]:
    """As the browser reads it: the company first."""
    days = (agreement.start_date, agreement.end_date, agreement.next_invoice_date)
    return [
        company_id,
        agreement.id,
        agreement.name,
        agreement.type.name if agreement.type else "",
        *("" if day is None else day.isoformat() for day in days),
        agreement.prorate,
    ]
