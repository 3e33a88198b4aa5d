"""What the grid's frame sends is not trusted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.staging import PRODUCT, SYNC
from pages.components import grid_events
from pages.components.grid_events import GridMessage, Step, StepKind
from pages.components.mapping_grid import MAPPING_GRID

STEP: dict[str, Any] = {
    "number": 7,
    "kind": "stage",
    "code": "CODE",
    "field": "product",
    "value": 12,
    "text": "PROD",
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


def parse_message(value: Any) -> GridMessage:
    """A message of the grid of product mappings."""
    return grid_events.parse_message(value, MAPPING_GRID.staged)


def steps_of(*items: Any) -> tuple[Step, ...]:
    return parse_message({"steps": list(items)}).steps


def test_a_staged_product_and_a_switch_are_read() -> None:
    switch = {**STEP, "number": 8, "field": "sync", "value": True}
    assert steps_of(STEP, switch) == (
        Step(7, StepKind.STAGE, "CODE", PRODUCT, 12),
        Step(8, StepKind.STAGE, "CODE", SYNC, True),
    )


def test_a_product_may_be_removed() -> None:
    assert steps_of({**STEP, "value": None}) == (Step(7, StepKind.STAGE, "CODE", PRODUCT, None),)


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": True},
        {"value": "12"},
        {"value": 1.5},
        {"field": "sync", "value": 1},
        {"field": "sync", "value": None},
        {"field": "version", "value": 3},
        {"field": None},
        {"kind": "drop tables"},
        {"kind": None},
        {"number": "7"},
        {"number": True},
        {"code": 5},
    ],
)
def test_a_step_that_does_not_fit_is_left_out(wrong: dict[str, Any]) -> None:
    assert steps_of({**STEP, **wrong}, {**STEP, "number": 9}) == (
        Step(9, StepKind.STAGE, "CODE", PRODUCT, 12),
    )


def test_a_request_brings_its_text_cut_to_a_sane_length() -> None:
    (step,) = steps_of({"number": 1, "kind": "add", "code": "CODE", "text": "x" * 10_000})
    assert (step.kind, len(step.text)) == (StepKind.ADD, 500)


def test_selection_view_and_catalog_are_read() -> None:
    message = parse_message({"selected": ["A", 1, "B"], "view": {"quick": "x"}, "catalog": "v1"})
    assert message == GridMessage(
        selected=("A", "B"), view=json.dumps({"quick": "x"}), catalog="v1"
    )


def test_a_huge_view_is_not_kept() -> None:
    assert parse_message({"view": {"quick": "x" * 30_000}}).view == ""


@given(json_values)
def test_nothing_from_a_browser_breaks_the_page(value: Any) -> None:
    assert isinstance(parse_message(value), GridMessage)
    assert isinstance(parse_message({"steps": value, "selected": value}), GridMessage)
    assert isinstance(parse_message({"steps": [value, STEP], "view": value}), GridMessage)
