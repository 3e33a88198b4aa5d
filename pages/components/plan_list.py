"""The rows of a plan: switches, filters, what they are gathered by, and the table."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd
import streamlit as st

from core.domain.models import Plan
from core.domain.plan_inputs import PlanInputs
from pages.components import sync_session as session
from pages.components.choice_field import choice_field, switch_field
from pages.components.downloads import draw_downloads
from pages.components.formats import NOTHING
from pages.components.language import _, ngettext
from pages.components.number_columns import aligned, right
from pages.components.paging import draw_pages, on_screen, search_field
from pages.components.plan_effect import (
    EffectUnit,
    amount_in,
    units_of_changes,
    units_of_effects,
)
from pages.components.plan_export import plan_table
from pages.components.plan_rows import (
    Group,
    GroupBy,
    PlanFilter,
    PlanRow,
    RowStatus,
    Show,
    by_group,
    group_key,
    groups,
    matching,
)
from pages.components.plan_table import (
    column_order,
    columns,
    effect_columns,
    effect_names,
    kind_names,
    styled,
)
from pages.components.problems import as_typed
from pages.components.sync_session import Dialog, open_dialog

_WHY = "usage_sync_why"
_ROW_HEIGHT, _MOST_HEIGHT = 36, 620
_GROUPS_LISTED = 2000


def draw_rows(plan: Plan, rows: Sequence[PlanRow], inputs: PlanInputs) -> None:
    """The rows with everything that narrows, gathers, chooses and takes them along."""
    line = st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    )
    with line.container(horizontal=True, width="content"):
        show, by = _draw_switches()
    commands = line.container(horizontal=True, gap="small", width="content")
    filters = st.container(horizontal=True, vertical_alignment="center")
    with filters:
        wanted = _draw_filters(plan, rows, inputs, show)
    found = by_group(matching(rows, wanted), by or GroupBy.CUSTOMER)
    if wanted.targets:
        _draw_narrowed(plan, len(found))
    if by is not None and found:
        found = _draw_groups(found, by)
    chosen = _selected(found)
    with filters:
        _draw_count(found, chosen)
    with commands:
        _draw_commands(plan, chosen)
        _draw_downloads(plan, rows)
    if not found:
        _draw_no_rows(plan, wanted)
        return
    units = units_of_changes(row.change for row in found if row.status is RowStatus.TODO)
    _draw_table(on_screen(session.PAGE, found), by or GroupBy.CUSTOMER, units)
    draw_pages(session.PAGE, found)


def _draw_no_rows(plan: Plan, wanted: PlanFilter) -> None:
    if plan.changes or plan.excluded or wanted != PlanFilter():
        st.caption(_("No row matches."))
        return
    count = len(plan.unchanged)
    told = ngettext(
        "Nothing to do: {count} addition has its quantity already.",
        "Nothing to do: {count} additions have their quantity already.",
        count,
    )
    if plan.blocked:
        blocked = _("What is blocked is not among them: see above.")
        st.info(f"{told} {blocked}", icon=":material/info:")
    else:
        st.success(told, icon=":material/check_circle:")


def _draw_switches() -> tuple[Show, GroupBy | None]:
    show = _switch(session.SHOW, {Show.TODO.value: _("To do"), Show.ALL.value: _("All")}, _("Show"))
    by = _switch(
        session.GROUP,
        {
            "": _("Changes"),
            GroupBy.CUSTOMER.value: _("By customer"),
            GroupBy.PRODUCT.value: _("By product"),
        },
        _("Gathered"),
    )
    return Show(show), GroupBy(by) if by else None


def _draw_filters(
    plan: Plan, rows: Sequence[PlanRow], inputs: PlanInputs, show: Show
) -> PlanFilter:
    customers = {
        customer: inputs.customer_name(customer)
        for row in rows
        for customer in row.change.customer_ids
    }
    products = {row.product_key: row.names.product for row in rows}
    present = {row.change.kind.value for row in rows}
    kinds = {kind: name for kind, name in kind_names().items() if kind in present}
    customer = _choice(session.CUSTOMER, _("Customer"), _("All customers"), customers)
    product = _choice(session.PRODUCT, _("ConnectWise product"), _("All products"), products)
    kind = _choice(session.KIND, _("Change"), _("All changes"), kinds)
    text_wanted = search_field(session.TEXT, session.PAGE, 200)
    targets = session.targets(plan.month)
    return PlanFilter(show, customer, product, kind, text_wanted, targets)


def _switch(name: str, names: Mapping[str, str], label: str) -> str:
    switch_field(label, names, session.kept(name, names, next(iter(names))))
    return str(st.session_state[name])


def _choice(name: str, label: str, everything: str, found: Mapping[str, str]) -> str:
    ordered = dict(sorted(found.items(), key=lambda one: one[1].casefold()))
    choice_field(label, everything, ordered, 200, session.kept(name, {"", *found}, ""))
    return str(st.session_state[name])


def _draw_narrowed(plan: Plan, count: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        words = ngettext(
            "Only the row that exceeds the limit.",
            "Only the {count} rows that exceed the limit.",
            count,
        )
        st.markdown(f":orange-badge[:material/filter_alt: {as_typed(words)}]", width="content")
        st.button(
            _("Show all rows"),
            key="usage_sync_show_all",
            type="tertiary",
            icon=":material/close:",
            on_click=partial(session.narrow, plan.month, ()),
        )


def _draw_groups(rows: list[PlanRow], by: GroupBy) -> list[PlanRow]:
    """The roll-up; a chosen line leaves only its rows."""
    found = groups(rows, by)
    heading = _("Customer") if by is GroupBy.CUSTOMER else _("ConnectWise product")
    units = units_of_effects(group.price_effect for group in found)
    frame = pd.DataFrame([_group_line(group, units) for group in found[:_GROUPS_LISTED]])
    chosen = st.dataframe(
        frame.style.format(dict.fromkeys(effect_names(units), aligned(2, signed=True))),
        hide_index=True,
        height=_height(len(frame), 300),
        key=f"usage_sync_groups_{by.value}",
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "name": heading,
            "rows": right(_("Rows"), 90),
            "todo": right(_("To do"), 90),
            "excluded": right(_("Excluded"), 100),
            **effect_columns(units),
        },
    )
    lines = [line for line in chosen["selection"]["rows"] if line < len(found)]
    if not lines:
        st.caption(_("Choose a line to see its rows alone."))
        return rows
    key = found[lines[0]].key
    return [row for row in rows if group_key(row, by) == key]


def _group_line(group: Group, units: Sequence[EffectUnit]) -> dict[str, object]:
    sums = [amount_in(group.price_effect, unit) for unit in units]
    amounts = [None if amount is None else float(amount) for amount in sums]
    return {
        "name": group_heading(group),
        "rows": group.rows,
        "todo": group.todo,
        "excluded": group.excluded,
        **dict(zip(effect_names(units), amounts, strict=True)),
    }


def group_heading(group: Group) -> str:
    """What the rows of a group have in common. Customers that share an addition are named
    together: it is one row, for all of them."""
    if len(group.customers) > 1:
        return _(
            "Shared by {count} customers: {names}", count=len(group.customers), names=group.name
        )
    return group.name or _("Products")


def _draw_commands(plan: Plan, chosen: Sequence[PlanRow]) -> None:
    todo = tuple(row.key for row in chosen if row.status is RowStatus.TODO)
    left_out = tuple(row.key for row in chosen if row.status is RowStatus.EXCLUDED)
    st.button(
        _("Exclude…"),
        key="usage_sync_exclude",
        icon=":material/block:",
        disabled=not todo,
        on_click=partial(open_dialog, Dialog.EXCLUDE, *todo),
        help=_("Select rows in the table first."),
    )
    if left_out or any(plan.excluded):
        st.button(
            _("Include again"),
            key="usage_sync_include",
            icon=":material/undo:",
            disabled=not left_out,
            on_click=partial(session.include, plan.month, left_out),
        )


def _draw_count(found: Sequence[PlanRow], chosen: Sequence[PlanRow]) -> None:
    told = ngettext("{count} row", "{count} rows", len(found))
    if chosen:
        told = ngettext("{count} row selected", "{count} rows selected", len(chosen))
    st.caption(told, width="content")


def _draw_downloads(plan: Plan, rows: Sequence[PlanRow]) -> None:
    draw_downloads(
        "usage_sync",
        f"usage-sync-plan-{plan.month}",
        partial(plan_table, plan, rows),
        _("All rows of the plan, those included that are not shown."),
    )


def _selected(found: Sequence[PlanRow]) -> list[PlanRow]:
    """The selected rows of the page of the table that is on the screen."""
    shown = on_screen(session.PAGE, found)
    state = st.session_state.get(_table_key(shown))
    lines = state["selection"]["rows"] if state else []
    return [shown[line] for line in lines if line < len(shown)]


def _table_key(shown: Sequence[PlanRow]) -> str:
    """Other rows are another table: a selection is by line, and must never hit another row."""
    lines = "\n".join(f"{row.key} {row.status.value}" for row in shown)
    return f"{session.TABLE}_{hashlib.sha256(lines.encode()).hexdigest()[:16]}"


def _draw_table(shown: Sequence[PlanRow], by: GroupBy, units: Sequence[EffectUnit]) -> None:
    keys = tuple(row.key for row in shown)
    st.dataframe(
        styled(shown, units),
        hide_index=True,
        height=_height(len(shown), _MOST_HEIGHT),
        row_height=_ROW_HEIGHT,
        placeholder=NOTHING,
        column_order=column_order(by, units),
        column_config=columns(partial(_ask_why, keys), _WHY, units),
        key=_table_key(shown),
        on_select="rerun",
        selection_mode="multi-row",
    )


def _ask_why(keys: Sequence[str]) -> None:
    click = st.session_state[_WHY]
    if click is not None and click.row < len(keys):
        open_dialog(Dialog.WHY, keys[click.row])


def _height(rows: int, most: int) -> int:
    return min((rows + 1) * _ROW_HEIGHT + 3, most)
