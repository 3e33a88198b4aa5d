"""What the units of a row are worth: price, billing cycle and currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from core.domain.models import Addition, BillCustomer, BillingOption, ReconciliationRow
from core.domain.plan_inputs import PlanInputs

_ZERO = Decimal(0)


class BillingTerms(NamedTuple):
    """How long a billing period of an agreement is, and its currency; None: not known."""

    billing: BillingOption | None = None
    currency: str | None = None


_UNKNOWN = BillingTerms()


class Pricing:
    """Prices of additions and products, and the terms of the agreements that they are for."""

    def __init__(self, inputs: PlanInputs) -> None:
        self._inputs = inputs
        self._terms: dict[int, BillingTerms] = {}

    def price(self, addition: Addition | None, product_id: int | None) -> Decimal | None:
        """Per unit and billing period: of the addition, without one of the product; None where
        neither has any."""
        if addition is not None:
            # Whatever its price, it costs the customer nothing.
            billable = addition.bill_customer is BillCustomer.BILLABLE
            return addition.unit_price if billable else _ZERO
        entry = (self._inputs.catalog or {}).get(product_id) if product_id is not None else None
        return entry.price if entry else None

    def terms(self, agreement_id: int | None) -> BillingTerms:
        """What is known of an agreement; of none, nothing."""
        if agreement_id is None:
            return _UNKNOWN
        if agreement_id not in self._terms:  # many rows have the same one
            self._terms[agreement_id] = self._read(agreement_id)
        return self._terms[agreement_id]

    def _read(self, agreement_id: int) -> BillingTerms:
        agreement = self._inputs.agreements.get(agreement_id)
        if agreement is None:
            return _UNKNOWN
        cycle = self._inputs.billing_cycles.get(agreement.billing_cycle_id or 0)
        return BillingTerms(cycle.option if cycle else None, agreement.currency)


def with_one_currency(rows: Sequence[ReconciliationRow]) -> Sequence[ReconciliationRow]:
    """The rows, those whose currency is not said in the only one that all others are in.

    The prices of the catalog have none, and nor has an agreement where ConnectWise is not set up
    for several. Where several are known, nobody can say which one is meant.
    """
    known = {row.currency for row in rows} - {None}
    if len(known) != 1:
        return rows
    (currency,) = known
    return [
        replace(row, currency=currency)
        if row.currency is None and row.unit_price is not None
        else row
        for row in rows
    ]
