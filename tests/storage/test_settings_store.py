from __future__ import annotations

from datetime import timedelta

import pytest

from core.storage.store import Store
from tests.storage.samples import NOON


def test_a_setting_is_put_replaced_and_listed(store: Store) -> None:
    store.settings.put("defaults", '{"taxable": true}', "ada", NOON)
    store.settings.put("language", "fr", "ada", NOON)
    store.settings.put("language", "en “é😀”", "bob", NOON)

    assert store.settings.get("language") == "en “é😀”"
    assert store.settings.all() == {"defaults": '{"taxable": true}', "language": "en “é😀”"}


def test_a_setting_that_was_never_put_is_none(store: Store) -> None:
    assert store.settings.get("absent") is None
    assert store.settings.changed("absent") is None
    assert store.settings.all() == {}


def test_who_put_a_setting_last_is_known(store: Store) -> None:
    store.settings.put("language", "fr", "ada", NOON)
    store.settings.put("language", "fr", "bob “é😀”", NOON + timedelta(hours=1))

    assert store.settings.changed("language") == ("bob “é😀”", NOON + timedelta(hours=1))


@pytest.mark.parametrize(
    "name",
    [
        "CONNECTWISE_PRIVATE_KEY",
        "CONNECTWISE_PUBLIC_KEY",
        "SOPHOS_CLIENT_SECRET",
        "smtp_password",
        "api-key",
        "access token",
    ],
)
def test_secrets_are_never_stored(store: Store, name: str) -> None:
    with pytest.raises(ValueError, match="never stored"):
        store.settings.put(name, "value", "ada", NOON)

    assert store.settings.all() == {}
