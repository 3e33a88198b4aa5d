"""A field to choose one of many in, or everything: filters use it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.components.language import _
from pages.components.option_names import distinct


def choice_field(
    label: str, everything: str, found: Mapping[str, str], width: int, tied: Mapping[str, Any]
) -> None:
    """Offers `everything` (the key "") and then what is found; `tied` is key and callback of the
    widget. The label is read out and not shown: what is chosen says what it is."""
    names = {"": everything, **found}
    st.selectbox(
        label,
        list(names),
        format_func=distinct(names),
        placeholder=_("Choose…"),
        label_visibility="collapsed",
        width=width,
        **tied,
    )
