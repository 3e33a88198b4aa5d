"""Which months have to be fetched again before anything can be said of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from core.domain.models import FetchStatus, UsageFetch
from core.domain.month import Month


def to_fetch_again(
    fetches: Iterable[UsageFetch], closed: Collection[Month], today: date
) -> list[UsageFetch]:
    """The last fetch of each month that did not complete, or came before the month was over; the
    newest month first.

    `fetches` are all of them, the last one first. A closed month takes no other fetch, and one that
    is not over yet will be fetched anyway.
    """
    last: dict[Month, UsageFetch] = {}
    for fetch in fetches:
        last.setdefault(fetch.month, fetch)
    return [
        last[month]
        for month in sorted(last, reverse=True)
        if month not in closed and (is_incomplete(last[month]) or is_early(last[month], today))
    ]


def is_incomplete(fetch: UsageFetch) -> bool:
    """Whether it says nothing of its month."""
    return fetch.status is FetchStatus.INCOMPLETE


def is_early(fetch: UsageFetch, today: date) -> bool:
    """Whether its month went on after it, and is over by now."""
    return fetch.month < Month.of(today) and fetch.started_at.date() <= fetch.month.last_day
