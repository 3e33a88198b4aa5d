"""Undo over the sandbox: the world is as before, and what somebody changed stays."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest

from core.domain.addition_days import is_open
from core.domain.models import (
    ChangeKind,
    FindingKind,
    Outcome,
    PlanOptions,
    Run,
    RunOrigin,
    RunStatus,
)
from core.domain.month import Month
from core.errors import BusyError, InputError
from core.sandbox.faults import Effect, FaultRule, When
from core.sandbox.server import Sandbox
from core.services import Services
from core.use_cases.run_approval import Approval, PlanChangedError
from core.use_cases.undo_reading import read_who_changed
from tests.use_cases.sync_world import last_month, synced


@pytest.fixture
def month(ready: Services) -> Month:
    return last_month(ready)


def state(services: Services) -> tuple[object, ...]:
    """What an undo has to restore: open additions in ConnectWise, bindings, mappings."""
    services.planning.refresh()
    today = services.planning.today()
    additions = services.store.additions.of()
    return (
        {
            each.id: each.quantity
            for listed in additions.values()
            for each in listed
            if is_open(each, today)
        },
        services.store.additions.bindings(),
        {c: m.connectwise_product_id for c, m in services.store.mappings.all().items()},
    )


def undone(services: Services, run: Run, options: PlanOptions | None = None) -> Run:
    services.runs.prepare_undo(run.id)
    return undone_as_known(services, run, options)


def undone_as_known(services: Services, run: Run, options: PlanOptions | None = None) -> Run:
    """Planned from what was read last."""
    options = options or PlanOptions()
    plan = services.runs.undo_plan(run.id, options)
    approval = Approval(
        by="ana", origin=RunOrigin.PAGE, undo_of=run.id, override_reason="taken back"
    )
    opened = services.runs.approve(run.month, plan.digest, options, approval)
    return services.runs.execute(opened.id, "ana")


def products(services: Services, run: Run) -> list[int]:
    return [
        row.product_id
        for row in services.runs.changes(run.id)
        if row.change.kind is ChangeKind.CREATE_PRODUCT and row.product_id is not None
    ]


def test_an_undone_run_leaves_the_world_as_it_was_and_may_be_done_again(
    ready: Services, month: Month
) -> None:
    before = state(ready)
    run = synced(ready, month)
    after = state(ready)
    back = undone(ready, run)
    assert (back.status, back.failed, back.skipped) == (RunStatus.FINISHED, 0, 0)
    assert (back.undo_of, back.done) == (run.id, run.done)
    assert state(ready) == before
    created = products(ready, run)
    assert created
    assert all(ready.connectwise.get_product(each).inactive for each in created)
    again = undone(ready, back)
    assert (again.status, again.failed) == (RunStatus.FINISHED, 0)
    assert state(ready) == after
    assert not any(ready.connectwise.get_product(each).inactive for each in created)


def test_what_somebody_changed_since_is_refused_and_stays(
    ready: Services, sandbox: Sandbox, month: Month
) -> None:
    run = synced(ready, month)
    row = next(
        each
        for each in ready.runs.changes(run.id)
        if each.change.kind is ChangeKind.CREATE_ADDITION and each.change.target.product_id
    )
    assert row.addition_id is not None
    table = sandbox.world.tables["additions"]
    with sandbox.world.transaction():
        table.replace(row.addition_id, {**table.records[row.addition_id], "quantity": 77})
    back = undone(ready, run)
    assert back.done == run.done - 1
    plan = ready.runs.undo_plan(run.id)
    assert row.addition_id in plan.findings[0].addition_ids
    assert plan.findings[0].kind is FindingKind.CHANGED_SINCE
    assert table.records[row.addition_id]["quantity"] == 77


def test_a_new_addition_that_took_another_price_than_the_plan_knew_is_taken_back(
    ready: Services, sandbox: Sandbox, month: Month
) -> None:
    """Somebody changed the product's price between the plan and its application."""
    before = state(ready)
    plan = ready.planning.plan(month)
    change = next(
        each
        for each in plan.changes
        if each.kind is ChangeKind.CREATE_ADDITION and each.unit_price is not None
    )
    catalog = sandbox.world.tables["catalog"]
    with sandbox.world.transaction():
        record = catalog.records[change.target.product_id]
        catalog.replace(change.target.product_id, {**record, "price": Decimal("77.125")})
    run = synced(ready, month)
    row = next(r for r in ready.runs.changes(run.id) if r.change.target == change.target)
    assert row.unit_price == Decimal("77.125")
    back = undone(ready, run)
    assert (back.done, back.failed, back.skipped) == (run.done, 0, 0)
    assert state(ready) == before


