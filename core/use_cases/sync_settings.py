"""The sync settings as the text that is kept of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from decimal import Decimal, InvalidOperation
from typing import Any

from core.domain.models import Frequency, PlanLimits, SyncSettings, UsageGone
from core.domain.sync_settings import sync_problems


def sync_text(settings: SyncSettings) -> str:
    """The settings as JSON, numbers with decimals as texts."""
    return json.dumps(asdict(settings), default=str)


def parse_sync(text: str | None) -> SyncSettings:
    """The settings of a text; the defaults where it is missing, cannot be read or accepted.

    A member that is missing, as in the text of an older version, has its default.
    """
    try:
        stored = dict(json.loads(text or "{}"))
        limits = _values(PlanLimits, dict(stored.pop("limits", {})))
        found = SyncSettings(**{**_values(SyncSettings, stored), "limits": PlanLimits(**limits)})
    except (TypeError, ValueError, InvalidOperation):
        return SyncSettings()
    return SyncSettings() if sync_problems(found) else found


def _values(kind: type, stored: Mapping[str, Any]) -> dict[str, Any]:
    known = {item.name: str(item.type) for item in fields(kind)}
    return {
        name: _READERS.get(known[name], _as_it_is)(value)
        for name, value in stored.items()
        if name in known
    }


def _as_it_is(value: Any) -> Any:
    return value


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("true or false")  # `bool` takes the text "false" for true
    return value


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "Decimal": Decimal,
    "Frequency": Frequency,
    "UsageGone": UsageGone,
    "int": int,
    "bool": _switch,
    "str": str,
}
