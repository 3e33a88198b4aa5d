from __future__ import annotations

from decimal import Decimal

import pytest

from core.domain.models import Frequency, PlanLimits, ProductClass, SyncSettings, UsageGone
from core.domain.product_form import ProductDefaults
from core.errors import InputError
from core.services import Services
from core.use_cases.sync_settings import parse_sync


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


SYNC = SyncSettings(
    scheduled=False,
    frequency=Frequency.DAILY,
    day=31,
    hour=23,
    time_zone="Europe/Paris",
    apply_unattended=True,
    usage_gone=UsageGone.CANCEL,
    limits=PlanLimits(changed_share=Decimal("0.125"), new_products=3, jump_floor=Decimal("2.5")),
)


def test_sync_settings_are_kept(services: Services) -> None:
    assert services.preferences.sync() == SyncSettings()
    assert services.preferences.sync_changed() is None
    services.preferences.save_sync(SYNC, "ana")
    assert services.preferences.sync() == SYNC
    changed = services.preferences.sync_changed()
    assert changed is not None
    assert changed.by == "ana"


def test_sync_settings_that_cannot_be_accepted_are_refused_with_every_reason(
    services: Services,
) -> None:
    services.preferences.save_sync(SYNC, "ana")
    limits = PlanLimits(changed_share=Decimal("1.01"), quantity=Decimal("NaN"))
    wrong = SyncSettings(day=0, hour=24, time_zone="Mars/Olympus", limits=limits)

    with pytest.raises(InputError, match="Nothing was saved") as caught:
        services.preferences.save_sync(wrong, "bob")

    fields = {problem.field for problem in caught.value.problems}
    assert fields == {"day", "hour", "time_zone", "changed_share", "quantity"}
    assert services.preferences.sync() == SYNC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        "7",
        '{"frequency": "hourly"}',
        '{"limits": {"quantity": "many"}}',
        '{"limits": {"quantity": "NaN"}}',
        '{"limits": 7}',
        '{"hour": 24}',
        '{"day": 0}',
        '{"day": null}',
        '{"time_zone": "Mars/Olympus"}',
        '{"apply_unattended": "false"}',
    ],
)
def test_sync_settings_that_cannot_be_read_are_the_defaults(text: str) -> None:
    assert parse_sync(text) == SyncSettings()


def test_sync_settings_of_another_version_keep_what_is_known() -> None:
    text = '{"day": 5, "colour": "red", "limits": {"new_products": 2, "old": 1}}'
    assert parse_sync(text) == SyncSettings(day=5, limits=PlanLimits(new_products=2))
