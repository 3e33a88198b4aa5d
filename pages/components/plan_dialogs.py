"""The dialogs of a plan: why a row is so, leaving rows out, an older month, approval."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.domain.models import Plan, PlanOptions, RunOrigin
from core.errors import UsageSyncError
from core.services import Services
from core.use_cases.run_approval import Approval, LimitsExceededError, PlanChangedError
from pages.components import sync_session as session
from pages.components.formats import date_text, number
from pages.components.identity import who
from pages.components.jobs import watch
from pages.components.language import _, ngettext
from pages.components.limited_text import LimitedText, limited, refused_as_too_long
from pages.components.plan_effect import change_effect_text, price_help
from pages.components.plan_limits import draw_broken_limits, draw_held_limits
from pages.components.plan_refused import refuse
from pages.components.plan_rows import PlanRow
from pages.components.plan_standing import draw_open_run
from pages.components.plan_table import effective_text, what_of
from pages.components.plan_totals import total_lines
from pages.components.problems import as_typed, show_error
from pages.components.rule_fields import draw_steps
from pages.components.sync_session import close_dialog

REASON_LIMIT = 300
_NAMED = 6


def draw_why(rows: Sequence[PlanRow], keys: Sequence[str]) -> None:
    """Every step from the usage lines to what is written."""
    row = next((row for row in rows if row.key in keys), None)
    if row is None:
        st.write(_("This row is not part of the plan any more."))
        return
    change = row.change
    place = [part for part in (row.customer, row.names.agreement) if part]
    st.markdown(f"**{as_typed(row.names.product)}**  \n{as_typed(' · '.join(place))}")
    if change.steps:
        draw_steps(change.steps)
    facts = [_("{name}: {value}", name=_("Change"), value=what_of(row))]
    if change.before is not None or change.after is not None:
        facts.append(
            _(
                "Quantity: {before} → {after}",
                before=number(change.before),
                after=number(change.after),
            )
        )
    if effect := change_effect_text(change):
        facts.append(effect)
    if change.effective_date is not None:
        facts.append(effective_text(change))
    if change.cancelled_date is not None:
        facts.append(_("Cancelled date: {day}", day=date_text(change.cancelled_date)))
    if row.note:
        facts.append(_("Excluded: {reason}", reason=row.note))
    st.markdown("\n".join(f"- {as_typed(fact)}" for fact in facts))
    ids = {
        _("Agreement ID"): change.target.agreement_id or None,
        _("Product ID"): change.target.product_id or change.product_id,
        _("Addition ID"): change.addition_id,
    }
    st.caption(" · ".join(f"{name} {value}" for name, value in ids.items() if value))
    st.caption(price_help())


def draw_exclude(plan: Plan, rows: Sequence[PlanRow], keys: tuple[str, ...]) -> None:
    """Leave rows out of this plan, with the reason."""
    named = [row for row in rows if row.key in keys]
    st.write(
        ngettext(
            "{count} row is left out of this plan. Nothing is written for it.",
            "{count} rows are left out of this plan. Nothing is written for them.",
            len(named),
        )
    )
    st.markdown("\n".join(_named(named)))
    reason = _ask_reason("usage_sync_exclude_reason")
    if _confirm(_("Exclude"), "usage_sync_exclude_yes", reason):
        session.exclude(plan.month, keys, " ".join(reason.text.split()))
        close_dialog()
        st.rerun()


def draw_older_month(plan: Plan) -> None:
    """Push an older month over a newer one, with the reason."""
    st.write(
        _(
            "These additions carry the usage of a newer month. Pushing {month} writes over it.",
            month=str(plan.month),
        )
    )
    reason = _ask_reason("usage_sync_older_reason")
    if _confirm(_("Push the older month"), "usage_sync_older_yes", reason):
        session.push_older_month(plan.month, " ".join(reason.text.split()))
        close_dialog()
        st.rerun()


def draw_approve(
    services: Services, plan: Plan, options: PlanOptions, *, retry_of: str = "", undo_of: str = ""
) -> None:
    """What is approved, what breaks a limit, who approves."""
    open_run = services.store.runs.open()
    if open_run is not None:
        draw_open_run(services, open_run)
        _back("usage_sync_approve_yes")
        return
    totals, limits = st.columns(2)
    with totals:
        lines = total_lines(plan, undo=bool(undo_of))
        st.markdown("\n".join(f"- {as_typed(line)}" for line in lines))
    with limits:
        draw_held_limits(plan)
    reason = _draw_broken_limits(plan)
    st.caption(
        _("Approved by {name}. Before the first write everything is read again.", name=who())
    )
    # The button comes before what is long and seldom read, so that it is on the screen.
    confirmed = _confirm(_("Approve and apply"), "usage_sync_approve_yes", reason)
    st.caption(_("The plan's digest: what is applied has the same one."))
    st.code(plan.digest, language=None, wrap_lines=True)
    if confirmed:
        approval = Approval(
            by=who(),
            origin=RunOrigin.PAGE,
            override_reason=reason.text if reason is not None else "",
            retry_of=retry_of,
            undo_of=undo_of,
        )
        _approve(services, plan, options, approval)


def _draw_broken_limits(plan: Plan) -> LimitedText | None:
    """What is exceeded; the reason for lifting it, None where none is needed."""
    if not plan.exceeded:
        return None
    draw_broken_limits(plan)
    reason = st.text_area(
        _("Why is this plan right all the same?"),
        key="usage_sync_override",
        height=80,
        help=_("The reason is kept with the run."),
    )
    return limited("reason", reason, REASON_LIMIT)


def _ask_reason(key: str) -> LimitedText:
    return limited("reason", st.text_input(_("Reason"), key=key), REASON_LIMIT)


def _approve(services: Services, plan: Plan, options: PlanOptions, approval: Approval) -> None:
    try:
        run = services.runs.approve(plan.month, plan.digest, options, approval)
        status = services.runs.start(run.id, who())
    except (PlanChangedError, LimitsExceededError) as error:
        # The dialog was drawn from a plan that is no more: nothing of it may stay.
        refuse(plan, error)
        st.rerun()
    except UsageSyncError as error:
        show_error(error)
        return
    close_dialog()
    session.forget_decisions(plan.month)
    session.show_run(run.id)
    watch(status)


def _confirm(label: str, key: str, needed: LimitedText | None) -> bool:
    """Back, and the button that does it where the reason that it needs is given."""
    with st.container(horizontal=True, horizontal_alignment="right"):
        _back(key)
        pressed = st.button(label, key=key, type="primary")
    if not pressed or needed is None:
        return bool(pressed)
    if not needed.text.strip():
        st.error(_("Give a reason: it is kept."), icon=":material/error:")
        return False
    return not refused_as_too_long([needed])


def _back(key: str) -> None:
    if st.button(_("Back"), key=f"{key}_back"):
        close_dialog()
        st.rerun()


def _named(rows: Sequence[PlanRow]) -> list[str]:
    lines = [
        "- " + as_typed(" · ".join(part for part in (row.customer, row.names.product) if part))
        for row in rows[:_NAMED]
    ]
    more = len(rows) - _NAMED
    if more > 0:
        lines.append("- " + as_typed(ngettext("{count} more", "{count} more", more)))
    return lines
