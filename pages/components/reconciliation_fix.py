"""From a row to the page on which it is put right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
    """Whether a sync of the month may put the row right: one of an older month cannot, and of
    several additions of a product it changes the one that it keeps."""
    row = one.row
    kept = row.bound or "#" not in row.key
    return row.row_class in _SYNCED and row.quantity_now is None and kept


def target_of(one: NamedRow) -> str:
    """What a plan calls the row: agreement and product, whichever the addition."""
    return one.key.partition("#")[0]


def targets_of(one: NamedRow, every: Iterable[NamedRow]) -> list[str]:
    """The row and, of one that moved customers left behind, where they are billed now: sync keeps
    the old addition until the new agreement bills them. `every` are the rows of the month."""
    row, targets = one.row, [target_of(one)]
    if "#" not in row.key:
        return targets
    return targets + [
        target_of(other)
        for other in every
        if other.row.product_id == row.product_id
        and other.row.agreement_id not in (None, row.agreement_id)
        and not set(row.customer_ids).isdisjoint(other.row.customer_ids)
    ]


def draw_fix(month: Month, rows: Sequence[NamedRow], every: Sequence[NamedRow], key: str) -> None:
    """The way to what puts these rows right; nothing where there is none. `every` are the rows of
    the month."""
    synced = [one for one in rows if can_be_synced(one)]
    if synced:
        if st.button(
            _("Fix from here"),
            key=key,
            type="primary",
            icon=":material/sync:",
            help=_("Shows what a sync of only these rows would do. Nothing is written yet."),
        ):
            targets = (target for one in synced for target in targets_of(one, every))
            only = ",".join(dict.fromkeys(targets))
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
