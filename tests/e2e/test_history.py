"""A run is found in the browser and taken back; what somebody changed since is refused."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.domain.models import ChangeKind, RunChange
from core.sandbox.server import Sandbox, start_sandbox
from core.services import build_services
from core.settings import load_settings
from tests.e2e.dashboard import CHECKED, Dashboard, Starter, connection_environment, running
from tests.e2e.grid_page import Grid
from tests.e2e.history_page import HistoryPage
from tests.use_cases.sync_world import DEFAULTS, prepare, synced

OpenPage = Callable[..., Page]
BY_HAND = "p.martin"


@dataclass(frozen=True)
class World:
    """What ConnectWise has: quantity and end of each addition, and which products are inactive."""

    additions: Mapping[int, tuple[Decimal, str | None]]
    inactive: Mapping[int, bool]


@dataclass(frozen=True)
class Synced:
    """A dashboard with one run, the world before it, and what the run did."""

    dashboard: Dashboard
    before: World
    changes: Sequence[RunChange]

    def of(self, *kinds: ChangeKind) -> list[RunChange]:
        return [row for row in self.changes if row.change.kind in kinds]

    def world(self) -> World:
        assert self.dashboard.sandbox is not None
        return world_of(self.dashboard.sandbox)

    def change_by_hand(self, addition_id: int, quantity: int) -> None:
        """Somebody sets a quantity in ConnectWise."""
        assert self.dashboard.sandbox is not None
        sandbox = self.dashboard.sandbox
        table = sandbox.world.tables["additions"]
        record = table.records[addition_id]
        info = {**record["_info"], "updatedBy": BY_HAND}
        with sandbox.world.transaction():
            table.replace(addition_id, {**record, "quantity": Decimal(quantity), "_info": info})


def world_of(sandbox: Sandbox) -> World:
    tables = sandbox.world.tables
    return World(
        {
            one["id"]: (Decimal(one["quantity"]), one.get("cancelledDate"))
            for one in tables["additions"].all()
        },
        {one["id"]: bool(one["inactiveFlag"]) for one in tables["catalog"].all()},
    )


@pytest.fixture
def done(filled_store: Path, tmp_path: Path, start: Starter) -> Iterator[Synced]:
    """A run that set quantities, created additions and created products."""
    store = tmp_path / "store.duckdb"
    shutil.copy(filled_store, store)
    with start_sandbox() as sandbox:
        environment = connection_environment(sandbox, store)
        with closing(build_services(load_settings(environment, {}))) as services:
            month = prepare(services, defaults=DEFAULTS)
            before = world_of(sandbox)
            changes = services.runs.changes(synced(services, month).id)
        with running(environment, sandbox, CHECKED, start=start) as started:
            yield Synced(started, before, changes)


def expect_restored(done: Synced, *, but: Collection[int] = ()) -> None:
    """Everything in ConnectWise is as before the run, but for these additions: old ones have their
    quantities, and what the run created is at 0, cancelled, and inactive."""
    now = done.world()
    created = now.additions.keys() - done.before.additions.keys()
    assert {id_: now.additions[id_] for id_ in done.before.additions} == done.before.additions
    for addition_id in created - set(but):
        quantity, cancelled = now.additions[addition_id]
        assert (quantity, cancelled is not None) == (0, True), addition_id
    for addition_id in but:
        assert now.additions[addition_id][1] is None
    assert {id_: now.inactive[id_] for id_ in done.before.inactive} == done.before.inactive
    made = {row.product_id for row in done.of(ChangeKind.CREATE_PRODUCT)}
    assert now.inactive.keys() - done.before.inactive.keys() == made
    assert all(now.inactive[product_id or 0] for product_id in made)


def expect_unmapped(page: Page, url: str) -> None:
    """The Sophos products that the run mapped to products of its own are mapped to nothing."""
    page.goto(f"{url}/product_mapping")
    grid = Grid(page)
    for code in DEFAULTS:
        grid.find(code)
        expect(grid.cell(code, "product")).to_contain_text("Choose a product…")


def test_a_run_is_taken_back_and_everything_is_as_before(done: Synced, open_page: OpenPage) -> None:
    assert done.of(ChangeKind.CREATE_ADDITION)
    assert done.of(ChangeKind.CREATE_PRODUCT)
    adopted = done.of(ChangeKind.ADOPT_ADDITION)
    assert any(row.change.before != row.change.after for row in adopted)
    assert done.world() != done.before
    history = HistoryPage(open_page(f"{done.dashboard.url}/history"))
    history.choose_newest_run(1)
    assert history.preview_undo() == len(done.changes)

    history.approve_undo("Billed by hand this month")
    expect(history.part("link_1")).to_contain_text("Undoes run 1", timeout=120_000)
    everything = f"{len(done.changes)} of {len(done.changes)}"
    expect(history.plan.figure(0)).to_have_text(everything, timeout=120_000)
    expect_restored(done)
    expect_unmapped(history.page, done.dashboard.url)


def test_what_somebody_changed_since_is_refused_and_the_rest_is_taken_back(
    done: Synced, open_page: OpenPage
) -> None:
    row = next(
        each for each in done.of(ChangeKind.CREATE_ADDITION) if each.change.target.product_id
    )
    assert row.addition_id is not None
    done.change_by_hand(row.addition_id, 4711)
    page = open_page(f"{done.dashboard.url}/history")
    history = HistoryPage(page)
    history.choose_newest_run(1)

    todo = history.preview_undo()
    assert todo == len(done.changes) - 1
    before = format(row.change.after or 0, "f")
    refused = page.get_by_text(f"{row.names.product} on {row.names.agreement} was changed since")
    expect(refused.first).to_be_visible()
    expect(refused.first).to_contain_text(f"The quantity was {before}, and is 4,711 now.")
    expect(refused.first).to_contain_text(f"Last changed by {BY_HAND}, ")
    # Looking at it wrote nothing.
    assert done.world().additions[row.addition_id] == (4711, None)

    history.approve_undo("Billed by hand this month")
    expect(history.part("link_1")).to_contain_text("Undoes run 1", timeout=120_000)
    expect(history.plan.figure(0)).to_have_text(f"{todo} of {todo}", timeout=120_000)
    assert done.world().additions[row.addition_id] == (4711, None)
    expect_restored(done, but=[row.addition_id])

    history.press("link_1")
    expect(history.part("link_2")).to_contain_text("Undone by run 2")
    history.press("undo")
    expect(history.part("undo_approve")).to_be_visible()
    expect(history.part("undo_approve").locator("button")).to_be_disabled()
    expect_unmapped(page, done.dashboard.url)


def test_from_a_mapping_to_what_syncs_changed_for_it(done: Synced, open_page: OpenPage) -> None:
    page = open_page(f"{done.dashboard.url}/product_mapping")
    grid = Grid(page)
    code = next(code for code in grid.rows() if code)
    grid.find(code)
    grid.cell(code, "details").get_by_role("button", name=re.compile("history", re.I)).click()
    grid.press("mapping_history_synced")
    expect(page).to_have_url(re.compile("/history"))
    expect(page.get_by_text("Choose a line to see why").first).to_be_visible()
    expect(page.get_by_text(re.compile(r"^[1-9]\d* rows?$")).first).to_be_visible()
