"""The long tasks that pages start: read the catalog, fetch usage."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date

import streamlit as st

from core.domain.month import Month
from core.errors import Message, UsageSyncError, message
from core.services import Services
from core.use_cases.jobs import Progress
from pages.components.formats import month_text
from pages.components.identity import who
from pages.components.jobs import watch
from pages.components.language import _, language, ngettext
from pages.components.option_names import distinct
from pages.components.problems import show_error

CATALOG, USAGE, REFRESH = "catalog", "usage", "refresh"
PLAN, SYNC, USAGE_FILE = "plan", "sync", "usage_file"
AGREEMENTS = "agreements"
MONTHS_KEPT_IN_VIEW = 14
ALL_MONTHS = "all"


def read_catalog(services: Services) -> None:
    """Start reading all ConnectWise products; the page is drawn again with the progress on it."""

    def task(progress: Progress) -> int:
        return services.catalog.refresh(progress)

    _start(services, CATALOG, task)


def fetch_usage(services: Services, months: Sequence[Month]) -> None:
    """Start fetching these months, the oldest first, so that states follow the newest."""
    by = who()

    def task(progress: Progress) -> int:
        for position, month in enumerate(sorted(months)):
            progress(position, len(months))
            services.usage.fetch(month, by)
        return len(months)

    _start(services, USAGE, task)


def start_refresh(services: Services) -> None:
    """Start reading both vendors anew: all ConnectWise products and the last complete month."""
    by, month = who(), Month.last_complete(services.clock().date())

    def task(progress: Progress) -> int:
        products = services.catalog.refresh(progress)
        services.usage.fetch(month, by, progress)
        return products

    _start(services, REFRESH, task)


def import_usage(
    services: Services, content: str, month: Month, missing_confirmed: Collection[str]
) -> None:
    """Start taking in the vendor's usage file as that of a month. At its end, what came in is told.

    `missing_confirmed` are the customers that may be missing in it.
    """
    by = who()

    def task(progress: Progress) -> Message:
        progress(0, None)
        return services.usage.import_file(content, by, month, missing_confirmed).told

    _start(services, USAGE_FILE, task)


def make_plan(services: Services, month: Month) -> None:
    """Start reading what a plan of the month follows from; the page shows the plan afterwards."""

    def task(progress: Progress) -> int:
        services.planning.refresh(progress)
        return len(services.planning.plan(month).changes)

    _start(services, PLAN, task)


def read_all_agreements(services: Services) -> None:
    """Start reading the additions of all active agreements, those of no customer included."""

    def task(progress: Progress) -> int:
        return len(services.planning.refresh(progress, everywhere=True).additions)

    _start(services, AGREEMENTS, task)


def sync_now(services: Services, month: Month) -> None:
    """Start reading everything anew that a sync of a month follows from, and plan it.

    Nothing is written: the plan waits for approval on the page Usage sync.
    """
    by = who()

    def task(progress: Progress) -> int:
        return len(services.scheduler.prepare(month, by, progress).changes)

    _start(services, SYNC, task)


def recent_months(today: date, count: int = MONTHS_KEPT_IN_VIEW) -> list[Month]:
    """The last complete month and those before it, newest first."""
    newest = Month.last_complete(today)
    return [newest.plus(-back) for back in range(count)]


def fetch_form(services: Services, key: str) -> None:
    """Choose a month, or all recent ones, and fetch."""
    recent = {str(month): month for month in recent_months(services.clock().date())}
    names = {code: month_text(month) for code, month in recent.items()}
    names[ALL_MONTHS] = _every(len(recent))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            _("Month"),
            list(names),
            format_func=distinct(names),
            placeholder=_("Choose…"),
            key=f"{key}_month_{language()}",
            width=260,
        )
        if st.button(_("Fetch usage"), key=key, icon=":material/download:"):
            months = recent.values() if chosen == ALL_MONTHS else [recent[chosen]]
            fetch_usage(services, list(months))


def _every(count: int) -> str:
    return ngettext("The last {count} month", "The last {count} months", count)


def _start(services: Services, kind: str, task: Callable[[Progress], int | Message]) -> None:
    labels = {
        CATALOG: message("Reading the ConnectWise products"),
        USAGE: message("Fetching usage from Sophos"),
        REFRESH: message("Refreshing data"),
        PLAN: message("Reading agreements and additions"),
        AGREEMENTS: message("Reading all agreements"),
        SYNC: message("Reading everything for a sync"),
        USAGE_FILE: message("Reading the usage file"),
    }
    try:
        status = services.jobs.start(kind, labels[kind], who(), task)
    except UsageSyncError as error:
        show_error(error)
        return
    watch(status)
