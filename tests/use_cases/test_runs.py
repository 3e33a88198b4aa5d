"""Plans that are approved and carried out, over the sandbox and a real store."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from core.domain.models import (
    ChangeKind,
    MappingState,
    Outcome,
    PlanLimits,
    PlanOptions,
    Run,
    RunEventKind,
    RunStatus,
    SyncSettings,
    UsageGone,
)
from core.domain.month import Month
from core.errors import BusyError, ConflictError, InputError, message
from core.sandbox.faults import Effect, FaultRule
from core.sandbox.server import Sandbox
from core.services import Services
from core.use_cases.run_approval import LimitsExceededError, PlanChangedError
from tests.use_cases.sync_world import (
    APPROVAL,
    DEFAULTS,
    NOBODY_STOPS,
    approved,
    billed,
    change_usage,
    fresh_plan,
    map_products,
    prepare,
    synced,
)

ADDITIONS = "finance/agreements/.*additions"


@pytest.fixture
def services(filled: Services) -> Services:
    return filled


@pytest.fixture
def month(services: Services, sandbox: Sandbox) -> Iterator[Month]:
    prepared = prepare(services)
    sandbox.controls.counters.reset()
    return prepared


def written(sandbox: Sandbox) -> int:
    total = sandbox.controls.counters.as_json()["total_writes"]
    assert isinstance(total, int)
    return total


def outcomes(services: Services, run: Run) -> set[Outcome]:
    return {row.outcome for row in services.runs.changes(run.id)}


def edit_by_another(sandbox: Sandbox, table: str, record_id: int, **members: object) -> None:
    records = sandbox.world.tables[table]
    with sandbox.world.transaction():
        records.replace(record_id, {**records.records[record_id], **members})


# ---------------------------------------------------------------- carrying out


def test_what_was_previewed_is_what_is_billed_and_nothing_else(
    services: Services, sandbox: Sandbox, month: Month
) -> None:
    plan = services.planning.plan(month)
    before = billed(sandbox)
    run = synced(services, month)
    assert (run.status, run.done, run.failed) == (RunStatus.FINISHED, len(plan.changes), 0)
    after = billed(sandbox)
    created = {after[key][:3] for key in after.keys() - before.keys()}
    assert created == {
        (change.target.agreement_id, change.target.product_id, change.after)
        for change in plan.changes
        if change.kind is ChangeKind.CREATE_ADDITION
    }
    set_to = {c.addition_id: c.after for c in plan.changes if c.addition_id is not None}
    for key, (agreement, product, quantity, *days) in before.items():
        assert after[key] == (agreement, product, set_to.get(key, quantity), *days)
    assert set_to


def test_carrying_it_out_leaves_nothing_to_do(
    services: Services, sandbox: Sandbox, month: Month
) -> None:
    synced(services, month)
    known = services.planning.plan(month)
    assert known.changes == ()
    assert known.unchanged
    writes = written(sandbox)
    assert fresh_plan(services, month) == known
    with pytest.raises(InputError, match="nothing to do"):
        approved(services, month)
    assert services.runs.confirm(month) == len(known.unchanged)
    assert written(sandbox) == writes


def test_requests_are_one_per_agreement_and_one_per_change(
    services: Services, sandbox: Sandbox, month: Month
) -> None:
    agreements = {change.target.agreement_id for change in services.planning.plan(month).changes}
    run = synced(services, month)
    assert len(agreements) == 3
    # The agreements themselves are one list.
    assert (run.reads, run.writes) == (len(agreements) + 1, run.changes)
    counted = sandbox.controls.counters.as_json()
    assert (counted["total_reads"], counted["total_writes"]) == (run.reads, run.writes)
    assert counted["most_open"] <= services.connectwise.in_flight  # type: ignore[operator]


def test_everything_is_bound_with_its_month(services: Services, month: Month) -> None:
    run = synced(services, month)
    bindings = services.store.additions.bindings()
    for row in services.runs.changes(run.id):
        target = row.change.target
        binding = bindings[target.agreement_id, target.product_id]
        assert (binding.addition_id, binding.month) == (row.addition_id, month)
        assert binding.quantity == row.change.after
        assert row.names.agreement
        assert row.names.product
        assert row.names.customers


def months_carried(services: Services) -> set[Month]:
    return {binding.month for binding in services.store.additions.bindings().values()}


def test_an_unchanged_addition_carries_the_month_after_a_run(
    services: Services, sandbox: Sandbox, month: Month
) -> None:
    services.usage.fetch(month.plus(-1), "ana")
    synced(services, month.plus(-1))
    assert months_carried(services) == {month.plus(-1)}
    run = synced(services, month)
    assert 0 < run.changes < len(services.store.additions.bindings())
    assert months_carried(services) == {month}


def test_an_older_month_that_is_let_through_is_carried_and_taken_back_to_the_newer_one(
    services: Services, sandbox: Sandbox, month: Month
) -> None:
    synced(services, month)
    services.usage.fetch(month.plus(-1), "ana")
    assert not services.planning.plan(month.plus(-1)).changes
    options = PlanOptions(older_month_reason="Catching up.")
    run = services.runs.execute(approved(services, month.plus(-1), options).id, "ana")
    assert run.status is RunStatus.FINISHED
    changed = [row.change.target for row in services.runs.changes(run.id)]
    assert months_carried(services) == {month, month.plus(-1)}
    undo = services.runs.undo_plan(run.id)
    assert {change.target for change in undo.changes} == set(changed)
    assert {change.month_after for change in undo.changes} <= {month, None}
    assert synced(services, month).status is RunStatus.FINISHED
    assert months_carried(services) == {month}


def test_changed_usage_changes_quantities_in_place(
    services: Services, sandbox: Sandbox, month: Month
) -> None:
    synced(services, month)
    before = billed(sandbox)
    gone = {"CPHISH-MSP", "CDE-MSP"}

    def other(line: dict) -> dict | None:
        more = line["productCode"] == "CEMA-MSP"
        quantity = line["billableQuantity"] + (1 if more else 0)
        return None if line["productCode"] in gone else {**line, "billableQuantity": quantity}

    change_usage(sandbox, month, other)
    services.usage.fetch(month, "ana")
    plan = fresh_plan(services, month)
    assert {change.kind for change in plan.changes} == {ChangeKind.SET_QUANTITY, ChangeKind.ZERO}
    run = synced(services, month)
    after = billed(sandbox)
    assert after.keys() == before.keys()
    changed = {key for key in after if after[key] != before[key]}
    assert changed == {row.change.addition_id for row in services.runs.changes(run.id)}
    assert {after[key][2] for key in changed} >= {Decimal(0)}
    for key in changed:
        assert (*before[key][:2], *before[key][3:]) == (*after[key][:2], *after[key][3:])


def test_where_the_setting_says_so_unused_additions_are_cancelled_and_unbound(
    services: Services, sandbox: Sandbox, month: Month
) -> None:
    synced(services, month)
    bound = services.store.additions.bindings()
    settings = SyncSettings(limits=NOBODY_STOPS, usage_gone=UsageGone.CANCEL)
    services.preferences.save_sync(settings, "ana")
    change_usage(sandbox, month, lambda line: None if line["productCode"] == "CDE-MSP" else line)
    services.usage.fetch(month, "ana")
    run = synced(services, month)
    rows = services.runs.changes(run.id)
    assert {row.change.kind for row in rows} == {ChangeKind.CANCEL}
    for row in rows:
        record = sandbox.world.tables["additions"].records[row.addition_id or 0]
        assert record["cancelledDate"] == f"{row.change.cancelled_date}T00:00:00Z"
    left = services.store.additions.bindings()
    assert len(left) == len(bound) - len(rows)
    assert fresh_plan(services, month).changes == ()


# ---------------------------------------------------------------- default products


def test_a_default_product_is_created_mapped_and_billed_in_one_run(
    services: Services, sandbox: Sandbox
) -> None:
    month = prepare(services, defaults=DEFAULTS)
    run = synced(services, month)
    assert (run.status, run.failed, run.skipped) == (RunStatus.FINISHED, 0, 0)
    for code in DEFAULTS:
        mapping = services.store.mappings.all()[code]
        assert mapping.state is MappingState.ACTIVE
        assert "was created" in str(mapping.reason)
        [record] = [
            each
            for each in sandbox.world.tables["catalog"].all()
            if each.get("integrationXRef") == code
        ]
        assert mapping.connectwise_product_id == record["id"]
        product = [e for e in services.mappings.history(code) if e.field.endswith("product_id")]
        assert (product[0].origin, product[0].by) == ("sync", "ana")
        assert any(each[1] == record["id"] for each in billed(sandbox).values())
    assert fresh_plan(services, month).changes == ()


def test_two_products_of_one_name_share_what_the_run_creates(
    services: Services, sandbox: Sandbox
) -> None:
    month = prepare(services, defaults=("CIXA-MSP", "CIXAXDR", "SVRCIXAXDR"))

    def renamed(line: dict) -> dict:
        code = {"SVRCIXAXDR": "CIXA", "CIXAXDR": "CIXA"}.get(line["productCode"])
        return {**line, "productCode": code} if code else line

    change_usage(sandbox, month, renamed)
    services.usage.fetch(month, "ana")
    map_products(services, {"CIXA": None})
    plan = fresh_plan(services, month)
    kinds = [c.kind for c in plan.changes if not c.target.agreement_id]
    assert sorted(kinds) == [ChangeKind.ADOPT_PRODUCT, ChangeKind.CREATE_PRODUCT]
    run = synced(services, month)
    assert (run.status, run.failed, run.skipped) == (RunStatus.FINISHED, 0, 0)
    mappings = services.store.mappings.all()
    assert mappings["CIXA"].connectwise_product_id == mappings["CIXA-MSP"].connectwise_product_id
    assert fresh_plan(services, month).changes == ()


def test_a_product_that_is_there_already_is_adopted_without_a_write(
    services: Services, sandbox: Sandbox
) -> None:
    month = prepare(services, defaults=DEFAULTS)
    services.products.create(services.products.prefill(DEFAULTS[0]))
    sandbox.controls.counters.reset()
    plan = services.planning.plan(month)
    adopted = [c for c in plan.changes if c.kind is ChangeKind.ADOPT_PRODUCT]
    assert [change.target.product_code for change in adopted] == [DEFAULTS[0]]
    run = synced(services, month)
    assert run.writes == run.changes - 1
    assert "default product" in str(services.store.mappings.all()[DEFAULTS[0]].reason)


def test_without_its_product_an_addition_is_skipped_and_a_retry_does_both(
    services: Services, sandbox: Sandbox
) -> None:
    month = prepare(services, defaults=DEFAULTS)
    body = {"code": "InvalidObject", "message": "No.", "errors": None}
    sandbox.controls.faults.add(
        FaultRule(
            effect=Effect.STATUS, status=400, body=body, method="POST", path="catalog", count=1
        )
    )
    run = synced(services, month)
    rows = services.runs.changes(run.id)
    assert run.status is RunStatus.FINISHED
    [failed] = [row for row in rows if row.outcome is Outcome.FAILED]
    skipped = [row for row in rows if row.outcome is Outcome.SKIPPED]
    assert failed.change.kind is ChangeKind.CREATE_PRODUCT
    code = failed.change.target.product_code
    assert {row.change.target.product_code for row in skipped} == {code}
    assert skipped
    retry = services.runs.retry_options(run.id)
    again = services.runs.execute(approved(services, month, retry).id, "ana")
    assert (again.status, again.done) == (RunStatus.FINISHED, 1 + len(skipped))
    assert fresh_plan(services, month).changes == ()


def test_a_retry_uses_a_product_that_somebody_created_meanwhile(
    services: Services, sandbox: Sandbox
) -> None:
    month = prepare(services, defaults=DEFAULTS)
    sandbox.controls.faults.add(
        FaultRule(effect=Effect.STATUS, status=400, method="POST", path="catalog", count=2)
    )
    run = synced(services, month)
    for code in DEFAULTS:
        services.products.create(services.products.prefill(code))
    options = services.runs.retry_options(run.id)
    again = services.runs.execute(approved(services, month, options).id, "ana")
    assert (again.status, again.done) == (RunStatus.FINISHED, run.failed + run.skipped)
    assert again.writes == run.skipped
    assert fresh_plan(services, month).changes == ()


def test_a_row_that_somebody_mapped_meanwhile_stays_as_they_wanted_it(
    services: Services, sandbox: Sandbox
) -> None:
    month = prepare(services, defaults=DEFAULTS[:1])
    run = approved(services, month)
    theirs = services.catalog.entries()[0].id
    create = services.connectwise.create_product

    def then_they_map(fields):  # type: ignore[no-untyped-def]
        map_products(services, {DEFAULTS[0]: theirs})
        return create(fields)

    services.connectwise.create_product = then_they_map  # type: ignore[method-assign]
    ended = services.runs.execute(run.id, "ana")
    assert services.store.mappings.all()[DEFAULTS[0]].connectwise_product_id == theirs
    assert ended.skipped
    assert ended.failed == 0


# ---------------------------------------------------------------- approving


def test_another_plan_than_the_one_that_was_looked_at_is_refused_and_shown(
    services: Services, month: Month
) -> None:
    with pytest.raises(PlanChangedError) as caught:
        services.runs.approve(month, "0" * 64, PlanOptions(), APPROVAL)
    assert caught.value.plan == services.planning.plan(month)
    assert services.runs.list() == []


def test_limits_need_a_reason_which_is_recorded(services: Services, month: Month) -> None:
    services.preferences.save_sync(SyncSettings(limits=PlanLimits(quantity=Decimal(1))), "ana")
    plan = services.planning.plan(month)
    with pytest.raises(LimitsExceededError) as caught:
        services.runs.approve(month, plan.digest, PlanOptions(), APPROVAL)
    assert caught.value.plan.exceeded
    assert len(caught.value.problems) == len(plan.exceeded)
    assert services.runs.list() == []
    reason = replace(APPROVAL, override_reason="  Checked by   phone ")
    run = services.runs.approve(month, plan.digest, PlanOptions(), reason)
    assert run.override_reason == "Checked by phone"
    assert services.runs.get(run.id).limits == plan.limits


def test_excluded_rows_are_left_alone_and_the_reason_is_kept(
    services: Services, sandbox: Sandbox, month: Month
) -> None:
    left = services.planning.plan(month).changes[0]
    options = PlanOptions(excluded={left.target.key: "The customer asked."})
    run = services.runs.execute(approved(services, month, options).id, "ana")
    assert services.runs.get(run.id).options == options
    assert [change.target for change in fresh_plan(services, month).changes] == [left.target]


def test_two_approvals_at_once_make_one_run(
    services: Services, sandbox: Sandbox, month: Month
) -> None:
    plan = services.planning.plan(month)
    together = threading.Barrier(4)
    runs: list[Run] = []
    refused: list[BusyError] = []

    def approve() -> None:
        together.wait()
        try:
            runs.append(services.runs.approve(month, plan.digest, PlanOptions(), APPROVAL))
        except BusyError as error:
            refused.append(error)

    threads = [threading.Thread(target=approve) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(runs), len(refused)) == (1, 3)
    assert len(services.runs.list()) == 1
    services.runs.execute(runs[0].id, "ana")
    assert written(sandbox) == len(plan.changes)


def test_a_month_that_is_closed_or_unfetched_says_why_nothing_is_approved(
    services: Services, month: Month
) -> None:
    services.months.close(month, "ana")
    with pytest.raises(InputError, match="is closed"):
        approved(services, month)
    services.months.reopen(month, "A credit.", "ana")
    assert approved(services, month)
    with pytest.raises(InputError, match="not fetched"):
        approved(services, month.plus(-1))
    with pytest.raises(BusyError):
        services.months.close(month, "ana")


# ---------------------------------------------------------------- moved before the first write


def _quantity(services: Services, sandbox: Sandbox, month: Month) -> None:
    change = next(c for c in services.planning.plan(month).changes if c.addition_id)
    edit_by_another(sandbox, "additions", change.addition_id or 0, quantity=Decimal(4321))


def _another_addition(services: Services, sandbox: Sandbox, month: Month) -> None:
    change = next(
        c for c in services.planning.plan(month).changes if c.kind is ChangeKind.CREATE_ADDITION
    )
    table = sandbox.world.tables["additions"]
    with sandbox.world.transaction():
        some = next(iter(table.all()))
        product = sandbox.world.tables["catalog"].records[change.target.product_id]
        reference = {"id": product["id"], "identifier": product["identifier"]}
        parent = change.target.agreement_id
        table.insert({**some, "agreementId": parent, "product": reference})


def _cancelled_agreement(services: Services, sandbox: Sandbox, month: Month) -> None:
    agreement_id = services.planning.plan(month).changes[0].target.agreement_id
    edit_by_another(sandbox, "agreements", agreement_id, cancelledFlag=True)


def _deleted_agreement(services: Services, sandbox: Sandbox, month: Month) -> None:
    agreement_id = services.planning.plan(month).changes[0].target.agreement_id
    with sandbox.world.transaction():
        sandbox.world.tables["agreements"].delete(agreement_id)


def _unreadable_agreement(services: Services, sandbox: Sandbox, month: Month) -> None:
    agreement_id = services.planning.plan(month).changes[0].target.agreement_id
    path = f"agreements/{agreement_id}/additions"
    sandbox.controls.faults.add(FaultRule(effect=Effect.STATUS, method="GET", path=path))


def _emptied_agreement(services: Services, sandbox: Sandbox, month: Month) -> None:
    agreement_id = services.planning.plan(month).changes[0].target.agreement_id
    path = f"agreements/{agreement_id}/additions"
    rule = FaultRule(effect=Effect.STATUS, status=200, body=[], method="GET", path=path)
    sandbox.controls.faults.add(rule)


def _down(services: Services, sandbox: Sandbox, month: Month) -> None:
    sandbox.controls.faults.add(FaultRule(effect=Effect.STATUS, method="GET"))


def _usage(services: Services, sandbox: Sandbox, month: Month) -> None:
    change_usage(
        sandbox, month, lambda line: {**line, "billableQuantity": line["billableQuantity"] + 1}
    )
    services.usage.fetch(month, "ana")


def _mapping(services: Services, sandbox: Sandbox, month: Month) -> None:
    used = {c.target.product_id for c in services.planning.plan(month).changes}
    free = next(
        e.id
        for e in services.catalog.entries()
        if e.id not in used and e.is_billable and not e.inactive
    )
    map_products(services, {"CEMA-MSP": free})


MOVES = {
    "quantity": _quantity,
    "another addition": _another_addition,
    "cancelled agreement": _cancelled_agreement,
    "deleted agreement": _deleted_agreement,
    "unreadable agreement": _unreadable_agreement,
    "no additions where there were some": _emptied_agreement,
    "ConnectWise down": _down,
    "usage": _usage,
    "mapping": _mapping,
}


@pytest.mark.parametrize("name", MOVES)
def test_what_moved_since_the_approval_refuses_the_run_before_its_first_write(
    services: Services, sandbox: Sandbox, month: Month, name: str
) -> None:
    run = approved(services, month)
    MOVES[name](services, sandbox, month)
    ended = services.runs.execute(run.id, "ana")
    assert ended.status is RunStatus.REFUSED
    assert written(sandbox) == 0
    last = ended.events[-1]
    assert last.text is not None
    assert last.remedy is not None
    assert outcomes(services, run) == {Outcome.WAITING}
    assert services.store.runs.journal(run.id) == []
    with pytest.raises(ConflictError):
        services.runs.resume(run.id, "ana")
    sandbox.controls.faults.clear()
    if name not in ("cancelled agreement", "deleted agreement"):
        assert fresh_plan(services, month).changes


def test_a_product_that_appeared_since_refuses_the_run(
    services: Services, sandbox: Sandbox
) -> None:
    month = prepare(services, defaults=DEFAULTS)
    run = approved(services, month)
    fields = services.products.prefill(DEFAULTS[0])
    # Not through the dashboard: its snapshot of the catalog does not know it yet.
    services.connectwise.create_product(replace(fields, identifier="Their name for it"))
    sandbox.controls.counters.reset()
    ended = services.runs.execute(run.id, "ana")
    assert ended.status is RunStatus.REFUSED
    assert "Sophos" in str(ended.events[-1].text)
    assert written(sandbox) == 0
    kinds = {c.kind for c in services.planning.plan(month).changes if not c.target.agreement_id}
    assert kinds == {ChangeKind.CREATE_PRODUCT, ChangeKind.ADOPT_PRODUCT}
    assert synced(services, month).status is RunStatus.FINISHED


def test_what_only_reads_differently_does_not_refuse(
    services: Services, sandbox: Sandbox, month: Month
) -> None:
    run = approved(services, month)
    agreement_id = services.planning.plan(month).changes[0].target.agreement_id
    edit_by_another(sandbox, "agreements", agreement_id, name="Renamed")
    assert services.runs.execute(run.id, "ana").status is RunStatus.FINISHED


def test_without_the_product_that_it_adopts_nothing_is_billed(
    services: Services, sandbox: Sandbox
) -> None:
    code = DEFAULTS[0]
    catalog = sandbox.world.tables["catalog"]
    with sandbox.world.transaction():
        there = catalog.insert({**catalog.all()[0], "identifier": "OURS", "integrationXRef": code})
    services.catalog.refresh()
    month = prepare(services, defaults=[code])
    plan = services.planning.plan(month)
    counting = [c for c in plan.changes if code in {part.product_code for part in c.parts}]
    assert counting
    run = approved(services, month)
    edit_by_another(sandbox, "catalog", there, inactiveFlag=True)

    ended = services.runs.execute(run.id, "ana")

    assert (ended.failed, ended.skipped) == (1, len(counting))
    billed_on = {each[1] for each in billed(sandbox).values()}
    assert there not in billed_on


def test_other_settings_for_new_products_refuse_what_was_approved(
    services: Services, sandbox: Sandbox
) -> None:
    month = prepare(services, defaults=DEFAULTS)
    run = approved(services, month)
    defaults = services.preferences.defaults()
    services.preferences.save_defaults(replace(defaults, taxable=not defaults.taxable), "ana")
    sandbox.controls.counters.reset()

    assert services.runs.execute(run.id, "ana").status is RunStatus.REFUSED
    assert written(sandbox) == 0


def test_another_price_of_the_vendor_refuses_the_product_that_was_approved(
    services: Services, sandbox: Sandbox
) -> None:
    month = prepare(services, defaults=DEFAULTS)
    run = approved(services, month)

    def dearer(line: dict[str, Any]) -> dict[str, Any]:
        waits = line["productCode"] in DEFAULTS
        return {**line, "unitPrice": 77.5, "sku": "NEW-SKU"} if waits else line

    change_usage(sandbox, month, dearer)
    services.usage.fetch(month, "ana")
    sandbox.controls.counters.reset()
    assert services.runs.execute(run.id, "ana").status is RunStatus.REFUSED
    assert written(sandbox) == 0

    assert synced(services, month).status is RunStatus.FINISHED
    made = [
        item
        for item in sandbox.world.tables["catalog"].all()
        if item.get("integrationXRef") in DEFAULTS
    ]
    assert len(made) == len(DEFAULTS)
    assert {(item["cost"], item["vendorSku"]) for item in made} == {(Decimal("77.5"), "NEW-SKU")}


# ---------------------------------------------------------------- stopping, resuming


def test_a_run_is_stopped_between_calls_and_resumed(
    services: Services, sandbox: Sandbox, month: Month
) -> None:
    run = approved(services, month)

    def stop(done: int, total: int | None) -> None:
        if done == 5:
            services.runs.stop(run.id, "ben")

    stopped = services.runs.execute(run.id, "ana", stop)
    assert (stopped.status, stopped.events[-1].by) == (RunStatus.STOPPED, "ben")
    assert 5 <= stopped.done < 5 + 2 * services.connectwise.in_flight + 1
    assert outcomes(services, run) == {Outcome.DONE, Outcome.WAITING}
    assert written(sandbox) == stopped.done
    assert services.runs.interrupted() is None

    told: list[tuple[int, int | None]] = []
    ended = services.runs.resume(run.id, "cleo", lambda done, total: told.append((done, total)))
    assert (ended.status, ended.done) == (RunStatus.FINISHED, run.changes)
    # Progress counts what was done before it was stopped.
    assert (told[0], max(told)) == ((stopped.done, run.changes), (run.changes, run.changes))
    assert {total for _done, total in told} == {run.changes}
    assert written(sandbox) == run.changes
    assert [event.kind for event in ended.events] == [
        RunEventKind.APPROVED,
        RunEventKind.STARTED,
        RunEventKind.STOPPED,
        RunEventKind.RESUMED,
        RunEventKind.FINISHED,
    ]
    assert ended.writes == run.changes
    assert fresh_plan(services, month).changes == ()


def stopped_early(services: Services, month: Month) -> Run:
    """A run that did something before it was stopped."""
    run = approved(services, month)

    def stop(done: int, total: int | None) -> None:
        if done:
            services.runs.stop(run.id, "ben")

    ended = services.runs.execute(run.id, "ana", stop)
    assert ended.status is RunStatus.STOPPED
    return ended


def test_what_somebody_changed_while_a_run_stood_still_is_not_written_over(
    services: Services, sandbox: Sandbox, month: Month
) -> None:
    run = stopped_early(services, month)
    waiting = [r for r in services.runs.changes(run.id) if r.outcome is Outcome.WAITING]
    quantities = [r for r in waiting if r.change.addition_id]
    created = [r for r in waiting if r.change.kind is ChangeKind.CREATE_ADDITION]
    theirs = quantities[0].change.addition_id or 0
    edit_by_another(sandbox, "additions", theirs, quantity=Decimal(4321))
    with sandbox.world.transaction():
        gone = quantities[1].change.addition_id or 0
        sandbox.world.tables["additions"].delete(gone)
    added = created[0].change
    table = sandbox.world.tables["additions"]
    product = sandbox.world.tables["catalog"].records[added.target.product_id]
    with sandbox.world.transaction():
        table.insert(
            {
                **table.all()[0],
                "agreementId": added.target.agreement_id,
                "product": {"id": product["id"], "identifier": product["identifier"]},
                "quantity": added.after,
                "effectiveDate": f"{added.effective_date}T00:00:00Z",
            }
        )
    ended = services.runs.resume(run.id, "ana")
    assert (ended.status, ended.failed) == (RunStatus.FINISHED, 3)
    failed = {r.number: r for r in services.runs.changes(run.id) if r.outcome is Outcome.FAILED}
    assert failed.keys() == {quantities[0].number, quantities[1].number, created[0].number}
    assert all(row.text and row.remedy for row in failed.values())
    assert sandbox.world.tables["additions"].records[theirs]["quantity"] == 4321


def assert_left_alone(services: Services, sandbox: Sandbox, run: Run, writes: int) -> None:
    """Nothing more was written, and what was left of the run says why."""
    assert written(sandbox) == writes
    left = [r for r in services.runs.changes(run.id) if r.outcome is Outcome.SKIPPED]
    assert left
    assert all("plan of now" in str(row.text) and row.remedy for row in left)


def test_an_agreement_that_ended_while_a_run_stood_still_is_not_written_to(
    services: Services, sandbox: Sandbox, month: Month
) -> None:
    run = stopped_early(services, month)
    waiting = [r for r in services.runs.changes(run.id) if r.outcome is Outcome.WAITING]
    ended_one = waiting[-1].change.target.agreement_id
    there = [r.number for r in waiting if r.change.target.agreement_id == ended_one]
    edit_by_another(sandbox, "agreements", ended_one, cancelledFlag=True)
    writes = written(sandbox)

    ended = services.runs.resume(run.id, "ana")

    assert (ended.status, ended.skipped) == (RunStatus.FINISHED, len(there))
    assert written(sandbox) == writes + len(waiting) - len(there)
    skipped = [r.number for r in services.runs.changes(run.id) if r.outcome is Outcome.SKIPPED]
    assert skipped == there


def test_customers_that_were_turned_off_while_a_run_stood_still_are_left_alone(
    services: Services, sandbox: Sandbox, month: Month
) -> None:
    run = stopped_early(services, month)
    mappings = services.store.customers.mappings().values()
    off = [replace(each, sync=False, version=each.version + 1) for each in mappings]
    services.store.customers.change(lambda current: (off, []))
    writes = written(sandbox)

    assert services.runs.resume(run.id, "ana").status is RunStatus.FINISHED
    assert_left_alone(services, sandbox, run, writes)


def test_usage_that_was_fetched_anew_while_a_run_stood_still_is_not_that_of_the_run(
    services: Services, sandbox: Sandbox, month: Month
) -> None:
    run = stopped_early(services, month)
    change_usage(
        sandbox, month, lambda line: {**line, "billableQuantity": line["billableQuantity"] + 1}
    )
    services.usage.fetch(month, "ana")
    writes = written(sandbox)

    assert services.runs.resume(run.id, "ana").status is RunStatus.FINISHED
    assert_left_alone(services, sandbox, run, writes)
    assert synced(services, month).status is RunStatus.FINISHED
    assert fresh_plan(services, month).changes == ()


def test_a_run_of_chosen_rows_is_resumed_with_the_product_that_it_created(
    services: Services, sandbox: Sandbox
) -> None:
    month = prepare(services, defaults=DEFAULTS)
    plan = services.planning.plan(month)
    only = frozenset(c.target.key for c in plan.changes if c.target.product_code)
    run = approved(services, month, PlanOptions(only=only))

    def stop(done: int, total: int | None) -> None:
        if done == 1:
            services.runs.stop(run.id, "ben")

    assert services.runs.execute(run.id, "ana", stop).status is RunStatus.STOPPED
    ended = services.runs.resume(run.id, "ana")
    assert (ended.status, ended.done) == (RunStatus.FINISHED, run.changes)


def test_a_run_that_was_stopped_is_not_resumed_after_a_later_one(
    services: Services, sandbox: Sandbox, month: Month
) -> None:
    first = stopped_early(services, month)
    assert synced(services, month).status is RunStatus.FINISHED
    writes = written(sandbox)
    with pytest.raises(ConflictError, match="Run 2 was approved after run 1"):
        services.runs.resume(first.id, "ana")
    assert written(sandbox) == writes


def test_no_closed_month_is_written_to_by_resuming(
    services: Services, sandbox: Sandbox, month: Month
) -> None:
    run = stopped_early(services, month)
    services.months.close(month, "ana")
    writes = written(sandbox)
    with pytest.raises(InputError, match="is closed"):
        services.runs.resume(run.id, "ana")
    assert written(sandbox) == writes
    assert services.runs.get(run.id).status is RunStatus.STOPPED


def test_a_run_that_nobody_started_is_offered_and_can_be_given_up(
    services: Services, sandbox: Sandbox, month: Month
) -> None:
    run = approved(services, month)
    found = services.runs.interrupted()
    assert found is not None
    assert found.id == run.id
    services.runs.stop(run.id, "ben")
    assert services.runs.interrupted() is None
    assert services.runs.get(run.id).events[-1].by == "ben"
    with pytest.raises(ConflictError):
        services.runs.stop(run.id, "ben")
    # Resumed, its plan is compared before anything is written, as at a start.
    _quantity(services, sandbox, month)
    assert services.runs.resume(run.id, "ana").status is RunStatus.REFUSED
    assert written(sandbox) == 0


def test_a_run_goes_on_in_the_background_for_every_viewer(
    services: Services, sandbox: Sandbox, month: Month
) -> None:
    sandbox.controls.faults.add(FaultRule(effect=Effect.LATENCY, latency=0.02, path=ADDITIONS))
    run = approved(services, month)
    seen = []
    services.runs.start(run.id, "ana")
    while services.runs.progress() is None:
        threading.Event().wait(0.001)
    with pytest.raises(BusyError):
        services.runs.execute(run.id, "ben")
    with pytest.raises(BusyError):
        approved(services, month)
    assert services.runs.interrupted() is None
    while (progress := services.runs.progress()) is not None:
        seen.append(progress)
        threading.Event().wait(0.01)
    services.jobs.wait()
    job = services.jobs.last("run")
    assert job is not None
    assert (job.error, job.done, job.total) == (None, run.changes, run.changes)
    totals = {each.total for each in seen if each.total is not None}
    assert totals == {run.changes}
    done = [each.done for each in seen]
    assert done == sorted(done)
    assert any(each.seconds_left for each in seen)
    assert services.runs.get(run.id).status is RunStatus.FINISHED


def test_another_task_in_the_worker_keeps_a_run_from_being_approved(
    services: Services, month: Month
) -> None:
    release = threading.Event()
    services.jobs.start("test", message("Test"), "ana", lambda progress: release.wait(10))
    with pytest.raises(BusyError, match="Test"):
        approved(services, month)
    release.set()
    services.jobs.wait()
    assert services.runs.list() == []


def test_unknown_runs_are_said_to_be_unknown(services: Services) -> None:
    with pytest.raises(InputError):
        services.runs.get("nothing")
    assert services.runs.progress() is None
