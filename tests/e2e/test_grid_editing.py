"""The grid under real hands: keyboard, fast clicks, page switches, themes, hostile text."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Dialog, Page, expect

from core.domain.models import CatalogEntry
from core.domain.product_search import ProductIndex
from tests.e2e.dashboard import Dashboard
from tests.e2e.grid_page import GRID, Grid

CODE, OTHER, THIRD = "CIXA-MSP", "CMS-MSP", "CEMA-MSP"
OpenPage = Callable[..., Page]


@pytest.fixture
def grid(common_dashboard: Dashboard, open_page: OpenPage) -> Grid:
    """The page, for a test that keeps nothing."""
    return Grid(open_page(f"{common_dashboard.url}/product_mapping"))


@pytest.fixture
def own_grid(dashboard: Dashboard, open_page: OpenPage) -> Grid:
    """The page of a dashboard that no other test sees."""
    return Grid(open_page(f"{dashboard.url}/product_mapping"))


def test_a_product_is_mapped_with_the_keyboard_alone(grid: Grid) -> None:
    first = grid.rows()[0]
    grid.cell(first, "sophos_product").click()
    grid.page.keyboard.press("ArrowRight")
    grid.page.keyboard.press("Enter")
    expect(grid.query).to_be_focused()
    grid.page.keyboard.type("n")
    expect(grid.options).to_have_count(0)
    grid.page.keyboard.type("ord")
    expect(grid.options.first).to_be_visible()
    second = grid.options.nth(1)
    identifier = second.locator(".us-main").inner_text()
    grid.page.keyboard.press("ArrowDown")
    expect(second).to_have_attribute("aria-selected", "true")
    grid.page.keyboard.press("Enter")
    expect(grid.query).to_have_count(0)
    expect(grid.cell(first, "product")).to_contain_text(identifier)
    expect(grid.cell(first, "product")).to_have_class(re.compile("us-dirty"))
    grid.expect_unsaved(1)
    grid.page.keyboard.press("ArrowRight")
    grid.page.keyboard.press("ArrowRight")
    grid.page.keyboard.press(" ")
    expect(grid.switch(first)).to_have_attribute("aria-checked", "true")
    grid.expect_unsaved(2)
    grid.page.keyboard.press("Control+z")
    grid.expect_unsaved(1)
    expect(grid.switch(first)).to_have_attribute("aria-checked", "false")
    grid.page.keyboard.press("Control+y")
    grid.expect_unsaved(2)


def test_escape_and_delete_do_what_they_say(grid: Grid) -> None:
    grid.cell(CODE, "product").click()
    grid.page.keyboard.type("sophos")
    expect(grid.options.first).to_be_visible()
    grid.page.keyboard.press("Escape")
    expect(grid.query).to_have_count(0)
    grid.expect_unsaved(0)
    grid.cell(CODE, "product").click()
    grid.page.keyboard.type("sophos")
    expect(grid.options.first).to_be_visible()
    grid.page.keyboard.press("Tab")
    grid.expect_unsaved(1)
    grid.cell(CODE, "sophos_product").click()
    grid.page.keyboard.press("ArrowRight")
    grid.page.keyboard.press("Delete")
    grid.expect_unsaved(0)


def test_text_that_matches_nothing_is_refused_and_offered_as_a_new_product(grid: Grid) -> None:
    grid.cell(CODE, "product").click()
    grid.page.keyboard.type("Nothing is called so")
    grid.page.keyboard.press("Enter")
    expect(grid.query).to_have_attribute("aria-invalid", "true")
    grid.expect_unsaved(0)
    grid.page.keyboard.press("ArrowDown")
    grid.page.keyboard.press("Enter")
    dialog = grid.page.get_by_role("dialog")
    expect(dialog.locator("input").first).to_be_visible()
    typed = dialog.locator("input").evaluate_all("inputs => inputs.map(input => input.value)")
    assert "Nothing is called so" in typed


def test_clicks_faster_than_the_page_are_all_kept(grid: Grid) -> None:
    chosen = grid.rows()[:8]
    grid.inside().evaluate(
        """codes => codes.forEach(code =>
            document.querySelector(`.ag-row[row-id='${code}'] [role='switch']`).click())""",
        chosen,
    )
    grid.expect_unsaved(8)
    for code in chosen:
        expect(grid.cell(code, "sync")).to_have_class(re.compile("us-dirty"))
    grid.page.get_by_role("button", name="Undo").click()
    grid.expect_unsaved(7)
    expect(grid.cell(chosen[7], "sync")).not_to_have_class(re.compile("us-dirty"))


@pytest.mark.parametrize("column", ["sync", "details"])
def test_a_click_during_which_the_server_answers_is_kept(grid: Grid, column: str) -> None:
    pressed = grid.cell(CODE, column).get_by_role("switch" if column == "sync" else "button").first
    box = pressed.bounding_box()
    assert box is not None
    grid.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    grid.page.mouse.down()
    grid.cell(OTHER, "suggestion").get_by_role("button").evaluate("button => button.click()")
    expect(grid.cell(OTHER, "state")).to_contain_text("→ Off")  # which the server says
    grid.page.mouse.up()
    if column == "sync":
        expect(pressed).to_have_attribute("aria-checked", "true")
        grid.expect_unsaved(2)
    else:
        expect(grid.dialog).to_contain_text("Add products to PSA")


def test_edits_view_and_filter_survive_a_page_switch(own_grid: Grid) -> None:
    own_grid.switch(CODE).click()
    own_grid.expect_unsaved(1)
    before = own_grid.switch(CODE).get_attribute("aria-checked")
    own_grid.frame.locator(".ag-header-cell[col-id='sophos_product'] .ag-header-cell-label").click()
    own_grid.frame.locator(".ag-header-cell[col-id='sophos_product'] .ag-header-cell-label").click()
    own_grid.frame.get_by_label("Find in all columns").fill("MSP")
    expect(own_grid.frame.get_by_role("status").first).to_contain_text("Rows:")
    own_grid.page.wait_for_timeout(1500)
    sorted_rows = own_grid.rows()
    assert sorted_rows != sorted(sorted_rows)
    own_grid.page.get_by_role("link", name="Settings").click()
    expect(own_grid.page.get_by_role("heading", name="Settings").first).to_be_visible()
    own_grid.page.get_by_role("link", name="Product mapping").click()
    again = Grid(own_grid.page)
    again.expect_unsaved(1)
    assert again.switch(CODE).get_attribute("aria-checked") == before
    expect(again.frame.get_by_label("Find in all columns")).to_have_value("MSP")
    assert again.rows() == sorted_rows


def test_a_row_that_was_changed_while_on_says_why_it_stopped_and_what_resumes_it(
    own_grid: Grid,
) -> None:
    def save() -> None:
        own_grid.page.get_by_role("button", name="Save", exact=True).click()
        dialog = own_grid.page.get_by_role("dialog")
        dialog.get_by_role("button", name="Save").click()
        own_grid.expect_unsaved(0)

    own_grid.cell(CODE, "suggestion").get_by_role("button").click()
    own_grid.switch(CODE).click()
    own_grid.expect_unsaved(2)
    save()
    expect(own_grid.cell(CODE, "state")).to_contain_text("Active")
    own_grid.cell(CODE, "product").click()
    own_grid.page.keyboard.type("nord")
    expect(own_grid.options.first).to_be_visible()
    own_grid.page.keyboard.press("Enter")
    expect(own_grid.cell(CODE, "state")).to_contain_text("→ Stopped")
    save()
    state = own_grid.cell(CODE, "state")
    expect(state).to_contain_text("Stopped")
    expect(state).to_contain_text("since")
    expect(state).to_contain_text("was changed from")
    expect(state).to_contain_text("It resumes with the next usage")


def test_an_open_editor_is_not_closed_by_the_answer_to_an_earlier_edit(grid: Grid) -> None:
    grid.switch(OTHER).click()
    grid.cell(CODE, "product").click()
    grid.page.keyboard.type("sop")
    grid.expect_unsaved(1)
    expect(grid.query).to_have_value("sop")
    expect(grid.options.first).to_be_visible()


def test_markup_from_an_api_is_shown_as_text(grid: Grid) -> None:
    alerts: list[str] = []
    grid.page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    grid.cell(CODE, "product").click()
    grid.page.keyboard.type("HTML-<B>")
    expect(grid.options.first).to_contain_text("HTML-<B>PROMO</B>")
    grid.page.keyboard.press("Enter")
    expect(grid.cell(CODE, "product")).to_contain_text("HTML-<B>PROMO</B>")
    assert (
        grid.inside().evaluate("document.querySelectorAll('.ag-row b, .ag-row script').length") == 0
    )
    assert alerts == []


def test_a_change_of_theme_reaches_the_grid_at_once(grid: Grid) -> None:
    def background() -> str:
        return str(
            grid.inside().evaluate(
                "getComputedStyle(document.querySelector('.ag-root-wrapper')).backgroundColor"
            )
        )

    light = background()
    grid.page.emulate_media(color_scheme="dark")
    grid.page.wait_for_function(
        """([selector, light]) => {
            const inside = document.querySelector(selector).contentDocument
            const wrapper = inside.querySelector('.ag-root-wrapper')
            return inside.defaultView.getComputedStyle(wrapper).backgroundColor !== light
        }""",
        arg=[GRID, light],
    )
    font = grid.inside().evaluate(
        "getComputedStyle(document.querySelector('.ag-header-cell')).fontFamily"
    )
    assert "system-ui" in str(font)
    assert grid.inside().evaluate("document.documentElement.style.colorScheme") == "dark"


def _texts(seed: int) -> list[tuple[str, str]]:
    words = [
        "Œuvre",
        "Straße",
        "café",
        "naïve",
        "MDR",
        "x-ray",
        "a.b",
        "=1+1",
        "ﬁle",
        "Łódź",
        "日本",
        "עברית",
        "ΟΔΟΣ",
        "100%",
        "C++",
        "R&D",
        "🎉",
        "-",
        "sop",
        "SOPHOS",
        "Sophos_Mdr",
    ]
    chance = random.Random(seed)
    return [
        (
            " ".join(chance.choices(words, k=chance.randint(1, 2))),
            " ".join(chance.choices(words, k=chance.randint(0, 4))),
        )
        for _ in range(300)
    ]


def test_the_browser_ranks_like_the_domain(grid: Grid) -> None:
    chance = random.Random(5)
    entries = [
        CatalogEntry(id=number, identifier=identifier, description=text, inactive=number % 9 == 0)
        for number, (identifier, text) in enumerate(_texts(4), start=1)
    ]
    queries = [
        "so",
        "SOPH",
        "strasse",
        "oeuvre",
        "cafe mdr",
        "file",
        "lodz",
        "日本",
        "οδος",
        "=1",
        "a b",
        "x-r",
        "ray",
        "r&d",
        "- mdr",
        "c++",
        "  mdr  ",
        "🎉 s",
        "s",
    ]
    queries += [one.identifier[: chance.randint(1, 9)] for one in entries[:60]]
    index = ProductIndex(entries)
    wanted = [[entry.id for entry in index.find(query, 50)] for query in queries]
    found = grid.inside().evaluate(
        """([catalog, queries]) => {
            const search = new window.usageSyncGrid.CatalogSearch(catalog)
            return queries.map(query => search.find(query, 50).entries.map(entry => entry.id))
        }""",
        [
            {
                "version": "test",
                "ids": [entry.id for entry in entries],
                "identifiers": [entry.identifier for entry in entries],
                "descriptions": [entry.description for entry in entries],
                "category_names": [""],
                "categories": [0] * len(entries),
                "flags": [int(entry.inactive) for entry in entries],
            },
            queries,
        ],
    )
    assert dict(zip(queries, found, strict=True)) == dict(zip(queries, wanted, strict=True))


def _try_to_reload(page: Page) -> None:
    page.evaluate("location.reload()")
    page.wait_for_timeout(500)


def _switch_to(page: Page, name: str) -> None:
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()


def test_the_browser_asks_before_unsaved_changes_are_lost(own_grid: Grid) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    own_grid.page.on("dialog", stay)
    own_grid.switch(CODE).click()
    own_grid.expect_unsaved(1)
    own_grid.page.wait_for_function("window.usageSyncUnsaved === true")
    _try_to_reload(own_grid.page)
    assert asked == ["beforeunload"]
    _switch_to(own_grid.page, "Overview")
    expect(own_grid.page.locator("iframe")).to_have_count(0)
    _try_to_reload(own_grid.page)
    assert asked == ["beforeunload"] * 2
    _switch_to(own_grid.page, "Product mapping")
    again = Grid(own_grid.page)
    again.expect_unsaved(1)
    _try_to_reload(again.page)
    assert asked == ["beforeunload"] * 3
    again.expect_unsaved(1)
    again.save()
    again.page.wait_for_function("window.usageSyncUnsaved === false")
    again.page.reload()
    assert asked == ["beforeunload"] * 3
    expect(Grid(own_grid.page).switch(CODE)).to_have_attribute("aria-checked", "true")


def test_what_is_cut_is_whole_in_the_tooltip_and_what_is_not_cut_has_none(grid: Grid) -> None:
    tooltip = grid.frame.locator(".ag-tooltip")
    row = next(row for row in grid.rows() if grid.cell(row, "suggestion").inner_text().strip())
    reason = grid.cell(row, "suggestion").locator(".us-sub").text_content() or "?"
    grid.cell(row, "suggestion").locator(".us-suggestion-text").hover()
    expect(tooltip).to_have_count(1)
    expect(tooltip).to_contain_text(reason.strip())
    grid.cell(row, "product").hover()
    expect(tooltip).to_have_count(0)
    grid.cell(row, "sophos_product").hover()
    name = grid.cell(row, "sophos_product").locator(".us-main").text_content() or ""
    expect(tooltip).to_contain_text(name)
    expect(tooltip).to_contain_text(row)


@pytest.mark.parametrize("path", ["product_mapping", "customers"])
@pytest.mark.parametrize("locale", ["en-US", "fr-FR"])
def test_the_word_beside_the_switch_is_seen_and_nothing_has_to_be_scrolled_sideways(
    common_dashboard: Dashboard, open_page: OpenPage, path: str, locale: str
) -> None:
    page = open_page(f"{common_dashboard.url}/{path}", locale=locale)
    frame = page.frame_locator(GRID)
    row = frame.locator(".ag-center-cols-container .ag-row").first
    switch, word = row.get_by_role("switch"), row.locator(".us-switch-word")
    expect(word).to_be_visible()
    button, beside = switch.bounding_box(), word.bounding_box()
    cell = row.locator("[col-id='sync']").bounding_box()
    assert button is not None
    assert beside is not None
    assert cell is not None
    assert button["y"] - 4 < beside["y"] < button["y"] + button["height"]
    assert beside["x"] + beside["width"] <= cell["x"] + cell["width"]
    wide = frame.locator(".ag-center-cols-viewport").evaluate(
        "view => view.scrollWidth - view.clientWidth"
    )
    assert wide == 0
