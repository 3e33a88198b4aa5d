"""Accepted differences, and what is written at the rows of the reconciliation."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from functools import lru_cache

from core.domain.models import (
    Acceptance,
    AcceptanceEntry,
    ChangeKind,
    NoteKind,
    OrderPart,
    Outcome,
    Push,
    RowNote,
)
from core.domain.month import Month
from core.storage import bulk
from core.storage.database import Database, Row, Transaction
from core.storage.values import Value, aware, trimmed

ACCEPTANCE_COLUMNS = {
    "position": "BIGINT",
    "row_key": "VARCHAR",
    "accepted": "BOOLEAN",
    "reason": "VARCHAR",
    "until_month": "VARCHAR",
    "happened_at": "TIMESTAMP",
    "done_by": "VARCHAR",
    "since_month": "VARCHAR",
}
NOTE_COLUMNS = {
    "position": "BIGINT",
    "row_key": "VARCHAR",
    "kind": "VARCHAR",
    "content": "VARCHAR",
    "happened_at": "TIMESTAMP",
    "done_by": "VARCHAR",
}
_ACCEPTED = """
SELECT a.row_key, a.accepted, a.reason, a.until_month, a.happened_at, a.done_by, a.since_month
FROM store.acceptance a
JOIN (
    SELECT row_key, max(position) AS position FROM store.acceptance {those} GROUP BY row_key
) last ON last.position = a.position
WHERE a.accepted ORDER BY a.row_key"""
# Months are text that orders by time.
_ABOUT_MONTH = """
WHERE coalesce(since_month, ?) <= ? AND coalesce(until_month, ?) >= ?"""
_ACCEPTANCES_OF = """
SELECT row_key, accepted, reason, until_month, happened_at, done_by, since_month
FROM store.acceptance WHERE row_key = ? ORDER BY position DESC"""
_NOTES = """
SELECT n.row_key, n.kind, n.content, n.happened_at, n.done_by
FROM store.row_note n
JOIN (SELECT row_key, kind, max(position) AS position FROM store.row_note GROUP BY row_key, kind)
  last ON last.position = n.position
WHERE n.content <> '' ORDER BY n.row_key"""
_NOTES_OF = """
SELECT row_key, kind, content, happened_at, done_by
FROM store.row_note WHERE row_key = ? ORDER BY position DESC"""
_PUSHES = """
SELECT r.number, r.month, json_extract_string(c.content, '$.kind'), j.addition_id,
       json_extract_string(c.content, '$.before'), json_extract_string(c.content, '$.after')
FROM store.run r
JOIN store.journal j ON j.run_id = r.id
JOIN store.run_change c ON c.run_id = j.run_id AND c.change_number = j.change_number
WHERE r.number >= (SELECT min(number) FROM store.run WHERE month > ?)
  AND j.outcome = ? AND j.addition_id IS NOT NULL {those}
ORDER BY r.number, j.position"""
_THOSE = f"AND j.addition_id IN {bulk.IDS}"
# Without a number of their own, lines are each an order line of theirs. A currency that only some
# of the lines name is none.
_ORDER_PARTS = """
SELECT account_id, product_code, order_number, order_line_item_number,
       CAST(sum(billable_quantity) AS VARCHAR),
       CAST(coalesce(sum(ordered_quantity), 0) AS VARCHAR),
       CAST(CASE WHEN count(net_price) < count(*) THEN NULL
            WHEN order_line_item_number = '' THEN sum(net_price)
            WHEN min(net_price) = max(net_price) THEN min(net_price) END AS VARCHAR),
       CASE WHEN min(net_price_currency) = max(net_price_currency) THEN min(net_price_currency)
            ELSE '' END
