"""The usage of a month: its readings, what the last one changed, and what belongs to nobody."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.domain.models import FetchSource, FetchStatus, UsageFetch, UsageLine
from core.domain.planning import PlanInputs
from core.domain.usage import UsageChange, aggregate, compare
from core.services import Services
from core.use_cases.workbook import Cell, Table
from pages.components.downloads import draw_downloads
from pages.components.formats import NOTHING, datetime_text
from pages.components.identity import name_of
from pages.components.language import _, ngettext
from pages.components.number_columns import aligned, decimals_of, right
from pages.components.sync_month import MonthState

_SHOWN = 2000
_ZERO = Decimal(0)
Names = Callable[[str], str]


def draw_usage(services: Services, state: MonthState, inputs: PlanInputs) -> None:
    """Three lists, the one that needs a person first."""
    _draw_unassigned(services, state, inputs)
    _draw_changes(services, state, inputs)
    _draw_readings(services, state)


def _heading(title: str) -> DeltaGenerator:
    """A heading; what is drawn in the result stands at the other end of its line."""
    line = st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    )
    line.subheader(title, anchor=False, width="content")
    return line.container(horizontal=True, gap="small", width="content")


def _table(title: str, headings: Mapping[str, str], rows: Sequence[dict[str, Any]]) -> Table:
    cells = [[_cell(row[name]) for name in headings] for row in rows]
    return Table(title, tuple(headings.values()), cells)


def _cell(value: object) -> Cell:
    if value is None:
        return None
    return Decimal(str(value)) if isinstance(value, float) else str(value)


# ---------------------------------------------------------------- usage without a customer


def unassigned_rows(lines: Sequence[UsageLine]) -> list[dict[str, Any]]:
    """One row for each line that belongs to nobody, the largest first."""
    ordered = sorted(lines, key=lambda line: (-line.billable_quantity, line.description))
    return [
        {
            "product": line.description or line.product_code,
            "device": line.account_number_or_serial_number or NOTHING,
            "quantity": float(line.billable_quantity),
            "order": line.order_number or NOTHING,
        }
        for line in ordered
    ]


def _unassigned_names() -> dict[str, str]:
    return {
        "product": _("Sophos product"),
        "device": _("Device or serial number"),
        "quantity": _("Quantity"),
        "order": _("Order"),
    }


def _unassigned_table(rows: Sequence[dict[str, Any]]) -> Table:
    return _table(_("Usage without a customer"), _unassigned_names(), rows)


def _draw_unassigned(services: Services, state: MonthState, inputs: PlanInputs) -> None:
    lines = services.usage.unassigned_lines(state.month)
    rows = unassigned_rows([line for line in lines if line.billable_quantity])
    with _heading(_("Usage without a customer")):
        if rows:
            name = f"usage-without-customer-{state.month}"
            draw_downloads("usage_sync_unassigned", name, partial(_unassigned_table, rows))
    if not rows:
        st.caption(
            _("Every line belongs to a customer.") if inputs.fetch else _("Nothing was fetched.")
        )
        return
    st.markdown(
        _(
            "Nobody is billed for these devices. Assign each to a customer in Sophos Central, then "
            "fetch the month again."
        )
    )
    plain = aligned(decimals_of([line.billable_quantity for line in lines]))
    st.dataframe(
        pd.DataFrame(rows[:_SHOWN]).style.format({"quantity": plain}),
        hide_index=True,
        height="auto",
        key="usage_sync_unassigned",
        column_config={**_unassigned_names(), "quantity": right(_("Quantity"), 120)},
    )


# ---------------------------------------------------------------- what changed


def change_rows(
    changes: Sequence[UsageChange], customer: Names, product: Names
) -> list[dict[str, Any]]:
    """One row for each customer and product whose usage differs, the greatest difference first."""
    ordered = sorted(changes, key=lambda change: -abs(_difference(change)))
    return [
        {
            "customer": customer(change.account_id) if change.account_id else _("No customer"),
            "product": product(change.product_code),
            "before": _billable(change.before),
            "after": _billable(change.after),
            "difference": float(_difference(change)),
        }
        for change in ordered
    ]


def _change_names() -> dict[str, str]:
    return {
        "customer": _("Customer"),
        "product": _("Sophos product"),
        "before": _("Before"),
        "after": _("After"),
        "difference": _("Difference"),
    }


def _changes_table(rows: Sequence[dict[str, Any]]) -> Table:
    return _table(_("What the last reading changed"), _change_names(), rows)


def _difference(change: UsageChange) -> Decimal:
    after = change.after.billable if change.after else _ZERO
    return after - (change.before.billable if change.before else _ZERO)


def _billable(usage: Any) -> float | None:
    return None if usage is None else float(usage.billable)


def _draw_changes(services: Services, state: MonthState, inputs: PlanInputs) -> None:
    before = _reading_before(services, state)
    changes: tuple[UsageChange, ...] = ()
    if before is not None and state.complete is not None:
        changes = _changes(services, before, state.complete)
    rows = change_rows(changes, inputs.customer_name, inputs.sophos_name)
    with _heading(_("What the last reading changed")):
        if rows:
            name = f"usage-changes-{state.month}"
            draw_downloads("usage_sync_changes", name, partial(_changes_table, rows))
    if before is None:
        st.caption(_("There is one reading only, so there is nothing to compare."))
        return
    told = _("Compared with the reading of {when}.", when=before.finished_at)
    if not changes:
        st.caption(f"{told} {_('Nothing is different.')}")
        return
    words = ngettext(
        "{count} quantity is different.", "{count} quantities are different.", len(changes)
    )
    st.caption(f"{told} {words}")
    quantities = [
        usage.billable
        for change in changes
        for usage in (change.before, change.after)
        if usage is not None
    ]
    decimals = decimals_of(quantities)
    signed = aligned(decimals, signed=True)
    st.dataframe(
        pd.DataFrame(rows[:_SHOWN]).style.format(
            {"before": aligned(decimals), "after": aligned(decimals), "difference": signed}
        ),
        hide_index=True,
        placeholder=NOTHING,
        key="usage_sync_changed_usage",
        column_config={
            **_change_names(),
            **{
                name: right(_change_names()[name], 110)
                for name in ("before", "after", "difference")
            },
        },
    )


def _reading_before(services: Services, state: MonthState) -> UsageFetch | None:
    complete = [
        fetch
        for fetch in services.store.usage.fetches(state.month)
        if fetch.status is FetchStatus.COMPLETE
    ]
    return complete[1] if len(complete) > 1 else None


def _changes(services: Services, before: UsageFetch, now: UsageFetch) -> tuple[UsageChange, ...]:
    if before.content_hash == now.content_hash:
        return ()
    return _compared(services, before.id, now.id, str(services.store.path))


@st.cache_data(max_entries=20, show_spinner=False)
def _compared(
    _services: Services,
    before: str,
    now: str,
    store: str,  # noqa: ARG001 - part of the cache's key
) -> tuple[UsageChange, ...]:
    """Kept for good: a reading is never edited."""
    fetches = {fetch.id: fetch for fetch in _services.store.usage.fetches()}
    old, new = (
        aggregate(fetches[one].month, _services.store.usage.lines(one)) for one in (before, now)
    )
    return compare(old, new)


# ---------------------------------------------------------------- readings


def _draw_readings(services: Services, state: MonthState) -> None:
    fetches = services.store.usage.fetches(state.month)
    if not fetches:
        return
    st.subheader(_("Readings of this month"), anchor=False)
    rows = [
        {
            _("When"): datetime_text(fetch.finished_at),
            _("Source"): _("File") if fetch.source is FetchSource.FILE else _("Sophos"),
            _("Result"): _("Complete") if fetch.status is FetchStatus.COMPLETE else fetch.error,
            _("Lines"): fetch.line_count,
            _("By"): name_of(fetch.fetched_by) or NOTHING,
        }
        for fetch in fetches[:50]
    ]
    st.dataframe(
        pd.DataFrame(rows).style.format({_("Lines"): aligned(0)}),
        hide_index=True,
        key="usage_sync_readings",
        column_config={_("Lines"): right(_("Lines"))},
    )
