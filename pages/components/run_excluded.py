"""What a person left out of a run before it was approved: on the screen and in its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.domain.models import Run
from core.use_cases.exclusions import LeftOut
from core.use_cases.workbook import Cell
from pages.components.identity import name_of
from pages.components.language import _, ngettext
from pages.components.problems import as_typed

_NAMED = 10


def draw_excluded(run: Run, left_out: Sequence[LeftOut]) -> None:
    """How many rows, who approved that, and under each reason what it kept out."""
    if not left_out:
        return
    told = ngettext(
        "{count} row was left out, approved by {name}:",
        "{count} rows were left out, approved by {name}:",
        len(left_out),
        name=name_of(run.approved_by),
    )
    with st.container(border=True, key="usage_sync_excluded"):
        st.markdown(f":material/block: **{as_typed(told)}**")
        for reason, places in _by_reason(left_out).items():
            st.markdown("\n".join([as_typed(reason), "", *_listed(places)]))


def _by_reason(left_out: Sequence[LeftOut]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in left_out:
        found.setdefault(one.reason, []).append(one.place)
    return found


def _listed(places: Sequence[str]) -> list[str]:
    """The places, not all of them where they are many: the files have all."""
    lines = list(places[:_NAMED])
    more = len(places) - len(lines)
    if more > 0:
        lines.append(ngettext("{count} more", "{count} more", more))
    return [f"- {as_typed(line)}" for line in lines]


def excluded_note(run: Run) -> str:
    """How many rows were left out and why; empty where none was."""
    count = len(run.options.excluded)
    if not count:
        return ""
    return ngettext(
        "{count} row left out: {reasons}",
        "{count} rows left out: {reasons}",
        count,
        reasons=excluded_reasons(run),
    )


def excluded_reasons(run: Run) -> str:
    """Every reason once."""
    return "; ".join(dict.fromkeys(run.options.excluded.values()))


def excluded_cells(
    headings: Sequence[str], about: Mapping[str, Cell], left_out: Sequence[LeftOut]
) -> list[tuple[Cell, ...]]:
    """Lines of a file of changes, under its headings; `about` is what they have in common."""
    return [
        tuple({**about, **_known(one)}.get(heading) for heading in headings) for one in left_out
    ]


def _known(one: LeftOut) -> dict[str, Cell]:
    return {
        _("Outcome"): _("Excluded"),
        _("Customer"): one.company,
        _("Agreement"): one.agreement,
        _("ConnectWise product"): one.product,
        _("Message"): one.reason,
        _("Agreement ID"): one.agreement_id,
        _("Product ID"): one.product_id,
    }
