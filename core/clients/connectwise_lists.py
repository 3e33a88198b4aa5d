"""Reading whole lists of ConnectWise, and what every group of its calls stands on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from core.clients.answers import Answer
from core.clients.connectwise_parsing import SYSTEM
from core.clients.connectwise_wire import ConnectWiseWire
from core.clients.http import Params
from core.clients.paging import PAGE_SIZE, Listing, read_numbered_pages, read_pages
from core.clients.parsing import Reader, each

T = TypeVar("T")
Progress = Callable[[int], None]


class Lists:
    """The lists of one company's ConnectWise, page by page as they are needed."""

    def __init__(self, wire: ConnectWiseWire) -> None:
        self._wire = wire

    def pages(
        self,
        path: str,
        name: str,
        params: Params,
        *,
        page_size: int = PAGE_SIZE,
        record: bool = False,
    ) -> Iterator[list[Reader]]:
        """The pages of a list; `name` is what messages call a record of it.

        `record` says that the path begins with a record, which may be gone.
        """
        listing = self._listing(path, params, min(max(page_size, 1), PAGE_SIZE), record)
        for page in read_pages(listing):
            yield list(each(SYSTEM, page, name, path))

    def numbered(self, path: str, name: str, params: Params) -> Iterator[Reader]:
        """A list that cannot be read by id, in the order of the server."""
        for page in read_numbered_pages(self._listing(path, params, PAGE_SIZE, record=False)):
            yield from each(SYSTEM, page, name, path)

    def all(
        self,
        path: str,
        name: str,
        parse: Callable[[Reader], T],
        params: Params,
        *,
        record: bool = False,
        progress: Progress | None = None,
    ) -> list[T]:
        """A whole list by id. A record that moved between two pages is taken once.

        `progress` is called with the number of records read so far.
        """
        records: dict[int, T] = {}
        for page in self.pages(path, name, params, record=record):
            records.update({reader.integer("id"): parse(reader) for reader in page})
            if progress is not None:
                progress(len(records))
        return [records[key] for key in sorted(records)]

    def _listing(self, path: str, params: Params, page_size: int, record: bool) -> Listing:
        def fetch(query: Params, headers: dict[str, str]) -> Answer:
            return self._wire.call("GET", path, params=query, headers=headers, record=record)

        return Listing(SYSTEM, path, fetch, params, page_size)


class Calls:
    """A group of the calls of `ConnectWise`."""

    def __init__(self, wire: ConnectWiseWire, lists: Lists) -> None:
        self._wire = wire
        self._lists = lists
