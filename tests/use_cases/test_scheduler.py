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
from tests.use_cases.sync_world import APPROVAL, synced

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


# ---------------------------------------------------------------- owed months

BY_ITSELF = replace(ON, apply_unattended=True, limits=WIDE)


def fail_until_told(
    scheduler: Scheduler, services: Services, clock: Clock, sandbox: Sandbox
) -> None:
    """Sophos is down for every try of what is due, and answers again afterwards."""
    sandbox.controls.faults.add(
        FaultRule(effect=Effect.STATUS, system="sophos", path="billing", status=503)
    )
    for _ in range(3):
        run_due(scheduler, services)
        clock.now += timedelta(minutes=16)
    sandbox.controls.faults.clear()


def months_of(scheduler: Scheduler) -> list[tuple[Month, bool]]:
    """What is in the log, the oldest first, and whether it went well."""
    return [(each.month, "Sophos" not in str(each.result)) for each in reversed(scheduler.log())]


def test_daily_the_month_that_ended_is_made_up_for_when_its_turn_failed(
    scheduler: Scheduler, services: Services, sandbox: Sandbox, clock: Clock, heard: Heard
) -> None:
    mapped(services)
    begin(scheduler, services, replace(BY_ITSELF, frequency=Frequency.DAILY))
    clock.now = first_of_next_month(clock)
    current = Month.of(clock.now.date())
    ended = current.plus(-1)
    fail_until_told(scheduler, services, clock, sandbox)
    assert len(heard.failed) == 1
    assert scheduler.look() is None, "not before the next due time"
    coming = scheduler.next()
    assert coming is not None
    assert coming.months == (ended, current)
    for _ in range(2):
        clock.now += timedelta(days=1)
        run_due(scheduler, services)
    assert months_of(scheduler) == [
        (ended, False),
        (ended, True),
        (current, True),
        (current, True),
    ]
    assert services.runs.list(month=ended)[0].status is RunStatus.FINISHED


def test_once_a_month_a_turn_that_failed_comes_again_every_day(
    scheduler: Scheduler, services: Services, sandbox: Sandbox, clock: Clock, heard: Heard
) -> None:
    mapped(services)
    begin(scheduler, services, BY_ITSELF)
    clock.now = first_of_next_month(clock)
    ended = Month.last_complete(clock.now.date())
    for day in range(1, 3):
        fail_until_told(scheduler, services, clock, sandbox)
        assert len(heard.failed) == day
        assert scheduler.look() is None
        coming = scheduler.next()
        assert coming is not None
        assert (coming.at.day, coming.months) == (day + 1, (ended,))
        clock.now += timedelta(days=1)
    run_due(scheduler, services)
    assert months_of(scheduler) == [(ended, False), (ended, False), (ended, True)]
    assert [run.status for run in services.runs.list()] == [RunStatus.FINISHED]
    clock.now += timedelta(days=5)
    assert scheduler.look() is None, "it is owed no more"
    coming = scheduler.next()
    assert coming is not None
    assert coming.months == (ended.plus(1),)


def test_what_is_owed_is_known_after_a_restart_and_comes_before_the_next_month(
    services: Services,
    sandbox: Sandbox,
    clock: Clock,
    heard: Heard,
    open_services: Callable[[], Services],
) -> None:
    scheduler = scheduler_of(services, heard)
    begin(scheduler, services, ON)
    clock.now = first_of_next_month(clock)
    ended = Month.last_complete(clock.now.date())
    fail_until_told(scheduler, services, clock, sandbox)
    services.close()
    clock.now = first_of_next_month(clock)
    reopened = open_services()
    scheduler = scheduler_of(reopened, heard)
    run_due(scheduler, reopened)
    assert months_of(scheduler) == [(ended, False), (ended, True), (ended.plus(1), True)]
    assert scheduler.look() is None
    reopened.close()


