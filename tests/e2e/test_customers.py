"""The customers page under real hands: mapping, agreements, conflicts, CSV, keyboard."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.dashboard import Dashboard
from tests.e2e.downloads import download
from tests.e2e.grid_page import Grid

OpenPage = Callable[..., Page]

# Of the demo world: two customers whose company has one active agreement, and one with two.
BAKERY, LAWYERS = "8a11ee42-ebd2-5cfa-b0bb-50196f207b40", "9ed7d5ab-b351-59e3-bf16-b4ae1e209d79"
CLINIC = "0b8dd9c2-d30d-59c1-91ac-f9b3a6e76ae4"
BAKERY_AGREEMENT = 31
DIRTY = re.compile("us-dirty")


def customers(page: Page) -> Grid:
    return Grid(page, "customers")


def everything_read(dashboard: Dashboard, open_page: OpenPage, locale: str = "en-US") -> Grid:
    """The page after customers, companies and agreements were read."""
    page = open_page(f"{dashboard.url}/customers", locale=locale)
    opened = customers(page)
    opened.refresh()
    page.wait_for_function("window.usageSyncCatalogs?.companies?.ids.length > 50")
    return opened


@pytest.fixture
def grid(dashboard: Dashboard, open_page: OpenPage) -> Grid:
    opened = everything_read(dashboard, open_page)
    expect(opened.page.get_by_text("have not been read")).to_have_count(0)
    return opened


@pytest.mark.parametrize(("locale", "active"), [("en-US", "Active"), ("fr-FR", "Actif")])
def test_a_customer_is_mapped_by_its_suggestion_and_switched_on(
    dashboard: Dashboard, open_page: OpenPage, locale: str, active: str
) -> None:
    grid = everything_read(dashboard, open_page, locale)
    grid.find(BAKERY)
    expect(grid.cell(BAKERY, "suggestion")).to_contain_text("97")
    grid.cell(BAKERY, "suggestion").get_by_role("button").click()
    expect(grid.cell(BAKERY, "company")).to_contain_text("BOULANGERIE VERMASSE SARL")
    expect(grid.cell(BAKERY, "agreement")).to_contain_text("Sécurité managée")
    for column in ("company", "agreement"):
        expect(grid.cell(BAKERY, column)).to_have_class(DIRTY)
    grid.expect_unsaved(2)
    grid.switch(BAKERY).click()
    expect(grid.cell(BAKERY, "state")).to_contain_text(f"→ {active}")
    grid.save()
    expect(grid.cell(BAKERY, "state")).to_contain_text(active)
    grid.page.reload()
    again = customers(grid.page)
    again.find(BAKERY)
    expect(again.cell(BAKERY, "state")).to_contain_text(active)
    expect(again.switch(BAKERY)).to_have_attribute("aria-checked", "true")


def test_a_company_is_typed_and_one_of_its_agreements_chosen_with_the_keyboard(
    grid: Grid,
) -> None:
    grid.find(CLINIC)
    grid.cell(CLINIC, "billing").click()
    grid.page.keyboard.press("ArrowRight")
    grid.page.keyboard.press("Enter")
    expect(grid.query).to_be_focused()
    grid.page.keyboard.type("v")
    expect(grid.options).to_have_count(0)
    # Neither case nor accents count, and the identifier (VetMarronnet) is searched too.
    grid.page.keyboard.type("ÉTM")
    expect(grid.options).to_have_count(1)
    grid.page.keyboard.press("Enter")
    expect(grid.cell(CLINIC, "company")).to_contain_text("Clin. Vét. Marronnet")
    expect(grid.cell(CLINIC, "agreement")).to_contain_text("Choose an agreement")
    grid.expect_unsaved(1)
    grid.page.keyboard.press("ArrowRight")
    grid.page.keyboard.press("Enter")
    expect(grid.options).to_have_count(2)
    second = grid.options.nth(1)
    expect(second).to_contain_text("Sécurité managée")
    for detail in ("Security subscriptions", "next invoice", "prorated", "since"):
        expect(second).to_contain_text(detail)
    grid.page.keyboard.press("ArrowDown")
    grid.page.keyboard.press("ArrowDown")
    expect(second).to_have_attribute("aria-selected", "true")
    grid.page.keyboard.press("Enter")
    expect(grid.cell(CLINIC, "agreement")).to_contain_text("Sécurité managée")
    grid.expect_unsaved(2)
    grid.page.keyboard.press("Control+z")
    grid.expect_unsaved(1)
    grid.page.keyboard.press("Control+y")
    grid.save()
    expect(grid.cell(CLINIC, "state")).to_contain_text("Off")


def test_text_that_matches_no_company_is_refused_at_the_cell(grid: Grid) -> None:
    grid.find(BAKERY)
    grid.cell(BAKERY, "company").click()
    grid.page.keyboard.type("Nobody is called so")
    expect(grid.options).to_have_count(0)
    for key in ("Enter", "Tab"):
        grid.page.keyboard.press(key)
        expect(grid.query).to_have_attribute("aria-invalid", "true")
        expect(grid.frame.locator(".us-hint")).to_contain_text("No company matches")
    grid.page.keyboard.press("Escape")
    expect(grid.query).to_have_count(0)
    grid.expect_unsaved(0)


def test_another_company_brings_its_agreement_before_the_server_answers(grid: Grid) -> None:
    grid.choose(BAKERY, "boulverm", "company")
    grid.expect_unsaved(2)
    # From here on nothing that is done in the grid reaches the server.
    grid.inside().evaluate("window.parent.postMessage = () => {}")
    grid.choose(BAKERY, "hexavant log", "company")
    expect(grid.cell(BAKERY, "agreement")).to_contain_text("next invoice")
    grid.choose(BAKERY, "marronnet", "company")
    expect(grid.cell(BAKERY, "agreement")).to_contain_text("Choose an agreement")
    grid.choose(BAKERY, "infog", "agreement")
    grid.choose(BAKERY, "Quarrington", "company")
    expect(grid.cell(BAKERY, "agreement")).not_to_contain_text("Infog")
    grid.cell(BAKERY, "billing").click()
    grid.page.keyboard.press("ArrowRight")
    grid.page.keyboard.press("Delete")
    expect(grid.cell(BAKERY, "company")).to_contain_text("Choose a company")
    expect(grid.cell(BAKERY, "agreement")).to_have_text("–")


def test_removing_the_company_removes_its_agreement(grid: Grid) -> None:
    grid.choose(BAKERY, "boulangerie", "company")
    grid.expect_unsaved(2)
    grid.cell(BAKERY, "billing").click()
    grid.page.keyboard.press("ArrowRight")
    grid.page.keyboard.press("Delete")
    expect(grid.cell(BAKERY, "company")).to_contain_text("Choose a company")
    grid.expect_unsaved(0)


def test_sharing_an_agreement_is_confirmed_before_it_is_saved(grid: Grid) -> None:
    for row in (BAKERY, LAWYERS):
        grid.choose(row, "boulangerie", "company")
    grid.open_save()
    expect(grid.dialog).to_contain_text("would share the agreement")
    confirm = grid.page.locator(".st-key-customers_save_now button")
    expect(confirm).to_be_disabled()
    grid.page.locator(".st-key-customers_save_consent label").click()
    expect(confirm).to_be_enabled()
    grid.confirm_save()
    grid.expect_unsaved(0)
    expect(grid.cell(BAKERY, "agreement")).to_contain_text("shared with Cabinet Dourlin")


def test_two_editors_in_conflict_see_both_and_decide(
    grid: Grid, dashboard: Dashboard, open_page: OpenPage
) -> None:
    other = customers(open_page(f"{dashboard.url}/customers"))
    mine = grid.choose(BAKERY, "boulangerie", "company")
    theirs = other.choose(BAKERY, "hexavant log", "company")
    other.save()
    grid.choose(LAWYERS, "dourlin", "company")
    grid.save()
    expect(grid.page.get_by_role("button", name="Keep theirs")).to_be_visible()
    grid.expect_unsaved(2)
    expect(grid.page.get_by_text("Saved by")).to_be_visible()
    expect(other.cell(BAKERY, "company")).to_contain_text(theirs)
    grid.page.get_by_role("button", name="Use mine").click()
    grid.save()
    grid.expect_unsaved(0)
    grid.page.reload()
    again = customers(grid.page)
    again.find(BAKERY)
    expect(again.cell(BAKERY, "company")).to_contain_text(mine)
    expect(again.cell(LAWYERS, "company")).to_contain_text("Dourlin")


def test_an_agreement_that_ends_in_connectwise_blocks_after_one_customer_is_read_again(
    grid: Grid, dashboard: Dashboard
) -> None:
    grid.choose(BAKERY, "boulangerie", "company")
    grid.switch(BAKERY).click()
    grid.save()
    expect(grid.cell(BAKERY, "state")).to_contain_text("Active")
    assert dashboard.sandbox is not None
    world = dashboard.sandbox.world
    with world.transaction():
        table = world.tables["agreements"]
        ended = {"endDate": "2020-01-31T00:00:00Z", "noEndingDateFlag": False}
        table.replace(BAKERY_AGREEMENT, {**table.records[BAKERY_AGREEMENT], **ended})
    grid.cell(BAKERY, "actions").get_by_role("button", name=re.compile("Read the")).click()
    expect(grid.cell(BAKERY, "state")).to_contain_text("Blocked")
    expect(grid.cell(BAKERY, "state")).to_contain_text("has expired")
    grid.page.locator("[data-testid='stPills'], [data-testid='stButtonGroup']").get_by_text(
        "Not syncable"
    ).click()
    expect(grid.page.get_by_text("1 × The agreement")).to_be_visible()


def test_customers_go_out_as_csv_and_come_back_as_staged_edits(grid: Grid, tmp_path: Path) -> None:
    grid.choose(BAKERY, "boulangerie", "company")
    grid.save()
    path = download(grid.page, lambda: grid.press("customers_export"), tmp_path / "customers.csv")
    rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    bakery = next(row for row in rows if row["customer_id"] == BAKERY)
    assert (bakery["agreement_id"], bakery["sync"]) == (str(BAKERY_AGREEMENT), "false")
    path.write_text(
        "customer_id,connectwise_company_id,agreement_id,sync\n"
        f"{BAKERY},{bakery['connectwise_company_id']},{bakery['agreement_id']},true\n"
        f"{LAWYERS},251,32,true\n",
        encoding="utf-8",
    )
    grid.press("customers_import")
    grid.page.locator("input[type='file']").set_input_files(path)
    grid.page.locator(".st-key-customers_import_stage button").click()
    grid.expect_unsaved(4)
    grid.save()
    for row in (BAKERY, LAWYERS):
        grid.find(row)
        expect(grid.cell(row, "state")).to_contain_text("Active")


def test_each_page_keeps_its_own_edits_and_catalog(grid: Grid) -> None:
    grid.choose(BAKERY, "boulangerie", "company")
    grid.expect_unsaved(2)
    grid.page.get_by_role("link", name="Product mapping").click()
    mapping = Grid(grid.page)
    code = mapping.rows()[0]
    mapping.choose(code, "backup")
    mapping.expect_unsaved(1)
    grid.page.get_by_role("link", name="Customers").click()
    again = customers(grid.page)
    again.expect_unsaved(2)
    again.find(LAWYERS)
    again.choose(LAWYERS, "dourlin", "company")
    again.expect_unsaved(4)
