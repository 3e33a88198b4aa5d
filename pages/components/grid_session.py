"""What a page with a grid remembers of one session: edits, selection, filter, dialog, view."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar, cast

import streamlit as st

from core.domain.row_edits import CellEdit, RowBase, V
from core.domain.row_staging import StagedEdits
from core.services import Services
from pages.components.grid_events import GridMessage, Step
from pages.components.grid_steps import Stage, stage_cell, take_steps
from pages.components.identity import signed_in_as, who

# The prefixes of all pages with a grid.
MAPPING, CUSTOMERS = "mapping", "customers"

S = TypeVar("S", bound=StrEnum)


class Dialog(StrEnum):
    """The dialogs of pages with a grid; RULES are the quantity rules of one customer."""

    SAVE = "save"
    DISCARD = "discard"
    IMPORT = "import"
    HISTORY = "history"
    RULES = "rules"


@dataclass(frozen=True)
class OpenDialog:
    """The dialog on the screen; `code` is the row that it is about."""

    dialog: Dialog
    code: str = ""


def anything_staged() -> bool:
    """Whether edits are staged on any page."""
    return any(st.session_state.get(f"{prefix}_staged") for prefix in (MAPPING, CUSTOMERS))


class GridSession(Generic[V, S]):
    """The memory of one page; its keys in the session begin with `prefix`.

    `show` are the chips, of which the first shows all rows. `nothing` is the base of a row that
    was never saved.
    """

    def __init__(self, prefix: str, show: type[S], nothing: RowBase[V]) -> None:
        self.prefix = prefix
        self._shows = show
        self._nothing = nothing

    def key(self, name: str) -> str:
        """A key of this page, for the session or a widget."""
        return f"{self.prefix}_{name}"

    def begin(self, services: Services) -> None:
        """Set everything once per session, with the view that this person left last time."""
        if self.key("staged") in st.session_state:
            return
        view, show = self._stored_view(services)
        self._put("staged", StagedEdits())
        self._put("last_step", 0)
        self._put("bases", {})
        self._put("selected", ())
        self._put("request", None)
        self._put("view", view)
        self._put("view_drawn", view)
        self._put("show", show)
        self._put("catalog_held", "")

    # ------------------------------------------------------------ edits

    def staged(self) -> StagedEdits[V]:
        """The edits that are not saved yet."""
        return cast("StagedEdits[V]", self._get("staged"))

    def put_staged(self, edits: StagedEdits[V]) -> None:
        """Replace the staged edits."""
        self._put("staged", edits)

    def stage_many(self, edits: Iterable[CellEdit[V]]) -> None:
        """Stage several cells as one step of undo."""
        self.put_staged(self.staged().stage_many(edits))

    def remember_bases(self, bases: Mapping[str, RowBase[V]]) -> None:
        """Keep the rows as they are drawn now: edits are made on what the person sees."""
        self._put("bases", dict(bases))

    def rebase(self, saved: Mapping[str, RowBase[V]]) -> None:
        """Edits of these rows are made on what was saved now, also before it is drawn: a person
        sees in the grid what was staged, and goes on.
        """
        self.remember_bases({**self._get("bases"), **saved})

    def base_of(self, code: str) -> RowBase[V]:
        """The row as it was drawn; an unsaved one for a code that is not in the grid."""
        return cast("RowBase[V]", self._get("bases").get(code, self._nothing))

    # ------------------------------------------------------------ the grid

    def receive(self, services: Services, message: GridMessage) -> None:
        """Take a message of the grid."""
        self.take(services, message, stage_cell)

    def take(self, services: Services, message: GridMessage, stage: Stage) -> None:
        """`receive`, where `stage` says what a step in a cell does to the staged edits."""
        taken = take_steps(
            self.staged(), message.steps, self._get("bases"), self.last_step(), stage
        )
        self.put_staged(taken.staged)
        self._put("last_step", taken.last)
        if taken.request is not None:
            self._put("request", taken.request)
        self._put("selected", message.selected)
        self._put("catalog_held", message.catalog)
        if message.view and message.view != self._get("view"):
            self._put("view", message.view)
            self._store_view(services)

    def last_step(self) -> int:
        """The number of the last step of the grid that was taken."""
        return cast(int, self._get("last_step"))

    def selected(self) -> tuple[str, ...]:
        """The codes of the selected rows that are on display."""
        return cast("tuple[str, ...]", self._get("selected"))

    def catalog_held(self) -> str:
        """The version of the catalog that this browser has."""
        return cast(str, self._get("catalog_held"))

    def pop_request(self) -> Step | None:
        """What was asked for in the grid, once."""
        request = cast("Step | None", self._get("request"))
        self._put("request", None)
        return request

    def view_to_draw(self, *, new: bool) -> str:
        """The view for the grid's options, which must not change while it is on the page."""
        if new:
            self._put("view_drawn", self._get("view"))
        return cast(str, self._get("view_drawn"))

    # ------------------------------------------------------------ chips

    def show(self) -> S:
        """The chip that is on."""
        return cast(S, self._get("show"))

    def put_show(self, services: Services, chosen: S) -> None:
        """Turn a chip on."""
        if chosen is not self.show():
            self._put("show", chosen)
            self._store_view(services)

    def follow_link(self, services: Services) -> None:
        """A link from another page may name the chip to turn on, once."""
        wanted = st.query_params.pop("show", None)
        if wanted in set(self._shows):
            self.put_show(services, self._shows(wanted))

    def first_show(self) -> S:
        """The chip that shows all rows."""
        return next(iter(self._shows))

    # ------------------------------------------------------------ dialogs

    def open_dialog(self, dialog: Dialog, code: str = "") -> None:
        """Open a dialog at the next drawing; any other closes."""
        self._put("dialog", OpenDialog(dialog, code))

    def opened(self) -> OpenDialog | None:
        """The dialog that is open: kept in the session, so that a rerun keeps it."""
        return cast("OpenDialog | None", st.session_state.get(self.key("dialog")))

    def close_dialog(self) -> None:
        """Close it; inside a dialog, rerun the page afterwards."""
        self._put("dialog", None)

    def leave_notice(self, words: str) -> None:
        """Keep what a save did, to be said when the dialog has closed."""
        self._put("notice", words)

    def show_notice(self) -> None:
        """Say it, once."""
        notice = st.session_state.pop(self.key("notice"), None)
        if notice:
            st.toast(notice, icon=":material/check_circle:")

    # ------------------------------------------------------------ inside

    def _get(self, name: str) -> Any:
        return st.session_state[self.key(name)]

    def _put(self, name: str, value: object) -> None:
        st.session_state[self.key(name)] = value

    def _preference_key(self) -> str:
        return f"{self.prefix}_view/{who()}"

    def _store_view(self, services: Services) -> None:
        view = {"grid": self._get("view"), "show": self.show().value}
        if signed_in_as() is None:
            view = {"grid": showing_all(self._get("view"))}
        stored, key = json.dumps(view), self._preference_key()
        if stored != services.preferences.get(key):
            services.preferences.put(key, stored, who())

    def _stored_view(self, services: Services) -> tuple[str, S]:
        stored = services.preferences.get(self._preference_key())
        try:
            values = json.loads(stored or "{}")
            grid = str(values.get("grid", ""))
            if signed_in_as() is None:
                return showing_all(grid), self.first_show()
            return grid, self._shows(values.get("show", self.first_show()))
        except (ValueError, AttributeError):
            return "", self.first_show()


def showing_all(view: str) -> str:
    """A view of the grid without what hides rows.

    Without sign-in several people have one name: how wide a column is may be shared among them, but
    nobody may miss the rows that somebody else was not looking for.
    """
    values = json.loads(view) if view else {}
    state = values.get("state")
    if isinstance(state, dict):
        values["state"] = {name: part for name, part in state.items() if name != "filter"}
    values.pop("quick", None)
    return json.dumps(values) if values else ""
