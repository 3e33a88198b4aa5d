"""A customer is moved to another agreement, over HTTP: nobody is billed twice."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from core.domain.carried import carried_parts
from core.domain.customers import CustomerValues
from core.domain.models import (
    ChangeKind,
    FindingKind,
    Outcome,
    Plan,
    PlanOptions,
    Run,
    RunStatus,
)
from core.domain.month import Month
from core.domain.row_edits import RowEdit as CustomerEdit
from core.sandbox.faults import Effect, FaultRule
from core.sandbox.server import Sandbox
from core.services import Services
from tests.use_cases.sync_world import (
    APPROVAL,
    agreements_that_prorate,
    approved,
    fresh_plan,
    prepare,
    synced,
)


def move_all(services: Services, old: int, new: int) -> None:
    """Save, as the page does, that everybody on one agreement is on another one."""
    company = services.store.customers.agreements()[new].company.id
    edits = [
        CustomerEdit(
            each.customer_id,
            each.version,
            CustomerValues.of(each),
            CustomerValues(company, new, each.sync),
        )
        for each in services.store.customers.mappings().values()
        if each.agreement_id == old
    ]
    assert services.customers.save(edits, "ana", shared_confirmed={new}).saved


def kept(services: Services, agreement_id: int) -> dict[int, Decimal]:
    """The quantities that sync keeps on an agreement, by addition."""
    bindings = services.store.additions.bindings().values()
    return {b.addition_id: b.quantity for b in bindings if b.agreement_id == agreement_id}


def in_connectwise(sandbox: Sandbox, additions: set[int]) -> set[Decimal]:
    rows = sandbox.world.tables["additions"].all()
    return {row["quantity"] for row in rows if row["id"] in additions}


def test_the_old_agreement_stops_billing_and_an_undo_puts_it_back(
    filled: Services, sandbox: Sandbox
) -> None:
    services = filled
    month: Month = prepare(services)
    assert synced(services, month).status is RunStatus.FINISHED
    old, new = agreements_that_prorate(services)[1], agreements_that_prorate(services)[4]
    before = {key: quantity for key, quantity in kept(services, old).items() if quantity}
    assert len(before) > 5
    move_all(services, old, new)

    services.planning.refresh()
    plan = services.planning.plan(month)
    let_go = [change for change in plan.changes if change.target.agreement_id == old]
    assert {change.addition_id for change in let_go} == before.keys()
    assert {change.kind for change in let_go} == {ChangeKind.ZERO}

    run = synced(services, month)
    assert run.status is RunStatus.FINISHED
    assert {row.outcome for row in services.runs.changes(run.id)} == {Outcome.DONE}
    assert in_connectwise(sandbox, set(before)) == {Decimal(0)}
    assert sum(kept(services, new).values()) == sum(before.values())
    services.planning.refresh()
    assert services.planning.plan(month).changes == ()

    taken_back(services, run)
    assert {key: q for key, q in kept(services, old).items() if q} == before


def test_the_old_agreement_bills_until_the_new_one_does(filled: Services, sandbox: Sandbox) -> None:
    services = filled
    month: Month = prepare(services)
    assert synced(services, month).status is RunStatus.FINISHED
    old, new = agreements_that_prorate(services)[1], agreements_that_prorate(services)[4]
    before = {key: quantity for key, quantity in kept(services, old).items() if quantity}
    move_all(services, old, new)
    services.planning.refresh()

    sandbox.controls.faults.add(
        FaultRule(effect=Effect.STATUS, status=400, method="POST", path=f"agreements/{new}/")
    )
    run = synced(services, month)
    rows = services.runs.changes(run.id)
    done = {row.change.target.key for row in rows if row.outcome is Outcome.DONE}
    for row in rows:
        if row.change.target.agreement_id == old:
            assert (row.outcome is Outcome.DONE) == done.issuperset(row.change.needs)
    assert run.failed
    assert run.skipped
    still = {key: quantity for key, quantity in kept(services, old).items() if quantity}
    assert still
    assert still.items() <= before.items()
    billed = sum(kept(services, new).values()) + sum(kept(services, old).values())
    assert billed == sum(before.values())

    sandbox.controls.faults.clear()
    options = services.runs.retry_options(run.id)
    again = services.runs.execute(approved(services, month, options).id, "ana")
    assert again.done == again.changes
    assert {q for q in kept(services, old).values()} == {Decimal(0)}
    services.planning.refresh()
    assert services.planning.plan(month).changes == ()


def test_what_somebody_set_by_hand_to_what_was_used_is_known_to_be_billed(
    filled: Services, sandbox: Sandbox
) -> None:
    services = filled
    month: Month = prepare(services)
    assert synced(services, month).status is RunStatus.FINISHED
    old, new = agreements_that_prorate(services)[1], agreements_that_prorate(services)[4]
    binding = next(
        each
        for each in services.store.additions.bindings().values()
        if each.agreement_id == old and each.quantity and len(each.carries) == 1
    )
    owner, code = carried_parts(binding.carries[0])
    used_one_more(sandbox, month, owner, code)
    set_by_hand(sandbox, binding.addition_id, binding.quantity + 1)
    services.usage.fetch(month, "ana")
    assert fresh_plan(services, month).changes == ()
    services.runs.confirm(month)
    kept_now = services.store.additions.bindings()[old, binding.product_id]
    assert kept_now.quantity == binding.quantity + 1

    customers = services.store.customers.mappings()
    company = services.store.customers.agreements()[new].company.id
    off = [
        replace(each, sync=False, version=each.version + 1)
        for each in customers.values()
        if each.agreement_id == old and each.customer_id != owner
    ]
    gone = customers[owner]
    gone = replace(gone, agreement_id=new, company_id=company, version=gone.version + 1)
    services.store.customers.change(lambda current: ([*off, gone], []))
    plan = fresh_plan(services, month)
    lowered = {change.addition_id for change in plan.changes if change.difference < 0}
    raised = [change for change in plan.changes if binding.carries[0] in change.carries]
    assert not raised or binding.addition_id in lowered


def used_one_more(sandbox: Sandbox, month: Month, owner: str, code: str) -> None:
    lines = list(sandbox.world.usage_lines(str(month)) or [])
    at = next(
        number
        for number, line in enumerate(lines)
        if line.get("accountId") == owner and line["productCode"] == code
    )
    more = {**lines[at], "billableQuantity": lines[at]["billableQuantity"] + 1}
    sandbox.world.set_usage_lines(str(month), [*lines[:at], more, *lines[at + 1 :]])


def set_by_hand(sandbox: Sandbox, addition_id: int, quantity: Decimal) -> None:
    table = sandbox.world.tables["additions"]
    with sandbox.world.transaction():
        table.replace(addition_id, {**table.records[addition_id], "quantity": quantity})


def test_neither_half_of_a_run_and_its_retry_is_taken_back_into_billing_twice(
    filled: Services, sandbox: Sandbox
) -> None:
    services = filled
    month: Month = prepare(services)
    assert synced(services, month).status is RunStatus.FINISHED
    old, new = agreements_that_prorate(services)[1], agreements_that_prorate(services)[4]
    before = {key: quantity for key, quantity in kept(services, old).items() if quantity}
    elsewhere = sum(kept(services, new).values())
    move_all(services, old, new)
    services.planning.refresh()
    sandbox.controls.faults.add(
        FaultRule(effect=Effect.STATUS, status=400, method="PATCH", path=f"agreements/{old}/")
    )
    first = synced(services, month)
    sandbox.controls.faults.clear()
    options = services.runs.retry_options(first.id)
    retry = services.runs.execute(approved(services, month, options).id, "ana")
    assert retry.done == retry.changes > 5

    services.runs.prepare_undo(retry.id)
    plan = services.runs.undo_plan(retry.id)
    assert plan.changes == ()
    assert {finding.kind for finding in plan.blocked} == {FindingKind.BILLED_ELSEWHERE}

    plan = taken_back(services, first)
    told = [each for each in plan.findings if each.kind is FindingKind.NOT_BILLED_YET]
    assert told
    assert all(f"run {retry.number}" in str(each.text) for each in told)
    assert sum(kept(services, old).values()) == 0
    taken_back(services, retry)
    assert {key: q for key, q in kept(services, old).items() if q} == before
    assert sum(kept(services, new).values()) == elsewhere


@pytest.mark.parametrize("how", ["stopped", "failed"])
def test_an_undo_of_a_move_that_did_not_get_through_is_completed(
    filled: Services, sandbox: Sandbox, how: str
) -> None:
    services = filled
    month: Month = prepare(services)
    assert synced(services, month).status is RunStatus.FINISHED
    old, new = agreements_that_prorate(services)[1], agreements_that_prorate(services)[4]
    before, elsewhere = kept(services, old), sum(kept(services, new).values())
    move_all(services, old, new)
    services.planning.refresh()
    run = synced(services, month)
    services.runs.prepare_undo(run.id)
    plan = services.runs.undo_plan(run.id)
    approval = replace(APPROVAL, undo_of=run.id, override_reason="moved back")
    undo = services.runs.approve(month, plan.digest, PlanOptions(), approval)
    if how == "failed":
        refused = FaultRule(
            effect=Effect.STATUS, status=400, method="PATCH", path=f"agreements/{new}/"
        )
        sandbox.controls.faults.add(refused)
        undo = services.runs.execute(undo.id, "ana")
        assert undo.failed
        sandbox.controls.faults.clear()
        taken_back(services, run)
    else:
        half = undo.changes // 2

        def stop(done: int, total: int) -> None:
            if done >= half:
                services.runs.stop(undo.id, "ben")

        assert services.runs.execute(undo.id, "ana", stop).status is RunStatus.STOPPED
        ended = services.runs.resume(undo.id, "ana")
        assert (ended.done, ended.failed, ended.skipped) == (ended.changes, 0, 0)
    assert {key: q for key, q in kept(services, old).items() if q} == {
        key: q for key, q in before.items() if q
    }
    assert sum(kept(services, new).values()) == elsewhere


def taken_back(services: Services, run: Run) -> Plan:
    services.runs.prepare_undo(run.id)
    plan = services.runs.undo_plan(run.id)
    approval = replace(APPROVAL, undo_of=run.id, override_reason="moved back")
    started = services.runs.approve(run.month, plan.digest, PlanOptions(), approval)
    ended = services.runs.execute(started.id, "ana")
    assert ended.done == ended.changes
    return plan


def test_who_leaves_somebody_that_is_off_behind_is_not_billed_twice(
    filled: Services, sandbox: Sandbox
) -> None:
    services = filled
    month: Month = prepare(services)
    old, new = agreements_that_prorate(services)[1], agreements_that_prorate(services)[4]
    there = [
        each
        for each in services.store.customers.mappings().values()
        if each.agreement_id == old and each.sync
    ]
    off = [replace(each, sync=False, version=each.version + 1) for each in there[1:]]
    services.store.customers.change(lambda current: (off, []))
    assert synced(services, month).status is RunStatus.FINISHED
    before = sum(kept(services, old).values())
    assert before
    move_all(services, old, new)
    services.store.customers.change(
        lambda current: (
            [replace(current[each.customer_id], agreement_id=old, company_id=each.company_id)
             for each in off],
            [],
        )
    )  # fmt: skip
    services.planning.refresh()
    run = synced(services, month)
    assert run.done == run.changes
    assert sum(kept(services, new).values()) == before
    assert sum(kept(services, old).values()) == 0
