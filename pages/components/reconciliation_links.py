"""The ways on from one row: what became of its addition, its mappings, its customers."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from core.domain.reconciliation_view import NamedRow
from pages.components.language import _
from pages.components.problems import as_typed
from pages.components.reconciliation_fix import CUSTOMERS_PAGE
from pages.components.todo import MAPPING_PAGE

_HISTORY_PAGE = "pages/history.py"
_MOST = 3


def draw_links(one: NamedRow) -> None:
    """Links to the pages, each narrowed to what the row is about; of several no more than a few."""
    row = one.row
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if row.addition_id is not None:
            label, icon = _("Life of the addition"), ":material/timeline:"
            _link(_HISTORY_PAGE, label, icon, "addition", str(row.addition_id))
        for code, name in _few(zip(row.product_codes, one.sophos, strict=True)):
            label, icon = _("Mapping of {name}", name=name), ":material/compare_arrows:"
            _link(MAPPING_PAGE, label, icon, "product", code)
        for customer_id, name in _few(zip(row.customer_ids, one.customers, strict=True)):
            label, icon = _("Customer {name}", name=name), ":material/group:"
            _link(CUSTOMERS_PAGE, label, icon, "customer", customer_id)


def _few(named: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return list(named)[:_MOST]


def _link(page: str, label: str, icon: str, name: str, value: str) -> None:
    params = {name: value}
    st.page_link(page, label=as_typed(label), icon=icon, query_params=params, width="content")
