"""Fields to choose one thing in: a list for many, or everything, and a switch for few.

Their labels are read out and not shown: what is chosen says what it is. `tied` is key and callback
of the widget.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.components.language import _
from pages.components.option_names import distinct


def choice_field(
    label: str, everything: str, found: Mapping[str, str], width: int, tied: Mapping[str, Any]
) -> None:
    """Offers `everything` (the key "") and then what is found."""
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


def switch_field(label: str, names: Mapping[str, str], tied: Mapping[str, Any]) -> None:
    """Offers these, one of which is always chosen."""
    st.segmented_control(
        label,
        list(names),
        format_func=names.__getitem__,
        required=True,
        label_visibility="collapsed",
        **tied,
    )
