"""See `core.use_cases.workbook`."""

from __future__ import annotations

from core.use_cases.workbook import CSV_TYPE, EXCEL_TYPE, Cell, Table, as_csv, as_excel

__all__ = ["CSV_TYPE", "EXCEL_TYPE", "Cell", "Table", "as_csv", "as_excel"]
