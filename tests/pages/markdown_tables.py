"""Reading the tables that pages write as Markdown."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def table_rows(page: AppTest, beginning: str) -> list[list[str]]:
    """The cells of the one table whose headings begin so, row by row."""
    (table,) = [box.value for box in page.markdown if box.value.startswith(beginning)]
    return [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
