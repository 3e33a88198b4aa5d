"""The page Reconciliation, put together: month, figures, filters, rows or charts, dialogs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial

import streamlit as st

from core.domain.models import Reconciliation
from core.domain.month import Month, newest_over
from core.domain.reconciliation import totals_of
from core.domain.reconciliation_view import NamedRow, Show, matching, worst_first
from core.services import Services
from core.use_cases.month_report import MonthReport
from pages.components import reconciliation_session as session
from pages.components.formats import age_text, month_text
from pages.components.language import _, ngettext
from pages.components.option_names import distinct
from pages.components.problems import as_typed
from pages.components.reconciliation_charts import draw_by_class, draw_top, draw_trend
from pages.components.reconciliation_details import draw_details
from pages.components.reconciliation_dialogs import draw_accept, draw_note, draw_tolerances
from pages.components.reconciliation_downloads import draw_downloads
from pages.components.reconciliation_filters import (
    draw_classes,
    draw_filters,
    draw_grouping,
    draw_show,
    draw_views,
)
from pages.components.reconciliation_list import draw_no_rows, draw_rows
from pages.components.reconciliation_missing import (
    draw_no_customers,
    draw_no_usage,
    draw_not_read,
    draw_problem,
)
from pages.components.reconciliation_print import draw_print
from pages.components.reconciliation_session import Dialog, OpenDialog, View, open_dialog
from pages.components.reconciliation_tiles import draw_tiles
from pages.components.tasks import make_plan, read_all_agreements


def draw_reconciliation(services: Services) -> None:
    """Everything below the title."""
    session.begin()
    session.follow_link()
    session.show_notice()
    months = services.usage.months()
    if not months:
        draw_no_usage(services)
        return
    top = st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    )
    with top:
        month = _choose_month(months, services.planning.today())
    _tell_of_another_month(months, month)
    agreements = _agreements(services)
    read_at = services.store.additions.oldest_reading(agreements)
    if agreements and read_at is None:
        draw_not_read(services, month)
        return
    with st.spinner(_("Comparing…")):
        looked = services.reconciliation.look(month)
    with top.container(horizontal=True, vertical_alignment="center", width="content"):
        _draw_facts(services, looked.report, read_at)
        _draw_commands(services, month, can_read=bool(agreements))
    draw_problem(services, looked.report)
    if not agreements:
        draw_no_customers()
    drawn = draw_tiles(services, looked.report)
    try:
        _draw_body(services, looked)
        _draw_dialog(services, looked)
    finally:
        drawn.set()


# ---------------------------------------------------------------- the month


def _choose_month(months: Sequence[Month], today: date) -> Month:
    """The newest month that is over, unless somebody wants another."""
    names = {str(month): month_text(month) for month in months}
    st.selectbox(
        _("Month"),
        list(names),
        format_func=distinct(names),
        placeholder=_("Choose…"),
        label_visibility="collapsed",
        width=200,
        **session.kept(session.MONTH, names, str(newest_over(months, today))),
    )
    return Month.parse(st.session_state[session.MONTH])


def _tell_of_another_month(months: Sequence[Month], shown: Month) -> None:
    """A link may name a month that there is no report of."""
    asked = session.asked_in_vain({str(month) for month in months})
    if asked:
        told = _("There is no report of {month}: its usage is not here.", month=asked)
        instead = _("What is shown is {month}.", month=str(shown))
        st.info(as_typed(f"{told} {instead}"), icon=":material/event_busy:")


def _agreements(services: Services) -> set[int]:
    """Those that a customer is mapped to."""
    mappings = services.store.customers.mappings().values()
    return {one.agreement_id for one in mappings if one.agreement_id is not None}


def _draw_facts(services: Services, report: Reconciliation, read_at: datetime | None) -> None:
    fetch = services.store.usage.complete_fetch(report.month)
    now = services.clock()
    told = []
    if fetch is not None:
        told.append(_("Usage fetched {age}", age=age_text(fetch.finished_at, now)))
    if read_at is not None:
        told.append(_("ConnectWise read {age}", age=age_text(read_at, now)))
    st.caption(as_typed(" · ".join(told)), width="content")


def _draw_commands(services: Services, month: Month, *, can_read: bool) -> None:
    busy = services.jobs.current() is not None
    if st.button(
        _("Read ConnectWise again"),
        key="reconciliation_read",
        icon=":material/refresh:",
        disabled=busy or not can_read,
        help=_("Reads the agreements and additions of your customers again."),
    ):
        make_plan(services, month)
    of_nobody = len(services.planning.of_nobody())
    if st.button(
        _("All agreements"),
        key="reconciliation_read_all",
        icon=":material/travel_explore:",
        disabled=busy or not can_read or not of_nobody,
        help=ngettext(
            "Reads also the {count} active agreement that no customer is mapped to: what it bills "
            "of your mapped products is shown, too.",
            "Reads also the {count} active agreements that no customer is mapped to: what they "
            "bill of your mapped products is shown, too.",
            of_nobody,
        ),
    ):
        read_all_agreements(services)
    st.button(
        _("Tolerances…"),
        key="reconciliation_tolerances",
        icon=":material/tune:",
        on_click=partial(open_dialog, Dialog.TOLERANCES),
        help=_("What counts as no difference."),
    )


# ---------------------------------------------------------------- the rows


def _draw_body(services: Services, looked: MonthReport) -> None:
    line = st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    )
    with line.container(horizontal=True, width="content"):
        view = draw_views()
        # Where nothing is known, no row is more to do than another.
        show = Show.ALL if looked.report.source_problem else draw_show()
        by = draw_grouping() if view is View.ROWS else None
    downloads = line.container(horizontal=True, gap="small", width="content")
    classes = draw_classes(looked.report, show)
    line = st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    )
    with line.container(horizontal=True, vertical_alignment="center", width="content"):
        wanted, told = draw_filters(looked, show, classes)
    found = worst_first(matching(looked.rows, wanted))
    if view is View.ROWS:
        commands = line.container(horizontal=True, gap="small", width="content")
        found = draw_rows(looked, found, by, commands)
    with downloads:
        draw_downloads(services, looked, found)
    if view is View.ROWS:
        return
    if view is View.CHARTS:
        _draw_charts(services, looked, found)
    else:
        draw_print(looked.report, found, told)


# ---------------------------------------------------------------- charts


def _draw_charts(services: Services, looked: MonthReport, found: Sequence[NamedRow]) -> None:
    if not found:
        draw_no_rows(looked)
        return
    everything = len(found) == len(looked.rows)
    rows = None if everything else found
    with st.container(border=True):
        st.markdown("**" + _("Used and billed over the months, for the rows chosen above") + "**")
        points = services.reconciliation.trend(looked.report.month, rows)
        draw_trend(points)
        if any(point.billed is None for point in points):
            st.caption(_("What was billed is known from the first sync on."))
    several = looked.report.has_several_currencies
    left, right = st.columns(2)
    with left, st.container(border=True):
        st.markdown("**" + _("Difference by class") + "**")
        draw_by_class(totals_of([one.row for one in found]), several=several)
    with right, st.container(border=True):
        st.markdown("**" + _("Top ten by money") + "**")
        draw_top(found, several=several)


# ---------------------------------------------------------------- dialogs


def _draw_dialog(services: Services, looked: MonthReport) -> None:
    wanted = session.opened()
    if wanted is None:
        return
    titles = {
        Dialog.DETAILS: _("Why"),
        Dialog.ACCEPT: _("Accept the difference"),
        Dialog.NOTE: _("Note and assignee"),
        Dialog.TOLERANCES: _("Tolerances"),
    }
    width = "large" if wanted.dialog is Dialog.DETAILS else "medium"

    def draw() -> None:  # Streamlit wants a function with a name
        _draw_dialog_body(services, looked, wanted)

    st.dialog(titles[wanted.dialog], width=width, on_dismiss=session.close_dialog)(draw)()


def _draw_dialog_body(services: Services, looked: MonthReport, wanted: OpenDialog) -> None:
    if wanted.dialog is Dialog.DETAILS:
        draw_details(services, looked, wanted.keys)
    elif wanted.dialog is Dialog.ACCEPT:
        draw_accept(services, looked, wanted.keys)
    elif wanted.dialog is Dialog.NOTE:
        draw_note(services, looked, wanted.keys)
    else:
        draw_tolerances(services, looked)
