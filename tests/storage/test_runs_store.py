from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.models import (
    Change,
    ChangeFilter,
    CustomerSync,
    LimitCheck,
    LimitKind,
    Outcome,
    PlanOptions,
    Run,
    RunEventKind,
    RunOrigin,
    RunStatus,
)
from core.errors import BusyError, ConflictError, StoreError, message, plural_message
from core.storage import run_checks
from core.storage.history_store import HistoryStore
from core.storage.mappings_store import MappingWrite
from core.storage.runs_store import RunsStore
from core.storage.store import Store
from tests.storage import plan_strategies as any_
from tests.storage.samples import NOON, OCTOBER, change_of, mapping
from tests.storage.sync_samples import addition, binding, change, event, line_of, numbered, run

SEPTEMBER = OCTOBER.plus(-1)
LATER = NOON + timedelta(minutes=5)
ENDED = [kind for kind in RunEventKind if kind not in run_checks.UNDER_WAY]
FULL = run(
    digest="0f" * 32,
    origin=RunOrigin.COMMAND_LINE,
    approved_by="bob “é😀” <b>",
    options=PlanOptions(
        excluded={"7/17": "=1+1 “not now”"},
        recreate=frozenset({"7/18", "7/19"}),
        only=frozenset({"7/17", "+CIX"}),
        older_month_reason="a 'reason'",
    ),
    limits=(
        LimitCheck(
            kind=LimitKind.JUMP,
            number=Decimal("3.50"),
            limit=Decimal(3),
            exceeded=True,
            text=plural_message("{count} jump of {month}", "{count} jumps", 2, month="2026-10"),
            remedy=message("Look at {day}.", day=date(2026, 10, 1)),
            targets=("7/17", "7/18"),
        ),
    ),
    override_reason="agreed",
    retry_of="run-0",
    undo_of="run-00",
)


def _finished(store: Store, run_id: str, *changes: Change, month: object = OCTOBER) -> Run:
    opened = store.runs.open_run(run(run_id, month=month), numbered(*changes))
    store.runs.event(run_id, event(RunEventKind.FINISHED))
    return opened


# ---------------------------------------------------------------------------------- opening


def test_before_the_first_run_there_is_none(store: Store) -> None:
    assert store.runs.get("run-1") is None
    assert store.runs.numbered(1) is None
    assert store.runs.open() is None
    assert store.runs.list() == []
    assert store.runs.changes("run-1") == []
    assert store.runs.journal("run-1") == []
    assert store.runs.customer_syncs() == {}


def test_a_run_comes_back_equal_with_its_approval(store: Store) -> None:
    opened = store.runs.open_run(FULL, numbered(change(), change(18)))

    approval = event(RunEventKind.APPROVED, by="bob “é😀” <b>")
    assert opened == replace(FULL, number=1, changes=2, events=(approval,))
    assert store.runs.get("run-1") == opened
    assert store.runs.numbered(1) == opened
    assert store.runs.open() == opened
    assert store.runs.list() == [opened]
    assert opened.status is RunStatus.OPEN


def test_what_is_counted_is_not_taken_from_the_caller(store: Store) -> None:
    claimed = replace(
        FULL, number=99, changes=7, done=3, failed=2, skipped=1, reads=5, writes=4,
        events=(event(RunEventKind.FINISHED),),
    )  # fmt: skip

    opened = store.runs.open_run(claimed, numbered(change()))

    assert opened == store.runs.get("run-1")
    assert (opened.number, opened.changes, opened.done, opened.reads) == (1, 1, 0, 0)
    assert opened.status is RunStatus.OPEN


def test_changes_come_back_equal_with_nothing_begun(store: Store) -> None:
    wanted = numbered(change(), change(18, unit_price=Decimal("1.50")), change(19))
    store.runs.open_run(run(), wanted)

    assert store.runs.changes("run-1") == wanted
    assert store.runs.journal("run-1") == []


