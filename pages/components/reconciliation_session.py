"""What the page Reconciliation remembers of one session: month, view, filters, dialog."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

import streamlit as st

from core.domain.models import RowClass
from core.domain.month import Month
from core.domain.reconciliation_view import Show
from core.errors import InputError
from pages.components.language import language
from pages.components.paging import turn_page

MONTH, VIEW = "reconciliation_month", "reconciliation_view"
SHOW, CLASSES, CUSTOMER, PRODUCT, ASSIGNEE, ORDER, TEXT, GROUP = (
    f"reconciliation_{name}"
    for name in ("show", "classes", "customer", "product", "assignee", "order", "text", "group")
)
PAGE, TABLE, GROUPS = "reconciliation_page", "reconciliation_table", "reconciliation_groups"
_DIALOG, _NOTICE = "reconciliation_dialog", "reconciliation_notice"
_ASKED_MONTH = "reconciliation_asked_month"


class View(StrEnum):
    """The parts of the page."""

    ROWS = "rows"
    CHARTS = "charts"
    PRINT = "print"


class Dialog(StrEnum):
    """The dialogs of the page."""

    DETAILS = "details"
    ACCEPT = "accept"
    NOTE = "note"
    TOLERANCES = "tolerances"


@dataclass(frozen=True)
class OpenDialog:
    """The dialog on the screen, with the rows that it is about."""

    dialog: Dialog
    keys: tuple[str, ...] = ()


def begin() -> None:
    """Set everything once per session."""
    st.session_state.setdefault(_DIALOG, None)
    st.session_state.setdefault(PAGE, 1)
    st.session_state.setdefault(_ASKED_MONTH, "")


def follow_link() -> None:
    """A link from another page may name a month and filters, once."""
    wanted = st.query_params
    if {"month", "show", "class", "customer", "product", "text", "row"} & set(wanted):
        _follow(wanted)


def _follow(wanted: Any) -> None:
    """What the link does not name is not filtered by, whatever was looked for before."""
    show_everything()
    st.session_state[_ASKED_MONTH] = wanted.pop("month", "")
    month = _month(st.session_state[_ASKED_MONTH])
    if month is not None:
        st.session_state[MONTH] = str(month)
    classes = wanted.pop("class", "").split(",")
    st.session_state[CLASSES] = [one for one in classes if one in set(RowClass)]
    st.session_state[CUSTOMER] = wanted.pop("customer", "")
    st.session_state[PRODUCT] = wanted.pop("product", "")
    st.session_state[TEXT] = wanted.pop("text", "")
    if wanted.pop("show", "") == Show.OPEN.value:
        st.session_state[SHOW] = Show.OPEN.value
    row = wanted.pop("row", "")
    if row:
        open_dialog(Dialog.DETAILS, row)


def _month(text: str) -> Month | None:
    try:
        return Month.parse(text)
    except InputError:
        return None


def asked_in_vain(months: Collection[str]) -> str:
    """The month that the last link named where it is none of these, until one is chosen."""
    asked = str(st.session_state[_ASKED_MONTH])
    return "" if asked in months else asked


def view() -> View:
    """The part of the page that is shown."""
    return View(st.session_state.get(VIEW, View.ROWS))


def kept(name: str, options: Collection[Hashable], default: Hashable) -> dict[str, Any]:
    """Key and callback that tie a widget to a value which outlives it and any language.

    A value that is no option any more gives way to `default`.
    """
    if name not in st.session_state or st.session_state[name] not in options:
        st.session_state[name] = default
    return _tied(name)


def kept_several(name: str, options: Collection[str]) -> dict[str, Any]:
    """The same for a widget with several values."""
    chosen = st.session_state.get(name, ())
    st.session_state[name] = [one for one in chosen if one in options]
    return _tied(name)


def _tied(name: str) -> dict[str, Any]:
    key = f"{name}_{language()}"
    st.session_state[key] = st.session_state[name]
    return {"key": key, "on_change": _keep, "args": (name, key)}


def _keep(name: str, key: str) -> None:
    st.session_state[name] = st.session_state[key]
    if name == MONTH:
        st.session_state[_ASKED_MONTH] = ""
    turn_page(PAGE, 1)


def show_everything() -> None:
    """Take all filters back."""
    for name in (CUSTOMER, PRODUCT, ASSIGNEE, ORDER, TEXT):
        st.session_state[name] = ""
    st.session_state[CLASSES] = []
    st.session_state[SHOW] = Show.ALL.value
    turn_page(PAGE, 1)


# ---------------------------------------------------------------- dialogs and notices


def open_dialog(dialog: Dialog, *keys: str) -> None:
    """Open a dialog at the next drawing; any other closes."""
    st.session_state[_DIALOG] = OpenDialog(dialog, keys)


def opened() -> OpenDialog | None:
    """The dialog that is open."""
    return cast("OpenDialog | None", st.session_state[_DIALOG])


def close_dialog() -> None:
    """Close it; inside a dialog, rerun the page afterwards."""
    st.session_state[_DIALOG] = None


def say(notice: str) -> None:
    """Tell once, at the next drawing of the page."""
    st.session_state[_NOTICE] = notice


def show_notice() -> None:
    """Tell what was kept by `say`."""
    notice = st.session_state.pop(_NOTICE, None)
    if notice:
        st.toast(notice, icon=":material/check_circle:")


def selected(key: str, count: int) -> Sequence[int]:
    """The lines that are selected in a table of `count` lines."""
    state = st.session_state.get(key)
    lines = state["selection"]["rows"] if state else []
    return [line for line in lines if line < count]
