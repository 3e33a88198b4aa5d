"""A list of the history on the screen: the rows that were looked for, a page of them at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import streamlit as st

from core.domain.month import Month
from core.use_cases.workbook import Cell, Table
from pages.components import history_session as session
from pages.components.formats import NOTHING, date_text, datetime_text, month_text
from pages.components.language import _, ngettext
from pages.components.number_columns import aligned, decimals_of, right
from pages.components.paging import draw_pages, on_screen

_ROW_HEIGHT, _MOST_HEIGHT = 36, 620
_LONG, _WIDEST = 28, 192


def draw_list(
    table: Table, ids: Sequence[str], shown: Sequence[int], month: int | None = None
) -> str | None:
    """The columns `shown` of the page of the table that is on the screen; returns the id of the
    row that is chosen. `ids` are those of the rows, `month` is the column of months, if any."""
    if not table.rows:
        st.caption(_("Nothing matches."))
        return None
    lines = on_screen(session.PAGE, list(zip(ids, table.rows, strict=True)))
    rows = [[row[column] for column in shown] for _id, row in lines]
    chosen = _draw_rows(
        [table.headings[column] for column in shown],
        rows,
        [a for a, _b in lines],
        None if month is None else shown.index(month),
    )
    st.caption(ngettext("{count} row", "{count} rows", len(table.rows)))
    draw_pages(session.PAGE, table.rows)
    return chosen


def _draw_rows(
    headings: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    ids: Sequence[str],
    month: int | None,
) -> str | None:
    names = [f"c{position}" for position in range(len(headings))]
    columns = {name: [row[at] for row in rows] for at, name in enumerate(names)}
    formats: dict[Any, Callable[[Any], str]] = {
        name: aligned(decimals_of(_decimals(cells)))
        for name, cells in columns.items()
        if _is_numeric(cells)
    }
    if month is not None:  # shown in words, and sorted as files have them
        formats[names[month]] = _month_words
    frame = pd.DataFrame(
        {name: [_shown(cell) for cell in cells] for name, cells in columns.items()}
    )
    config = {
        name: right(heading) if _is_numeric(columns[name]) else _text(heading, columns[name])
        for name, heading in zip(names, headings, strict=True)
    }
    # Other rows are another table: a selection is by line, and must never hit another row.
    key = hashlib.sha256("\n".join(ids).encode()).hexdigest()[:16]
    chosen = st.dataframe(
        frame.style.format(formats),
        hide_index=True,
        placeholder=NOTHING,
        height=min((len(rows) + 1) * _ROW_HEIGHT + 3, _MOST_HEIGHT),
        row_height=_ROW_HEIGHT,
        column_config=config,
        key=f"history_table_{session.view().value}_{key}",
        on_select="rerun",
        selection_mode="single-row",
    )
    picked = [line for line in chosen["selection"]["rows"] if line < len(ids)]
    return ids[picked[0]] if picked else None


def _text(heading: str, cells: Sequence[Cell]) -> Any:
    """A column of words, no wider than leaves room for the others."""
    long = any(isinstance(cell, str) and len(cell) > _LONG for cell in cells)
    return st.column_config.TextColumn(heading, width=_WIDEST if long else None)


def _month_words(stored: str) -> str:
    return month_text(Month.parse(stored))


def _is_numeric(cells: Sequence[Cell]) -> bool:
    return any(isinstance(cell, (int, Decimal)) for cell in cells)


def _decimals(cells: Sequence[Cell]) -> list[Decimal]:
    return [cell for cell in cells if isinstance(cell, Decimal)]


def _shown(cell: Cell) -> object:
    if isinstance(cell, datetime):
        return datetime_text(cell)
    if isinstance(cell, date):
        return date_text(cell)
    if isinstance(cell, Decimal):
        return float(cell)
    return str(cell) if isinstance(cell, Month) else cell
