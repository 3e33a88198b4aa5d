"""Reading agreements and additions for a plan: what is read, what is kept, what fails."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest

from core.domain.models import (
    Basis,
    BillingOption,
    BundleRule,
    FindingKind,
    PlanOptions,
    QuantityRule,
    SyncSettings,
    UsageGone,
)
from core.domain.month import Month
from core.domain.price_effect import price_effect
from core.domain.rule_editing import RuleEdit
from core.errors import AccessError, TryAgainError, VendorError
from core.sandbox.faults import Effect, FaultRule
from core.sandbox.server import Sandbox
from core.services import Services
from tests.use_cases.sync_world import billed, fresh_plan, map_customers, synced

NOT_SIGNED_IN = {"code": "ConnectWiseApi", "message": "UserNotAuthenticated"}


@pytest.fixture
def services(ready: Services, sandbox: Sandbox) -> Services:
    sandbox.controls.counters.reset()
    return ready


@pytest.fixture
def month(services: Services) -> Month:
    return services.usage.months()[0]


@pytest.fixture
def mapped(services: Services) -> list[int]:
    found = {m.agreement_id for m in services.store.customers.mappings().values()}
    return sorted(each for each in found if each is not None)


def fault(sandbox: Sandbox, **rule: object) -> None:
    sandbox.controls.faults.add(FaultRule(**rule))  # type: ignore[arg-type]


def snapshot(services: Services) -> dict[int, tuple[object, ...]]:
    return {
        addition.id: (addition.agreement_id, addition.product.id, addition.quantity)
        for additions in services.store.additions.of().values()
        for addition in additions
    }


def test_one_request_per_agreement_reads_what_is_there(
    services: Services, sandbox: Sandbox, mapped: list[int]
) -> None:
    seen: list[tuple[int, int | None]] = []
    services.planning.refresh(lambda done, total: seen.append((done, total)))
    counted = sandbox.controls.counters.as_json()
    assert counted["reads"] == {
        "GET /finance/agreements": 1,
        "GET /finance/agreements/{id}/additions": len(mapped),
        "GET /login/companyinfo/{company}": 1,
    }
    assert seen == [(number, len(mapped)) for number in range(1, len(mapped) + 1)]
    expected = {key: each[:3] for key, each in billed(sandbox).items() if each[0] in mapped}
    assert snapshot(services) == expected


def test_an_agreement_that_becomes_yearly_costs_a_twelfth_per_month(
    services: Services, sandbox: Sandbox, month: Month
) -> None:
    before = price_effect(services.planning.plan(month).changes)
    table = sandbox.world.tables["agreements"]
    for record in table.all():
        table.replace(record["id"], {**record, "billingCycle": {"id": 5, "name": "Yearly"}})
    services.planning.refresh()
    plan = services.planning.plan(month)
    after = price_effect(plan.changes)
    assert [12 * each.per_year for each in after.monthly] == [
        each.per_year for each in before.monthly
    ]
    assert after.by_period == before.by_period == ()
    assert {each.billing for each in plan.changes if each.target.agreement_id} == {
        BillingOption.YEARLY
    }


@pytest.mark.parametrize("billed_as", ["DoNotBill", "NoCharge"])
def test_an_addition_that_is_not_billed_costs_its_customer_nothing(
    services: Services, sandbox: Sandbox, month: Month, billed_as: str
) -> None:
    (adopted, *_) = (
        change
        for change in services.planning.plan(month).changes
        if change.price_effect and change.addition_id
    )
    table = sandbox.world.tables["additions"]
    record = table.records[adopted.addition_id or 0]
    table.replace(record["id"], {**record, "billCustomer": billed_as})
    services.planning.refresh()
    changes = {change.target: change for change in services.planning.plan(month).changes}
    assert changes[adopted.target].price_effect == 0
    assert changes[adopted.target].unit_price == adopted.unit_price


def test_many_agreements_are_read_side_by_side(services: Services, sandbox: Sandbox) -> None:
    ids = [each.id for each in services.store.customers.agreements().values()]
    fault(sandbox, effect=Effect.LATENCY, latency=0.02, path="additions")
    services.planning.refresh_agreements(ids)
    assert sandbox.controls.counters.as_json()["most_open"] == services.connectwise.in_flight
    assert set(services.store.additions.of()) == set(ids)


def test_an_agreement_that_cannot_be_read_blocks_its_own_rows_only(
    services: Services, sandbox: Sandbox, month: Month, mapped: list[int]
) -> None:
    before = services.planning.plan(month)
    bad = mapped[1]
    fault(sandbox, effect=Effect.STATUS, method="GET", path=f"agreements/{bad}/additions")
    reading = services.planning.refresh()
    assert reading.failures.keys() == {bad}
    plan = services.planning.plan(month)
    assert set(plan.changes) < set(before.changes)
    assert {c.target.agreement_id for c in set(before.changes) - set(plan.changes)} == {bad}
    blocked = {f.kind for f in plan.blocked}
    assert blocked == {FindingKind.UNREADABLE_AGREEMENT}
    sandbox.controls.faults.clear()
    assert fresh_plan(services, month) == before


@pytest.mark.parametrize(
    "body", [[], [{"id": 5}], {"items": []}, "<html>"], ids=["none", "half", "object", "page"]
)
def test_an_answer_gone_wrong_is_not_taken_for_additions_that_are_gone(
    services: Services, sandbox: Sandbox, month: Month, mapped: list[int], body: object
) -> None:
    before = services.planning.plan(month)
    bad = mapped[0]
    path = f"agreements/{bad}/additions"
    fault(sandbox, effect=Effect.STATUS, status=200, body=body, method="GET", path=path)
    services.planning.refresh()
    plan = services.planning.plan(month)
    assert not [c for c in plan.changes if c.target.agreement_id == bad]
    sandbox.controls.faults.clear()
    assert fresh_plan(services, month) == before


def test_an_agreement_that_really_lost_its_additions_is_believed_the_second_time(
    services: Services, sandbox: Sandbox, mapped: list[int]
) -> None:
    table = sandbox.world.tables["additions"]
    with sandbox.world.transaction():
        for record in table.all():
            if record["agreementId"] == mapped[0]:
                table.delete(record["id"])
    assert services.planning.refresh().failures.keys() == {mapped[0]}
    assert services.planning.refresh().failures == {}
    assert services.store.additions.of([mapped[0]]) == {mapped[0]: ()}


def test_an_agreement_that_is_not_listed_any_more_gets_no_writes(
    services: Services, sandbox: Sandbox, month: Month, mapped: list[int]
) -> None:
    fault(sandbox, effect=Effect.STATUS, status=200, body=[], method="GET", path="agreements$")
    reading = services.planning.refresh()
    assert reading.failures.keys() == set(mapped)
    assert not [c for c in services.planning.plan(month).changes if c.target.agreement_id]


@pytest.mark.parametrize("path", ["agreements$", "additions"])
def test_refused_keys_leave_the_snapshot_as_it_is(
    services: Services, sandbox: Sandbox, month: Month, path: str
) -> None:
    before, plan = snapshot(services), services.planning.plan(month)
    fault(sandbox, effect=Effect.STATUS, status=401, body=NOT_SIGNED_IN, path=path)
    with pytest.raises(AccessError):
        services.planning.refresh()
    assert snapshot(services) == before
    assert services.planning.plan(month) == plan


def test_a_server_that_is_down_is_given_up_on(services: Services, sandbox: Sandbox) -> None:
    ids = [each.id for each in services.store.customers.agreements().values()]
    before = snapshot(services)
    fault(sandbox, effect=Effect.STATUS, path="additions")
    with pytest.raises(TryAgainError):
        services.planning.refresh_agreements(ids)
    assert snapshot(services) == before
    tried = sandbox.controls.counters.as_json()["reads"]
    calls = int(tried["GET /finance/agreements/{id}/additions"])  # type: ignore[index]
    assert calls < 4 * len(ids)


def test_agreements_are_not_planned_from_a_list_that_fails(
    services: Services, sandbox: Sandbox
) -> None:
    before = snapshot(services)
    fault(sandbox, effect=Effect.STATUS, path="agreements$")
    with pytest.raises(VendorError):
        services.planning.refresh()
    assert snapshot(services) == before


# ---------------------------------------------------------------- keeping


def test_a_plan_is_made_once_while_nothing_changes(services: Services, month: Month) -> None:
    plan = services.planning.plan(month)
    assert services.planning.plan(month) is plan
    services.preferences.save_sync(SyncSettings(usage_gone=UsageGone.LEAVE), "ana")
    assert services.planning.plan(month) is not plan


@pytest.mark.parametrize("basis", [Basis.ACTUAL, Basis.ORDERED])
def test_a_quantity_that_a_file_does_not_say_is_not_zero(
    services: Services, month: Month, basis: Basis
) -> None:
    synced(services, month)
    change = services.planning.plan(month).unchanged[0]
    part = change.parts[0]
    base = services.rules.base(part.product_code)
    services.rules.save(RuleEdit(base, QuantityRule(basis=basis), BundleRule()), "ana")
    said = services.planning.plan(month)
    assert FindingKind.BASIS_UNSAID not in {finding.kind for finding in said.findings}

    lines = services.store.usage.lines(services.store.usage.fetches(month)[0].id)
    rows = "".join(
        f"{line.product_code},{line.billable_quantity},{line.account_id or ''},{month}-01\n"
        for line in lines
    )
    text = "productCode,billableQuantity,accountId,billingStartDate\n" + rows
    services.usage.import_file(text, "ana", month)
    plan = services.planning.plan(month)
    assert change.target not in {each.target for each in plan.changes}
    blocked = {each.target for each in plan.blocked if each.kind is FindingKind.BASIS_UNSAID}
    assert change.target in blocked


def test_options_have_plans_of_their_own(services: Services, month: Month) -> None:
    plan = services.planning.plan(month)
    left = plan.changes[-1].target.key
    without = services.planning.plan(month, PlanOptions(excluded={left: "Not now."}))
    assert [change.target.key for change in without.excluded] == [left]
    assert without.digest != plan.digest
    assert services.planning.plan(month) is plan
    only = services.planning.plan(month, PlanOptions(only=frozenset({left})))
    assert [change.target.key for change in only.changes] == [left]
    other = services.planning.plan(month, PlanOptions(excluded={left: "Another reason."}))
    assert other.digest == without.digest


def test_a_customer_that_was_just_mapped_waits_for_the_next_reading(
    services: Services, month: Month, mapped: list[int]
) -> None:
    other = next(
        each.id
        for each in services.store.customers.agreements().values()
        if each.prorate and each.id not in mapped
    )
    customer = next(u.account_id for u in services.store.usage.usage(month) if u.account_id)
    map_customers(services, [customer], [other])
    plan = services.planning.plan(month)
    assert not [c for c in plan.changes if c.target.agreement_id == other]
    assert any(f.kind is FindingKind.UNREADABLE_AGREEMENT for f in plan.blocked)
    assert [c for c in fresh_plan(services, month).changes if c.target.agreement_id == other]


def test_plans_are_made_while_a_run_writes(
    services: Services, sandbox: Sandbox, month: Month
) -> None:
    fault(sandbox, effect=Effect.LATENCY, latency=0.01, path="additions")
    done = threading.Event()
    seen: list[int] = []

    def look() -> None:
        while not done.is_set():
            seen.append(len(services.planning.plan(month).changes))

    viewer = threading.Thread(target=look)
    viewer.start()
    try:
        run = synced(services, month)
    finally:
        done.set()
        viewer.join()
    assert run.done == run.changes
    # What is done is in the snapshot with its outcome, so the plan only ever gets shorter.
    assert seen == sorted(seen, reverse=True)
    assert services.planning.plan(month).changes == ()


def test_what_a_plan_follows_from(services: Services, month: Month) -> None:
    inputs = services.planning.inputs(month)
    assert inputs.fetch is not None
    assert inputs.today == services.planning.today()
    assert sum(u.billable for u in inputs.usage) > Decimal(0)
    assert inputs.customer_names
    assert inputs.closed == frozenset()
    services.months.close(month, "ana", "Invoiced.")
    assert services.planning.inputs(month).closed == {month}
    [closing] = services.months.history(month)
    assert (closing.by, closing.reason) == ("ana", "Invoiced.")
    services.months.reopen(month, "A credit  note.", "ben")
    assert services.months.closed() == frozenset()
    assert services.months.history()[0].reason == "A credit note."


def test_a_reading_that_found_nothing_else_leaves_the_plan_as_it_is(
    services: Services, month: Month, mapped: list[int]
) -> None:
    services.planning.refresh()
    first = services.planning.plan(month)
    read_at = services.store.additions.read_at(mapped[0])
    services.planning.refresh()

    assert services.planning.plan(month) is first
    again = services.store.additions.read_at(mapped[0])
    assert read_at is not None
    assert again is not None
    assert again > read_at


def test_what_moved_at_one_agreement_makes_another_plan(
    services: Services, sandbox: Sandbox, month: Month, mapped: list[int]
) -> None:
    first = fresh_plan(services, month)
    bound = next(
        each for each in first.changes if each.addition_id is not None and each.before is not None
    )
    assert bound.addition_id is not None
    assert bound.before is not None
    additions = sandbox.world.tables["additions"]
    with sandbox.world.transaction():
        record = additions.get(bound.addition_id)
        assert record is not None
        additions.replace(bound.addition_id, {**record, "quantity": bound.before + 1})

    second = fresh_plan(services, month)
    assert second.digest != first.digest
    moved = next(each for each in second.changes if each.addition_id == bound.addition_id)
    assert moved.before == bound.before + 1


def test_agreements_of_nobody_are_read_when_asked_for_and_kept_where_they_bill_a_mapped_product(
    services: Services, sandbox: Sandbox, mapped: list[int]
) -> None:
    products = {
        mapping.connectwise_product_id for mapping in services.store.mappings.all().values()
    }
    of_nobody = services.planning.of_nobody()
    assert of_nobody
    assert of_nobody.isdisjoint(mapped)
    billing = {
        agreement_id
        for agreement_id, product_id, *_ in billed(sandbox).values()
        if product_id in products
    }
    assert billing & of_nobody

    reading = services.planning.refresh(everywhere=True)
    assert reading.additions.keys() == of_nobody | set(mapped)
    again = services.planning.refresh()
    assert again.additions.keys() == (billing & of_nobody) | set(mapped)


def test_agreements_of_nobody_change_no_plan(
    services: Services, month: Month, mapped: list[int]
) -> None:
    before = services.planning.plan(month)
    services.planning.refresh(everywhere=True)
    assert services.planning.plan(month) == before
