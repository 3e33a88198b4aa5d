"""The snapshot of additions, agreement by agreement, and which of them we bound."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from core.domain.models import Addition, Binding
from core.storage import bulk
from core.storage.addition_rows import (
    ADDITION_COLUMNS,
    BINDING_COLUMNS,
    READ_COLUMNS,
    addition_from,
    addition_row,
    binding_from,
    binding_row,
)
from core.storage.database import Database, Transaction
from core.storage.values import aware

# In one query, so that a snapshot that is replaced meanwhile is seen whole.
_ADDITIONS = """
SELECT r.agreement_id, a.id, a.agreement_id, a.product_id, a.product_name, a.quantity,
       a.less_included, a.bill_customer, a.unit_price, a.unit_cost, a.effective_date,
       a.cancelled_date, a.description, a.serial_number, a.last_updated, a.updated_by
FROM store.additions_read r LEFT JOIN store.addition a ON a.agreement_id = r.agreement_id"""
_FORGET = (
    f"DELETE FROM store.addition WHERE agreement_id IN {bulk.IDS}",  # noqa: S608 (own text)
    f"DELETE FROM store.additions_read WHERE agreement_id IN {bulk.IDS}",  # noqa: S608
)
_CONFIRM = f"UPDATE store.additions_read SET read_at = ? WHERE agreement_id IN {bulk.IDS}"  # noqa: S608
_WITH_PRODUCT = f"SELECT DISTINCT agreement_id FROM store.addition WHERE product_id IN {bulk.IDS}"  # noqa: S608
_BINDINGS = """
SELECT agreement_id, product_id, addition_id, month, quantity, carries
FROM store.binding ORDER BY agreement_id, product_id"""


class AdditionsStore:
    """What is on each agreement that could be read. An agreement that is missing is unknown."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def replace(
        self, agreement_ids: Collection[int], additions: Iterable[Addition], at: datetime
    ) -> None:
        """Make `additions` all that is on exactly these agreements, as read at `at`.

        What comes twice (pages shift while they are read) counts once, as listed last. Raises
        ValueError for an addition of another agreement.
        """
        agreements = frozenset(agreement_ids)
        listed = {addition.id: addition for addition in additions}
        strangers = {each.agreement_id for each in listed.values()} - agreements
        if strangers:
            raise ValueError(f"additions of other agreements: {sorted(strangers)}")

        def change(transaction: Transaction) -> None:
            _forget(transaction, agreements)
            put_additions(transaction, listed.values())
            read = [(agreement_id, at) for agreement_id in sorted(agreements)]
            bulk.insert(transaction, "store.additions_read", READ_COLUMNS, read)

        self._database.write(change)

    def confirm(self, agreement_ids: Collection[int], at: datetime) -> None:
        """What is kept of these agreements was found again at `at`, unchanged."""
        wanted = bulk.ids(agreement_ids)
        self._database.write(
            lambda transaction: transaction.execute(_CONFIRM, [at, wanted]), remark=True
        )

    def of(self, agreement_ids: Collection[int] | None = None) -> dict[int, tuple[Addition, ...]]:
        """The additions of these agreements, or of all, by id.

        The keys are the agreements that were read, those without additions included.
        """
        where, given = "", []
        if agreement_ids is not None:
            where, given = f"WHERE r.agreement_id IN {bulk.IDS}", [bulk.ids(agreement_ids)]
        found: dict[int, list[Addition]] = {}
        for row in self._database.read(
            f"{_ADDITIONS} {where} ORDER BY r.agreement_id, a.id", given
        ):
            additions = found.setdefault(row[0], [])
            if row[1] is not None:
                additions.append(addition_from(row[1:]))
        return {agreement_id: tuple(additions) for agreement_id, additions in found.items()}

    def read_at(self, agreement_id: int) -> datetime | None:
        """When the additions of an agreement were read, None when they are unknown."""
        rows = self._database.read(
            "SELECT read_at FROM store.additions_read WHERE agreement_id = ?", [agreement_id]
        )
        return aware(rows[0][0]) if rows else None

    def oldest_reading(self, agreement_ids: Collection[int]) -> datetime | None:
        """When that of these agreements was read which was read first; None: none of them was."""
        rows = self._database.read(
            f"SELECT min(read_at) FROM store.additions_read WHERE agreement_id IN {bulk.IDS}",  # noqa: S608
            [bulk.ids(agreement_ids)],
        )
        return aware(rows[0][0]) if rows[0][0] is not None else None

    def agreements_with(self, product_ids: Collection[int]) -> set[int]:
        """The agreements that have an addition, whether billed or not, of one of these products."""
        rows = self._database.read(_WITH_PRODUCT, [bulk.ids(product_ids)])
        return {int(agreement_id) for (agreement_id,) in rows}

    def forget(self, agreement_ids: Collection[int]) -> None:
        """These agreements could not be read: nothing is known of their additions any more."""
        self._database.write(lambda transaction: _forget(transaction, agreement_ids))

    def bindings(self) -> dict[tuple[int, int], Binding]:
        """What we bound, by agreement and ConnectWise product."""
        return {row[:2]: binding_from(row) for row in self._database.read(_BINDINGS)}

    def bind(self, bindings: Iterable[Binding]) -> None:
        """Put these bindings, which no change of a run comes with."""
        kept = list(bindings)
        self._database.write(lambda transaction: put_bindings(transaction, kept))


def put_additions(transaction: Transaction, additions: Iterable[Addition]) -> None:
    """Add or replace some additions of the snapshot, as a part of a larger transaction."""
    rows = [addition_row(addition) for addition in additions]
    bulk.insert(transaction, "store.addition", ADDITION_COLUMNS, rows, key=("id",))


def put_bindings(transaction: Transaction, bindings: Iterable[Binding]) -> None:
    """Bind additions, as a part of a larger transaction."""
    bulk.insert(
        transaction,
        "store.binding",
        BINDING_COLUMNS,
        [binding_row(binding) for binding in bindings],
        key=("agreement_id", "product_id"),
    )


def remove_bindings(transaction: Transaction, keys: Iterable[tuple[int, int]]) -> None:
    """Forget what was bound for these agreements and ConnectWise products."""
    for agreement_id, product_id in keys:
        transaction.execute(
            "DELETE FROM store.binding WHERE agreement_id = ? AND product_id = ?",
            [agreement_id, product_id],
        )


def _forget(transaction: Transaction, agreement_ids: Collection[int]) -> None:
    for statement in _FORGET:
        transaction.execute(statement, [bulk.ids(agreement_ids)])
