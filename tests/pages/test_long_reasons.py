"""Reasons that are too long are refused at their field, and none is dropped without a word."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import streamlit as st

import core.services
from core.domain.models import PlanLimits, RunOrigin, SyncSettings
from core.domain.month import Month
from core.services import Services
from tests.pages.test_usage_sync import opened, press, press_only, run, select, words
from tests.use_cases.sync_world import prepare

LONG, REFUSED = "x" * 301, "At most 300 characters."


@pytest.fixture
def services(filled: Services, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """What the pages get as their services; caches do not outlive the test."""
    monkeypatch.setattr(core.services, "build_services", lambda: filled)
    st.cache_resource.clear()
    st.cache_data.clear()
    yield filled
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture
def month(services: Services) -> Month:
    return prepare(services)


def test_a_reason_for_leaving_rows_out(services, month):
    page = opened()
    select(page, 0)
    press(page, "usage_sync_exclude")
    field = page.text_input(key="usage_sync_exclude_reason")
    assert not field.proto.max_chars
    field.set_value(LONG)
    run(page)
    assert "301 of 300 characters" in words(page)
    press(page, "usage_sync_exclude_yes")
    assert REFUSED in words(page)
    assert page.text_input(key="usage_sync_exclude_reason").value == LONG
    page.text_input(key="usage_sync_exclude_reason").set_value(LONG[1:])
    press(page, "usage_sync_exclude_yes")
    assert REFUSED not in words(page)
    assert "usage_sync_exclude_reason" not in [one.key for one in page.text_input]


def test_a_reason_for_lifting_a_limit(services, month):
    services.preferences.save_sync(SyncSettings(limits=PlanLimits(new_products=0)), "ana")
    page = opened()
    press(page, "usage_sync_approve")
    assert not page.text_area(key="usage_sync_override").proto.max_chars
    press(page, "usage_sync_approve_yes")
    assert "Give a reason" in words(page)
    page.text_area(key="usage_sync_override").set_value(LONG)
    press(page, "usage_sync_approve_yes")
    assert REFUSED in words(page)
    assert not services.runs.list()
    page.text_area(key="usage_sync_override").set_value(LONG[1:])
    press_only(page, "usage_sync_approve_yes")
    services.jobs.wait(60)
    (done,) = services.runs.list()
    assert (done.override_reason, done.origin) == (LONG[1:], RunOrigin.PAGE)


def test_reasons_for_closing_and_reopening_a_month(services, month):
    page = opened()
    press(page, "usage_sync_close_month")
    page.text_input(key="usage_sync_close_reason").set_value(LONG)
    press(page, "usage_sync_close_yes")
    assert REFUSED in words(page)
    assert month not in services.months.closed()
    page.text_input(key="usage_sync_close_reason").set_value("")
    press(page, "usage_sync_close_yes")
    assert month in services.months.closed()
    press(page, "usage_sync_close_month")
    page.text_input(key="usage_sync_reopen_reason").set_value(LONG)
    press(page, "usage_sync_reopen_yes")
    assert REFUSED in words(page)
    assert month in services.months.closed()
    page.text_input(key="usage_sync_reopen_reason").set_value(LONG[1:])
    press(page, "usage_sync_reopen_yes")
    assert month not in services.months.closed()
