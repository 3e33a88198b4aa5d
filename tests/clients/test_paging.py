from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clients.answers import Answer
from core.clients.http import Params
from core.clients.paging import Listing, read_numbered_pages, read_pages
from core.errors import UnexpectedAnswerError

HOST = "https://api-na.myconnectwise.net/v4_6_release/apis/3.0/procurement/catalog"


def listing(fetch: Callable[[Params, dict[str, str]], Answer], size: int = 2) -> Listing:
    return Listing("ConnectWise", "/procurement/catalog", fetch, {"conditions": "x=1"}, size)


def answer(records: object, link: str | None = None) -> Answer:
    headers = httpx.Headers({} if link is None else {"Link": link})
    return Answer(200, headers, "", records)


class Table:
    """A list of a server, in any of the documented ways of paging."""

    def __init__(self, count: int, *, forward: str = "empty", links: bool = True) -> None:
        self.records = [{"id": 10 * number} for number in range(1, count + 1)]
        self.forward = forward
        self.links = links
        self.asked: list[tuple[dict[str, object], dict[str, str]]] = []

    def fetch(self, params: Params, headers: dict[str, str]) -> Answer:
        self.asked.append((dict(params), headers))
        size = int(params["pageSize"])
        if headers.get("pagination-type") == "forward-only" and self.forward != "unsupported":
            return self._forward(int(params.get("pageId", 0)), size)
        return self._numbered(int(params.get("page", 1)), size)

    def _forward(self, after: int, size: int) -> Answer:
        left = [record for record in self.records if record["id"] > after]
        page = left[:size]
        over = len(left) <= size if self.forward == "empty" else not page
        link = "" if over else f'<{HOST}?pageSize={size}&pageId={page[-1]["id"]}>; rel="next"'
        return answer(page, link)

    def _numbered(self, number: int, size: int) -> Answer:
        start = (number - 1) * size
        page = self.records[start : start + size]
        if not self.links:
            return answer(page)
        last = -(-len(self.records) // size)
        links = [f'<{HOST}?pageSize={size}&page=1>; rel="first"'] if number > 1 else []
        if number < last:
            links.append(f'<{HOST}?pageSize={size}&page={number + 1}>; rel="next"')
            links.append(f'<{HOST}?pageSize={size}&page={last}>; rel="last"')
        return answer(page, ", ".join(links) if links else None)


def read(table: Table, size: int) -> list[object]:
    return [record for page in read_pages(listing(table.fetch, size)) for record in page]


@given(
    count=st.integers(0, 25),
    size=st.integers(1, 12),
    forward=st.sampled_from(["empty", "always", "unsupported"]),
    links=st.booleans(),
)
def test_every_record_once_whatever_the_paging(
    count: int, size: int, forward: str, links: bool
) -> None:
    table = Table(count, forward=forward, links=links)
    assert read(table, size) == table.records


def test_forward_only_asks_for_ids_after_the_last_and_keeps_the_query() -> None:
    table = Table(5)
    read(table, 2)
    assert [params.get("pageId") for params, _ in table.asked] == [None, 20, 40]
    assert all(params["conditions"] == "x=1" for params, _ in table.asked)
    assert all("orderBy" not in params for params, _ in table.asked)
    assert all(headers == {"pagination-type": "forward-only"} for _, headers in table.asked)


def test_twenty_thousand_records_take_twenty_calls() -> None:
    table = Table(20_000)
    assert len(read(table, 1000)) == 20_000
    assert len(table.asked) == 20


def test_without_forward_only_pages_are_counted_in_the_order_of_ids() -> None:
    table = Table(5, forward="unsupported")
    read(table, 2)
    assert [params.get("page") for params, _ in table.asked] == [None, 1, 2, 3]
    assert all(params["conditions"] == "x=1" for params, _ in table.asked)
    assert {params.get("orderBy") for params, _ in table.asked[1:]} == {"id asc"}


def test_a_short_list_without_links_needs_one_call() -> None:
    table = Table(1, forward="unsupported", links=False)
    read(table, 2)
    assert len(table.asked) == 1


@pytest.mark.parametrize(
    "link",
    [
        f'<{HOST}?pageId=20&pageSize=2>; rel="next"',  # pageId first
        f"<{HOST}?pageSize=2&pageId=20>;rel=next",  # no quotes
        f'<{HOST}?x=1>; rel="first", <{HOST}?PageId=20>; rel="Next"',
    ],
)
def test_links_may_be_written_differently(link: str) -> None:
    asked: list[object] = []

    def fetch(params: Params, _: dict[str, str]) -> Answer:
        asked.append(params.get("pageId"))
        return answer([{"id": 20}], link) if len(asked) == 1 else answer([], "")

    list(read_pages(listing(fetch)))
    assert asked == [None, 20]


def test_pages_that_do_not_advance_are_an_error() -> None:
    def fetch(*_: object) -> Answer:
        return answer([{"id": 5}, {"id": 6}], f'<{HOST}?pageId=6>; rel="next"')

    with pytest.raises(UnexpectedAnswerError, match="catalog"):
        list(read_pages(listing(fetch)))


def test_the_same_page_again_is_an_error() -> None:
    def fetch(*_: object) -> Answer:
        return answer([{"id": 5}, {"id": 6}], f'<{HOST}?page=2>; rel="next"')

    with pytest.raises(UnexpectedAnswerError):
        list(read_numbered_pages(listing(fetch)))


def test_a_next_page_without_a_number_is_not_the_end() -> None:
    def fetch(*_: object) -> Answer:
        return answer([{"id": 5}, {"id": 6}], f'<{HOST}?cursor=abc>; rel="next"')

    with pytest.raises(UnexpectedAnswerError):
        list(read_pages(listing(fetch)))


@pytest.mark.parametrize("body", [{"items": []}, None, "text", 5])
def test_a_page_that_is_no_list_is_an_error(body: object) -> None:
    with pytest.raises(UnexpectedAnswerError):
        list(read_pages(listing(lambda *_: answer(body, ""))))


def test_pages_are_read_as_they_are_needed() -> None:
    table = Table(100)
    pages = read_pages(listing(table.fetch, 10))
    next(pages)
    next(pages)
    assert len(table.asked) == 2