def test_a_newer_month_does_not_overtake_one_that_fails(
    scheduler: Scheduler, services: Services, sandbox: Sandbox, clock: Clock
) -> None:
    begin(scheduler, services, ON)
    clock.now = first_of_next_month(clock)
    older = Month.last_complete(clock.now.date())
    clock.now = first_of_next_month(clock)
    newer = Month.last_complete(clock.now.date())
    fail_until_told(scheduler, services, clock, sandbox)
    clock.now += timedelta(days=1)
    run_due(scheduler, services)
    assert months_of(scheduler) == [(older, False), (older, True), (newer, True)]


def test_nothing_is_owed_of_the_time_before_the_schedule_was_turned_off(
    scheduler: Scheduler, services: Services, sandbox: Sandbox, clock: Clock
) -> None:
    begin(scheduler, services, ON)
    clock.now = first_of_next_month(clock)
    fail_until_told(scheduler, services, clock, sandbox)
    services.preferences.save_sync(replace(ON, scheduled=False), "ana")
    assert scheduler.look() is None
    for _ in range(3):
        clock.now = first_of_next_month(clock)
        assert scheduler.look() is None
    services.preferences.save_sync(ON, "ana")
    assert scheduler.look() is None
    clock.now = first_of_next_month(clock)
    before = len(scheduler.log())
    run_due(scheduler, services)
    made = scheduler.log()[: len(scheduler.log()) - before]
    assert [each.month for each in made] == [Month.last_complete(clock.now.date())]


def test_what_a_person_ran_is_owed_no_more(
    scheduler: Scheduler, services: Services, sandbox: Sandbox, clock: Clock
) -> None:
    mapped(services)
    begin(scheduler, services, BY_ITSELF)
    clock.now = first_of_next_month(clock)
    ended = Month.last_complete(clock.now.date())
    fail_until_told(scheduler, services, clock, sandbox)
    assert scheduler.prepare(ended, "ana").changes
    run = synced(services, ended)
    clock.now += timedelta(days=1)
    assert scheduler.look() is None
    assert [each.id for each in services.runs.list()] == [run.id]


def test_a_run_of_chosen_rows_alone_leaves_the_month_owed(
    scheduler: Scheduler, services: Services, sandbox: Sandbox, clock: Clock
) -> None:
    mapped(services)
    begin(scheduler, services, BY_ITSELF)
    clock.now = first_of_next_month(clock)
    ended = Month.last_complete(clock.now.date())
    fail_until_told(scheduler, services, clock, sandbox)
    change = scheduler.prepare(ended, "ana").changes[0]
    options = PlanOptions(only=frozenset({change.target.key}))
    digest = services.planning.plan(ended, options).digest
    run = services.runs.approve(ended, digest, options, APPROVAL)
    assert services.runs.execute(run.id, "ana").status is RunStatus.FINISHED
    clock.now += timedelta(days=1)
    run_due(scheduler, services)
    assert months_of(scheduler)[-1] == (ended, True)


def test_what_a_person_found_nothing_to_do_for_is_owed_no_more(
    scheduler: Scheduler, services: Services, sandbox: Sandbox, clock: Clock
) -> None:
    begin(scheduler, services, BY_ITSELF)
    clock.now = first_of_next_month(clock)
    ended = Month.last_complete(clock.now.date())
    fail_until_told(scheduler, services, clock, sandbox)
    plan = scheduler.prepare(ended, "ana")
    assert (plan.changes, plan.blocked) == ((), ())
    clock.now += timedelta(days=1)
    assert scheduler.look() is None


def test_a_closed_month_is_owed_no_more(
    scheduler: Scheduler, services: Services, sandbox: Sandbox, clock: Clock, heard: Heard
) -> None:
    mapped(services)
    begin(scheduler, services, BY_ITSELF)
    clock.now = first_of_next_month(clock)
    ended = Month.last_complete(clock.now.date())
    fail_until_told(scheduler, services, clock, sandbox)
    services.months.close(ended, "ana")
    clock.now += timedelta(days=1)
    assert scheduler.look() is None
    services.months.reopen(ended, "ana", "a look")
    assert scheduler.look() is None, "whoever reopens it decides"
    assert len(heard.failed) == 1
    assert services.runs.list() == []