def test_an_undo_of_an_undo_bills_nothing_again_that_was_synced_since(
    ready: Services, sandbox: Sandbox, month: Month
) -> None:
    before = state(ready)
    undo = undone(ready, synced(ready, month))
    assert state(ready) == before
    again = synced(ready, month)
    synced_again = state(ready)
    several = billed_by_several(ready)
    ready.runs.prepare_undo(undo.id)
    plan = ready.runs.undo_plan(undo.id)
    refused = {finding.addition_ids for finding in plan.findings if finding.blocks}
    created = [
        row
        for row in ready.runs.changes(undo.id)
        if row.change.kind is ChangeKind.UNDO_CREATE
        # Its product is made active again, and nothing was billed on it since.
        and row.change.target.product_id not in {c.product_id for c in plan.changes}
    ]
    assert created
    assert {(row.addition_id,) for row in created} <= refused
    assert f"run {again.number}" in " ".join(str(finding.text) for finding in plan.findings)
    if plan.changes:
        undone_as_known(ready, undo)
    billed, _, _ = state(ready)
    expected, _, _ = synced_again
    assert billed.items() >= expected.items()
    assert billed_by_several(ready) == several


def billed_by_several(services: Services) -> set[tuple[int, int]]:
    """Agreements and products with more than one open addition."""
    today = services.planning.today()
    count = Counter(
        (each.agreement_id, each.product.id)
        for listed in services.store.additions.of().values()
        for each in listed
        if is_open(each, today)
    )
    return {place for place, number in count.items() if number > 1}


def changed_by_hand(services: Services, sandbox: Sandbox, run: Run, by: str) -> int:
    """Somebody sets the quantity of an addition that the run created; returns its id."""
    addition_id = next(
        each.addition_id
        for each in services.runs.changes(run.id)
        if each.change.kind is ChangeKind.CREATE_ADDITION and each.addition_id is not None
    )
    table = sandbox.world.tables["additions"]
    record = table.records[addition_id]
    info = {"lastUpdated": "2026-11-02T09:30:00Z", "updatedBy": by}
    with sandbox.world.transaction():
        table.replace(addition_id, {**record, "quantity": 77, "_info": info})
    return addition_id


def test_a_refusal_names_who_changed_it_and_stays_the_same_plan(
    ready: Services, sandbox: Sandbox, month: Month
) -> None:
    run = synced(ready, month)
    addition_id = changed_by_hand(ready, sandbox, run, "p.martin")
    ready.planning.refresh()
    plan = ready.runs.undo_plan(run.id)
    before = ready.store.additions.of()
    ready.runs.prepare_undo(run.id)
    named = ready.runs.undo_plan(run.id)
    (finding,) = [each for each in named.findings if addition_id in each.addition_ids]
    assert "and is 77 now. Last changed by p.martin, 2026-11-02" in str(finding.text)
    assert (named.digest, named.changes) == (plan.digest, plan.changes)
    unnamed = {
        id_: tuple(replace(each, updated_by="", last_updated=None) for each in listed)
        for id_, listed in ready.store.additions.of().items()
    }
    assert unnamed == before


def test_the_undo_of_a_product_is_one_truthful_change_of_its_mapping(
    ready: Services, month: Month
) -> None:
    """Making the product inactive breaks no mapping that leaves it in the same breath."""
    run = synced(ready, month)
    made = {
        row.product_id: row.change.target.product_code
        for row in ready.runs.changes(run.id)
        if row.change.kind is ChangeKind.CREATE_PRODUCT
    }
    assert made
    before = {each.id for each in ready.history.mapping_changes()}
    undone(ready, run)
    told = [each for each in ready.history.mapping_changes() if each.id not in before]
    assert {each.by for each in told} == {"ana"}
    for product_id, code in made.items():
        found = [(each.field, each.old, each.new) for each in told if each.product_code == code]
        assert ("connectwise_product_id", str(product_id), "") in found
        states = [(old, new) for field, old, new in found if field == "state"]
        assert len(states) <= 1
        assert all("broken" not in change for change in states)


