"""The dialog after an approval that was refused: what moved since the plan was looked at. It can
approve nothing, and leads to the plan as it is now."""

from __future__ import annotations

from decimal import Decimal

import streamlit as st

from core.domain.models import Change, ChangeNames, Plan
from core.domain.plan_inputs import PlanInputs
from core.domain.plan_moves import Move, moves
from core.use_cases.run_approval import LimitsExceededError, PlanChangedError, rows_of
from pages.components import sync_session as session
from pages.components.formats import NOTHING, number
from pages.components.language import _, ngettext
from pages.components.plan_table import few, kind_names
from pages.components.problems import as_typed, failure_text
from pages.components.sync_session import Refusal

_NAMED = 6


def refuse(looked_at: Plan, error: PlanChangedError | LimitsExceededError) -> None:
    """Put what moved in the place of the approval, at the next drawing of the page."""
    moved = moves(looked_at.changes, error.plan.changes)
    problems = error.problems if isinstance(error, LimitsExceededError) else ()
    session.refuse(Refusal(error.text, error.remedy, tuple(problems), moved[:_NAMED], len(moved)))


def draw_refused(inputs: PlanInputs) -> None:
    """What moved, and the way to the plan as it is now. `inputs` are for names."""
    refusal = session.refusal()
    if refusal is not None:
        told = failure_text(refusal.text, refusal.remedy, refusal.problems)
        st.warning(told, icon=":material/sync_problem:")
        _draw_moves(refusal, inputs)
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button(
            _("Look at the plan as it is now"), key="usage_sync_look_again", type="primary"
        ):
            session.close_dialog()
            st.rerun()


def _draw_moves(refusal: Refusal, inputs: PlanInputs) -> None:
    if not refusal.count:
        return
    st.markdown(
        as_typed(
            ngettext(
                "{count} row is another one now:", "{count} rows are others now:", refusal.count
            )
        )
    )
    lines = [_line(move, inputs) for move in refusal.moves]
    more = refusal.count - len(lines)
    if more > 0:
        lines.append(ngettext("{count} more", "{count} more", more))
    st.markdown("\n".join(f"- {as_typed(line)}" for line in lines))


def _line(move: Move, inputs: PlanInputs) -> str:
    return _(
        "{place}: {now} (before: {before})",
        place=_place(move, inputs),
        now=_words(move.now),
        before=_words(move.before),
    )


def _place(move: Move, inputs: PlanInputs) -> str:
    change = move.now or move.before
    if change is None:
        return move.target.key
    names: ChangeNames = rows_of([change], inputs)[0].names
    customers = few(names.customers) if names.customers else names.agreement
    return " · ".join(part for part in (customers, names.product) if part)


def _words(change: Change | None) -> str:
    """What is to happen to a row, with its quantities."""
    if change is None:
        return _("nothing")
    kind = kind_names()[change.kind.value]
    if change.before is None and change.after is None:
        return kind
    before, after = _quantity(change.before), _quantity(change.after)
    return _("{kind} {before} → {after}", kind=kind, before=before, after=after)


def _quantity(value: Decimal | None) -> str:
    return NOTHING if value is None else number(value)