def test_a_closed_month_keeps_no_other_from_its_turn(
    scheduler: Scheduler, services: Services, clock: Clock, heard: Heard
) -> None:
    mapped(services)
    begin(scheduler, services, replace(BY_ITSELF, frequency=Frequency.DAILY))
    clock.now = first_of_next_month(clock)
    current = Month.of(clock.now.date())
    services.months.close(current.plus(-1), "ana")
    run_due(scheduler, services)
    newest, before = scheduler.log()
    assert (newest.month, before.month) == (current, current.plus(-1))
    assert "closed" in str(before.result)
    assert heard.failed == []
    assert {run.month for run in services.runs.list()} <= {current}
    services.months.reopen(current.plus(-1), "ana", "a look")
    assert scheduler.look() is None, "whoever reopens it decides"


def test_a_scheduled_run_that_wrote_nothing_is_owed(
    scheduler: Scheduler, services: Services, sandbox: Sandbox, clock: Clock
) -> None:
    mapped(services)
    begin(scheduler, services, BY_ITSELF)
    clock.now = first_of_next_month(clock)
    refused = FaultRule(
        effect=Effect.STATUS, system="connectwise", method="POST", path="additions", status=403
    )
    sandbox.controls.faults.add(refused)
    run_due(scheduler, services)
    assert [run.status for run in services.runs.list()] == [RunStatus.ABORTED]
    assert scheduler.look() is None
    sandbox.controls.faults.clear()
    clock.now += timedelta(days=1)
    run_due(scheduler, services)
    newest, first = services.runs.list()
    assert (newest.status, newest.month) == (RunStatus.FINISHED, first.month)
    sandbox.controls.counters.reset()
    clock.now += timedelta(days=1)
    assert scheduler.look() is None
    assert sandbox.controls.counters.as_json()["total_writes"] == 0


def test_the_turn_of_a_month_is_not_lost_when_the_schedule_changes(
    scheduler: Scheduler, services: Services, clock: Clock
) -> None:
    mapped(services)
    daily = replace(BY_ITSELF, frequency=Frequency.DAILY, hour=22)
    begin(scheduler, services, daily)
    clock.now = first_of_next_month(clock).replace(hour=9)
    current = Month.of(clock.now.date())
    services.jobs.wait(60)
    begin(scheduler, services, replace(daily, hour=6))
    clock.now += timedelta(days=1)
    run_due(scheduler, services)
    assert months_of(scheduler) == [(current.plus(-1), True), (current, True)]


def test_an_error_that_nobody_foresaw_is_not_tried_again_at_once(
    scheduler: Scheduler, services: Services, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(scheduler, services, ON)
    clock.now = first_of_next_month(clock)
    with monkeypatch.context() as broken:
        broken.setattr(services.catalog, "refresh", lambda: 1 / 0)
        run_due(scheduler, services)
    assert scheduler.look() is None
    clock.now += timedelta(minutes=16)
    run_due(scheduler, services)
    assert months_of(scheduler) == [(Month.last_complete(clock.now.date()), True)]


@pytest.mark.parametrize(
    ("kept", "is_read"),
    [
        ('{"schedule": [true, "invoice", 1, 6, ""], "since": "2026-01-01T00:00:00+00:00"}', True),
        ('{"schedule": [true, "hourly", 1, 6, ""], "since": "2026-01-01T00:00:00+00:00"}', False),
        ('{"schedule": 5}', False),
        ("no JSON", False),
    ],
)
def test_since_when_the_schedule_is_what_it_is_survives_a_newer_version_and_nonsense(
    scheduler: Scheduler, services: Services, kept: str, is_read: bool
) -> None:
    services.preferences.save_sync(ON, "test")
    services.preferences.put("schedule_since", kept, "schedule")
    assert (scheduler.due() is not None) is is_read
