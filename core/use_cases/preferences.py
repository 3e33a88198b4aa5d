"""Settings that people change in the dashboard, kept in the store."""

from __future__ import annotations

import json
from dataclasses import asdict, fields

from core.domain.models import NotificationChoices, ProductClass, SyncSettings
from core.domain.product_form import ProductDefaults
from core.domain.sync_settings import sync_problems
from core.errors import InputError, message
from core.storage.settings_store import SettingChange
from core.storage.store import Store
from core.use_cases.jobs import Clock
from core.use_cases.notification_choices import choices_text, parse_choices
from core.use_cases.sync_settings import parse_sync, sync_text

_PRODUCT_DEFAULTS = "product_defaults"
_SYNC = "sync"
_NOTIFICATIONS = "notifications"


class Preferences:
    """Reads and writes settings; an unreadable value counts as not set."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def get(self, key: str) -> str | None:
        return self._store.settings.get(key)

    def put(self, key: str, value: str, by: str) -> None:
        self._store.settings.put(key, value, by, self._clock())

    def defaults(self) -> ProductDefaults:
        """What new ConnectWise products start from."""
        return _parse_defaults(self.get(_PRODUCT_DEFAULTS))

    def save_defaults(self, defaults: ProductDefaults, by: str) -> None:
        self.put(_PRODUCT_DEFAULTS, json.dumps(asdict(defaults)), by)

    def sync(self) -> SyncSettings:
        """When sync happens by itself, what becomes of additions without usage, and the limits."""
        return parse_sync(self.get(_SYNC))

    def save_sync(self, settings: SyncSettings, by: str) -> None:
        """Raises InputError with every reason why they cannot be accepted."""
        problems = sync_problems(settings)
        if problems:
            raise InputError(
                message("Nothing was saved, because some values cannot be accepted."), problems
            )
        self.put(_SYNC, sync_text(settings), by)

    def notifications(self) -> NotificationChoices:
        """Which events are told by which way, and in which language."""
        return parse_choices(self.get(_NOTIFICATIONS))

    def save_notifications(self, choices: NotificationChoices, by: str) -> None:
        self.put(_NOTIFICATIONS, choices_text(choices), by)

    def sync_changed(self) -> SettingChange | None:
        """Who saved the sync settings last, and when; None while they are the defaults."""
        return self._store.settings.changed(_SYNC)


def _parse_defaults(text: str | None) -> ProductDefaults:
    if text is None:
        return ProductDefaults()
    try:
        stored = dict(json.loads(text))
        product_class = ProductClass(stored.get("product_class", ProductDefaults.product_class))
    except (TypeError, ValueError):
        return ProductDefaults()
    known = {field.name for field in fields(ProductDefaults)}
    values = {name: value for name, value in stored.items() if name in known}
    return ProductDefaults(**{**values, "product_class": product_class})
