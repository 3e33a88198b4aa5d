"""Changes looked for over all runs. Only reads: what runs did is written by `RunsStore`."""

from __future__ import annotations

import json
from collections.abc import Iterator

from core.domain.models import ChangeFilter, Meaning, Outcome, PastChange
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
       j.happened_at, j.addition_id, j.product_id, j.reason, j.remedy, j.detail,
       j.unit_price"""
    + _FROM
    + " ORDER BY r.number DESC, c.change_number LIMIT ?"
)
_COUNT = "SELECT count(*)" + _FROM
_TEXTS = "(SELECT unnest(from_json(?, '[\"VARCHAR\"]')))"
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
# What sentences say: their templates without the names of places, and what fills these.
_WORDS = """concat_ws(' ',
    regexp_replace(concat_ws(' ', json_extract_string({json}, '$..template'),
        json_extract_string({json}, '$..plural')), '\\{{\\w+\\}}', ' ', 'g'),
    list_filter(json_extract_string({json}, '$..facts[*][2]'), lambda said: said[1] <> '{{'))"""
_SENTENCES = """
SELECT DISTINCT unnest(json_extract_string({json}, '$..template')) AS template,
       unnest(json_extract_string({json}, '$..plural')) AS plural
FROM {table} WHERE {json} IS NOT NULL"""
_CODES = """list_append(json_extract_string(c.content, '$.parts[*].product_code'),
    json_extract_string(c.content, '$.target.product_code'))"""
# What is looked for is also found in a Sophos product's names, those of the past included.
_NAMED = """(SELECT coalesce(list(DISTINCT product_code), []) FROM store.sophos_product_name
    WHERE contains(lower(description), ?))"""
_CALLED = f"""contains(lower(concat_ws(' ', json_extract_string(c.names, '$.customers'),
    json_extract_string(c.names, '$.agreement'), json_extract_string(c.names, '$.product'),
    r.approved_by, r.override_reason, r.month, {_CODES}, j.detail)), ?)"""
# Taking sentences apart is slow: only where the word is anywhere in what is stored.
_SAID = f"""CASE WHEN contains(lower(concat_ws(' ', c.content, j.reason, j.remedy)), ?)
    THEN contains(lower(concat_ws(' ', {_WORDS.format(json="c.content")},
        {_WORDS.format(json="j.reason")}, {_WORDS.format(json="j.remedy")})), ?)
    ELSE false END"""
_OF_KIND = "contains(replace(json_extract_string(c.content, '$.kind'), '_', ' '), ?)"
_OF_NAME = f"list_has_any({_CODES}, {_NAMED})"
_OF_ID = """list_contains([
    json_extract_string(c.content, '$.target.agreement_id'),
    json_extract_string(c.content, '$.target.product_id'),
    json_extract_string(c.content, '$.product_id'), CAST(j.product_id AS VARCHAR),
    json_extract_string(c.content, '$.addition_id'), CAST(j.addition_id AS VARCHAR)], ?)"""
_MEANT_KIND = f"json_extract_string(c.content, '$.kind') IN {_TEXTS}"
_MEANT_MONTH = f"r.month IN {_TEXTS}"
_MEANT_SENTENCE = """list_has_any(list_concat(json_extract_string(c.content, '$..template'),
    json_extract_string(j.reason, '$..template'),
    json_extract_string(j.remedy, '$..template')), from_json(?, '["VARCHAR"]'))"""
_HAPPENED = "coalesce(j.happened_at, r.approved_at)"
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

    def sentences(self) -> frozenset[tuple[str, str]]:
        """The templates, singular and plural, of everything that changes say of themselves."""
        told = [("c.content", "store.run_change c")]
        told += [(f"j.{name}", "store.journal j") for name in ("reason", "remedy")]
        sql = " UNION ".join(_SENTENCES.format(json=place, table=table) for place, table in told)
        return frozenset((row[0], row[1] or "") for row in self._database.read(sql))


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
    yield from _found_in_run(wanted)
    for word in wanted.text.split():
        ways = list(_ways(word.lower(), wanted.meanings.get(word, Meaning())))
        conditions = " OR ".join(f"coalesce({condition}, false)" for condition, _ in ways)
        yield f"({conditions})", [value for _, values in ways for value in values]


def _ways(word: str, meaning: Meaning) -> Iterator[tuple[str, list[Parameter]]]:
    """Where a word may be found."""
    stored = json.dumps(word, ensure_ascii=False)[1:-1]
    yield _CALLED, [word]
    yield _OF_KIND, [word]
    yield _OF_NAME, [word]
    if word.isdecimal():
        yield _OF_ID, [word]
    if meaning.kinds:
        yield _MEANT_KIND, [json.dumps(sorted(meaning.kinds))]
    if meaning.months:
        yield _MEANT_MONTH, [json.dumps(sorted(map(str, meaning.months)))]
    yield _SAID, [stored, word]
    if meaning.sentences:
        yield _MEANT_SENTENCE, [json.dumps(sorted(meaning.sentences))]


def _found_in_run(wanted: ChangeFilter) -> Iterator[tuple[str, list[Parameter]]]:
    """What the change is of: its kind and agreement, how its run was started, and when it was."""
    if wanted.kind is not None:
        yield "json_extract_string(c.content, '$.kind') = ?", [wanted.kind.value]
    if wanted.agreement_id is not None:
        agreement = "CAST(json_extract_string(c.content, '$.target.agreement_id') AS BIGINT)"
        yield f"{agreement} = ?", [wanted.agreement_id]
    if wanted.origin is not None:
        yield "r.origin = ?", [wanted.origin.value]
    if wanted.since is not None:
        yield f"{_HAPPENED} >= ?", [wanted.since]
    if wanted.before is not None:
        yield f"{_HAPPENED} < ?", [wanted.before]


def _past(row: Row) -> PastChange:
    run_id, number, month, by, *change = row
    return PastChange(
        run_id=run_id, run=number, month=Month.parse(month), by=by, row=change_from(tuple(change))
    )
