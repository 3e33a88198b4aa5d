"""A child process that saves without end until it is killed (see test_crash.py).

Arguments: the database file, "mappings" or "usage". Prints a line when the store is open and
after every save that was acknowledged.
"""

from __future__ import annotations

import itertools
import sys
from decimal import Decimal
from pathlib import Path

from core.storage.store import Store
from tests.storage.samples import OCTOBER, change_of, fetch, line, mapping, usage

CODES = [f"P{number:02}" for number in range(40)]
LINES = 600


def save_mappings(store: Store) -> None:
    """Every save moves all mappings to the next version, with one line of history each."""
    before = {code: each.version for code, each in store.mappings.all().items()}
    version = max(before.values(), default=0)
    mappings = [mapping(code, version=version + 1) for code in CODES]
    entries = [change_of(code, new=str(version + 1)) for code in CODES]
    store.mappings.save(mappings, entries, dict.fromkeys(CODES, version))
    print(version + 1, flush=True)  # noqa: T201


def record_usage(store: Store) -> None:
    """Every fetch has the next number as its quantity, in its lines and in the usage."""
    number = len(store.usage.fetches()) + 1
    lines = [line(CODES[n % 40], billable_quantity=Decimal(number)) for n in range(LINES)]
    usages = [usage(code, month=OCTOBER, billable=Decimal(number)) for code in CODES]
    store.usage.record_fetch(fetch(lines), lines, usages)
    print(number, flush=True)  # noqa: T201


if __name__ == "__main__":
    work = {"mappings": save_mappings, "usage": record_usage}[sys.argv[2]]
    with Store.open(Path(sys.argv[1]), "sandbox") as opened:
        print("open", flush=True)  # noqa: T201
        for _ in itertools.count():
            work(opened)
