"""A ConnectWise and a Sophos of the size that the sync's figures are stated for.

`python -m tests.bench.sync_world CUSTOMERS ADDITIONS PRODUCTS LATENCY` serves it from a process of
its own, so that its work is not counted as ours, and prints how to reach it.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.domain.month import Month
from core.sandbox.faults import Effect, FaultRule, When
from core.sandbox.server import start_sandbox
from core.sandbox.world import World

FIRST_AGREEMENT = 10_000
FIRST_PRODUCT = 50_000
# Of the additions, that share has another quantity than the usage says.
CHANGED = 0.2


@dataclass(frozen=True)
class Size:
    """How many of each; the additions are spread evenly over customers and products."""

    customers: int
    additions: int
    products: int


def code_of(number: int) -> str:
    return f"BENCH-{number:04d}"


def tenant_of(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def sync_world(size: Size) -> World:
    """The demo world with nothing but what the figures need beside it."""
    world = World.load()
    month = str(Month.last_complete(world.today))
    chance = random.Random(7)
    patterns = {name: world.tables[name].all()[0] for name in ("agreements", "catalog")}
    line = next(each for each in world.usage_lines(month) or [] if each.get("accountId"))
    addition = world.tables["additions"].all()[0]
    lines: list[dict[str, Any]] = []
    with world.transaction():
        for name in ("additions", "agreements"):
            world.tables[name].load({}, 1)
        for number in range(size.products):
            world.tables["catalog"].replace(
                FIRST_PRODUCT + number, {**patterns["catalog"], "identifier": code_of(number)}
            )
        for customer in range(size.customers):
            agreement_id = FIRST_AGREEMENT + customer
            world.tables["agreements"].replace(
                agreement_id, {**patterns["agreements"], "name": f"Agreement {customer}"}
            )
            for product in chance.sample(range(size.products), size.additions // size.customers):
                used = chance.randint(1, 50)
                billed = used + 1 if chance.random() < CHANGED else used
                world.tables["additions"].insert(
                    {
                        **addition,
                        "agreementId": agreement_id,
                        "product": {"id": FIRST_PRODUCT + product},
                        "quantity": Decimal(billed),
                    }
                )
                lines.append(_line(line, customer, product, used))
        world.set_usage_lines(month, lines)
    return world


def _line(pattern: dict[str, Any], customer: int, product: int, used: int) -> dict[str, Any]:
    return {
        **pattern,
        "productCode": code_of(product),
        "productDescription": f"Bench product {product}",
        "productGroup": "User",
        "orderLineItemNumber": f"LN-{product}",
        "accountId": tenant_of(customer),
        "externalId": tenant_of(customer),
        "assignedAccountIdentifier": f"Customer {customer}",
        "billableQuantity": Decimal(used),
        "actualQuantity": Decimal(used),
    }


@contextmanager
def served(size: Size, latency: float) -> Iterator[dict[str, Any]]:
    """The world in a process of its own; how to reach it, and its controls under `admin`."""
    command = [sys.executable, "-m", "tests.bench.sync_world"]
    numbers = [str(n) for n in (size.customers, size.additions, size.products, latency)]
    process = subprocess.Popen([*command, *numbers], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(30)


def main() -> None:
    customers, additions, products, latency = sys.argv[1:]
    world = sync_world(Size(int(customers), int(additions), int(products)))
    with start_sandbox(world=world) as sandbox:
        sandbox.controls.rate_limit.reset(10**9)
        if float(latency):
            sandbox.controls.faults.add(
                FaultRule(
                    effect=Effect.LATENCY,
                    when=When.AFTER,
                    system="connectwise",
                    latency=float(latency),
                )
            )
        print(json.dumps({**sandbox.as_json(), "admin": sandbox.admin_url}), flush=True)
        sandbox.wait()


if __name__ == "__main__":
    main()
