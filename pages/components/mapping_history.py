"""Every saved change of one row, newest first."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.domain.models import MappingHistoryEntry
from core.services import Services
from core.use_cases.mapping_history import SYSTEM
from pages.components import formats
from pages.components.language import _
from pages.components.mapping_rows import Catalog, product_name

_SHOWN = 200


def draw_history(services: Services, code: str, title: str, catalog: Catalog) -> None:
    """The body of the history dialog."""
    st.text(title)
    entries = services.mappings.history(code, _SHOWN)
    if not entries:
        st.info(_("Nothing was saved for this product yet."), icon=":material/history:")
        return
    st.dataframe(
        _table(entries, catalog), hide_index=True, width="stretch", key="mapping_history_table"
    )


def _table(entries: list[MappingHistoryEntry], catalog: Catalog) -> pd.DataFrame:
    headings = [_("When"), _("Who"), _("Field"), _("Before"), _("After"), _("Origin")]
    rows = [
        [
            formats.datetime_text(entry.at),
            _("Usage Sync") if entry.by == SYSTEM else entry.by,
            _field(entry.field),
            _value(entry.field, entry.old, catalog),
            _value(entry.field, entry.new, catalog),
            _origin(entry.origin),
        ]
        for entry in entries
    ]
    return pd.DataFrame(rows, columns=pd.Index(headings))


def _field(name: str) -> str:
    known = {
        "connectwise_product_id": _("ConnectWise product"),
        "sync": _("Sync"),
        "state": _("State"),
    }
    return known.get(name, name)


def _origin(name: str) -> str:
    known = {
        "grid": _("This page"),
        "csv": _("Import"),
        "cli": _("Command line"),
        "catalog": _("Catalog refresh"),
        "usage": _("Usage"),
    }
    return known.get(name, name)


def _value(field: str, stored: str, catalog: Catalog) -> str:
    if field == "connectwise_product_id":
        return product_name(int(stored), catalog) if stored.isdecimal() else formats.NOTHING
    known = {
        "true": _("On"),
        "false": _("Off"),
        "unmapped": _("Unmapped"),
        "active": _("Active"),
        "off": _("Off"),
        "stopped": _("Stopped"),
        "broken": _("Broken"),
        "": formats.NOTHING,
    }
    return known.get(stored, stored)
