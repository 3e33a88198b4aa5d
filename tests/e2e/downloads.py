"""A file that the page gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, TimeoutError

_ANSWER_MS, _TRIES = 10_000, 3


def download(page: Page, press: Callable[[], None], target: Path) -> Path:
    """Press a download button and keep what comes at `target`.

    Streamlit forgets what a button would give as soon as the page is drawn anew, also while the
    click is on its way: then the button says that the file was not found, and is pressed again.
    """
    for _ in range(_TRIES - 1):
        try:
            return _once(page, press, target)
        except TimeoutError:
            continue
    return _once(page, press, target)


def _once(page: Page, press: Callable[[], None], target: Path) -> Path:
    with page.expect_download(timeout=_ANSWER_MS) as started:
        press()
    started.value.save_as(target)
    return target
