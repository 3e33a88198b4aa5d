"""A run is found in the browser and taken back; what somebody changed since is refused."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from core.domain.models import ChangeKind
from core.sandbox.server import Sandbox, start_sandbox
from core.services import Services, build_services
from core.settings import load_settings
from tests.e2e.dashboard import CHECKED, Dashboard, connection_environment, running
from tests.e2e.drawing import stand_still
from tests.e2e.grid_page import Grid
from tests.e2e.sync_page import SyncPage
from tests.use_cases.sync_world import prepare, synced

OpenPage = Callable[..., Page]


@pytest.fixture
def synced_dashboard(filled_store: Path, tmp_path: Path) -> Iterator[Dashboard]:
    """A dashboard with one run, one of whose additions somebody changed in ConnectWise since."""
    store = tmp_path / "store.duckdb"
    shutil.copy(filled_store, store)
    with start_sandbox() as sandbox:
        environment = connection_environment(sandbox, store)
        with closing(build_services(load_settings(environment, {}))) as services:
            synced(services, prepare(services))
            change_by_hand(sandbox, services)
        with running(environment, sandbox, CHECKED) as started:
            yield started


def change_by_hand(sandbox: Sandbox, services: Services) -> None:
    run = services.runs.list(1)[0]
    rows = services.runs.changes(run.id)
    row = next(each for each in rows if each.change.kind is ChangeKind.CREATE_ADDITION)
    table = sandbox.world.tables["additions"]
    with sandbox.world.transaction():
        assert row.addition_id is not None
        table.replace(row.addition_id, {**table.records[row.addition_id], "quantity": 4711})


def quantities(dashboard: Dashboard) -> list[int]:
    assert dashboard.sandbox is not None
    return [int(one["quantity"]) for one in dashboard.sandbox.world.tables["additions"].all()]


def part(page: Page, key: str) -> Locator:
    return page.locator(f".st-key-history_{key}").first


def press(page: Page, key: str) -> None:
    stand_still(page)
    button = part(page, key).locator("button").first
    expect(button).to_be_enabled()
    button.click()


def test_a_run_is_taken_back_but_for_what_somebody_changed(
    synced_dashboard: Dashboard, open_page: OpenPage
) -> None:
    page = open_page(f"{synced_dashboard.url}/history")
    sync = SyncPage(page)
    expect(sync.table).to_be_visible()
    sync.select(0)
    expect(page.get_by_text(re.compile("Run 1 of")).first).to_be_visible()

    press(page, "undo")
    expect(part(page, "undo_approve")).to_be_visible()
    expect(page.get_by_text("The quantity is 4,711 now.")).to_be_visible()
    todo = int(sync.figure(0).inner_text())
    assert todo > 40

    press(page, "undo_approve")
    reason = sync.dialog.get_by_role("textbox")
    expect(sync.part("approve_yes")).to_be_visible()
    if reason.count():
        reason.fill("Billed by hand this month")
    sync.press("approve_yes")
    expect(sync.dialog).to_have_count(0)
    expect(part(page, "link_1")).to_contain_text("Undoes run 1", timeout=120_000)
    expect(sync.figure(0)).to_have_text(f"{todo} of {todo}")
    assert 4711 in quantities(synced_dashboard)

    press(page, "link_1")
    expect(part(page, "link_2")).to_contain_text("Undone by run 2")
    press(page, "undo")
    expect(part(page, "undo_approve")).to_be_visible()
    expect(part(page, "undo_approve").locator("button")).to_be_disabled()


def test_from_a_mapping_to_what_syncs_changed_for_it(
    synced_dashboard: Dashboard, open_page: OpenPage
) -> None:
    page = open_page(f"{synced_dashboard.url}/product_mapping")
    grid = Grid(page)
    code = next(code for code in grid.rows() if code)
    grid.find(code)
    grid.cell(code, "details").get_by_role("button", name=re.compile("history", re.I)).click()
    grid.press("mapping_history_synced")
    expect(page).to_have_url(re.compile("/history"))
    expect(page.get_by_text("Choose a line to see why").first).to_be_visible()
    expect(page.get_by_text(re.compile(r"^[1-9]\d* rows?$")).first).to_be_visible()
