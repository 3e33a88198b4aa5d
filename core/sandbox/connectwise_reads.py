"""Lists, counts and single records."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from core.sandbox.connectwise_answers import FieldError, invalid_object
from core.sandbox.connectwise_audit import ABOUT_ID, ABOUT_TYPE, AUDIT_TRAIL
from core.sandbox.connectwise_model import Record, Resource, Site
from core.sandbox.connectwise_paging import (
    Address,
    Paging,
    forward_link,
    navigable_link,
    read_paging,
)
from core.sandbox.connectwise_query import FieldSelection, Params, ordering, predicate
from core.sandbox.connectwise_references import Viewer
from core.sandbox.connectwise_writes import find_record


@dataclass(frozen=True)
class Page:
    """One page of a list, and its Link header if there is one."""

    records: list[Record]
    link: str | None


@dataclass(frozen=True)
class Reader:
    """Reads of one resource for one request. Hold the world's lock around them.

    `parent` is the id in a nested route, `base` the URL that hrefs begin with.
    """

    site: Site
    resource: Resource
    params: Params
    base: str
    parent: int | None = None

    def one(self, record_id: int) -> Record:
        """A record with the members that were asked for."""
        return self.shown(find_record(self.site, self.resource, self.parent, record_id))

    def shown(self, record: Record) -> Record:
        """A stored record as it is answered."""
        viewer = Viewer(self.site, self.resource, self.base)
        return FieldSelection(self.params).of(viewer.view(record))

    def count(self) -> int:
        """How many records the conditions find."""
        return sum(1 for _ in self._found(self._records()))

    def page(self, address: Address, headers: Mapping[str, str]) -> Page:
        """The page that was asked for."""
        forward = self.resource is not AUDIT_TRAIL
        paging = read_paging(self.params, headers, self.site.switches, forward=forward)
        return self._forward(address, paging) if paging.forward_only else self._at(address, paging)

    def _forward(self, address: Address, paging: Paging) -> Page:
        """By id from `pageId` on; `orderBy` is not allowed here and has no effect."""
        found = list(islice(self._found(self._records(paging.after)), paging.size + 1))
        more = len(found) > paging.size
        records = found[: paging.size]
        return Page(self._selected(records), forward_link(address, records, more=more))

    def _at(self, address: Address, paging: Paging) -> Page:
        start = (paging.page - 1) * paging.size
        reverse = self.site.switches.unordered == "reverse" and not self.params.get("orderby")
        if self._is_plain():
            # Nothing to find or sort by: only the page itself has to be looked at.
            stored = list(self._records())
            if reverse:
                stored.reverse()
            total, records = len(stored), self._views(stored[start : start + paging.size])
        else:
            ordered = ordering(self.resource, self.params)(self._found(self._records()))
            if reverse:
                ordered.reverse()
            total, records = len(ordered), ordered[start : start + paging.size]
        return Page(self._selected(records), navigable_link(address, paging, total))

    def _is_plain(self) -> bool:
        return predicate(self.resource, self.params) is None and not self.params.get("orderby")

    def _records(self, after: int = 0) -> Iterator[Record]:
        """Stored records below the parent and with ids behind `after`, by id."""
        if self.resource is AUDIT_TRAIL:
            return _audit_entries(self.site, self.params)
        table = self.site.table(self.resource.table)
        owner, parent = self.resource.parent, self.parent
        if owner is not None and parent is not None and owner.member == table.parent_member:
            return (record for record in table.below(parent) if record["id"] > after)
        ids = sorted(table.records)
        stored = (table.records[key] for key in islice(ids, bisect_right(ids, after), None))
        if owner is None or parent is None:
            return stored
        return (record for record in stored if owner.owns(parent, record))

    def _found(self, stored: Iterator[Record]) -> Iterator[Record]:
        """The views of those that the conditions hold for."""
        holds = predicate(self.resource, self.params)
        if holds is None:
            return iter(self._views(stored))
        return (record for record in self._views(stored, whole=True) if holds(record))

    def _views(
        self, stored: Iterator[Record] | list[Record], *, whole: bool = False
    ) -> list[Record] | Iterator[Record]:
        only = None if whole else FieldSelection(self.params).top_level(self.resource)
        viewer = Viewer(self.site, self.resource, self.base)
        return (viewer.view(record, only) for record in stored)

    def _selected(self, records: Iterator[Record] | list[Record]) -> list[Record]:
        selection = FieldSelection(self.params)
        return [selection.of(record) for record in records]


def _audit_entries(site: Site, params: Params) -> Iterator[Record]:
    """The entries about one record.

    Raises:
        ApiError: 400 without `type` and `id`.
    """
    missing = [
        FieldError("MissingRequiredField", f"{name} is required.", name)
        for name in ("type", "id")
        if not params.get(name, "").strip()
    ]
    if missing:
        raise invalid_object(AUDIT_TRAIL.name, missing)
    about = params["type"].strip().lower(), params["id"].strip()
    return (
        entry
        for entry in site.table(AUDIT_TRAIL.table).all()
        if (str(entry.get(ABOUT_TYPE, "")).lower(), str(entry.get(ABOUT_ID, ""))) == about
    )
