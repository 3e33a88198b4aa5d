"""Links from one page to another that is narrowed to one product, customer or addition."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import core.services
from core.services import Services
from pages.components import customer_view, mapping_view
from pages.components.mapping_filters import Show
from tests.pages.test_history import choose
from tests.pages.test_history import opened as history
from tests.pages.test_reconciliation_page import KEY
from tests.pages.test_reconciliation_page import opened as reconciliation
from tests.use_cases.reconciliation_world import arrange
from tests.use_cases.sync_world import prepare, synced

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def services(filled: Services, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """What the pages get as their services; caches do not outlive the test."""
    monkeypatch.setattr(core.services, "build_services", lambda: filled)
    st.cache_resource.clear()
    st.cache_data.clear()
    yield filled
    st.cache_resource.clear()
    st.cache_data.clear()


def links(page: AppTest) -> dict[str, str]:
    """What stands behind each link to a narrowed page, by its label."""
    protos = [one.proto for one in page.get("page_link")]
    return {
        proto.label: f"{proto.page}?{proto.query_string}" for proto in protos if proto.query_string
    }


def drawn(module: object, monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """The rows of each grid that the page draws from now on."""
    found: list[set[str]] = []

    def keep(frame: pd.DataFrame, *_given: object, **_more: object) -> None:
        found.append(set(frame["code"]))

    monkeypatch.setattr(module, "draw_grid", keep)
    return found


def opened(name: str, **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)
    app.context["locale"] = "en-US"
    app.run()
    app.switch_page(f"pages/{name}.py")
    for key, value in query.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception, app.exception
    return app


@pytest.mark.parametrize(
    ("name", "parameter", "prefix"),
    [("product_mapping", "product", "mapping"), ("customers", "customer", "customers")],
)
def test_a_link_narrows_a_grid_until_everything_is_wanted(
    services, monkeypatch, name, parameter, prefix
):
    prepare(services)
    module = mapping_view if prefix == "mapping" else customer_view
    grids = drawn(module, monkeypatch)
    rows = services.mappings.rows() if prefix == "mapping" else services.customers.rows()
    keys = [row.product.code if prefix == "mapping" else row.customer.id for row in rows]
    page = opened(name, **{parameter: keys[3]})
    assert grids[-1] == {keys[3]}
    assert any("is shown" in one.value for one in page.caption)
    page.button(key=f"{prefix}_focus_end").click().run()
    assert grids[-1] == set(keys)
    opened(name, **{parameter: keys[1], "show": "on"})
    assert grids[-1] == {keys[1]}
    opened(name, **{parameter: "nobody", "show": "all"})
    assert grids[-1] == set(keys)


def test_a_chip_that_is_turned_on_later_shows_its_rows(services, monkeypatch):
    prepare(services)
    grids = drawn(mapping_view, monkeypatch)
    code = services.mappings.rows()[0].product.code
    page = opened("product_mapping", product=code)
    page.button_group(key="mapping_chips").set_value(Show.ON).run()
    assert len(grids[-1]) > 1


def test_a_saved_change_links_to_its_row(services):
    prepare(services)
    page = choose(history(view="mappings"), 0)
    code = services.history.mapping_changes()[0].product_code
    assert links(page)["Product mapping"] == f"product_mapping?product={code}"


def test_a_row_of_the_reconciliation_links_to_its_addition_mapping_and_customer(services, sandbox):
    month = arrange(services, sandbox)
    synced(services, month)
    row = next(one for one in services.reconciliation.look(month).rows if one.key.startswith(KEY))
    shown = set(links(reconciliation(month=str(month), row=row.key)).values())
    expected = {f"product_mapping?product={code}" for code in row.row.product_codes}
    expected |= {f"customers?customer={one}" for one in row.row.customer_ids}
    assert {*expected, f"history?addition={row.row.addition_id}"} <= shown
