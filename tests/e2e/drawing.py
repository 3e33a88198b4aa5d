"""When a page is drawn to its end."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def stand_still(page: Page) -> None:
    """Wait until the page is drawn: a click on a button that is being replaced is lost."""
    expect(page.locator("[data-test-script-state='notRunning']").first).to_be_attached()
