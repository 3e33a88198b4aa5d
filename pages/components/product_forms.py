"""The dialogs for ConnectWise products: add, view, edit.

A page calls `draw_dialogs` once per run, and `open_add` or `open_view` when a person asks. Which
dialog is open, and everything typed in it, is kept in the session under `product_forms`, so that
a rerun of the page neither closes it nor loses a word.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from core.domain.models import CatalogItem, SophosProduct
from core.services import Services
from pages.components.identity import who
from pages.components.language import _
from pages.components.product_add import NOTICE, draw_add
from pages.components.product_adding import AddState, OnCreated
from pages.components.product_edit import EditState, draw_edit
from pages.components.product_view import ViewState, draw_view

OnUpdated = Callable[[CatalogItem], None]
State = AddState | ViewState | EditState
_OPEN = "product_forms"


def open_add(products: Sequence[SophosProduct], *, identifier: str = "", left_out: int = 0) -> None:
    """Open "Add products to PSA" for these; `identifier` is what was typed and matched nothing.

    `left_out` is how many products were selected besides, and have a ConnectWise product.
    """
    st.session_state[_OPEN] = AddState(
        tuple(products), by=who(), first_identifier=identifier.strip(), left_out=left_out
    )


def open_view(product_id: int) -> None:
    """Open "View ConnectWise product", read fresh."""
    st.session_state[_OPEN] = ViewState(product_id)


def is_open() -> bool:
    """Whether one of the dialogs is on the screen."""
    return st.session_state.get(_OPEN) is not None


def close() -> None:
    """Close whichever is open, and drop what was typed in it."""
    state: State | None = st.session_state.pop(_OPEN, None)
    if state is not None:
        state.forget()


def draw_dialogs(
    services: Services, *, on_created: OnCreated, on_updated: OnUpdated | None = None
) -> None:
    """Draw the dialog that is open, if any. Call it once per run, outside of columns.

    `on_created` gets `{Sophos product code: ConnectWise product}` for each product as soon as it
    exists (created, or an existing one that the person chose), so that the grid can stage the
    mapping. `on_updated` gets a product that was changed. Both may touch the session state only:
    they run inside the dialog.
    """
    notice = st.session_state.pop(NOTICE, None)
    if notice:
        st.toast(notice, icon=":material/check_circle:")
    state: State | None = st.session_state.get(_OPEN)
    if isinstance(state, AddState):
        title = _("Add products to PSA")
        body = partial(draw_add, services, state, on_created, close)
        st.dialog(title, width="large", dismissible=False)(_while_open)(state, body)
    elif isinstance(state, ViewState):
        title = _("View ConnectWise product")
        body = partial(draw_view, services, state, _switch_to_edit)
        st.dialog(title, width="large", on_dismiss=close)(_while_open)(state, body)
    elif isinstance(state, EditState):
        title = _("Edit ConnectWise product")
        body = partial(draw_edit, services, state, on_updated or _nothing, _switch_to_view)
        st.dialog(title, width="large", dismissible=False)(_while_open)(state, body)


def _while_open(state: State, body: Callable[[], None]) -> None:
    """Draw it, unless this is a late click in a dialog that has been left: that one is over."""
    if st.session_state.get(_OPEN) is not state:
        st.rerun()
    body()


def _switch_to_edit(item: CatalogItem) -> None:
    st.session_state[_OPEN] = EditState.of(item)
    st.rerun()


def _switch_to_view(product_id: int) -> None:
    close()
    open_view(product_id)
    st.rerun()


def _nothing(item: CatalogItem) -> None:
    """For pages that need no word of a change."""
