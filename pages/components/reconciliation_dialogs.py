"""The dialogs of the reconciliation: accepting, notes and assignees, tolerances."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import streamlit as st

from core.domain.models import Tolerance, Tolerances
from core.domain.month import Month
from core.domain.reconciliation_view import NamedRow
from core.errors import InputError, Problem, UsageSyncError
from core.services import Services
from core.use_cases.month_report import MonthReport
from core.use_cases.reconciliation import NOTE_LIMIT, REASON_LIMIT
from pages.components.formats import month_text, number_input, parse_number
from pages.components.identity import NAME_LIMIT, who
from pages.components.language import _, language, ngettext
from pages.components.limited_text import (
    LimitedText,
    limited,
    refused_as_too_long,
    said_at_fields,
)
from pages.components.option_names import distinct
from pages.components.problems import as_typed, field_problem, problem_list, show_error
from pages.components.reconciliation_session import close_dialog, say

_FOR_GOOD = ""
_MONTHS_AHEAD = 12
_NAMED = 8


def draw_accept(services: Services, looked: MonthReport, keys: Sequence[str]) -> None:
    """Accept the differences of some rows, with a reason and a last month."""
    rows = [looked.by_key[key] for key in keys if key in looked.by_key]
    draw_named(rows)
    accept_form(services, looked.report.month, [one.key for one in rows], "reconciliation_accept")


def accept_form(services: Services, month: Month, keys: Sequence[str], key: str) -> None:
    """Reason and last month; what is accepted counts no more until then."""
    reason = st.text_area(_("Accepted because"), key=f"{key}_reason", height=80)
    fields = [limited("reason", reason, REASON_LIMIT)]
    months = {str(month.plus(ahead)): month_text(month.plus(ahead)) for ahead in range(13)}
    names = {**months, _FOR_GOOD: _("For good")}
    until = st.selectbox(
        _("Until and including"),
        list(names),
        format_func=distinct(names),
        placeholder=_("Choose…"),
        key=f"{key}_until_{language()}",
        help=_("After that month, the difference is an open exception again."),
    )
    st.caption(
        _("Holds from {month} on: reports of earlier months stay as they are.", month=str(month))
    )
    if st.button(_("Accept"), key=f"{key}_yes", type="primary", icon=":material/done_all:"):
        last = Month.parse(until) if until else None

        def accept() -> str:
            services.reconciliation.accept(month, keys, reason, last, who())
            return ngettext("{count} row accepted.", "{count} rows accepted.", len(keys))

        _carry_out(accept, fields)


def draw_note(services: Services, looked: MonthReport, keys: Sequence[str]) -> None:
    """A note and an assignee for some rows."""
    rows = [looked.by_key[key] for key in keys if key in looked.by_key]
    draw_named(rows)
    note_form(services, rows, "reconciliation_note")


def note_form(services: Services, rows: Sequence[NamedRow], key: str) -> None:
    """Note and assignee; they start from what the rows have, where they have the same. Where they
    have not, what is left empty leaves them as they are."""
    former_note, several_notes = _common(rows, "note")
    note = st.text_area(
        _("Note"), value=former_note, placeholder=several_notes, key=f"{key}_text", height=80
    )
    fields = [limited("note", note, NOTE_LIMIT)]
    former_assignee, several_assignees = _common(rows, "assignee")
    assignee = st.text_input(
        _("Assignee"),
        value=former_assignee,
        placeholder=several_assignees,
        key=f"{key}_assignee",
        icon=":material/person:",
        help=_("Who looks after it; empty for nobody."),
    )
    fields.append(limited("assignee", assignee, NAME_LIMIT))
    keys = [one.key for one in rows]
    if st.button(_("Save"), key=f"{key}_yes", icon=":material/save:"):

        def save() -> str:
            written = 0
            if note.strip() != former_note:
                written += services.reconciliation.note(keys, note, who())
            if assignee.strip() != former_assignee:
                written += services.reconciliation.assign(keys, assignee, who())
            return _("Saved.") if written else _("Nothing was changed.")

        _carry_out(save, fields)


def _common(rows: Sequence[NamedRow], name: str) -> tuple[str, str | None]:
    """What all rows have, and what an empty field means where they have different ones."""
    values = {str(getattr(one, name)) for one in rows}
    if len(values) == 1:
        return values.pop(), None
    return "", _("Different ones; they are kept if this stays empty")


def draw_named(rows: Sequence[NamedRow]) -> None:
    """Which rows it is about."""
    told = [" · ".join(part for part in (one.customer, one.what) if part) for one in rows]
    lines = [f"- {as_typed(each)}" for each in told[:_NAMED]]
    more = len(told) - _NAMED
    if more > 0:
        lines.append("- " + as_typed(ngettext("{count} more", "{count} more", more)))
    st.markdown("\n".join(lines))


def _carry_out(act: Callable[[], str], fields: Sequence[LimitedText] = ()) -> None:
    """Do it, close and say what it says; what was refused is told, at its field where it has one,
    and the dialog stays."""
    if refused_as_too_long(fields):
        return
    try:
        notice = act()
    except UsageSyncError as error:
        if not said_at_fields(error, fields):
            show_error(error)
        return
    say(notice)
    close_dialog()
    st.rerun()


# ---------------------------------------------------------------- tolerances


def draw_tolerances(services: Services, looked: MonthReport) -> None:
    """What counts as no difference: in general, and for single ConnectWise products."""
    st.write(
        _(
            "A difference up to this many units, or up to this share of what is expected, "
            "whichever is more, is within tolerance and needs nobody."
        )
    )
    current = services.reconciliation.tolerances()
    products = {int(key): name for key, name in looked.products.items() if not key.startswith("+")}
    names = {id_: products.get(id_, f"#{id_}") for id_ in {*products, *current.by_product}}
    general = _tolerance_fields(_("In general"), current.general, "general")
    ordered = sorted(names, key=lambda id_: names[id_].casefold())
    chosen = st.multiselect(
        _("Products with a tolerance of their own"),
        ordered,
        default=[id_ for id_ in ordered if id_ in current.by_product],
        format_func=distinct(names),
        placeholder=_("Choose products…"),
        select_all=False,  # Streamlit's own words, in English only
        key=f"reconciliation_tolerance_products_{language()}",
    )
    own = {
        id_: _tolerance_fields(
            names[id_], current.by_product.get(id_, current.general), f"product_{id_}"
        )
        for id_ in chosen
    }
    if st.button(_("Save"), key="reconciliation_tolerances_yes", type="primary"):
        _save_tolerances(services, general, own)


Typed = tuple[str, str]


def _tolerance_fields(label: str, tolerance: Tolerance, key: str) -> Typed:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.markdown(f"**{as_typed(label)}**", width=200)
        units = st.text_input(
            _("Units"),
            value=number_input(tolerance.units),
            key=f"reconciliation_tolerance_{key}_units_{language()}",
            width=120,
        )
        percent = st.text_input(
            _("Percent"),
            value=number_input(tolerance.percent),
            key=f"reconciliation_tolerance_{key}_percent_{language()}",
            width=120,
        )
    return units, percent


def _save_tolerances(services: Services, general: Typed, own: Mapping[int, Typed]) -> None:
    problems: list[Problem] = []
    wanted = Tolerances(
        general=_parsed(general, problems),
        by_product={id_: _parsed(typed, problems) for id_, typed in own.items()},
    )
    if problems:
        st.error(problem_list(problems), icon=":material/error:")
        return

    def save() -> str:
        services.reconciliation.save_tolerances(wanted, who())
        return _("Tolerances saved.")

    _carry_out(save)


def _parsed(typed: Typed, problems: list[Problem]) -> Tolerance:
    values = []
    for field, value in zip(("units", "percent"), typed, strict=True):
        try:
            values.append(parse_number(value) or Decimal(0))
        except InputError as error:
            problems.append(field_problem(error, field))
            values.append(Decimal(0))
    return Tolerance(*values)
