"""The page Usage sync, put together: month, plan, usage, runs, dialogs."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.domain.models import Change, ChangeNames, Plan, PlanOptions
from core.domain.plan_inputs import PlanInputs
from core.services import Services
from core.use_cases.run_approval import rows_of
from pages.components import sync_session as session
from pages.components.choice_field import switch_field
from pages.components.formats import age_text
from pages.components.language import _
from pages.components.plan_dialogs import (
    draw_approve,
    draw_exclude,
    draw_older_month,
    draw_why,
)
from pages.components.plan_findings import CUSTOMERS_PAGE
from pages.components.plan_refused import draw_refused
from pages.components.plan_rows import NameOf, PlanRow, plan_rows
from pages.components.plan_standing import Standing, draw_standing, follow
from pages.components.plan_view import DIGEST_SHOWN, draw_plan
from pages.components.problems import as_typed
from pages.components.run_list import draw_runs
from pages.components.run_view import draw_end, draw_run, draw_under_way
from pages.components.sync_import import draw_import
from pages.components.sync_month import MonthState, draw_month, read_state
from pages.components.sync_month_dialogs import draw_close_month, draw_reopen_month
from pages.components.sync_schedule import draw_last_run, draw_schedule, draw_waiting
from pages.components.sync_session import Dialog, OpenDialog, View, close_dialog, open_dialog
from pages.components.sync_usage import draw_usage
from pages.components.tasks import PLAN, SYNC, make_plan

_OLD = timedelta(hours=12)


def draw_usage_sync(services: Services) -> None:
    """Everything below the title."""
    session.begin()
    session.follow_link()
    session.show_notices()
    draw_schedule(services)
    open_run = services.store.runs.open()
    draw_last_run(services, (session.run_shown(), open_run.id if open_run else None))
    draw_under_way(services)
    run_id = session.run_shown()
    if run_id is not None:
        draw_run(services, run_id)
        _draw_dialog(services, None, ())
        return
    draw_waiting(services, session.shown_plan())
    state = draw_month(services)
    left, right = _line()
    with left:
        _draw_views()
    view, plan, rows = session.view(), None, ()
    if view is View.RUNS:
        draw_runs(services)
    elif view is View.USAGE:
        draw_usage(services, state, services.planning.inputs(state.month))
    else:
        plan, rows = _draw_plan_view(services, state, left, right)
    _draw_dialog(services, plan, rows)
    if plan is not None:
        follow(services, dialog_open=session.opened() is not None)


def _line() -> tuple[DeltaGenerator, DeltaGenerator]:
    """The left and the right end of a line."""
    line = st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    )
    return (
        line.container(horizontal=True, vertical_alignment="center", width="content"),
        line.container(horizontal=True, vertical_alignment="center", gap="small", width="content"),
    )


def _draw_views() -> None:
    names = {
        View.PLAN.value: _("Plan"),
        View.USAGE.value: _("Usage"),
        View.RUNS.value: _("Runs"),
    }
    tied = session.kept(session.VIEW, names, View.PLAN.value)
    switch_field(_("Part of the page"), names, tied)


# ---------------------------------------------------------------- the plan


def _draw_plan_view(
    services: Services, state: MonthState, left: DeltaGenerator, right: DeltaGenerator
) -> tuple[Plan | None, tuple[PlanRow, ...]]:
    """The plan that is shown, with its rows; None while there is none."""
    read_at = _read_at(services)
    running = services.jobs.current()
    if running is not None and running.kind in {PLAN, SYNC}:
        return None, ()
    if not _has_customers(services):
        _draw_no_customers()
        return None, ()
    if read_at is None:
        _draw_first_plan(services, state)
        return None, ()
    newest = next(iter(services.runs.list(1, state.month)), None)
    if newest is not None and session.take_up_refused(newest):
        told = _(
            "What was decided for run {number} holds again: it was refused and wrote nothing.",
            number=str(newest.number),
        )
        st.toast(as_typed(told), icon=":material/undo:")
    options = session.options(state.month)
    # Read before the plan: what is written meanwhile makes the next version.
    version = _version(services)
    with st.spinner(_("Planning…")):
        plan = services.planning.plan(state.month, options)
    inputs = services.planning.inputs(state.month, options)
    rows = _shared_rows(version, _decisions(options), str(state.month), plan, inputs)
    standing = draw_standing(services, plan, read_at, session.retry_of(state.month))
    with left:
        _draw_plan_facts(services, plan, read_at)
    with right:
        _draw_plan_commands(services, state, plan, standing)
    _draw_warnings(services, state, read_at)
    draw_plan(plan, rows, inputs)
    if standing is not Standing.APPROVABLE and session.is_open(Dialog.APPROVE):
        close_dialog()
    return plan, rows


def _read_at(services: Services) -> datetime | None:
    """When ConnectWise was read for a plan, None before the first time."""
    mappings = services.store.customers.mappings().values()
    wanted = {one.agreement_id for one in mappings if one.sync and one.agreement_id is not None}
    return services.store.additions.oldest_reading(wanted)


def _has_customers(services: Services) -> bool:
    return any(
        mapping.sync and mapping.agreement_id is not None
        for mapping in services.store.customers.mappings().values()
    )


def _draw_no_customers() -> None:
    st.info(
        _(
            "No customer has an agreement and sync on, so there is nothing to plan. Map customers "
            "first."
        ),
        icon=":material/groups:",
    )
    st.page_link(CUSTOMERS_PAGE, label=_("Customers"), icon=":material/groups:")


def _draw_first_plan(services: Services, state: MonthState) -> None:
    with st.container(border=True):
        st.markdown(
            _(
                "A plan shows what a sync would do, before anything is written: it reads the "
                "agreements and additions of your customers and compares them with the usage."
            )
        )
        if st.button(
            _("Make the plan"),
            key="usage_sync_plan",
            type="primary",
            icon=":material/fact_check:",
            disabled=services.jobs.current() is not None,
        ):
            make_plan(services, state.month)


def _draw_plan_facts(services: Services, plan: Plan, read_at: datetime) -> None:
    told = _("ConnectWise read {age}", age=age_text(read_at, services.clock()))
    digest = _("plan {digest}", digest=plan.digest[:DIGEST_SHOWN])
    st.caption(as_typed(f"{told} · {digest}"), width="content")


def _draw_warnings(services: Services, state: MonthState, read_at: datetime) -> None:
    if services.clock() - read_at > _OLD:
        st.warning(
            _("ConnectWise was read some time ago. Make the plan again before you look at it."),
            icon=":material/history:",
        )
    retry = session.retry_of(state.month)
    if retry:
        number = services.runs.get(retry).number
        _draw_limited(state, _("Only what run {number} did not get done.", number=str(number)))
    elif session.options(state.month).only is not None:
        _draw_limited(state, _("Only the chosen rows."))


def _draw_plan_commands(
    services: Services, state: MonthState, plan: Plan, standing: Standing
) -> None:
    busy = services.jobs.current() is not None
    if st.button(
        _("Make the plan again"),
        key="usage_sync_plan",
        icon=":material/refresh:",
        type="primary" if standing is Standing.OUT_OF_DATE else "secondary",
        disabled=busy,
        help=_("Reads the agreements and additions of your customers again."),
    ):
        make_plan(services, state.month)
    st.button(
        _("Approve…"),
        key="usage_sync_approve",
        type="primary",
        icon=":material/check:",
        disabled=busy or standing is not Standing.APPROVABLE or not plan.changes,
        on_click=partial(open_dialog, Dialog.APPROVE),
    )


def _draw_limited(state: MonthState, told: str) -> None:
    """What the plan is limited to, with the way back to everything."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":orange-badge[:material/replay: {as_typed(told)}]", width="content")
        st.button(
            _("Plan everything"),
            key="usage_sync_end_retry",
            type="tertiary",
            icon=":material/close:",
            on_click=partial(session.end_retry, state.month),
        )


