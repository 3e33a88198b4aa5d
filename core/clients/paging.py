"""Paging as ConnectWise does it: forward-only by id, or page numbers with a Link header.

Forward-only (since 2018.5): the request header `pagination-type: forward-only` asks for records by
id; the Link header is always there, its `pageId` is the last id, and it is empty at the end. A
missing Link header means that this list cannot do it. Otherwise `page` counts from 1, and the Link
header names the next page where there is one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from core.clients.answers import Answer
from core.clients.http import Params
from core.clients.parsing import unexpected

PAGE_SIZE = 1000
FORWARD_ONLY = {"pagination-type": "forward-only"}

_NEXT = re.compile(r'<([^>]*)>\s*;[^,]*\brel="?next"?', re.IGNORECASE)
_MOST_PAGES = 10_000

Fetch = Callable[[Params, dict[str, str]], Answer]


@dataclass(frozen=True)
class Listing:
    """One list to read: how to fetch it, its query, and its name in messages."""

    system: str
    name: str
    fetch: Fetch
    params: Params
    page_size: int = PAGE_SIZE


def read_pages(listing: Listing) -> Iterator[list[object]]:
    """The pages of a list whose records have an id, forward-only if the server can.

    Raises UnexpectedAnswerError when the pages go round in a circle.
    """
    query = {**listing.params, "pageSize": listing.page_size}
    answer = listing.fetch(query, FORWARD_ONLY)
    if "link" not in answer.headers or _next_value(answer, "page") is not None:
        yield from _after_first_page(listing, answer)
        return
    yield from _forward_only(listing, query, answer)


def read_numbered_pages(listing: Listing) -> Iterator[list[object]]:
    """The pages of a list by page number, until one is not full and names no next one."""
    previous: list[object] | None = None
    for page in range(1, _MOST_PAGES):
        query = {**listing.params, "pageSize": listing.page_size, "page": page}
        answer = listing.fetch(query, {})
        records = _records(listing, answer)
        if records and records == previous:
            raise _circle(listing)
        yield records
        if not _has_more(listing, answer, records):
            return
        previous = records
    raise _circle(listing)


def _after_first_page(listing: Listing, answer: Answer) -> Iterator[list[object]]:
    """Continue by number after an answer that was not forward-only.

    The first page is read again, in the order of ids: other orders may skip or repeat records.
    """
    records = _records(listing, answer)
    if not _has_more(listing, answer, records):
        yield records
        return
    ordered = {**listing.params, "orderBy": "id asc"}
    yield from read_numbered_pages(
        Listing(listing.system, listing.name, listing.fetch, ordered, listing.page_size)
    )


def _forward_only(listing: Listing, query: Params, answer: Answer) -> Iterator[list[object]]:
    reached = -1
    for _ in range(_MOST_PAGES):
        records = _records(listing, answer)
        yield records
        following = _next_value(answer, "pageId")
        if following is None and _NEXT.search(answer.headers.get("link", "")):
            raise unexpected(listing.system, listing.name, "the next page has no number")
        if following is None:
            return
        if following <= reached:
            raise _circle(listing)
        reached = following
        answer = listing.fetch({**query, "pageId": reached}, FORWARD_ONLY)
    raise _circle(listing)


def _has_more(listing: Listing, answer: Answer, records: list[object]) -> bool:
    if not records:
        return False
    if "link" in answer.headers:
        return _next_value(answer, "page") is not None
    return len(records) >= listing.page_size


def _next_value(answer: Answer, name: str) -> int | None:
    """The number in the next link. Only the number is used: never another server's address."""
    link = _NEXT.search(answer.headers.get("link", ""))
    found = re.search(rf"[?&]{name}=(\d{{1,18}})(?:&|$)", link[1], re.IGNORECASE) if link else None
    return int(found[1]) if found else None


def _records(listing: Listing, answer: Answer) -> list[object]:
    if not isinstance(answer.body, list):
        raise unexpected(listing.system, listing.name, "a list was expected")
    return answer.body


def _circle(listing: Listing) -> Exception:
    return unexpected(listing.system, listing.name, "the pages go round in a circle")
