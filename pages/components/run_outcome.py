"""How a run went: why it ended, in figures, and what went wrong."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.domain.models import Run, RunStatus
from pages.components.formats import number
from pages.components.language import _, ngettext, text
from pages.components.plan_effect import effect_label, effect_note, effect_value, price_help
from pages.components.plan_table import few
from pages.components.problems import as_typed
from pages.components.run_rows import (
    RunFigures,
    Trouble,
    advice_of,
    last_word,
    outcome_names,
    reason_of,
)

_NAMED = 5


def draw_outcome(run: Run) -> None:
    """Why it ended, where it ended otherwise than well."""
    word = last_word(run)
    if word is None or word.text is None:
        if run.status is RunStatus.STOPPED:
            st.warning(
                as_typed(_("Stopped by {name}.", name=run.events[-1].by)),
                icon=":material/stop_circle:",
            )
        return
    told = f"**{as_typed(text(word.text))}**"
    if word.remedy is not None:
        told += f"\n\n{as_typed(text(word.remedy))}"
    show: Callable[..., object] = st.error if run.status is not RunStatus.STOPPED else st.warning
    show(told, icon=":material/error:")


def draw_figures(run: Run, found: RunFigures) -> None:
    """How many changes came to which end, and what that costs."""
    with st.container(horizontal=True):
        st.metric(
            _("Done"),
            _("{part} of {whole}", part=found.done, whole=run.changes),
            border=True,
            height="stretch",
        )
        st.metric(_("Failed"), number(found.failed), border=True, height="stretch")
        if found.skipped:
            st.metric(_("Skipped"), number(found.skipped), border=True, height="stretch")
        if found.unknown:
            st.metric(_("Unknown"), number(found.unknown), border=True, height="stretch")
        if found.waiting:
            st.metric(_("Not begun"), number(found.waiting), border=True, height="stretch")
        st.metric(
            effect_label(found.price_effect),
            effect_value(found.price_effect),
            delta=effect_note(found.price_effect),
            delta_color="off",
            delta_arrow="off",
            border=True,
            height="stretch",
            help=_("{text} {remedy}", text=_("Of what was done."), remedy=price_help()),
        )


def draw_trouble(trouble: Trouble) -> None:
    """One reason with what it struck."""
    words = outcome_names()[trouble.outcome]
    reason = reason_of(trouble) or words
    with st.container(border=True):
        told = f":red[:material/error: **{as_typed(words)}.**] **{as_typed(reason)}**"
        advice = advice_of(trouble)
        st.markdown(told + (f"  \n{as_typed(advice)}" if advice else ""))
        lines = [
            " · ".join(part for part in (few(one.names.customers), one.names.product) if part)
            for one in trouble.changes[:_NAMED]
        ]
        more = len(trouble.changes) - len(lines)
        if more > 0:
            lines.append(ngettext("{count} more", "{count} more", more))
        st.markdown("\n".join(f"- {as_typed(line)}" for line in lines))
