"""Columns of numbers in tables: they sort as numbers and stand under each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st
from babel.numbers import format_decimal

from pages.components.formats import MINUS, NOTHING, one_minus
from pages.components.reader import locale

_MOST_DECIMALS = 6


def decimals_of(values: Iterable[Decimal | None]) -> int:
    """The decimals that the longest of the numbers needs."""
    return max((_decimals(value) for value in values if value is not None), default=0)


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return min(max(-exponent, 0), _MOST_DECIMALS) if isinstance(exponent, int) else 0


def aligned(decimals: int, *, signed: bool = False) -> Callable[[float], str]:
    """A function that writes every number of a column with the same decimals, as the reader does.

    For the `format` of a Styler, of which Streamlit shows the text and sorts by the number.
    """
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    if signed:
        pattern = f"+{pattern};{MINUS}{pattern}"
    return partial(_written, pattern, decimals, locale())


def _written(pattern: str, decimals: int, where: str, value: float | None) -> str:
    if value is None or pd.isna(value):
        return NOTHING
    exact = Decimal(str(value))
    if not round(exact, decimals):  # nothing has no sign, nor has what is written as nothing
        return format_decimal(0, format=pattern.partition(";")[0].removeprefix("+"), locale=where)
    return one_minus(format_decimal(exact, format=pattern, locale=where))


def right(heading: str, width: int | None = None, help_text: str | None = None) -> Any:
    """A column of numbers."""
    return st.column_config.NumberColumn(heading, width=width, help=help_text, alignment="right")
