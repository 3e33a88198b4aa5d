"""View ConnectWise product: every field as it is in ConnectWise now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from core.domain.models import AuditEntry, CatalogItem, ProductFields
from core.domain.product_form import LABELS
from core.errors import NotFoundError, UsageSyncError, message
from core.services import Services
from pages.components.formats import NOTHING, age_text, datetime_text, money
from pages.components.language import _, text
from pages.components.problems import as_typed, failure_text, show_error
from pages.components.product_fields import cycle_type_name, product_class_name
from pages.components.redraw import redraw

_KEY = "product_view"
_GROUPS = (
    ("description", "category", "subcategory", "type", "product_class", "unit_of_measure"),
    ("price", "cost", "taxable", "recurring", "recurring_bill_cycle", "recurring_cycle_type"),
    ("manufacturer", "manufacturer_part_number", "vendor_sku", "integration_xref", "inactive"),
)
_LONG = ("customer_description", "notes")


@dataclass
class ViewState:
    """The open dialog. `item` is read once per opening; `trail` when it is asked for."""

    product_id: int
    item: CatalogItem | None = None
    trail: tuple[AuditEntry, ...] | None = None

    def forget(self) -> None:
        """Nothing is typed here."""


def draw_view(services: Services, state: ViewState, edit: Callable[[CatalogItem], None]) -> None:
    """The body of the dialog."""
    try:
        if state.item is None:
            with st.spinner(_("Reading from ConnectWise…")):
                state.item = services.products.read(state.product_id)
    except NotFoundError as error:
        # Reading it again would find nothing again.
        remedy = message("Choose another ConnectWise product in its cell.")
        st.error(failure_text(error.text, remedy), icon=":material/error:")
        return
    except UsageSyncError as error:
        show_error(error)
        if st.button(_("Try again"), icon=":material/refresh:", key=f"{_KEY}_retry"):
            redraw()
        return
    _draw_item(state.item)
    _draw_trail(services, state, state.item)
    if st.button(
        _("Edit product details in PSA"), icon=":material/edit:", type="primary", key=f"{_KEY}_edit"
    ):
        edit(state.item)


def value_text(product: ProductFields, field: str) -> str:
    """One field in the reader's words, a dash for nothing."""
    value = getattr(product, field)
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if field in ("price", "cost"):
        return money(value)
    if field == "product_class":
        return product_class_name(value.value)
    if field == "recurring_cycle_type":
        return cycle_type_name(value.value)
    return str(getattr(value, "name", value))


def _draw_item(item: CatalogItem) -> None:
    st.markdown(f"**{as_typed(item.identifier)}**")
    changed = _(
        "Last updated {when} ({age}) by {who}",
        when=datetime_text(item.last_updated),
        age=age_text(item.last_updated),
        who=item.updated_by or NOTHING,
    )
    st.caption(as_typed(changed) + as_typed(f" · ID {item.id}"))
    if item.inactive:
        st.warning(_("This product is inactive in ConnectWise."), icon=":material/block:")
    for column, group in zip(st.columns(len(_GROUPS)), _GROUPS, strict=True):
        column.markdown(_definitions(item, group))
    for field in _LONG:
        st.caption(text(LABELS[field]))
        st.text(value_text(item, field))


def _definitions(item: CatalogItem, group: tuple[str, ...]) -> str:
    """Label over value, as one Markdown block."""
    return "\n\n".join(
        f":gray[{as_typed(text(LABELS[field]))}]  \n{as_typed(value_text(item, field))}"
        for field in group
    )


def _draw_trail(services: Services, state: ViewState, item: CatalogItem) -> None:
    if state.trail is None:
        label = _("Show the audit trail")
        if st.button(label, icon=":material/history:", type="tertiary", key=f"{_KEY}_trail"):
            _read_trail(services, state, item)
        return
    if not state.trail:
        st.caption(_("ConnectWise has no audit trail for this product."))
        return
    when, who, what = _("When"), _("Who"), _("What")
    st.dataframe(
        [
            {when: datetime_text(entry.entered), who: entry.entered_by, what: entry.text}
            for entry in state.trail
        ],
        hide_index=True,
    )


def _read_trail(services: Services, state: ViewState, item: CatalogItem) -> None:
    try:
        state.trail = tuple(services.products.audit_trail(item.id))
    except UsageSyncError as error:
        show_error(error)
        return
    redraw()
