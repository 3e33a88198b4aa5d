"""Steps of the grid become staged edits exactly once, whatever way they arrive."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.domain.saving import MappingValues
from core.domain.staging import PRODUCT, SYNC, RowBase, StagedCell, StagedEdits
from pages.components.grid_events import Step, StepKind
from pages.components.grid_steps import take_steps

BASES = {"A": RowBase(MappingValues(1, True), 3), "B": RowBase()}


def stage_product(number: int, code: str, value: int | None) -> Step:
    return Step(number, StepKind.STAGE, code, PRODUCT, value)


def stage_sync(number: int, code: str, on: bool) -> Step:
    return Step(number, StepKind.STAGE, code, SYNC, on)


def test_steps_are_staged_on_the_row_as_it_was_seen() -> None:
    taken = take_steps(StagedEdits(), [stage_product(5, "A", 9)], BASES, 0)
    assert taken.staged.changes() == {"A": {PRODUCT: StagedCell(1, 9)}}
    assert taken.staged.base_versions == {"A": 3}
    assert taken.last == 5


def test_a_step_that_comes_again_counts_once() -> None:
    steps = [stage_product(5, "A", 9)]
    first = take_steps(StagedEdits(), steps, BASES, 0)
    undone = first.staged.undo()
    again = take_steps(undone, steps, BASES, first.last)
    assert again.staged == undone


def test_undo_and_redo_take_their_turn_in_order() -> None:
    steps = [
        Step(7, StepKind.UNDO, "A"),
        stage_product(5, "A", 9),
        stage_sync(6, "B", True),
        Step(8, StepKind.UNDO, "A"),
        Step(9, StepKind.REDO, "A"),
    ]
    taken = take_steps(StagedEdits(), steps, BASES, 0)
    assert list(taken.staged.changes()) == ["A"]


def test_the_last_request_for_a_dialog_counts() -> None:
    steps = [Step(1, StepKind.ADD, "A", text="new"), Step(2, StepKind.HISTORY, "B")]
    taken = take_steps(StagedEdits(), steps, BASES, 0)
    assert taken.request == steps[1]
    assert not taken.staged


def test_a_step_for_a_row_that_is_gone_is_dropped() -> None:
    taken = take_steps(StagedEdits(), [stage_product(5, "GONE", 9)], BASES, 0)
    assert not taken.staged
    assert taken.last == 5


edits = st.lists(
    st.one_of(
        st.tuples(st.sampled_from("AB"), st.just(PRODUCT), st.none() | st.integers(1, 3)),
        st.tuples(st.sampled_from("AB"), st.just(SYNC), st.booleans()),
    ),
    max_size=12,
)


@given(edits, st.lists(st.integers(0, 12), max_size=6))
def test_any_way_of_cutting_the_log_into_messages_gives_the_same(
    wanted: list[tuple[str, str, int | bool | None]], cuts: list[int]
) -> None:
    steps = [
        Step(number, StepKind.STAGE, code, field, value)  # type: ignore[arg-type]
        for number, (code, field, value) in enumerate(wanted, start=1)
    ]
    whole = take_steps(StagedEdits(), steps, BASES, 0)
    staged, last = StagedEdits(), 0
    for end in [*sorted(min(cut, len(steps)) for cut in cuts), len(steps)]:
        # A message repeats everything that the browser does not know to be taken.
        taken = take_steps(staged, steps[:end], BASES, last)
        staged, last = taken.staged, taken.last
    assert staged == whole.staged
