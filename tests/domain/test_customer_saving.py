"""Saving customers: conflicts, problems all at once, and agreements that become shared."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.customer_saving import (
    AGREEMENT,
    COMPANY,
    CUSTOMER_FIELDS,
    SYNC,
    CustomerBase,
    SharedAgreement,
    plan_customer_save,
    shared_agreements,
    unconfirmed,
)
from core.domain.customers import CustomerValues
from core.domain.models import AgreementStatus
from core.domain.row_edits import KEY_LIMIT, CellEdit, Conflict, RowEdit
from core.domain.row_staging import StagedCell, StagedEdits
from tests.domain.customer_samples import NOW, agreement, company, contracts, stored

KNOWN = contracts(
    company(1),
    company(2),
    company(3, "Gone", deleted=True),
    agreement(11, 1),
    agreement(12, 1),
    agreement(21, 2),
    agreement(22, 2, name="old", status=AgreementStatus.EXPIRED),
)
NONE, OFF, ON = CustomerValues(), CustomerValues(1, 11), CustomerValues(1, 11, sync=True)


def plan(*edits: RowEdit[CustomerValues], current=(), known=KNOWN, **more):
    return plan_customer_save(edits, {one.customer_id: one for one in current}, known, **more)


def problems(wanted: CustomerValues, *current) -> list[str]:
    return [str(one.text) for one in plan(RowEdit("a", 0, NONE, wanted), current=current).problems]


def test_an_edit_of_an_untouched_row_is_a_change():
    result = plan(RowEdit("a", 1, OFF, ON), current=[stored("a", OFF)])
    assert [(edit.key, edit.wanted) for edit in result.changes] == [("a", ON)]
    assert (result.conflicts, result.problems, result.unchanged, result.shared) == ((),) * 4


def test_a_row_that_somebody_else_changed_is_refused_and_the_others_go_through():
    theirs = CustomerValues(2, 21)
    result = plan(
        RowEdit("a", 1, OFF, ON),
        RowEdit("b", 1, CustomerValues(2, 21), CustomerValues(2, 21, sync=True)),
        current=[stored("a", theirs, version=2), stored("b", CustomerValues(2, 21))],
        saved_by={"a": ("Zoë", NOW)},
    )
    assert result.conflicts == (Conflict("a", OFF, ON, theirs, 2, "Zoë", NOW),)
    assert [edit.key for edit in result.changes] == ["b"]


def test_what_is_stored_already_needs_no_write():
    result = plan(RowEdit("a", 1, OFF, ON), current=[stored("a", ON, version=2)])
    assert (result.changes, result.conflicts, result.unchanged) == ((), (), ("a",))


@pytest.mark.parametrize(
    ("wanted", "field", "text"),
    [
        (CustomerValues(99), "connectwise_company_id", "no ConnectWise company with the ID 99"),
        (CustomerValues(3), "connectwise_company_id", "company Gone is deleted"),
        (CustomerValues(None, 11), "agreement_id", "needs its company"),
        (CustomerValues(1, 99), "agreement_id", "no ConnectWise agreement with the ID 99"),
        (CustomerValues(1, 21), "agreement_id", "belongs to another company"),
        (CustomerValues(2, 22), "agreement_id", "old has expired. Choose an active"),
    ],
)
def test_what_cannot_be_billed_is_a_problem(wanted, field, text):
    (problem,) = plan(RowEdit("a", 0, NONE, wanted)).problems
    assert (problem.field, problem.key) == (field, "a")
    assert text in str(problem.text)


def test_every_problem_comes_at_once():
    result = plan(
        RowEdit("a", 0, NONE, CustomerValues(99, 98)),
        RowEdit("", 0, NONE, NONE),
        RowEdit("x\n", 0, NONE, NONE),
        RowEdit("y" * (KEY_LIMIT + 1), 0, NONE, NONE),
        RowEdit("b", 0, NONE, ON),
        RowEdit("b", 0, NONE, ON),
    )
    assert len(result.problems) == 6


def test_a_customer_without_company_may_be_switched_on():
    assert problems(CustomerValues(sync=True)) == []


def test_without_a_snapshot_companies_are_not_judged():
    assert plan(RowEdit("a", 0, NONE, CustomerValues(99, 98)), known=None).problems == ()


@pytest.mark.parametrize("kept", [CustomerValues(3, 31), CustomerValues(2, 22)])
def test_sync_of_a_blocked_customer_can_be_turned_off(kept):
    on = CustomerValues(kept.company_id, kept.agreement_id, sync=True)
    result = plan(RowEdit("a", 1, on, kept), current=[stored("a", on)])
    assert (len(result.changes), result.problems) == (1, ())


def test_an_agreement_that_others_have_is_to_be_confirmed():
    edit = RowEdit("b", 0, NONE, ON)
    result = plan(edit, current=[stored("a", OFF), stored("c", CustomerValues(2, 21))])
    assert result.shared == (SharedAgreement(11, ("b",), ("a", "b")),)
    assert unconfirmed(result.shared, [21]) == result.shared
    assert unconfirmed(result.shared, [11]) == ()


def test_two_customers_that_join_at_once_share_too():
    result = plan(RowEdit("b", 0, NONE, ON), RowEdit("a", 0, NONE, OFF))
    assert result.shared == (SharedAgreement(11, ("a", "b"), ("a", "b")),)


def test_only_what_becomes_shared_is_to_be_confirmed():
    current = [stored("a", OFF), stored("b", OFF)]
    assert plan(RowEdit("a", 1, OFF, ON), current=current).shared == ()
    elsewhere = CustomerValues(2, 21)
    assert plan(RowEdit("a", 1, OFF, elsewhere), current=current).shared == ()
    # b leaves as a joins: nobody shares.
    moved = [stored("a", NONE), stored("b", OFF)]
    edits = [RowEdit("a", 1, NONE, OFF), RowEdit("b", 1, OFF, elsewhere)]
    assert plan(*edits, current=moved).shared == ()


def test_a_refused_row_does_not_count_as_sharing():
    current = [stored("a", OFF), stored("b", CustomerValues(2, 21), version=2)]
    result = plan(RowEdit("b", 1, NONE, ON), current=current)
    assert len(result.conflicts) == 1
    assert result.shared == ()


def test_shared_agreements_are_told_with_their_customers():
    assert shared_agreements({"b": 1, "a": 1, "c": 2, "d": None, "e": None}) == {1: ("a", "b")}


# ---- staging: the generic edits with the cells of a customer

BASE = CustomerBase(ON, version=3)
OTHER = CustomerBase(CustomerValues(2), version=1)
bases = {"a": BASE, "b": OTHER, "c": CustomerBase()}
cells = st.one_of(
    st.tuples(st.sampled_from("abc"), st.just(COMPANY), st.sampled_from([None, 1, 2])),
    st.tuples(st.sampled_from("abc"), st.just(AGREEMENT), st.sampled_from([None, 11, 21])),
    st.tuples(st.sampled_from("abc"), st.just(SYNC), st.booleans()),
)
batches = st.lists(st.lists(cells, min_size=1, max_size=4), max_size=12)


@given(batches)
def test_staged_cells_are_the_difference_to_what_was_loaded(given_batches):
    staged: StagedEdits[CustomerValues] = StagedEdits()
    for batch in given_batches:
        staged = staged.stage_many([CellEdit(*cell, bases[cell[0]]) for cell in batch])
    last = {(key, name): value for batch in given_batches for key, name, value in batch}
    expected: dict = {}
    for (key, name), value in last.items():
        loaded = getattr(bases[key].values, name)
        if value != loaded:
            expected.setdefault(key, {})[name] = StagedCell(loaded, value)
    assert staged.changes() == expected
    for edit in staged.edits():
        assert edit.base_version == bases[edit.key].version
        for name in CUSTOMER_FIELDS:
            wanted = expected[edit.key].get(name)
            loaded = getattr(edit.base, name)
            assert getattr(edit.wanted, name) == (wanted.value if wanted else loaded)
    assert pickle.loads(pickle.dumps(staged)) == staged


@given(batches)
def test_undo_goes_back_to_nothing_and_redo_to_the_end(given_batches):
    staged: StagedEdits[CustomerValues] = StagedEdits()
    for batch in given_batches:
        staged = staged.stage_many([CellEdit(*cell, bases[cell[0]]) for cell in batch])
    end = staged.changes()
    steps = 0
    while staged.can_undo:
        staged, steps = staged.undo(), steps + 1
    assert staged.changes() == {}
    for _ in range(steps):
        staged = staged.redo()
    assert staged.changes() == end


values = st.builds(
    CustomerValues,
    st.sampled_from([None, 1, 2]),
    st.sampled_from([None, 11, 12, 21]),
    st.booleans(),
)


@given(
    st.dictionaries(st.sampled_from("abcde"), values),
    st.dictionaries(st.sampled_from("abcde"), values, min_size=1),
)
def test_confirmed_or_not_no_agreement_becomes_shared_unseen(before, wanted):
    current = [stored(key, one) for key, one in before.items()]
    edits = [
        RowEdit(key, 1 if key in before else 0, before.get(key, NONE), one)
        for key, one in wanted.items()
    ]
    result = plan(*edits, current=current)
    after = {key: one.agreement_id for key, one in {**before, **wanted}.items()}
    old = shared_agreements({key: one.agreement_id for key, one in before.items()})
    told = {one.agreement_id: one for one in result.shared}
    for agreement_id, customers in shared_agreements(after).items():
        grown = set(customers) - set(old.get(agreement_id, ()))
        if any(before.get(key, NONE).agreement_id != agreement_id for key in grown):
            assert told[agreement_id].customer_ids == customers
        else:
            assert agreement_id not in told
