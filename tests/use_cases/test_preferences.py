from __future__ import annotations

import pytest

from core.domain.models import ProductClass
from core.domain.product_form import ProductDefaults
from core.services import Services


def test_defaults_come_back_as_they_were_saved(services: Services) -> None:
    assert services.preferences.defaults() == ProductDefaults()
    wanted = ProductDefaults(
        type_id=7, product_class=ProductClass.SERVICE, taxable=True, new_products_sync=True
    )
    services.preferences.save_defaults(wanted, "ana")
    assert services.preferences.defaults() == wanted


@pytest.mark.parametrize("stored", ["", "[]", "7", '{"product_class": "New"}', "{"])
def test_an_unreadable_value_counts_as_not_set(services: Services, stored: str) -> None:
    services.preferences.put("product_defaults", stored, "ana")
    assert services.preferences.defaults() == ProductDefaults()


def test_what_another_version_knows_is_left_out(services: Services) -> None:
    services.preferences.put("product_defaults", '{"type_id": 7, "colour": "blue"}', "ana")
    assert services.preferences.defaults() == ProductDefaults(type_id=7)
