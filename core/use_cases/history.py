"""History: what was done by whom, in one place, and putting one saved change back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from core.domain.customer_saving import AGREEMENT, COMPANY, CUSTOMER_FIELDS, SYNC
from core.domain.customers import CustomerValues
from core.domain.models import (
    ChangeFilter,
    CustomerHistoryEntry,
    MappingHistoryEntry,
    MonthClosing,
    Outcome,
    PastChange,
    Plan,
    Run,
    RunChange,
)
from core.domain.row_edits import RowEdit
from core.domain.saving import MappingValues
from core.domain.undone import Undone, undone
from core.errors import ConflictError, InputError, message
from core.storage.store import Store
from core.use_cases import rule_history
from core.use_cases.customers import Customers
from core.use_cases.kept import Kept
from core.use_cases.mappings import Mappings
from core.use_cases.planning import Planning
from core.use_cases.quantity_rules import Rules
from core.use_cases.rule_history import ORIGIN, Entry, changed_since

_PRODUCT = "connectwise_product_id"
_MAPPING_FIELDS = (_PRODUCT, SYNC)


class History:
    """Runs and their changes, saved mappings and customers, closed months."""

    def __init__(
        self,
        store: Store,
        mappings: Mappings,
        customers: Customers,
        rules: Rules,
        planning: Planning,
    ) -> None:
        self._store = store
        self._mappings = mappings
        self._customers = customers
        self._rules = rules
        self._planning = planning
        self._runs: Kept[Sequence[Run]] = Kept(store.runs.list)
        self._mapping_changes: Kept[Sequence[MappingHistoryEntry]] = Kept(store.mappings.history)
        self._undone: Kept[Sequence[Undone]] = Kept(self._read_undone)
        self._sentences: Kept[frozenset[tuple[str, str]]] = Kept(store.history.sentences)
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

    def sentences(self) -> frozenset[tuple[str, str]]:
        """The templates, singular and plural, of everything that changes say of themselves."""
        return self._sentences.get(self._store.revision)

    def life(self, addition_id: int) -> Sequence[PastChange]:
        """Everything that runs did, or tried to do, to one addition, newest first."""
        return self.changes(ChangeFilter(addition_id=addition_id))

    def undone(self) -> Sequence[Undone]:
        """The runs that went wrong and whose changes are still to be done, newest first."""
        return self._undone.get(self._store.revision)

    def _read_undone(self) -> Sequence[Undone]:
        closed = self._store.months.closed()
        return undone(self.runs(), closed, self._changes_of, self._plan_of)

    def _plan_of(self, run: Run) -> Plan | None:
        """None while a run goes on, and where the month as a whole cannot be planned. What an undo
        left follows from the run that it takes back."""
        if run.undo_of or self._store.runs.open() is not None:
            return None
        plan = self._planning.plan(run.month)
        stopped = any(finding.stops_the_month for finding in plan.findings)
        return None if stopped else plan

    def _changes_of(self, run: Run, outcome: Outcome | None) -> Sequence[RunChange]:
        found = self.changes(ChangeFilter(run_id=run.id, outcome=outcome))
        return [past.row for past in found]

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

        A state follows from the rest, and what a bundle combines needs its bundle.
        """
        if rule_history.is_of_a_rule(entry):
            return rule_history.together(entry, self._history_of(entry), self._rules)
        if isinstance(entry, MappingHistoryEntry):
            return _together(entry, self._history_of(entry), (entry.field,), _MAPPING_FIELDS)
        # A company without its agreement would be another customer's contract.
        fields = (COMPANY, AGREEMENT) if entry.field in (COMPANY, AGREEMENT) else (entry.field,)
        return _together(entry, self._history_of(entry), fields, CUSTOMER_FIELDS)

    def put_back_mapping(self, entry: MappingHistoryEntry, by: str) -> None:
        """Save what a mapping had before a change.

        Raises ConflictError when it was changed since, InputError when it cannot be put back, or
        the value of before is not acceptable any more.
        """
        entries = self.together(entry)
        if entries and rule_history.is_of_a_rule(entry):
            rule_history.put_back(entries, self._history_of(entry), self._rules, by)
            return
        mapping = self._store.mappings.all().get(entry.product_code)
        if not entries or mapping is None:
            raise _not_to_be_put_back()
        now = MappingValues.of(mapping)
        self._refuse_changed(entries, vars(now), self._history_of(entry))
        wanted = replace(now, **_old(entries))
        edit = RowEdit(entry.product_code, mapping.version, now, wanted)
        _refuse(self._mappings.save([edit], by, ORIGIN).conflicts)

    def put_back_customer(
        self, entry: CustomerHistoryEntry, by: str, *, may_share: bool = False
    ) -> None:
        """Save what a customer had before a change. Raises as `put_back_mapping`, and InputError
        when its agreement would be shared, unless it may be."""
        entries = self.together(entry)
        if entries and rule_history.is_of_a_rule(entry):
            rule_history.put_back(entries, self._history_of(entry), self._rules, by)
            return
        mapping = self._store.customers.mappings().get(entry.customer_id)
        if not entries or mapping is None:
            raise _not_to_be_put_back()
        now = CustomerValues.of(mapping)
        self._refuse_changed(entries, vars(now), self._history_of(entry))
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
            raise changed_since(next(each for each in history if each.field == entry.field))

    def _history_of(self, entry: Entry) -> Sequence[Entry]:
        if isinstance(entry, MappingHistoryEntry):
            return self._store.mappings.history(entry.product_code)
        return self._store.customers.history(entry.customer_id)


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
