from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from core.domain.models import (
    ChangeFilter,
    ChangeKind,
    ChangeNames,
    Outcome,
    Part,
    RunChange,
    RunEventKind,
    Target,
)
from core.storage.store import Store
from tests.storage.samples import OCTOBER
from tests.storage.sync_samples import change, event, line_of, run

CREATED = change(
    kind=ChangeKind.CREATE_ADDITION,
    target=Target(8, 0, "CIXA"),
    customer_ids=("tenant-2",),
    addition_id=None,
    parts=(Part("tenant-2", "CIXA", 1, Decimal(3)),),
)
NAMES = ChangeNames(customers=("Élan 100%",), agreement="Services", product="Sophos_XDR")


@pytest.fixture
def filled(store: Store) -> Store:
    """Run 1 of October by ada: one done, one failed. Run 2 of November by bob: one not begun."""
    rows = [
        RunChange(number=1, change=change(), names=ChangeNames(customers=("Acme",), product="A")),
        RunChange(number=2, change=CREATED, names=NAMES),
    ]
    store.runs.open_run(run(), rows)
    store.runs.settle(
        "run-1",
        [
            line_of(1, Outcome.DONE, addition_id=900),
            line_of(2, Outcome.FAILED, detail="Agreement is locked", product_id=44),
        ],
    )
    store.runs.event("run-1", event(RunEventKind.FINISHED))
    later = run("run-2", month=OCTOBER.plus(1), approved_by="bob")
    store.runs.open_run(later, [RunChange(number=1, change=change(), names=ChangeNames())])
    return store


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
        ({"text": "'; DROP TABLE store.run; --"}, []),
        ({"by": "ada", "product": "17", "month": OCTOBER}, [(1, 1)]),
    ],
)
def test_what_is_looked_for_is_found(
    filled: Store, wanted: dict[str, Any], expected: list[tuple[int, int]]
) -> None:
    assert found(filled, **wanted) == expected


def test_a_change_comes_with_its_run_and_its_outcome(filled: Store) -> None:
    [past] = filled.history.changes(ChangeFilter(customer_id="tenant-2"))
    assert (past.run_id, past.month, past.by) == ("run-1", OCTOBER, "ada")
    assert past.row == filled.runs.changes("run-1")[1]
