"""What a row of the customers grid says, what the chips count, and what a save is told to do."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.domain.customer_saving import AGREEMENT, COMPANY, SYNC, CustomerBase
from core.domain.customers import CustomerValues, condition_of
from core.domain.models import (
    AgreementStatus,
    CustomerRow,
    CustomerState,
    CustomerSuggestion,
    CustomerSync,
    Tenant,
)
from core.domain.month import Month
from core.domain.row_staging import StagedEdits
from core.errors import message
from pages.components.customer_filters import Show, counts, matching, reasons
from pages.components.customer_grid import CUSTOMER_GRID, CustomerGridRow
from pages.components.customer_plan import review
from pages.components.customer_rows import (
    Drawing,
    SavedRows,
    bases_of,
    packed_rows,
    with_staged_customers,
)
from pages.components.customer_session import stage
from pages.components.grid_events import Step, StepKind
from tests.domain.customer_samples import NOW, agreement, company, contracts, stored, tenant

KNOWN = contracts(
    company(1, "Garage SARL"),
    company(2, "Two"),
    agreement(11, 1, name="Services"),
    agreement(21, 2, name="A"),
    agreement(22, 2, name="B"),
    agreement(23, 2, name="Old", status=AgreementStatus.EXPIRED),
)
ON = CustomerValues(1, 11, sync=True)


def row_of(
    customer_id: str = "t1",
    values: CustomerValues = ON,
    *,
    customer: Tenant | None = None,
    sync: CustomerSync | None = None,
    listed: bool = True,
    shared_with: tuple[str, ...] = (),
) -> CustomerRow:
    known = customer or tenant(customer_id, f"Customer {customer_id}")
    condition = condition_of(values, KNOWN, known)
    return CustomerRow(
        customer=known,
        listed=listed,
        mapping=stored(customer_id, values, version=4),
        company=KNOWN.companies.get(values.company_id or 0),
        agreement=KNOWN.agreements.get(values.agreement_id or 0),
        agreements=KNOWN.active_of(values.company_id),
        state=condition.state,
        reason=condition.reason,
        suggestion=None,
        last_sync=sync,
        shared_with=shared_with,
    )


def one(
    row: CustomerRow, staged: StagedEdits | None = None, conflicts: Collection[str] = ()
) -> CustomerGridRow:
    names_of = row_of("t2", customer=tenant("t2", "Second"))
    drawing = Drawing(
        staged=staged or StagedEdits(),
        contracts=KNOWN,
        saved=SavedRows.of([row, names_of], KNOWN),
        conflicts=conflicts,
    )
    (packed,) = packed_rows([row], drawing).values()
    return CustomerGridRow(**dict(zip(CUSTOMER_GRID.fields, json.loads(packed), strict=True)))


def base(row: CustomerRow) -> CustomerBase:
    return CustomerBase.of(row.mapping)


def result(done: int, failed: int) -> CustomerSync:
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    return CustomerSync(run_id="r", month=Month(2026, 10), at=at, done=done, failed=failed)


def test_a_saved_row_shows_what_is_stored() -> None:
    shown = one(row_of())
    assert (shown.code, shown.name, shown.unlisted) == ("t1", "Customer t1", False)
    assert (shown.billing, shown.status) == ("Usage", "active")
    assert (shown.company_id, shown.company, shown.company_code) == ("1", "Garage SARL", "C1")
    assert (shown.agreement_id, shown.agreement) == ("11", "Services")
    assert shown.agreement_note == (
        "Managed · next invoice Dec 1, 2026 · prorated · since Jan 1, 2026"
    )
    assert (shown.base_company, shown.base_agreement, shown.base_sync) == (
        "Garage SARL",
        "Services",
        True,
    )
    assert (shown.state, shown.next_state, shown.explanation) == ("active", "", "")


def test_a_staged_row_shows_the_new_values_the_base_and_the_state_to_come() -> None:
    row = row_of()
    staged = (
        StagedEdits().stage("t1", COMPANY, 2, base(row)).stage("t1", AGREEMENT, None, base(row))
    )
    shown = one(row, staged)
    assert (shown.company, shown.agreement, shown.agreement_id) == ("Two", "", "")
    assert (shown.base_company, shown.base_agreement) == ("Garage SARL", "Services")
    assert (shown.state, shown.next_state) == ("active", "unmapped")
    assert "After saving: No agreement is chosen." in shown.state_hint


def test_the_base_is_what_was_loaded_even_after_somebody_else_saved() -> None:
    staged = StagedEdits().stage("t1", SYNC, False, base(row_of()))
    theirs = row_of(values=CustomerValues(2, 21, sync=True))
    assert one(theirs, staged).base_company_id == "1"


@pytest.mark.parametrize(
    ("values", "customer", "explanation"),
    [
        (
            CustomerValues(2, 23, sync=True),
            None,
            "The agreement Old has expired. "
            "Choose another agreement or company, or restore this one in ConnectWise.",
        ),
        (CustomerValues(2), None, "No agreement is chosen."),
        (CustomerValues(sync=True), None, "Sync is on, but no company is chosen."),
        (
            ON,
            tenant("t1", billing="term"),
            "Sophos bills this customer by term, so it has no monthly usage.",
        ),
        (CustomerValues(), tenant("t1", billing="term"), ""),
        (CustomerValues(), None, ""),
    ],
)
def test_a_row_explains_why_it_does_not_sync_where_sync_is_wanted(
    values: CustomerValues, customer: Tenant | None, explanation: str
) -> None:
    assert one(row_of(values=values, customer=customer)).explanation == explanation


def test_what_connectwise_does_not_have_is_shown_by_its_id() -> None:
    shown = one(row_of(values=CustomerValues(77, 78)))
    assert (shown.company, shown.agreement) == ("#77", "#78")


def test_a_customer_that_sophos_does_not_list_is_marked() -> None:
    row = row_of(customer=Tenant(id="t1", name="Former", billing_type=""), listed=False)
    shown = one(row)
    assert (shown.unlisted, shown.billing, shown.status) == (True, "", "")


def test_nobody_is_missing_before_sophos_listed_anybody() -> None:
    only_used = [row_of("t1", listed=False), row_of("t2", listed=False)]
    shown = SavedRows.of(only_used, KNOWN).shown
    assert not any(each.unlisted for each in shown.values())
    listed = [row_of("t1"), *only_used[1:]]
    marked = SavedRows.of(listed, KNOWN).shown
    assert [each.unlisted for each in marked.values()] == [False, True]


def test_a_shared_agreement_says_with_whom() -> None:
    assert one(row_of(shared_with=("t2",))).shared == "shared with Second"
    several = one(row_of(shared_with=("t2", "t3")))
    assert several.shared == "with 2 others"
    assert "Second, t3" in several.shared_hint


def test_the_last_sync_tells_what_failed() -> None:
    shown = one(row_of(sync=result(3, 2)))
    assert (shown.last_sync, shown.last_sync_result) == ("Nov 20, 2026", "2 of 5 failed")
    assert shown.last_sync_failed
    assert one(row_of(sync=result(3, 0))).last_sync_result == "3 done"
    assert one(row_of()).last_sync_at == -1.0


def test_a_suggestion_is_shown_with_its_company() -> None:
    suggestion = CustomerSuggestion(2, None, 91, message("Same words"))
    shown = one(replace(row_of(values=CustomerValues()), suggestion=suggestion))
    assert (shown.suggestion_id, shown.suggestion_name) == ("2", "Two")
    assert (shown.suggestion_score, shown.suggestion_reason) == (91.0, "Same words")


def test_a_staged_customer_without_a_row_gets_one() -> None:
    staged = StagedEdits().stage("later", COMPANY, 2, CustomerBase())
    rows = with_staged_customers([row_of()], staged, NOW)
    assert [row.mapping.customer_id for row in rows] == ["t1", "later"]
    shown = one(rows[1], staged)
    assert (shown.name, shown.unlisted, shown.company) == ("", True, "Two")


def test_a_conflict_is_marked() -> None:
    staged = StagedEdits().stage("t1", SYNC, False, base(row_of()))
    assert one(row_of(), staged, conflicts={"t1"}).conflict
    assert not one(row_of(), staged, conflicts={"t2"}).conflict


def test_bases_are_the_stored_values_with_their_version() -> None:
    found = bases_of([row_of()])["t1"]
    assert (found.version, found.values) == (4, ON)


def test_chips_count_what_is_saved_and_unsaved_what_is_staged() -> None:
    rows = [
        row_of("on", sync=result(3, 0)),
        row_of("failed", sync=result(3, 1)),
        row_of("blocked", CustomerValues(2, 23)),
        row_of("new", CustomerValues()),
        row_of("term", CustomerValues(), customer=tenant("term", billing="term")),
        row_of("wanted", CustomerValues(sync=True), customer=tenant("wanted", billing="term")),
    ]
    assert counts(rows, {"on"}) == {
        Show.ALL: 6,
        Show.TODO: 4,
        Show.MAPPED: 3,
        Show.UNMAPPED: 3,
        Show.ON: 3,
        Show.OFF: 3,
        Show.SUCCEEDED: 1,
        Show.FAILED: 1,
        Show.NOT_SYNCABLE: 3,
        Show.UNSAVED: 1,
    }
    todo = [row.mapping.customer_id for row in matching(rows, Show.TODO, ())]
    assert todo == ["failed", "blocked", "new", "wanted"]


def test_reasons_are_counted_without_the_names_in_them() -> None:
    rows = [
        row_of("a", CustomerValues(2, 23)),
        row_of("b", CustomerValues(2)),
        row_of("c", CustomerValues(2)),
        row_of("d"),
    ]
    assert [(str(reason), count) for reason, count in reasons(rows)] == [
        ("No agreement is chosen.", 2),
        ("The agreement … has expired.", 1),
    ]


# ---- steps and saving


def test_choosing_a_company_stages_the_agreement_that_follows() -> None:
    row = row_of(values=CustomerValues(2, 21))
    step = Step(1, StepKind.STAGE, "t1", COMPANY, 1)
    staged = stage(StagedEdits(), step, base(row), contracts=KNOWN)
    assert staged.wanted("t1") == CustomerValues(1, 11)
    again = stage(staged, Step(2, StepKind.STAGE, "t1", COMPANY, 2), base(row), contracts=KNOWN)
    assert again.wanted("t1") == CustomerValues(2, None)
    assert again.undo().wanted("t1") == CustomerValues(1, 11)


def test_other_cells_are_staged_alone() -> None:
    step = Step(1, StepKind.STAGE, "t1", AGREEMENT, 22)
    staged = stage(StagedEdits(), step, CustomerBase(CustomerValues(2, 21)), contracts=KNOWN)
    assert staged.wanted("t1") == CustomerValues(2, 22)


def test_the_review_tells_old_and_new_and_what_stays_billed() -> None:
    row = row_of()
    staged = StagedEdits().stage("t1", COMPANY, 2, base(row)).stage("t1", AGREEMENT, 21, base(row))
    found = review(staged, [row], KNOWN)
    assert [(line.title, line.field, line.old, line.new) for line in found.lines] == [
        ("Customer t1", "ConnectWise company", "Garage SARL", "Two"),
        ("Customer t1", "Agreement", "Services", "A"),
    ]
    (words,) = found.consequences
    assert "What sync billed for Customer t1 on Services stays there" in words


def test_the_review_says_who_will_not_sync_and_names_whoever_has_a_problem() -> None:
    rows = [row_of("a", CustomerValues()), row_of("b", CustomerValues())]
    staged = StagedEdits().stage("a", SYNC, True, base(rows[0]))
    assert review(staged, rows, KNOWN).consequences == (
        "Customer a will not sync: Sync is on, but no company is chosen.",
    )
    wrong = StagedEdits().stage("b", AGREEMENT, 11, base(rows[1]))
    (problem,) = review(wrong, rows, KNOWN).problems
    assert problem == "Customer b: An agreement needs its company. Choose the company too."


def test_the_review_leaves_rows_in_conflict_out() -> None:
    loaded = row_of()
    theirs = replace(loaded, mapping=replace(loaded.mapping, company_id=2, version=5))
    staged = StagedEdits().stage("t1", SYNC, False, base(loaded))
    found = review(staged, [theirs], KNOWN)
    assert [conflict.key for conflict in found.plan.conflicts] == ["t1"]
    assert found.lines == ()
    assert CustomerState.ACTIVE is loaded.state
