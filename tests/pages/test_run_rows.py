"""Runs in words: progress, outcomes, what can be done with them, and files of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from core.domain.models import (
    BillingOption,
    Change,
    ChangeKind,
    ChangeNames,
    MonthlyEffect,
    Outcome,
    PlanOptions,
    PriceEffect,
    Run,
    RunChange,
    RunEvent,
    RunEventKind,
    RunOrigin,
    RunStatus,
    Target,
    WaitingPlan,
)
from core.domain.month import Month
from core.domain.undone import Undone
from core.errors import message
from core.use_cases.exclusions import LeftOut
from core.use_cases.run_progress import RunProgress
from pages.components.formats import datetime_text
from pages.components.run_changes import change_frame
from pages.components.run_excluded import excluded_note, excluded_reasons
from pages.components.run_export import run_table, runs_table
from pages.components.run_rows import (
    advice_of,
    can_be_resumed,
    can_be_retried,
    duration,
    figures,
    last_word,
    message_of,
    origin_of,
    outcome_names,
    reason_of,
    requests_text,
    standing,
    status_colour,
    status_names,
    to_look_at,
    troubles,
    was_started,
)
from pages.components.run_view import progress_text, share_of
from pages.components.sync_todo import run_todos, waiting_todos

NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)
MONTH = Month(2026, 10)


def event(kind: RunEventKind, minutes: int = 0, **more) -> RunEvent:
    return RunEvent(kind=kind, at=NOW + timedelta(minutes=minutes), by="Ann", **more)


def a_run(*kinds: RunEventKind, **more) -> Run:
    events = tuple(event(kind, number) for number, kind in enumerate(kinds))
    values = {
        "id": "r",
        "number": 7,
        "month": MONTH,
        "digest": "d" * 64,
        "origin": RunOrigin.PAGE,
        "approved_by": "Ann",
        "approved_at": NOW,
        "options": PlanOptions(),
        "limits": (),
        "events": events,
        "changes": 4,
    }
    return Run(**{**values, **more})


A, S, F = RunEventKind.APPROVED, RunEventKind.STARTED, RunEventKind.FINISHED
STOP, ABORT, REFUSE = RunEventKind.STOPPED, RunEventKind.ABORTED, RunEventKind.REFUSED


def row(number: int, outcome: Outcome, **more) -> RunChange:
    change = Change(
        kind=ChangeKind.SET_QUANTITY,
        target=Target(11, number),
        before=Decimal(1),
        after=Decimal(3),
        unit_price=Decimal(5),
        billing=BillingOption.YEARLY,
        currency="EUR",
    )
    names = ChangeNames(customers=("Zoë",), agreement="Managed", product=f"P{number}")
    return RunChange(number=number, change=change, names=names, outcome=outcome, **more)


ROWS = [row(number, outcome) for number, outcome in enumerate(Outcome, start=1)]


def test_every_outcome_is_counted_and_only_what_was_done_has_a_price():
    found = figures([*ROWS, row(9, Outcome.DONE)])
    assert (found.done, found.failed, found.skipped) == (2, 1, 1)
    assert (found.unknown, found.waiting, found.left) == (1, 1, 2)
    done = MonthlyEffect(per_year=Decimal(20), currency="EUR", agreements=1)
    assert found.price_effect == PriceEffect(monthly=(done,))


def test_what_was_not_done_is_to_be_looked_at():
    assert {one.outcome for one in to_look_at(ROWS)} == set(Outcome) - {Outcome.DONE}


@pytest.mark.parametrize(
    ("kinds", "resumable"),
    [
        ((A,), True),
        ((A, S), True),
        ((A, S, STOP), True),
        ((A, S, ABORT), True),
        ((A, S, F), False),
        ((A, S, REFUSE), False),
    ],
)
def test_only_what_is_left_of_the_newest_run_is_finished(kinds, resumable):
    run = a_run(*kinds)
    assert can_be_resumed(run, run) is resumable
    assert not can_be_resumed(run, a_run(*kinds, id="later"))
    assert not can_be_resumed(run, None)


def test_what_was_not_done_is_retried_once_the_run_has_ended():
    assert can_be_retried(a_run(A, S, F), figures(ROWS))
    assert not can_be_retried(a_run(A, S), figures(ROWS))
    assert not can_be_retried(a_run(A, S, F), figures([row(1, Outcome.DONE)]))


def test_a_run_is_timed_from_its_approval_to_its_end():
    assert duration(a_run(A, S, F)) == timedelta(minutes=2)
    assert duration(a_run(A, S)) is None


def test_why_a_run_ended_is_its_last_word():
    told = event(ABORT, text=message("Wrong key."))
    assert last_word(a_run(A, events=(event(A), told))) is told
    assert last_word(a_run(A, S, F)) is None
    assert last_word(a_run()) is None


def test_begun_is_what_was_started_or_resumed():
    assert not was_started(a_run(A))
    assert was_started(a_run(A, S))
    assert was_started(a_run(A, RunEventKind.RESUMED))


def test_every_status_and_outcome_has_a_word_and_a_colour():
    assert set(status_names()) == set(RunStatus)
    assert set(outcome_names()) == set(Outcome)
    assert status_colour(a_run(A, S, F)) == "green"
    assert status_colour(a_run(A, S, F, failed=1)) == "orange"
    assert {status_colour(a_run(A, S, kind)) for kind in (STOP, ABORT, REFUSE)} == {
        "orange",
        "red",
    }


def test_a_run_that_has_not_ended_is_under_way_cut_off_or_not_begun():
    begun = a_run(A, S)
    assert standing(begun, carried_out=True) == "Under way"
    assert standing(begun, carried_out=False) == "Cut off"
    assert standing(a_run(A), carried_out=False) == "Not started"
    assert standing(a_run(A, S, F), carried_out=True) == "Finished"
    assert status_colour(begun, carried_out=True) != status_colour(begun)


def test_requests_of_a_pass_that_was_cut_off_are_told_to_be_missing():
    resumed = RunEventKind.RESUMED
    assert requests_text(a_run(A, S, F)) == ""
    whole = a_run(A, S, STOP, resumed, F, reads=4, writes=2)
    assert requests_text(whole) == "reads: 4, writes: 2"
    cut_off = a_run(A, S, resumed, F, reads=4, writes=2)
    assert requests_text(cut_off) == "reads: at least 4, writes: at least 2"


def test_a_failure_is_told_with_its_remedy_and_the_servers_words():
    failed = row(
        1, Outcome.FAILED, text=message("No."), remedy=message("Do this."), detail="<b>x</b>"
    )
    assert message_of(failed) == "No. Do this. ConnectWise said: <b>x</b>"
    bare = row(1, Outcome.FAILED, text=message("No: error 400"), remedy=message("Do this."))
    assert message_of(bare) == "No: error 400. Do this."
    assert "may have been made" in message_of(row(1, Outcome.IN_FLIGHT))
    assert message_of(row(1, Outcome.DONE)) == ""


def test_what_went_wrong_is_gathered_by_its_reason():
    no = {"text": message("No."), "remedy": message("Do this.")}
    rows = [
        row(1, Outcome.DONE),
        row(2, Outcome.FAILED, text=message("Other.")),
        row(3, Outcome.FAILED, **no),
        row(4, Outcome.FAILED, **no),
        row(5, Outcome.IN_FLIGHT),
        row(6, Outcome.WAITING),
    ]
    found = troubles(rows)
    assert [[one.number for one in trouble.changes] for trouble in found] == [[3, 4], [2], [5]]
    assert (reason_of(found[0]), advice_of(found[0])) == ("No.", "Do this.")
    assert "may have been made" in reason_of(found[2])


def test_progress_tells_done_failed_left_and_the_time():
    now = RunProgress("r", total=40, done=10, failed=2, skipped=1, seconds_left=65)
    assert progress_text(now) == ("10 of 40 done · 2 failed · 1 skipped · 27 left · about 1 minute")
    assert share_of(now) == 13 / 40
    assert "Reading" in progress_text(RunProgress("r"))
    assert share_of(RunProgress("r")) == 0.0
    assert progress_text(RunProgress("r", total=1, done=1)) == "1 of 1 done"


def test_a_file_of_a_run_has_every_change_with_its_outcome():
    table = run_table(a_run(A, S, F), ROWS, [])
    assert [len(cells) for cells in table.rows] == [len(table.headings)] * len(ROWS)
    assert [cells[2] for cells in table.rows] == list(outcome_names().values())
    assert table.rows[0][8:10] == (Decimal(1), Decimal(3))
    cells = {str(row[2]): dict(zip(table.headings, row, strict=True)) for row in table.rows}
    assert cells["Done"]["Price effect per month"] == Decimal("0.83")
    assert cells["Done"]["Price effect per billing period"] == 10
    assert (cells["Done"]["Currency"], cells["Done"]["Billing cycle"]) == ("EUR", "yearly")
    assert cells["Failed"]["Price effect per month"] is None
    assert {table.headings[at] for at in table.money} == {
        "Price effect per month",
        "Price effect per billing period",
    }


EXCLUDED = {"11/8": "Pays for itself", "11/9": "Pays for itself", "+NEW": "=Not yet"}


def test_a_file_of_a_run_has_what_was_left_out_with_the_reason():
    left_out = LeftOut(
        "11/8", "Pays for itself", "P8", agreement="Managed", agreement_id=11, product_id=8
    )
    table = run_table(a_run(A, S, F), ROWS, [left_out])
    assert len(table.rows) == len(ROWS) + 1
    told = dict(zip(table.headings, table.rows[-1], strict=True))
    assert {name: cell for name, cell in told.items() if cell not in (None, "")} == {
        "Run": 7,
        "Month": MONTH,
        "Outcome": "Excluded",
        "Agreement": "Managed",
        "ConnectWise product": "P8",
        "Message": "Pays for itself",
        "Agreement ID": 11,
        "Product ID": 8,
    }


def test_a_file_of_runs_says_why_rows_were_left_out_and_where_a_run_came_from():
    retry = a_run(A, S, F, id="s", retry_of="r", options=PlanOptions(excluded=EXCLUDED))
    table = runs_table([retry, a_run(A)])
    first, second = (dict(zip(table.headings, row, strict=True)) for row in table.rows)
    assert (first["Excluded"], first["Why excluded"]) == (3, "Pays for itself; =Not yet")
    assert (second["Excluded"], second["Why excluded"]) == (0, "")
    assert (first["Origin"], second["Origin"]) == ("Retry of a run", "Manual")
    assert origin_of(a_run(A, undo_of="r", retry_of="r")) == "Undo of a run"


def test_a_note_says_how_many_rows_were_left_out_and_each_reason_once():
    assert excluded_note(a_run(A)) == ""
    run = a_run(A, options=PlanOptions(excluded=EXCLUDED))
    assert excluded_note(run) == "3 rows left out: Pays for itself; =Not yet"
    assert excluded_reasons(run) == "Pays for itself; =Not yet"
    one = a_run(A, options=PlanOptions(excluded={"11/8": "Asked for"}))
    assert excluded_note(one) == "1 row left out: Asked for"


def test_what_was_not_begun_has_no_time_even_where_it_had_been_announced():
    taken_back, done = row(1, Outcome.WAITING, at=NOW), row(2, Outcome.DONE, at=NOW)
    assert list(change_frame([taken_back, done])["at"]) == ["–", datetime_text(NOW)]
    assert [cells[3] for cells in run_table(a_run(A, S, F), [taken_back, done], []).rows] == [
        None,
        NOW,
    ]


def test_the_table_of_a_run_has_numbers_and_words():
    frame = change_frame(ROWS)
    assert list(frame["outcome"]) == list(outcome_names().values())
    assert frame["after"].dtype.kind == "f"


# ---------------------------------------------------------------- what needs a person


def todo_titles(undone: list[Undone], interrupted: Run | None = None) -> list[str]:
    return [todo.title for todo in run_todos(undone, interrupted, NOW)]


@pytest.mark.parametrize(
    ("kind", "words"), [(STOP, "was stopped"), (ABORT, "was broken off"), (REFUSE, "was refused")]
)
def test_a_run_that_ended_otherwise_is_told_with_the_way_to_it(kind, words):
    last = event(kind, 2, text=message("Because."), remedy=message("Do this."))
    run = a_run(A, events=(event(A), last))
    (todo,) = run_todos([Undone(run, 3)], None, NOW + timedelta(hours=1))
    assert words in todo.title
    assert todo.detail.startswith("Because. · Do this.")
    assert dict(todo.params) == {"view": "runs", "run": "r"}


def test_failed_changes_that_are_left_are_counted():
    failed = Undone(a_run(A, S, F, failed=3), 2)
    assert todo_titles([failed]) == ["Run 7 of October 2026: 2 changes failed."]


def test_a_run_that_was_cut_off_comes_before_everything():
    titles = todo_titles([Undone(a_run(A, S, F, failed=1), 1)], a_run(A, S))
    assert titles == [
        "Run 7 of October 2026 was cut off.",
        "Run 7 of October 2026: 1 change failed.",
    ]
    assert todo_titles([], a_run(A)) == ["Run 7 of October 2026 was approved and has not begun."]


def test_a_plan_that_waits_links_to_its_month():
    waiting = WaitingPlan(
        id="w", month=MONTH, digest="d", made_at=NOW, changes=40, blocked=2, exceeded=1
    )
    (todo,) = waiting_todos([waiting], NOW)
    assert todo.title == "A plan of October 2026 waits for approval."
    assert todo.detail.startswith("40 changes · 2 blocked · 1 limit exceeded")
    assert dict(todo.params) == {"month": "2026-10", "view": "plan"}
    (plain,) = waiting_todos([replace(waiting, blocked=0, exceeded=0)], NOW)
    assert "blocked" not in plain.detail
