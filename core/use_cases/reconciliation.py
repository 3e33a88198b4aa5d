"""The reconciliation: what was used against what is billed, and what people say of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import replace

from core.domain.models import (
    Acceptance,
    AcceptanceEntry,
    NoteKind,
    Reconciliation,
    ReconciliationRow,
    RowNote,
    Tolerances,
    Totals,
    UsageLine,
)
from core.domain.month import Month
from core.domain.plan_inputs import PlanInputs
from core.domain.reconciliation import Costs, reconcile, with_acceptances
from core.domain.reconciliation_vendor import net_prices
from core.domain.reconciliation_view import NamedRow, named
from core.errors import InputError, Message, Problem, message
from core.storage.store import Store
from core.use_cases.catalog import Catalog
from core.use_cases.jobs import Clock
from core.use_cases.kept import KeptFew
from core.use_cases.month_report import MonthReport
from core.use_cases.planning import Planning
from core.use_cases.preferences import Preferences
from core.use_cases.reconciliation_tables import lines_table, rows_table, summary_table
from core.use_cases.reconciliation_trend import MonthPoint, trend
from core.use_cases.tolerance_settings import (
    check_tolerances,
    parse_tolerances,
    tolerances_text,
)
from core.use_cases.workbook import as_csv, as_excel

# The month that is looked at, and the one before, for the change between them. They are large.
_MONTHS_KEPT = 2
# What is worked out within a moment.
_FEW_LINES, _FEW_AGREEMENTS = 2_000, 200
_TOLERANCES = "tolerances"
REASON_LIMIT = NOTE_LIMIT = 1000


class Reconciliations:
    """Reports from the store alone, kept while what they follow from stays as it is."""

    def __init__(
        self,
        store: Store,
        planning: Planning,
        catalog: Catalog,
        preferences: Preferences,
        clock: Clock,
    ) -> None:
        self._store = store
        self._planning = planning
        self._catalog = catalog
        self._preferences = preferences
        self._clock = clock
        self._compared: KeptFew[MonthReport] = KeptFew(_MONTHS_KEPT)
        self._noted: KeptFew[MonthReport] = KeptFew(_MONTHS_KEPT)

    # ------------------------------------------------------------ reading

    def report(self, month: Month) -> Reconciliation:
        """Every row of the month with its class and money, and the totals."""
        return self.look(month).report

    def look(self, month: Month) -> MonthReport:
        """The report with names, notes and assignees."""
        key = self._key(month)
        compared = self._compared.get(key, lambda: self._compare(month))
        return self._noted.get((key, self._store.revision), lambda: self._annotate(compared))

    def previous(self, month: Month) -> Totals | None:
        """The totals of the month before, None where its usage says nothing."""
        before = month.plus(-1)
        if self._store.usage.complete_fetch(before) is None:
            return None  # which is known without comparing anything
        return _sound_totals(self.report(before))

    def previous_if_kept(self, month: Month) -> Totals | None:
        """The same where it is at hand, None where it would have to be worked out first."""
        kept = self._noted.peek((self._key(month.plus(-1)), self._store.revision))
        return None if kept is None else _sound_totals(kept.report)

    def totals_at_hand(self, month: Month) -> Totals | None:
        """The totals of a month where the report is kept or soon worked out; None where it is not,
        and where nothing can be said of the month."""
        if self._compared.peek(self._key(month)) is None and not self._is_small(month):
            return None
        return _sound_totals(self.look(month).report)

    def _is_small(self, month: Month) -> bool:
        """Whether a page may work out the report by the way: everything was read, and is little."""
        fetch = self._store.usage.complete_fetch(month)
        mappings = self._store.customers.mappings().values()
        agreements = {one.agreement_id for one in mappings if one.agreement_id is not None}
        return (
            fetch is not None
            and fetch.line_count <= _FEW_LINES
            and len(agreements) <= _FEW_AGREEMENTS
            and self._store.additions.oldest_reading(agreements) is not None
        )

    def lines(self, month: Month, row: ReconciliationRow) -> list[UsageLine]:
        """The vendor's lines that the usage of a row is the sum of."""
        return self._lines_behind(month, [row])

    def all_lines(self, month: Month) -> list[UsageLine]:
        """Every line that the usage of the month is the sum of."""
        fetch = self._store.usage.complete_fetch(month)
        return self._store.usage.lines(fetch.id) if fetch else []

    def trend(
        self, month: Month, rows: Sequence[NamedRow] | None = None, count: int = 14
    ) -> list[MonthPoint]:
        """Used and billed in the months up to this one, oldest first, of all rows or of some."""
        return trend(self._store, self.look(month), rows, count)

    def told(self, key: str) -> list[AcceptanceEntry | RowNote]:
        """Everything that was decided of a row or written at it, newest first."""
        kept = self._store.reconciliation
        entries: list[AcceptanceEntry | RowNote] = [
            *kept.acceptances_of(key),
            *kept.notes_of(key),
        ]
        return sorted(entries, key=lambda entry: entry.at, reverse=True)

    # ------------------------------------------------------------ files

    def export_csv(
        self,
        month: Month,
        rows: Sequence[NamedRow] | None = None,
        say: Callable[[Message], str] = str,
    ) -> bytes:
        """All rows of the month, or these, as CSV. `say` puts headings and sentences in words."""
        looked = self.look(month)
        return as_csv(rows_table(looked.rows if rows is None else rows, looked.report, say))

    def export_workbook(
        self,
        month: Month,
        rows: Sequence[NamedRow] | None = None,
        say: Callable[[Message], str] = str,
    ) -> bytes:
        """The same as an Excel workbook: summary, rows, and the vendor's lines behind them."""
        looked = self.look(month)
        chosen = looked.rows if rows is None else rows
        plain = [one.row for one in chosen]
        lines = self.all_lines(month) if rows is None else self._lines_behind(month, plain)
        return as_excel(
            [
                summary_table(looked.report, plain, say),
                rows_table(chosen, looked.report, say),
                lines_table(lines, looked.by_line(chosen), say),
            ]
        )

    def _lines_behind(self, month: Month, rows: Iterable[ReconciliationRow]) -> list[UsageLine]:
        fetch = self._store.usage.complete_fetch(month)
        pairs = [(part.customer_id or None, part.product_code) for row in rows for part in row.used]
        return self._store.usage.lines_behind(fetch.id, pairs) if fetch and pairs else []

    # ------------------------------------------------------------ what people say

    def accept(
        self, month: Month, keys: Collection[str], reason: str, until: Month | None, by: str
    ) -> None:
        """Accept the differences of these rows from this month until and including another, None:
        for good. Reports of earlier months stay as they are.

        Raises InputError with every reason why not; then nothing is accepted.
        """
        why = reason.strip()
        problems = [*_refuse_text(why, REASON_LIMIT, "reason"), *_refuse_until(until, month)]
        if not why:
            problems.append(Problem(message("Say why the difference is accepted."), "reason"))
        if problems:
            raise InputError(message("The difference was not accepted."), problems)
        self._refuse_unknown(month, keys)
        now = self._clock()
        self._store.reconciliation.accept(
            [
                AcceptanceEntry(
                    key=key, accepted=True, at=now, by=by, reason=why, until=until, since=month
                )
                for key in keys
            ]
        )

    def withdraw(self, month: Month, keys: Collection[str], by: str) -> None:
        """The differences of these rows count again, from this month to the end of what accepted
        them; what was not accepted stays as it is, and so do reports of earlier months."""
        now, accepted = self._clock(), self._store.reconciliation.acceptances_in(month)
        entries = [
            AcceptanceEntry(key=key, accepted=False, at=now, by=by, until=found.until, since=month)
            for key in keys
            if (found := accepted.get(key)) is not None
        ]
        if entries:
            self._store.reconciliation.accept(entries)

    def note(self, keys: Collection[str], text: str, by: str) -> int:
        """Write a note at these rows; an empty one takes it away. Returns at how many it was
        another one. Raises InputError."""
        return self._write(keys, NoteKind.NOTE, text, by)

    def assign(self, keys: Collection[str], assignee: str, by: str) -> int:
        """Somebody looks after these rows; nobody, if empty. Returns how many had somebody else.
        Raises InputError."""
        return self._write(keys, NoteKind.ASSIGNEE, assignee, by)

    def acceptances(self) -> dict[str, Acceptance]:
        """What is accepted by the newest decision of each row, whatever month that is about."""
        return self._store.reconciliation.acceptances()

    def _write(self, keys: Collection[str], kind: NoteKind, text: str, by: str) -> int:
        wanted = text.strip()
        problems = _refuse_text(wanted, NOTE_LIMIT, kind.value)
        if problems:
            raise InputError(message("Nothing was written."), problems)
        now, current = self._clock(), self._store.reconciliation.notes()
        notes = [
            RowNote(key=key, kind=kind, text=wanted, at=now, by=by)
            for key in keys
            if (found.text if (found := current.get((key, kind))) else "") != wanted
        ]
        if notes:
            self._store.reconciliation.write_notes(notes)
        return len(notes)

    def _refuse_unknown(self, month: Month, keys: Collection[str]) -> None:
        if not keys or any(key not in self.look(month).by_key for key in keys):
            raise InputError(
                message("The row is not part of the report any more."),
                remedy=message("Look at the newest report."),
            )

    # ------------------------------------------------------------ tolerances

    def tolerances(self) -> Tolerances:
        """What counts as no difference."""
        return parse_tolerances(self._preferences.get(_TOLERANCES))

    def save_tolerances(self, tolerances: Tolerances, by: str) -> None:
        """Raises InputError with every value that is out of bounds."""
        check_tolerances(tolerances)
        self._preferences.put(_TOLERANCES, tolerances_text(tolerances), by)

    # ------------------------------------------------------------ making one

    def _key(self, month: Month) -> Hashable:
        """Notes and acceptances are no part of it: they change with every click, and the
        comparison does not follow from them."""
        facts = self._store.facts_revision
        return facts, self._catalog.version(), self._planning.today(), month

    def _compare(self, month: Month) -> MonthReport:
        inputs = self._planning.inputs(month)
        currency = _currency(inputs)
        report = reconcile(
            inputs,
            tolerances=self.tolerances(),
            costs=_costs(inputs, currency),
            net_prices=self._net_prices(month, currency),
            currency=currency,
            pushes=self._store.reconciliation.pushes(month),
        )
        return MonthReport(report, named(report.rows, inputs), inputs)

    def _net_prices(self, month: Month, currency: str) -> Costs:
        fetch = self._store.usage.complete_fetch(month)
        parts = self._store.reconciliation.order_parts(fetch.id) if fetch else []
        return net_prices(parts, currency)

    def _annotate(self, compared: MonthReport) -> MonthReport:
        acceptances = self._store.reconciliation.acceptances_in(compared.report.month)
        report = with_acceptances(compared.report, acceptances.values())
        notes = self._store.reconciliation.notes()
        noted = {key for key, _ in notes}
        rows = tuple(
            one
            if row is one.row and one.key not in noted
            else replace(
                one,
                row=row,
                note=_text_of(notes.get((one.key, NoteKind.NOTE))),
                assignee=_text_of(notes.get((one.key, NoteKind.ASSIGNEE))),
            )
            for one, row in zip(compared.rows, report.rows, strict=True)
        )
        return MonthReport(report, rows, compared.inputs)


def _currency(inputs: PlanInputs) -> str:
    """The currency that most of the costs are in."""
    said = Counter(usage.currency for usage in inputs.usage if usage.currency)
    return str(said.most_common(1)[0][0]) if said else ""


def _costs(inputs: PlanInputs, currency: str) -> Costs:
    """Costs in one currency, so that they can be added; those in another are not known."""
    return {
        (usage.account_id, usage.product_code): usage.cost
        if usage.currency in (currency, None)
        else None
        for usage in inputs.usage
    }


def _sound_totals(report: Reconciliation) -> Totals | None:
    """The totals that another month can be held against."""
    return report.totals if report.source_problem is None else None


def _text_of(note: RowNote | None) -> str:
    return note.text if note else ""


def _refuse_text(text: str, limit: int, field: str) -> list[Problem]:
    if len(text) <= limit:
        return []
    return [Problem(message("At most {count} characters.", count=limit), field)]


def _refuse_until(until: Month | None, month: Month) -> list[Problem]:
    if until is None or until >= month:
        return []
    return [Problem(message("The last month is before {month}.", month=str(month)), "until")]
