"""The page History, put together: lists and filters, one run, one addition, one undo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import streamlit as st

from core.domain.models import ChangeFilter, ChangeKind, Outcome, RunOrigin, RunStatus
from core.domain.month import Month
from core.services import Services
from core.use_cases.workbook import Table
from pages.components import history_session as session
from pages.components import sync_session
from pages.components.choice_field import switch_field
from pages.components.downloads import draw_downloads
from pages.components.history_filters import draw_filters
from pages.components.history_rows import (
    CHANGES_MONTH,
    CLOSINGS_MONTH,
    RUNS_MONTH,
    Entry,
    SavedWords,
    Wanted,
    changes_table,
    closings_table,
    matching_closings,
    matching_runs,
    matching_saved,
    runs_table,
    saved_table,
)
from pages.components.history_run import draw_chosen, draw_life, draw_past_run
from pages.components.history_saved import (
    customer_words,
    draw_put_back,
    draw_saved,
    mapping_words,
)
from pages.components.history_search import meanings
from pages.components.history_session import View
from pages.components.history_table import draw_list
from pages.components.history_undo import show_dialog
from pages.components.language import _
from pages.components.run_view import draw_end, draw_under_way
from pages.components.sync_session import Dialog, close_dialog

LISTED = 2000
_RUN_COLUMNS = (0, 1, 2, 3, 4, 5, 7, 8, 9, 13, 10, 11, 12, 15)
_CHANGE_COLUMNS = (0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11)


def draw_history(services: Services) -> None:
    """Everything below the title."""
    session.follow_link()
    session.begin()
    sync_session.show_notices()
    draw_under_way(services)
    run_id, addition = sync_session.run_shown(), session.addition()
    if run_id is not None:
        draw_past_run(services, run_id)
    elif addition is not None:
        draw_life(services, addition)
    else:
        _draw_lists(services)
    if not session.undo_of():
        _draw_dialog(services)


def _draw_dialog(services: Services) -> None:
    wanted = sync_session.opened()
    if wanted is None:
        return
    if wanted.dialog is Dialog.END_RUN:
        body = partial(draw_end, services, next(iter(wanted.keys), ""))
        show_dialog(_("Stop the run"), body)
    else:
        close_dialog()


def _draw_lists(services: Services) -> None:
    names = {
        View.RUNS.value: _("Runs"),
        View.CHANGES.value: _("Changes"),
        View.MAPPINGS.value: _("Mappings"),
        View.CUSTOMERS.value: _("Customers"),
        View.MONTHS.value: _("Months"),
    }
    line = st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    )
    with line.container(width="content"):
        tied = session.kept(session.VIEW, names, View.RUNS.value)
        switch_field(_("Part of the page"), names, tied)
    files = line.container(horizontal=True, gap="small", width="content")
    view = session.view()
    customers = services.customers.names()
    draw_filters(services, view, customers)
    wanted = session.wanted()
    with files:
        downloads = st.container(horizontal=True, gap="small", width="content")
    lists = {
        View.RUNS: partial(_draw_runs, services, wanted),
        View.CHANGES: partial(_draw_changes, services, wanted),
        View.MAPPINGS: partial(_draw_mappings, services, wanted),
        View.CUSTOMERS: partial(_draw_customers, services, wanted, customers),
        View.MONTHS: partial(_draw_months, services, wanted),
    }
    table = lists[view]()
    with downloads:
        draw_downloads(
            f"history_{view.value}",
            f"usage-sync-history-{view.value}",
            table,
            _("Everything that the filters leave, those rows included that are not shown."),
        )


# ---------------------------------------------------------------- lists


def _draw_runs(services: Services, wanted: Wanted) -> partial[Table]:
    runs = services.history.runs()
    looked = _about(wanted)
    touched = None if looked == ChangeFilter() else services.history.runs_with(looked)
    status = wanted.status if wanted.status in set(RunStatus) else ""
    found = matching_runs(runs, replace(wanted, status=status), touched)
    if not runs:
        _tell_of_no_run()
        return partial(runs_table, found, runs)
    ids = [run.id for run in found]
    chosen = draw_list(runs_table(found, runs), ids, _RUN_COLUMNS, RUNS_MONTH)
    if chosen is not None:
        session.show_run(chosen)
        st.rerun()
    if found:
        st.caption(_("Choose a line to see the run with its changes."))
    return partial(runs_table, found, runs)


def _about(wanted: Wanted) -> ChangeFilter:
    """What changes are about, in lists of changes and of runs with such a change."""
    return ChangeFilter(
        customer_id=wanted.customer,
        product=wanted.product,
        kind=ChangeKind(wanted.kind) if wanted.kind in set(ChangeKind) else None,
        agreement_id=int(wanted.agreement) if wanted.agreement.isdecimal() else None,
    )


def _tell_of_no_run() -> None:
    _tell_of_nothing(_("Nothing was synced yet. A run begins with the approval of a plan."))


def _tell_of_nothing(told: str) -> None:
    st.info(told, icon=":material/inbox:")


def _draw_changes(services: Services, wanted: Wanted) -> partial[Table]:
    looked = _looked_for(services, wanted)
    if not services.history.runs():
        _tell_of_no_run()
        return partial(_all_changes, services, looked)
    found = services.history.changes(looked, LISTED)
    ids = [f"{past.run_id} {past.row.number}" for past in found]
    if len(found) == LISTED:
        told = _(
            "The newest {count} of {total} are shown; the files have all of them.",
            count=LISTED,
            total=services.history.count(looked),
        )
        st.caption(told)
    chosen = draw_list(changes_table(found), ids, _CHANGE_COLUMNS, CHANGES_MONTH)
    names = services.customers.names()
    draw_chosen(dict(zip(ids, found, strict=True)), chosen, names)
    return partial(_all_changes, services, looked)


def _looked_for(services: Services, wanted: Wanted) -> ChangeFilter:
    months = {run.month for run in services.history.runs()}
    return replace(
        _about(wanted),
        month=Month.parse(wanted.month) if wanted.month else None,
        by=wanted.person,
        outcome=Outcome(wanted.status) if wanted.status in set(Outcome) else None,
        origin=RunOrigin(wanted.origin) if wanted.origin in set(RunOrigin) else None,
        since=wanted.since,
        before=wanted.before,
        text=wanted.text,
        meanings=meanings(wanted.text, months, services.history.sentences),
    )


def _all_changes(services: Services, looked: ChangeFilter) -> Table:
    return changes_table(services.history.changes(looked))


def _draw_mappings(services: Services, wanted: Wanted) -> partial[Table]:
    words = mapping_words(services)
    entries = services.history.mapping_changes()
    if not entries:
        _tell_of_nothing(_("No mapping was saved yet. It begins with the first usage."))
        return partial(saved_table, _("Mappings"), _("Sophos product"), [], words)
    found = matching_saved(entries, wanted, wanted.product, words)
    return _draw_saved_list(services, found, words, _("Mappings"), _("Sophos product"))


def _draw_customers(
    services: Services, wanted: Wanted, customers: Mapping[str, str]
) -> partial[Table]:
    words = customer_words(services, customers)
    entries = services.history.customer_changes()
    if not entries:
        _tell_of_nothing(_("No customer was changed yet. It begins with the page Customers."))
        return partial(saved_table, _("Customers"), _("Customer"), [], words)
    found = matching_saved(entries, wanted, wanted.customer, words)
    return _draw_saved_list(services, found, words, _("Customers"), _("Customer"))


def _draw_saved_list(
    services: Services, found: Sequence[Entry], words: SavedWords, title: str, heading: str
) -> partial[Table]:
    shown = found[:LISTED]
    ids = [entry.id for entry in shown]
    if len(found) > LISTED:
        told = _(
            "The newest {count} of {total} are shown; the files have all of them.",
            count=LISTED,
            total=len(found),
        )
        st.caption(told)
    chosen = draw_list(saved_table(title, heading, shown, words), ids, tuple(range(7)))
    by_id = dict(zip(ids, shown, strict=True))
    if chosen is not None:
        draw_saved(services, by_id[chosen], words)
    elif shown:
        st.caption(_("Choose a line to see it, and to put back what was before."))
    _draw_put_back_dialog(services, {entry.id: entry for entry in found}, words)
    return partial(saved_table, title, heading, found, words)


def _draw_put_back_dialog(
    services: Services, by_id: Mapping[str, Entry], words: SavedWords
) -> None:
    entry = by_id.get(session.to_put_back())
    if entry is None:
        session.close_put_back()
        return

    def draw() -> None:  # Streamlit wants a function with a name
        draw_put_back(services, entry, words)

    st.dialog(_("Put back"), width="medium", on_dismiss=session.close_put_back)(draw)()


def _draw_months(services: Services, wanted: Wanted) -> partial[Table]:
    closings = services.history.closings()
    found = matching_closings(closings, wanted)
    table = closings_table(found)
    if not closings:
        _tell_of_nothing(_("No month was closed yet. That is done on the page Usage sync."))
        return partial(closings_table, found)
    ids = [str(position) for position in range(len(found))]
    draw_list(table, ids, tuple(range(5)), CLOSINGS_MONTH)
    return partial(closings_table, found)
