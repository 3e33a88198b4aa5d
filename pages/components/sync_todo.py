"""What needs a person about syncing: plans that wait, runs that went wrong, customers held up."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from core.domain.models import (
    CustomerRow,
    CustomerState,
    Run,
    RunStatus,
    WaitingPlan,
)
from core.domain.undone import Undone
from pages.components.customer_filters import Show
from pages.components.formats import age_text
from pages.components.language import _, ngettext, text
from pages.components.plan_findings import CUSTOMERS_PAGE
from pages.components.run_rows import last_word, was_started
from pages.components.todo import SYNC_PAGE, Todo


def run_todos(undone: Sequence[Undone], interrupted: Run | None, now: datetime) -> list[Todo]:
    """A run that was cut off, and what others did not get done."""
    cut_off = [] if interrupted is None else [_interrupted(interrupted)]
    return cut_off + [_went_wrong(one.run, one.left, now) for one in undone]


def waiting_todos(waiting: Sequence[WaitingPlan], now: datetime) -> list[Todo]:
    """Plans that the schedule made and that nobody approved yet."""
    return [_waiting(plan, now) for plan in waiting]


def customer_todos(rows: Sequence[CustomerRow], used: Collection[str]) -> list[Todo]:
    """Customers whose sync is held up, and customers with usage that nobody is billed for.

    `used` are the customers with usage in the newest month.
    """
    blocked = [row for row in rows if row.state is CustomerState.BLOCKED]
    unmapped = [
        row
        for row in rows
        if row.state is CustomerState.UNMAPPED and row.mapping.customer_id in used
    ]
    found = []
    if blocked:
        found.append(_blocked(blocked))
    if unmapped:
        found.append(_unmapped(unmapped))
    return found


def _run_title(run: Run) -> str:
    return _("Run {number} of {month}", number=str(run.number), month=str(run.month))


def _interrupted(run: Run) -> Todo:
    if was_started(run):
        title = _("{run} was cut off.", run=_run_title(run))
    else:
        title = _("{run} was approved and has not begun.", run=_run_title(run))
    finished = run.done + run.failed + run.skipped
    detail = _(
        "{done} of {total} changes have an outcome. Finish it or stop it; until then no other run "
        "can start.",
        done=finished,
        total=run.changes,
    )
    return Todo(":material/running_with_errors:", title, detail, page=SYNC_PAGE)


def _went_wrong(run: Run, left: int, now: datetime) -> Todo:
    if run.status is RunStatus.FINISHED:
        title = ngettext(
            "{run}: {count} change failed.",
            "{run}: {count} changes failed.",
            left,
            run=_run_title(run),
        )
    else:
        words = {
            RunStatus.REFUSED: _("{run} was refused; nothing was written.", run=_run_title(run)),
            RunStatus.STOPPED: _("{run} was stopped.", run=_run_title(run)),
            RunStatus.ABORTED: _("{run} was broken off.", run=_run_title(run)),
        }
        title = words[run.status]
    word = last_word(run)
    told = [text(part) for part in (word.text, word.remedy) if part] if word else []
    told.append(_("{done} of {total} changes are done", done=run.done, total=run.changes))
    told.append(age_text(run.finished_at, now))
    params = (("view", "runs"), ("run", run.id))
    return Todo(":material/sync_problem:", title, " · ".join(told), page=SYNC_PAGE, params=params)


def _waiting(plan: WaitingPlan, now: datetime) -> Todo:
    title = _("A plan of {month} waits for approval.", month=str(plan.month))
    told = [ngettext("{count} change", "{count} changes", plan.changes)]
    if plan.blocked:
        told.append(ngettext("{count} blocked", "{count} blocked", plan.blocked))
    if plan.exceeded:
        told.append(ngettext("{count} limit exceeded", "{count} limits exceeded", plan.exceeded))
    told.append(_("made {age}", age=age_text(plan.made_at, now)))
    params = (("month", str(plan.month)), ("view", "plan"))
    return Todo(
        ":material/pending_actions:", title, " · ".join(told), page=SYNC_PAGE, params=params
    )


def _blocked(rows: Sequence[CustomerRow]) -> Todo:
    title = ngettext(
        "Sync of {count} customer is held up.", "Sync of {count} customers is held up.", len(rows)
    )
    told = [
        _("{name}: {value}", name=row.customer.name, value=row.reason)
        for row in rows[:3]
        if row.reason is not None
    ]
    if len(rows) > len(told):
        told.append("…")
    params = (("show", Show.TODO.value),)
    return Todo(":material/block:", title, " · ".join(told), page=CUSTOMERS_PAGE, params=params)


def _unmapped(rows: Sequence[CustomerRow]) -> Todo:
    title = ngettext(
        "{count} customer with usage has no agreement.",
        "{count} customers with usage have no agreement.",
        len(rows),
    )
    suggested = sum(row.suggestion is not None for row in rows)
    detail = _("Sync does not bill this usage.")
    if suggested:
        detail += " " + ngettext(
            "There is a suggestion for {count} of them.",
            "There are suggestions for {count} of them.",
            suggested,
        )
    params = (("show", Show.UNMAPPED.value),)
    return Todo(":material/person_search:", title, detail, page=CUSTOMERS_PAGE, params=params)
