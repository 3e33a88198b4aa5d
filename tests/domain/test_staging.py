"""Staged edits: the difference to what was loaded, undo and redo, and what a save is handed."""

from __future__ import annotations

import pickle

from hypothesis import given
from hypothesis import strategies as st

from core.domain.customers import CustomerValues
from core.domain.saving import MappingValues, RowEdit
from core.domain.staging import (
    PRODUCT,
    SYNC,
    UNDO_STEPS,
    CellEdit,
    RowBase,
    StagedCell,
    StagedEdits,
)

BASE = RowBase(MappingValues(7, sync=False), version=3)
OTHER = RowBase(MappingValues(None, sync=True), version=1)


def test_a_staged_cell_keeps_what_was_loaded_and_what_is_wanted():
    staged = StagedEdits().stage("A", PRODUCT, 8, BASE).stage("A", SYNC, True, BASE)
    assert staged.changes() == {
        "A": {PRODUCT: StagedCell(7, 8), SYNC: StagedCell(False, True)},
    }
    assert (staged.cell_count, bool(staged)) == (2, True)
    assert staged.base_versions == {"A": 3}


def test_staging_the_loaded_value_removes_the_cell():
    staged = StagedEdits().stage("A", PRODUCT, 8, BASE).stage("A", PRODUCT, 7, BASE)
    assert (staged.changes(), staged.edits(), staged.cell_count) == ({}, (), 0)
    assert not staged
    assert staged.undo().changes() == {"A": {PRODUCT: StagedCell(7, 8)}}


def test_a_save_is_handed_the_whole_row_with_the_version_of_its_first_edit():
    newer = RowBase(MappingValues(9, sync=True), version=4)
    staged = StagedEdits().stage("A", PRODUCT, 8, BASE).stage("A", SYNC, True, newer)
    assert staged.edits() == (RowEdit("A", 3, BASE.values, MappingValues(8, sync=True)),)


def test_a_bulk_edit_is_one_step():
    edits = [CellEdit(code, SYNC, True, BASE) for code in "ABC"]
    staged = StagedEdits().stage("Z", SYNC, True, BASE).stage_many(edits)
    assert list(staged.changes()) == ["Z", "A", "B", "C"]
    assert list(staged.undo().changes()) == ["Z"]


def test_an_edit_that_changes_nothing_is_no_step():
    staged = StagedEdits().stage("A", SYNC, False, BASE)
    assert not staged.can_undo


def test_unstage_a_cell_and_a_row():
    staged = StagedEdits().stage("A", PRODUCT, 8, BASE).stage("A", SYNC, True, BASE)
    assert staged.unstage("A", PRODUCT).changes() == {"A": {SYNC: StagedCell(False, True)}}
    assert staged.unstage("A").changes() == {}
    assert staged.unstage("A").undo().changes() == staged.changes()
    assert staged.unstage("B") is staged


def test_discard_can_be_undone():
    staged = StagedEdits().stage("A", PRODUCT, 8, BASE)
    assert staged.discard().changes() == {}
    assert staged.discard().undo().changes() == staged.changes()


def test_a_new_edit_ends_redo():
    staged = StagedEdits().stage("A", SYNC, True, BASE).undo()
    assert staged.can_redo
    assert not staged.stage("A", PRODUCT, 8, BASE).can_redo


def test_saved_rows_are_forgotten_and_undo_cannot_bring_them_back():
    staged = StagedEdits().stage("A", SYNC, True, BASE).stage("B", SYNC, False, OTHER)
    after = staged.saved(["A"])
    assert list(after.changes()) == ["B"]
    assert (after.can_undo, after.can_redo) == (False, False)


def test_rebase_keeps_mine_over_theirs():
    staged = StagedEdits().stage("A", PRODUCT, 8, BASE)
    theirs = RowBase(MappingValues(9, sync=False), version=4)
    assert staged.rebase("A", theirs).edits() == (
        RowEdit("A", 4, theirs.values, MappingValues(8, sync=False)),
    )
    assert not staged.rebase("A", RowBase(MappingValues(8, sync=False), version=4))
    assert staged.rebase("B", theirs) is staged


