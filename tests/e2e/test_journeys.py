"""One journey for each thing that the mapping page is for, as a person does it."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from core.sandbox.faults import Effect, FaultRule, When
from tests.e2e.dashboard import Dashboard
from tests.e2e.downloads import download
from tests.e2e.drawing import stand_still
from tests.e2e.grid_page import Grid

OpenPage = Callable[..., Page]

CODE, OTHER = "NDR-MSP", "CDE-MSP"


@pytest.fixture
def grid(dashboard: Dashboard, open_page: OpenPage) -> Grid:
    return Grid(open_page(f"{dashboard.url}/product_mapping"))


def catalog(dashboard: Dashboard) -> list[dict[str, Any]]:
    """The products as they are in ConnectWise now."""
    assert dashboard.sandbox is not None
    return dashboard.sandbox.world.tables["catalog"].all()


def change_in_connectwise(dashboard: Dashboard, product_id: int, **members: object) -> None:
    """Somebody edits a product in ConnectWise itself."""
    assert dashboard.sandbox is not None
    world = dashboard.sandbox.world
    with world.transaction():
        table = world.tables["catalog"]
        table.replace(product_id, {**table.records[product_id], **members})


def mapped(grid: Grid, code: str, text: str) -> str:
    """Map a row through the type-ahead, switch it on and save; the identifier chosen."""
    identifier = grid.choose(code, text)
    if grid.switch(code).get_attribute("aria-checked") == "false":
        grid.switch(code).click()
    grid.save()
    return identifier


def test_the_grid_shows_each_sophos_product_with_its_columns(
    common_dashboard: Dashboard, open_page: OpenPage
) -> None:
    grid = Grid(open_page(f"{common_dashboard.url}/product_mapping"))
    expect(grid.page.get_by_role("heading", name="Configure usage synchronization")).to_be_visible()
    for heading in ("Sophos product", "ConnectWise product", "Details", "Sync"):
        expect(
            grid.frame.get_by_role("columnheader", name=re.compile(heading)).first
        ).to_be_visible()
    assert len(grid.rows()) >= 10


def test_an_existing_product_is_found_mapped_and_saved(grid: Grid) -> None:
    identifier = mapped(grid, CODE, "backup")
    grid.page.reload()
    again = Grid(grid.page)
    expect(again.cell(CODE, "product")).to_contain_text(identifier)
    expect(again.cell(CODE, "state")).to_contain_text("Active")
    again.expect_unsaved(0)


def test_a_new_product_is_added_to_the_psa_and_mapped(grid: Grid, dashboard: Dashboard) -> None:
    grid.cell(CODE, "details").get_by_role("button", name=re.compile("Add")).click()
    dialog = grid.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Add products to PSA")
    dialog.get_by_label("Price").fill("12.50")
    dialog.get_by_role("button", name="Apply").click()
    expect(dialog).to_have_count(0)
    grid.expect_unsaved(1)
    (created,) = [p for p in catalog(dashboard) if p.get("integrationXRef") == CODE]
    assert str(created["price"]) == "12.5" or str(created["price"]) == "12.50"
    expect(grid.cell(CODE, "product")).to_contain_text(created["identifier"])
    grid.save()
    expect(grid.cell(CODE, "state")).to_contain_text("Off")


def test_a_mapped_product_is_looked_at_and_edited_in_the_psa(
    grid: Grid, dashboard: Dashboard
) -> None:
    identifier = mapped(grid, CODE, "backup")
    grid.cell(CODE, "details").get_by_role("button").first.click()
    dialog = grid.page.get_by_role("dialog")
    expect(dialog).to_contain_text("View ConnectWise product")
    expect(dialog).to_contain_text(identifier)
    dialog.get_by_role("button", name="Edit product details in PSA").click()
    expect(dialog).to_contain_text("Edit ConnectWise product")
    dialog.get_by_label("Price").fill("77.25")
    dialog.get_by_role("button", name="Apply").click()
    expect(grid.page.get_by_text("Written to ConnectWise.").first).to_be_visible()
    expect(dialog).to_contain_text("77.25")
    (product,) = [p for p in catalog(dashboard) if p["identifier"] == identifier]
    assert str(product["price"]) == "77.25"


def slow_down(dashboard: Dashboard, method: str) -> None:
    """ConnectWise takes its time over products, and has carried the call out before it answers."""
    assert dashboard.sandbox is not None
    dashboard.sandbox.controls.faults.add(
        FaultRule(
            effect=Effect.LATENCY,
            method=method,
            path="procurement/catalog",
            when=When.AFTER,
            latency=2.5,
        )
    )


def press_both(dialog: Locator, first: str, second: str) -> None:
    """Press `second` before the browser has drawn what `first` changes."""
    dialog.evaluate(
        """(dialog, names) => {
            for (const name of names)
                [...dialog.querySelectorAll("button")]
                    .find((button) => button.innerText.includes(name)).click()
        }""",
        [first, second],
    )


def test_a_product_created_while_the_form_was_left_is_staged_and_said(
    grid: Grid, dashboard: Dashboard
) -> None:
    grid.cell(CODE, "details").get_by_role("button", name=re.compile("Add")).click()
    dialog = grid.page.get_by_role("dialog")
    dialog.get_by_label("Price").fill("12.50")
    dialog.get_by_label("Price").blur()
    slow_down(dashboard, "POST")
    press_both(dialog, "Apply", "Cancel")
    expect(dialog).to_contain_text("Creating in ConnectWise…")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_disabled()
    expect(grid.page.get_by_text("1 product is in ConnectWise.").first).to_be_visible()
    expect(dialog).to_have_count(0)
    grid.expect_unsaved(1)
    (created,) = [p for p in catalog(dashboard) if p.get("integrationXRef") == CODE]
    expect(grid.cell(CODE, "product")).to_contain_text(created["identifier"])


def test_a_product_created_while_the_browser_is_reloaded_is_offered_for_its_row(
    grid: Grid, dashboard: Dashboard
) -> None:
    grid.cell(CODE, "details").get_by_role("button", name=re.compile("Add")).click()
    dialog = grid.page.get_by_role("dialog")
    stand_still(grid.page)
    dialog.get_by_label("Price").fill("12.50")
    dialog.get_by_label("Price").blur()
    slow_down(dashboard, "POST")
    dialog.get_by_role("button", name="Apply").click()
    expect(dialog).to_contain_text("Creating in ConnectWise…")
    grid.page.reload()
    expect(grid.page.get_by_text("Being created in ConnectWise")).to_be_visible()
    expect(grid.page.get_by_text("it is in no row yet")).to_be_visible()
    again = Grid(grid.page)
    again.expect_unsaved(0)
    again.press("product_offers_stage")
    again.expect_unsaved(1)
    (created,) = [p for p in catalog(dashboard) if p.get("integrationXRef") == CODE]
    expect(again.cell(CODE, "product")).to_contain_text(created["identifier"])
    again.save()
    expect(again.page.get_by_text("it is in no row yet")).to_have_count(0)


def test_a_creation_that_fails_while_the_browser_is_reloaded_is_told(
    grid: Grid, dashboard: Dashboard
) -> None:
    grid.cell(CODE, "details").get_by_role("button", name=re.compile("Add")).click()
    dialog = grid.page.get_by_role("dialog")
    stand_still(grid.page)  # a form that is still being drawn loses what is typed
    dialog.get_by_label("Price").fill("12.50")
    dialog.get_by_label("Price").blur()
    assert dashboard.sandbox is not None
    refused = FaultRule(
        effect=Effect.STATUS, status=400, method="POST", path="procurement/catalog", latency=4
    )
    dashboard.sandbox.controls.faults.add(refused)
    dialog.get_by_role("button", name="Apply").click()
    expect(dialog).to_contain_text("Creating in ConnectWise…")
    grid.page.reload()
    expect(grid.page.get_by_text("Being created in ConnectWise")).to_be_visible()
    expect(grid.page.get_by_text("was not created for")).to_be_visible()


def test_a_text_that_is_too_long_is_counted_kept_and_not_sent(
    grid: Grid, dashboard: Dashboard
) -> None:
    grid.cell(CODE, "details").get_by_role("button", name=re.compile("Add")).click()
    dialog = grid.page.get_by_role("dialog")
    field = dialog.get_by_label("Product ID")
    field.fill("y" * 80)
    expect(dialog).to_contain_text(re.compile(r"80 of \d+ characters"))
    expect(field).to_have_value("y" * 80)
    dialog.get_by_role("button", name="Apply").click()
    expect(dialog).to_contain_text("Product ID has 80 characters")
    expect(field).to_have_value("y" * 80)
    field.fill("")
    field.press_sequentially("Typed slowly and counted", delay=60)
    expect(dialog).to_contain_text("24 of")
    expect(field).to_have_value("Typed slowly and counted")
    assert not [p for p in catalog(dashboard) if p.get("integrationXRef") == CODE]


def test_an_edit_written_while_the_form_was_left_is_said(grid: Grid, dashboard: Dashboard) -> None:
    identifier = mapped(grid, CODE, "backup")
    grid.cell(CODE, "details").get_by_role("button").first.click()
    dialog = grid.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Edit product details in PSA").click()
    dialog.get_by_label("Price").fill("77.25")
    dialog.get_by_label("Price").blur()
    slow_down(dashboard, "")
    press_both(dialog, "Apply", "Cancel")
    # Once more while the product is read again and the form that was left still stands there.
    expect(grid.page.get_by_text("Written to ConnectWise.").first).to_be_visible(timeout=30_000)
    cancel = dialog.get_by_role("button", name="Cancel")
    if cancel.count():
        cancel.dispatch_event("click")
    expect(dialog).to_contain_text("View ConnectWise product")
    expect(dialog).to_contain_text("77.25", timeout=30_000)
    expect(grid.page.get_by_text("KeyError")).to_have_count(0)
    (product,) = [p for p in catalog(dashboard) if p["identifier"] == identifier]
    assert str(product["price"]) == "77.25"


def test_what_is_said_after_a_save_stands_over_no_button(grid: Grid) -> None:
    grid.choose(CODE, "backup")
    grid.open_save()
    grid.page.evaluate(
        """() => {
            window.covered = null
            const look = () => {
                const said = document.querySelector("[data-testid='stToast']")
                if (said) {
                    const box = said.getBoundingClientRect()
                    window.covered ||= new Set()
                    for (const button of document.querySelectorAll("[class*='st-key-'] button")) {
                        const {left, right, top, bottom} = button.getBoundingClientRect()
                        const beside = right < box.left || left > box.right
                        const apart = bottom < box.top || top > box.bottom
                        if (!beside && !apart) window.covered.add(button.innerText)
                    }
                    const hit = document.elementFromPoint(box.left + 40, box.top + 20)
                    window.caught ||= said.contains(hit)
                }
                requestAnimationFrame(look)
            }
            look()
        }"""
    )
    grid.confirm_save()
    grid.page.wait_for_function("window.covered !== null")
    expect(grid.page.get_by_test_id("stToast")).to_have_count(0)
    assert grid.page.evaluate("[...window.covered]") == []
    assert grid.page.evaluate("window.caught") is False


def test_sync_is_turned_on_and_off(grid: Grid) -> None:
    mapped(grid, CODE, "backup")
    expect(grid.cell(CODE, "state")).to_contain_text("Active")
    grid.switch(CODE).click()
    grid.save()
    expect(grid.cell(CODE, "state")).to_contain_text("Off")


def test_a_change_while_on_stops_and_the_next_usage_resumes(grid: Grid) -> None:
    mapped(grid, CODE, "backup")
    grid.choose(CODE, "firewall")
    grid.open_save()
    expect(grid.page.get_by_role("dialog")).to_contain_text("stop")
    grid.confirm_save()
    expect(grid.cell(CODE, "state")).to_contain_text("Stopped")
    grid.refresh()
    expect(grid.cell(CODE, "state")).to_contain_text("Active")


def test_a_removed_mapping_waits_for_its_default_product(grid: Grid) -> None:
    mapped(grid, CODE, "backup")
    grid.remove(CODE)
    grid.save()
    expect(grid.cell(CODE, "state")).to_contain_text("Stopped")
    grid.refresh()
    expect(grid.cell(CODE, "state")).to_contain_text("Stopped")
    expect(grid.frame.locator(f".ag-row[row-id='{CODE}']")).to_contain_text("Sophos_NDR")


def test_several_sophos_products_make_a_bundle_of_one_product(grid: Grid) -> None:
    first = grid.choose(CODE, "backup")
    second = grid.choose(OTHER, first)
    assert first == second
    grid.save()
    grid.page.reload()
    again = Grid(grid.page)
    for code in (CODE, OTHER):
        expect(again.cell(code, "product")).to_contain_text(first)


def test_renames_on_both_sides_keep_the_mapping(grid: Grid, dashboard: Dashboard) -> None:
    identifier = mapped(grid, CODE, "backup")
    (product,) = [p for p in catalog(dashboard) if p["identifier"] == identifier]
    change_in_connectwise(dashboard, product["id"], identifier="RENAMED-IN-PSA")
    assert dashboard.sandbox is not None
    dashboard.sandbox.world.rename_sophos_product(CODE, "Sophos Sensor Renamed")
    grid.refresh()
    expect(grid.cell(CODE, "sophos_product")).to_contain_text("Sophos Sensor Renamed")
    expect(grid.cell(CODE, "product")).to_contain_text("RENAMED-IN-PSA")
    expect(grid.cell(CODE, "state")).to_contain_text("Active")


def test_a_deleted_product_shows_as_broken(grid: Grid, dashboard: Dashboard) -> None:
    identifier = mapped(grid, CODE, "backup")
    (product,) = [p for p in catalog(dashboard) if p["identifier"] == identifier]
    assert dashboard.sandbox is not None
    with dashboard.sandbox.world.transaction():
        dashboard.sandbox.world.tables["catalog"].delete(product["id"])
    grid.refresh()
    expect(grid.cell(CODE, "state")).to_contain_text("Broken")


def test_two_editors_in_conflict_see_both_and_decide(
    grid: Grid, dashboard: Dashboard, open_page: OpenPage
) -> None:
    other = Grid(open_page(f"{dashboard.url}/product_mapping"))
    mine = grid.choose(CODE, "backup")
    theirs = mapped(other, CODE, "firewall")
    mapped_too = grid.choose(OTHER, "backup")
    grid.save()
    expect(grid.page.get_by_role("button", name="Keep theirs")).to_be_visible()
    grid.expect_unsaved(1)
    expect(other.cell(CODE, "product")).to_contain_text(theirs)
    grid.page.get_by_role("button", name="Use mine").click()
    grid.save()
    grid.expect_unsaved(0)
    grid.page.reload()
    again = Grid(grid.page)
    expect(again.cell(CODE, "product")).to_contain_text(mine)
    expect(again.cell(OTHER, "product")).to_contain_text(mapped_too)


def test_mappings_go_out_as_csv_and_come_back_as_staged_edits(grid: Grid, tmp_path: Any) -> None:
    mapped(grid, CODE, "backup")
    path = download(grid.page, lambda: grid.press("mapping_export"), tmp_path / "mappings.csv")
    rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
    mapping = next(row for row in rows if row["product_code"] == CODE)
    assert mapping["sync"] == "true"
    assert mapping["connectwise_product_id"]
    path.write_text(
        f"product_code,connectwise_product_id,sync\n{OTHER},{mapping['connectwise_product_id']},true\n",
        encoding="utf-8",
    )
    grid.page.get_by_role("button", name="Import CSV").click()
    grid.page.locator("input[type='file']").set_input_files(path)
    grid.page.locator(".st-key-mapping_import_stage button").click()
    grid.expect_unsaved(2)
    grid.save()
    grid.find(OTHER)
    expect(grid.cell(OTHER, "state")).to_contain_text("Active")


def test_the_first_start_on_a_fresh_machine(
    sandbox_dashboard: Dashboard, open_page: OpenPage
) -> None:
    page = open_page(sandbox_dashboard.url)
    expect(page.get_by_text(re.compile("[Ss]andbox")).first).to_be_visible()
    page.get_by_role("link", name="Product mapping").first.click()
    page.locator("[class*='st-key-mapping'] button", has_text="Refresh data").first.click()
    grid = Grid(page)
    assert len(grid.rows()) >= 10
    mapped(grid, CODE, "backup")
    expect(grid.cell(CODE, "state")).to_contain_text("Active")


def test_a_deep_link_opens_its_page_on_a_fresh_server(
    sandbox_dashboard: Dashboard, open_page: OpenPage
) -> None:
    page = open_page(f"{sandbox_dashboard.url}/settings?from=mail")
    expect(page.get_by_role("heading", level=1)).to_have_text("Settings")
    expect(page.get_by_role("link", name="Overview")).to_be_visible()
    expect(page.get_by_text(re.compile("[Ss]andbox")).first).to_be_visible()
    assert "from=mail" in page.url


def test_a_french_billing_clerk_maps_a_product(dashboard: Dashboard, open_page: OpenPage) -> None:
    grid = Grid(open_page(f"{dashboard.url}/product_mapping", locale="fr-FR"))
    title = "Configurer la synchronisation de l'utilisation"
    heading = grid.page.get_by_role("heading", level=1)
    expect(heading).to_have_text(re.compile(title.replace("'", "['’]")))
    expect(grid.page.get_by_role("button", name="Ajouter le produit à PSA")).to_be_visible()
    for name in ("Produit Sophos", "Produit ConnectWise", "Détails", "Synchroniser"):
        expect(grid.frame.get_by_role("columnheader", name=name).first).to_be_visible()
    identifier = mapped(grid, CODE, "backup")
    expect(grid.cell(CODE, "product")).to_contain_text(identifier)
    expect(grid.page.locator("[data-testid='stMain']")).not_to_contain_text("unsaved")
    expect(grid.page.get_by_role("button", name="Enregistrer")).to_be_visible()


def test_no_hint_is_in_english_for_all_and_characters_are_counted(
    common_dashboard: Dashboard, open_page: OpenPage
) -> None:
    grid = Grid(open_page(f"{common_dashboard.url}/product_mapping", locale="fr-FR"))
    grid.press("mapping_add")
    grid.dialog.get_by_label("Prix").fill("12")
    hint = grid.dialog.get_by_test_id("InputInstructions").get_by_text("Press Enter to apply")
    expect(hint).to_have_count(1)
    expect(hint).not_to_be_in_viewport()
    grid.page.goto(f"{common_dashboard.url}/usage_sync")
    grid.page.get_by_role("radio", name="Utilisation").click()
    expect(grid.page.get_by_test_id("stDataFrame").first).to_be_visible()
    grid.press("usage_sync_month_menu")
    grid.press("usage_sync_close_month")
    note = grid.dialog.get_by_label("Remarque")
    note.click()
    note.press_sequentially("Facturé")
    instructions = grid.dialog.get_by_test_id("InputInstructions")
    expect(instructions.get_by_text("Press")).not_to_be_in_viewport()
    note.press("Tab")
    counted = grid.dialog.get_by_text(re.compile(r"^7 sur \d+ caractères$"))
    expect(counted).to_be_in_viewport(ratio=1)
