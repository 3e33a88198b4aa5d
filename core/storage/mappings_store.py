"""Product mappings, and the history of every change of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from core.domain.models import MappingHistoryEntry, MappingState, ProductMapping
from core.errors import ConflictError, message, plural_message
from core.storage import bulk
from core.storage.database import Database, Row, Transaction
from core.storage.values import Value, aware, message_from_json, message_to_json

MappingWrite = tuple[Sequence[ProductMapping], Sequence[MappingHistoryEntry]]
MappingDecision = Callable[[dict[str, ProductMapping]], MappingWrite]

MAPPING_COLUMNS = {
    "product_code": "VARCHAR",
    "connectwise_product_id": "BIGINT",
    "sync": "BOOLEAN",
    "stopped": "BOOLEAN",
    "state": "VARCHAR",
    "since": "TIMESTAMP",
    "reason": "VARCHAR",
    "version": "INTEGER",
}
HISTORY_COLUMNS = {
    "id": "VARCHAR",
    "position": "BIGINT",
    "product_code": "VARCHAR",
    "changed_at": "TIMESTAMP",
    "changed_by": "VARCHAR",
    "origin": "VARCHAR",
    "field": "VARCHAR",
    "old_value": "VARCHAR",
    "new_value": "VARCHAR",
}
_ALL = """
SELECT product_code, connectwise_product_id, sync, stopped, state, since, reason, version
FROM store.product_mapping ORDER BY product_code"""
_FORMER = """
SELECT DISTINCT product_code, old_value FROM store.mapping_history
WHERE field = 'connectwise_product_id' AND old_value <> ''"""
_HISTORY = """
SELECT id, product_code, changed_at, changed_by, origin, field, old_value, new_value
FROM store.mapping_history
WHERE CAST(? AS VARCHAR) IS NULL OR product_code = ?
ORDER BY position DESC LIMIT ?"""
_NO_LIMIT = 2**62


class MappingsStore:
    """One mapping per Sophos product code."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> dict[str, ProductMapping]:
        """Every mapping by product code, in the order of the codes."""
        return _by_code(self._database.read(_ALL))

    def history(
        self, product_code: str | None = None, limit: int | None = None
    ) -> list[MappingHistoryEntry]:
        """Changes of one mapping or of all, newest first."""
        parameters = [product_code, product_code, _NO_LIMIT if limit is None else limit]
        return [_entry(row) for row in self._database.read(_HISTORY, parameters)]

    def former_products(self) -> dict[str, frozenset[int]]:
        """The ConnectWise products that each Sophos product was mapped to before, by its code."""
        found: dict[str, set[int]] = {}
        for code, product_id in self._database.read(_FORMER):
            found.setdefault(code, set()).add(int(product_id))
        return {code: frozenset(products) for code, products in found.items()}

    def save(
        self,
        mappings: Sequence[ProductMapping],
        history: Sequence[MappingHistoryEntry],
        expected_versions: Mapping[str, int],
    ) -> None:
        """Save all of `mappings` with their history, or nothing.

        `expected_versions` has, for every code, the version that the change started from (0 for
        a code that has no mapping yet). Raises ConflictError when any has moved meanwhile.
        """
        _refuse_versions_that_do_not_grow(mappings, expected_versions)

        def change(transaction: Transaction) -> None:
            stored = _by_code(transaction.execute(_ALL))
            _refuse_moved(stored, expected_versions)
            _put(transaction, mappings, history)

        self._database.write(change)

    def update_states(
        self, mappings: Sequence[ProductMapping], history: Sequence[MappingHistoryEntry]
    ) -> tuple[str, ...]:
        """Save moves made by the system, which keep the version, and return the codes that moved.

        A mapping that somebody saved meanwhile is left alone, and so is its history: the system
        looked at an older one. A mapping that is new (version 0) is added.
        """

        def change(transaction: Transaction) -> tuple[str, ...]:
            stored = _by_code(transaction.execute(_ALL))
            current = [mapping for mapping in mappings if _is_current(mapping, stored)]
            codes = {mapping.product_code for mapping in current}
            _put(transaction, current, [entry for entry in history if entry.product_code in codes])
            return tuple(mapping.product_code for mapping in current)

        return self._database.write(change)

    def change(self, decide: MappingDecision) -> tuple[ProductMapping, ...]:
        """Read, decide and save in one transaction; returns what was saved.

        `decide` gets every mapping as it is now and returns mappings and history to save. It may
        raise, which changes nothing. It may run again after a conflict, so it only computes.
        """

        return self._database.write(lambda transaction: change_mappings(transaction, decide))


