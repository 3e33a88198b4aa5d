"""What narrows the rows of the reconciliation, and how they are looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.domain.models import OrderMatch, Reconciliation, RowClass
from core.domain.reconciliation_view import GroupBy, RowFilter, Show
from core.domain.reconciliation_words import ORDER_NAMES
from core.use_cases.month_report import MonthReport
from pages.components import reconciliation_session as session
from pages.components.choice_field import choice_field, switch_field
from pages.components.formats import number
from pages.components.language import _, text
from pages.components.paging import search_field
from pages.components.reconciliation_session import View
from pages.components.reconciliation_table import class_names

_FILTER_WIDTH = 212
_MOST_CHOICES = 2000


def draw_views() -> View:
    """Which part of the page is wanted."""
    names = {
        View.ROWS.value: _("Rows"),
        View.CHARTS.value: _("Charts"),
        View.PRINT.value: _("Print"),
    }
    return View(_switch(session.VIEW, names, _("Part of the page")))


def draw_show() -> Show:
    """Whether all rows are wanted, or those that need somebody."""
    names = {Show.OPEN.value: _("To do"), Show.ALL.value: _("All")}
    return Show(_switch(session.SHOW, names, _("Show")))


def draw_grouping() -> GroupBy | None:
    """What the rows are gathered by; None: by nothing."""
    names = {
        "": _("Single rows"),
        GroupBy.CUSTOMER.value: _("By customer"),
        GroupBy.PRODUCT.value: _("By product"),
    }
    by = _switch(session.GROUP, names, _("Group by"))
    return GroupBy(by) if by else None


def _switch(name: str, names: Mapping[str, str], label: str) -> str:
    switch_field(label, names, session.kept(name, names, next(iter(names))))
    return str(st.session_state[name])


def draw_filters(
    looked: MonthReport, show: Show, classes: Sequence[RowClass]
) -> tuple[RowFilter, list[str]]:
    """The filter, and what it leaves out in words, for paper."""
    customer, customer_name = _choice(
        session.CUSTOMER, _("Customer"), _("All customers"), looked.customers
    )
    product, product_name = _choice(
        session.PRODUCT, _("Product"), _("All products"), looked.products
    )
    assignees = {one.assignee: one.assignee for one in looked.rows if one.assignee}
    assignee, _name = _choice(
        session.ASSIGNEE, _("Assignee"), _("All assignees"), dict(sorted(assignees.items()))
    )
    order, order_name = _choice(
        session.ORDER, _("Vendor order"), _("Any vendor order"), _orders(looked.orders)
    )
    words = search_field(session.TEXT, session.PAGE, _FILTER_WIDTH)
    names = class_names()
    told = [
        *(names[kind] for kind in classes),
        *(part for part in (customer_name, product_name, assignee, order_name, words) if part),
    ]
    if show is Show.OPEN and not classes and not order:
        told.insert(0, _("To do"))
    # Whoever asks for a class or an order wants to see it, be it on a row that needs nobody.
    wanted = RowFilter(
        show=Show.ALL if classes or order else show,
        classes=frozenset(classes),
        customer=customer,
        product=product,
        assignee=assignee,
        order=OrderMatch(order) if order else None,
        text=words,
    )
    return wanted, told


def _orders(found: Mapping[OrderMatch, int]) -> dict[str, str]:
    """How usage stands to the vendor's order where it is not as ordered, with how many rows."""
    return {
        kind.value: f"{text(ORDER_NAMES[kind])} ({number(count)})" for kind, count in found.items()
    }


def draw_classes(report: Reconciliation, show: Show) -> list[RowClass]:
    """The classes that there are, with how many rows each has."""
    names = class_names()
    totals = report.totals.by_class
    quiet = {RowClass.MATCHED, RowClass.WITHIN_TOLERANCE, RowClass.SYNC_OFF, RowClass.EXCLUDED}
    chosen = set(st.session_state.get(session.CLASSES, ()))
    offered = {
        kind.value: f"{names[kind]} {number(count)}"
        for kind, count in totals.items()
        if show is Show.ALL or kind not in quiet or kind.value in chosen
    }
    if not offered:
        return []
    st.pills(
        _("Class"),
        list(offered),
        format_func=offered.__getitem__,
        selection_mode="multi",
        label_visibility="collapsed",
        **session.kept_several(session.CLASSES, offered),
    )
    return [RowClass(one) for one in st.session_state[session.CLASSES]]


def _choice(name: str, label: str, everything: str, found: Mapping[str, str]) -> tuple[str, str]:
    """The chosen key and its name; nothing where there is nothing to choose between."""
    kept = session.kept(name, {"", *found}, "")
    chosen = str(st.session_state[name])
    # More choices than that would have to be sent with every look; the search finds them too.
    if len(found) > _MOST_CHOICES:
        found = {chosen: found[chosen]} if chosen else {}
    if not found:
        return "", ""
    choice_field(label, everything, found, _FILTER_WIDTH, kept)
    chosen = str(st.session_state[name])
    return chosen, found.get(chosen, "")
