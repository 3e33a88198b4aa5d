"""What the page History remembers of one session: the view, the filters, the dialog."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

import streamlit as st

from pages.components import sync_session
from pages.components.history_rows import Wanted
from pages.components.language import language
from pages.components.paging import turn_page
from pages.components.reader import zone

VIEW, PAGE = "history_view", "history_page"
# What a filter is called in a link; from and to are days as `2026-10-05`.
_FILTERS = (
    "month", "customer", "product", "person", "status", "kind", "agreement", "origin", "from", "to",
    "text",
)  # fmt: skip
_KEYS = {name: f"history_{name}" for name in _FILTERS}
MONTH, CUSTOMER, PRODUCT, PERSON, STATUS, KIND, AGREEMENT, ORIGIN, FIRST, LAST, TEXT = (
    _KEYS.values()
)
_PUT_BACK = "history_put_back"
_ADDITION = "addition"


class View(StrEnum):
    """The parts of the page."""

    RUNS = "runs"
    CHANGES = "changes"
    MAPPINGS = "mappings"
    CUSTOMERS = "customers"
    MONTHS = "months"


def begin() -> None:
    """Set everything once per session."""
    sync_session.begin(undo_of())
    st.session_state.setdefault(PAGE, 1)
    st.session_state.setdefault(_PUT_BACK, "")


def follow_link() -> None:
    """A link from another page may name a view and filters, once; the run and the addition that
    are looked at stay in the address."""
    wanted = st.query_params
    given = {name: wanted.pop(name) for name in list(wanted) if name in _KEYS}
    if given:
        _put_filters(given)
        st.session_state[VIEW] = View.CHANGES.value
    view = wanted.pop("view", "")
    if view in set(View):
        st.session_state[VIEW] = str(view)


def view() -> View:
    """The part of the page that is shown."""
    return View(st.session_state.get(VIEW, View.RUNS))


def look_for(view_wanted: View, **filters: str) -> None:
    """Turn to a view, with these filters and no others."""
    _put_filters(filters)
    st.session_state[VIEW] = view_wanted.value
    sync_session.leave_run()
    leave_addition()
    turn_page(PAGE, 1)


def _put_filters(given: Mapping[str, str]) -> None:
    for name, key in _KEYS.items():
        st.session_state[key] = given.get(name, "")


def show_everything() -> None:
    """Take all filters back."""
    _put_filters({})
    turn_page(PAGE, 1)


def wanted() -> Wanted:
    """What the filters on the screen look for; days are those of the reader's time zone."""
    words = {
        name: str(st.session_state.get(key, ""))
        for name, key in _KEYS.items()
        if key not in (FIRST, LAST)
    }
    first, last = day(FIRST), day(LAST)
    return Wanted(
        **words,
        since=_midnight(first) if first else None,
        before=_midnight(last + timedelta(days=1)) if last else None,
    )


def day(name: str) -> date | None:
    """The day that a filter names."""
    try:
        return date.fromisoformat(str(st.session_state.get(name, "")))
    except ValueError:
        return None


def _midnight(wanted_day: date) -> datetime:
    return datetime.combine(wanted_day, time.min, zone())


def kept(name: str, options: Collection[Hashable], default: Hashable) -> dict[str, Any]:
    """Key and callback that tie a widget to a value which outlives it and any language.

    A value that is no option any more gives way to `default`.
    """
    if name not in st.session_state or st.session_state[name] not in options:
        st.session_state[name] = default
    key = f"{name}_{language()}"
    st.session_state[key] = st.session_state[name]
    return {"key": key, "on_change": _keep, "args": (name, key)}


def kept_day(name: str) -> dict[str, Any]:
    """The same for a day, which may be empty."""
    key = f"{name}_{language()}"
    st.session_state[key] = day(name)
    return {"key": key, "on_change": _keep_day, "args": (name, key)}


def _keep_day(name: str, key: str) -> None:
    chosen = st.session_state[key]
    st.session_state[name] = chosen.isoformat() if chosen else ""
    turn_page(PAGE, 1)


def _keep(name: str, key: str) -> None:
    st.session_state[name] = st.session_state[key]
    turn_page(PAGE, 1)


# ---------------------------------------------------------------- what is looked at


def undo_of() -> str:
    """The run whose undo is on the screen; empty for none."""
    run_id = st.query_params.get(sync_session.RUN_PARAMETER, "")
    return run_id if sync_session.UNDO_PARAMETER in st.query_params else ""


def show_undo(run_id: str) -> None:
    """Show the plan that takes a run back."""
    st.query_params[sync_session.RUN_PARAMETER] = run_id
    st.query_params[sync_session.UNDO_PARAMETER] = "1"


def leave_undo() -> None:
    """Back to the run."""
    st.query_params.pop(sync_session.UNDO_PARAMETER, None)


def addition() -> int | None:
    """The addition whose life is on the screen."""
    given = st.query_params.get(_ADDITION, "")
    return int(given) if given.isdecimal() else None


def show_addition(addition_id: int) -> None:
    """Show what all runs did to one addition."""
    sync_session.leave_run()
    st.query_params[_ADDITION] = str(addition_id)
    turn_page(PAGE, 1)


def leave_addition() -> None:
    """Back to the lists."""
    st.query_params.pop(_ADDITION, None)


def show_run(run_id: str) -> None:
    """Show one run."""
    leave_addition()
    sync_session.show_run(run_id)
    turn_page(PAGE, 1)


def ask_to_put_back(entry_id: str) -> None:
    """Open the dialog that puts a saved change back."""
    st.session_state[_PUT_BACK] = entry_id


def to_put_back() -> str:
    """The saved change of the dialog; empty when it is closed."""
    return str(st.session_state[_PUT_BACK])


def close_put_back() -> None:
    """Close the dialog."""
    st.session_state[_PUT_BACK] = ""
