"""A child process that saves all rows again and again until it is killed (see test_crash.py).

It is configured by the environment, like the dashboard. Prints a line when the store is open and
the number of every save that was acknowledged.
"""

from __future__ import annotations

import itertools
from contextlib import closing

from core.domain.saving import MappingValues, RowEdit
from core.services import Services, build_services


def save_all(services: Services, product_id: int) -> None:
    """Map every row to one product, sync on, as one Save of the grid."""
    edits = [
        RowEdit(
            row.product.code,
            row.mapping.version,
            MappingValues.of(row.mapping),
            MappingValues(product_id, True),
        )
        for row in services.mappings.rows()
    ]
    services.mappings.save(edits, "ana")


def main() -> None:
    with closing(build_services()) as services:
        entries = services.catalog.entries()
        usable = [entry.id for entry in entries if not entry.inactive and entry.is_billable]
        versions = [row.mapping.version for row in services.mappings.rows()]
        print("open", flush=True)  # noqa: T201
        for number in itertools.count(max(versions) + 1):
            save_all(services, usable[number])
            print(number, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
