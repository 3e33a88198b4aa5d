"""The page History as a person works with it: a run is chosen and taken back. Elements are found by
their keys, not by words, so that it works in every language."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.e2e.drawing import stand_still
from tests.e2e.sync_page import SyncPage


class HistoryPage:
    """One open page; `plan` is the plan or the run that is shown there."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.plan = SyncPage(page)

    def part(self, key: str) -> Locator:
        """An element by the key that the page gave it."""
        return self.page.locator(f".st-key-history_{key}").first

    def press(self, key: str) -> None:
        stand_still(self.page)
        button = self.part(key).locator("button").first
        expect(button).to_be_enabled()
        button.click()

    def choose_newest_run(self, number: int) -> None:
        expect(self.plan.table).to_be_visible()
        self.plan.select(0)
        expect(self.page.get_by_text(re.compile(f"Run {number} of")).first).to_be_visible()

    def preview_undo(self) -> int:
        """Read what the run changed and show what takes it back; returns how many changes."""
        self.press("undo")
        expect(self.part("undo_approve")).to_be_visible()
        return int(self.plan.figure(0).inner_text())

    def approve_undo(self, reason: str) -> None:
        self.press("undo_approve")
        expect(self.plan.part("approve_yes")).to_be_visible()
        limits = self.plan.dialog.get_by_role("textbox")
        if limits.count():
            limits.fill(reason)
        self.plan.press("approve_yes")
        expect(self.plan.dialog).to_have_count(0)
