"""What narrows the lists of the history: the filters on the screen, and what is chosen in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from core.domain.month import Month
from core.services import Services
from pages.components import history_session as session
from pages.components.choice_field import choice_field
from pages.components.formats import date_text, month_text
from pages.components.history_rows import months_in, people_in, saved_origin
from pages.components.history_saved import product_names
from pages.components.history_session import View
from pages.components.language import _
from pages.components.paging import search_field
from pages.components.plan_table import kind_names
from pages.components.problems import as_typed
from pages.components.run_rows import origin_names, outcome_names, status_names

_WIDTH = 170
_OF_RUNS = frozenset({View.RUNS, View.CHANGES})
_OF_SAVED = frozenset({View.MAPPINGS, View.CUSTOMERS})


def draw_filters(services: Services, view: View, customers: Mapping[str, str]) -> None:
    """The filters that this list has; those that are seldom needed open on a click."""
    runs, closings = services.history.runs(), services.history.closings()
    entries = [*services.history.mapping_changes(), *services.history.customer_changes()]
    months = {month: month_text(Month.parse(month)) for month in months_in(runs, closings)}
    if view in _OF_SAVED:
        saved_in = sorted({Month.of(entry.at.date()) for entry in entries}, reverse=True)
        months = {str(month): month_text(month) for month in saved_in}
    with st.container(horizontal=True, vertical_alignment="center"):
        _choice(session.MONTH, _("Month"), _("All months"), months)
        if view in {View.RUNS, View.CHANGES, View.CUSTOMERS}:
            known = _with_chosen(session.CUSTOMER, _sorted(customers))
            _choice(session.CUSTOMER, _("Customer"), _("All customers"), known)
        if view in {View.RUNS, View.CHANGES, View.MAPPINGS}:
            known = _with_chosen(session.PRODUCT, _sorted(product_names(services)))
            _choice(session.PRODUCT, _("Product"), _("All products"), known)
        _choice(session.PERSON, _("Person"), _("Everybody"), people_in(runs, entries, closings))
        if view is View.RUNS:
            stands = {status.value: name for status, name in status_names().items()}
            _choice(session.STATUS, _("Status"), _("Any status"), stands)
        if view is View.CHANGES:
            ended = {outcome.value: name for outcome, name in outcome_names().items()}
            _choice(session.STATUS, _("Outcome"), _("Any outcome"), ended)
        search_field(session.TEXT, session.PAGE, 150)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.popover(_("More filters"), icon=":material/filter_alt:"):
            told = _draw_more(services, view, {entry.origin for entry in entries})
        _draw_told(told)


def _draw_more(services: Services, view: View, origins: set[str]) -> list[str]:
    """Kind, agreement, origin and days; returns what is chosen in them, in words."""
    told = []
    if view in _OF_RUNS:
        agreements = _with_chosen(session.AGREEMENT, _sorted(_agreement_names(services)))
        told.append(_choice(session.KIND, _("Change"), _("Any change"), kind_names()))
        told.append(_choice(session.AGREEMENT, _("Agreement"), _("All agreements"), agreements))
        started = {origin.value: name for origin, name in origin_names().items()}
        told.append(_choice(session.ORIGIN, _("Origin"), _("Any origin"), started))
    elif view in _OF_SAVED:
        of_mapping = view is View.MAPPINGS
        saved = _sorted({one: saved_origin(one, of_mapping=of_mapping) for one in origins})
        told.append(_choice(session.ORIGIN, _("Origin"), _("Any origin"), saved))
    told.append(_day(session.FIRST, _("First day"), lambda day: _("From {day}", day=day)))
    told.append(_day(session.LAST, _("Last day"), lambda day: _("Until {day}", day=day)))
    return [words for words in told if words]


def _draw_told(told: list[str]) -> None:
    """What is chosen where it is not seen, with the way back to everything."""
    if not told:
        return
    st.caption(as_typed(" · ".join(told)), width="content")
    st.button(
        _("Show all rows"),
        key="history_everything",
        icon=":material/filter_alt_off:",
        type="tertiary",
        on_click=session.show_everything,
    )


def _agreement_names(services: Services) -> dict[str, str]:
    """The agreements that customers are mapped to, by id; many companies call theirs the same."""
    contracts = services.customers.contracts()
    agreements = contracts.agreements if contracts else {}
    mapped = {row.mapping.agreement_id for row in services.customers.rows()}
    return {
        str(id_): _("{name}: {value}", name=one.company.name, value=one.name)
        for id_, one in agreements.items()
        if id_ in mapped
    }


def _sorted(names: Mapping[str, str]) -> dict[str, str]:
    return {key: names[key] for key in sorted(names, key=lambda key: names[key].casefold())}


def _with_chosen(name: str, known: dict[str, str]) -> dict[str, str]:
    """A link may name what is not listed, such as a ConnectWise product by its ID."""
    chosen = str(st.session_state.get(name, ""))
    return known if not chosen or chosen in known else {chosen: chosen, **known}


def _choice(name: str, label: str, everything: str, found: Mapping[str, str]) -> str:
    """Returns what is chosen, in words; empty for everything."""
    choice_field(label, everything, found, _WIDTH, session.kept(name, {"", *found}, ""))
    return found.get(str(st.session_state[name]), "")


def _day(name: str, label: str, words: Callable[[str], str]) -> str:
    st.date_input(label, value=None, format="YYYY-MM-DD", width=_WIDTH, **session.kept_day(name))
    chosen = session.day(name)
    return words(date_text(chosen)) if chosen else ""
