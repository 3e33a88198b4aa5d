"""One change of a run: what it was, why, what became of it, and the ways on from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from core.domain.models import ChangeNames, PastChange
from pages.components import history_session as session
from pages.components.formats import date_text, datetime_text, number
from pages.components.history_session import View
from pages.components.language import _
from pages.components.plan_table import effective_text, kind_names
from pages.components.problems import as_typed
from pages.components.rule_fields import draw_steps
from pages.components.run_rows import message_of, outcome_names

_MOST_CUSTOMERS = 3


def draw_change(past: PastChange, customers: Mapping[str, str]) -> None:
    """In a box of its own; `customers` are names by id."""
    row, change = past.row, past.row.change
    with st.container(border=True, key="history_change"):
        told = as_typed(place_of(row.names))
        st.markdown(f"**{as_typed(row.names.product)}**  \n{told}")
        st.markdown("\n".join(f"- {as_typed(fact)}" for fact in _facts(past)))
        if change.steps:
            draw_steps(change.steps)
        if message_of(row):
            st.error(as_typed(message_of(row)), icon=":material/error:")
        _draw_ways(past, customers)


def place_of(names: ChangeNames, *, product: bool = False) -> str:
    """Whose it is, on which agreement and, where that is not said anyway, of which product."""
    place = [names.product if product else "", ", ".join(names.customers), names.agreement]
    return " · ".join(part for part in place if part)


def _facts(past: PastChange) -> list[str]:
    row, change = past.row, past.row.change
    facts = [
        _("{name}: {value}", name=kind_names()[change.kind.value], value=_outcome(past)),
        _("Run {number} of {month}", number=str(past.run), month=str(past.month)),
        _("Approved by {name}", name=past.by),
    ]
    if change.before is not None or change.after is not None:
        quantities = {"before": number(change.before), "after": number(change.after)}
        facts.append(_("Quantity: {before} → {after}", **quantities))
    if change.effective_date is not None:
        facts.append(effective_text(change))
    if change.cancelled_date is not None:
        facts.append(_("Cancelled date: {day}", day=date_text(change.cancelled_date)))
    ids = {
        _("Agreement ID"): change.target.agreement_id,
        _("Product ID"): row.product_id or change.target.product_id or change.product_id,
        _("Addition ID"): row.addition_id or change.addition_id,
    }
    facts.append(" · ".join(f"{name} {value}" for name, value in ids.items() if value))
    return [fact for fact in facts if fact]


def _outcome(past: PastChange) -> str:
    word = outcome_names()[past.row.outcome]
    return f"{word}, {datetime_text(past.row.at)}" if past.row.at else word


def _draw_ways(past: PastChange, customers: Mapping[str, str]) -> None:
    """Links to the run, the addition, the customers, the mapping and the month."""
    row, change = past.row, past.row.change
    addition = row.addition_id or change.addition_id
    codes = sorted({part.product_code for part in change.parts} | {change.target.product_code})
    code = next((each for each in codes if each), "")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _way(_("Whole run"), "run", ":material/sync:", partial(session.show_run, past.run_id))
        if addition is not None:
            label = _("Life of the addition")
            shown = partial(session.show_addition, addition)
            _way(label, "addition", ":material/timeline:", shown)
        _draw_customers(change.customer_ids, customers)
        if code:
            looked = partial(session.look_for, View.MAPPINGS, product=code)
            _way(_("Mapping's history"), "mapping", ":material/compare_arrows:", looked)
        st.page_link(
            "pages/usage_sync.py",
            label=_("Month's plan"),
            icon=":material/fact_check:",
            query_params={"month": str(past.month)},
            width="content",
        )
        st.page_link(
            "pages/reconciliation.py",
            label=_("Reconciliation"),
            icon=":material/balance:",
            query_params={"month": str(past.month), **_rows_of(past)},
            width="content",
        )


def _draw_customers(ids: Sequence[str], names: Mapping[str, str]) -> None:
    """The ways to what was saved for each; of many customers no more than a few."""
    for position, customer in enumerate(ids[:_MOST_CUSTOMERS]):
        alone = len(ids) == 1
        name = names.get(customer) or customer
        label = _("Customer's history") if alone else _("History of {name}", name=name)
        looked = partial(session.look_for, View.CUSTOMERS, customer=customer)
        key = "customer" if alone else f"customer_{position}"
        _way(as_typed(label), key, ":material/group:", looked)


def _rows_of(past: PastChange) -> dict[str, str]:
    """What narrows the reconciliation to the change: its customer or, of a shared agreement, its
    row; of a product all rows of it."""
    row, change = past.row, past.row.change
    if len(change.customer_ids) == 1:
        return {"customer": change.customer_ids[0]}
    product = row.product_id or change.target.product_id or change.product_id
    if not product:
        return {}
    agreement = change.target.agreement_id
    return {"text": f"{agreement}/{product}"} if agreement else {"product": str(product)}


def _way(label: str, key: str, icon: str, go: partial[None]) -> None:
    st.button(label, key=f"history_way_{key}", icon=icon, type="tertiary", on_click=go)
