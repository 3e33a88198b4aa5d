"""What a person waits for, measured in Chromium: opening the page, editing a cell, typing ahead."""

from __future__ import annotations

import time

from playwright.sync_api import Browser, FrameLocator, Page, sync_playwright

from tests.bench.sessions import Spread, spread
from tests.e2e import chromium

GRID = "iframe[src*='st_aggrid']"
EDITS = 30
# Two characters, a word, two words, nothing found: what people type.
QUERIES = ("so", "cloud", "backup server", "licence 12", "zzzz")


_TOGGLE = """([grid, position]) => new Promise(done => {
    const main = document.querySelector("[data-testid='stMain']")
    const count = () => main.querySelector(".stMarkdownBadge")?.textContent ?? ""
    const inside = document.querySelector(grid).contentDocument
    const row = inside.querySelector(`.ag-row[row-index='${position}']`)
    const before = count()
    const started = performance.now()
    const watch = new MutationObserver(() => {
        if (count() === before) return
        watch.disconnect()
        requestAnimationFrame(() => done((performance.now() - started) / 1000))
    })
    watch.observe(main, {subtree: true, childList: true, characterData: true})
    row.querySelector("[role='switch']").click()
})"""


class MappingPage:
    """The mapping page of one browser."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._context = browser.new_context(locale="en-US", viewport={"width": 1440, "height": 900})
        self.page: Page = self._context.new_page()
        self.page.set_default_timeout(60_000)
        self._url = f"{url}/product_mapping"

    @property
    def grid(self) -> FrameLocator:
        return self.page.frame_locator(GRID)

    def open(self) -> float:
        """Load the page; seconds until a cell of the grid can be seen."""
        started = time.perf_counter()
        self.page.goto(self._url)
        self.grid.locator(".ag-row [col-id='product']").first.wait_for()
        return time.perf_counter() - started

    def toggle(self, position: int) -> float:
        """Switch a row's sync; seconds until the server's answer shows in the counter.

        Taken inside the browser, so that the driver's own waiting does not count.
        """
        seconds: float = self.page.evaluate(_TOGGLE, [GRID, position])
        return seconds

    def type_ahead(self) -> list[float]:
        """Seconds from the last character to the list of products, as the browser counts them."""
        self.grid.locator(".ag-row[row-index='0'] [col-id='product']").dblclick()
        field = self.grid.locator("input[role='combobox']")
        field.wait_for()
        times = []
        for query in QUERIES:
            field.fill(query[:-1])
            times.append(
                field.evaluate(
                    """(input, text) => new Promise(done => {
                        const started = performance.now();
                        input.value = text;
                        input.dispatchEvent(new Event('input', {bubbles: true}));
                        requestAnimationFrame(() => done((performance.now() - started) / 1000));
                    })""",
                    query,
                )
            )
        self.page.keyboard.press("Escape")
        return times

    def close(self) -> None:
        self._context.close()


def measure(url: str) -> tuple[float, Spread, Spread]:
    """Seconds to a usable page (warm), and the spreads of edits and of typing ahead."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.executable(), args=list(chromium.ARGUMENTS)
        )
        page = MappingPage(browser, url)
        page.open()
        warm = min(page.open() for _ in range(3))
        page.page.wait_for_timeout(2000)
        edits = spread([page.toggle(number % 8) for number in range(EDITS)])
        typing = spread(page.type_ahead())
        page.close()
        browser.close()
    return warm, edits, typing
