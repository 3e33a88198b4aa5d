"""The settings page: connections, defaults, rules, installation. No secret is ever shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.domain.models import ProductClass
from pages.components.connection_settings import Source, connection_settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def page(page_services) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=20)
    app.context["locale"] = "en-US"
    app.run()
    return run(app.switch_page("pages/settings.py"))


def run(page: AppTest) -> AppTest:
    page.run()
    assert not page.exception, page.exception
    return page


def words(page: AppTest) -> str:
    boxes = [*page.markdown, *page.caption, *page.success, *page.error, *page.subheader]
    return "\n".join(box.value for box in boxes).replace("\\", "")


@pytest.mark.parametrize(
    ("environment", "secrets", "source"),
    [
        ({"SOPHOS_CLIENT_SECRET": "hush"}, {}, Source.ENVIRONMENT),
        ({}, {"SOPHOS_CLIENT_SECRET": "hush"}, Source.FILE),
        ({"SOPHOS_CLIENT_SECRET": "a"}, {"SOPHOS_CLIENT_SECRET": "b"}, Source.ENVIRONMENT),
        ({"SOPHOS_CLIENT_SECRET": "  "}, {}, Source.MISSING),
        ({}, {}, Source.MISSING),
    ],
)
def test_each_setting_says_where_it_is_from(environment, secrets, source):
    found = {one.name: one.source for one in connection_settings(environment, secrets)}
    assert found["SOPHOS_CLIENT_SECRET"] is source
    assert found["SOPHOS_API_URL"] is Source.DEFAULT


def test_no_secret_reaches_the_browser(page, page_services, monkeypatch):
    settings = page_services.settings
    assert settings.connectwise is not None
    assert settings.sophos is not None
    secrets = [
        settings.connectwise.public_key,
        settings.connectwise.private_key,
        settings.connectwise.client_id,
        settings.sophos.client_id,
        settings.sophos.client_secret,
    ]
    monkeypatch.setenv("SOPHOS_CLIENT_SECRET", settings.sophos.client_secret)
    page.button(key="settings_test").click()
    run(page)
    everything = str(page) + "".join(str(frame.value.to_csv()) for frame in page.dataframe)
    assert "Given, from the environment" in everything
    assert [secret for secret in secrets if secret in everything] == []


def test_the_connections_are_tested_on_request(page):
    page.button(key="settings_test").click()
    run(page)
    assert "ConnectWise answers." in words(page)
    assert "Sophos answers." in words(page)


def test_defaults_are_kept_and_prefill_the_forms(page, page_services):
    lists = page_services.products.form_options()
    subcategory = lists.subcategories[-1]
    page.selectbox(key="product_defaults_category").set_value(subcategory.category.id)
    run(page)
    page.selectbox(key=f"product_defaults_subcategory_{subcategory.category.id}").set_value(
        subcategory.id
    )
    page.selectbox(key="product_defaults_product_class_en").set_value("Service")
    page.toggle(key="product_defaults_taxable").set_value(True)
    page.toggle(key="product_defaults_new_products_sync").set_value(True)
    run(page)
    page.button(key="product_defaults_save").click()
    run(page)
    kept = page_services.preferences.defaults()
    assert (kept.category_id, kept.subcategory_id) == (subcategory.category.id, subcategory.id)
    assert kept.product_class is ProductClass.SERVICE
    assert kept.taxable
    assert kept.new_products_sync
    prefilled = page_services.products.prefill("ANY")
    assert prefilled.subcategory is not None
    assert prefilled.subcategory.id == subcategory.id
    assert "seen for the first time is unmapped and its sync is on" in words(page)


def test_the_rules_and_the_installation_are_in_words(page, page_services):
    shown = words(page)
    assert "A suggestion is never applied by itself." in shown
    assert str(page_services.store.path) in shown
    assert "Version: 0.1.0" in shown
