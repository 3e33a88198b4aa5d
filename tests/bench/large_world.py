"""A world of the size that the figures are stated for: 500 Sophos products, 20,000 products."""

from __future__ import annotations

import copy
from decimal import Decimal

from core.domain.month import Month
from core.sandbox.world import World

SOPHOS_PRODUCTS = 500
CATALOG_PRODUCTS = 20_000


def large_world() -> World:
    """The demo world, grown: products of every kind repeated under new codes and names."""
    world = World.load()
    month = str(Month.last_complete(world.today))
    with world.transaction():
        _grow_catalog(world)
        _grow_usage(world, month)
    return world


def _grow_catalog(world: World) -> None:
    table = world.tables["catalog"]
    patterns = table.all()
    for number in range(len(patterns), CATALOG_PRODUCTS):
        record = copy.deepcopy(patterns[number % len(patterns)])
        record["identifier"] = f"{record['identifier'][:40]}-{number}"
        record["description"] = f"{record['description'][:48]} {number}"
        record.pop("integrationXRef", None)
        table.insert(record)


def _grow_usage(world: World, month: str) -> None:
    lines = world.usage_lines(month) or []
    patterns = {line["productCode"]: line for line in lines}
    codes = sorted(patterns)
    for number in range(len(codes), SOPHOS_PRODUCTS):
        pattern = patterns[codes[number % len(codes)]]
        lines.append(
            {
                **pattern,
                "productCode": f"{pattern['productCode']}-{number}",
                "productDescription": f"{pattern['productDescription']} {number}",
                "orderLineItemNumber": f"BENCH-{number}",
                "billableQuantity": Decimal(number),
            }
        )
    world.set_usage_lines(month, lines)