def _version(services: Services) -> tuple[int, str, str]:
    """Changes with everything that a plan and its names follow from."""
    today = str(services.planning.today())
    return services.store.revision, services.catalog.version(), today


def _decisions(options: PlanOptions) -> tuple[object, ...]:
    only = None if options.only is None else tuple(sorted(options.only))
    excluded = tuple(sorted(options.excluded.items()))
    return excluded, tuple(sorted(options.recreate)), only, options.older_month_reason


@st.cache_resource(max_entries=4, show_spinner=False)
def _shared_rows(
    version: tuple[int, str, str],  # noqa: ARG001 - cache key
    decisions: tuple[object, ...],  # noqa: ARG001 - cache key
    month: str,  # noqa: ARG001 - cache key
    _plan: Plan,
    _inputs: PlanInputs,
) -> tuple[PlanRow, ...]:
    """The rows of a plan, which all readers share: they may be tens of thousands."""
    return plan_rows(_plan, _inputs.options.excluded, names_of(_inputs))


def names_of(inputs: PlanInputs) -> NameOf:
    """What the things of a change are called today."""

    def names(change: Change) -> ChangeNames:
        return rows_of([change], inputs)[0].names

    return names


# ---------------------------------------------------------------- dialogs


def _draw_dialog(services: Services, plan: Plan | None, rows: tuple[PlanRow, ...]) -> None:
    """One dialog at most; those of a plan only where there is one."""
    wanted = session.opened()
    if wanted is None:
        return
    of_a_plan = {
        Dialog.WHY,
        Dialog.EXCLUDE,
        Dialog.OLDER_MONTH,
        Dialog.APPROVE,
        Dialog.REFUSED,
    }
    if wanted.dialog not in of_a_plan:
        _draw_month_dialog(services, wanted)
    elif plan is not None:
        _draw_plan_dialog(services, wanted, plan, rows)
    else:
        close_dialog()


