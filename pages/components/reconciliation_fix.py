"""From a row to the page on which it is put right."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.domain.models import RowClass
from core.domain.month import Month
from core.domain.reconciliation_view import NamedRow
from pages.components.language import _

SYNC_PAGE = "pages/usage_sync.py"
CUSTOMERS_PAGE = "pages/customers.py"
MAPPING_PAGE = "pages/product_mapping.py"
# What a sync puts right, if its plan does not block it.
_SYNCED = frozenset(
    {
        RowClass.UNDER_BILLED,
        RowClass.OVER_BILLED,
        RowClass.MISSING_ADDITION,
        RowClass.ADDITION_WITHOUT_USAGE,
    }
)


def can_be_synced(one: NamedRow) -> bool:
    """Whether a sync of the month may put the row right: one of an older month cannot."""
    row = one.row
    return row.row_class in _SYNCED and row.quantity_now is None and "#" not in row.key


def draw_fix(month: Month, rows: Sequence[NamedRow], key: str) -> None:
    """The way to what puts these rows right; nothing where there is none."""
    synced = [one for one in rows if can_be_synced(one)]
    if synced:
        if st.button(
            _("Fix from here"),
            key=key,
            type="primary",
            icon=":material/sync:",
            help=_("Shows what a sync of only these rows would do. Nothing is written yet."),
        ):
            only = ",".join(one.key for one in synced)
            st.switch_page(SYNC_PAGE, query_params={"month": str(month), "only": only})
        return
    classes = {one.row.row_class for one in rows}
    if classes == {RowClass.UNMAPPED_PRODUCT}:
        st.page_link(
            MAPPING_PAGE,
            label=_("Map the product"),
            icon=":material/compare_arrows:",
            query_params={"show": "unmapped"},
            width="content",
        )
    elif classes == {RowClass.UNMAPPED_CUSTOMER}:
        st.page_link(
            CUSTOMERS_PAGE, label=_("Map the customer"), icon=":material/group:", width="content"
        )
