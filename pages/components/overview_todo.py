"""The overview's first part: what needs a person."""

from __future__ import annotations

import json

import streamlit as st

from core.domain.models import MappingRow, Run
from core.domain.month import Month
from core.services import Services
from pages.components.identity import who
from pages.components.language import _, ngettext
from pages.components.overview_month import at_a_glance
from pages.components.problems import as_typed
from pages.components.sync_schedule import waiting_plans
from pages.components.sync_todo import customer_todos, run_todos, waiting_todos
from pages.components.tasks import fetch_usage, read_catalog, recent_months
from pages.components.todo import (
    MAPPING_PAGE,
    Todo,
    catalog_todos,
    difference_todos,
    mapping_todos,
    renamed,
    usage_todos,
)
from pages.components.usage_summary import MonthSummary

_RENAMES_SEEN = "renames_seen"
_RENAME_COLUMNS = (4, 1)


def draw_todos(services: Services, rows: list[MappingRow], months: list[MonthSummary]) -> None:
    """One box per thing to do, each with the way to it; or that there is nothing."""
    now = services.clock()
    due = Month.last_complete(now.date())
    newest = at_a_glance(months, services.planning.today())[0] if months else None
    todos = [
        *run_todos(services.history.undone(), _interrupted(services), now),
        *waiting_todos(waiting_plans(services), now),
        *usage_todos(
            services.usage.to_fetch_again(),
            [summary.month for summary in months],
            due,
            months[-1] if months else None,
        ),
        *_difference_todos(services, due),
        *mapping_todos(rows, newest),
        *customer_todos(
            services.customers.rows(), months[-1].customer_ids if months else frozenset()
        ),
        *catalog_todos(services.catalog.refreshed_at(), now),
    ]
    st.subheader(_("To do"), anchor=False)
    for position, todo in enumerate(todos):
        _draw_todo(services, todo, position)
    new_names = _renames(services, rows)
    if not todos and not new_names:
        st.success(
            _("Nothing needs you: every product with usage is mapped and its sync is on."),
            icon=":material/check_circle:",
        )


def _draw_todo(services: Services, todo: Todo, position: int) -> None:
    with st.container(
        border=True,
        horizontal=True,
        horizontal_alignment="distribute",
        vertical_alignment="center",
    ):
        st.markdown(
            f"{todo.icon} **{as_typed(todo.title)}**  \n{as_typed(todo.detail)}", width="content"
        )
        if todo.show is not None:
            st.page_link(
                MAPPING_PAGE,
                label=_("Show"),
                icon=":material/arrow_forward:",
                query_params={"show": todo.show},
            )
        elif todo.page is not None:
            st.page_link(
                todo.page,
                label=_("Show"),
                icon=":material/arrow_forward:",
                query_params=dict(todo.params),
            )
        elif todo.action == "catalog":
            if st.button(_("Read now"), key=f"overview_todo_{position}"):
                read_catalog(services)
        elif todo.action == "usage" and st.button(_("Fetch now"), key=f"overview_todo_{position}"):
            fetch_usage(services, recent_months(services.clock().date(), 1))


def _difference_todos(services: Services, due: Month) -> list[Todo]:
    """Of the newest month that is over and was read complete."""
    newest = next((month for month in services.usage.months() if month <= due), None)
    if newest is None:
        return []
    return difference_todos(newest, services.reconciliation.totals_at_hand(newest))


def _interrupted(services: Services) -> Run | None:
    """A run cut off; one that is just about to begin is not."""
    return None if services.jobs.current() is not None else services.runs.interrupted()


def _renames(services: Services, rows: list[MappingRow]) -> list[MappingRow]:
    """Renames need no action: they are told once, until somebody has taken note."""
    acknowledged = json.loads(services.preferences.get(_RENAMES_SEEN) or "{}")
    new_names = renamed(rows, acknowledged)
    if not new_names:
        return []
    with st.container(border=True):
        title = ngettext(
            "{count} Sophos product was renamed. Its mapping is kept.",
            "{count} Sophos products were renamed. Their mappings are kept.",
            len(new_names),
        )
        st.markdown(f":material/edit_note: **{as_typed(title)}**")
        for row in new_names:
            _draw_rename(row)
        if st.button(_("Noted"), key="overview_renames", icon=":material/done_all:"):
            acknowledged |= {row.product.code: row.product.description for row in new_names}
            services.preferences.put(_RENAMES_SEEN, json.dumps(acknowledged), who())
            st.rerun()
    return new_names


def _draw_rename(row: MappingRow) -> None:
    """The old name and the new one, with the way to the mapping."""
    former = row.product.former_descriptions[0]
    names, way = st.columns(_RENAME_COLUMNS, vertical_alignment="center")
    names.markdown(f"{as_typed(former)} → {as_typed(row.product.description)}")
    with way.container(horizontal=True, horizontal_alignment="right"):
        st.page_link(
            MAPPING_PAGE,
            label=_("Show"),
            icon=":material/arrow_forward:",
            query_params={"product": row.product.code},
            width="content",
        )
