"""Changes, options, limits and price effect of a plan as JSON text, and the equal values back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from core.domain.models import (
    Change,
    ChangeNames,
    LimitCheck,
    PeriodEffect,
    PlanOptions,
    PriceEffect,
)
from core.storage.packing import packed, unpacked


def change_to_json(change: Change) -> str:
    """Every field of a change."""
    return _dump(packed(change))


def change_from_json(stored: str) -> Change:
    """The equal change that `change_to_json` was given."""
    return unpacked(Change, json.loads(stored))


def names_to_json(names: ChangeNames) -> str:
    """What things were called."""
    return _dump(packed(names))


def names_from_json(stored: str) -> ChangeNames:
    """The equal names that `names_to_json` was given."""
    return unpacked(ChangeNames, json.loads(stored))


def options_to_json(options: PlanOptions) -> str:
    """What a person decided for a plan."""
    return _dump(packed(options))


def options_from_json(stored: str) -> PlanOptions:
    """The equal options that `options_to_json` was given."""
    return unpacked(PlanOptions, json.loads(stored))


def limits_to_json(limits: Iterable[LimitCheck]) -> str:
    """The limits that were held against a plan, in their order."""
    return _dump([packed(check) for check in limits])


def limits_from_json(stored: str) -> tuple[LimitCheck, ...]:
    """The equal limits that `limits_to_json` was given."""
    return tuple(unpacked(LimitCheck, check) for check in json.loads(stored))


def effect_to_json(effect: PriceEffect) -> str:
    """What a plan costs."""
    return _dump(packed(effect))


def effect_from_json(stored: str) -> PriceEffect:
    """The equal effect that `effect_to_json` was given. Up to version 5 of the schema a number was
    stored: a sum over one billing period of each agreement."""
    if stored.startswith("{"):
        return unpacked(PriceEffect, json.loads(stored))
    amount = Decimal(stored)
    return PriceEffect(by_period=(PeriodEffect(amount=amount, agreements=0),) if amount else ())


def _dump(members: Any) -> str:
    return json.dumps(members, ensure_ascii=False, separators=(",", ":"))
