"""The rows of the reconciliation on the screen: gathered or single, chosen, and what to do."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.domain.models import Reconciliation
from core.domain.reconciliation import totals_of
from core.domain.reconciliation_view import Group, GroupBy, NamedRow, groups
from core.use_cases.month_report import MonthReport
from pages.components import reconciliation_session as session
from pages.components.formats import NOTHING
from pages.components.language import _, ngettext
from pages.components.paging import draw_pages, on_screen
from pages.components.problems import as_typed
from pages.components.reconciliation_fix import can_be_synced, draw_fix
from pages.components.reconciliation_groups import group_columns, groups_frame
from pages.components.reconciliation_money import over_billed, sums_text, under_billed
from pages.components.reconciliation_session import Dialog, open_dialog
from pages.components.reconciliation_table import (
    column_order,
    columns,
    has_included,
    styled,
)

_DETAILS = "reconciliation_details"
_ROW_HEIGHT, _MOST_HEIGHT, _GROUPS_HEIGHT = 36, 620, 300
_MOST_GROUPS = 2000


def draw_rows(
    looked: MonthReport, found: list[NamedRow], by: GroupBy | None, commands: DeltaGenerator
) -> list[NamedRow]:
    """The table; returns the rows that it is of."""
    if by is not None and found:
        found = _draw_groups(found, by, looked.report)
    shown = on_screen(session.PAGE, found)
    key = _table_key(shown)
    chosen = [shown[line] for line in session.selected(key, len(shown))]
    with commands:
        _draw_row_commands(looked, chosen)
    if not found:
        draw_no_rows(looked)
        return found
    _draw_count(found, chosen, looked.report)
    _draw_table(shown, by, looked.report, key)
    draw_pages(session.PAGE, found)
    return found


def draw_no_rows(looked: MonthReport) -> None:
    """That nothing is left by the filters, and the way back to everything."""
    report = looked.report
    if not report.totals.open_exceptions and not report.source_problem and looked.rows:
        st.success(
            _("Everything matches or is accepted: nothing needs anybody."),
            icon=":material/check_circle:",
        )
    else:
        st.caption(_("Nothing matches."))
    st.button(
        _("Show all rows"),
        key="reconciliation_show_all",
        type="tertiary",
        icon=":material/filter_alt_off:",
        on_click=session.show_everything,
    )


def _draw_groups(rows: list[NamedRow], by: GroupBy, report: Reconciliation) -> list[NamedRow]:
    """The roll-up; a chosen line leaves only its rows."""
    every = groups(rows, by)
    found = every[:_MOST_GROUPS]
    key = f"{session.GROUPS}_{by.value}_{_fingerprint(group.key for group in found)}"
    lines = session.selected(key, len(found))
    st.dataframe(
        groups_frame(found, report),
        hide_index=True,
        height=_height(len(found), _GROUPS_HEIGHT),
        row_height=_ROW_HEIGHT,
        key=key,
        on_select="rerun",
        selection_mode="single-row",
        column_config=group_columns(by, report),
    )
    if len(every) > len(found):
        st.caption(_("The first {shown} of {count}.", shown=len(found), count=len(every)))
    if not lines:
        st.caption(_("Choose a line to see its rows alone."))
        return rows
    return _rows_of(rows, found[lines[0]], by)


def _rows_of(rows: Sequence[NamedRow], group: Group, by: GroupBy) -> list[NamedRow]:
    if by is GroupBy.PRODUCT:
        return [one for one in rows if one.product_key == group.key]
    return [one for one in rows if one.group == group.key]


def _draw_row_commands(looked: MonthReport, chosen: Sequence[NamedRow]) -> None:
    keys = tuple(one.key for one in chosen)
    open_keys = tuple(one.key for one in chosen if one.is_open)
    help_text = _("Select rows in the table first.")
    st.button(
        _("Accept…"),
        key="reconciliation_accept",
        icon=":material/done_all:",
        disabled=not open_keys,
        on_click=partial(open_dialog, Dialog.ACCEPT, *open_keys),
        help=help_text,
    )
    st.button(
        _("Note…"),
        key="reconciliation_note",
        icon=":material/edit_note:",
        disabled=not keys,
        on_click=partial(open_dialog, Dialog.NOTE, *keys),
        help=help_text,
    )
    if any(can_be_synced(one) for one in chosen):
        draw_fix(looked.report.month, chosen, looked.rows, "reconciliation_fix")
    else:
        st.button(
            _("Fix from here"),
            key="reconciliation_no_fix",
            icon=":material/sync:",
            disabled=True,
            help=help_text,
        )


def _draw_count(
    found: Sequence[NamedRow], chosen: Sequence[NamedRow], report: Reconciliation
) -> None:
    rows = chosen or found
    totals = totals_of([one.row for one in rows])
    told = ngettext("{count} row", "{count} rows", len(rows))
    if chosen:
        told = ngettext("{count} row selected", "{count} rows selected", len(rows))
    if totals.by_currency:
        several = report.has_several_currencies
        money = _(
            "{under} under-billed, {over} over-billed",
            under=sums_text(totals, under_billed, several=several),
            over=sums_text(totals, over_billed, several=several),
        )
        told = f"{told} · {money}"
    st.caption(as_typed(told))


def _draw_table(
    shown: Sequence[NamedRow], by: GroupBy | None, report: Reconciliation, key: str
) -> None:
    keys, included = tuple(one.key for one in shown), has_included(shown)
    st.dataframe(
        styled(shown),
        hide_index=True,
        height=_height(len(shown), _MOST_HEIGHT),
        row_height=_ROW_HEIGHT,
        placeholder=NOTHING,
        column_order=column_order(by, several=report.has_several_currencies, included=included),
        column_config=columns(
            report.currency, partial(_ask_details, keys), _DETAILS, included=included
        ),
        key=key,
        on_select="rerun",
        selection_mode="multi-row",
    )


def _ask_details(keys: Sequence[str]) -> None:
    click = st.session_state[_DETAILS]
    if click is not None and click.row < len(keys):
        open_dialog(Dialog.DETAILS, keys[click.row])


def _table_key(shown: Sequence[NamedRow]) -> str:
    """Other rows are another table: a selection is by line, and must never hit another row."""
    return f"{session.TABLE}_{_fingerprint(one.key for one in shown)}"


def _fingerprint(keys: Iterable[str]) -> str:
    lines = "\n".join(keys)
    return hashlib.sha256(lines.encode()).hexdigest()[:16]


def _height(rows: int, most: int) -> int:
    return min((rows + 1) * _ROW_HEIGHT + 3, most)
