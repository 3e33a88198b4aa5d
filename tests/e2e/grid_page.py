"""A page with a grid, product mapping or customers, as a person uses it in any language."""

from __future__ import annotations

import re

from playwright.sync_api import Frame, Locator, Page, expect

from tests.e2e.drawing import stand_still

GRID = "iframe[src*='st_aggrid']"
JOB_MILLISECONDS = 60_000
_UNSAVED = re.compile(r"\d+\s(unsaved change|modifications? non enregistrée)")
_DONE = re.compile(r"done\.|terminé\.")


class Grid:
    """The page with its grid, and what a person does there; its keys begin with `prefix`."""

    def __init__(self, page: Page, prefix: str = "mapping") -> None:
        self.page = page
        self.prefix = prefix
        self.frame = page.frame_locator(GRID)
        expect(self.frame.locator(".ag-row").first).to_be_visible(timeout=60_000)
        page.wait_for_function("window.usageSyncCatalogs !== undefined")

    def cell(self, row: str, column: str) -> Locator:
        return self.frame.locator(f".ag-row[row-id='{row}'] [col-id='{column}']")

    def switch(self, row: str) -> Locator:
        return self.cell(row, "sync").get_by_role("switch")

    @property
    def query(self) -> Locator:
        return self.frame.get_by_role("combobox")

    @property
    def options(self) -> Locator:
        return self.frame.get_by_role("option")

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    def rows(self) -> list[str]:
        """The codes of the rows on the screen, from the top."""
        rows = self.frame.locator(".ag-center-cols-container .ag-row")
        expect(rows.first).to_be_visible()
        found = rows.evaluate_all(
            "rows => rows.sort((a, b) => a.getAttribute('row-index') - b.getAttribute('row-index'))"
            ".map(row => row.getAttribute('row-id'))"
        )
        return [str(code) for code in found]

    def expect_unsaved(self, count: int) -> None:
        badge = self.page.get_by_text(_UNSAVED)
        if count == 0:
            expect(badge).to_have_count(0)
        else:
            expect(badge.first).to_contain_text(re.compile(rf"(^|\D){count}\s"))

    def inside(self) -> Frame:
        return next(frame for frame in self.page.frames if "st_aggrid" in frame.url)

    def choose(self, row: str, text: str, column: str = "product") -> str:
        """Type into a cell of a row, the ConnectWise product, and take the first one listed."""
        self.find(row)
        self.cell(row, column).click()
        self.page.keyboard.type(text)
        first = self.options.first
        expect(first.locator(".us-main")).to_be_visible()
        identifier = first.locator(".us-main").inner_text()
        self.page.keyboard.press("Enter")
        expect(self.query).to_have_count(0)
        expect(self.cell(row, column)).to_contain_text(identifier)
        return identifier

    def remove(self, row: str) -> None:
        """Empty the ConnectWise product of a row."""
        self.cell(row, "sophos_product").click()
        self.page.keyboard.press("ArrowRight")
        self.page.keyboard.press("Delete")
        expect(self.cell(row, "product")).to_have_class(re.compile("us-dirty"))

    def find(self, row: str) -> None:
        """Scroll to a row: the grid draws only those that can be seen."""
        view = self.frame.locator(".ag-body-viewport")
        # From the top again: a grid that is drawn anew meanwhile has no rows for a moment.
        for position in [*range(0, 20_000, 300)] * 3:
            if self.cell(row, "sync").count():
                break
            view.evaluate("(view, position) => view.scrollTo(0, position)", position)
            self.page.wait_for_timeout(100)
        self.cell(row, "sync").scroll_into_view_if_needed()

    def press(self, key: str) -> None:
        """Press the button of a Streamlit key, whatever it says."""
        stand_still(self.page)
        self.page.locator(f".st-key-{key} button").first.click()

    def open_save(self) -> None:
        self.press(f"{self.prefix}_save")
        expect(self.dialog).to_be_visible()

    def confirm_save(self) -> None:
        self.press(f"{self.prefix}_save_now")
        expect(self.dialog).to_have_count(0)

    def save(self) -> None:
        """Save and confirm the list of changes."""
        self.open_save()
        self.confirm_save()

    def refresh(self) -> None:
        """Read both vendors anew and wait until it is done."""
        button = self.page.locator(f".st-key-{self.prefix}_refresh button").first
        done = self.page.get_by_test_id("stToast").filter(has_text=_DONE)
        expect(done).to_have_count(0)
        stand_still(self.page)
        button.click()
        expect(done.first).to_be_visible(timeout=JOB_MILLISECONDS)
        expect(button).to_be_enabled()
