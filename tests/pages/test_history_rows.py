"""What the history finds and how it says it."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from core.domain.models import (
    CustomerHistoryEntry,
    LimitCheck,
    LimitKind,
    MappingHistoryEntry,
    MonthClosing,
    Outcome,
    PastChange,
    PlanOptions,
    Run,
    RunEventKind,
)
from core.errors import message
from core.use_cases.exclusions import LeftOut
from core.use_cases.mapping_history import SYSTEM
from core.use_cases.workbook import as_csv, as_excel
from pages.components.history_rows import (
    SavedWords,
    Wanted,
    changes_table,
    closings_table,
    key_of,
    matching_closings,
    matching_runs,
    matching_saved,
    months_in,
    people_in,
    relation_words,
    runs_table,
    saved_table,
    undone_by,
    with_excluded,
)
from tests.storage.samples import NOON, OCTOBER
from tests.storage.sync_samples import change, event, numbered, run

FINISHED = event(RunEventKind.FINISHED, at=NOON + timedelta(seconds=75))
LIFTED = LimitCheck(
    LimitKind.JUMP, Decimal(9), Decimal(5), True, message("Jumps."), message("Look at them.")
)
FIRST = run("one", number=1, events=(FINISHED,), changes=2, done=2, reads=7, writes=3)
SECOND = run(
    "two",
    number=2,
    month=OCTOBER.plus(1),
    approved_by="bob",
    undo_of="one",
    override_reason="Counted by hand",
    limits=(LIFTED,),
    events=(event(RunEventKind.ABORTED, text=message("Nobody answers.")),),
)
THIRD = run("three", number=3, undo_of="two", retry_of="one")
RUNS = [THIRD, SECOND, FIRST]


def test_runs_are_tied_to_those_that_take_them_back() -> None:
    assert undone_by([*RUNS, run("four", number=4, undo_of="one")]) == {
        "one": (SECOND, run("four", number=4, undo_of="one")),
        "two": (THIRD,),
    }
    assert relation_words(FIRST, RUNS) == ["Undone by run 2"]
    assert relation_words(SECOND, RUNS) == ["Undoes run 1", "Undone by run 3"]
    assert relation_words(THIRD, RUNS) == ["Undoes run 2", "Goes on from run 1"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, [3, 2, 1]),
        ({"month": str(OCTOBER)}, [3, 1]),
        ({"person": "bob"}, [2]),
        ({"status": "finished"}, [1]),
        ({"status": "open"}, [3]),
        ({"text": "NOBODY answers"}, [2]),
        ({"text": "undoes by hand"}, [2]),
        ({"text": "nobody else"}, []),
        ({"person": "bob", "month": str(OCTOBER)}, []),
    ],
)
def test_runs_are_found(wanted: dict[str, Any], expected: list[int]) -> None:
    assert [each.number for each in matching_runs(RUNS, Wanted(**wanted))] == expected


def test_runs_that_touched_something_are_found() -> None:
    found: list[Run] = matching_runs(RUNS, Wanted(), frozenset({"one"}))
    assert found == [FIRST]
    assert matching_runs(RUNS, Wanted(), frozenset()) == []


def test_a_run_in_one_line() -> None:
    table = runs_table([FIRST, SECOND], RUNS)
    told = dict(zip(table.headings, table.rows[0], strict=True))
    assert (told["Run"], told["Done"], told["Reads"], told["Writes"]) == (1, 2, 7, 3)
    assert (told["Duration"], told["Note"], told["Limits"]) == ("0:01:15", "Undone by run 2", "")
    told = dict(zip(table.headings, table.rows[1], strict=True))
    assert "Limit lifted: Counted by hand" in str(told["Note"])
    assert told["Limits"] == "Jumps."


def test_what_was_left_out_is_in_the_note_found_by_its_reason_and_in_files() -> None:
    left = replace(THIRD, options=PlanOptions(excluded={"7/17": "Pays for itself"}))
    found = matching_runs([left, SECOND, FIRST], Wanted(text="pays itself"))
    assert found == [left]
    table = runs_table(found, RUNS)
    told = dict(zip(table.headings, table.rows[0], strict=True))
    assert str(told["Note"]).endswith("1 row left out: Pays for itself")
    assert (told["Excluded"], told["Why excluded"]) == (1, "Pays for itself")
    assert told["Origin"] == "Undo of a run"


def test_where_a_run_came_from_is_said_as_everywhere_and_filtered_by_where_it_began() -> None:
    retry = replace(THIRD, undo_of="")
    [cells] = runs_table([retry], RUNS).rows
    assert "Retry of a run" in cells
    assert matching_runs([retry], Wanted(origin="page")) == [retry]


def test_the_file_of_a_run_ends_with_what_was_left_out() -> None:
    [row] = numbered(change())
    past = PastChange(run_id="one", run=1, month=OCTOBER, by="ada", row=row)
    out = LeftOut("7/18", "=Asked for", "SKU-18", agreement="A", agreement_id=7, product_id=18)
    table = with_excluded(changes_table([past]), FIRST, [out])
    told = dict(zip(table.headings, table.rows[1], strict=True))
    assert (told["Run"], told["Month"], told["Approved by"]) == (1, OCTOBER, "ada")
    assert (told["Outcome"], told["Message"]) == ("Excluded", "=Asked for")
    assert (told["Agreement"], told["ConnectWise product"]) == ("A", "SKU-18")
    assert (told["Change"], told["Before"], told["After"]) == (None, None, None)
    assert ",'=Asked for," in as_csv(table).decode("utf-8-sig")
    assert as_excel([table])


def test_a_change_in_one_line() -> None:
    [row] = numbered(change(steps=(message("Because."),)))
    failed = replace(
        row,
        outcome=Outcome.FAILED,
        text=message("No."),
        remedy=message("Try."),
        detail="=cmd()",
        product_id=18,
        addition_id=901,
    )
    past = PastChange(run_id="one", run=1, month=OCTOBER, by="ada", row=failed)
    table = changes_table([past])
    told = dict(zip(table.headings, table.rows[0], strict=True))
    assert (told["Before"], told["After"], told["Explanation"]) == (11, 12, "Because.")
    assert (told["Message"], told["Remedy"]) == ("No.", "Try.")
    assert (told["Product ID"], told["Addition ID"]) == (18, 901)
    written = as_csv(table).decode("utf-8-sig")
    assert ",'=cmd()," in written
    # In Excel it is a day that can be sorted and filtered, in CSV it is as it always was.
    assert told["Month"] == OCTOBER
    assert f",{OCTOBER}," in written
    book = openpyxl.load_workbook(io.BytesIO(as_excel([table]))).worksheets[0]
    assert (book["B2"].data_type, book["B2"].number_format) == ("d", "yyyy-mm")


# ---------------------------------------------------------------- what was saved

SAVED: dict[str, Any] = {"at": NOON, "by": "ada", "origin": "csv", "field": "sync"}
MAPPING = MappingHistoryEntry(id="m1", product_code="CIXA", old="true", new="false", **SAVED)
BY_SYSTEM = replace(MAPPING, id="m2", by=SYSTEM, product_code="XDR", at=NOON + timedelta(days=40))
CUSTOMER = CustomerHistoryEntry(id="c1", customer_id="tenant-1", old="", new="250", **SAVED)
WORDS = SavedWords(
    lambda entry: f"name of {key_of(entry)}",
    lambda entry: f"field {entry.field}",
    lambda entry, stored: f"value {stored}",
)


@pytest.mark.parametrize(
    ("wanted", "key", "expected"),
    [
        (Wanted(), "", ["m1", "m2", "c1"]),
        (Wanted(), "tenant-1", ["c1"]),
        (Wanted(person="ada"), "CIXA", ["m1"]),
        (Wanted(month="2026-13"), "", []),
        (Wanted(text="name xdr"), "", ["m2"]),
        (Wanted(text="USAGE sync"), "", ["m2"]),
        (Wanted(text="value 250"), "", ["c1"]),
        (Wanted(text="import"), "", ["m1", "m2", "c1"]),
    ],
)
def test_saved_changes_are_found(wanted: Wanted, key: str, expected: list[str]) -> None:
    found = matching_saved([MAPPING, BY_SYSTEM, CUSTOMER], wanted, key, WORDS)
    assert [entry.id for entry in found] == expected


def test_saved_changes_are_of_the_month_in_which_they_were_saved() -> None:
    month = f"{NOON:%Y-%m}"
    found = matching_saved([MAPPING, BY_SYSTEM], Wanted(month=month), "", WORDS)
    assert found == [MAPPING]


def test_a_saved_change_in_one_line() -> None:
    table = saved_table("Mappings", "Sophos product", [BY_SYSTEM], WORDS)
    told = dict(zip(table.headings, table.rows[0], strict=True))
    assert (told["Who"], told["Sophos product"]) == ("Usage Sync", "name of XDR")
    assert (told["Before"], told["After"], told["ID"]) == ("value true", "value false", "XDR")


CLOSED = MonthClosing(month=OCTOBER, closed=True, at=NOON, by="ada")
REOPENED = replace(CLOSED, closed=False, by="bob", reason="Billed twice")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(), [REOPENED, CLOSED]),
        (Wanted(person="bob"), [REOPENED]),
        (Wanted(month=str(OCTOBER.plus(1))), []),
        (Wanted(text="twice"), [REOPENED]),
    ],
)
def test_closings_are_found(wanted: Wanted, expected: list[MonthClosing]) -> None:
    found = matching_closings([REOPENED, CLOSED], wanted)
    assert found == expected
    assert [row[3] for row in closings_table(found).rows] == [
        "Closed" if one.closed else "Reopened" for one in found
    ]


def test_what_can_be_chosen_is_what_there_is() -> None:
    assert months_in(RUNS, [CLOSED]) == [str(OCTOBER.plus(1)), str(OCTOBER)]
    assert people_in([FIRST], [BY_SYSTEM], [REOPENED]) == {
        "ada": "ada",
        "bob": "bob",
        SYSTEM: "Usage Sync",
    }
