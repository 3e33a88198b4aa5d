"""What changes cost the customers of their agreements. Pure.

An addition is billed once per billing period of its agreement, and how long that is nobody says who
is asked here: a sum is therefore over one period of each agreement, and says over how many.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from core.domain.models import Change

_ZERO = Decimal(0)


@dataclass(frozen=True)
class PriceEffect:
    """What some changes cost together. `agreements` is how many have a part in `amount`, each with
    one of its own billing periods; `unpriced` changes have no known price and are not in it."""

    amount: Decimal = _ZERO
    unpriced: int = 0
    agreements: int = 0

    @property
    def mixed(self) -> bool:
        """Whether periods that may differ in length are added up."""
        return self.agreements > 1


def price_effect(changes: Iterable[Change]) -> PriceEffect:
    """The effect of all of them: what keeps its quantity has none, known price or not."""
    amount, unpriced = _ZERO, 0
    agreements = set()
    for change in changes:
        effect = change.price_effect
        if effect is None:
            unpriced += bool(change.difference)
        elif effect:
            amount += effect
            agreements.add(change.target.agreement_id)
    return PriceEffect(amount, unpriced, len(agreements))
