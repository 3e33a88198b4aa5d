"""Taking a run back: its plan, looked at and approved like any other."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.domain.models import FindingKind, Plan, Run
from core.errors import UsageSyncError, message
from core.services import Services
from core.use_cases.jobs import Progress
from pages.components import history_session as session
from pages.components import sync_session
from pages.components.formats import age_text
from pages.components.identity import who
from pages.components.jobs import watch
from pages.components.language import _, ngettext
from pages.components.plan_dialogs import draw_approve, draw_exclude, draw_why
from pages.components.plan_refused import draw_refused
from pages.components.plan_rows import PlanRow, plan_rows
from pages.components.plan_view import DIGEST_SHOWN, draw_plan
from pages.components.problems import as_typed, show_error
from pages.components.sync_month import read_state
from pages.components.sync_month_dialogs import draw_reopen_month
from pages.components.sync_session import Dialog, close_dialog, open_dialog
from pages.components.sync_view import names_of

UNDO = "undo"


def read_for_undo(services: Services, run: Run) -> None:
    """Start reading again what a run has changed; the page shows the plan afterwards."""

    def task(progress: Progress) -> int:
        services.runs.prepare_undo(run.id, progress)
        return len(services.runs.undo_plan(run.id).changes)

    label = message("Reading again what run {number} changed", number=str(run.number))
    try:
        status = services.jobs.start(UNDO, label, who(), task)
    except UsageSyncError as error:
        show_error(error)
        return
    watch(status)


def draw_undo(services: Services, run: Run) -> None:
    """What would take the run back, and its approval."""
    st.button(
        _("Back to run {number}", number=str(run.number)),
        key="history_leave_undo",
        icon=":material/arrow_back:",
        type="tertiary",
        on_click=session.leave_undo,
    )
    busy = services.jobs.current()
    if services.runs.is_under_way() or (busy is not None and busy.kind == UNDO):
        return
    options = sync_session.options(run.month)
    try:
        plan = services.runs.undo_plan(run.id, options)
    except UsageSyncError as error:
        show_error(error)
        return
    inputs = services.planning.inputs(run.month, options)
    rows = plan_rows(plan, options.excluded, names_of(inputs))
    _draw_heading(services, run, plan)
    _draw_invoiced(plan)
    if plan.changes or plan.findings or plan.excluded:
        draw_plan(plan, rows, inputs)
    else:
        st.info(_("This run did nothing that could be taken back."), icon=":material/inbox:")
    _draw_dialog(services, run, plan, rows)


def _draw_heading(services: Services, run: Run, plan: Plan) -> None:
    title = _("Undo of run {number} of {month}", number=str(run.number), month=str(run.month))
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.subheader(as_typed(title), anchor=False, width="content")
        with st.container(horizontal=True, gap="small", width="content"):
            _draw_commands(services, run, plan)
    told = [_("plan {digest}", digest=plan.digest[:DIGEST_SHOWN])]
    agreements = {row.change.target.agreement_id for row in services.runs.changes(run.id)}
    read_at = services.store.additions.oldest_reading(agreements - {0})
    if read_at is not None:
        age = age_text(read_at, services.clock())
        told.insert(0, _("ConnectWise read {age}", age=age))
    st.caption(as_typed(" · ".join(told)))


def _draw_invoiced(plan: Plan) -> None:
    """An invoice that is out is said before anything is approved."""
    invoiced = [one for one in plan.findings if one.kind is FindingKind.INVOICED_PERIOD]
    if invoiced:
        told = ngettext(
            "{count} agreement is invoiced for this period already: the undo counts from its next "
            "invoice.",
            "{count} agreements are invoiced for this period already: the undo counts from their "
            "next invoices.",
            len(invoiced),
        )
        st.warning(as_typed(told), icon=":material/receipt_long:")


def _draw_commands(services: Services, run: Run, plan: Plan) -> None:
    busy = services.jobs.current() is not None
    if st.button(
        _("Read again"),
        key="history_undo_read",
        icon=":material/refresh:",
        disabled=busy,
        help=_("Reads again what the run changed, and shows what would take it back."),
    ):
        read_for_undo(services, run)
    st.button(
        _("Approve…"),
        key="history_undo_approve",
        type="primary",
        icon=":material/check:",
        disabled=busy or services.store.runs.open() is not None or not plan.changes,
        on_click=partial(open_dialog, Dialog.APPROVE),
    )


def _draw_dialog(services: Services, run: Run, plan: Plan, rows: tuple[PlanRow, ...]) -> None:
    wanted = sync_session.opened()
    if wanted is None:
        return
    options = sync_session.options(run.month)
    approve = partial(draw_approve, services, plan, options, undo_of=run.id)
    state = read_state(services, run.month)
    bodies: dict[Dialog, tuple[str, partial[None]]] = {
        Dialog.WHY: (_("Why"), partial(draw_why, rows, wanted.keys)),
        Dialog.EXCLUDE: (_("Exclude"), partial(draw_exclude, plan, rows, wanted.keys)),
        Dialog.APPROVE: (_("Approve"), approve),
        Dialog.REFUSED: (
            _("The plan has changed"),
            partial(draw_refused, services.planning.inputs(run.month)),
        ),
        Dialog.REOPEN_MONTH: (_("Reopen this month"), partial(draw_reopen_month, services, state)),
    }
    if wanted.dialog not in bodies:
        close_dialog()
        return
    show_dialog(*bodies[wanted.dialog])


def show_dialog(title: str, body: partial[None]) -> None:
    """Draw a dialog of a plan or of a run."""

    def draw() -> None:  # Streamlit wants a function with a name
        body()

    st.dialog(title, width="medium", on_dismiss=close_dialog)(draw)()
