"""Products that people have created in ConnectWise for Sophos products, until they are mapped.

ConnectWise may take long to create one. Who reloads the browser meanwhile has a new session, which
knows nothing of it: here it is kept for them, as long as this process lives.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from core.domain.models import CatalogItem
from core.errors import Message


@dataclass(frozen=True)
class Creation:
    """One product for the Sophos product `code`: under way, there (`item`), or not (`failure`)."""

    code: str
    identifier: str
    item: CatalogItem | None = None
    failure: tuple[Message, Message | None] | None = None

    @property
    def under_way(self) -> bool:
        return self.item is None and self.failure is None


class Creations:
    """The last creation of each person for each Sophos product."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], Creation] = {}

    def begin(self, by: str, identifiers: Mapping[str, str]) -> None:
        """`by` creates these products now, named by the code that each is for.

        One that is for no Sophos product has no row to be put into, and is not kept.
        """
        with self._lock:
            for code, identifier in identifiers.items():
                if code:
                    self._known[by, code] = Creation(code, identifier)

    def made(self, by: str, code: str, item: CatalogItem) -> None:
        """The product is there: created, or an existing one that was chosen."""
        with self._lock:
            if code:
                self._known[by, code] = Creation(code, item.identifier, item)

    def failed(self, by: str, code: str, text: Message, remedy: Message | None) -> None:
        """The product is not there, and why."""
        with self._lock:
            if (by, code) in self._known:
                self._known[by, code] = replace(self._known[by, code], failure=(text, remedy))

    def abandon(self, by: str, codes: Iterable[str]) -> None:
        """Nobody waits any longer for those of these that are still under way."""
        with self._lock:
            for key in [(by, code) for code in codes]:
                if key in self._known and self._known[key].under_way:
                    del self._known[key]

    def of(self, by: str) -> tuple[Creation, ...]:
        """What is kept for a person, in the order of its beginning."""
        with self._lock:
            return tuple(one for (person, _code), one in self._known.items() if person == by)

    def forget(self, by: str, codes: Iterable[str]) -> None:
        """These are mapped, or declined."""
        with self._lock:
            for code in codes:
                self._known.pop((by, code), None)
