"""A month is synced in the browser: fetched, planned, reviewed, approved, watched, retried."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.domain.models import PlanLimits, SyncSettings
from core.sandbox.faults import Effect, FaultRule
from core.sandbox.server import start_sandbox
from core.services import build_services
from core.settings import load_settings
from tests.e2e.dashboard import CHECKED, Dashboard, Starter, connection_environment, running
from tests.e2e.downloads import download
from tests.e2e.grid_page import Grid
from tests.e2e.sync_page import SyncPage
from tests.use_cases.sync_world import DEFAULTS, NOBODY_STOPS, prepare

OpenPage = Callable[..., Page]
ADDITIONS = "finance/agreements/.*additions"


@pytest.fixture
def sync_dashboard(filled_store: Path, tmp_path: Path, start: Starter) -> Iterator[Dashboard]:
    """A dashboard whose customers and products are mapped, and the sandbox behind it."""
    with _mapped(filled_store, tmp_path, start) as started:
        yield started


@pytest.fixture
def narrow_dashboard(filled_store: Path, tmp_path: Path, start: Starter) -> Iterator[Dashboard]:
    """The same, with two limits that every plan exceeds."""
    narrow = replace(NOBODY_STOPS, quantity=Decimal(1), new_products=0)
    with _mapped(filled_store, tmp_path, start, narrow, defaults=DEFAULTS) as started:
        yield started


@contextmanager
def _mapped(
    filled_store: Path,
    folder: Path,
    start: Starter,
    limits: PlanLimits = NOBODY_STOPS,
    defaults: Iterable[str] = (),
) -> Iterator[Dashboard]:
    store = folder / "store.duckdb"
    shutil.copy(filled_store, store)
    with start_sandbox() as sandbox:
        environment = connection_environment(sandbox, store)
        with closing(build_services(load_settings(environment, {}))) as services:
            prepare(services, defaults=defaults)
            services.preferences.save_sync(SyncSettings(limits=limits), "ana")
        with running(environment, sandbox, CHECKED, start=start) as started:
            yield started


def slow_writes(dashboard: Dashboard, seconds: float) -> None:
    """Let ConnectWise take its time with every write."""
    assert dashboard.sandbox is not None
    faults = dashboard.sandbox.controls.faults
    for method in ("POST", "PATCH"):
        faults.add(FaultRule(effect=Effect.LATENCY, latency=seconds, method=method, path=ADDITIONS))


def refuse_one_write(dashboard: Dashboard) -> None:
    """Let ConnectWise refuse one addition."""
    assert dashboard.sandbox is not None
    dashboard.sandbox.controls.faults.add(
        FaultRule(effect=Effect.STATUS, status=400, method="POST", path=ADDITIONS, count=1)
    )


def additions(dashboard: Dashboard) -> int:
    assert dashboard.sandbox is not None
    return len(dashboard.sandbox.world.tables["additions"].all())


@dataclass(frozen=True)
class Words:
    """What the page says in one language."""

    fetched: str
    progress: str
    of: str
    status: str
    to_do: str
    second_run: str


WORDS = {
    "en-US": Words("fetched .* second", r"\d+ of \d+ done", "of", "Status", "To do", "Run 2 of"),
    "fr-FR": Words(
        "récupération .* seconde",
        r"faites : \d+ sur \d+",
        "sur",
        "Statut",
        "À faire",
        r"Synchronisation n°\s2",
    ),
}


def plan_rows(sync: SyncPage, folder: Path) -> list[dict[str, str]]:
    """The plan on the screen as its CSV has it."""
    file = download(sync.page, lambda: sync.press("csv"), folder / "plan.csv")
    text = file.read_text(encoding="utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


@pytest.mark.parametrize("language", WORDS)
def test_a_month_is_synced_from_the_fetch_to_the_retry(
    sync_dashboard: Dashboard, open_page: OpenPage, tmp_path: Path, language: str
) -> None:
    words = WORDS[language]

    def opened() -> SyncPage:
        return SyncPage(open_page(f"{sync_dashboard.url}/usage_sync", locale=language))

    sync = opened()
    sync.press("fetch")
    expect(sync.page.get_by_text(re.compile(words.fetched))).to_be_visible()
    sync.make_plan()
    todo = int(sync.figure(0).inner_text())
    assert todo > 40

    planned = [row for row in plan_rows(sync, tmp_path) if row[words.status] == words.to_do]
    assert len(planned) == todo

    sync.table.hover()
    expect(sync.page.get_by_label("Search").last).to_be_visible()
    expect(sync.page.get_by_label("Download as CSV").last).to_be_hidden()

    sync.select(0)
    sync.exclude_selected("Pays for itself")
    sync.expect_question_before_reload()
    expect(sync.figure(0)).to_have_text(str(todo - 1))
    expect(sync.figure(4)).to_have_text("1")

    refuse_one_write(sync_dashboard)
    slow_writes(sync_dashboard, 0.25)
    before = additions(sync_dashboard)
    sync.approve()
    expect(sync.part("progress")).to_contain_text(re.compile(words.progress))
    address = sync.page.url
    assert "run=" in address
    sync.page.wait_for_function("window.usageSyncUnsaved === false")
    sync.page.close()

    back = opened()
    expect(back.part("progress")).to_be_visible()
    back.page.goto(address)
    back.expect_ended()
    expect(back.figure(0)).to_have_text(f"{todo - 2} {words.of} {todo - 1}")
    expect(back.figure(1)).to_have_text("1")
    expect(back.part("excluded")).to_contain_text("Pays for itself")
    assert additions(sync_dashboard) > before

    back.press("retry")
    expect(back.figure(0)).to_have_text("1")
    back.approve()
    back.expect_ended()
    expect(back.figure(0)).to_have_text(f"1 {words.of} 1")

    back.press("all_runs")
    expect(back.page.get_by_test_id("stDataFrame").last).to_be_visible()
    back.page.goto(f"{sync_dashboard.url}/usage_sync")
    back.make_plan()
    expect(back.figure(0)).to_have_text("1")
    back.page.goto(sync_dashboard.url)
    expect(back.page.get_by_text(re.compile(words.second_run)).first).to_be_visible()


def test_a_run_is_stopped_and_finished_later(
    sync_dashboard: Dashboard, open_page: OpenPage
) -> None:
    sync = SyncPage(open_page(f"{sync_dashboard.url}/usage_sync"))
    sync.make_plan()
    todo = int(sync.figure(0).inner_text())
    slow_writes(sync_dashboard, 0.4)
    sync.approve()
    expect(sync.part("progress")).to_contain_text(re.compile(rf"[1-9]\d* of {todo} done"))
    sync.press("stop")
    sync.expect_ended()
    done = int(sync.figure(0).inner_text().split()[0])
    assert 0 < done < todo
    sync.press("finish")
    expect(sync.part("progress")).to_contain_text(f"of {todo} done")
    sync.expect_ended()
    expect(sync.figure(0)).to_have_text(f"{todo} of {todo}")


def test_why_a_quantity_is_so_is_told_step_by_step(
    sync_dashboard: Dashboard, open_page: OpenPage
) -> None:
    sync = SyncPage(open_page(f"{sync_dashboard.url}/usage_sync"))
    sync.make_plan()
    sync.ask_why(0)
    expect(sync.dialog).to_contain_text("billable, in")


def test_two_people_see_the_same_run_and_only_one_begins(
    sync_dashboard: Dashboard, open_page: OpenPage
) -> None:
    first = SyncPage(open_page(f"{sync_dashboard.url}/usage_sync"))
    first.make_plan()
    second = SyncPage(open_page(f"{sync_dashboard.url}/usage_sync"))
    third = SyncPage(open_page(f"{sync_dashboard.url}/usage_sync"))
    expect(third.button("approve")).to_be_enabled()
    slow_writes(sync_dashboard, 0.25)
    first.press("approve")
    second.press("approve")
    first.press("approve_yes")
    expect(first.part("progress")).to_be_visible()
    expect(third.button("approve")).to_be_disabled()  # though nobody touched that page
    expect(third.part("progress")).to_be_visible()
    second.press("approve_yes")
    expect(second.dialog.get_by_role("alert")).to_be_visible()
    first.expect_ended()
    second.page.goto(f"{sync_dashboard.url}/usage_sync?view=runs")
    rows = second.page.get_by_test_id("stDataFrame").last.locator("[role=grid]")
    expect(rows).to_have_attribute("aria-rowcount", "2")  # the heading and one run


def test_a_quantity_rule_of_a_product_changes_the_plan(
    sync_dashboard: Dashboard, open_page: OpenPage, tmp_path: Path
) -> None:
    grid = Grid(open_page(f"{sync_dashboard.url}/product_mapping"))
    grid.find("CIXA-MSP")
    grid.frame.locator(".ag-row[row-id='CIXA-MSP'] .ag-checkbox-input").first.click()
    grid.page.get_by_role("button", name="Quantity rule").first.click()
    dialog = grid.page.get_by_role("dialog")
    multiplier = dialog.get_by_role("textbox", name="Multiplier")
    multiplier.fill("2")
    multiplier.press("Tab")
    expect(dialog).to_contain_text("Times 2")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    sync = SyncPage(open_page(f"{sync_dashboard.url}/usage_sync"))
    sync.make_plan()
    twice = [row for row in plan_rows(sync, tmp_path) if "Times 2" in row["Explanation"]]
    assert twice
    assert {row["Status"] for row in twice} == {"To do"}


@pytest.mark.parametrize("language", ["en-US", "fr-FR"])
def test_with_two_limits_exceeded_reason_and_button_are_on_the_screen(
    narrow_dashboard: Dashboard, open_page: OpenPage, language: str
) -> None:
    sync = SyncPage(open_page(f"{narrow_dashboard.url}/usage_sync", locale=language))
    sync.make_plan()
    sync.press("approve")
    expect(sync.dialog.get_by_test_id("stAlert").get_by_role("listitem")).to_have_count(2)
    expect(sync.part("override").locator("textarea")).to_be_in_viewport(ratio=1)
    expect(sync.button("approve_yes")).to_be_in_viewport(ratio=1)
