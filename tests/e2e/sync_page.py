"""The page Usage sync as a person works with it. Elements are found by their keys, not by words,
so that it works in every language."""

from __future__ import annotations

from playwright.sync_api import Dialog, Locator, Page, TimeoutError, expect

from tests.e2e.drawing import stand_still

_CHECKBOX_X, _ROW = 20, 36


class SyncPage:
    """One open page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def part(self, key: str) -> Locator:
        """An element by the key that the page gave it."""
        return self.page.locator(f".st-key-usage_sync_{key}").first

    def button(self, key: str) -> Locator:
        return self.part(key).locator("button").first

    def press(self, key: str) -> None:
        stand_still(self.page)
        button = self.button(key)
        expect(button).to_be_enabled()
        button.click()

    def figure(self, position: int) -> Locator:
        """The value of a tile, counted from 0."""
        return self.page.get_by_test_id("stMetricValue").nth(position)

    @property
    def table(self) -> Locator:
        """The table of changes: the last one on the page."""
        return self.page.get_by_test_id("stDataFrame").last

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    def make_plan(self) -> None:
        """Read agreements and additions, and wait for the plan."""
        self.press("plan")
        expect(self.page.get_by_test_id("stToast")).to_be_visible()  # it says that it is done
        expect(self.button("approve")).to_be_visible()
        expect(self.button("plan")).to_be_enabled()

    def select(self, row: int) -> None:
        """Tick a row of the table, counted from 0."""
        self._click(row, _CHECKBOX_X)

    def ask_why(self, row: int) -> None:
        """Press the question mark of a row. Cells are painted, so it is looked for by its place."""
        box = self.table.bounding_box()
        assert box is not None
        for x in range(int(box["width"]) - 40, 500, -16):
            self._click(row, x)
            try:
                self.dialog.wait_for(timeout=1000)
            except TimeoutError:
                continue
            return
        raise AssertionError("there is no question mark in the row")

    def _click(self, row: int, x: int) -> None:
        self.table.scroll_into_view_if_needed()
        box = self.table.bounding_box()
        assert box is not None
        self.page.mouse.click(box["x"] + x, box["y"] + _ROW * (row + 1) + _ROW / 2)

    def exclude_selected(self, reason: str) -> None:
        self.press("exclude")
        self.dialog.get_by_role("textbox").fill(reason)
        self.press("exclude_yes")
        expect(self.dialog).to_have_count(0)

    def expect_question_before_reload(self) -> None:
        """The browser asks before a reload; whoever is asked stays."""
        asked: list[str] = []

        def stay(dialog: Dialog) -> None:
            asked.append(dialog.type)
            dialog.dismiss()

        self.page.wait_for_function("window.usageSyncUnsaved === true")
        self.page.once("dialog", stay)
        self.page.evaluate("location.reload()")
        self.page.wait_for_timeout(500)
        assert asked == ["beforeunload"]

    def approve(self, reason: str = "") -> None:
        """Approve the plan on the screen; the run begins."""
        self.press("approve")
        if reason:
            self.dialog.get_by_role("textbox").fill(reason)
        self.press("approve_yes")
        expect(self.dialog).to_have_count(0)

    def expect_ended(self) -> None:
        """The run that is on the screen has come to its end."""
        expect(self.part("progress")).to_have_count(0, timeout=120_000)
        expect(self.part("run_csv")).to_be_visible()
