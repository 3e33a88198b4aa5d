"""A month of usage in a few figures, and the months behind it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import streamlit as st

from core.domain.month import Month
from core.services import Services


@dataclass(frozen=True)
class MonthSummary:
    """What was used in one month; `by_product` is the billable quantity by Sophos product code,
    `customer_ids` are the customers with any."""

    month: Month
    customers: int
    by_product: dict[str, Decimal]
    unassigned: Decimal
    customer_ids: frozenset[str] = frozenset()

    @property
    def billable(self) -> Decimal:
        """The sum over all products, whatever they count."""
        return sum(self.by_product.values(), Decimal(0))

    def of(self, product_code: str | None) -> Decimal:
        """The quantity of one product, or of all."""
        if product_code is None:
            return self.billable
        return self.by_product.get(product_code, Decimal(0))


def summaries(services: Services, count: int) -> list[MonthSummary]:
    """The newest months with usage, oldest first."""
    months = services.usage.months()[:count]
    newest_fetch = {fetch.month: fetch.id for fetch in reversed(services.store.usage.fetches())}
    store = str(services.store.path)
    return [
        _summary(services, str(month), newest_fetch.get(month, ""), store)
        for month in reversed(months)
    ]


@st.cache_data(max_entries=200, show_spinner=False)
def _summary(
    _services: Services,
    month: str,
    fetch_id: str,  # noqa: ARG001 - part of the cache's key
    store: str,  # noqa: ARG001 - part of the cache's key
) -> MonthSummary:
    """Kept until the month is fetched again: a fetch is never edited."""
    usages = _services.store.usage.usage(Month.parse(month))
    by_product: dict[str, Decimal] = {}
    for usage in usages:
        by_product[usage.product_code] = (
            by_product.get(usage.product_code, Decimal(0)) + usage.billable
        )
    customer_ids = frozenset(u.account_id for u in usages if u.account_id and u.billable > 0)
    return MonthSummary(
        month=Month.parse(month),
        customers=len(customer_ids),
        by_product={code: quantity for code, quantity in by_product.items() if quantity > 0},
        unassigned=sum((u.billable for u in usages if u.account_id is None), Decimal(0)),
        customer_ids=customer_ids,
    )
