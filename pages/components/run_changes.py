"""The changes of one run as a table: what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import partial

import pandas as pd
import streamlit as st

from core.domain.models import Outcome, Run, RunChange
from core.use_cases.exclusions import LeftOut
from pages.components.downloads import draw_downloads
from pages.components.formats import NOTHING, datetime_text
from pages.components.language import _, ngettext
from pages.components.number_columns import aligned, decimals_of, right
from pages.components.paging import draw_pages, on_screen
from pages.components.plan_table import few, kind_names
from pages.components.run_export import run_table
from pages.components.run_rows import message_of, moment_of, outcome_names, to_look_at

_OPEN_ONLY, _PAGE = "usage_sync_open_only", "usage_sync_run_page"
_ROW_HEIGHT = 36
_COLOURS = {
    Outcome.FAILED: "#d13438",
    Outcome.SKIPPED: "#c27c0e",
    Outcome.IN_FLIGHT: "#c27c0e",
    Outcome.WAITING: "gray",
}


def draw_changes(run: Run, changes: Sequence[RunChange], left_out: Sequence[LeftOut]) -> None:
    """The table of changes, those that were not done first, with its files, which also have what
    was left out."""
    open_ones = to_look_at(changes)
    shown = sorted(changes, key=lambda one: (one.outcome is Outcome.DONE, one.number))
    # Not at the right end: the table's own buttons come there, over what stands above it.
    with st.container(horizontal=True, vertical_alignment="center"):
        if open_ones and len(open_ones) < len(changes):
            words = ngettext(
                "Only the {count} that was not done",
                "Only the {count} that were not done",
                len(open_ones),
            )
            if st.toggle(words, key=_OPEN_ONLY, persist_state="session"):
                shown = open_ones
        else:
            words = ngettext("{count} change", "{count} changes", len(changes))
            st.caption(words, width="content")
        with st.container(horizontal=True, gap="small", width="content"):
            draw_downloads(
                "usage_sync_run",
                f"usage-sync-run-{run.number}",
                partial(run_table, run, changes, left_out),
            )
    name = f"{_PAGE}_{run.number}"
    _draw_table(on_screen(name, shown))
    draw_pages(name, shown)


def change_frame(changes: Sequence[RunChange]) -> pd.DataFrame:
    """The changes with what became of each, in plain values."""
    return pd.DataFrame(
        {
            "outcome": [outcome_names()[one.outcome] for one in changes],
            "message": [message_of(one) for one in changes],
            "what": [kind_names()[one.change.kind.value] for one in changes],
            "customer": [few(one.names.customers) for one in changes],
            "agreement": [one.names.agreement or NOTHING for one in changes],
            "product": [one.names.product for one in changes],
            "before": [_number(one.change.before) for one in changes],
            "after": [_number(one.change.after) for one in changes],
            "at": [datetime_text(moment_of(one)) for one in changes],
        }
    )


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _draw_table(changes: Sequence[RunChange]) -> None:
    plain = aligned(
        decimals_of(value for one in changes for value in (one.change.before, one.change.after))
    )
    frame = change_frame(changes)
    told = any(frame["message"])
    colours = {outcome_names()[outcome]: colour for outcome, colour in _COLOURS.items()}
    st.dataframe(
        frame.style.format({"before": plain, "after": plain}).map(
            lambda word: f"color: {colours[word]}" if word in colours else "", subset=["outcome"]
        ),
        hide_index=True,
        placeholder=NOTHING,
        height=min((len(changes) + 1) * _ROW_HEIGHT + 3, 620),
        row_height=_ROW_HEIGHT,
        key="usage_sync_run_changes",
        column_order=[name for name in frame.columns if name != "message"] + ["message"] * told,
        column_config={
            "outcome": st.column_config.TextColumn(_("Outcome"), width=100),
            "message": st.column_config.TextColumn(_("Message"), width=360),
            "what": _("Change"),
            "customer": st.column_config.TextColumn(_("Customer"), width=190),
            "agreement": _("Agreement"),
            "product": st.column_config.TextColumn(_("ConnectWise product"), width=190),
            "before": right(_("Before"), 80),
            "after": right(_("After"), 80),
            "at": _("When"),
        },
    )
