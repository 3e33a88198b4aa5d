"""One row, down to the vendor's lines and to the addition: why it is what it is."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pandas as pd
import streamlit as st

from core.domain.models import (
    Acceptance,
    AcceptanceEntry,
    Addition,
    BillCustomer,
    NoteKind,
    Reconciliation,
    ReconciliationRow,
    RowClass,
    RowNote,
    UsageLine,
)
from core.domain.month import Month
from core.domain.price_words import cycle_words
from core.domain.reconciliation_totals import leaves_nothing_unbilled
from core.domain.reconciliation_view import NOT_AS_ORDERED, NamedRow
from core.domain.reconciliation_words import (
    CLASS_MEANINGS,
    CLASS_NAMES,
    CLASS_REMEDIES,
    NOTHING_UNBILLED,
    ORDER_MEANINGS,
    row_cycle,
)
from core.services import Services
from core.use_cases.month_report import MonthReport
from pages.components.formats import (
    NOTHING,
    date_text,
    datetime_text,
    money,
    month_text,
    number,
)
from pages.components.identity import who
from pages.components.language import _, ngettext, text
from pages.components.number_columns import aligned, decimals_of, right
from pages.components.plan_effect import signed_money
from pages.components.problems import as_typed
from pages.components.reconciliation_charts import draw_trend
from pages.components.reconciliation_dialogs import accept_form, note_form
from pages.components.reconciliation_fix import draw_fix
from pages.components.reconciliation_links import draw_links
from pages.components.reconciliation_session import close_dialog, say
from pages.components.reconciliation_table import (
    money_cell,
    order_words,
    quantity_cell,
    signed_quantity,
)

_MOST_LINES = 500


def draw_details(services: Services, looked: MonthReport, keys: Sequence[str]) -> None:
    """Everything about one row, what to do about it first."""
    one = next((looked.by_key[key] for key in keys if key in looked.by_key), None)
    if one is None:
        st.write(_("This row is not part of the report any more."))
        return
    month = looked.report.month
    place = " · ".join(part for part in (one.customer, one.agreement) if part)
    st.markdown(f"**{as_typed(one.what)}**  \n{as_typed(place or _('No customer'))}")
    _draw_class(one.row, looked.report)
    draw_fix(month, [one], looked.rows, "reconciliation_details_fix")
    _draw_figures(one.row, looked.report)
    _draw_order(one.row)
    _draw_steps(one.row, looked.addition(one.row), looked.report)
    _draw_addition(looked.addition(one.row), one.row)
    draw_links(one)
    with st.expander(_("Used and billed over the months"), icon=":material/bar_chart:"):
        draw_trend(services.reconciliation.trend(month, [one]), height=280)
    _draw_lines(services.reconciliation.lines(month, one.row))
    _draw_acceptance(services, month, one)
    with st.expander(
        _("Note and assignee"), icon=":material/edit_note:", expanded=bool(one.note or one.assignee)
    ):
        note_form(services, [one], "reconciliation_details_note")
    _draw_told(services.reconciliation.told(one.key))


def _draw_class(row: ReconciliationRow, report: Reconciliation) -> None:
    kind = row.accepted_class or row.row_class
    meaning, remedy = CLASS_MEANINGS[kind], CLASS_REMEDIES.get(kind)
    if leaves_nothing_unbilled(row):
        remedy = NOTHING_UNBILLED
    if kind is RowClass.STALE_SOURCE and report.source_problem is not None:
        meaning, remedy = report.source_problem, report.source_remedy
    told = f"**{as_typed(text(CLASS_NAMES[kind]))}.** {as_typed(text(meaning))}"
    if remedy is not None and row.acceptance is None:
        told += f" {as_typed(text(remedy))}"
    st.markdown(told)
    if row.acceptance is not None:
        st.markdown(f":green-badge[:material/done_all:] {as_typed(_accepted(row.acceptance))}")


def _accepted(acceptance: Acceptance) -> str:
    name, until, reason = acceptance.by, acceptance.until, acceptance.reason
    if until is None:
        return _("Accepted by {name} for good: {reason}", name=name, reason=reason)
    return _(
        "Accepted by {name} until {until}: {reason}",
        name=name,
        until=month_text(until),
        reason=reason,
    )


def _draw_figures(row: ReconciliationRow, report: Reconciliation) -> None:
    """Money is per month."""
    currency, cycle = _currency(row, report), row_cycle(row)
    figures = {
        _("Used"): number(row.used_units),
        _("Expected"): number(row.expected),
        **({_("Included"): number(row.included)} if row.included else {}),
        _("Billed"): number(row.billed),
        _("Difference"): signed_quantity(row.difference),
        _("Money"): _signed(row.money, currency),
        _("Revenue"): money(row.revenue, currency),
        _("Cost"): money(row.cost, report.currency),
        _("Net price"): money(row.net, report.currency),
        _("Margin"): money(row.margin, currency),
        _("Ordered"): number(row.ordered),
        _("Billing cycle"): text(cycle) if cycle else NOTHING,
    }
    with st.container(horizontal=True, gap="medium"):
        for name, value in figures.items():
            st.markdown(f":gray[{as_typed(name)}]  \n**{as_typed(value)}**", width="content")


def _currency(row: ReconciliationRow, report: Reconciliation) -> str:
    """What the amounts of a row are in: said where the report has several."""
    return (row.currency or "") if report.has_several_currencies else ""


def _signed(value: Decimal | None, currency: str) -> str:
    return NOTHING if value is None else signed_money(value, currency or None)


def _draw_order(row: ReconciliationRow) -> None:
    """Where usage is not as ordered: a fact of its own, beside the class."""
    if row.order not in NOT_AS_ORDERED:
        return
    told = f"**{as_typed(order_words(row))}.** {as_typed(text(ORDER_MEANINGS[row.order]))}"
    st.markdown(f":material/receipt_long: {told}")


def _draw_steps(row: ReconciliationRow, addition: Addition | None, report: Reconciliation) -> None:
    """From the usage to what is expected, and on to the difference."""
    facts = [text(step) for step in row.steps]
    if row.included:
        facts.append(
            _(
                "The addition includes {included} free of charge, in both what is expected and "
                "what is billed.",
                included=row.included,
            )
        )
    if row.quantity_now is not None:
        facts.append(
            _(
                "For {month} the addition had {then}; a newer month was pushed since, and today it "
                "has {now}.",
                month=str(report.month),
                then=row.quantity or Decimal(0),
                now=row.quantity_now,
            )
        )
    if addition is not None and addition.bill_customer is not BillCustomer.BILLABLE:
        facts.append(_("ConnectWise does not charge this addition, so it is worth nothing."))
    if row.difference is not None:
        facts.append(_worth(row, row.difference, _currency(row, report)))
    if not facts:  # usage that no customer has, say: nothing follows from it
        return
    st.markdown("**" + as_typed(_("How it is computed")) + "**")
    st.markdown("\n".join(f"1. {as_typed(fact)}" for fact in facts))


def _worth(row: ReconciliationRow, difference: Decimal, currency: str) -> str:
    """What a difference comes to, and for how long."""
    if row.unit_price is None:
        return _("There is no price, so the difference has no amount.")
    facts = {
        "difference": signed_quantity(difference),
        "price": money(row.unit_price, currency),
        "money": _signed(row.money, currency),
    }
    if row.is_monthly:
        cycle = text(cycle_words(row.billing))
        return _(
            "{difference} at {price} each (billed: {cycle}) is {money} per month.",
            cycle=cycle,
            **facts,
        )
    return _(
        "{difference} at {price} each is {money} per billing period. How many months that is is "
        "not known, so it counts as it is.",
        **facts,
    )


def _draw_addition(addition: Addition | None, row: ReconciliationRow) -> None:
    if addition is None:
        return
    facts = {
        _("Addition ID"): str(addition.id),
        _("Quantity"): number(addition.quantity),
        _("Included"): number(addition.less_included),
        _("Unit price per billing period"): money(addition.unit_price),
        _("Effective date"): date_text(addition.effective_date),
        _("Cancelled date"): date_text(addition.cancelled_date),
        _("Agreement ID"): str(row.agreement_id or NOTHING),
        _("Product ID"): str(addition.product.id),
    }
    told = " · ".join(f"{name} {value}" for name, value in facts.items() if value != NOTHING)
    st.markdown("**" + as_typed(_("Addition in ConnectWise")) + f"**  \n{as_typed(told)}")


def _draw_lines(lines: Sequence[UsageLine]) -> None:
    title = ngettext("{count} usage line", "{count} usage lines", len(lines))
    if not lines:
        return
    with st.expander(title, icon=":material/receipt_long:"):
        shown = lines[:_MOST_LINES]
        st.dataframe(
            _lines_frame(shown),
            hide_index=True,
            height=min(36 * (len(shown) + 1) + 3, 320),
            placeholder=NOTHING,
            column_config={
                "customer": _("Customer"),
                "product": _("Product"),
                "sku": _("SKU"),
                "device": _("Account or serial number"),
                "order": _("Order"),
                "billable": right(_("Billable"), 90),
                "actual": right(_("Actual"), 90),
                "ordered": right(_("Ordered"), 90),
                "price": right(_("Unit price"), 100),
                "net": right(_("Net price"), 100, _("Of the whole order line, of all customers.")),
                "currency": _("Currency"),
                "period": _("Period"),
            },
        )
        if len(lines) > len(shown):
            st.caption(_("The first {shown}; the Excel file has all of them.", shown=len(shown)))


def _lines_frame(lines: Sequence[UsageLine]) -> object:
    frame = pd.DataFrame(
        {
            "customer": [line.account_name or NOTHING for line in lines],
            "product": [line.description for line in lines],
            "sku": [line.sku for line in lines],
            "device": [line.account_number_or_serial_number for line in lines],
            "order": [_order_of(line) for line in lines],
            "billable": [_float(line.billable_quantity) for line in lines],
            "actual": [_float(line.actual_quantity) for line in lines],
            "ordered": [_float(line.ordered_quantity) for line in lines],
            "price": [_float(line.unit_price) for line in lines],
            "net": [_float(line.net_price) for line in lines],
            "currency": [line.unit_price_currency for line in lines],
            "period": [_period_of(line) for line in lines],
        }
    )
    return frame.style.format(
        {
            "billable": quantity_cell,
            "actual": quantity_cell,
            "ordered": quantity_cell,
            "price": aligned(max(2, decimals_of(line.unit_price for line in lines))),
            "net": money_cell,
        }
    )


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _order_of(line: UsageLine) -> str:
    return " / ".join(part for part in (line.order_number, line.order_line_item_number) if part)


def _period_of(line: UsageLine) -> str:
    return " – ".join(part for part in (line.billing_start_date, line.billing_end_date) if part)


def _draw_acceptance(services: Services, month: Month, one: NamedRow) -> None:
    if one.row.acceptance is not None:
        if st.button(
            _("Withdraw the acceptance"),
            key="reconciliation_withdraw",
            icon=":material/undo:",
        ):
            services.reconciliation.withdraw(month, [one.key], who())
            say(_("The difference counts again."))
            close_dialog()
            st.rerun()
    elif one.is_open:
        with st.expander(_("Accept the difference"), icon=":material/done_all:"):
            accept_form(services, month, [one.key], "reconciliation_details_accept")


def _draw_told(entries: Sequence[AcceptanceEntry | RowNote]) -> None:
    if not entries:
        return
    with st.expander(
        ngettext("{count} entry", "{count} entries", len(entries)), icon=":material/history:"
    ):
        st.markdown("\n".join(f"- {as_typed(_told(entry))}" for entry in entries))


def _told(entry: AcceptanceEntry | RowNote) -> str:
    at = datetime_text(entry.at)
    if isinstance(entry, AcceptanceEntry):
        if not entry.accepted:
            return _("{when}, {name}: acceptance withdrawn", when=at, name=entry.by)
        if entry.until is None:
            return _(
                "{when}, {name}: accepted for good: {reason}",
                when=at,
                name=entry.by,
                reason=entry.reason,
            )
        return _(
            "{when}, {name}: accepted until {until}: {reason}",
            when=at,
            name=entry.by,
            until=month_text(entry.until),
            reason=entry.reason,
        )
    if entry.kind is NoteKind.NOTE:
        return _("{when}, {name}: note: {note}", when=at, name=entry.by, note=entry.text or NOTHING)
    return _(
        "{when}, {name}: assigned to {assignee}",
        when=at,
        name=entry.by,
        assignee=entry.text or _("nobody"),
    )
