"""The two buttons that give what is shown as a file."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.use_cases.workbook import CSV_TYPE, EXCEL_TYPE, Table, as_csv, as_excel
from pages.components.language import _
from pages.components.reader import for_this_reader


def draw_downloads(
    key: str, file_name: str, table: Callable[[], Table], help_text: str | None = None
) -> None:
    """CSV and Excel of a table, which is made when one of them is asked for: by then the page is
    drawn, and nobody else knows who reads it."""
    st.download_button(
        _("CSV"),
        data=for_this_reader(lambda: as_csv(table())),
        file_name=f"{file_name}.csv",
        mime=CSV_TYPE,
        key=f"{key}_csv",
        icon=":material/download:",
        on_click="ignore",
        help=help_text,
    )
    st.download_button(
        _("Excel"),
        data=for_this_reader(lambda: as_excel([table()])),
        file_name=f"{file_name}.xlsx",
        mime=EXCEL_TYPE,
        key=f"{key}_excel",
        icon=":material/download:",
        on_click="ignore",
        help=help_text,
    )
