"""However the vendors cut and order their answers, and whatever things are called: one plan."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.domain.models import Plan
from core.sandbox.server import Sandbox
from core.services import Services
from tests.use_cases.conftest import opened
from tests.use_cases.sync_world import change_usage, last_month


def everything_read(services: Services) -> Plan:
    """The plan of the last month after all of it was read anew from both vendors."""
    services.catalog.refresh()
    services.customers.refresh()
    services.planning.refresh()
    month = last_month(services)
    services.usage.fetch(month, "ana")
    return services.planning.plan(month)


@pytest.fixture
def plan(ready_store: Path, sandbox: Sandbox, tmp_path: Path) -> Plan:
    """The plan from answers as they usually are."""
    shutil.copyfile(ready_store, tmp_path / "usual.duckdb")
    with opened(sandbox, tmp_path / "usual.duckdb") as services:
        return everything_read(services)


def _small_pages(sandbox: Sandbox) -> None:
    sandbox.controls.switches.update({"largest_page": 10})
    sandbox.controls.sophos.behaviour.max_tenants_page = 7
    sandbox.controls.sophos.behaviour.max_usage_page = 11


def _numbered_pages(sandbox: Sandbox) -> None:
    sandbox.controls.switches.update({"largest_page": 10, "forward_only": False})


def _another_order(sandbox: Sandbox) -> None:
    sandbox.controls.switches.update({"forward_only": False, "unordered": "reverse"})
    for month in sandbox.world.usage_months():
        lines = sandbox.world.usage_lines(month) or []
        sandbox.world.set_usage_lines(month, random.Random(month).sample(lines, len(lines)))


@pytest.mark.parametrize("answers", [_small_pages, _numbered_pages, _another_order])
def test_order_and_size_of_pages_do_not_matter(
    plan: Plan,
    answers: Callable[[Sandbox], None],
    ready_store: Path,
    sandbox: Sandbox,
    tmp_path: Path,
) -> None:
    answers(sandbox)
    shutil.copyfile(ready_store, tmp_path / "other.duckdb")
    with opened(sandbox, tmp_path / "other.duckdb") as services:
        other = everything_read(services)
    assert len(plan.changes) > 40
    assert (other.digest, other.changes) == (plan.digest, plan.changes)
    assert other.findings == plan.findings


def test_other_names_give_the_same_plan(
    plan: Plan, ready_store: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    renames = {
        "catalog": ("identifier", "description"),
        "companies": ("identifier", "name"),
        "agreements": ("name",),
    }
    with sandbox.world.transaction():
        for table, members in renames.items():
            records = sandbox.world.tables[table]
            for record in records.all():
                names = {member: f"{record[member][:40]} {record['id']}" for member in members}
                records.replace(record["id"], {**record, **names})

    shutil.copyfile(ready_store, tmp_path / "renamed.duckdb")
    with opened(sandbox, tmp_path / "renamed.duckdb") as services:

        def renamed(line: dict[str, Any]) -> dict[str, Any]:
            return {**line, "productDescription": f"New {line['productDescription']}"}

        # Products that are to be created are named after the vendor's: not these.
        waiting = {change.target.product_code for change in plan.changes} - {""}
        month = last_month(services)
        change_usage(
            sandbox, month, lambda each: each if each["productCode"] in waiting else renamed(each)
        )
        other = everything_read(services)
    assert len(plan.changes) > 40
    assert other.digest == plan.digest
    assert [each.target for each in other.findings] == [each.target for each in plan.findings]
