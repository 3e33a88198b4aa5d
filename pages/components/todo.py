"""What needs a person, most urgent first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from core.domain.fetches import is_incomplete
from core.domain.models import MappingRow, MappingState, Totals, UsageFetch
from core.domain.month import Month
from pages.components.formats import age_text, month_text, number
from pages.components.language import _, ngettext
from pages.components.reconciliation_money import over_billed, sums_text, under_billed
from pages.components.usage_summary import MonthSummary

CATALOG_STALE_AFTER = timedelta(days=7)
MAPPING_PAGE = "pages/product_mapping.py"
SYNC_PAGE = "pages/usage_sync.py"
RECONCILIATION_PAGE = "pages/reconciliation.py"


@dataclass(frozen=True)
class Todo:
    """One thing to do: an icon, a sentence, what follows from it, and where it is done.

    `show` is the filter of the mapping page. `page` and `params` are a link to another one.
    """

    icon: str
    title: str
    detail: str
    show: str | None = None
    action: str | None = None
    page: str | None = None
    params: tuple[tuple[str, str], ...] = ()


def mapping_todos(rows: Sequence[MappingRow], newest: MonthSummary | None = None) -> list[Todo]:
    """Broken, stopped, unmapped with usage, products to be created or taken as they are. `newest`
    is the month that the overview shows."""
    tests: tuple[tuple[Callable[[MappingRow], bool], Callable[[list[MappingRow]], Todo]], ...] = (
        (lambda row: row.mapping.state is MappingState.BROKEN, _broken),
        (lambda row: row.mapping.state is MappingState.STOPPED, _stopped),
        (_unmapped_with_usage, partial(_unmapped, newest)),
        (lambda row: row.default_product is not None and row.adopted is None, _to_be_created),
        (_is_adopting, _to_be_adopted),
    )
    found = [(make, [row for row in rows if test(row)]) for test, make in tests]
    return [make(matching) for make, matching in found if matching]


def usage_todos(
    again: Sequence[UsageFetch], months: Sequence[Month], due: Month, summary: MonthSummary | None
) -> list[Todo]:
    """Fetches that have to be repeated, the last complete month missing, usage without a customer.

    `again` are fetches that failed or came too early, see `core.domain.fetches`; `due` is the month
    that should be here by now.
    """
    found = [_failed(fetch) if is_incomplete(fetch) else _early(fetch) for fetch in again]
    if due not in months and all(fetch.month != due for fetch in again):
        found.append(_due(due, bool(months)))
    if summary is not None and summary.unassigned > 0:
        found.append(_unassigned(summary))
    return found


def difference_todos(month: Month, totals: Totals | None) -> list[Todo]:
    """Rows of the reconciliation that need somebody, with what they cost."""
    if totals is None or not totals.open_exceptions:
        return []
    title = ngettext(
        "{count} open exception in the reconciliation of {month}.",
        "{count} open exceptions in the reconciliation of {month}.",
        totals.open_exceptions,
        month=str(month),
    )
    several = len(totals.by_currency) > 1
    detail = _(
        "Under-billed {under}, over-billed {over} per month.",
        under=sums_text(totals, under_billed, several=several),
        over=sums_text(totals, over_billed, several=several),
    )
    params = (("month", str(month)), ("show", "open"))
    return [Todo(":material/balance:", title, detail, page=RECONCILIATION_PAGE, params=params)]


def catalog_todos(refreshed_at: datetime | None, now: datetime) -> list[Todo]:
    """A catalog that was never read, or not lately."""
    if refreshed_at is None:
        return [
            Todo(
                ":material/inventory_2:",
                _("The ConnectWise products have not been read yet."),
                _("Without them there is nothing to map to."),
                action="catalog",
            )
        ]
    if now - refreshed_at > CATALOG_STALE_AFTER:
        return [
            Todo(
                ":material/history:",
                _("The list of ConnectWise products is old."),
                _("It was read {age}.", age=age_text(refreshed_at, now)),
                action="catalog",
            )
        ]
    return []


def renamed(rows: Sequence[MappingRow], acknowledged: dict[str, str]) -> list[MappingRow]:
    """Sophos products whose present name nobody has taken note of; they keep their mapping."""
    return [
        row
        for row in rows
        if row.product.former_descriptions
        and acknowledged.get(row.product.code) != row.product.description
    ]


def _unmapped_with_usage(row: MappingRow) -> bool:
    used = row.last_usage is not None and row.last_usage.billable > 0
    return row.mapping.state is MappingState.UNMAPPED and used


def _broken(rows: list[MappingRow]) -> Todo:
    title = ngettext("{count} mapping is broken.", "{count} mappings are broken.", len(rows))
    return Todo(
        ":material/link_off:",
        title,
        _reasons(rows, _("The ConnectWise product is gone or inactive: choose another one.")),
        show="broken",
    )


def _stopped(rows: list[MappingRow]) -> Todo:
    title = ngettext(
        "Sync of {count} product is stopped.", "Sync of {count} products is stopped.", len(rows)
    )
    hint = _("It resumes with the next usage that is identified.")
    return Todo(":material/pause_circle:", title, _reasons(rows, hint), show="stopped")


def _unmapped(newest: MonthSummary | None, rows: list[MappingRow]) -> Todo:
    title = ngettext(
        "{count} Sophos product with usage in any month is unmapped.",
        "{count} Sophos products with usage in any month are unmapped.",
        len(rows),
    )
    suggested = sum(row.suggestion is not None for row in rows)
    detail = _("Sync does not bill this usage.")
    if newest is not None:
        now = sum(row.product.code in newest.by_product for row in rows)
        detail += " " + _used_in(now, newest.month)
    if suggested:
        detail += " " + ngettext(
            "There is a suggestion for {count} of them.",
            "There are suggestions for {count} of them.",
            suggested,
        )
    return Todo(":material/help:", title, detail, show="unmapped")


def _used_in(count: int, month: Month) -> str:
    if not count:
        return _("None was used in {month}.", month=str(month))
    return ngettext(
        "{count} of them was used in {month}.",
        "{count} of them were used in {month}.",
        count,
        month=str(month),
    )


def _to_be_created(rows: list[MappingRow]) -> Todo:
    title = ngettext(
        "{count} default product will be created in ConnectWise.",
        "{count} default products will be created in ConnectWise.",
        len(rows),
    )
    names = [row.default_product.identifier for row in rows if row.default_product]
    detail = _("With the next sync, unless you map them first: {names}.", names=_some(names))
    return Todo(":material/add_circle:", title, detail, show="todo")


def _is_adopting(row: MappingRow) -> bool:
    return row.adopted is not None and row.adopted.is_billable and not row.adopted.inactive


def _to_be_adopted(rows: list[MappingRow]) -> Todo:
    title = ngettext(
        "{count} Sophos product will be mapped to its default product.",
        "{count} Sophos products will be mapped to their default products.",
        len(rows),
    )
    names = [row.adopted.identifier for row in rows if row.adopted]
    detail = _(
        "They exist in ConnectWise. With the next sync, unless you map them first: {names}.",
        names=_some(names),
    )
    return Todo(":material/add_link:", title, detail, show="todo")


def _failed(fetch: UsageFetch) -> Todo:
    title = _(
        "Fetching usage of {month} failed {age}.",
        month=str(fetch.month),
        age=age_text(fetch.finished_at),
    )
    return Todo(
        ":material/sync_problem:",
        title,
        _("Nothing is decided from an incomplete month; what was there before is kept."),
        page=SYNC_PAGE,
        params=_usage_of(fetch.month),
    )


def _early(fetch: UsageFetch) -> Todo:
    return Todo(
        ":material/history:",
        _("The usage of {month} was fetched before the month was over.", month=str(fetch.month)),
        _("Fetch it again."),
        page=SYNC_PAGE,
        params=_usage_of(fetch.month),
    )


def _usage_of(month: Month) -> tuple[tuple[str, str], ...]:
    return ("month", str(month)), ("view", "usage")


def _due(due: Month, any_month: bool) -> Todo:
    if not any_month:
        return Todo(
            ":material/download:",
            _("No usage has been fetched yet."),
            _("Products and customers appear with the first month."),
            action="usage",
        )
    return Todo(
        ":material/event_upcoming:",
        _("Usage of {month} is not here yet.", month=str(due)),
        _("The month is over: fetch it."),
        action="usage",
    )


def _unassigned(summary: MonthSummary) -> Todo:
    return Todo(
        ":material/person_off:",
        _(
            "Usage without a customer in {month}: {quantity}.",
            month=month_text(summary.month),
            quantity=number(summary.unassigned),
        ),
        _("Devices that no customer owns are billed to nobody. Assign them in Sophos Central."),
        page=SYNC_PAGE,
        params=_usage_of(summary.month),
    )


def _reasons(rows: list[MappingRow], hint: str) -> str:
    """Up to three rows with their reason, then what to do."""
    told = [
        _(
            "{product}: {reason}",
            product=row.product.description or row.product.code,
            reason=row.mapping.reason,
        )
        for row in rows
        if row.mapping.reason is not None
    ]
    return " · ".join([*told[:3], *(["…"] if len(told) > 3 else []), hint])


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
