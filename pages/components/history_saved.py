"""Saved changes of mappings and customers in words, and putting one of them back."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.domain.models import CustomerHistoryEntry, MappingHistoryEntry
from core.errors import UsageSyncError
from core.services import Services
from core.use_cases.rule_history import is_of_a_rule
from pages.components import customer_history, mapping_history, sync_session
from pages.components import history_session as session
from pages.components.formats import datetime_text
from pages.components.history_rows import Entry, SavedWords, key_of, person_word
from pages.components.identity import who
from pages.components.language import _
from pages.components.problems import as_typed, show_error


def product_names(services: Services) -> dict[str, str]:
    """What Sophos products are called, by code."""
    rows = services.mappings.rows()
    return {row.product.code: row.product.description or row.product.code for row in rows}


def mapping_words(services: Services) -> SavedWords:
    """For the changes of product mappings."""
    products, catalog = product_names(services), services.catalog.snapshot().by_id
    return SavedWords(
        lambda entry: products.get(key_of(entry)) or key_of(entry),
        lambda entry: mapping_history.field_words(entry.field),
        lambda entry, stored: mapping_history.value_words(entry.field, stored, catalog, products),
    )


def customer_words(services: Services, names: Mapping[str, str]) -> SavedWords:
    """For the changes of customers; `names` are theirs by id."""
    products, contracts = product_names(services), services.customers.contracts()
    return SavedWords(
        lambda entry: names.get(key_of(entry)) or key_of(entry),
        lambda entry: customer_history.field_words(entry.field, products),
        lambda entry, stored: customer_history.value_words(
            entry.field, stored, contracts, products
        ),
    )


def draw_saved(services: Services, entry: Entry, words: SavedWords) -> None:
    """The change of the row that is chosen, with the way back to what was before."""
    with st.container(border=True, key="history_saved"):
        st.markdown(f"**{as_typed(words.name(entry))}**  \n{as_typed(_sentence(entry, words))}")
        told = _("By {name} on {when}", name=person_word(entry.by), when=datetime_text(entry.at))
        st.caption(as_typed(told))
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            possible = bool(services.history.together(entry))
            st.button(
                _("Put back…"),
                key="history_put_back_ask",
                icon=":material/undo:",
                disabled=not possible,
                help=None if possible else _not_possible(entry),
                on_click=session.ask_to_put_back,
                args=(entry.id,),
            )
            _draw_ways(entry)
        if not possible:
            st.caption(_not_possible(entry))


def _not_possible(entry: Entry) -> str:
    """Why a change has no way back of its own."""
    if entry.field == "state":
        return _("A state follows from the product and the switch: put those back instead.")
    return _("How a bundle combines needs its bundle: change it on the page Product mapping.")


def _sentence(entry: Entry, words: SavedWords) -> str:
    return _(
        "{field}: {before} → {after}",
        field=words.field(entry),
        before=words.value(entry, entry.old),
        after=words.value(entry, entry.new),
    )


def _draw_ways(entry: Entry) -> None:
    is_mapping = isinstance(entry, MappingHistoryEntry)
    filters = {"product": key_of(entry)} if is_mapping else {"customer": key_of(entry)}
    st.button(
        _("What runs did"),
        key="history_way_changes",
        icon=":material/sync:",
        type="tertiary",
        on_click=session.look_for,
        args=(session.View.CHANGES,),
        kwargs=filters,
    )
    page = "pages/product_mapping.py" if is_mapping else "pages/customers.py"
    label = _("Product mapping") if is_mapping else _("Customers")
    icon = ":material/arrow_forward:"
    st.page_link(page, label=label, icon=icon, query_params=filters, width="content")


# ---------------------------------------------------------------- putting back


def draw_put_back(services: Services, entry: Entry, words: SavedWords) -> None:
    """The body of the dialog."""
    st.markdown(f"**{as_typed(words.name(entry))}**")
    lines = [
        _(
            "{field}: {before} → {after}",
            field=words.field(each),
            before=words.value(each, each.new),
            after=words.value(each, each.old),
        )
        for each in services.history.together(entry)
    ]
    st.markdown("\n".join(f"- {as_typed(line)}" for line in lines))
    if is_of_a_rule(entry):
        st.caption(_("A rule is that of all products of its bundle: it is put back for each."))
    st.caption(
        _("Saved as {name}, like any other change. Refused if it was changed since.", name=who())
    )
    may_share = False
    if isinstance(entry, CustomerHistoryEntry) and entry.field != "sync":
        may_share = st.checkbox(
            _("The agreement may be shared with other customers"), key="history_may_share"
        )
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(_("Back"), key="history_put_back_no"):
            session.close_put_back()
            st.rerun()
        pressed = st.button(_("Put back"), key="history_put_back_yes", type="primary")
    if pressed:
        _put_back(services, entry, may_share=may_share)


def _put_back(services: Services, entry: Entry, *, may_share: bool) -> None:
    try:
        if isinstance(entry, MappingHistoryEntry):
            services.history.put_back_mapping(entry, who())
        else:
            services.history.put_back_customer(entry, who(), may_share=may_share)
    except UsageSyncError as error:
        show_error(error)
        return
    session.close_put_back()
    sync_session.say(_("It is put back."))
    st.rerun()
