"""The grid: AG Grid behind one function, so that another grid can take its place.

Its rows, columns, words and cells come from the page, as a `GridKind`. How it stays right:
- Rows are the truth and carry what is staged. What the person does between two runs of the page
  lies over them in the browser until the rows say, in `seen`, that it was taken.
- AG Grid's own value changes are never used: after the first of them streamlit-aggrid would take
  no data from the server any more (`client_wins`), or close an open editor at every run
  (`server_wins`).
- Options never change while the grid is on the page, because a change would rebuild its columns.
- Colours are the theme's CSS variables, so that a change of theme needs no run of the page.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import pandas as pd
import streamlit as st
from st_aggrid import AgGrid, StAggridTheme

from pages.components.grid_assets import Script, call, library
from pages.components.grid_columns import Column, locale_text
from pages.components.grid_events import GridFields, GridMessage, parse_message
from pages.components.language import locale

HEIGHT = 600


@dataclass(frozen=True, kw_only=True)
class GridRow:
    """What the rows of every grid have; every text is ready for the reader, ids are text, "" is
    nothing.

    `code` is the row's key. `explanation` stands in the row itself, for states that a person has
    to understand. `suggestion_score` is for sorting, -1 for none.
    """

    code: str
    name: str
    sync: bool
    base_sync: bool
    state: str
    next_state: str
    since: str
    state_hint: str
    explanation: str
    suggestion_id: str
    suggestion_name: str
    suggestion_score: float
    suggestion_reason: str
    conflict: bool


@dataclass(frozen=True, kw_only=True)
class GridKind:
    """What makes the grid the one of a page.

    `row` is the dataclass of its rows, `script` the file of `grid/` with its own cells and
    editors, `staged` the fields that can be edited. `columns` and `labels` are in the reader's
    language, as is `no_rows`, said when no row matches a filter.
    """

    row: type[GridRow]
    script: str
    staged: GridFields
    columns: Callable[[], list[Column]]
    labels: Callable[[], dict[str, str]]
    no_rows: Callable[[], str]

    @property
    def fields(self) -> list[str]:
        """The names of what a row has, in the order in which it travels."""
        return [field.name for field in fields(self.row)]


def draw_grid(
    rows: pd.DataFrame,
    kind: GridKind,
    *,
    key: str,
    language: str,
    view: str,
    on_message: Callable[[GridMessage], None],
) -> None:
    """Draw the rows of a `grid_frame`.

    `on_message` is called once for each message, before the page's next run. `view` (see
    `GridMessage.view`) and `language` have to stay the same for a `key`.
    """

    def receive(answer: Any) -> None:
        on_message(parse_message(answer.raw_data, kind.staged))

    AgGrid(
        rows.copy(),  # the grid writes into what it is given
        gridOptions=_options(kind, language, view),
        key=key,
        height=HEIGHT,
        theme=_theme(),
        data_return_mode="CUSTOM",
        custom_jscode_for_grid_return=Script("() => null"),
        update_on=[],
        callback=receive,
        allow_unsafe_jscode=True,
        enable_enterprise_modules=False,
        use_json_serialization=False,
    )


def is_new(key: str) -> bool:
    """True when the grid is not on the page yet: Streamlit forgets keys that are not drawn."""
    return key not in st.session_state


def packed_row(row: GridRow) -> str:
    """A row as it travels: its values in the order of `GridKind.fields`, as one JSON list."""
    return json.dumps(list(vars(row).values()), ensure_ascii=False, separators=(",", ":"))


def grid_frame(packed: Mapping[str, str], seen: int) -> pd.DataFrame:
    """The rows as `draw_grid` takes them: packed, by code; `seen` is the last step taken.

    The component hashes and converts every column with every run of a page; three columns take a
    tenth of the time of thirty. `seen` changes with every step, and what is packed can be kept.
    """
    return pd.DataFrame(
        {
            "code": pd.Series(list(packed), dtype=str),
            "seen": pd.Series([float(seen)] * len(packed), dtype=float),
            "packed": pd.Series(list(packed.values()), dtype=str),
        }
    )


def _theme() -> StAggridTheme:
    return StAggridTheme(base="quartz")


def _options(kind: GridKind, language: str, view: str) -> dict[str, Any]:
    stored = json.loads(view) if view else {}
    return {
        # First, because the other callbacks use what it installs.
        "context": {
            "library": Script(library(json.dumps(kind.labels()), kind.script)),
            "language": language,
            "locale": locale().replace("_", "-"),
            "fields": kind.fields,
            "quick": stored.get("quick") or "",
        },
        "components": Script("window.usageSyncGrid.components"),
        "columnDefs": kind.columns(),
        "defaultColDef": {"resizable": True, "sortable": True, "suppressHeaderMenuButton": True},
        "getRowId": Script(
            "({data, context}) => usageSyncGrid.unpacked(data, context.fields).code"
        ),
        "onGridReady": call("onGridReady"),
        "onCellKeyDown": call("onCellKeyDown"),
        "rowClassRules": {"us-conflict": Script("({data}) => Boolean(data && data.conflict)")},
        "rowSelection": {
            "mode": "multiRow",
            "selectAll": "filtered",
            "enableClickSelection": False,
        },
        "selectionColumnDef": {"width": 44, "pinned": None},
        "initialState": _initial_state(stored),
        "quickFilterText": stored.get("quick") or "",
        "quickFilterParser": call("quickWords"),
        "quickFilterMatcher": call("quickMatch"),
        "localeText": locale_text(kind.no_rows()),
        "getRowHeight": call("rowHeight"),
        "headerHeight": 38,
        "stopEditingWhenCellsLoseFocus": True,
        "enableCellTextSelection": True,
        "ensureDomOrder": True,
        "suppressDragLeaveHidesColumns": True,
        "animateRows": False,
        "tooltipShowDelay": 300,
    }


def _initial_state(stored: dict[str, Any]) -> dict[str, Any]:
    state = stored.get("state")
    if not isinstance(state, dict):
        return {}
    return {name: part for name, part in state.items() if part is not None}
