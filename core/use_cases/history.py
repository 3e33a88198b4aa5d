"""History: what was done by whom, in one place, and putting one saved change back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from core.domain.customer_saving import AGREEMENT, COMPANY, CUSTOMER_FIELDS, SYNC
from core.domain.customers import CustomerValues
from core.domain.models import (
    ChangeFilter,
    CustomerHistoryEntry,
    MappingHistoryEntry,
    MonthClosing,
    PastChange,
    Run,
)
from core.domain.row_edits import RowEdit
from core.domain.saving import MappingValues
from core.errors import ConflictError, InputError, message
from core.storage.store import Store
from core.use_cases.customers import Customers
from core.use_cases.kept import Kept
from core.use_cases.mappings import Mappings

ORIGIN = "history"
_PRODUCT = "connectwise_product_id"
_MAPPING_FIELDS = (_PRODUCT, SYNC)

Entry: TypeAlias = MappingHistoryEntry | CustomerHistoryEntry


class History:
    """Runs and their changes, saved mappings and customers, closed months."""

    def __init__(self, store: Store, mappings: Mappings, customers: Customers) -> None:
        self._store = store
        self._mappings = mappings
        self._customers = customers
        self._runs: Kept[Sequence[Run]] = Kept(store.runs.list)
        self._mapping_changes: Kept[Sequence[MappingHistoryEntry]] = Kept(store.mappings.history)
        self._customer_changes: Kept[Sequence[CustomerHistoryEntry]] = Kept(store.customers.history)

    # ------------------------------------------------------------ looking

    def runs(self) -> Sequence[Run]:
        """Every run, newest first."""
        return self._runs.get(self._store.revision)

    def changes(self, wanted: ChangeFilter, limit: int | None = None) -> Sequence[PastChange]:
        """The changes of all runs that are looked for, newest run first."""
        return self._store.history.changes(wanted, limit)

    def count(self, wanted: ChangeFilter) -> int:
        """How many changes there are to look at."""
        return self._store.history.count(wanted)

    def runs_with(self, wanted: ChangeFilter) -> frozenset[str]:
        """The ids of the runs that have such a change."""
        return self._store.history.runs(wanted)

    def life(self, addition_id: int) -> Sequence[PastChange]:
        """Everything that runs did, or tried to do, to one addition, newest first."""
        return self.changes(ChangeFilter(addition_id=addition_id))

    def mapping_changes(self) -> Sequence[MappingHistoryEntry]:
        """Every saved change of product mappings and their rules, newest first."""
        return self._mapping_changes.get(self._store.revision)

    def customer_changes(self) -> Sequence[CustomerHistoryEntry]:
        """Every saved change of customers and their own rules, newest first."""
        return self._customer_changes.get(self._store.revision)

    def closings(self) -> Sequence[MonthClosing]:
        """Every closing and reopening of a month, newest first."""
        return self._store.months.closings()

    # ------------------------------------------------------------ putting back

    def together(self, entry: Entry) -> tuple[Entry, ...]:
        """What was saved with this change and is put back with it; empty: it cannot be put back.

        A state follows from the rest, and rules are changed where they are explained.
        """
        if isinstance(entry, MappingHistoryEntry):
            history = self._store.mappings.history(entry.product_code)
            return _together(entry, history, (entry.field,), _MAPPING_FIELDS)
        # A company without its agreement would be another customer's contract.
        fields = (COMPANY, AGREEMENT) if entry.field in (COMPANY, AGREEMENT) else (entry.field,)
        history_of_it = self._store.customers.history(entry.customer_id)
        return _together(entry, history_of_it, fields, CUSTOMER_FIELDS)

    def put_back_mapping(self, entry: MappingHistoryEntry, by: str) -> None:
        """Save what a mapping had before a change.

        Raises ConflictError when it was changed since, InputError when it cannot be put back, or
        the value of before is not acceptable any more.
        """
        entries = self.together(entry)
        mapping = self._store.mappings.all().get(entry.product_code)
        if not entries or mapping is None:
            raise _not_to_be_put_back()
        now = MappingValues.of(mapping)
        self._refuse_changed(entries, vars(now), self._store.mappings.history(entry.product_code))
        wanted = replace(now, **_old(entries))
        edit = RowEdit(entry.product_code, mapping.version, now, wanted)
        _refuse(self._mappings.save([edit], by, ORIGIN).conflicts)

    def put_back_customer(
        self, entry: CustomerHistoryEntry, by: str, *, may_share: bool = False
    ) -> None:
        """Save what a customer had before a change. Raises as `put_back_mapping`, and InputError
        when its agreement would be shared, unless it may be."""
        entries = self.together(entry)
        mapping = self._store.customers.mappings().get(entry.customer_id)
        if not entries or mapping is None:
            raise _not_to_be_put_back()
        now = CustomerValues.of(mapping)
        self._refuse_changed(entries, vars(now), self._store.customers.history(entry.customer_id))
        wanted = replace(now, **_old(entries))
        edit = RowEdit(entry.customer_id, mapping.version, now, wanted)
        shared = {wanted.agreement_id} if may_share and wanted.agreement_id is not None else set()
        _refuse(self._customers.save([edit], by, ORIGIN, shared).conflicts)

    def _refuse_changed(
        self, entries: Sequence[Entry], now: Mapping[str, object], history: Sequence[Entry]
    ) -> None:
        for entry in entries:
            if now[entry.field] == _value(entry.field, entry.new):
                continue
            newest = next(each for each in history if each.field == entry.field)
            raise ConflictError(
                message(
                    "It was changed since, by {name} on {when}; nothing was put back.",
                    name=newest.by,
                    when=newest.at,
                ),
                remedy=message("Put the later change back first, or set the value by hand."),
            )


def _together(
    entry: Entry, history: Iterable[Entry], fields: Sequence[str], known: Sequence[str]
) -> tuple[Entry, ...]:
    if entry.field not in known:
        return ()
    saved = (entry.at, entry.by)
    return tuple(each for each in history if each.field in fields and (each.at, each.by) == saved)


def _old(entries: Iterable[Entry]) -> dict[str, Any]:
    return {entry.field: _value(entry.field, entry.old) for entry in entries}


def _value(field: str, stored: str) -> int | bool | None:
    """From the plain text of the history; a row that was never saved has no sync."""
    if field == SYNC:
        return stored == "true"
    return int(stored) if stored else None


def _not_to_be_put_back() -> InputError:
    return InputError(
        message("This change cannot be put back."),
        remedy=message("Set the value by hand where it is edited."),
    )


def _refuse(conflicts: Sequence[object]) -> None:
    """Somebody saved between the look and the save."""
    if conflicts:
        raise ConflictError(
            message("It was changed at the same moment by somebody else; nothing was put back."),
            remedy=message("Look at the new value, then try again."),
        )
