"""Tolerances of the reconciliation: the text that is kept of them, and what may be set."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from core.domain.models import Tolerance, Tolerances
from core.errors import InputError, Problem, message

_HUNDRED = Decimal(100)


def tolerances_text(tolerances: Tolerances) -> str:
    """The tolerances as JSON, numbers as texts."""
    return json.dumps(
        {
            "general": _packed(tolerances.general),
            "by_product": {
                str(id_): _packed(each) for id_, each in sorted(tolerances.by_product.items())
            },
        }
    )


def parse_tolerances(text: str | None) -> Tolerances:
    """The tolerances of a text; none at all where it is missing or cannot be read."""
    try:
        stored = dict(json.loads(text or "{}"))
        return Tolerances(
            general=_unpacked(stored.get("general", {})),
            by_product={
                int(id_): _unpacked(each) for id_, each in stored.get("by_product", {}).items()
            },
        )
    except (AttributeError, TypeError, ValueError, InvalidOperation):
        return Tolerances()


def check_tolerances(tolerances: Tolerances) -> None:
    """Raise InputError with every value that is out of bounds.

    `Problem.field` is `units` or `percent`, `Problem.key` the id of a product, None in general.
    """
    problems = [
        *_problems(tolerances.general, None),
        *(
            problem
            for id_, each in sorted(tolerances.by_product.items())
            for problem in _problems(each, str(id_))
        ),
    ]
    if problems:
        raise InputError(message("These tolerances cannot be accepted."), problems)


def _problems(tolerance: Tolerance, key: str | None) -> Iterator[Problem]:
    if not tolerance.units.is_finite() or tolerance.units < 0:
        yield Problem(message("A tolerance in units is 0 or more."), "units", key=key)
    if not tolerance.percent.is_finite() or not 0 <= tolerance.percent <= _HUNDRED:
        yield Problem(message("A tolerance in percent is from 0 to 100."), "percent", key=key)


def _packed(tolerance: Tolerance) -> dict[str, str]:
    return {"units": str(tolerance.units), "percent": str(tolerance.percent)}


def _unpacked(stored: Mapping[str, Any]) -> Tolerance:
    return Tolerance(
        units=Decimal(str(stored.get("units", 0))), percent=Decimal(str(stored.get("percent", 0)))
    )
