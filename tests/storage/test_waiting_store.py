from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from core.domain.models import (
    MonthlyEffect,
    PeriodEffect,
    PriceEffect,
    ScheduledRun,
    WaitingPlan,
)
from core.errors import message, plural_message
from core.storage.database import Database
from core.storage.migrations import migrate
from core.storage.store import Store
from core.storage.waiting_store import WaitingStore
from tests.storage.samples import NOON, OCTOBER

SEPTEMBER = OCTOBER.plus(-1)
HOUR = timedelta(hours=1)


def _plan(plan_id: str = "plan-1", **changes: Any) -> WaitingPlan:
    values: dict[str, Any] = {
        "id": plan_id,
        "month": OCTOBER,
        "digest": "0f" * 32,
        "made_at": NOON,
        "changes": 12,
        "blocked": 0,
        "exceeded": 1,
        "price_effect": PriceEffect(
            monthly=(MonthlyEffect(per_year=Decimal("-12.50"), currency="EUR", agreements=3),),
            by_period=(PeriodEffect(amount=Decimal("7.10"), agreements=1),),
            unpriced=2,
        ),
    }
    return WaitingPlan(**{**values, **changes})


def test_plans_wait_of_the_newest_month_first(store: Store) -> None:
    assert store.waiting.all() == []
    least = MonthlyEffect(per_year=Decimal("0.0000000000000000001"), agreements=1)
    tiny = _plan("a", month=SEPTEMBER, price_effect=PriceEffect(monthly=(least,)))

    store.waiting.put(tiny)
    store.waiting.put(_plan("b"))

    assert store.waiting.all() == [_plan("b"), tiny]


def test_what_waited_before_keeps_its_sum_over_one_period_of_each_agreement(
    database: Database,
) -> None:
    migrate(database)
    with database.transaction() as transaction:
        for month, amount in (("2026-10", "-12.50"), ("2026-09", "0.00")):
            transaction.execute(
                "INSERT INTO store.waiting_plan VALUES (?, ?, '', ?, 1, 0, 0, ?)",
                [month, month, NOON, amount],
            )

    effects = [plan.price_effect for plan in WaitingStore(database).all()]

    kept = PeriodEffect(amount=Decimal("-12.50"), agreements=0)
    assert effects == [PriceEffect(by_period=(kept,)), PriceEffect()]


def test_a_new_plan_takes_the_place_of_the_one_of_its_month(store: Store) -> None:
    store.waiting.put(_plan("a", month=SEPTEMBER))
    store.waiting.put(_plan("b"))

    store.waiting.put(_plan("c", changes=99))
    store.waiting.put(_plan("c", changes=100))

    assert store.waiting.all() == [_plan("c", changes=100), _plan("a", month=SEPTEMBER)]


def test_a_plan_waits_until_it_is_removed(store: Store) -> None:
    store.waiting.put(_plan("a", month=SEPTEMBER))
    store.waiting.put(_plan("b"))

    store.waiting.remove("b")
    store.waiting.remove("b")
    store.waiting.remove("absent")

    assert store.waiting.all() == [_plan("a", month=SEPTEMBER)]


def test_before_the_first_scheduled_run_there_is_none(store: Store) -> None:
    assert store.waiting.last() is None
    assert store.waiting.last_due() is None
    assert store.waiting.log() == []


def test_the_log_is_in_the_order_of_recording_whatever_the_clock_says(store: Store) -> None:
    failed = message("Sophos did not answer: {why}", why=message("reset “é😀”"))
    applied = plural_message("{count} change was applied.", "{count} changes were applied.", 3)

    store.waiting.record(NOON, NOON - HOUR, OCTOBER, failed)
    store.waiting.record(NOON - 3 * HOUR, NOON - 4 * HOUR, SEPTEMBER, applied)

    first = ScheduledRun(at=NOON, due=NOON - HOUR, month=OCTOBER, result=failed)
    second = ScheduledRun(at=NOON - 3 * HOUR, due=NOON - 4 * HOUR, month=SEPTEMBER, result=applied)
    assert store.waiting.log() == [second, first]
    assert store.waiting.log(1) == [second]
    assert store.waiting.last() == second
    assert store.waiting.last_due() == NOON - HOUR  # the newest that was dealt with
