"""Runs over a network and servers that fail in every way: the right end, and a true report."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal

import pytest

from core.domain.models import (
    Addition,
    ChangeKind,
    JournalEntry,
    Outcome,
    Run,
    RunChange,
    RunStatus,
)
from core.domain.month import Month
from core.errors import StoreError, message
from core.sandbox.faults import Effect, FaultRule, When
from core.sandbox.server import Sandbox
from core.services import Services
from tests.use_cases.conftest import Undisturbed, creations_of
from tests.use_cases.sync_world import approved, bill, fresh_plan

ADDITIONS = "agreements/.*additions"
CATALOG = "procurement/catalog"
LOST = (Effect.RESET, Effect.HTML, Effect.TRUNCATE, Effect.TRUNCATE_JSON)
TIMED_OUT = {"code": "Unknown", "message": "Execution Timeout Expired."}
NOT_SIGNED_IN = {"code": "ConnectWiseApi", "message": "UserNotAuthenticated"}


@pytest.fixture
def services(ready: Services) -> Services:
    return ready


@pytest.fixture
def month(services: Services) -> Month:
    return services.usage.months()[0]


@pytest.fixture(autouse=True)
def _nothing_written_yet(undisturbed: Undisturbed, sandbox: Sandbox) -> None:
    # `undisturbed` first: it uses the sandbox too.
    sandbox.reset()


def fault(sandbox: Sandbox, **rule: object) -> None:
    sandbox.controls.faults.add(FaultRule(**rule))  # type: ignore[arg-type]


def rows(services: Services, run: Run, *outcomes: Outcome) -> list[RunChange]:
    return [row for row in services.runs.changes(run.id) if row.outcome in outcomes]


def assert_ended_well(
    services: Services, sandbox: Sandbox, month: Month, undisturbed: Undisturbed
) -> None:
    """The world is that of a run without trouble, and nothing is left to do."""
    sandbox.controls.faults.clear()
    assert bill(sandbox) == undisturbed.bill
    assert fresh_plan(services, month).changes == ()


def finished(services: Services, sandbox: Sandbox, month: Month, run: Run) -> int:
    """Resume and retry until nothing is left to do; returns how many passes it took."""
    for passes in range(1, 30):
        assert_report_is_true(services, sandbox, run)
        if run.status is RunStatus.ABORTED:
            run = services.runs.resume(run.id, "ana")
            continue
        if not fresh_plan(services, month).changes:
            return passes
        run = services.runs.execute(approved(services, month).id, "ana")
    raise AssertionError("it comes to no end")


def assert_report_is_true(services: Services, sandbox: Sandbox, run: Run) -> None:
    """What is said to be done is there; what is said to have failed is not."""
    additions = sandbox.world.tables["additions"].records
    for row in services.runs.changes(run.id):
        change = row.change
        if not change.target.agreement_id:
            continue
        if row.outcome is Outcome.DONE:
            assert additions[row.addition_id or 0]["quantity"] == change.after
        elif row.outcome in (Outcome.FAILED, Outcome.SKIPPED, Outcome.WAITING):
            assert row.outcome is Outcome.WAITING or row.text is not None
            if change.addition_id is not None:
                assert additions[change.addition_id]["quantity"] == change.before
            elif change.target.product_id:
                assert not _new(additions.values(), row)


def _new(additions: object, row: RunChange) -> list[object]:
    wanted = row.change
    return [
        each
        for each in additions  # type: ignore[attr-defined]
        if each["agreementId"] == wanted.target.agreement_id
        and each["product"]["id"] == wanted.target.product_id
        and each["id"] not in wanted.known_ids
    ]


def at_change(number: int, act: Callable[[], object]) -> Callable[[int, int | None], None]:
    """Do something once when so many changes have an outcome."""
    once = threading.Event()

    def progress(done: int, total: int | None) -> None:
        if done >= number and not once.is_set():
            once.set()
            act()

    return progress


# ---------------------------------------------------------------- lost answers


@pytest.mark.parametrize("when", list(When))
@pytest.mark.parametrize("effect", LOST)
def test_lost_answers_are_read_back_and_nothing_is_done_twice(
    services: Services,
    sandbox: Sandbox,
    month: Month,
    undisturbed: Undisturbed,
    effect: Effect,
    when: When,
) -> None:
    for method in ("POST", "PATCH"):
        fault(sandbox, effect=effect, when=when, method=method, path=ADDITIONS, every=4)
    fault(sandbox, effect=effect, when=when, method="POST", path=CATALOG, count=1)
    run = services.runs.execute(approved(services, month).id, "ana")
    assert run.status is RunStatus.FINISHED
    # Where the second try was lost as well, the row has failed.
    assert run.done > run.changes / 2
    assert_report_is_true(services, sandbox, run)
    done = when is When.AFTER or effect in (Effect.TRUNCATE, Effect.TRUNCATE_JSON)
    if done:
        assert run.done == run.changes
        assert creations_of(sandbox) == undisturbed.creations
    finished(services, sandbox, month, run)
    assert_ended_well(services, sandbox, month, undisturbed)


def test_what_is_lost_and_not_there_is_not_sent_again_and_can_be_retried(
    services: Services, sandbox: Sandbox, month: Month, undisturbed: Undisturbed
) -> None:
    fault(sandbox, effect=Effect.RESET, method="POST", path=ADDITIONS)
    run = services.runs.execute(approved(services, month).id, "ana")
    assert run.status is RunStatus.FINISHED
    failed = rows(services, run, Outcome.FAILED)
    assert {row.change.kind for row in failed} == {ChangeKind.CREATE_ADDITION}
    assert "is not there" in str(failed[0].text)
    assert_report_is_true(services, sandbox, run)
    tries = sandbox.controls.counters.as_json()["writes"]
    assert sum(n for route, n in tries.items() if "POST" in route and "additions" in route) == (
        len(failed)
    )
    sandbox.controls.faults.clear()
    options = services.runs.retry_options(run.id)
    again = services.runs.execute(approved(services, month, options).id, "ana")
    assert again.done == len(failed)
    assert_ended_well(services, sandbox, month, undisturbed)


def test_an_outcome_that_cannot_be_learned_stays_open_until_the_run_is_resumed(
    services: Services, sandbox: Sandbox, month: Month, undisturbed: Undisturbed
) -> None:
    fault(sandbox, effect=Effect.RESET, when=When.AFTER, method="POST", path=ADDITIONS, count=1)
    down = FaultRule(effect=Effect.STATUS, method="GET", path=ADDITIONS)
    services.runs._sleep = lambda seconds: sandbox.controls.faults.add(down)
    run = services.runs.execute(approved(services, month).id, "ana")
    assert run.status is RunStatus.ABORTED
    assert "Resume" in str(run.events[-1].remedy)
    assert len(rows(services, run, Outcome.IN_FLIGHT)) == 1
    assert run.done == run.changes - 1
    # While ConnectWise does not answer, resuming finds out nothing, and says so.
    assert services.runs.resume(run.id, "ana").status is RunStatus.ABORTED
    sandbox.controls.faults.clear()
    assert services.runs.resume(run.id, "ana").status is RunStatus.FINISHED
    assert creations_of(sandbox) == undisturbed.creations
    assert_ended_well(services, sandbox, month, undisturbed)


def test_a_product_whose_outcome_cannot_be_learned_keeps_its_additions_waiting(
    services: Services, sandbox: Sandbox, month: Month, undisturbed: Undisturbed
) -> None:
    fault(sandbox, effect=Effect.RESET, when=When.AFTER, method="POST", path=CATALOG, count=1)
    down = FaultRule(effect=Effect.STATUS, method="GET", path=CATALOG)
    services.products._sleep = lambda seconds: sandbox.controls.faults.add(down)
    run = services.runs.execute(approved(services, month).id, "ana")
    assert run.status is RunStatus.ABORTED
    [product] = rows(services, run, Outcome.IN_FLIGHT)
    assert product.change.kind is ChangeKind.CREATE_PRODUCT
    waiting = {row.change.target.product_code for row in rows(services, run, Outcome.WAITING)}
    assert waiting <= {product.change.target.product_code}
    sandbox.controls.faults.clear()
    assert services.runs.resume(run.id, "ana").done == run.changes
    assert creations_of(sandbox) == undisturbed.creations
    assert_ended_well(services, sandbox, month, undisturbed)


def test_an_addition_that_somebody_else_adds_at_the_same_moment_is_not_taken_for_ours(
    services: Services, sandbox: Sandbox, month: Month
) -> None:
    fault(sandbox, effect=Effect.RESET, when=When.AFTER, method="POST", path=ADDITIONS, count=1)
    create = services.connectwise.create_addition

    def both(wanted):  # type: ignore[no-untyped-def]
        try:
            return create(wanted)
        except Exception:
            create(wanted)
            raise

    services.connectwise.create_addition = both  # type: ignore[method-assign]
    run = services.runs.execute(approved(services, month).id, "ana")
    [failed] = rows(services, run, Outcome.FAILED)
    assert "2 new additions" in str(failed.text)
    assert run.done == run.changes - 1


# ---------------------------------------------------------------- one row, or all of them


def test_a_refused_row_says_why_and_stops_no_other(
    services: Services, sandbox: Sandbox, month: Month, undisturbed: Undisturbed
) -> None:
    reason = "effectiveDate cannot be less than the agreement billing start date"
    body = {
        "code": "InvalidObject",
        "message": "addition object is invalid",
        "errors": [{"code": "InvalidField", "message": reason, "field": "effectiveDate"}],
    }
    fault(
        sandbox, effect=Effect.STATUS, status=400, body=body, method="POST", path=ADDITIONS, nth=7
    )
    run = services.runs.execute(approved(services, month).id, "ana")
    assert (run.status, run.done, run.failed) == (RunStatus.FINISHED, run.changes - 1, 1)
    [failed] = rows(services, run, Outcome.FAILED)
    assert reason in str(failed.text)
    assert failed.remedy is not None
    assert reason in failed.detail
    assert_report_is_true(services, sandbox, run)
    options = services.runs.retry_options(run.id)
    assert options.only == {failed.change.target.key}
    again = services.runs.execute(approved(services, month, options).id, "ana")
    assert (again.changes, again.done) == (1, 1)
    assert_ended_well(services, sandbox, month, undisturbed)


def test_what_the_server_did_not_take_fails_and_names_the_addition(
    services: Services, sandbox: Sandbox, month: Month
) -> None:
    create = services.connectwise._wire.call

    def other_quantity(method, path, **more):  # type: ignore[no-untyped-def]
        if method == "POST" and path.endswith("additions"):
            more["json"] = {**more["json"], "quantity": Decimal(77_777)}
        return create(method, path, **more)

    services.connectwise._wire.call = other_quantity  # type: ignore[method-assign]
    run = services.runs.execute(approved(services, month).id, "ana")
    failed = rows(services, run, Outcome.FAILED)
    assert failed
    for row in failed:
        record = sandbox.world.tables["additions"].records[row.addition_id or 0]
        assert record["quantity"] == 77_777
    bound = {b.addition_id for b in services.store.additions.bindings().values()}
    assert not bound & {row.addition_id for row in failed}


@pytest.mark.parametrize(
    ("rule", "word"),
    [
        ({"status": 401, "body": NOT_SIGNED_IN}, "keys"),
        ({"status": 403, "body": {"code": "Forbidden"}}, "permission"),
        ({"status": 400, "body": "Cannot route. Codebase/company is invalid"}, "route"),
    ],
)
def test_what_would_fail_for_all_stops_at_once_and_the_rest_waits(
    services: Services,
    sandbox: Sandbox,
    month: Month,
    undisturbed: Undisturbed,
    rule: dict[str, object],
    word: str,
) -> None:
    refuse = at_change(10, lambda: fault(sandbox, effect=Effect.STATUS, **rule))
    run = services.runs.execute(approved(services, month).id, "ana", refuse)
    assert run.status is RunStatus.ABORTED
    assert word in str(run.events[-1].text)
    assert run.events[-1].remedy is not None
    assert 10 <= run.done < run.changes
    assert run.failed == 0
    # Every call that was refused did nothing, so nothing is left in the air.
    assert not rows(services, run, Outcome.IN_FLIGHT)
    assert run.writes <= run.done + 2 * services.connectwise.in_flight
    assert_report_is_true(services, sandbox, run)
    sandbox.controls.faults.clear()
    resumed = services.runs.resume(run.id, "ana")
    assert (resumed.status, resumed.done) == (RunStatus.FINISHED, run.changes)
    assert_ended_well(services, sandbox, month, undisturbed)


def test_keys_that_are_refused_before_the_first_write_stop_it_too(
    services: Services, sandbox: Sandbox, month: Month, undisturbed: Undisturbed
) -> None:
    run = approved(services, month)
    fault(sandbox, effect=Effect.STATUS, status=401, body=NOT_SIGNED_IN)
    ended = services.runs.execute(run.id, "ana")
    assert (ended.status, ended.done) == (RunStatus.ABORTED, 0)
    sandbox.controls.faults.clear()
    assert services.runs.resume(run.id, "ana").status is RunStatus.FINISHED
    assert_ended_well(services, sandbox, month, undisturbed)


@pytest.mark.parametrize(
    "rule",
    [
        {"effect": Effect.STATUS},
        {"effect": Effect.RESET},
        {"effect": Effect.RESET, "when": When.AFTER},
        {"effect": Effect.RATE_LIMIT},
    ],
    ids=["503", "reset", "reset after the commit", "429"],
)
def test_a_server_that_is_down_is_not_asked_for_every_row(
    services: Services,
    sandbox: Sandbox,
    month: Month,
    undisturbed: Undisturbed,
    rule: dict[str, object],
) -> None:
    down = at_change(10, lambda: fault(sandbox, **rule))
    run = services.runs.execute(approved(services, month).id, "ana", down)
    assert run.status is RunStatus.ABORTED
    assert run.done >= 10
    assert len(rows(services, run, Outcome.WAITING)) >= run.changes - run.done - 30
    assert rows(services, run, Outcome.WAITING)
    assert_report_is_true(services, sandbox, run)
    sandbox.controls.faults.clear()
    assert finished(services, sandbox, month, run) <= 3
    assert_ended_well(services, sandbox, month, undisturbed)


# ---------------------------------------------------------------- the journal


def test_every_call_is_announced_before_it_is_made(
    services: Services, sandbox: Sandbox, month: Month
) -> None:
    run = approved(services, month)
    late: list[object] = []
    lock = threading.Lock()

    def announced() -> list[JournalEntry]:
        return [e for e in services.store.runs.journal(run.id) if e.outcome is Outcome.IN_FLIGHT]

    calls = 0
    call = services.connectwise._wire.call

    def watched(method, path, **more):  # type: ignore[no-untyped-def]
        nonlocal calls
        if method != "GET":
            with lock:
                calls += 1
                if len(announced()) < calls:
                    late.append(path)
        return call(method, path, **more)

    services.connectwise._wire.call = watched  # type: ignore[method-assign]
    services.runs.execute(run.id, "ana")
    assert calls == run.changes
    assert late == []
    journal = services.store.runs.journal(run.id)
    for number in range(1, run.changes + 1):
        lines = [entry.outcome for entry in journal if entry.number == number]
        assert lines == [Outcome.IN_FLIGHT, Outcome.DONE]


@pytest.mark.parametrize("method", ["announce", "settle"])
def test_a_store_that_fails_lets_no_call_go_out_and_the_run_can_be_resumed(
    services: Services,
    sandbox: Sandbox,
    month: Month,
    undisturbed: Undisturbed,
    method: str,
) -> None:
    run = approved(services, month)
    commit = getattr(services.store.runs, method)
    commits = 0

    def fails_later(*given: object, **more: object) -> None:
        nonlocal commits
        commits += 1
        if commits > 1:
            raise StoreError(message("The disk is full."))
        commit(*given, **more)

    setattr(services.store.runs, method, fails_later)
    with pytest.raises(StoreError):
        services.runs.execute(run.id, "ana")
    journal = services.store.runs.journal(run.id)
    announced = {entry.number for entry in journal if entry.outcome is Outcome.IN_FLIGHT}
    assert sandbox.controls.counters.as_json()["total_writes"] <= len(announced)
    interrupted = services.runs.interrupted()
    assert interrupted is not None
    assert interrupted.status is RunStatus.OPEN
    setattr(services.store.runs, method, commit)
    assert services.runs.resume(run.id, "ana").done == run.changes
    assert creations_of(sandbox) == undisturbed.creations
    assert_ended_well(services, sandbox, month, undisturbed)


def test_a_mistake_of_this_program_leaves_the_run_open_and_resumable(
    services: Services, sandbox: Sandbox, month: Month, undisturbed: Undisturbed
) -> None:
    run = approved(services, month)
    patch = services.connectwise.patch_addition
    calls = 0

    def breaks(*given: object) -> Addition:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise ZeroDivisionError
        return patch(*given)  # type: ignore[arg-type]

    services.connectwise.patch_addition = breaks  # type: ignore[assignment]
    with pytest.raises(ZeroDivisionError):
        services.runs.execute(run.id, "ana")
    assert services.runs.progress() is None
    interrupted = services.runs.interrupted()
    assert interrupted is not None
    assert services.runs.resume(run.id, "ana").done == run.changes
    assert creations_of(sandbox) == undisturbed.creations
    assert_ended_well(services, sandbox, month, undisturbed)


def test_what_a_run_had_sent_when_it_was_cut_off_is_known_before_anybody_decides(
    services: Services, sandbox: Sandbox, month: Month, undisturbed: Undisturbed
) -> None:
    run = approved(services, month)
    settle = services.store.runs.settle
    announce = services.store.runs.announce
    announced = 0

    def once(*given: object, **more: object) -> None:
        nonlocal announced
        announced += 1
        if announced > 1:
            raise StoreError(message("The disk is full."))
        announce(*given, **more)  # type: ignore[arg-type]

    def fails(*given: object, **more: object) -> None:
        raise StoreError(message("The disk is full."))

    services.store.runs.announce = once  # type: ignore[method-assign]
    services.store.runs.settle = fails  # type: ignore[method-assign]
    with pytest.raises(StoreError):
        services.runs.execute(run.id, "ana")
    services.store.runs.announce = announce  # type: ignore[method-assign]
    services.store.runs.settle = settle  # type: ignore[method-assign]
    counted = sandbox.controls.counters.as_json()["total_writes"]
    unknown = rows(services, run, Outcome.IN_FLIGHT)
    assert unknown

    job = services.runs.start_reading_back()
    assert job is not None
    services.jobs.wait(60)

    assert sandbox.controls.counters.as_json()["total_writes"] == counted
    done = rows(services, run, Outcome.DONE)
    assert done
    assert_report_is_true(services, sandbox, run)
    assert services.runs.interrupted() is not None
    assert services.runs.resume(run.id, "ana").done == run.changes
    assert creations_of(sandbox) == undisturbed.creations
    assert_ended_well(services, sandbox, month, undisturbed)
    assert services.runs.start_reading_back() is None


# ---------------------------------------------------------------- everything at once

WAYS: tuple[dict[str, object], ...] = (
    {"effect": Effect.RESET},
    {"effect": Effect.RESET, "when": When.AFTER},
    {"effect": Effect.HTML},
    {"effect": Effect.HTML, "when": When.AFTER},
    {"effect": Effect.HTML, "status": 200, "when": When.AFTER},
    {"effect": Effect.TRUNCATE},
    {"effect": Effect.TRUNCATE_JSON},
    {"effect": Effect.RATE_LIMIT},
    {"effect": Effect.STATUS, "status": 500, "body": TIMED_OUT, "when": When.AFTER},
    {"effect": Effect.STATUS, "status": 400, "body": {"code": "X", "message": "No."}},
)


@pytest.mark.parametrize(("share", "seed"), [(0.05, 2), (0.05, 3), (0.05, 4), (0.2, 5), (0.2, 6)])
def test_with_requests_failing_in_every_way_the_end_is_right_and_the_report_is_true(
    services: Services,
    sandbox: Sandbox,
    month: Month,
    undisturbed: Undisturbed,
    share: float,
    seed: int,
) -> None:
    run = approved(services, month)
    for number, way in enumerate(WAYS):
        fault(sandbox, **way, probability=share / len(WAYS), seed=seed * 100 + number)
    run = services.runs.execute(run.id, "ana")
    passes = finished(services, sandbox, month, run)
    struck = sum(int(str(rule["struck"])) for rule in sandbox.controls.faults.as_json())
    assert struck > 0
    assert passes <= 2 + struck
    assert_ended_well(services, sandbox, month, undisturbed)
