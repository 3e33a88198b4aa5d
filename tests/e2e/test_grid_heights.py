"""Rows are as high as what they have to explain, in any language and at any width."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.domain.models import CatalogEntry, ProductClass
from core.domain.row_edits import RowEdit
from core.domain.saving import MappingValues
from core.sandbox.server import start_sandbox
from core.services import Services, build_services
from core.settings import load_settings
from tests.e2e.dashboard import CHECKED, Dashboard, Starter, connection_environment, running
from tests.e2e.grid_page import Grid

OpenPage = Callable[..., Page]

# What the height of a row keeps from being read, of the state cells on the screen.
_CUT = """() => [...document.querySelectorAll(".ag-row [col-id='state']")].map((cell) => {
  const content = cell.querySelector(".us-cell").getBoundingClientRect()
  const frame = cell.getBoundingClientRect()
  const fits = content.top >= frame.top && content.bottom <= frame.bottom
  return { fits, row: cell.closest(".ag-row").getAttribute("row-id"), text: cell.innerText,
           content: content.height, frame: frame.height }
})"""


@pytest.fixture(scope="module")
def explaining(
    filled_store: Path, tmp_path_factory: pytest.TempPathFactory, start: Starter
) -> Iterator[Dashboard]:
    """A dashboard where every row is stopped (changed, emptied) or broken (product deleted)."""
    store = tmp_path_factory.mktemp("explaining") / "store.duckdb"
    shutil.copy(filled_store, store)
    with start_sandbox() as sandbox:
        environment = connection_environment(sandbox, store)
        with closing(build_services(load_settings(environment, {}))) as services:
            doomed = _stop_and_doom(services)
            with sandbox.world.transaction():
                sandbox.world.tables["catalog"].delete(doomed)
            services.catalog.refresh()
        with running(environment, sandbox, CHECKED, start=start) as started:
            yield started


def _stop_and_doom(services: Services) -> int:
    """Map all, then change or empty two thirds of them; returns the product of the others."""
    usable = [one for one in services.catalog.entries() if _is_usable(one)]
    first, second, doomed = sorted(usable, key=lambda one: -len(one.identifier))[:3]
    codes = [row.mapping.product_code for row in services.mappings.rows()]
    _save(services, {c: doomed.id if i % 3 == 2 else first.id for i, c in enumerate(codes)})
    changed = {c: None if i % 3 else second.id for i, c in enumerate(codes) if i % 3 < 2}
    _save(services, changed)
    return doomed.id


def _is_usable(entry: CatalogEntry) -> bool:
    return not entry.inactive and entry.product_class is not ProductClass.BUNDLE


def _save(services: Services, wanted: dict[str, int | None]) -> None:
    stored = {row.mapping.product_code: row.mapping for row in services.mappings.rows()}
    edits = [
        RowEdit(
            code,
            stored[code].version,
            MappingValues.of(stored[code]),
            MappingValues(product_id, True),
        )
        for code, product_id in wanted.items()
    ]
    assert not services.mappings.save(edits, "tests").conflicts


@pytest.mark.parametrize("width", [1440, 1024])
@pytest.mark.parametrize(
    ("locale", "states"), [("en-US", ("Stopped", "Broken")), ("fr-FR", ("À l'arrêt", "Rompu"))]
)
def test_no_state_is_cut(
    explaining: Dashboard, open_page: OpenPage, locale: str, states: tuple[str, ...], width: int
) -> None:
    page = open_page(
        f"{explaining.url}/product_mapping",
        locale=locale,
        viewport={"width": width, "height": 900},
    )
    grid = Grid(page)
    seen = _expect_nothing_cut(grid)
    for state in states:
        assert any(text.startswith(state) for text in seen), seen


def test_a_row_follows_the_width_of_the_column(explaining: Dashboard, open_page: OpenPage) -> None:
    grid = Grid(open_page(f"{explaining.url}/product_mapping"))
    _expect_nothing_cut(grid)
    edge = grid.frame.locator(".ag-header-cell[col-id='suggestion'] .ag-header-cell-resize")
    box = edge.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    before = _heights(grid)
    grid.page.mouse.move(x, y)
    grid.page.mouse.down()
    grid.page.mouse.move(x + 400, y, steps=4)
    grid.page.mouse.up()
    expect(grid.frame.locator(".ag-row").first).to_be_visible()
    grid.page.wait_for_timeout(300)
    assert sum(_heights(grid)) < sum(before)
    _expect_nothing_cut(grid)


def _heights(grid: Grid) -> list[float]:
    rows = grid.frame.locator(".ag-center-cols-container .ag-row")
    heights = rows.evaluate_all("rows => rows.map(row => row.getBoundingClientRect().height)")
    return [float(height) for height in heights][:3]


def _expect_nothing_cut(grid: Grid) -> list[str]:
    """Every state that was seen on the way from the first row to the last."""
    grid.page.wait_for_timeout(300)
    texts: dict[str, str] = {}
    view = grid.frame.locator(".ag-body-viewport")
    for position in range(0, 4_000, 400):
        view.evaluate("(view, position) => view.scrollTo(0, position)", position)
        grid.page.wait_for_timeout(60)
        cells = grid.inside().evaluate(_CUT)
        assert not [cell for cell in cells if not cell["fits"]]
        texts.update({cell["row"]: cell["text"] for cell in cells})
    return list(texts.values())
