"""Products that this person created and that are in no row: offered, for instance after a reload.

Who reloads the browser while ConnectWise is slow begins a session that knows nothing of the form
before. What was created is told here and put into its row by a click; only Save maps it.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from core.domain.models import CatalogItem, MappingRow
from core.services import Services
from core.use_cases.product_creations import Creation
from pages.components.identity import who
from pages.components.language import _, ngettext
from pages.components.problems import as_typed, failure_text

_KEY = "product_offers"
_POLL_SECONDS = 1.0


@dataclass(frozen=True)
class Rows:
    """The page's rows: how they are called, which have another product staged, how to stage one."""

    by_code: Mapping[str, MappingRow]
    title: Callable[[str], str]
    staged: Container[str]
    stage: Callable[[Mapping[str, CatalogItem]], None]

    def has(self, code: str, item: CatalogItem) -> bool:
        """Whether the row is mapped to the product."""
        row = self.by_code.get(code)
        return row is not None and row.mapping.connectwise_product_id == item.id


def draw_offers(services: Services, rows: Rows) -> None:
    """What is being created for this person, what is there and in no row, and what failed."""
    by, creations = who(), services.products.creations
    found = creations.of(by)
    creations.forget(by, [one.code for one in found if one.item and rows.has(one.code, one.item)])
    under_way = [one for one in found if one.under_way]
    if under_way:
        _under_way(services, by, under_way)
    _offer(services, by, rows)
    for one in found:
        _failure(services, by, rows, one)


@st.fragment(run_every=_POLL_SECONDS)
def _under_way(services: Services, by: str, drawn: Sequence[Creation]) -> None:
    if [one for one in services.products.creations.of(by) if one.under_way] != drawn:
        st.rerun(scope="app")
    names = ", ".join(one.identifier for one in drawn)
    told = _("Being created in ConnectWise: {products}…", products=names)
    st.info(as_typed(told), icon=":material/hourglass_top:")


def _offer(services: Services, by: str, rows: Rows) -> None:
    items = {
        one.code: one.item
        for one in services.products.creations.of(by)
        if one.item and one.code not in rows.staged
    }
    if not items:
        return
    told = [_created(item, rows.title(code)) for code, item in items.items()]
    st.info("\n\n".join(told), icon=":material/inventory_2:")
    with st.container(horizontal=True):
        st.button(
            ngettext("Put it into its row", "Put them into their rows", len(items)),
            key=f"{_KEY}_stage",
            type="primary",
            on_click=rows.stage,
            args=(items,),
            help=_("It stays unsaved until you press Save."),
        )
        st.button(
            ngettext("Leave it out", "Leave them out", len(items)),
            key=f"{_KEY}_decline",
            on_click=services.products.creations.forget,
            args=(by, list(items)),
        )


def _created(item: CatalogItem, title: str) -> str:
    told = _(
        "{identifier} is in ConnectWise. You added it for {product}, and it is in no row yet.",
        identifier=item.identifier,
        product=title,
    )
    return as_typed(told)


def _failure(services: Services, by: str, rows: Rows, one: Creation) -> None:
    if one.failure is None:
        return
    told = _(
        "{identifier} was not created for {product}.",
        identifier=one.identifier,
        product=rows.title(one.code),
    )
    st.error(f"{as_typed(told)}\n\n{failure_text(*one.failure)}", icon=":material/error:")
    st.button(
        _("Close"),
        key=f"{_KEY}_close_{one.code}",
        on_click=services.products.creations.forget,
        args=(by, [one.code]),
    )
