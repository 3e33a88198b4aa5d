"""The usage of a month: its readings, what the last one changed, and what belongs to nobody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pandas as pd
import streamlit as st

from core.domain.models import FetchSource, FetchStatus, UsageFetch, UsageLine
from core.domain.planning import PlanInputs
from core.domain.usage import UsageChange, aggregate, compare
from core.services import Services
from pages.components.formats import NOTHING, datetime_text, number
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


def _draw_unassigned(services: Services, state: MonthState, inputs: PlanInputs) -> None:
    lines = services.usage.unassigned_lines(state.month)
    rows = unassigned_rows([line for line in lines if line.billable_quantity])
    st.subheader(_("Usage without a customer"), anchor=False)
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
        column_config={
            "product": _("Sophos product"),
            "device": _("Device or serial number"),
            "quantity": right(_("Quantity"), 120),
            "order": _("Order"),
        },
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


def _difference(change: UsageChange) -> Decimal:
    after = change.after.billable if change.after else _ZERO
    return after - (change.before.billable if change.before else _ZERO)


def _billable(usage: Any) -> float | None:
    return None if usage is None else float(usage.billable)


def _draw_changes(services: Services, state: MonthState, inputs: PlanInputs) -> None:
    st.subheader(_("What the last reading changed"), anchor=False)
    before = _reading_before(services, state)
    if before is None or state.complete is None:
        st.caption(_("There is one reading only, so there is nothing to compare."))
        return
    told = _("Compared with the reading of {when}.", when=before.finished_at)
    changes = _changes(services, before, state.complete)
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
    rows = change_rows(changes, inputs.customer_name, inputs.sophos_name)[:_SHOWN]
    signed = aligned(decimals, signed=True)
    st.dataframe(
        pd.DataFrame(rows).style.format(
            {"before": aligned(decimals), "after": aligned(decimals), "difference": signed}
        ),
        hide_index=True,
        placeholder=NOTHING,
        key="usage_sync_changed_usage",
        column_config={
            "customer": _("Customer"),
            "product": _("Sophos product"),
            "before": right(_("Before"), 110),
            "after": right(_("After"), 110),
            "difference": right(_("Difference"), 110),
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
            _("From"): _("File") if fetch.source is FetchSource.FILE else _("Sophos"),
            _("Result"): _("Complete") if fetch.status is FetchStatus.COMPLETE else fetch.error,
            _("Lines"): number(fetch.line_count),
            _("By"): fetch.fetched_by or NOTHING,
        }
        for fetch in fetches[:50]
    ]
    st.dataframe(rows, hide_index=True, key="usage_sync_readings")
