from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.domain.models import (
    ChangeFilter,
    ChangeKind,
    ChangeNames,
    Meaning,
    Outcome,
    Part,
    RunChange,
    RunEventKind,
    RunOrigin,
    Target,
)
from core.domain.month import Month
from core.errors import message, plural_message
from core.storage.store import Store
from tests.storage.samples import NOON, OCTOBER, fetch, line
from tests.storage.sync_samples import change, event, line_of, run

CREATED = change(
    kind=ChangeKind.CREATE_ADDITION,
    target=Target(8, 0, "CIXA"),
    customer_ids=("tenant-2",),
    addition_id=None,
    parts=(Part("tenant-2", "CIXA", 1, Decimal(3)),),
    steps=(
        plural_message(
            "{count} line is billable: {sum}.",
            "{count} lines are billable: {sum}.",
            3,
            sum=message("three by {who}", who="Zoë"),
        ),
    ),
)
NAMES = ChangeNames(customers=("Élan 100%",), agreement="Services", product="Sophos_XDR")


@pytest.fixture
def filled(store: Store) -> Store:
    """Run 1 of October by ada: one done, one failed. Run 2 of November by bob: one not begun.

    CIXA is called Phish Threat, and had another name before."""
    rows = [
        RunChange(number=1, change=change(), names=ChangeNames(customers=("Acme",), product="A")),
        RunChange(number=2, change=CREATED, names=NAMES),
    ]
    for name in ("Old name", "Phish Threat"):
        record(store, OCTOBER.plus(-1 if name == "Old name" else 0), name)
    store.runs.open_run(run(), rows)
    store.runs.settle(
        "run-1",
        [
            line_of(1, Outcome.DONE, addition_id=900),
            line_of(
                2,
                Outcome.FAILED,
                text=message("It is locked."),
                detail="Agreement is locked",
                product_id=44,
            ),
        ],
    )
    store.runs.event("run-1", event(RunEventKind.FINISHED))
    later = run(
        "run-2",
        month=OCTOBER.plus(1),
        approved_by="bob",
        origin=RunOrigin.SCHEDULE,
        approved_at=NOON + timedelta(days=1),
    )
    store.runs.open_run(later, [RunChange(number=1, change=change(), names=ChangeNames())])
    return store


def record(store: Store, month: Month, name: str) -> None:
    """A month in which CIXA has this name."""
    lines = [line("CIXA", description=name)]
    store.usage.record_fetch(fetch(month=month, line_count=1), lines, [])


def found(store: Store, **wanted: Any) -> list[tuple[int, int]]:
    """The changes by number of run and change; counting finds as many."""
    looked = ChangeFilter(**wanted)
    rows = store.history.changes(looked)
    assert store.history.count(looked) == len(rows)
    assert store.history.runs(looked) == {row.run_id for row in rows}
    return [(row.run, row.row.number) for row in rows]


def test_everything_is_found_newest_run_first(filled: Store) -> None:
    assert found(filled) == [(2, 1), (1, 1), (1, 2)]
    assert [row.run for row in filled.history.changes(ChangeFilter(), 1)] == [2]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"run_id": "run-1"}, [(1, 1), (1, 2)]),
        ({"month": OCTOBER}, [(1, 1), (1, 2)]),
        ({"by": "bob"}, [(2, 1)]),
        ({"customer_id": "tenant-2"}, [(1, 2)]),
        ({"product": "17"}, [(2, 1), (1, 1)]),
        ({"product": "CIXA"}, [(1, 2)]),
        ({"product": "44"}, [(1, 2)]),
        ({"outcome": Outcome.DONE}, [(1, 1)]),
        ({"outcome": Outcome.FAILED}, [(1, 2)]),
        ({"outcome": Outcome.WAITING}, [(2, 1)]),
        ({"addition_id": 900}, [(2, 1), (1, 1)]),
        ({"addition_id": 90}, []),
        ({"text": "LOCKED sophos_xdr"}, [(1, 2)]),
        ({"text": "élan 100%"}, [(1, 2)]),
        ({"text": "locked nobody"}, []),
        ({"text": "customers"}, []),
        ({"text": "billable zoë"}, [(1, 2)]),
        ({"text": "sum"}, []),
        ({"text": "template"}, []),
        ({"text": "create addition"}, [(1, 2)]),
        ({"text": "phish THREAT"}, [(1, 2)]),
        ({"text": "old"}, [(1, 2)]),
        ({"text": "2026-10"}, [(1, 1), (1, 2)]),
        ({"text": "900"}, [(2, 1), (1, 1)]),
        ({"text": "90"}, []),
        ({"text": "44"}, [(1, 2)]),
        ({"text": "'; DROP TABLE store.run; --"}, []),
        ({"by": "ada", "product": "17", "month": OCTOBER}, [(1, 1)]),
        ({"kind": ChangeKind.CREATE_ADDITION}, [(1, 2)]),
        ({"kind": ChangeKind.ZERO}, []),
        ({"agreement_id": 7}, [(2, 1), (1, 1)]),
        ({"agreement_id": 8, "kind": ChangeKind.SET_QUANTITY}, []),
        ({"origin": RunOrigin.SCHEDULE}, [(2, 1)]),
        ({"origin": RunOrigin.PAGE, "agreement_id": 8}, [(1, 2)]),
        ({"since": NOON}, [(2, 1), (1, 1), (1, 2)]),
        ({"since": NOON + timedelta(seconds=1)}, [(2, 1)]),
        ({"before": NOON}, []),
        ({"before": NOON + timedelta(days=1)}, [(1, 1), (1, 2)]),
        (
            {"text": "octobre", "meanings": {"octobre": Meaning(months=frozenset({OCTOBER}))}},
            [(1, 1), (1, 2)],
        ),
        (
            {
                "text": "crée",
                "meanings": {"crée": Meaning(kinds=frozenset({ChangeKind.CREATE_ADDITION}))},
            },
            [(1, 2)],
        ),
        (
            {
                "text": "trois",
                "meanings": {"trois": Meaning(sentences=frozenset({"three by {who}"}))},
            },
            [(1, 2)],
        ),
        (
            {
                "text": "verrouillé",
                "meanings": {"verrouillé": Meaning(sentences=frozenset({"It is locked."}))},
            },
            [(1, 2)],
        ),
    ],
)
def test_what_is_looked_for_is_found(
    filled: Store, wanted: dict[str, Any], expected: list[tuple[int, int]]
) -> None:
    assert found(filled, **wanted) == expected


def test_sentences_are_those_of_changes_and_their_outcomes(filled: Store) -> None:
    assert filled.history.sentences() == {
        ("{count} line is billable: {sum}.", "{count} lines are billable: {sum}."),
        ("three by {who}", ""),
        ("It is locked.", ""),
    }


def test_a_change_comes_with_its_run_and_its_outcome(filled: Store) -> None:
    [past] = filled.history.changes(ChangeFilter(customer_id="tenant-2"))
    assert (past.run_id, past.month, past.by) == ("run-1", OCTOBER, "ada")
    assert past.row == filled.runs.changes("run-1")[1]
