"""The limits of a plan: what it has, what it may, and the way out."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_CEILING, Decimal
from functools import partial

import streamlit as st

from core.domain.models import LimitCheck, LimitKind, Plan
from pages.components import sync_session as session
from pages.components.formats import number
from pages.components.language import _, ngettext, text
from pages.components.problems import as_typed

_BESIDE = (5, 1.3)  # a text, and the button that belongs to it
_TENTH, _HUNDREDTH = Decimal("0.1"), Decimal("0.01")


def draw_exceeded(plan: Plan, check: LimitCheck) -> None:
    """One limit that the plan breaks, with the rows that break it."""
    with st.container(border=True):
        left, right_side = st.columns(_BESIDE, vertical_alignment="center")
        left.markdown(
            f":red[:material/warning: **{as_typed(_('Limit exceeded.'))}**] "
            f"**{as_typed(text(check.text))}**  \n{as_typed(text(check.remedy))}"
        )
        right_side.button(
            _("Show these rows"),
            key=f"usage_sync_limit_{check.kind.value}",
            icon=":material/filter_alt:",
            on_click=partial(session.narrow, plan.month, check.targets),
        )


def draw_kept_limits(plan: Plan) -> None:
    """The limits that the plan keeps, folded away."""
    kept = [check for check in plan.limits if not check.exceeded]
    if kept and plan.changes:
        title = ngettext("{count} limit is kept", "{count} limits are kept", len(kept))
        with st.expander(title, icon=":material/speed:", key="usage_sync_limits"):
            st.markdown("\n".join(f"- {as_typed(text(check.text))}" for check in kept))


def limit_lines(checks: Iterable[LimitCheck]) -> list[str]:
    """Every limit as a line, those that are exceeded first: what it is about, how much of it the
    plan has, how much is allowed, how the two compare in a word, and the way out."""
    return [_line(check) for check in sorted(checks, key=lambda check: not check.exceeded)]


def _line(check: LimitCheck) -> str:
    told = _(
        "{name}: {number} (at most {limit})",
        name=limit_names()[check.kind],
        number=_amount(check, measured=True),
        limit=_amount(check),
    )
    word = as_typed(standing_of(check))
    if not check.exceeded:
        return f"{as_typed(told)} – {word}"
    return f"{as_typed(told)} – **{word}**. {as_typed(text(check.remedy))}"


def draw_broken_limits(plan: Plan) -> None:
    """The limits that the plan exceeds, in a box, with what can be done. Lists, because a table of
    them is wider than a telephone."""
    title = ngettext(
        "{count} limit is exceeded.", "{count} limits are exceeded.", len(plan.exceeded)
    )
    lines = [f"- {line}" for line in limit_lines(plan.exceeded)]
    st.warning("\n".join([f"**{as_typed(title)}**", "", *lines]), icon=":material/warning:")


def draw_held_limits(plan: Plan) -> None:
    """The limits that the plan keeps."""
    kept = [check for check in plan.limits if not check.exceeded]
    if kept and not plan.exceeded:
        st.markdown(f":material/check_circle: {as_typed(_('No limit is exceeded.'))}")
    st.markdown("\n".join(f"- {line}" for line in limit_lines(kept)))


def limit_names() -> dict[LimitKind, str]:
    """What each limit is about, called as it is where it is set."""
    return {
        LimitKind.CHANGED_SHARE: _("Additions that change (%)"),
        LimitKind.DROPS_TO_ZERO: _("Additions that go to 0 or are cancelled"),
        LimitKind.JUMP: _("Factor by which a quantity may change"),
        LimitKind.QUANTITY: _("Greatest quantity"),
        LimitKind.NEW_PRODUCTS: _("New products"),
    }


def standing_of(check: LimitCheck) -> str:
    """How a plan stands against a limit, in a word."""
    if check.exceeded:
        return _("exceeded")
    if check.number > check.limit:
        return _("not applied: few additions")
    return _("within")


def _amount(check: LimitCheck, *, measured: bool = False) -> str:
    value = check.number if measured else check.limit
    share = check.kind is LimitKind.CHANGED_SHARE
    shown, places = (value * 100, _TENTH) if share else (value, _HUNDREDTH)
    # What is above a limit must not look equal to it.
    return number(shown.quantize(places, ROUND_CEILING if measured and check.exceeded else None))