def test_nobody_is_named_where_connectwise_does_not_say_it(
    ready: Services, sandbox: Sandbox, month: Month
) -> None:
    run = synced(ready, month)
    changed_by_hand(ready, sandbox, run, "p.martin")
    ready.planning.refresh()
    plan = ready.runs.undo_plan(run.id)
    sandbox.controls.faults.add(FaultRule(effect=Effect.STATUS, status=403, path="additions"))
    read_who_changed(ready.connectwise, ready.store, plan)
    assert ready.runs.undo_plan(run.id) == plan


def test_what_changes_after_the_preview_refuses_the_undo(
    ready: Services, sandbox: Sandbox, month: Month
) -> None:
    run = synced(ready, month)
    plan = ready.runs.undo_plan(run.id)
    change = next(each for each in plan.changes if each.addition_id is not None)
    approval = Approval(
        by="ana", origin=RunOrigin.PAGE, undo_of=run.id, override_reason="taken back"
    )
    opened = ready.runs.approve(month, plan.digest, PlanOptions(), approval)
    table = sandbox.world.tables["additions"]
    with sandbox.world.transaction():
        table.replace(change.addition_id, {**table.records[change.addition_id], "quantity": 77})
    writes = sandbox.controls.counters.as_json()["total_writes"]
    assert ready.runs.execute(opened.id, "ana").status is RunStatus.REFUSED
    assert sandbox.controls.counters.as_json()["total_writes"] == writes
    with pytest.raises(PlanChangedError):
        ready.runs.approve(month, plan.digest, PlanOptions(), approval)


@pytest.mark.parametrize("when", [When.BEFORE, When.AFTER])
def test_answers_that_are_lost_do_not_harm(
    ready: Services, sandbox: Sandbox, month: Month, when: When
) -> None:
    before = state(ready)
    run = synced(ready, month)
    sandbox.controls.faults.add(
        FaultRule(effect=Effect.RESET, system="connectwise", method="PATCH", every=3, when=when)
    )
    back = undone(ready, run)
    sandbox.controls.faults.clear()
    while back.status is RunStatus.ABORTED:
        back = ready.runs.resume(back.id, "ana")
    assert back.status is RunStatus.FINISHED
    # Answers of one change may be lost twice: what is left is undone once more.
    left = undone(ready, run) if back.failed or back.skipped else back
    assert (left.status, left.failed, left.skipped) == (RunStatus.FINISHED, 0, 0)
    assert state(ready) == before


def test_a_product_stays_while_one_of_its_additions_is_billed(
    ready: Services, sandbox: Sandbox, month: Month
) -> None:
    run = synced(ready, month)
    sandbox.controls.faults.add(
        FaultRule(
            effect=Effect.STATUS,
            status=400,
            body={"code": "InvalidObject", "message": "addition object is invalid"},
            system="connectwise",
            method="PATCH",
            path="additions",
        )
    )
    back = undone(ready, run)
    rows = ready.runs.changes(back.id)
    failed = {r.change.target.product_id for r in rows if r.outcome is Outcome.FAILED}
    leaving = [r for r in rows if r.change.kind is ChangeKind.RETIRE_PRODUCT]
    billed = [r for r in leaving if r.change.product_id in failed]
    assert billed
    assert {row.outcome for row in billed} == {Outcome.SKIPPED}
    for row in leaving:
        item = ready.connectwise.get_product(row.change.product_id or 0)
        assert item.inactive == (row not in billed)


def test_a_run_under_way_and_a_closed_month_are_not_undone(ready: Services, month: Month) -> None:
    run = synced(ready, month)
    ready.months.close(month, "ana")
    plan = ready.runs.undo_plan(run.id)
    assert plan.changes == ()
    assert [finding.kind for finding in plan.findings] == [FindingKind.CLOSED_MONTH]
    with pytest.raises(InputError, match="closed"):
        undone(ready, run)
    ready.months.reopen(month, "a mistake", "ana")
    options = replace(PlanOptions(), excluded={})
    plan = ready.runs.undo_plan(run.id, options)
    approval = Approval(by="ana", origin=RunOrigin.PAGE, undo_of=run.id, override_reason="x")
    opened = ready.runs.approve(month, plan.digest, options, approval)
    with pytest.raises(BusyError):
        ready.runs.undo_plan(opened.id)