def test_rebase_leaves_alone_what_only_they_changed():
    staged = StagedEdits().stage("A", PRODUCT, 8, BASE)
    theirs = RowBase(MappingValues(9, sync=not BASE.values.sync), version=4)
    assert staged.rebase("A", theirs).changes() == {"A": {PRODUCT: StagedCell(9, 8)}}


def test_undo_and_redo_without_steps_change_nothing():
    empty = StagedEdits()
    assert empty.undo() is empty
    assert empty.redo() is empty


def test_the_oldest_steps_are_dropped():
    staged = StagedEdits()
    for number in range(UNDO_STEPS + 50):
        staged = staged.stage("A", PRODUCT, 100 + number, BASE)
    steps = 0
    while staged.can_undo:
        staged, steps = staged.undo(), steps + 1
    assert steps == UNDO_STEPS


def test_survives_pickling():
    staged = StagedEdits().stage("A", PRODUCT, 8, BASE).stage("B", SYNC, False, OTHER).undo()
    assert pickle.loads(pickle.dumps(staged)) == staged


codes = st.sampled_from("ABC")
bases = {"A": BASE, "B": OTHER, "C": RowBase()}
cells = st.one_of(
    st.tuples(codes, st.just(PRODUCT), st.sampled_from([None, 7, 8, 9])),
    st.tuples(codes, st.just(SYNC), st.booleans()),
)
batches = st.lists(st.lists(cells, min_size=1, max_size=4), max_size=12)


def staged_of(batches):
    staged = StagedEdits()
    states = [staged]
    for batch in batches:
        after = staged.stage_many([CellEdit(*cell, bases[cell[0]]) for cell in batch])
        if after is not staged:
            staged = after
            states.append(staged)
    return staged, states


@given(batches)
def test_changes_are_the_difference_between_loaded_and_last_staged(given_batches):
    staged, _ = staged_of(given_batches)
    last = {(code, name): value for batch in given_batches for code, name, value in batch}
    expected = {}
    for (code, name), value in last.items():
        loaded = getattr(bases[code].values, name)
        if value != loaded:
            expected.setdefault(code, {})[name] = StagedCell(loaded, value)
    assert staged.changes() == expected
    for edit in staged.edits():
        assert edit.base == bases[edit.key].values
        assert edit.base_version == bases[edit.key].version
        assert edit.wanted != edit.base


def test_rebase_keeps_an_agreement_together_with_its_company():
    loaded = RowBase(CustomerValues(1, 11, sync=False))
    theirs = RowBase(CustomerValues(2, 21, sync=True), version=4)
    staged = StagedEdits().stage("A", "agreement_id", 12, loaded).rebase("A", theirs)
    assert staged.wanted("A") == CustomerValues(1, 12, sync=True)


@given(batches, st.sampled_from([None, 7, 8, 9]), st.booleans())
def test_rebase_keeps_the_cells_that_i_changed_and_no_others(given_batches, product, sync):
    staged, _ = staged_of(given_batches)
    theirs = RowBase(MappingValues(product, sync), version=9)
    for code, cells_before in staged.changes().items():
        expected = {
            name: StagedCell(getattr(theirs.values, name), cell.value)
            for name, cell in cells_before.items()
            if cell.value != getattr(theirs.values, name)
        }
        assert staged.rebase(code, theirs).changes().get(code, {}) == expected


@given(batches, st.data())
def test_undo_and_redo_walk_the_same_path(given_batches, data):
    staged, states = staged_of(given_batches)
    position = len(states) - 1
    for move in data.draw(st.lists(st.sampled_from(["undo", "redo"]), max_size=30)):
        staged = staged.undo() if move == "undo" else staged.redo()
        position += -1 if move == "undo" else 1
        position = max(0, min(position, len(states) - 1))
        assert staged.changes() == states[position].changes()
        assert staged.can_undo == (position > 0)
        assert staged.can_redo == (position < len(states) - 1)
