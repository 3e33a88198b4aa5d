"""The history as tables: what is looked for, in the reader's words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.domain.models import (
    CustomerHistoryEntry,
    MappingHistoryEntry,
    MonthClosing,
    PastChange,
    Run,
)
from core.domain.month import Month
from core.use_cases.exclusions import LeftOut
from core.use_cases.mapping_history import SYSTEM
from core.use_cases.workbook import Cell, Table
from pages.components.formats import month_text
from pages.components.grid_history import origin_word
from pages.components.language import _, text
from pages.components.plan_table import kind_names
from pages.components.run_excluded import excluded_cells, excluded_note, excluded_reasons
from pages.components.run_rows import (
    duration,
    older_month_note,
    origin_of,
    outcome_names,
    requests_text,
    status_names,
    was_cut_off,
)

Entry = MappingHistoryEntry | CustomerHistoryEntry
# Which column of a table is the month: in files it is `2026-10`, on the screen it is in words.
RUNS_MONTH = CHANGES_MONTH = 1
CLOSINGS_MONTH = 2
DIGEST_SHOWN = 12


@dataclass(frozen=True)
class Wanted:
    """What narrows every list; empty values do not. Every word of `text` has to be there.

    What is found was done from `since`, and before `before`.
    """

    month: str = ""
    customer: str = ""
    product: str = ""
    person: str = ""
    status: str = ""
    kind: str = ""
    agreement: str = ""
    origin: str = ""
    text: str = ""
    since: datetime | None = None
    before: datetime | None = None

    def has_time(self, moment: datetime) -> bool:
        """Whether something of this moment may be found."""
        return (self.since is None or self.since <= moment) and (
            self.before is None or moment < self.before
        )


@dataclass(frozen=True)
class SavedWords:
    """What a saved change is called: its row, its field, and its values."""

    name: Callable[[Entry], str]
    field: Callable[[Entry], str]
    value: Callable[[Entry, str], str]


def has_words(said: Iterable[str], wanted: str) -> bool:
    """Whether every word that is looked for is in what is said."""
    words = wanted.casefold().split()
    everything = " ".join(said).casefold() if words else ""
    return all(word in everything for word in words)


def person_word(by: str) -> str:
    """Who did something; what the product did by itself has its name."""
    return _("Usage Sync") if by == SYSTEM else by


# ---------------------------------------------------------------- runs


def undone_by(runs: Iterable[Run]) -> dict[str, tuple[Run, ...]]:
    """The runs that take a run back, by the run taken back, oldest first."""
    found: dict[str, tuple[Run, ...]] = {}
    for run in sorted(runs, key=lambda each: each.number):
        if run.undo_of:
            found[run.undo_of] = (*found.get(run.undo_of, ()), run)
    return found


def relation_words(run: Run, runs: Sequence[Run]) -> list[str]:
    """Which run this one takes back or goes on from, and which take it back."""
    numbers = {each.id: str(each.number) for each in runs}
    told = []
    if run.undo_of:
        told.append(_("Undoes run {number}", number=numbers.get(run.undo_of, "?")))
    if run.retry_of:
        told.append(_("Goes on from run {number}", number=numbers.get(run.retry_of, "?")))
    told += [
        _("Undone by run {number}", number=str(each.number))
        for each in undone_by(runs).get(run.id, ())
    ]
    return told


def note_of(run: Run, runs: Sequence[Run]) -> str:
    """Relations to other runs, why limits were lifted, and why rows were left out."""
    told = relation_words(run, runs)
    if run.override_reason:
        told.append(_("Limit lifted: {reason}", reason=run.override_reason))
    if run.options.older_month_reason:
        told.append(older_month_note(run))
    if was_cut_off(run) and requests_text(run):
        told.append(requests_text(run))
    if excluded := excluded_note(run):
        told.append(excluded)
    return " · ".join(told)


def matching_runs(
    runs: Sequence[Run], wanted: Wanted, touched: frozenset[str] | None = None
) -> list[Run]:
    """The runs that are looked for; `touched` are those with a change of the customer, product,
    agreement and kind that are looked for, None where none is."""
    return [
        run
        for run in runs
        if (not wanted.month or str(run.month) == wanted.month)
        and (not wanted.person or run.approved_by == wanted.person)
        and (not wanted.status or run.status.value == wanted.status)
        and (not wanted.origin or run.origin.value == wanted.origin)
        and wanted.has_time(run.approved_at)
        and (touched is None or run.id in touched)
        and has_words(_said_of(run, runs), wanted.text)
    ]


def _said_of(run: Run, runs: Sequence[Run]) -> tuple[str, ...]:
    ended = " ".join(text(event.text) for event in run.events if event.text is not None)
    month = f"{run.month} {month_text(run.month)}"
    return str(run.number), month, run.approved_by, run.digest, run.id, note_of(run, runs), ended


def runs_table(found: Sequence[Run], runs: Sequence[Run]) -> Table:
    """One line for each run; `runs` are all of them, for the relations."""
    headings = (
        _("Run"),
        _("Month"),
        _("Status"),
        _("Changes"),
        _("Done"),
        _("Failed"),
        _("Skipped"),
        _("Approved by"),
        _("Approved"),
        _("Origin"),
        _("Duration"),
        _("Reads"),
        _("Writes"),
        _("Note"),
        _("Limits"),
        _("Plan"),
        _("Excluded"),
        _("Why excluded"),
    )
    return Table(_("Runs"), headings, [_run_cells(run, runs) for run in found])


def _run_cells(run: Run, runs: Sequence[Run]) -> tuple[Cell, ...]:
    return (
        run.number,
        run.month,
        status_names()[run.status],
        run.changes,
        run.done,
        run.failed,
        run.skipped,
        run.approved_by,
        run.approved_at,
        origin_of(run),
        _seconds(duration(run)),
        run.reads,
        run.writes,
        note_of(run, runs),
        " ".join(text(check.text) for check in run.limits if check.exceeded),
        run.digest[:DIGEST_SHOWN],
        len(run.options.excluded),
        excluded_reasons(run),
    )


def _seconds(span: timedelta | None) -> str:
    return "" if span is None else str(timedelta(seconds=int(span.total_seconds())))


# ---------------------------------------------------------------- changes of runs


def changes_table(found: Sequence[PastChange]) -> Table:
    """One line for each change of a run."""
    headings = (
        _("Run"),
        _("Month"),
        _("Outcome"),
        _("Change"),
        _("Customer"),
        _("Agreement"),
        _("ConnectWise product"),
        _("Before"),
        _("After"),
        _("When"),
        _("Approved by"),
        _("Message"),
        _("Remedy"),
        _("ConnectWise said"),
        _("Explanation"),
        _("Effective date"),
        _("Cancelled date"),
        _("Agreement ID"),
        _("Product ID"),
        _("Addition ID"),
    )
    return Table(_("Changes"), headings, [_change_cells(past) for past in found])


def with_excluded(table: Table, run: Run, left_out: Sequence[LeftOut]) -> Table:
    """The changes of one run, and after them what was left out of it."""
    about = {
        _("Run"): run.number,
        _("Month"): run.month,
        _("Approved by"): run.approved_by,
    }
    return replace(table, rows=[*table.rows, *excluded_cells(table.headings, about, left_out)])


def _change_cells(past: PastChange) -> tuple[Cell, ...]:
    row, change = past.row, past.row.change
    return (
        past.run,
        past.month,
        outcome_names()[row.outcome],
        kind_names()[change.kind.value],
        ", ".join(row.names.customers),
        row.names.agreement,
        row.names.product,
        change.before,
        change.after,
        row.at,
        past.by,
        text(row.text) if row.text else "",
        text(row.remedy) if row.remedy else "",
        row.detail,
        " ".join(text(step) for step in change.steps),
        change.effective_date,
        change.cancelled_date,
        change.target.agreement_id or None,
        row.product_id or change.target.product_id or change.product_id,
        row.addition_id or change.addition_id,
    )


# ---------------------------------------------------------------- what was saved


def key_of(entry: Entry) -> str:
    """The row that a saved change is of."""
    return entry.product_code if isinstance(entry, MappingHistoryEntry) else entry.customer_id


def saved_origin(origin: str, *, of_mapping: bool) -> str:
    """Where a change was saved; what a grid calls this page has a name elsewhere."""
    if origin != "grid":
        return origin_word(origin)
    return _("Product mapping") if of_mapping else _("Customers")


def _origin_of(entry: Entry) -> str:
    return saved_origin(entry.origin, of_mapping=isinstance(entry, MappingHistoryEntry))


def matching_saved(
    entries: Iterable[Entry], wanted: Wanted, key: str, words: SavedWords
) -> list[Entry]:
    """The saved changes that are looked for; `key` is the row, empty for any."""
    return [
        entry
        for entry in entries
        if (not key or key_of(entry) == key)
        and (not wanted.person or entry.by == wanted.person)
        and (not wanted.month or str(Month.of(entry.at.date())) == wanted.month)
        and (not wanted.origin or entry.origin == wanted.origin)
        and wanted.has_time(entry.at)
        and (not wanted.text or has_words(_said_by(entry, words), wanted.text))
    ]


def _said_by(entry: Entry, words: SavedWords) -> tuple[str, ...]:
    return (
        key_of(entry),
        words.name(entry),
        person_word(entry.by),
        words.field(entry),
        words.value(entry, entry.old),
        words.value(entry, entry.new),
        _origin_of(entry),
    )


def saved_table(title: str, heading: str, entries: Sequence[Entry], words: SavedWords) -> Table:
    """One line for each changed field; `heading` is what the rows are."""
    headings = (
        _("When"),
        _("Who"),
        heading,
        _("Field"),
        _("Before"),
        _("After"),
        _("Origin"),
        _("ID"),
    )
    rows = [
        (
            entry.at,
            person_word(entry.by),
            words.name(entry),
            words.field(entry),
            words.value(entry, entry.old),
            words.value(entry, entry.new),
            _origin_of(entry),
            key_of(entry),
        )
        for entry in entries
    ]
    return Table(title, headings, rows)


# ---------------------------------------------------------------- months


def matching_closings(closings: Iterable[MonthClosing], wanted: Wanted) -> list[MonthClosing]:
    """The closings and reopenings that are looked for."""
    return [
        one
        for one in closings
        if (not wanted.month or str(one.month) == wanted.month)
        and (not wanted.person or one.by == wanted.person)
        and wanted.has_time(one.at)
        and has_words((str(one.month), month_text(one.month), one.by, one.reason), wanted.text)
    ]


def closings_table(closings: Sequence[MonthClosing]) -> Table:
    """One line for each closing or reopening."""
    headings = (_("When"), _("Who"), _("Month"), _("What"), _("Reason"))
    rows = [
        (
            one.at,
            one.by,
            one.month,
            _("Closed") if one.closed else _("Reopened"),
            one.reason,
        )
        for one in closings
    ]
    return Table(_("Months"), headings, rows)


# ---------------------------------------------------------------- what can be chosen


def months_in(runs: Iterable[Run], closings: Iterable[MonthClosing]) -> list[str]:
    """Every month that a run or a closing is of, newest first."""
    return sorted({*(str(r.month) for r in runs), *(str(c.month) for c in closings)}, reverse=True)


def people_in(
    runs: Iterable[Run], entries: Iterable[Entry], closings: Iterable[MonthClosing]
) -> Mapping[str, str]:
    """Everybody who did something, with how they are called."""
    found = {run.approved_by for run in runs}
    found |= {entry.by for entry in entries} | {one.by for one in closings}
    return {by: person_word(by) for by in sorted(found, key=str.casefold)}
