"""Sync by itself, over the sandbox: it waits for approval, or applies where it may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from core.domain.customers import CustomerValues
from core.domain.models import (
    Frequency,
    Plan,
    PlanLimits,
    PlanOptions,
    RunOrigin,
    RunStatus,
    SyncSettings,
    WaitingPlan,
)
from core.domain.month import Month
from core.domain.price_effect import price_effect
from core.domain.row_edits import RowEdit as CustomerEdit
from core.domain.saving import MappingValues, RowEdit
from core.errors import UsageSyncError
from core.sandbox.faults import Effect, FaultRule
from core.sandbox.server import Sandbox
from core.services import Services
from core.use_cases.run_approval import Approval
from core.use_cases.scheduler import Scheduler
from tests.conftest import Clock
from tests.use_cases.sync_world import synced

ON = SyncSettings(hour=6)
WIDE = PlanLimits(changed_share_floor=10_000, drops_to_zero=10_000, jump_factor=Decimal(10_000))


@dataclass
class Heard:
    """Remembers what it was told."""

    waiting: list[WaitingPlan] = field(default_factory=list)
    blocked: list[Plan] = field(default_factory=list)
    failed: list[UsageSyncError] = field(default_factory=list)

    def plan_waiting(self, waiting: WaitingPlan) -> None:
        self.waiting.append(waiting)

    def plan_blocked(self, plan: Plan) -> None:
        self.blocked.append(plan)

    def schedule_failed(self, error: UsageSyncError) -> None:
        self.failed.append(error)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def scheduler(services: Services, heard: Heard) -> Scheduler:
    return scheduler_of(services, heard)


def scheduler_of(services: Services, heard: Heard) -> Scheduler:
    return Scheduler(
        store=services.store,
        preferences=services.preferences,
        jobs=services.jobs,
        catalog=services.catalog,
        customers=services.customers,
        usage=services.usage,
        planning=services.planning,
        runs=services.runs,
        listener=heard,
        clock=services.clock,
    )


def first_of_next_month(clock: Clock) -> datetime:
    following = Month.of(clock.now.date()).plus(1).first_day
    return datetime(following.year, following.month, following.day, 6, 0, 1, tzinfo=UTC)


def mapped(services: Services) -> None:
    """One product and one customer with an active agreement, both with sync on."""
    services.catalog.refresh()
    services.customers.refresh()
    newest = Month.last_complete(services.clock().date())
    services.usage.fetch(newest, "test")
    usage = [u for u in services.store.usage.usage(newest) if u.account_id and u.billable > 1]
    chosen = usage[0]
    product = next(e for e in services.catalog.entries() if e.is_billable and not e.inactive)
    services.mappings.save(
        [
            RowEdit(
                chosen.product_code,
                services.store.mappings.all()[chosen.product_code].version,
                MappingValues(),
                MappingValues(product.id, True),
            )
        ],
        "test",
    )
    agreement = next(
        a for a in services.store.customers.agreements().values() if a.status.value == "Active"
    )
    edit = CustomerEdit(
        chosen.account_id,
        0,
        CustomerValues(),
        CustomerValues(agreement.company.id, agreement.id, True),
    )
    services.customers.save([edit], "test")


def run_due(scheduler: Scheduler, services: Services) -> None:
    assert scheduler.look() is not None
    services.jobs.wait(60)


def begin(scheduler: Scheduler, services: Services, settings: SyncSettings) -> None:
    """The schedule is set, and seen for the first time."""
    services.preferences.save_sync(settings, "test")
    assert scheduler.look() is None


def test_nothing_is_due_when_it_is_first_seen(scheduler: Scheduler, services: Services) -> None:
    begin(scheduler, services, ON)
    coming = scheduler.next()
    assert coming is not None
    assert coming.at > services.clock()
    assert scheduler.last() is None


def test_a_due_plan_waits_for_approval_once(
    scheduler: Scheduler, services: Services, clock: Clock, heard: Heard
) -> None:
    mapped(services)
    begin(scheduler, services, ON)
    clock.now = first_of_next_month(clock)
    run_due(scheduler, services)
    (waiting,) = scheduler.waiting()
    assert waiting.month == Month.last_complete(clock.now.date())
    plan = services.planning.plan(waiting.month)
    assert plan.digest == waiting.digest
    assert waiting.price_effect == price_effect(plan.changes)
    assert [each.currency for each in waiting.price_effect.monthly] == ["EUR"]
    assert [each.id for each in heard.waiting] == [waiting.id]
    assert services.runs.list() == []
    last = scheduler.last()
    assert last is not None
    assert "wait" in str(last.result)
    assert scheduler.look() is None, "it was dealt with"


def test_where_it_may_it_applies_by_itself(
    scheduler: Scheduler, services: Services, clock: Clock, heard: Heard
) -> None:
    mapped(services)
    begin(scheduler, services, replace(ON, apply_unattended=True, limits=WIDE))
    clock.now = first_of_next_month(clock)
    run_due(scheduler, services)
    (run,) = services.runs.list()
    assert (run.origin, run.status) == (RunOrigin.SCHEDULE, RunStatus.FINISHED)
    assert run.done == run.changes > 0
    assert scheduler.waiting() == []
    assert heard.waiting == []


def test_a_limit_makes_it_wait(
    scheduler: Scheduler, services: Services, clock: Clock, heard: Heard
) -> None:
    mapped(services)
    narrow = PlanLimits(quantity=Decimal(1))
    begin(scheduler, services, replace(ON, apply_unattended=True, limits=narrow))
    clock.now = first_of_next_month(clock)
    run_due(scheduler, services)
    assert services.runs.list() == []
    assert len(scheduler.waiting()) == 1
    assert len(heard.blocked) == 1


def test_a_time_that_was_missed_is_made_up_for_once(
    services: Services, clock: Clock, heard: Heard, open_services: Callable[[], Services]
) -> None:
    begin(scheduler_of(services, heard), services, replace(ON, frequency=Frequency.DAILY))
    services.close()
    clock.now += timedelta(days=9)
    reopened = open_services()
    scheduler = scheduler_of(reopened, heard)
    run_due(scheduler, reopened)
    assert len(scheduler.log()) in (1, 2), "the month in progress, perhaps also the one before"
    assert scheduler.look() is None
    reopened.close()


def test_passing_trouble_is_tried_again_and_then_told(
    scheduler: Scheduler, services: Services, sandbox: Sandbox, clock: Clock, heard: Heard
) -> None:
    begin(scheduler, services, ON)
    clock.now = first_of_next_month(clock)
    sandbox.controls.faults.add(
        FaultRule(effect=Effect.STATUS, system="sophos", path="billing", status=503)
    )
    for _ in range(2):
        run_due(scheduler, services)
        assert heard.failed == []
        assert scheduler.look() is None, "not at once"
        clock.now += timedelta(minutes=16)
    run_due(scheduler, services)
    assert len(heard.failed) == 1
    last = scheduler.last()
    assert last is not None
    assert "Sophos" in str(last.result)
    assert scheduler.look() is None


def test_wrong_keys_are_told_at_once(
    scheduler: Scheduler, services: Services, sandbox: Sandbox, clock: Clock, heard: Heard
) -> None:
    begin(scheduler, services, ON)
    clock.now = first_of_next_month(clock)
    sandbox.controls.faults.add(
        FaultRule(effect=Effect.STATUS, system="connectwise", path="catalog", status=403)
    )
    run_due(scheduler, services)
    assert len(heard.failed) == 1


def test_a_waiting_plan_goes_when_its_month_is_run(
    scheduler: Scheduler, services: Services, clock: Clock
) -> None:
    mapped(services)
    begin(scheduler, services, ON)
    clock.now = first_of_next_month(clock)
    run_due(scheduler, services)
    (waiting,) = scheduler.waiting()
    approval = Approval(by="Ann", origin=RunOrigin.PAGE, override_reason="checked")
    services.runs.approve(waiting.month, waiting.digest, PlanOptions(), approval)
    assert scheduler.waiting() == []


def test_a_month_in_which_nothing_changed_is_kept_without_a_write(
    scheduler: Scheduler, services: Services, sandbox: Sandbox, clock: Clock
) -> None:
    mapped(services)
    before = Month.last_complete(clock.now.date())
    services.preferences.save_sync(replace(ON, limits=WIDE), "test")
    services.planning.refresh()
    assert synced(services, before).status is RunStatus.FINISHED
    clock.now = first_of_next_month(clock)
    month = Month.last_complete(clock.now.date())
    assert month == before.plus(1)
    sandbox.world.set_usage_lines(str(month), sandbox.world.usage_lines(str(before)))
    sandbox.controls.counters.reset()
    assert scheduler.prepare(month, "test").changes == ()
    assert {binding.month for binding in services.store.additions.bindings().values()} == {month}
    assert sandbox.controls.counters.as_json()["total_writes"] == 0
