"""The settings page: connections, defaults, rules, installation. No secret is ever shown."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.domain.models import (
    Frequency,
    MappingRow,
    MappingState,
    PlanLimits,
    ProductClass,
    ProductMapping,
    SophosProduct,
    SyncSettings,
    UsageGone,
)
from core.domain.row_edits import RowEdit
from core.domain.saving import MappingValues
from pages.components.connection_settings import Source, connection_settings
from pages.components.sync_settings_form import held_up

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
    everything = str(page) + "".join(str(table.value.to_csv()) for table in page.table)
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
    assert "before a person has approved the plan" in shown
    assert "whose usage is gone is set to 0" in shown


def test_the_rules_follow_the_sync_settings(page, page_services):
    settings = SyncSettings(apply_unattended=True, usage_gone=UsageGone.LEAVE)
    page_services.preferences.save_sync(settings, "Zoë")
    shown = words(run(page))
    assert "is applied by itself if no limit is exceeded" in shown
    assert "whose usage is gone is left as it is" in shown
    assert "Last changed by Zoë" in shown
    assert "Next scheduled sync:" in shown


# ---------------------------------------------------------------- sync settings


def radio(page: AppTest, name: str):
    return page.radio(key=f"sync_settings_{name}_en")


def test_sync_settings_start_from_the_defaults_and_are_kept_as_they_are(page, page_services):
    page.button(key="sync_settings_save").click()
    run(page)
    assert page_services.preferences.sync() == SyncSettings(time_zone="UTC")


def test_sync_settings_are_kept(page, page_services):
    radio(page, "frequency").set_value("monthly")
    run(page)
    page.selectbox(key="sync_settings_day").set_value(31)
    page.selectbox(key="sync_settings_hour_en").set_value(22)
    page.selectbox(key="sync_settings_time_zone").set_value("Europe/Paris")
    page.toggle(key="sync_settings_scheduled").set_value(False)
    radio(page, "unattended").set_value("apply")
    radio(page, "usage_gone").set_value("cancel")
    page.number_input(key="sync_settings_changed_share").set_value(45)
    page.number_input(key="sync_settings_changed_share_floor").set_value(1)
    page.number_input(key="sync_settings_drops_to_zero").set_value(2)
    page.number_input(key="sync_settings_new_products").set_value(3)
    page.number_input(key="sync_settings_jump_factor").set_value(2.5)
    page.number_input(key="sync_settings_jump_floor").set_value(4.0)
    page.number_input(key="sync_settings_quantity").set_value(500.0)
    page.button(key="sync_settings_save").click()
    run(page)
    assert page_services.preferences.sync() == SyncSettings(
        scheduled=False,
        frequency=Frequency.MONTHLY,
        day=31,
        hour=22,
        time_zone="Europe/Paris",
        apply_unattended=True,
        usage_gone=UsageGone.CANCEL,
        limits=PlanLimits(
            changed_share=Decimal("0.45"),
            changed_share_floor=1,
            drops_to_zero=2,
            jump_factor=Decimal("2.5"),
            jump_floor=Decimal(4),
            quantity=Decimal(500),
            new_products=3,
        ),
    )


def mapping_row(*, firewall: bool, sync: bool = True) -> MappingRow:
    product = SophosProduct(
        code="X", description="XGS", product_group="", first_seen=None, last_seen=None
    )
    mapping = ProductMapping(
        product_code="X", connectwise_product_id=1, sync=sync, stopped=False,
        state=MappingState.ACTIVE, since=datetime(2026, 11, 1, tzinfo=UTC), reason=None, version=1,
    )  # fmt: skip
    return MappingRow(
        product=product, mapping=mapping, entry=None, last_usage=None, suggestion=None,
        default_product=None, is_firewall=firewall,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("frequency", "count"), [(Frequency.INVOICE, 0), (Frequency.MONTHLY, 1), (Frequency.DAILY, 1)]
)
def test_firewalls_that_sync_are_held_up_by_every_frequency_but_that_of_the_invoice(
    frequency, count
):
    rows = [
        mapping_row(firewall=True),
        mapping_row(firewall=True, sync=False),
        mapping_row(firewall=False),
    ]
    assert held_up(frequency, rows) == rows[:count]


def test_each_firewall_is_named_as_soon_as_another_frequency_is_chosen(filled_services, page):
    firewalls = [row for row in filled_services.mappings.rows() if row.is_firewall]
    entry = next(e for e in filled_services.catalog.entries() if not e.inactive and e.is_billable)
    edits = [
        RowEdit(
            one.product.code, one.mapping.version, MappingValues(), MappingValues(entry.id, True)
        )
        for one in firewalls
    ]
    filled_services.mappings.save(edits, "Test")
    run(page)
    assert not page.warning
    radio(page, "frequency").set_value("daily")
    run(page)
    (warning,) = page.warning
    said = warning.value.replace("\\", "")
    named = [one for one in firewalls if one.product.description in said]
    assert len(named) == min(len(firewalls), 5)
    assert "only with the Sophos monthly invoice" in said
