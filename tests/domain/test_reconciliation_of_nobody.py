"""Additions on agreements that no customer is billed on: seen, and no money is made up of them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from core.domain.models import AgreementStatus, ReconciliationRow, RowClass
from core.domain.plan_inputs import PlanInputs
from core.domain.reconciliation import reconcile
from core.domain.reconciliation_view import GroupBy, RowFilter, groups, matching, named
from tests.domain.planning_world import (
    addition,
    agreement,
    bind,
    customer,
    entry,
    mapping,
    usage,
    world,
)

OURS = addition(100, 11, 1, 8)
ELSEWHERE = addition(200, 12, 1, 5)


def of_nobody(**more: object) -> PlanInputs:
    """One customer is billed right on agreement 11; agreement 12, of another company, was read."""
    values: dict[str, object] = {
        "usages": [usage("alpha", "X", 8)],
        "mappings": [mapping("X", 1)],
        "customers": [customer("alpha", 11)],
        "agreements": [agreement(11), agreement(12)],
        "catalog": [entry(1), entry(2)],
        "additions": [OURS, ELSEWHERE, addition(201, 12, 2, 9)],
        "bound": [bind(OURS)],
        **more,
    }
    return world(**values)  # type: ignore[arg-type]


def on_12(inputs: PlanInputs) -> list[ReconciliationRow]:
    return [row for row in reconcile(inputs).rows if row.agreement_id == 12]


def test_what_it_bills_is_a_row_that_needs_somebody_and_claims_no_money() -> None:
    (row,) = on_12(of_nobody())
    assert (row.row_class, row.addition_id) == (RowClass.UNMAPPED_CUSTOMER, 200)
    assert (row.billed, row.expected, row.difference, row.money) == (Decimal(5), None, None, None)
    assert [str(step) for step in row.steps] == [
        "No customer is billed on Agreement 12 of Company 12 by sync, so what was used for this "
        "addition is not known."
    ]
    totals = reconcile(of_nobody()).totals
    assert (totals.open_exceptions, totals.billed) == (1, Decimal(13))
    assert (totals.under_billed, totals.over_billed) == (0, 0)


def test_it_is_found_under_its_company() -> None:
    inputs = of_nobody()
    rows = named(reconcile(inputs).rows, inputs)
    (one,) = matching(rows, RowFilter(text="company 12"))
    assert (one.customer, one.agreement) == ("Company 12", "Agreement 12")
    assert {group.name for group in groups(rows, GroupBy.CUSTOMER)} == {"alpha", ""}


def test_what_bills_nothing_or_is_switched_off_needs_nobody() -> None:
    (nothing,) = on_12(of_nobody(additions=[OURS, addition(200, 12, 1, 0)]))
    assert nothing.row_class is RowClass.MATCHED
    off = on_12(of_nobody(mappings=[mapping("X", 1, sync=False)]))
    assert [row.row_class for row in off] == [RowClass.SYNC_OFF]


def test_an_agreement_that_ended_or_was_not_read_has_no_rows() -> None:
    ended = agreement(12, status=AgreementStatus.EXPIRED)
    assert on_12(of_nobody(agreements=[agreement(11), ended])) == []
    inputs = of_nobody()
    assert on_12(replace(inputs, additions={11: inputs.additions[11]})) == []


def test_what_a_customer_that_was_moved_left_behind_bills_too_much() -> None:
    moved = of_nobody(
        bound=[bind(OURS), bind(ELSEWHERE)], former_agreements={"alpha": frozenset({12})}
    )
    (row,) = on_12(moved)
    assert row.bound
    assert (row.row_class, row.customer_ids) == (RowClass.ADDITION_WITHOUT_USAGE, ("alpha",))
    assert (row.expected, row.difference, row.money) == (0, Decimal(-5), Decimal(-10))


def test_a_customer_that_cannot_be_billed_there_is_named() -> None:
    wrong = replace(customer("beta", 12), company_id=999)
    (row,) = on_12(of_nobody(customers=[customer("alpha", 11), wrong]))
    assert (row.row_class, row.customer_ids) == (RowClass.UNMAPPED_CUSTOMER, ("beta",))
