"""The rows that are shown, as files. They are made when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from core.domain.reconciliation_view import NamedRow
from core.services import Services
from core.use_cases.month_report import MonthReport
from core.use_cases.workbook import CSV_TYPE, EXCEL_TYPE
from pages.components.language import _, language, ngettext, text_in


def draw_downloads(services: Services, looked: MonthReport, found: Sequence[NamedRow]) -> None:
    """What is filtered, as CSV and as an Excel workbook."""
    month = looked.report.month
    everything = len(found) == len(looked.rows)
    rows = None if everything else list(found)
    say = partial(text_in, code=language())
    name = f"reconciliation-{month}"
    help_text = ngettext(
        "The {count} row that is shown, with everything that is known of it.",
        "The {count} rows that are shown, with everything that is known of them.",
        len(found),
    )
    _download(
        _("CSV"),
        lambda: services.reconciliation.export_csv(month, rows, say),
        f"{name}.csv",
        CSV_TYPE,
        help_text,
    )
    _download(
        _("Excel"),
        lambda: services.reconciliation.export_workbook(month, rows, say),
        f"{name}.xlsx",
        EXCEL_TYPE,
        help_text,
    )


def _download(label: str, data: Callable[[], bytes], name: str, kind: str, help_text: str) -> None:
    st.download_button(
        label,
        data=data,
        file_name=name,
        mime=kind,
        key=f"reconciliation_{name.rpartition('.')[2]}",
        icon=":material/download:",
        on_click="ignore",
        help=help_text,
    )
