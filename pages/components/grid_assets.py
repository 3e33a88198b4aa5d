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
# What every grid has; the page's own script goes between the two.
FIRST_FILES = ("dom.js", "search.js", "edits.js", "cells.js", "editor.js")
LAST_FILES = ("grid.js",)
_MARK = "::JSCODE::"


class Script(JsCode):  # type: ignore[misc]  # the package ships no types
    """A JavaScript expression, unchanged."""

    def __init__(self, source: str) -> None:
        self.js_code = f"{_MARK}{source}{_MARK}"


def read_asset(name: str) -> str:
    """The text of one file of `grid/`."""
    return (DIRECTORY / name).read_text(encoding="utf-8")


@lru_cache(maxsize=16)
def library(labels: str, script: str) -> str:
    """One expression that installs `window.usageSyncGrid` in the grid's frame and gives it.

    `labels` is a JSON object, `script` the file of `grid/` that is the page's own.
    """
    style = f"const CSS_TEXT = {json.dumps(read_asset('grid.css'))}"
    files = (*FIRST_FILES, script, *LAST_FILES)
    sources = "\n".join([style, *(read_asset(name) for name in files)])
    return f"((labels) => {{\n{sources}\n}})({labels})"


def call(function: str) -> Script:
    """A callback that AG Grid calls with its parameters, passed on to the library."""
    return Script(f"(...values) => window.usageSyncGrid.{function}(...values)")


def value(name: str) -> Script:
    """The callback `name` among those that tell what a column sorts, filters or searches by."""
    return call(f"values.{name}")
