"""The page's own dialogs: which one is open is kept in the session, so that a rerun keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import streamlit as st

_OPEN = "mapping_dialog"


class Dialog(StrEnum):
    """The dialogs of the mapping page, besides those for ConnectWise products."""

    SAVE = "save"
    DISCARD = "discard"
    IMPORT = "import"
    HISTORY = "history"


@dataclass(frozen=True)
class OpenDialog:
    """The dialog on the screen; `code` is the Sophos product of a history."""

    dialog: Dialog
    code: str = ""


def open_dialog(dialog: Dialog, code: str = "") -> None:
    """Open a dialog at the next drawing; any other closes."""
    st.session_state[_OPEN] = OpenDialog(dialog, code)


def opened() -> OpenDialog | None:
    """The dialog that is open."""
    dialog: OpenDialog | None = st.session_state.get(_OPEN)
    return dialog


def close_dialog() -> None:
    """Close it; inside a dialog, rerun the page afterwards."""
    st.session_state[_OPEN] = None
