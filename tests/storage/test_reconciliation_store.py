from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from core.domain.models import (
    Acceptance,
    AcceptanceEntry,
    Change,
    ChangeKind,
    NoteKind,
    OrderPart,
    Outcome,
    Push,
    RowNote,
    RunEventKind,
)
from core.domain.month import Month
from core.storage.store import Store
from tests.storage.samples import NOON, OCTOBER, fetch, line, mapping
from tests.storage.sync_samples import change, event, line_of, numbered, run


def entry(key: str = "11/1", **changes: Any) -> AcceptanceEntry:
    values: dict[str, Any] = {
        "key": key,
        "accepted": True,
        "at": NOON,
        "by": "ada",
        "reason": "agreed “by mail” 😀",
        "until": OCTOBER,
    }
    return AcceptanceEntry(**{**values, **changes})


def note(text: str = "asked them", key: str = "11/1", **changes: Any) -> RowNote:
    values: dict[str, Any] = {"kind": NoteKind.NOTE, "at": NOON, "by": "ada"}
    return RowNote(**{**values, "key": key, "text": text, **changes})


def test_nothing_is_accepted_or_noted_at_first(store: Store) -> None:
    kept = store.reconciliation

    assert (kept.acceptances(), kept.notes()) == ({}, {})
    assert (kept.acceptances_of("11/1"), kept.notes_of("11/1")) == ([], [])


def test_the_newest_entry_of_a_row_counts_and_all_are_kept(store: Store) -> None:
    kept = store.reconciliation
    first, second = entry(), entry(reason="for good", until=None, at=NOON + timedelta(days=1))
    withdrawn = entry("12/1", accepted=False, reason="", until=None)

    kept.accept([first, entry("12/1")])
    kept.accept([second])
    kept.accept([withdrawn])

    assert kept.acceptances() == {
        "11/1": Acceptance(key="11/1", reason="for good", until=None, by="ada")
    }
    assert kept.acceptances_of("11/1") == [second, first]
    assert kept.acceptances_of("12/1") == [withdrawn, entry("12/1")]


def test_withdrawn_differences_can_be_accepted_again(store: Store) -> None:
    kept = store.reconciliation
    for accepted in (True, False, True):
        kept.accept([entry(accepted=accepted)])

    assert list(kept.acceptances()) == ["11/1"]


def test_several_entries_of_one_row_in_one_write_count_in_their_order(store: Store) -> None:
    store.reconciliation.accept([entry(), entry(accepted=False)])

    assert store.reconciliation.acceptances() == {}


def test_a_month_has_what_was_accepted_for_it_whatever_was_decided_of_others(
    store: Store,
) -> None:
    kept = store.reconciliation
    august = entry(since=OCTOBER.plus(-2), until=OCTOBER.plus(-2), reason="august")
    october = entry(since=OCTOBER, until=OCTOBER.plus(1), reason="october")
    kept.accept([august])
    kept.accept([october, entry("12/1", since=None, until=OCTOBER.plus(-1))])

    def reasons(key: str = "11/1") -> list[str | None]:
        found = [kept.acceptances_in(OCTOBER.plus(n)).get(key) for n in (-3, -2, -1, 0, 1, 2)]
        return [each and each.reason.partition(" ")[0] for each in found]

    assert reasons() == [None, "august", None, "october", "october", None]
    # Made before the month of an acceptance was kept: for all months up to its last.
    assert reasons("12/1") == ["agreed", "agreed", "agreed", None, None, None]
    kept.accept([entry(accepted=False, since=OCTOBER.plus(1), until=OCTOBER.plus(1), reason="")])
    assert reasons() == [None, "august", None, "october", None, None]
    kept.accept([entry(accepted=False, since=None, until=None, reason="")])
    assert reasons() == [None] * 6


def test_note_and_assignee_of_a_row_are_kept_apart(store: Store) -> None:
    kept = store.reconciliation
    assignee = note("Bob", kind=NoteKind.ASSIGNEE)

    kept.write_notes([note("first"), assignee, note("other", "12/1")])
    kept.write_notes([note("second")])

    assert kept.notes() == {
        ("11/1", NoteKind.NOTE): note("second"),
        ("11/1", NoteKind.ASSIGNEE): assignee,
        ("12/1", NoteKind.NOTE): note("other", "12/1"),
    }
    assert kept.notes_of("11/1") == [note("second"), assignee, note("first")]


def test_an_empty_note_takes_the_note_away(store: Store) -> None:
    store.reconciliation.write_notes([note()])
    store.reconciliation.write_notes([note("")])

    assert store.reconciliation.notes() == {}
    assert len(store.reconciliation.notes_of("11/1")) == 2


def test_it_survives_reopening(store: Store, path: Path) -> None:
    store.reconciliation.accept([entry()])
    store.reconciliation.write_notes([note()])
    store.close()

    with Store.open(path, "sandbox") as again:
        assert again.reconciliation.acceptances_of("11/1") == [entry()]
        assert again.reconciliation.notes_of("11/1") == [note()]
        again.reconciliation.accept([entry(accepted=False)])
        assert again.reconciliation.acceptances() == {}


