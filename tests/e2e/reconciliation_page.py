"""The page Reconciliation as a person works with it. Elements are found by their keys, not by
words, so that it works in every language."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, TimeoutError, expect

from tests.e2e.downloads import download
from tests.e2e.drawing import stand_still

_CHECKBOX_X, _WHY_X, _ROW = 20, 1012, 36


class ReconciliationPage:
    """One open page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        expect(self.part("csv")).to_be_visible()

    def part(self, key: str) -> Locator:
        """An element by the key that the page gave it."""
        return self.page.locator(f"[class*='st-key-reconciliation_{key}']").first

    def press(self, key: str) -> None:
        stand_still(self.page)
        button = self.part(key).locator("button").first
        expect(button).to_be_enabled()
        button.click()

    def figure(self, position: int) -> Locator:
        """The value of a tile, counted from 0."""
        return self.page.get_by_test_id("stMetricValue").nth(position)

    def choose(self, key: str, words: str) -> None:
        """Press one of several buttons that belong together, by the start of its words."""
        self.part(key).locator("button").filter(has_text=words).first.click()

    @property
    def table(self) -> Locator:
        return self.part("table").get_by_test_id("stDataFrame")

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    def fact(self, name: str) -> Locator:
        """A figure of the row in the dialog, by what it is called."""
        lines = self.dialog.get_by_test_id("stMarkdown").locator("p")
        return (
            lines.filter(has_text=re.compile(rf"^\s*{re.escape(name)}\b")).locator("strong").first
        )

    def expect_rows(self, count: int) -> None:
        """The table has so many rows, the heading apart."""
        grid = self.table.locator("[role=grid]")
        expect(grid).to_have_attribute("aria-rowcount", str(count + 1))

    def select(self, row: int) -> None:
        """Tick a row of the table, counted from 0."""
        self._click(row, _CHECKBOX_X)

    def ask_why(self, row: int) -> None:
        """Press the glass of a row. Cells are painted, so it is looked for by its place."""
        box = self.table.bounding_box()
        assert box is not None
        # Most likely near the right end of what is seen of the table on a wide screen.
        for x in (_WHY_X, *range(int(box["width"]) - 20, 500, -16)):
            self._click(row, x)
            try:
                self.dialog.wait_for(timeout=5000)
            except TimeoutError:
                continue
            return
        raise AssertionError("there is no glass in the row")

    def _click(self, row: int, x: int) -> None:
        self.table.scroll_into_view_if_needed()
        box = self.table.bounding_box()
        assert box is not None
        self.page.mouse.click(box["x"] + x, box["y"] + _ROW * (row + 1) + _ROW / 2)

    def close_dialog(self) -> None:
        self.page.keyboard.press("Escape")
        expect(self.dialog).to_have_count(0)

    def accept_selected(self, reason: str) -> None:
        self.press("accept")
        self.dialog.get_by_role("textbox").first.fill(reason)
        # Leaving the field hands over what was typed.
        self.page.keyboard.press("Tab")
        self.press("accept_yes")
        expect(self.dialog).to_have_count(0)

    def download(self, key: str, target: Path) -> Path:
        return download(self.page, lambda: self.press(key), target)
