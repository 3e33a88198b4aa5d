"""The browser side of the grid: the files of `grid/`, joined into what AG Grid takes.

`JsCode` of streamlit-aggrid removes comments and line breaks with regular expressions, which also
hit strings; `Script` hands the source over as it is.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from st_aggrid import JsCode

DIRECTORY = Path(__file__).resolve().parent / "grid"
LIBRARY_FILES = ("dom.js", "search.js", "edits.js", "cells.js", "editor.js", "grid.js")
_MARK = "::JSCODE::"


class Script(JsCode):  # type: ignore[misc]  # the package ships no types
    """A JavaScript expression, unchanged."""

    def __init__(self, source: str) -> None:
        self.js_code = f"{_MARK}{source}{_MARK}"


def read_asset(name: str) -> str:
    """The text of one file of `grid/`."""
    return (DIRECTORY / name).read_text(encoding="utf-8")


@lru_cache(maxsize=8)
def library(labels: str) -> str:
    """One expression that installs `window.usageSyncGrid` in the grid's frame and gives it.

    `labels` is a JSON object.
    """
    style = f"const CSS_TEXT = {json.dumps(read_asset('grid.css'))}"
    sources = "\n".join([style, *(read_asset(name) for name in LIBRARY_FILES)])
    return f"((labels) => {{\n{sources}\n}})({labels})"


def call(function: str) -> Script:
    """A callback that AG Grid calls with its parameters, passed on to the library."""
    return Script(f"(...values) => window.usageSyncGrid.{function}(...values)")
