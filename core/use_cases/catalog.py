"""The catalog snapshot: refreshed from ConnectWise, searched in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import uuid4

from core.clients.connectwise import ConnectWise
from core.domain.mapping import availability_of, with_availability
from core.domain.models import CatalogEntry, ProductMapping
from core.domain.product_search import ProductIndex
from core.errors import UnexpectedAnswerError, message
from core.storage.mappings_store import MappingWrite
from core.storage.store import Store
from core.use_cases.jobs import Clock, Progress, ignore_progress
from core.use_cases.mapping_history import SYSTEM, changes_history


@dataclass(frozen=True)
class Snapshot:
    """The catalog as last read, with what was created or edited since.

    `by_id` is None while the catalog was never read: single products may be known by then, but
    not which others exist. `version` is never that of another snapshot, nor of another process.
    """

    version: str
    entries: tuple[CatalogEntry, ...]
    by_id: Mapping[int, CatalogEntry] | None
    refreshed_at: datetime | None

    @cached_property
    def index(self) -> ProductIndex:
        """The entries made ready for search."""
        return ProductIndex(self.entries)


class Catalog:
    """Reads all products at once and keeps them searchable between refreshes."""

    def __init__(self, store: Store, connectwise: ConnectWise, clock: Clock) -> None:
        self._store = store
        self._connectwise = connectwise
        self._clock = clock
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None

    def refresh(self, progress: Progress = ignore_progress) -> int:
        """Read the whole catalog, replace the snapshot, and move mapping states.

        Returns the number of products. A failed read leaves the old snapshot as it is.
        """
        started = self._clock()
        entries = self._connectwise.list_catalog(lambda done: progress(done, None))
        self._refuse_vanished(entries)
        before = self.snapshot().by_id
        self._store.catalog.replace(entries, started)
        self._forget()
        self._move_states(self._clock(), before=before)
        return len(entries)

    def refreshed_at(self) -> datetime | None:
        """When the whole catalog was read last, in UTC."""
        return self.snapshot().refreshed_at

    def snapshot(self) -> Snapshot:
        """The snapshot, read from the store once per change."""
        with self._lock:
            if self._snapshot is None:
                self._snapshot = self._load()
            return self._snapshot

    def version(self) -> str:
        """Changes with the snapshot."""
        return self.snapshot().version

    def entries(self) -> tuple[CatalogEntry, ...]:
        return self.snapshot().entries

    def find(self, text: str, limit: int = 20) -> list[CatalogEntry]:
        """Products whose identifier or description has all words of `text`, best first."""
        return self.snapshot().index.find(text, limit)

    def put(self, entry: CatalogEntry, leaving: str = "") -> None:
        """Keep one product that was just read, created or edited; nothing if it is known so.

        `leaving` is a Sophos product whose mapping the caller takes off this product right after
        that: its state is not moved in between.
        """
        if (self.snapshot().by_id or {}).get(entry.id) == entry:
            return
        self._store.catalog.put(entry)
        self._forget()
        self._move_states(
            self._clock(),
            lambda one: one.connectwise_product_id == entry.id and one.product_code != leaving,
        )

    def _refuse_vanished(self, entries: Sequence[CatalogEntry]) -> None:
        """No products where there were some is an answer gone wrong, not an empty catalog."""
        if not entries and self.entries():
            raise UnexpectedAnswerError(
                message("ConnectWise listed no products, though it had some before."),
                system="ConnectWise",
                remedy=message(
                    "The earlier catalog is kept. Refresh again later; if it stays empty, check "
                    "what the API member's security role may see."
                ),
            )

    def _forget(self) -> None:
        with self._lock:
            self._snapshot = None

    def _load(self) -> Snapshot:
        refreshed_at = self._store.catalog.refreshed_at()
        entries = tuple(self._store.catalog.all())
        return Snapshot(
            version=str(uuid4()),
            entries=entries,
            by_id={entry.id: entry for entry in entries} if refreshed_at else None,
            refreshed_at=refreshed_at,
        )

    def _move_states(
        self,
        now: datetime,
        concerned: Callable[[ProductMapping], bool] = lambda _one: True,
        *,
        before: Mapping[int, CatalogEntry] | None = None,
    ) -> None:
        """Follow the snapshot; `before` is the one that it replaced, which names what is gone."""

        def decide(current: dict[str, ProductMapping]) -> MappingWrite:
            by_id = self.snapshot().by_id
            moved = [
                after
                for mapping in current.values()
                if concerned(mapping)
                and (after := _with_availability(mapping, by_id, now, before or {})) != mapping
            ]
            return moved, changes_history(current, moved, now, SYSTEM, "catalog")

        self._store.mappings.change(decide)


def _with_availability(
    mapping: ProductMapping,
    by_id: Mapping[int, CatalogEntry] | None,
    now: datetime,
    before: Mapping[int, CatalogEntry],
) -> ProductMapping:
    product_id = mapping.connectwise_product_id
    known = None if product_id is None else before.get(product_id)
    name = known.identifier if known else ""
    return with_availability(mapping, availability_of(product_id, by_id), now, product_name=name)
