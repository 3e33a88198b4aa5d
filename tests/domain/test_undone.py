"""What runs did not get done stays until it is tried again."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from core.domain.models import (
    Change,
    Finding,
    FindingKind,
    Outcome,
    Part,
    Plan,
    PlanOptions,
    Run,
    RunChange,
    RunEventKind,
    Target,
)
from core.domain.undone import undone
from core.errors import message
from tests.storage.samples import OCTOBER
from tests.storage.sync_samples import change, event, numbered, run

FINISHED, STOPPED = event(RunEventKind.FINISHED), event(RunEventKind.STOPPED)
ONLY = PlanOptions(only=frozenset({"7/1"}))
Told = tuple[int, int]


class Runs:
    """Runs in the order of their numbers, with the outcome of each change by product."""

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.rows: dict[str, list[RunChange]] = {}
        self.plan: Plan | None = None

    def add(self, outcomes: dict[Any, Outcome], **about: Any) -> Runs:
        number = len(self.runs) + 1
        rows = numbered(*(about_product(product) for product in outcomes))
        done = [
            replace(row, outcome=outcome)
            for row, outcome in zip(rows, outcomes.values(), strict=True)
        ]
        failed = sum(row.outcome is Outcome.FAILED for row in done)
        values = {"number": number, "events": (FINISHED,), "failed": failed, **about}
        self.runs.insert(0, run(f"run-{number}", **values))
        self.rows[f"run-{number}"] = done
        return self

    def changes(self, of: Run, outcome: Outcome | None) -> list[RunChange]:
        return [row for row in self.rows[of.id] if outcome in (None, row.outcome)]

    def left(self, *closed: Any) -> list[Told]:
        found = undone(self.runs, closed, self.changes, lambda run: self.plan)
        return [(one.run.number, one.left) for one in found]


def about_product(product: Any) -> Change:
    """Product ids as they are; the code of a Sophos product without one; or both."""
    if isinstance(product, int):
        return change(product)
    if isinstance(product, str):
        return change(target=Target(7, 0, product))
    number, code = product
    return change(number, parts=(Part("tenant-1", code, 1, Decimal(1)),))


DONE, FAILED, WAITING = Outcome.DONE, Outcome.FAILED, Outcome.WAITING
SKIPPED = Outcome.SKIPPED


@pytest.fixture
def failed() -> Runs:
    """Two of three failed."""
    return Runs().add({1: FAILED, 2: FAILED, 3: DONE})


def test_what_was_done_needs_nobody() -> None:
    assert Runs().add({1: DONE}).left() == []
    assert Runs().add({1: FAILED}, events=()).left() == []


def test_failed_rows_stay_while_other_runs_end(failed: Runs) -> None:
    failed.add({9: DONE}, options=ONLY)
    failed.add({1: DONE, 2: DONE}, month=OCTOBER.plus(1))
    assert failed.left() == [(1, 2)]


def test_rows_that_are_tried_again_are_left_no_more(failed: Runs) -> None:
    failed.add({1: DONE}, options=ONLY)
    assert failed.left() == [(1, 1)]
    failed.add({2: FAILED}, options=ONLY)
    assert failed.left() == [(3, 1)]
    failed.add({2: DONE}, options=ONLY)
    assert failed.left() == []


def test_what_a_retry_did_not_come_to_is_still_left(failed: Runs) -> None:
    failed.add({1: WAITING, 2: DONE}, options=ONLY, events=(STOPPED,))
    assert failed.left() == [(2, 1), (1, 1)]


def test_a_complete_sync_of_the_month_settles_what_was_before(failed: Runs) -> None:
    failed.add({1: WAITING, 2: WAITING}, events=(STOPPED,))
    assert failed.left() == [(2, 2), (1, 2)]
    failed.add({8: DONE})
    assert failed.left() == []


def test_an_undo_settles_only_the_run_that_it_takes_back(failed: Runs) -> None:
    failed.add({5: DONE}, options=ONLY)
    failed.add({5: DONE}, undo_of="run-2")
    assert failed.left() == [(1, 2)]
    failed.add({3: FAILED}, undo_of="run-1")
    assert failed.left() == [(4, 1)]
    failed.add({3: DONE}, undo_of="run-1", options=ONLY)
    assert failed.left() == []


def test_what_was_skipped_is_left_as_what_failed_is() -> None:
    runs = Runs().add({1: SKIPPED, 2: DONE}, skipped=1)
    assert runs.left() == [(1, 1)]
    runs.add({1: DONE}, options=ONLY)
    assert runs.left() == []


def test_only_what_the_plan_of_now_still_has_or_cannot_do_is_left(failed: Runs) -> None:
    failed.plan = plan_with([change(1)], [])
    assert failed.left() == [(1, 1)]
    failed.plan = plan_with([], [Target(7, 2)])
    assert failed.left() == [(1, 1)]
    failed.plan = plan_with([change(9)], [Target(7, 3)])
    assert failed.left() == []


def test_what_cannot_be_planned_because_of_its_customer_or_product_is_left() -> None:
    runs = Runs().add({(44, "CIXA"): FAILED})
    about = {"kind": FindingKind.STOPPED_PRODUCT, "blocks": True, "text": message("No.")}
    runs.plan = replace(plan_with([], []), findings=(Finding(**about, product_code="CIXA"),))
    assert runs.left() == [(1, 1)]
    customer = runs.rows["run-1"][0].change.customer_ids[0]
    runs.plan = replace(plan_with([], []), findings=(Finding(**about, customer_id=customer),))
    assert runs.left() == [(1, 1)]
    runs.plan = replace(plan_with([], []), findings=(Finding(**about, product_code="XDR"),))
    assert runs.left() == []


def plan_with(changes: list[Change], blocked: list[Target]) -> Plan:
    kind = FindingKind.AMBIGUOUS_ADDITION
    return Plan(
        month=OCTOBER,
        changes=tuple(changes),
        unchanged=(),
        excluded=(),
        findings=tuple(
            Finding(kind=kind, blocks=True, target=each, text=message("Which?")) for each in blocked
        ),
        limits=(),
        digest="",
    )


def test_closed_months_are_left_alone(failed: Runs) -> None:
    assert failed.left(OCTOBER) == []


def test_a_row_whose_product_was_created_meanwhile_is_the_same_row() -> None:
    runs = Runs().add({"CIXA": FAILED, "XDR": FAILED})
    runs.add({(44, "CIXA"): DONE}, options=ONLY)
    assert runs.left() == [(1, 1)]
