"""A plan on the screen: figures, limits, findings, decisions, and every row of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from core.domain.models import Plan, PlanOptions
from core.domain.plan_inputs import PlanInputs
from pages.components import sync_session as session
from pages.components.formats import number
from pages.components.language import _, ngettext
from pages.components.plan_effect import effect_label, effect_note, effect_value, price_help
from pages.components.plan_findings import draw_blocking, draw_notes
from pages.components.plan_limits import draw_exceeded, draw_kept_limits
from pages.components.plan_list import draw_rows
from pages.components.plan_rows import PlanRow, Totals, totals
from pages.components.problems import as_typed

DIGEST_SHOWN = 12


def draw_plan(plan: Plan, rows: Sequence[PlanRow], inputs: PlanInputs) -> None:
    """Everything below the line of commands: what needs a person first, then the rows."""
    options = inputs.options
    _draw_figures(totals(plan))
    for check in plan.exceeded:
        draw_exceeded(plan, check)
    draw_blocking(plan.findings, inputs)
    left, right_side = st.columns(2)
    with left:
        draw_notes(plan.findings, inputs)
    with right_side:
        draw_kept_limits(plan)
    _draw_decisions(plan, options)
    if rows:
        draw_rows(plan, rows, inputs)
    elif not plan.findings:
        st.info(
            _(
                "There is nothing to sync: no customer with sync on has usage of a product with "
                "sync on, and no addition is kept."
            ),
            icon=":material/inbox:",
        )


# ---------------------------------------------------------------- figures


def _draw_figures(found: Totals) -> None:
    with st.container(horizontal=True):
        _figure(
            _("To do"),
            number(found.todo),
            _some(
                ngettext("{count} new product", "{count} new products", found.new_products),
                found.new_products,
            ),
        )
        _figure(_("Blocked"), number(found.blocked), None)
        _figure(
            effect_label(found.price_effect),
            effect_value(found.price_effect),
            effect_note(found.price_effect),
            price_help(),
        )
        _figure(_("Unchanged"), number(found.unchanged), None)
        _figure(_("Excluded"), number(found.excluded), None)


def _some(words: str, count: int) -> str | None:
    return words if count else None


def _figure(label: str, value: str, note: str | None, help_text: str | None = None) -> None:
    st.metric(
        label,
        value,
        delta=note,
        delta_color="off",
        delta_arrow="off",
        border=True,
        height="stretch",
        help=help_text,
    )


# ---------------------------------------------------------------- decisions


def _draw_decisions(plan: Plan, options: PlanOptions) -> None:
    """What this person decided for the plan, with the way back."""
    told = []
    if options.recreate:
        count = len(options.recreate)
        told.append(
            ngettext(
                "{count} addition is created anew.", "{count} additions are created anew.", count
            )
        )
    if options.older_month_reason:
        told.append(
            _("An older month is pushed on purpose: {reason}", reason=options.older_month_reason)
        )
    if not told:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/edit_note: {as_typed(' '.join(told))}", width="content")
        st.button(
            _("Take back"),
            key="usage_sync_take_back",
            type="tertiary",
            icon=":material/undo:",
            on_click=partial(_take_back, plan),
        )


def _take_back(plan: Plan) -> None:
    session.recreate_all(plan.month, frozenset())
    session.push_older_month(plan.month, "")
