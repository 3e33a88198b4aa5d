"""The page Reconciliation, put together: month, figures, filters, rows or charts, dialogs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.domain.models import Reconciliation, RowClass
from core.domain.month import Month, newest_over
from core.domain.reconciliation import totals_of
from core.domain.reconciliation_view import (
    Group,
    GroupBy,
    NamedRow,
    RowFilter,
    Show,
    groups,
    matching,
    worst_first,
)
from core.services import Services
from core.use_cases.month_report import MonthReport
from core.use_cases.workbook import CSV_TYPE, EXCEL_TYPE
from pages.components import reconciliation_session as session
from pages.components.formats import NOTHING, age_text, month_text, number
from pages.components.language import _, language, ngettext, text, text_in
from pages.components.option_names import distinct
from pages.components.paging import draw_pages, on_screen, search_field
from pages.components.problems import as_typed
from pages.components.reconciliation_charts import draw_by_class, draw_top, draw_trend
from pages.components.reconciliation_details import draw_details
from pages.components.reconciliation_dialogs import draw_accept, draw_note, draw_tolerances
from pages.components.reconciliation_fix import CUSTOMERS_PAGE, can_be_synced, draw_fix
from pages.components.reconciliation_print import draw_print
from pages.components.reconciliation_session import Dialog, OpenDialog, View, open_dialog
from pages.components.reconciliation_table import (
    class_names,
    column_order,
    columns,
    group_columns,
    groups_frame,
    plain_money,
    styled,
)
from pages.components.reconciliation_tiles import draw_tiles
from pages.components.tasks import fetch_form, fetch_usage, make_plan

_DETAILS = "reconciliation_details"
_ROW_HEIGHT, _MOST_HEIGHT, _GROUPS_HEIGHT = 36, 620, 300
_FILTER_WIDTH = 190
_MOST_CHOICES = _MOST_GROUPS = 2000


def draw_reconciliation(services: Services) -> None:
    """Everything below the title."""
    session.begin()
    session.follow_link()
    session.show_notice()
    months = services.usage.months()
    if not months:
        _draw_no_usage()
        fetch_form(services, "reconciliation_first_usage")
        return
    top = st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    )
    with top:
        month = _choose_month(months, services.planning.today())
    agreements = _agreements(services)
    read_at = services.store.additions.oldest_reading(agreements)
    if agreements and read_at is None:
        _draw_not_read(services, month)
        return
    with st.spinner(_("Comparing…")):
        looked = services.reconciliation.look(month)
    with top.container(horizontal=True, vertical_alignment="center", width="content"):
        _draw_facts(services, looked.report, read_at)
        _draw_commands(services, month, can_read=bool(agreements))
    _draw_problem(services, looked.report)
    if not agreements:
        _draw_no_customers()
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


def _agreements(services: Services) -> set[int]:
    """Those that a customer is mapped to."""
    mappings = services.store.customers.mappings().values()
    return {one.agreement_id for one in mappings if one.agreement_id is not None}


def _draw_facts(services: Services, report: Reconciliation, read_at: datetime | None) -> None:
    fetch = services.store.usage.complete_fetch(report.month)
    now = services.clock()
    told = []
    if fetch is not None:
        told.append(_("usage fetched {age}", age=age_text(fetch.finished_at, now)))
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
    st.button(
        _("Tolerances…"),
        key="reconciliation_tolerances",
        icon=":material/tune:",
        on_click=partial(open_dialog, Dialog.TOLERANCES),
        help=_("What counts as no difference."),
    )


# ---------------------------------------------------------------- what is missing


def _draw_no_usage() -> None:
    st.info(
        _(
            "No usage has been fetched yet, so there is nothing to compare. Fetch the month that "
            "you want to look at."
        ),
        icon=":material/download:",
    )


def _draw_not_read(services: Services, month: Month) -> None:
    with st.container(border=True):
        st.markdown(
            _(
                "The agreements and additions of your customers have not been read yet. Reading "
                "them changes nothing."
            )
        )
        if st.button(
            _("Read the agreements"),
            key="reconciliation_read",
            type="primary",
            icon=":material/sync_alt:",
            disabled=services.jobs.current() is not None,
        ):
            make_plan(services, month)


def _draw_no_customers() -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(
            _("No customer is mapped to an agreement yet, so nothing bills this usage."),
            icon=":material/group:",
        )
        st.page_link(CUSTOMERS_PAGE, label=_("Customers"), icon=":material/group:", width="content")


def _draw_problem(services: Services, report: Reconciliation) -> None:
    if report.source_problem is None:
        return
    told = f"**{as_typed(text(report.source_problem))}**"
    if report.source_remedy is not None:
        told += f" {as_typed(text(report.source_remedy))}"
    if report.in_progress:
        st.info(told, icon=":material/hourglass:")
        return
    st.warning(told, icon=":material/warning:")
    if st.button(
        _("Fetch usage"),
        key="reconciliation_fetch",
        icon=":material/download:",
        disabled=services.jobs.current() is not None,
    ):
        fetch_usage(services, [report.month])


# ---------------------------------------------------------------- filters


def _draw_body(services: Services, looked: MonthReport) -> None:
    line = st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    )
    with line.container(horizontal=True, width="content"):
        view = _draw_views()
        # Where nothing is known, no row is more to do than another.
        show = Show.ALL if looked.report.source_problem else _draw_show()
        by = _draw_grouping() if view is View.ROWS else None
    downloads = line.container(horizontal=True, gap="small", width="content")
    classes = _draw_classes(looked.report, show)
    line = st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    )
    with line.container(horizontal=True, vertical_alignment="center", width="content"):
        wanted, told = _draw_filters(looked, show, classes)
    found = worst_first(matching(looked.rows, wanted))
    if view is View.ROWS:
        commands = line.container(horizontal=True, gap="small", width="content")
        found = _draw_rows(looked, found, by, commands)
    with downloads:
        _draw_downloads(services, looked, found)
    if view is View.ROWS:
        return
    if view is View.CHARTS:
        _draw_charts(services, looked, found)
    else:
        draw_print(looked.report, found, told)


def _draw_views() -> View:
    names = {
        View.ROWS.value: _("Rows"),
        View.CHARTS.value: _("Charts"),
        View.PRINT.value: _("Print"),
    }
    return View(_switch(session.VIEW, names, _("Part of the page")))


def _draw_show() -> Show:
    names = {Show.OPEN.value: _("To do"), Show.ALL.value: _("All")}
    return Show(_switch(session.SHOW, names, _("Show")))


def _draw_grouping() -> GroupBy | None:
    names = {
        "": _("Single rows"),
        GroupBy.CUSTOMER.value: _("By customer"),
        GroupBy.PRODUCT.value: _("By product"),
    }
    by = _switch(session.GROUP, names, _("Group by"))
    return GroupBy(by) if by else None


def _switch(name: str, names: Mapping[str, str], label: str) -> str:
    st.segmented_control(
        label,
        list(names),
        format_func=names.__getitem__,
        required=True,
        label_visibility="collapsed",
        **session.kept(name, names, next(iter(names))),
    )
    return str(st.session_state[name])


def _draw_filters(
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
    words = search_field(session.TEXT, session.PAGE, _FILTER_WIDTH)
    names = class_names()
    told = [
        *(names[kind] for kind in classes),
        *(part for part in (customer_name, product_name, assignee, words) if part),
    ]
    if show is Show.OPEN and not classes:
        told.insert(0, _("To do"))
    # Whoever asks for a class wants to see it, be it one that needs nobody.
    wanted = RowFilter(
        show=Show.ALL if classes else show,
        classes=frozenset(classes),
        customer=customer,
        product=product,
        assignee=assignee,
        text=words,
    )
    return wanted, told


def _draw_classes(report: Reconciliation, show: Show) -> list[RowClass]:
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
    names = {"": everything, **found}
    st.selectbox(
        label,
        list(names),
        format_func=distinct(names),
        placeholder=_("Choose…"),
        label_visibility="collapsed",
        width=_FILTER_WIDTH,
        **kept,
    )
    chosen = str(st.session_state[name])
    return chosen, found.get(chosen, "")


# ---------------------------------------------------------------- rows


def _draw_rows(
    looked: MonthReport, found: list[NamedRow], by: GroupBy | None, commands: DeltaGenerator
) -> list[NamedRow]:
    """The table; returns the rows that it is of."""
    if by is not None and found:
        found = _draw_groups(found, by, looked.report.currency)
    shown = on_screen(session.PAGE, found)
    key = _table_key(shown)
    chosen = [shown[line] for line in session.selected(key, len(shown))]
    with commands:
        _draw_row_commands(looked, chosen)
    if not found:
        _draw_no_rows(looked)
        return found
    _draw_count(found, chosen)
    _draw_table(shown, by, looked.report.currency, key)
    draw_pages(session.PAGE, found)
    return found


def _draw_no_rows(looked: MonthReport) -> None:
    report = looked.report
    if not report.totals.open_exceptions and not report.source_problem and looked.rows:
        st.success(
            _("Everything matches or is accepted: nothing needs anybody."),
            icon=":material/check_circle:",
        )
    else:
        st.caption(_("No row matches."))
    st.button(
        _("Show all rows"),
        key="reconciliation_show_all",
        type="tertiary",
        icon=":material/filter_alt_off:",
        on_click=session.show_everything,
    )


def _draw_groups(rows: list[NamedRow], by: GroupBy, currency: str) -> list[NamedRow]:
    """The roll-up; a chosen line leaves only its rows."""
    every = groups(rows, by)
    found = every[:_MOST_GROUPS]
    key = f"{session.GROUPS}_{by.value}_{_fingerprint(group.key for group in found)}"
    lines = session.selected(key, len(found))
    st.dataframe(
        groups_frame(found),
        hide_index=True,
        height=_height(len(found), _GROUPS_HEIGHT),
        row_height=_ROW_HEIGHT,
        key=key,
        on_select="rerun",
        selection_mode="single-row",
        column_config=group_columns(by, currency),
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
    return [one for one in rows if ",".join(one.row.customer_ids) == group.key]


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
        draw_fix(looked.report.month, chosen, "reconciliation_fix")
    else:
        st.button(
            _("Fix from here"),
            key="reconciliation_no_fix",
            icon=":material/sync:",
            disabled=True,
            help=help_text,
        )


def _draw_count(found: Sequence[NamedRow], chosen: Sequence[NamedRow]) -> None:
    rows = chosen or found
    totals = totals_of([one.row for one in rows])
    told = ngettext("{count} row", "{count} rows", len(rows))
    if chosen:
        told = ngettext("{count} row selected", "{count} rows selected", len(rows))
    if totals.under_billed is not None:
        money = _(
            "{under} under-billed, {over} over-billed",
            under=plain_money(totals.under_billed),
            over=plain_money(totals.over_billed),
        )
        told = f"{told} · {money}"
    st.caption(as_typed(told))


def _draw_table(shown: Sequence[NamedRow], by: GroupBy | None, currency: str, key: str) -> None:
    keys = tuple(one.key for one in shown)
    st.dataframe(
        styled(shown),
        hide_index=True,
        height=_height(len(shown), _MOST_HEIGHT),
        row_height=_ROW_HEIGHT,
        placeholder=NOTHING,
        column_order=column_order(by),
        column_config=columns(currency, partial(_ask_details, keys), _DETAILS),
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


def _draw_downloads(services: Services, looked: MonthReport, found: Sequence[NamedRow]) -> None:
    """What is filtered, as files. They are made when they are asked for."""
    month = looked.report.month
    everything = len(found) == len(looked.rows)
    rows = None if everything else list(found)
    say = partial(text_in, code=language())
    name = f"reconciliation-{month}"
    help_text = ngettext(
        "The {count} row that is shown, with everything that is known of it.",
        "The {count} rows that are shown, with everything that is known of them.",
        len(found),
    )
    _download(
        _("CSV"),
        lambda: services.reconciliation.export_csv(month, rows, say),
        f"{name}.csv",
        CSV_TYPE,
        help_text,
    )
    _download(
        _("Excel"),
        lambda: services.reconciliation.export_workbook(month, rows, say),
        f"{name}.xlsx",
        EXCEL_TYPE,
        help_text,
    )


def _download(label: str, data: Callable[[], bytes], name: str, kind: str, help_text: str) -> None:
    st.download_button(
        label,
        data=data,
        file_name=name,
        mime=kind,
        key=f"reconciliation_{name.rpartition('.')[2]}",
        icon=":material/download:",
        on_click="ignore",
        help=help_text,
    )


# ---------------------------------------------------------------- charts


def _draw_charts(services: Services, looked: MonthReport, found: Sequence[NamedRow]) -> None:
    everything = len(found) == len(looked.rows)
    rows = None if everything else found
    with st.container(border=True):
        st.markdown("**" + _("Used and billed over the months, for the rows chosen above") + "**")
        points = services.reconciliation.trend(looked.report.month, rows)
        draw_trend(points)
        if any(point.billed is None for point in points):
            st.caption(_("What was billed is known from the first sync on."))
    left, right = st.columns(2)
    with left, st.container(border=True):
        st.markdown("**" + _("Difference by class") + "**")
        draw_by_class(dict(totals_of([one.row for one in found]).money_by_class))
    with right, st.container(border=True):
        st.markdown("**" + _("Top ten by money") + "**")
        draw_top(found)


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