def test_what_is_kept_here_does_not_age_what_a_report_follows_from(store: Store) -> None:
    before = store.facts_revision
    revision = store.revision

    store.reconciliation.accept([entry()])
    store.reconciliation.write_notes([note()])

    assert store.facts_revision == before
    assert store.revision == revision + 2
    store.mappings.save([mapping()], [], {"CIX": 0})
    assert store.facts_revision == before + 1


def test_the_revision_of_facts_never_goes_back(store: Store) -> None:
    seen: list[int] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            seen.append(store.facts_revision)

    looking = threading.Thread(target=look)
    looking.start()
    for number in range(30):
        store.reconciliation.write_notes([note(str(number))])
        store.settings.put("a", str(number), "ada", NOON)
    done.set()
    looking.join()

    assert seen == sorted(seen)


# ---------------------------------------------------------------- what runs did


def ran(
    store: Store, run_id: str, month: Month, *changes: Change, outcome: Outcome = Outcome.DONE
) -> None:
    """A run that carried these changes out, in this order."""
    store.runs.open_run(run(run_id, month=month), numbered(*changes))
    for number, each in enumerate(changes, 1):
        store.runs.announce(run_id, [line_of(number)])
        done = line_of(number, outcome, addition_id=each.addition_id or 700 + number)
        store.runs.settle(run_id, [done])
    store.runs.event(run_id, event(RunEventKind.FINISHED))


def test_without_runs_nothing_was_pushed(store: Store) -> None:
    assert store.reconciliation.pushes(OCTOBER) == []
    assert store.reconciliation.first_month_pushed() is None


def test_what_was_done_comes_in_order_from_the_first_newer_month_on(store: Store) -> None:
    november, december = OCTOBER.plus(1), OCTOBER.plus(2)
    created = change(18, kind=ChangeKind.CREATE_ADDITION, addition_id=None, before=None)
    ran(store, "a", OCTOBER, change(before=Decimal("1.50"), after=Decimal(2)))
    ran(store, "b", november, change(before=Decimal(2), after=Decimal(0)), created)
    ran(store, "c", OCTOBER, change(before=Decimal(0), after=Decimal(3)))
    ran(store, "d", december, change(), outcome=Outcome.FAILED)

    def pushed(number: int, month: Month, addition_id: int, *quantities: object) -> Push:
        kind = ChangeKind.SET_QUANTITY if addition_id == 900 else ChangeKind.CREATE_ADDITION
        before, after = (None if q is None else Decimal(str(q)) for q in quantities)
        return Push(
            run=number, month=month, kind=kind, addition_id=addition_id, before=before, after=after
        )

    newer = [
        pushed(2, november, 900, 2, 0),
        pushed(2, november, 702, None, 12),
        pushed(3, OCTOBER, 900, 0, 3),
    ]
    kept = store.reconciliation
    assert kept.pushes(OCTOBER) == newer
    assert kept.pushes(OCTOBER.plus(-1)) == [pushed(1, OCTOBER, 900, "1.50", 2), *newer]
    assert kept.pushes(OCTOBER, [702]) == [newer[1]]
    assert kept.pushes(OCTOBER, []) == []
    # A run that failed did nothing, and is no newer month.
    assert kept.pushes(november) == []
    assert kept.first_month_pushed() == OCTOBER


def test_order_lines_are_those_of_one_fetch_by_customer_and_product(store: Store) -> None:
    priced = {"net_price": Decimal("12.50"), "net_price_currency": "EUR"}
    lines = [
        line(**priced, ordered_quantity=Decimal(3)),
        line(**priced, billable_quantity=Decimal("0.5")),
        line(account_id=None, **priced),
        line("XDR", **priced),
        line("XDR", **{**priced, "net_price": Decimal(13)}),
        line("MAIL", **priced),
        line("MAIL", net_price_currency="EUR"),
        line("XGS", order_line_item_number="", **priced),
        line("XGS", order_line_item_number="", **{**priced, "net_price_currency": "USD"}),
    ]
    kept = fetch(lines)
    store.usage.record_fetch(fetch([line()]), [line()], [])
    store.usage.record_fetch(kept, lines, [])

    found = store.reconciliation.order_parts(kept.id)

    def part(code: str, billable: object, net: object, **more: Any) -> OrderPart:
        values: dict[str, Any] = {
            "account_id": "tenant-1",
            "order": "O-1",
            "line": "1",
            "ordered": Decimal(0),
            "currency": "EUR",
            **more,
        }
        amount = None if net is None else Decimal(str(net))
        return OrderPart(product_code=code, billable=Decimal(str(billable)), net=amount, **values)

    assert found == [
        part("XGS", 24, 25, line="", currency=""),
        part("CIX", "12.5", "12.5", ordered=Decimal(3)),
        part("MAIL", 24, None),
        part("XDR", 24, None),
        part("CIX", 12, "12.5", account_id=None),
    ]
    assert store.reconciliation.order_parts("another") == []
