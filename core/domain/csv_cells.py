"""Text cells that a spreadsheet must not execute, and how to get the original text back.

A spreadsheet takes a cell that starts with `= + - @`, a tab or a line break for a formula. So an
apostrophe goes before such a start, and, to make it reversible, before an apostrophe at the start.
The same is done after every character at which a spreadsheet with another delimiter than ours
would begin a new cell: a file with commas is split at semicolons where that is the local habit.
"""

from __future__ import annotations

import re

# The full-width forms are formulas too in East Asian spreadsheets.
_FORMULA_START = "=+\\-@\t\r\n＝＋－＠'"
_CELL_BORDER = ';,|"\t\r\n'

_DANGEROUS = re.compile(f"(?:^|(?<=[{_CELL_BORDER}]))(?=[{_FORMULA_START}])")
_NEUTRALISED = re.compile(f"(?:^|(?<=[{_CELL_BORDER}]))'(?=[{_FORMULA_START}])")


def neutralise(text: str) -> str:
    """The text as it may be written to a file that a spreadsheet opens; `restore` undoes it."""
    return _DANGEROUS.sub("'", text)


def restore(text: str) -> str:
    """The text that was neutralised. Text that never was is left alone, as far as can be told."""
    return _NEUTRALISED.sub("", text)
