"""Planning a save: conflicts, problems all at once, and what nobody has to write."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.mapping import MappingChange
from core.domain.models import CatalogEntry, MappingState, ProductClass, ProductMapping
from core.domain.saving import CODE_LIMIT, Conflict, MappingValues, RowEdit, plan_save

NOW = datetime(2026, 11, 22, tzinfo=UTC)
CATALOG = {
    1: CatalogEntry(id=1, identifier="ONE", description="One"),
    2: CatalogEntry(id=2, identifier="TWO", description="Two"),
    3: CatalogEntry(id=3, identifier="OLD", description="Old", inactive=True),
    4: CatalogEntry(
        id=4, identifier="BUN", description="Bundle", product_class=ProductClass.BUNDLE
    ),
}
OFF, ON = MappingValues(1, sync=False), MappingValues(1, sync=True)


def stored(code: str, values: MappingValues, version: int = 1) -> ProductMapping:
    return ProductMapping(
        product_code=code,
        connectwise_product_id=values.connectwise_product_id,
        sync=values.sync,
        stopped=False,
        state=MappingState.UNMAPPED,
        since=NOW,
        reason=None,
        version=version,
    )


def plan(edit: RowEdit, *mappings: ProductMapping, catalog=CATALOG):
    return plan_save([edit], {item.product_code: item for item in mappings}, catalog)


def test_an_edit_of_an_untouched_row_becomes_a_change():
    result = plan(RowEdit("A", 1, OFF, ON), stored("A", OFF))
    assert result.changes == (MappingChange("A", 1, sync=True),)
    assert (result.conflicts, result.problems, result.unchanged) == ((), (), ())


def test_a_row_that_somebody_else_changed_is_a_conflict_and_the_others_go_through():
    theirs = MappingValues(2, sync=False)
    edits = [RowEdit("A", 1, OFF, ON), RowEdit("B", 1, OFF, ON)]
    current = {"A": stored("A", theirs, version=2), "B": stored("B", OFF)}
    result = plan_save(edits, current, CATALOG, saved_by={"A": ("Zoë", NOW)})
    assert result.conflicts == (Conflict("A", OFF, ON, theirs, 2, "Zoë", NOW),)
    assert [change.product_code for change in result.changes] == ["B"]


def test_a_row_changed_and_changed_back_is_no_conflict():
    result = plan(RowEdit("A", 1, OFF, ON), stored("A", OFF, version=3))
    assert len(result.changes) == 1


def test_what_somebody_else_saved_equally_needs_no_write_and_is_no_conflict():
    result = plan(RowEdit("A", 1, OFF, ON), stored("A", ON, version=2))
    assert (result.changes, result.conflicts, result.unchanged) == ((), (), ("A",))


def test_a_code_that_is_not_stored_is_taken_up_even_without_values():
    result = plan(RowEdit("NEW", 0, MappingValues(), MappingValues()))
    assert result.changes == (MappingChange("NEW", None, sync=False),)


@pytest.mark.parametrize(
    ("product_id", "text"),
    [
        (99, "no ConnectWise product with the ID 99"),
        (3, "product OLD is inactive"),
        (4, "product BUN is of the class Bundle"),
    ],
)
def test_a_product_that_cannot_be_billed_is_a_problem(product_id, text):
    result = plan(RowEdit("A", 1, OFF, MappingValues(product_id, sync=True)), stored("A", OFF))
    (problem,) = result.problems
    assert text in str(problem.text)
    assert "A:" in str(problem.text)
    assert problem.field == "connectwise_product_id"


def test_without_a_snapshot_products_are_not_judged():
    edit = RowEdit("A", 1, OFF, MappingValues(99, sync=True))
    assert plan(edit, stored("A", OFF), catalog=None).problems == ()
    assert len(plan(edit, stored("A", OFF), catalog={}).problems) == 1


def test_sync_of_a_row_whose_product_has_gone_can_be_turned_off():
    gone = MappingValues(99, sync=True)
    result = plan(RowEdit("A", 1, gone, MappingValues(99, sync=False)), stored("A", gone))
    assert (len(result.changes), result.problems) == (1, ())


def test_every_problem_comes_at_once():
    edits = [
        RowEdit("A", 1, OFF, MappingValues(99, sync=True)),
        RowEdit("B", 1, OFF, MappingValues(3, sync=True)),
        RowEdit("", 0, MappingValues(), ON),
        RowEdit("C", 0, MappingValues(), ON),
        RowEdit("C", 0, MappingValues(), ON),
    ]
    result = plan_save(edits, {"A": stored("A", OFF), "B": stored("B", OFF)}, CATALOG)
    assert len(result.problems) == 4


@pytest.mark.parametrize(
    ("code", "accepted"),
    [
        ("X" * CODE_LIMIT, True),
        ("X" * (CODE_LIMIT + 1), False),
        (" X", False),
        ("X\n", False),
        ("A\x00B", False),
        ("   ", False),
        ("=1+1", True),
        ("رمز-🔥", True),
    ],
)
def test_codes(code, accepted):
    result = plan(RowEdit(code, 0, MappingValues(), MappingValues(1, sync=True)))
    assert (result.problems == ()) is accepted


values = st.builds(MappingValues, st.sampled_from([None, 1, 2]), st.booleans())
rows = st.fixed_dictionaries(
    {"base": values, "wanted": values, "theirs": values, "moved": st.integers(0, 2)}
)


@given(st.lists(rows, max_size=8))
def test_each_row_ends_in_exactly_one_place_and_no_foreign_change_is_lost(given_rows):
    edits, current = [], {}
    for number, row in enumerate(given_rows):
        code = f"P{number}"
        # Values cannot have changed without a save, which raises the version.
        theirs = row["theirs"] if row["moved"] else row["base"]
        edits.append(RowEdit(code, 5, row["base"], row["wanted"]))
        current[code] = stored(code, theirs, version=5 + row["moved"])
    result = plan_save(edits, current, CATALOG)
    placed = [c.product_code for c in result.changes]
    placed += [c.key for c in result.conflicts]
    placed += result.unchanged
    assert sorted(placed) == [f"P{number}" for number in range(len(given_rows))]
    for change in result.changes:
        edit = edits[int(change.product_code[1:])]
        assert MappingValues.of(current[change.product_code]) == edit.base
        assert MappingValues(change.connectwise_product_id, change.sync) == edit.wanted
    for conflict in result.conflicts:
        assert conflict.theirs not in (conflict.base, conflict.mine)
