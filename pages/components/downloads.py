"""The two buttons that give what is shown as a file."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.use_cases.workbook import CSV_TYPE, EXCEL_TYPE, Table, as_csv, as_excel
from pages.components.language import _


def draw_downloads(
    key: str, file_name: str, table: Callable[[], Table], help_text: str | None = None
) -> None:
    """CSV and Excel of a table, which is made when one of them is asked for."""
    st.download_button(
        _("CSV"),
        data=lambda: as_csv(table()),
        file_name=f"{file_name}.csv",
        mime=CSV_TYPE,
        key=f"{key}_csv",
        icon=":material/download:",
        on_click="ignore",
        help=help_text,
    )
    st.download_button(
        _("Excel"),
        data=lambda: as_excel([table()]),
        file_name=f"{file_name}.xlsx",
        mime=EXCEL_TYPE,
        key=f"{key}_excel",
        icon=":material/download:",
        on_click="ignore",
        help=help_text,
    )
