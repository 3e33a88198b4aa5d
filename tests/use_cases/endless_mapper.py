"""A child process that saves all rows again and again until it is killed (see test_crash.py).

It is configured by the environment, like the dashboard. Prints a line before every save, and after
it its number and how many seconds it took.
"""

from __future__ import annotations

import itertools
import time
from contextlib import closing

from core.domain.saving import MappingValues, RowEdit
from core.services import Services, build_services


def edits_of(services: Services, product_id: int) -> list[RowEdit]:
    """Map every row to one product, sync on, as one Save of the grid."""
    return [
        RowEdit(
            row.product.code,
            row.mapping.version,
            MappingValues.of(row.mapping),
            MappingValues(product_id, True),
        )
        for row in services.mappings.rows()
    ]


def main() -> None:
    with closing(build_services()) as services:
        entries = services.catalog.entries()
        usable = [entry.id for entry in entries if not entry.inactive and entry.is_billable]
        versions = [row.mapping.version for row in services.mappings.rows()]
        for number in itertools.count(max(versions) + 1):
            edits = edits_of(services, usable[number])
            print("save", flush=True)  # noqa: T201
            started = time.perf_counter()
            services.mappings.save(edits, "ana")
            print(number, time.perf_counter() - started, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
