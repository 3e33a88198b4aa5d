"""Changes looked for over all runs. Only reads: what runs did is written by `RunsStore`."""

from __future__ import annotations

from collections.abc import Iterator

from core.domain.models import ChangeFilter, Outcome, PastChange
from core.domain.month import Month
from core.storage.database import Database, Parameter, Row
from core.storage.run_rows import change_from

_FROM = """
FROM store.run_change c
JOIN store.run r ON r.id = c.run_id
LEFT JOIN (
    SELECT run_id, change_number, max(position) AS position
    FROM store.journal GROUP BY run_id, change_number
) last ON last.run_id = c.run_id AND last.change_number = c.change_number
LEFT JOIN store.journal j ON j.run_id = last.run_id AND j.position = last.position
WHERE {conditions}"""
_ROWS = (
    """
SELECT r.id, r.number, r.month, r.approved_by, c.change_number, c.content, c.names, j.outcome,
       j.happened_at, j.addition_id, j.product_id, j.reason, j.remedy, j.detail"""
    + _FROM
    + " ORDER BY r.number DESC, c.change_number LIMIT ?"
)
_COUNT = "SELECT count(*)" + _FROM
_RUNS = "SELECT DISTINCT r.id" + _FROM
_OF_CUSTOMER = """EXISTS (
    SELECT 1 FROM store.run_customer rc WHERE rc.run_id = c.run_id
    AND rc.change_number = c.change_number AND rc.customer_id = ?)"""
_OF_PRODUCT = """(
    json_extract_string(c.content, '$.target.product_id') = ?
    OR json_extract_string(c.content, '$.target.product_code') = ?
    OR CAST(j.product_id AS VARCHAR) = ?
    OR list_contains(json_extract_string(c.content, '$.parts[*].product_code'), ?))"""
_OF_ADDITION = """coalesce(
    j.addition_id, CAST(json_extract_string(c.content, '$.addition_id') AS BIGINT)) = ?"""
_SAID = """contains(lower(concat_ws(' ',
    json_extract_string(c.names, '$.customers'), json_extract_string(c.names, '$.agreement'),
    json_extract_string(c.names, '$.product'), r.approved_by, r.override_reason, j.reason,
    j.remedy, j.detail, json_extract_string(c.content, '$.target.product_code'),
    json_extract_string(c.content, '$.parts[*].product_code'))), lower(?))"""
_NO_LIMIT = 2**62


class HistoryStore:
    """What runs did, whichever run it was."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def changes(self, wanted: ChangeFilter, limit: int | None = None) -> list[PastChange]:
        """The changes that are looked for with their outcomes, newest run first."""
        conditions, values = _conditions(wanted)
        sql = _ROWS.format(conditions=conditions)
        limited = [*values, _NO_LIMIT if limit is None else limit]
        return [_past(row) for row in self._database.read(sql, limited)]

    def count(self, wanted: ChangeFilter) -> int:
        """How many there are."""
        conditions, values = _conditions(wanted)
        return int(self._database.read(_COUNT.format(conditions=conditions), values)[0][0])

    def runs(self, wanted: ChangeFilter) -> frozenset[str]:
        """The ids of the runs that have such a change."""
        conditions, values = _conditions(wanted)
        found = self._database.read(_RUNS.format(conditions=conditions), values)
        return frozenset(row[0] for row in found)


def _conditions(wanted: ChangeFilter) -> tuple[str, list[Parameter]]:
    """Only SQL of this module; every value travels as a parameter."""
    found = list(_found(wanted))
    conditions = " AND ".join(["true", *(condition for condition, _ in found)])
    return conditions, [value for _, values in found for value in values]


def _found(wanted: ChangeFilter) -> Iterator[tuple[str, list[Parameter]]]:
    if wanted.run_id:
        yield "r.id = ?", [wanted.run_id]
    if wanted.month is not None:
        yield "r.month = ?", [str(wanted.month)]
    if wanted.by:
        yield "r.approved_by = ?", [wanted.by]
    if wanted.customer_id:
        yield _OF_CUSTOMER, [wanted.customer_id]
    if wanted.product:
        yield _OF_PRODUCT, [wanted.product] * 4
    if wanted.outcome is Outcome.WAITING:
        yield "coalesce(j.outcome, ?) = ?", [Outcome.WAITING.value] * 2
    elif wanted.outcome is not None:
        yield "j.outcome = ?", [wanted.outcome.value]
    if wanted.addition_id is not None:
        yield _OF_ADDITION, [wanted.addition_id]
    for word in wanted.text.split():
        yield _SAID, [word]


def _past(row: Row) -> PastChange:
    run_id, number, month, by, *change = row
    return PastChange(
        run_id=run_id, run=number, month=Month.parse(month), by=by, row=change_from(tuple(change))
    )
