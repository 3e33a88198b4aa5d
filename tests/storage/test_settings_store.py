from __future__ import annotations

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
    assert store.settings.all() == {}


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
