"""Which sync settings can be accepted."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.domain.models import PlanLimits, SyncSettings
from core.errors import Message, Problem, message

GREATEST = Decimal(1_000_000)
_ONE = Decimal(1)
# Least and greatest value, both of them allowed.
_BOUNDS = {
    "changed_share": (Decimal(0), _ONE),
    "changed_share_floor": (Decimal(0), GREATEST),
    "drops_to_zero": (Decimal(0), GREATEST),
    "jump_factor": (_ONE, GREATEST),
    "jump_floor": (Decimal(0), GREATEST),
    "quantity": (_ONE, GREATEST),
    "new_products": (Decimal(0), GREATEST),
}


def sync_problems(settings: SyncSettings) -> tuple[Problem, ...]:
    """Every reason why settings cannot be accepted; the fields of the limits go by their names."""
    found = {
        "day": _outside(Decimal(settings.day), Decimal(1), Decimal(31)),
        "hour": _outside(Decimal(settings.hour), Decimal(0), Decimal(23)),
        "time_zone": _zone_problem(settings.time_zone),
        **dict(_limit_problems(settings.limits)),
    }
    return tuple(Problem(text, field=name) for name, text in found.items() if text is not None)


def _limit_problems(limits: PlanLimits) -> Iterator[tuple[str, Message | None]]:
    for name, (least, greatest) in _BOUNDS.items():
        yield name, _outside(Decimal(getattr(limits, name)), least, greatest)


def _outside(value: Decimal, least: Decimal, greatest: Decimal) -> Message | None:
    if value.is_finite() and least <= value <= greatest:
        return None
    return message("Enter a number from {least} to {greatest}.", least=least, greatest=greatest)


def _zone_problem(name: str) -> Message | None:
    try:
        if name:
            ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return message("“{name}” is not a time zone that is known here.", name=name)
    return None
