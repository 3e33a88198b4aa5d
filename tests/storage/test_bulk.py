from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InputError
from core.storage import bulk
from core.storage.database import Database
from core.storage.values import Value, aware_or_none, trimmed_or_none
from tests.storage.samples import NOON

_COLUMNS = {
    "id": "BIGINT",
    "text": "VARCHAR",
    "amount": "DECIMAL(38, 12)",
    "moment": "TIMESTAMP",
    "flag": "BOOLEAN",
}
_amounts = st.decimals(
    min_value=Decimal(-(10**25)), max_value=Decimal(10**25), places=12, allow_nan=False
)
_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_moments = st.datetimes(
    min_value=datetime(1900, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
_row = st.tuples(
    st.none() | _texts, st.none() | _amounts, st.none() | _moments, st.none() | st.booleans()
)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    database = Database(tmp_path_factory.mktemp("bulk") / "bulk.duckdb")
    with database.transaction() as transaction:
        transaction.execute(
            "CREATE TABLE store.thing (id BIGINT PRIMARY KEY, text VARCHAR, "
            "amount DECIMAL(38, 12), moment TIMESTAMP, flag BOOLEAN)"
        )
    yield database
    database.close()


def _fill(database: Database, rows: list[tuple[Value, ...]], *, key: tuple[str, ...] = ()) -> None:
    database.write(
        lambda transaction: bulk.insert(transaction, "store.thing", _COLUMNS, rows, key=key)
    )


def _rows(database: Database) -> list[tuple[object, ...]]:
    return [
        (key, text, trimmed_or_none(amount), aware_or_none(at), flag)
        for key, text, amount, at, flag in database.read(
            "SELECT id, text, amount, moment, flag FROM store.thing ORDER BY id"
        )
    ]


def _empty(database: Database) -> None:
    with database.transaction() as transaction:
        transaction.execute("DELETE FROM store.thing")


@settings(deadline=None)
@given(st.lists(_row, max_size=8))
def test_every_value_comes_back_exactly(table: Database, values: list[tuple[Value, ...]]) -> None:
    rows = [(number, *row) for number, row in enumerate(values)]
    _empty(table)

    _fill(table, rows)

    assert _rows(table) == rows


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        'O\'Brien "x" \\',
        "a\x00b",
        "é😀\u202eעברית",
        "=1+1",
        "<b>",
        "x" * 6000,
        "\ufeff\r\n",
    ],
)
def test_awkward_text_comes_back_exactly(table: Database, text: str) -> None:
    _empty(table)

    _fill(table, [(1, text, None, None, None)])

    assert _rows(table)[0][1] == text


def test_half_a_character_becomes_a_question_mark(table: Database) -> None:
    _empty(table)

    _fill(table, [(1, "a\ud83db", None, None, None)])

    assert _rows(table)[0][1] == "a?b"


def test_more_rows_than_one_statement_takes(table: Database) -> None:
    _empty(table)

    _fill(table, [(number, str(number), None, None, None) for number in range(20_001)])

    assert table.read("SELECT count(*), max(id) FROM store.thing") == [(20_001, 20_000)]


def test_with_a_key_existing_rows_are_replaced(table: Database) -> None:
    _empty(table)
    _fill(table, [(1, "old", Decimal(1), NOON, True), (2, "kept", None, None, None)])

    _fill(table, [(1, "new", None, None, False), (3, "added", None, None, None)], key=("id",))

    assert [row[:2] for row in _rows(table)] == [(1, "new"), (2, "kept"), (3, "added")]
    assert _rows(table)[0] == (1, "new", None, None, False)


def test_a_key_that_comes_twice_in_one_write_is_refused_even_across_statements(
    table: Database,
) -> None:
    _empty(table)
    rows: list[tuple[Value, ...]] = [(n, "", None, None, None) for n in range(10_000)]

    with pytest.raises(ValueError, match="comes twice"):
        _fill(table, [*rows, (0, "again", None, None, None)], key=("id",))

    assert _rows(table) == []


def test_a_number_that_does_not_fit_stops_the_whole_write(table: Database) -> None:
    _empty(table)

    with pytest.raises(InputError, match="cannot be kept exactly"):
        _fill(table, [(1, "", Decimal(1), None, None), (2, "", Decimal("1E-13"), None, None)])

    assert _rows(table) == []


def test_rows_of_different_length_are_refused(table: Database) -> None:
    with pytest.raises(ValueError, match="zip"):
        _fill(table, [(1, "", None, None, None), (2, "")])


def test_nothing_to_insert_does_nothing(tmp_path: Path, table: Database) -> None:
    _empty(table)

    _fill(table, [])

    assert _rows(table) == []
