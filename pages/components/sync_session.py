"""What the page Usage sync remembers of one session: month, decisions about its plan, dialog."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, cast

import streamlit as st

from core.domain.models import PlanOptions, Run, RunStatus
from core.domain.month import Month
from core.domain.plan_moves import Move
from core.errors import InputError, Message, Problem, UsageSyncError
from pages.components.language import language
from pages.components.plan_rows import Show
from pages.components.problems import failure_text

MONTH, VIEW = "usage_sync_month", "usage_sync_view"
SHOW, CUSTOMER, PRODUCT, KIND, TEXT = (
    f"usage_sync_{name}" for name in ("show", "customer", "product", "kind", "text")
)
GROUP, PAGE, TABLE = "usage_sync_group", "usage_sync_page", "usage_sync_table"
RUN_PARAMETER, UNDO_PARAMETER = "run", "undo"
_OPTIONS, _RETRIES, _DIALOG, _TARGETS = (
    f"usage_sync_{name}" for name in ("options", "retries", "dialog", "targets")
)
_UNDO_OF = "usage_sync_undo_of"
_REFUSED = "usage_sync_refused_runs"
_REFUSAL = "usage_sync_refusal"
_NOTICE, _FAILURE = "usage_sync_notice", "usage_sync_failure"


class View(StrEnum):
    """The parts of the page."""

    PLAN = "plan"
    USAGE = "usage"
    RUNS = "runs"


class Dialog(StrEnum):
    """The dialogs of the page."""

    WHY = "why"
    EXCLUDE = "exclude"
    OLDER_MONTH = "older_month"
    APPROVE = "approve"
    REFUSED = "refused"
    IMPORT = "import"
    CLOSE_MONTH = "close_month"
    REOPEN_MONTH = "reopen_month"
    STOP_RUN = "stop_run"
    END_RUN = "end_run"


@dataclass(frozen=True)
class OpenDialog:
    """The dialog on the screen, with the targets or the run that it is about."""

    dialog: Dialog
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refusal:
    """Why a plan could not be approved, and the first of the `count` rows that moved since it was
    looked at."""

    text: Message
    remedy: Message | None
    problems: tuple[Problem, ...]
    moves: tuple[Move, ...]
    count: int


def begin(undo_of: str = "") -> None:
    """Set everything once per session. The plan on the screen is the undo of the run `undo_of`,
    or that of a month: decisions about one are none about the other."""
    st.session_state[_UNDO_OF] = undo_of
    st.session_state.setdefault(_OPTIONS, {})
    st.session_state.setdefault(_RETRIES, {})
    st.session_state.setdefault(_DIALOG, None)
    st.session_state.setdefault(_TARGETS, ("", frozenset()))
    st.session_state.setdefault(PAGE, 1)


def follow_link() -> None:
    """A link from another page may name a month, targets, a view and filters, once."""
    wanted = st.query_params
    month = _month(wanted.pop("month", ""))
    targets = frozenset(filter(None, wanted.pop("only", "").split(",")))
    if month is not None:
        st.session_state[MONTH] = str(month)
        if targets:
            _plan_only(month, targets)
    view = wanted.pop("view", "")
    if view in {one.value for one in View}:
        st.session_state[VIEW] = str(view)
    if "customer" in wanted:
        st.session_state[CUSTOMER] = wanted.pop("customer")
        st.session_state[SHOW] = Show.ALL.value
    if "product" in wanted:
        st.session_state[PRODUCT] = wanted.pop("product")
        st.session_state[SHOW] = Show.ALL.value


def _plan_only(month: Month, targets: frozenset[str]) -> None:
    """Turn to the plan of these targets alone."""
    end_retry(month)
    put_options(month, replace(options(month), only=targets))
    choose_view(View.PLAN)
    narrow(month, ())
    for name in (SHOW, CUSTOMER, PRODUCT, KIND, TEXT):
        st.session_state.pop(name, None)


def _month(text: str) -> Month | None:
    try:
        return Month.parse(text)
    except InputError:
        return None


def choose_month(chosen: Month) -> None:
    """Look at another month."""
    st.session_state[MONTH] = str(chosen)


def choose_view(view: View) -> None:
    """Turn to another part of the page."""
    st.session_state[VIEW] = view.value


def month() -> Month:
    """The month that was chosen last."""
    return Month.parse(st.session_state[MONTH])


def shown_plan() -> Month | None:
    """The month whose plan is on the screen; None while something else is."""
    chosen = st.session_state.get(MONTH)
    return Month.parse(chosen) if chosen and view() is View.PLAN else None


def run_shown() -> str | None:
    """The run whose changes are on the screen; its id stays in the address."""
    return st.query_params.get(RUN_PARAMETER)


def show_run(run_id: str) -> None:
    """Show one run instead of the list, or of the plan of its undo."""
    st.query_params[RUN_PARAMETER] = run_id
    st.query_params.pop(UNDO_PARAMETER, None)


def leave_run() -> None:
    """Back to the list of runs."""
    st.query_params.pop(RUN_PARAMETER, None)
    st.query_params.pop(UNDO_PARAMETER, None)


def view() -> View:
    """The part of the page that is shown."""
    return View(st.session_state.get(VIEW, View.PLAN))


def kept(name: str, options: Collection[Hashable], default: Hashable) -> dict[str, Any]:
    """Key and callback that tie a widget to a value which outlives it and any language.

    A value that is no option any more gives way to `default`.
    """
    if name not in st.session_state or st.session_state[name] not in options:
        st.session_state[name] = default
    key = f"{name}_{language()}"
    st.session_state[key] = st.session_state[name]
    return {"key": key, "on_change": _keep, "args": (name, key)}


def _keep(name: str, key: str) -> None:
    st.session_state[name] = st.session_state[key]
    st.session_state[PAGE] = 1


# ---------------------------------------------------------------- the plan


def _plan_key(month: Month) -> str:
    """Which plan of a month is on the screen."""
    undo_of = st.session_state.get(_UNDO_OF, "")
    return f"{month} {undo_of}" if undo_of else str(month)


def options(month: Month) -> PlanOptions:
    """What this person decided for the plan of a month."""
    kept = cast(dict[str, PlanOptions], st.session_state[_OPTIONS])
    return kept.get(_plan_key(month), PlanOptions())


def put_options(month: Month, chosen: PlanOptions) -> None:
    """Keep the decisions."""
    st.session_state[_OPTIONS] = {**st.session_state[_OPTIONS], _plan_key(month): chosen}


def exclude(month: Month, keys: tuple[str, ...], reason: str) -> None:
    """Leave rows out, with the reason."""
    chosen = options(month)
    excluded = {**chosen.excluded, **dict.fromkeys(keys, reason)}
    put_options(month, replace(chosen, excluded=excluded))


def anything_decided() -> bool:
    """Whether something was decided for a plan, of any month or run, that was not approved yet."""
    return any(
        chosen.excluded or chosen.recreate or chosen.older_month_reason
        for chosen in st.session_state.get(_OPTIONS, {}).values()
    )


def include(month: Month, keys: tuple[str, ...]) -> None:
    """Take rows in again."""
    chosen = options(month)
    kept = {key: reason for key, reason in chosen.excluded.items() if key not in keys}
    put_options(month, replace(chosen, excluded=kept))


def recreate_all(month: Month, keys: frozenset[str]) -> None:
    """Create these bound additions that are gone anew, and no others."""
    put_options(month, replace(options(month), recreate=keys))


def begin_retry(run: Run, chosen: PlanOptions) -> None:
    """Turn to the plan of what a run did not get done."""
    put_options(run.month, chosen)
    st.session_state[_RETRIES] = {**st.session_state[_RETRIES], str(run.month): run.id}
    st.session_state[MONTH] = str(run.month)
    leave_run()
    choose_view(View.PLAN)


def retry_of(month: Month) -> str:
    """The run that the plan of the month goes on from; empty for the plan of everything."""
    return str(st.session_state[_RETRIES].get(_plan_key(month), ""))


def end_retry(month: Month) -> None:
    """Plan everything again."""
    put_options(month, replace(options(month), only=None))
    retries = st.session_state[_RETRIES].items()
    st.session_state[_RETRIES] = {name: run for name, run in retries if name != _plan_key(month)}


def forget_decisions(month: Month) -> None:
    """The plan was approved: the next one starts from nothing."""
    put_options(month, PlanOptions())
    end_retry(month)


def take_up_refused(run: Run) -> bool:
    """Whether the decisions of the plan's last run hold again, because it was refused and wrote
    nothing: once for each such run, and not where something else was decided since."""
    if run.status is not RunStatus.REFUSED or run.options == PlanOptions():
        return False
    taken = st.session_state.get(_REFUSED, frozenset())
    if run.id in taken or run.undo_of != st.session_state.get(_UNDO_OF, ""):
        return False
    st.session_state[_REFUSED] = taken | {run.id}
    if options(run.month) != PlanOptions():
        return False
    put_options(run.month, run.options)
    if run.options.only is not None:
        retries = {**st.session_state[_RETRIES], _plan_key(run.month): run.retry_of}
        st.session_state[_RETRIES] = retries
    return True


def push_older_month(month: Month, reason: str) -> None:
    """Let the month through where a newer one was pushed; without a reason, do not."""
    put_options(month, replace(options(month), older_month_reason=reason))


def targets(month: Month) -> frozenset[str]:
    """The targets that the table is narrowed to, by a limit; empty: to none."""
    kept_month, keys = st.session_state[_TARGETS]
    return cast(frozenset[str], keys) if kept_month == _plan_key(month) else frozenset()


def narrow(month: Month, keys: Collection[str]) -> None:
    """Narrow the table to these; empty: show all again."""
    st.session_state[_TARGETS] = (_plan_key(month), frozenset(keys))
    st.session_state[PAGE] = 1


# ---------------------------------------------------------------- dialogs and notices


def open_dialog(dialog: Dialog, *keys: str) -> None:
    """Open a dialog at the next drawing; any other closes."""
    st.session_state[_DIALOG] = OpenDialog(dialog, keys)


def opened() -> OpenDialog | None:
    """The dialog that is open."""
    return cast("OpenDialog | None", st.session_state[_DIALOG])


def is_open(dialog: Dialog) -> bool:
    """Whether the dialog on the screen is this one."""
    found = opened()
    return found is not None and found.dialog is dialog


def close_dialog() -> None:
    """Close it; inside a dialog, rerun the page afterwards."""
    st.session_state[_DIALOG] = None


def refuse(refusal: Refusal) -> None:
    """Tell it in the place of the approval."""
    st.session_state[_REFUSAL] = refusal
    open_dialog(Dialog.REFUSED)


def refusal() -> Refusal | None:
    """What was told last by `refuse`."""
    return cast("Refusal | None", st.session_state.get(_REFUSAL))


def say(notice: str) -> None:
    """Tell once, at the next drawing of the page."""
    st.session_state[_NOTICE] = notice


def say_error(error: UsageSyncError) -> None:
    """Tell at the next drawing what went wrong in a callback."""
    st.session_state[_FAILURE] = (error.text, error.remedy)


def show_notices() -> None:
    """Tell what was kept by `say` and `say_error`."""
    notice = st.session_state.pop(_NOTICE, None)
    if notice:
        st.toast(notice, icon=":material/check_circle:")
    failure = st.session_state.pop(_FAILURE, None)
    if failure:
        st.error(failure_text(*failure), icon=":material/error:")