def _draw_plan_dialog(
    services: Services, wanted: OpenDialog, plan: Plan, rows: tuple[PlanRow, ...]
) -> None:
    retry = session.retry_of(plan.month)
    bodies = {
        Dialog.WHY: (_("Why"), partial(draw_why, rows, wanted.keys)),
        Dialog.EXCLUDE: (_("Exclude"), partial(draw_exclude, plan, rows, wanted.keys)),
        Dialog.OLDER_MONTH: (_("Push an older month"), partial(draw_older_month, plan)),
        Dialog.APPROVE: (
            _("Approve"),
            partial(draw_approve, services, plan, session.options(plan.month), retry_of=retry),
        ),
        Dialog.REFUSED: (
            _("The plan has changed"),
            partial(draw_refused, services.planning.inputs(plan.month)),
        ),
    }
    _show(*bodies[wanted.dialog])


def _draw_month_dialog(services: Services, wanted: OpenDialog) -> None:
    state = read_state(services, session.month())
    run_id = next(iter(wanted.keys), "")
    bodies = {
        Dialog.IMPORT: (_("Import the usage file"), partial(draw_import, services, state)),
        Dialog.CLOSE_MONTH: (_("Close this month"), partial(draw_close_month, services, state)),
        Dialog.REOPEN_MONTH: (_("Reopen this month"), partial(draw_reopen_month, services, state)),
        Dialog.END_RUN: (
            _("Stop the run"),
            partial(draw_end, services, run_id),
        ),
    }
    _show(*bodies[wanted.dialog])


def _show(title: str, body: partial[None]) -> None:
    def draw() -> None:  # Streamlit wants a function with a name
        body()

    st.dialog(title, width="medium", on_dismiss=close_dialog)(draw)()
