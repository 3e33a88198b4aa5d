"""One run of the history, its changes, and what takes it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from core.domain.models import ChangeFilter, Outcome, PastChange, Run, RunStatus
from core.errors import UsageSyncError
from core.services import Services
from core.use_cases.exclusions import LeftOut
from pages.components import history_session as session
from pages.components import sync_session
from pages.components.downloads import draw_downloads
from pages.components.history_change import draw_change, place_of
from pages.components.history_rows import (
    CHANGES_MONTH,
    changes_table,
    undone_by,
    with_excluded,
)
from pages.components.history_table import draw_list
from pages.components.history_undo import draw_undo, read_for_undo
from pages.components.language import _, text
from pages.components.problems import as_typed, show_error
from pages.components.run_view import draw_run_facts, left_out_of

# Outcome, change, customer, agreement, product, before, after, when, message.
SHOWN = (2, 3, 4, 5, 6, 7, 8, 9, 11)


def draw_past_run(services: Services, run_id: str) -> None:
    """A run with what became of its changes, or the plan of its undo."""
    run = _found(services, run_id)
    if run is None:
        _draw_way_back()
        return
    if session.undo_of():
        draw_undo(services, run)
        return
    _draw_way_back()
    changes, left_out = services.runs.changes(run.id), left_out_of(services, run)
    over = draw_run_facts(services, run, changes, left_out)
    if not over:
        return
    _draw_relations(services, run)
    _draw_limits(run)
    past = services.history.changes(ChangeFilter(run_id=run.id))
    draw_changes(run, past, left_out, services.customers.names())


def _found(services: Services, given: str) -> Run | None:
    """By the id of the address, or by the number that people see."""
    known = [run for run in services.history.runs() if given in (run.id, str(run.number))]
    if known:
        return known[0]
    try:
        return services.runs.get(given)
    except UsageSyncError as error:
        show_error(error)
        return None


def _draw_way_back() -> None:
    st.button(
        _("All runs"),
        key="history_all_runs",
        icon=":material/arrow_back:",
        type="tertiary",
        on_click=_leave,
    )


def _leave() -> None:
    sync_session.leave_run()
    session.leave_addition()


def _draw_relations(services: Services, run: Run) -> None:
    """Which run it takes back, which take it back, and the button that does."""
    runs = services.history.runs()
    by_id = {each.id: each for each in runs}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if run.undo_of in by_id:
            original = by_id[run.undo_of]
            _link(_("Undoes run {number}", number=str(original.number)), original)
        if run.retry_of in by_id:
            earlier = by_id[run.retry_of]
            _link(_("Goes on from run {number}", number=str(earlier.number)), earlier)
        for later in undone_by(runs).get(run.id, ()):
            _link(_("Undone by run {number}", number=str(later.number)), later)
        if can_be_undone(run) and st.button(
            _("Undo this run…"),
            key="history_undo",
            icon=":material/undo:",
            disabled=services.jobs.current() is not None,
            help=_("Reads again what the run changed, and shows what would take it back."),
        ):
            session.show_undo(run.id)
            read_for_undo(services, run)


def can_be_undone(run: Run) -> bool:
    """Whether it has ended and did something."""
    return run.status is not RunStatus.OPEN and run.done > 0


def _link(label: str, run: Run) -> None:
    st.button(
        label,
        key=f"history_link_{run.number}",
        icon=":material/link:",
        type="tertiary",
        on_click=partial(session.show_run, run.id),
    )


def _draw_limits(run: Run) -> None:
    """What limits the plan was held against, and which were lifted."""
    if not run.limits:
        return
    with st.expander(_("Limits"), icon=":material/speed:", key="history_limits"):
        lines = []
        for check in run.limits:
            mark = ":red[:material/warning:] " if check.exceeded else ""
            lines.append(f"- {mark}{as_typed(text(check.text))}")
        st.markdown("\n".join(lines))
        st.caption(_("The plan's digest: what is applied has the same one."))
        st.code(run.digest, language=None, wrap_lines=True)


# ---------------------------------------------------------------- changes


def draw_changes(
    run: Run,
    found: Sequence[PastChange],
    left_out: Sequence[LeftOut],
    customers: Mapping[str, str],
) -> None:
    """The changes as a table; the chosen one in full. Files also have what was left out."""
    ordered = sorted(found, key=lambda past: (past.row.outcome is Outcome.DONE, past.row.number))
    table = changes_table(ordered)
    with st.container(horizontal=True, horizontal_alignment="right", gap="small"):
        draw_downloads(
            "history_run",
            f"usage-sync-run-{run.number}",
            partial(with_excluded, table, run, left_out),
        )
    ids = [f"{past.run_id} {past.row.number}" for past in ordered]
    chosen = draw_list(table, ids, SHOWN)
    draw_chosen(dict(zip(ids, ordered, strict=True)), chosen, customers)


def draw_chosen(
    by_id: dict[str, PastChange], chosen: str | None, customers: Mapping[str, str]
) -> None:
    """The change of the row that is chosen, or how to choose one; `customers` are names by id."""
    if chosen is not None:
        draw_change(by_id[chosen], customers)
    elif by_id:
        st.caption(_("Choose a line to see why, what became of it, and where to go on from it."))


def draw_life(services: Services, addition_id: int) -> None:
    """What all runs did, or tried to do, to one addition."""
    _draw_way_back()
    st.subheader(_("Addition {id}", id=addition_id), anchor=False)
    life = list(services.history.life(addition_id))
    if life:
        st.caption(as_typed(place_of(life[0].row.names, product=True)))
    table = changes_table(life)
    ids = [f"{past.run_id} {past.row.number}" for past in life]
    if life:
        with st.container(horizontal=True, horizontal_alignment="right", gap="small"):
            draw_downloads("history_life", f"usage-sync-addition-{addition_id}", lambda: table)
    shown = (0, 1, 2, 3, 6, 7, 8, 9, 10, 11)
    chosen = draw_list(table, ids, shown, CHANGES_MONTH)
    draw_chosen(dict(zip(ids, life, strict=True)), chosen, services.customers.names())