def test_runs_are_numbered_one_after_the_other(store: Store) -> None:
    first = _finished(store, "run-a")
    second = _finished(store, "run-b", month=SEPTEMBER)
    third = _finished(store, "run-c")

    assert [each.number for each in (first, second, third)] == [1, 2, 3]
    assert [each.id for each in store.runs.list()] == ["run-c", "run-b", "run-a"]
    assert [each.id for each in store.runs.list(2)] == ["run-c", "run-b"]
    assert [each.id for each in store.runs.list(month=SEPTEMBER)] == ["run-b"]
    assert [each.id for each in store.runs.list(1, OCTOBER)] == ["run-c"]
    assert store.runs.list(0) == []


def test_while_a_run_is_under_way_no_other_is_opened(store: Store) -> None:
    store.runs.open_run(run(), numbered(change()))

    with pytest.raises(BusyError, match=r"Run 1 of 2026-10 has not ended yet\. Wait until"):
        store.runs.open_run(run("run-2", month=SEPTEMBER), numbered(change()))

    assert [each.id for each in store.runs.list()] == ["run-1"]
    assert store.runs.changes("run-2") == []


def test_of_eight_who_approve_at_once_one_gets_a_run(store: Store) -> None:
    gate = threading.Barrier(8, timeout=30)
    outcomes: list[str] = []

    def approve(number: int) -> None:
        gate.wait()
        try:
            store.runs.open_run(run(f"run-{number}"), numbered(change()))
            outcomes.append("opened")
        except BusyError:
            outcomes.append("refused")

    threads = [threading.Thread(target=approve, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["opened", *["refused"] * 7]
    assert len(store.runs.list()) == 1


def test_a_run_is_opened_once(store: Store) -> None:
    _finished(store, "run-1", change())

    with pytest.raises(StoreError):
        store.runs.open_run(run(), numbered(change(18)))

    assert [each.change.target.product_id for each in store.runs.changes("run-1")] == [17]
    assert len(store.runs.list()) == 1


@pytest.mark.parametrize("numbers", [[0], [2], [1, 1], [2, 1], [1, 3]])
def test_changes_that_are_not_numbered_from_one_are_refused(
    store: Store, numbers: list[int]
) -> None:
    changes = [replace(numbered(change())[0], number=number) for number in numbers]

    with pytest.raises(ValueError, match="numbered from 1"):
        store.runs.open_run(run(), changes)

    assert store.runs.list() == []


# ---------------------------------------------------------------------------------- events


def test_events_are_kept_in_their_order_whatever_the_clock_says(store: Store) -> None:
    store.runs.open_run(run(), numbered(change()))
    stopped = event(
        RunEventKind.STOPPED,
        by="bob",
        at=NOON - timedelta(hours=1),
        text=message("Stopped after {count}.", count=3),
        remedy=message("Resume it."),
    )
    resumed = event(RunEventKind.RESUMED, at=NOON - timedelta(hours=2))
    happened = [event(RunEventKind.STARTED), stopped, resumed, event(RunEventKind.FINISHED)]
    for each in happened:
        store.runs.event("run-1", each)

    found = store.runs.get("run-1")

    assert found is not None
    assert found.events == (event(RunEventKind.APPROVED), *happened)
    assert found.status is RunStatus.FINISHED


@pytest.mark.parametrize("kind", RunEventKind)
def test_under_way_is_what_the_status_says(kind: RunEventKind) -> None:
    after = replace(run(), events=(event(kind),))

    assert (after.status is RunStatus.OPEN) == (kind in run_checks.UNDER_WAY)


@pytest.mark.parametrize("kind", ENDED)
def test_a_run_that_ended_makes_room_for_the_next(store: Store, kind: RunEventKind) -> None:
    store.runs.open_run(run(), numbered(change()))
    store.runs.event("run-1", event(RunEventKind.STARTED))
    store.runs.event("run-1", event(kind))

    assert store.runs.open() is None
    assert store.runs.open_run(run("run-2"), []).number == 2


@pytest.mark.parametrize("kind", ENDED)
def test_a_run_that_ended_takes_no_more_events_but_a_resumption(
    store: Store, kind: RunEventKind
) -> None:
    store.runs.open_run(run(), numbered(change()))
    store.runs.event("run-1", event(kind))
    others = set(RunEventKind) - {RunEventKind.APPROVED, RunEventKind.RESUMED}

    for other in others:
        with pytest.raises(ConflictError, match="Run 1 is not under way any more"):
            store.runs.event("run-1", event(other))

    found = store.runs.get("run-1")
    assert found is not None
    assert len(found.events) == 2


@pytest.mark.parametrize("kind", [RunEventKind.STOPPED, RunEventKind.ABORTED])
def test_a_run_that_was_stopped_or_aborted_goes_on(store: Store, kind: RunEventKind) -> None:
    store.runs.open_run(run(), numbered(change()))
    store.runs.event("run-1", event(kind))

    store.runs.event("run-1", event(RunEventKind.RESUMED))

    found = store.runs.open()
    assert found is not None
    assert found.id == "run-1"
    with pytest.raises(BusyError):
        store.runs.open_run(run("run-2"), [])


def test_a_run_that_was_cut_off_goes_on(store: Store) -> None:
    store.runs.open_run(run(), numbered(change()))
    store.runs.event("run-1", event(RunEventKind.STARTED))

    store.runs.event("run-1", event(RunEventKind.RESUMED))
    store.runs.event("run-1", event(RunEventKind.RESUMED))

    assert store.runs.open() is not None


@pytest.mark.parametrize("kind", [RunEventKind.FINISHED, RunEventKind.REFUSED])
def test_what_finished_or_was_refused_is_not_resumed(store: Store, kind: RunEventKind) -> None:
    store.runs.open_run(run(), numbered(change()))
    store.runs.event("run-1", event(kind))

    with pytest.raises(ConflictError, match="Run 1 is not under way any more"):
        store.runs.event("run-1", event(RunEventKind.RESUMED))

    assert store.runs.open() is None


def test_nothing_is_resumed_while_another_run_is_under_way(store: Store) -> None:
    store.runs.open_run(run(), numbered(change()))
    store.runs.event("run-1", event(RunEventKind.STOPPED))
    store.runs.open_run(run("run-2", month=SEPTEMBER), numbered(change()))

    with pytest.raises(BusyError, match="Run 2 of 2026-09"):
        store.runs.event("run-1", event(RunEventKind.RESUMED))

    found = store.runs.open()
    assert found is not None
    assert found.id == "run-2"


def test_a_run_is_approved_only_by_opening_it(store: Store) -> None:
    store.runs.open_run(run(), numbered(change()))

    with pytest.raises(ValueError, match="approved once"):
        store.runs.event("run-1", event(RunEventKind.APPROVED))
    with pytest.raises(ValueError, match="no run absent"):
        store.runs.event("absent", event(RunEventKind.STARTED))


def test_requests_are_counted_anew_in_each_pass_and_added_up(store: Store) -> None:
    store.runs.open_run(run(), numbered(change()))
    store.runs.event("run-1", event(RunEventKind.STARTED), reads=20)
    store.runs.event("run-1", event(RunEventKind.STOPPED), reads=25, writes=10)
    store.runs.event("run-1", event(RunEventKind.RESUMED))
    store.runs.event("run-1", event(RunEventKind.ABORTED), reads=3, writes=4)
    store.runs.event("run-1", event(RunEventKind.RESUMED), reads=1)
    store.runs.event("run-1", event(RunEventKind.FINISHED), reads=6, writes=5)

    found = store.runs.get("run-1")

    assert found is not None
    assert (found.reads, found.writes) == (25 + 3 + 6, 10 + 4 + 5)


# ---------------------------------------------------------------------------------- journal


def test_the_last_line_of_a_change_says_how_it_stands(store: Store) -> None:
    store.runs.open_run(run(), numbered(change(), change(18), change(19), change(20)))
    failed = line_of(
        2,
        Outcome.FAILED,
        at=LATER,
        addition_id=2**40,
        product_id=18,
        text=message("ConnectWise refused {what}.", what="quantity"),
        remedy=message("Correct it."),
        detail='{"code": "<b>"}',
    )

    store.runs.announce("run-1", [line_of(1), line_of(2), line_of(3, product_id=19)])
    store.runs.settle("run-1", [failed])
    done = line_of(1, Outcome.DONE, addition_id=901, unit_price=Decimal("4.125"))
    store.runs.settle("run-1", [done])

    first, second, third, fourth = store.runs.changes("run-1")
    assert (first.outcome, first.addition_id, first.at) == (Outcome.DONE, 901, NOON)
    assert (first.unit_price, second.unit_price) == (Decimal("4.125"), None)
    assert second == replace(
        numbered(change(), change(18))[1],
        outcome=Outcome.FAILED,
        at=LATER,
        addition_id=2**40,
        product_id=18,
        text=failed.text,
        remedy=failed.remedy,
        detail=failed.detail,
    )
    assert (third.outcome, third.product_id) == (Outcome.IN_FLIGHT, 19)
    assert fourth == numbered(change(), change(), change(), change(20))[3]
    assert store.runs.journal("run-1") == [
        line_of(1),
        line_of(2),
        line_of(3, product_id=19),
        failed,
        done,
    ]


_outcomes = st.sampled_from([Outcome.WAITING, Outcome.FAILED, Outcome.SKIPPED, Outcome.DONE])
_steps = st.lists(st.tuples(st.integers(1, 4), _outcomes), max_size=8)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    path = tmp_path_factory.mktemp("runs") / "store.duckdb"
    with Store.open(path, "sandbox", now=lambda: NOON) as opened:
        yield opened


@settings(max_examples=50)  # each is some forty transactions
@given(steps=_steps, changes=st.lists(any_.changes, min_size=4, max_size=4))
def test_whatever_happens_to_changes_they_stay_and_are_counted_right(
    shared: Store, steps: list[tuple[int, Outcome]], changes: list[Change]
) -> None:
    left_open = shared.runs.open()  # by an example that failed
    if left_open is not None:
        shared.runs.event(left_open.id, event(RunEventKind.STOPPED))
    run_id = f"run-{len(shared.runs.list())}"
    wanted = numbered(*changes)
    shared.runs.open_run(run(run_id), wanted)
    expected = dict.fromkeys(range(1, 5), Outcome.WAITING)
    for number, outcome in steps:
        if expected[number] is Outcome.DONE:
            with pytest.raises(ConflictError, match="is done already"):
                shared.runs.announce(run_id, [line_of(number)])
            continue
        shared.runs.announce(run_id, [line_of(number)])
        shared.runs.settle(run_id, [line_of(number, outcome)])
        expected[number] = outcome
    shared.runs.event(run_id, event(RunEventKind.FINISHED))

    found, kept = shared.runs.get(run_id), shared.runs.changes(run_id)

    assert found is not None
    assert [each.change for each in kept] == changes
    assert {each.number: each.outcome for each in kept} == expected
    outcomes = list(expected.values())
    assert (found.changes, found.done, found.failed, found.skipped) == (
        4,
        outcomes.count(Outcome.DONE),
        outcomes.count(Outcome.FAILED),
        outcomes.count(Outcome.SKIPPED),
    )


def test_counts_of_one_run_are_not_those_of_another(store: Store) -> None:
    for number in (1, 2):
        store.runs.open_run(run(f"run-{number}"), numbered(change(), change(18)))
        store.runs.announce(f"run-{number}", [line_of(1), line_of(2)])
        store.runs.settle(
            f"run-{number}", [line_of(each, Outcome.DONE) for each in range(1, number + 1)]
        )
        store.runs.event(f"run-{number}", event(RunEventKind.FINISHED))

    assert [(each.id, each.done) for each in store.runs.list()] == [("run-2", 2), ("run-1", 1)]
    assert [each.outcome for each in store.runs.changes("run-1")] == [
        Outcome.DONE,
        Outcome.IN_FLIGHT,
    ]


def test_a_change_that_is_done_is_never_announced_again(store: Store) -> None:
    store.runs.open_run(run(), numbered(change(), change(18)))
    store.runs.announce("run-1", [line_of(1)])
    store.runs.settle("run-1", [line_of(1, Outcome.DONE)])

    with pytest.raises(ConflictError, match="Change 1 of run 1 is done already"):
        store.runs.announce("run-1", [line_of(2), line_of(1)])

    assert [each.outcome for each in store.runs.changes("run-1")] == [Outcome.DONE, Outcome.WAITING]


@pytest.mark.parametrize("kind", ENDED)
def test_a_run_that_ended_announces_nothing_and_still_takes_outcomes(
    store: Store, kind: RunEventKind
) -> None:
    store.runs.open_run(run(), numbered(change(), change(18)))
    store.runs.announce("run-1", [line_of(1)])
    store.runs.event("run-1", event(kind))

    with pytest.raises(ConflictError, match="not under way any more"):
        store.runs.announce("run-1", [line_of(2)])
    store.runs.settle("run-1", [line_of(1, Outcome.DONE)])

    assert [each.outcome for each in store.runs.changes("run-1")] == [Outcome.DONE, Outcome.WAITING]


@pytest.mark.parametrize("number", [0, 2, -1])
def test_there_is_no_line_for_a_change_that_the_run_does_not_have(
    store: Store, number: int
) -> None:
    store.runs.open_run(run(), numbered(change()))

    with pytest.raises(ValueError, match=f"no change {number}"):
        store.runs.announce("run-1", [line_of(1), line_of(number)])
    with pytest.raises(ValueError, match=f"no change {number}"):
        store.runs.settle("run-1", [line_of(number, Outcome.DONE)], [binding()])

    assert store.runs.journal("run-1") == []
    assert store.additions.bindings() == {}


def test_announcements_and_outcomes_are_not_mixed_up(store: Store) -> None:
    store.runs.open_run(run(), numbered(change()))

    with pytest.raises(ValueError, match="cannot be announced"):
        store.runs.announce("run-1", [line_of(1, Outcome.DONE)])
    with pytest.raises(ValueError, match="no outcome"):
        store.runs.settle("run-1", [line_of(1, Outcome.IN_FLIGHT)])
    with pytest.raises(ValueError, match="no run absent"):
        store.runs.announce("absent", [line_of(1)])
    with pytest.raises(ValueError, match="no run absent"):
        store.runs.settle("absent", [line_of(1, Outcome.DONE)])

    assert store.runs.journal("run-1") == []


# ---------------------------------------------------------------------------------- settling


def test_a_call_that_was_turned_away_leaves_its_change_waiting(store: Store) -> None:
    store.runs.open_run(run(), numbered(change()))
    store.runs.announce("run-1", [line_of(1)])
    store.runs.settle("run-1", [line_of(1, Outcome.WAITING)])
    assert [each.outcome for each in store.runs.changes("run-1")] == [Outcome.WAITING]
    store.runs.announce("run-1", [line_of(1)])
    assert [each.outcome for each in store.runs.changes("run-1")] == [Outcome.IN_FLIGHT]


def test_an_outcome_and_all_that_follows_are_one_transaction(store: Store) -> None:
    store.additions.replace([7], [addition(900)], NOON)
    store.mappings.save([mapping(stopped=True)], [], {"CIX": 0})
    store.runs.open_run(run(), numbered(change(), change(18)))
    store.runs.settle("run-1", [line_of(1, Outcome.DONE)], [binding(17), binding(18)])
    resumed, noted = mapping(version=2), change_of(by="system", field="stopped")
    written = addition(900, quantity=Decimal(13))

    store.runs.settle(
        "run-1",
        [line_of(2, Outcome.DONE)],
        iter([binding(19, quantity=Decimal("2.5"))]),
        iter([(7, 17)]),
        additions=iter([written]),
        decide=lambda current: ([resumed], [noted]),
    )

    assert store.additions.bindings() == {
        (7, 18): binding(18),
        (7, 19): binding(19, quantity=Decimal("2.5")),
    }
    assert store.additions.of() == {7: (written,)}
    assert store.mappings.all() == {"CIX": resumed}
    assert store.mappings.history() == [noted]


def test_an_outcome_whose_consequence_fails_is_not_kept(store: Store) -> None:
    store.runs.open_run(run(), numbered(change()))
    store.runs.announce("run-1", [line_of(1)])

    def decide(current: object) -> MappingWrite:
        raise ConflictError(message("no"))

    with pytest.raises(ConflictError):
        store.runs.settle("run-1", [line_of(1, Outcome.DONE)], [binding()], decide=decide)

    assert store.runs.changes("run-1")[0].outcome is Outcome.IN_FLIGHT
    assert store.additions.bindings() == {}


def test_an_addition_can_be_bound_anew_in_one_step(store: Store) -> None:
    """Removed first, then bound: the new binding stays."""
    store.runs.open_run(run(), numbered(change()))
    store.runs.settle("run-1", [], [binding(17)])
    anew = binding(17, addition_id=901)

    store.runs.settle("run-1", [line_of(1, Outcome.DONE)], [anew], [(7, 17)])

    assert store.additions.bindings() == {(7, 17): anew}


# ---------------------------------------------------------------------------------- customers


def test_the_last_sync_of_a_customer_is_that_of_the_last_run_that_touched_it(store: Store) -> None:
    both = change(18, customer_ids=("tenant-1", "tenant-2"))
    only = change(19, customer_ids=("tenant-3",))
    store.runs.open_run(run(month=SEPTEMBER), numbered(change(), both, only))
    store.runs.announce("run-1", [line_of(1), line_of(2), line_of(3)])
    store.runs.settle(
        "run-1", [line_of(1, Outcome.DONE), line_of(2, Outcome.FAILED), line_of(3, Outcome.DONE)]
    )
    store.runs.event("run-1", event(RunEventKind.FINISHED))
    store.runs.open_run(run("run-2"), numbered(change(), both, only))
    store.runs.announce("run-2", [line_of(1), line_of(2), line_of(3)])
    store.runs.settle("run-2", [line_of(1, Outcome.FAILED), line_of(3, Outcome.SKIPPED)])
    store.runs.settle("run-2", [line_of(1, Outcome.DONE, at=LATER)])

    assert store.runs.customer_syncs() == {
        "tenant-1": CustomerSync(run_id="run-2", month=OCTOBER, at=LATER, done=1, failed=0),
        "tenant-2": CustomerSync(run_id="run-1", month=SEPTEMBER, at=NOON, done=0, failed=1),
        "tenant-3": CustomerSync(run_id="run-1", month=SEPTEMBER, at=NOON, done=1, failed=0),
    }


def test_thirty_thousand_changes_are_recorded_announced_and_read(store: Store) -> None:
    step = message("{lines} lines give {quantity}.", lines=3, quantity=Decimal("1.50"))
    many = numbered(
        *[
            change(number % 15, customer_ids=(f"tenant-{number // 15}",), steps=(step, step))
            for number in range(30_000)
        ]
    )
    opened = store.runs.open_run(run(), many)
    lines = [line_of(each.number) for each in many]

    store.runs.announce("run-1", lines)
    store.runs.settle("run-1", [replace(each, outcome=Outcome.DONE) for each in lines])

    assert store.runs.get("run-1") == replace(opened, done=30_000)
    changes = store.runs.changes("run-1")
    assert [each.change for each in changes] == [each.change for each in many]
    assert {each.outcome for each in changes} == {Outcome.DONE}
    assert len(store.runs.customer_syncs()) == 2_000


# ---------------------------------------------------------------------------------- for ever


RECORDED = ("run", "run_change", "run_customer", "run_event", "journal")


def recorded(store: Store) -> dict[str, list[tuple[object, ...]]]:
    return {
        table: store._database.read(f"SELECT * FROM store.{table} ORDER BY ALL")
        for table in RECORDED
    }


@pytest.fixture
def ended(store: Store) -> Store:
    """One run that has finished: a change is done, one failed, one was skipped, and of one nobody
    knows what became of it."""
    store.runs.open_run(run(), numbered(change(), change(18), change(19), change(20)))
    store.runs.announce("run-1", [line_of(number) for number in (1, 2, 3, 4)])
    outcomes = [Outcome.DONE, Outcome.FAILED, Outcome.SKIPPED]
    store.runs.settle("run-1", [line_of(n, each) for n, each in enumerate(outcomes, 1)])
    store.runs.event("run-1", event(RunEventKind.FINISHED), 5, 4)
    return store


_BY_HAND = change(99, after=Decimal(4711))
# For every public method of the store: what somebody might try with it on a run that has finished.
TRIED: dict[str, list[tuple[object, ...]]] = {
    "open_run": [(run(), []), (run(number=1), numbered(_BY_HAND))],
    "event": [
        ("run-1", event(kind), 99, 99) for kind in RunEventKind if kind is not RunEventKind.APPROVED
    ],
    "announce": [("run-1", [line_of(number)]) for number in (1, 2, 3, 4)],
    "settle": [
        ("run-1", [line_of(number, outcome, at=LATER, addition_id=4711)], [binding()])
        for number in (1, 2, 3)
        for outcome in Outcome
        if outcome is not Outcome.IN_FLIGHT
    ],
}
READ = {"get", "numbered", "open", "list", "changes", "journal", "customer_syncs"}


def test_every_way_to_write_to_the_store_of_runs_is_tried() -> None:
    methods = {name for name in vars(RunsStore) if not name.startswith("_")}
    assert methods == TRIED.keys() | READ
    assert {name for name in vars(HistoryStore) if not name.startswith("_")} == {
        "changes",
        "count",
        "runs",
        "sentences",
    }


@pytest.mark.parametrize("method", TRIED)
def test_no_method_changes_or_removes_anything_of_a_run_that_has_finished(
    ended: Store, method: str
) -> None:
    before, stands = recorded(ended), ended.runs.get("run-1")
    for arguments in TRIED[method]:
        with pytest.raises((ConflictError, StoreError)):
            getattr(ended.runs, method)(*arguments)
    assert recorded(ended) == before
    assert ended.runs.get("run-1") == stands
    assert ended.additions.bindings() == {}


def test_what_reads_the_history_leaves_it_as_it_is(ended: Store) -> None:
    before = recorded(ended)
    ended.runs.list()
    ended.runs.changes("run-1")
    ended.runs.journal("run-1")
    ended.history.changes(ChangeFilter(text="'; DELETE FROM store.journal; --"))
    ended.history.count(ChangeFilter(by="ada'; UPDATE store.run SET digest = ''; --"))
    assert recorded(ended) == before


def test_a_change_of_which_nobody_knew_gets_its_outcome_once(ended: Store) -> None:
    before = recorded(ended)["journal"]
    ended.runs.settle("run-1", [line_of(4, Outcome.DONE, addition_id=904)])
    with pytest.raises(ConflictError, match="Run 1 has ended, and what became of its change 4"):
        ended.runs.settle("run-1", [line_of(4, Outcome.FAILED)])
    found = ended.runs.changes("run-1")
    assert [each.outcome for each in found][3] is Outcome.DONE
    assert set(before) < set(recorded(ended)["journal"])


@pytest.mark.parametrize("table", RECORDED)
def test_no_statement_rewrites_what_a_finished_run_left(ended: Store, table: str) -> None:
    database, before = ended._database, recorded(ended)
    for sql in (
        f"DELETE FROM store.{table}",
        f"UPDATE store.{table} SET run_id = 'x'",
        f'UPDATE "store"."{table}" SET run_id = NULL',
        f"INSERT OR REPLACE INTO store.{table} SELECT * FROM store.{table}",
    ):
        for attempt in (
            partial(database.write, lambda transaction, sql=sql: transaction.execute(sql)),
            partial(database.read, sql),
        ):
            with pytest.raises(RuntimeError, match="only ever added to"):
                attempt()
    assert recorded(ended) == before


def test_nothing_that_was_recorded_is_ever_changed_or_removed(store: Store) -> None:
    recorded: dict[str, set[tuple[object, ...]]] = {}

    def check(step: Callable[[], object]) -> None:
        step()
        for table in ("run", "run_change", "run_customer", "run_event", "journal"):
            rows = set(store._database.read(f"SELECT * FROM store.{table}"))
            assert recorded.get(table, set()) <= rows
            recorded[table] = rows

    runs = store.runs
    for run_id in ("run-1", "run-2"):
        check(partial(runs.open_run, run(run_id), numbered(change(), change(18))))
        for kind in (RunEventKind.STARTED, RunEventKind.STOPPED, RunEventKind.RESUMED):
            check(partial(runs.event, run_id, event(kind), 3, 4))
        check(partial(runs.announce, run_id, [line_of(1), line_of(2)]))
        for outcome in (Outcome.FAILED, Outcome.SKIPPED, Outcome.DONE):
            check(partial(runs.settle, run_id, [line_of(1, outcome)], [binding()]))
        check(partial(runs.event, run_id, event(RunEventKind.FINISHED), 9, 9))

    assert {table: len(rows) for table, rows in recorded.items()} == {
        "run": 2,
        "run_change": 4,
        "run_customer": 4,
        "run_event": 10,
        "journal": 10,
    }
