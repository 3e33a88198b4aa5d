"""The reconciliation of one month with all that it takes to read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from core.domain.models import Addition, OrderMatch, Reconciliation, ReconciliationRow
from core.domain.plan_inputs import PlanInputs
from core.domain.reconciliation_view import NamedRow, customers_of, orders_of, products_of


@dataclass(frozen=True)
class MonthReport:
    """The report of a month, its rows with their names and what is written at them (in the
    report's order), and what all of it follows from."""

    report: Reconciliation
    rows: tuple[NamedRow, ...]
    inputs: PlanInputs

    @cached_property
    def by_key(self) -> Mapping[str, NamedRow]:
        return {one.key: one for one in self.rows}

    @cached_property
    def customers(self) -> Mapping[str, str]:
        """The customers of all rows, by id in the order of their names."""
        return customers_of(self.rows)

    @cached_property
    def products(self) -> Mapping[str, str]:
        """The products of all rows, by key in the order of their names."""
        return products_of(self.rows)

    @cached_property
    def orders(self) -> Mapping[OrderMatch, int]:
        """The rows whose usage is not as ordered, counted."""
        return orders_of(self.rows)

    def addition(self, row: ReconciliationRow) -> Addition | None:
        """The addition of a row as it is in ConnectWise today."""
        listed = self.inputs.additions.get(row.agreement_id or 0, ())
        return next((each for each in listed if each.id == row.addition_id), None)

    def by_line(self, rows: Iterable[NamedRow]) -> Mapping[tuple[str, str], str]:
        """The key of the row that a usage line counts in, by customer ("": none) and product."""
        return {
            (part.customer_id, part.product_code): one.key for one in rows for part in one.row.used
        }