def change_mappings(
    transaction: Transaction, decide: MappingDecision
) -> tuple[ProductMapping, ...]:
    """`MappingsStore.change`, as a part of a larger transaction."""
    mappings, history = decide(_by_code(transaction.execute(_ALL)))
    if mappings:
        _put(transaction, mappings, history)
    return tuple(mappings)


def _put(
    transaction: Transaction,
    mappings: Sequence[ProductMapping],
    history: Sequence[MappingHistoryEntry],
) -> None:
    bulk.insert(
        transaction,
        "store.product_mapping",
        MAPPING_COLUMNS,
        [_mapping_row(mapping) for mapping in mappings],
        key=("product_code",),
    )
    add_mapping_history(transaction, history)


def add_mapping_history(transaction: Transaction, history: Sequence[MappingHistoryEntry]) -> None:
    """Record `history`, as a part of a larger transaction."""
    first = transaction.execute("SELECT coalesce(max(position), 0) + 1 FROM store.mapping_history")
    bulk.insert(
        transaction,
        "store.mapping_history",
        HISTORY_COLUMNS,
        [_history_row(entry, position) for position, entry in enumerate(history, first[0][0])],
    )


def _refuse_versions_that_do_not_grow(
    mappings: Sequence[ProductMapping], expected: Mapping[str, int]
) -> None:
    for mapping in mappings:
        if mapping.version <= expected[mapping.product_code]:
            raise ValueError(f"a saved mapping needs a new version: {mapping}")


def _refuse_moved(stored: Mapping[str, ProductMapping], expected: Mapping[str, int]) -> None:
    moved = sorted(code for code, version in expected.items() if _version(stored, code) != version)
    if moved:
        raise ConflictError(
            plural_message(
                "The mapping of {codes} was changed by somebody else; nothing was saved.",
                "The mappings of {codes} were changed by somebody else; nothing was saved.",
                len(moved),
                codes=", ".join(moved),
            ),
            remedy=message("Look at the new values, then save again."),
        )


def _is_current(mapping: ProductMapping, stored: Mapping[str, ProductMapping]) -> bool:
    return _version(stored, mapping.product_code) == mapping.version


def _version(stored: Mapping[str, ProductMapping], code: str) -> int:
    mapping = stored.get(code)
    return 0 if mapping is None else mapping.version


def _by_code(rows: Sequence[Row]) -> dict[str, ProductMapping]:
    return {row[0]: _mapping(row) for row in rows}


def _mapping(row: Row) -> ProductMapping:
    code, product_id, sync, stopped, state, since, reason, version = row
    return ProductMapping(
        product_code=code,
        connectwise_product_id=product_id,
        sync=sync,
        stopped=stopped,
        state=MappingState(state),
        since=aware(since),
        reason=message_from_json(reason),
        version=version,
    )


def _mapping_row(mapping: ProductMapping) -> tuple[Value, ...]:
    return (
        mapping.product_code,
        mapping.connectwise_product_id,
        mapping.sync,
        mapping.stopped,
        mapping.state,
        mapping.since,
        message_to_json(mapping.reason),
        mapping.version,
    )


def _entry(row: Row) -> MappingHistoryEntry:
    entry_id, code, at, by, origin, field, old, new = row
    return MappingHistoryEntry(
        id=entry_id,
        product_code=code,
        at=aware(at),
        by=by,
        origin=origin,
        field=field,
        old=old,
        new=new,
    )


def _history_row(entry: MappingHistoryEntry, position: int) -> tuple[Value, ...]:
    return (
        entry.id,
        position,
        entry.product_code,
        entry.at,
        entry.by,
        entry.origin,
        entry.field,
        entry.old,
        entry.new,
    )
