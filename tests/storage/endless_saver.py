"""A child process that saves without end until it is killed (see test_crash.py).

Arguments: the database file, "mappings", "usage" or "runs". Prints a line when the store is open
and after every save that was acknowledged.
"""

from __future__ import annotations

import itertools
import sys
import uuid
from decimal import Decimal
from pathlib import Path

from core.domain.models import Outcome, Run, RunEventKind
from core.storage.store import Store
from tests.storage.samples import OCTOBER, change_of, fetch, line, mapping, usage
from tests.storage.sync_samples import binding, change, event, line_of, numbered, run

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


def journal_runs(store: Store) -> None:
    """Every change binds its addition with the next number as its quantity; 40 to a run."""
    open_run = store.runs.open() or _next_run(store)
    number = open_run.done + 1
    if number > len(CODES):
        store.runs.event(open_run.id, event(RunEventKind.FINISHED))
        return
    total = (open_run.number - 1) * len(CODES) + number
    bound = binding(1, quantity=Decimal(total), addition_id=total)
    store.runs.announce(open_run.id, [line_of(number)])
    store.runs.settle(open_run.id, [line_of(number, Outcome.DONE, addition_id=total)], [bound])
    print(total, flush=True)  # noqa: T201


def _next_run(store: Store) -> Run:
    changes = numbered(*[change(product_id) for product_id in range(len(CODES))])
    return store.runs.open_run(run(str(uuid.uuid4())), changes)


if __name__ == "__main__":
    works = {"mappings": save_mappings, "usage": record_usage, "runs": journal_runs}
    work = works[sys.argv[2]]
    with Store.open(Path(sys.argv[1]), "sandbox") as opened:
        print("open", flush=True)  # noqa: T201
        for _ in itertools.count():
            work(opened)