FROM store.usage_line WHERE fetch_id = ?
GROUP BY account_id, product_code, order_number, order_line_item_number
ORDER BY order_number, order_line_item_number, account_id, product_code"""
_FIRST_MONTH = """
SELECT min(r.month) FROM store.run r
JOIN store.journal j ON j.run_id = r.id WHERE j.outcome = ?"""


class ReconciliationStore:
    """Everything here is only ever added to; the newest entry of a row counts, of acceptances
    the newest that is about the month."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def acceptances(self) -> dict[str, Acceptance]:
        """What is accepted by the newest decision of each row, whatever month that is about."""
        return _acceptances(self._database.read(_ACCEPTED.format(those="")))

    def acceptances_in(self, month: Month) -> dict[str, Acceptance]:
        """The differences that are accepted for a month, by key. What was decided of other months
        changes nothing of it."""
        sql = _ACCEPTED.format(those=_ABOUT_MONTH)
        return _acceptances(self._database.read(sql, [str(month)] * 4))

    def acceptances_of(self, key: str) -> list[AcceptanceEntry]:
        """Everything that was decided of a row, newest first."""
        return [_acceptance_entry(row) for row in self._database.read(_ACCEPTANCES_OF, [key])]

    def accept(self, entries: Sequence[AcceptanceEntry]) -> None:
        """Add what was accepted or withdrawn; all of it or nothing."""

        def change(transaction: Transaction) -> None:
            position = _next(transaction, "SELECT max(position) FROM store.acceptance")
            rows = [_acceptance_row(position + n, entry) for n, entry in enumerate(entries)]
            bulk.insert(transaction, "store.acceptance", ACCEPTANCE_COLUMNS, rows)

        self._database.write(change, remark=True)

    def pushes(self, after: Month, addition_ids: Collection[int] | None = None) -> list[Push]:
        """What was done to all or these additions, in order, from the first run on that was of a
        month after `after`."""
        given = [str(after), Outcome.DONE.value]
        if addition_ids is not None:
            given.append(bulk.ids(addition_ids))
        sql = _PUSHES.format(those="" if addition_ids is None else _THOSE)
        return [_push(row) for row in self._database.read(sql, given)]

    def order_parts(self, fetch_id: str) -> list[OrderPart]:
        """The lines of one fetch by order line, customer and product."""
        return [_order_part(row) for row in self._database.read(_ORDER_PARTS, [fetch_id])]

    def first_month_pushed(self) -> Month | None:
        """The oldest month of which a run did something."""
        found = self._database.read(_FIRST_MONTH, [Outcome.DONE.value])[0][0]
        return None if found is None else Month.parse(found)

    def notes(self) -> dict[tuple[str, NoteKind], RowNote]:
        """What is written at the rows, by key and kind."""
        found = (_note(row) for row in self._database.read(_NOTES))
        return {(note.key, note.kind): note for note in found}

    def notes_of(self, key: str) -> list[RowNote]:
        """Everything that was ever written at a row, newest first."""
        return [_note(row) for row in self._database.read(_NOTES_OF, [key])]

    def write_notes(self, notes: Sequence[RowNote]) -> None:
        """Add notes and assignees; all of them or nothing."""

        def change(transaction: Transaction) -> None:
            position = _next(transaction, "SELECT max(position) FROM store.row_note")
            rows = [_note_row(position + n, note) for n, note in enumerate(notes)]
            bulk.insert(transaction, "store.row_note", NOTE_COLUMNS, rows)

        self._database.write(change, remark=True)


def _next(transaction: Transaction, newest: str) -> int:
    return int(transaction.execute(newest)[0][0] or 0) + 1


def _acceptance_row(position: int, entry: AcceptanceEntry) -> tuple[Value, ...]:
    return (
        position,
        entry.key,
        entry.accepted,
        entry.reason,
        entry.until,
        entry.at,
        entry.by,
        entry.since,
    )


def _acceptance_entry(row: Row) -> AcceptanceEntry:
    return AcceptanceEntry(
        key=row[0],
        accepted=row[1],
        reason=row[2],
        until=None if row[3] is None else Month.parse(row[3]),
        at=aware(row[4]),
        by=row[5],
        since=None if row[6] is None else Month.parse(row[6]),
    )


def _acceptances(rows: Iterable[Row]) -> dict[str, Acceptance]:
    return {row[0]: _acceptance(_acceptance_entry(row)) for row in rows}


def _acceptance(entry: AcceptanceEntry) -> Acceptance:
    return Acceptance(
        key=entry.key, reason=entry.reason, until=entry.until, by=entry.by, since=entry.since
    )


def _push(row: Row) -> Push:
    return Push(
        run=row[0],
        month=Month.parse(row[1]),
        kind=ChangeKind(row[2]),
        addition_id=row[3],
        before=None if row[4] is None else Decimal(row[4]),
        after=None if row[5] is None else Decimal(row[5]),
    )


def _order_part(row: Row) -> OrderPart:
    account_id, code, order, line, billable, ordered, net, currency = row
    return OrderPart(
        account_id, code, order, line, _amount(billable), _amount(ordered),
        None if net is None else _amount(net), currency,
    )  # fmt: skip


@lru_cache(maxsize=10_000)
def _amount(text: str) -> Decimal:
    """Many lines say few different amounts: as text they come in half the time."""
    return trimmed(Decimal(text))


def _note_row(position: int, note: RowNote) -> tuple[Value, ...]:
    return (position, note.key, note.kind, note.text, note.at, note.by)


def _note(row: Row) -> RowNote:
    return RowNote(key=row[0], kind=NoteKind(row[1]), text=row[2], at=aware(row[3]), by=row[4])
