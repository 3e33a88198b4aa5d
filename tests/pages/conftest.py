"""Pages over real services and the sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import streamlit as st

import core.services
from core.domain.month import Month
from core.services import Services


@pytest.fixture
def page_services(services: Services, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """What the pages get as their services; caches do not outlive the test."""
    monkeypatch.setattr(core.services, "build_services", lambda: services)
    st.cache_resource.clear()
    st.cache_data.clear()
    yield services
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture
def catalog_services(page_services: Services) -> Services:
    """With the ConnectWise products."""
    page_services.catalog.refresh()
    return page_services


@pytest.fixture
def filled_services(catalog_services: Services) -> Services:
    """With the ConnectWise products and the two newest months of usage."""
    newest = Month.last_complete(catalog_services.clock().date())
    for month in (newest.plus(-1), newest):
        catalog_services.usage.fetch(month, "Test")
    return catalog_services
