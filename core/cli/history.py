"""`history export` and `undo`: what was done, and taking it back.

Exit codes of `undo` without a digest: 0 nothing to undo, 2 something to undo, 3 a limit is
exceeded, 1 it cannot be undone at all. With the digest: 0 everything is undone, 3 refused (another
plan by now, or a limit), 1 something failed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from core.cli.run_texts import (
    EXCLUDED,
    change_line,
    plan_json,
    run_json,
    say_findings,
    say_limits,
)
from core.cli.runs import REFUSED, code_of_plan, run_named, say_run
from core.cli.shared import (
    DONE,
    FAILED,
    Commands,
    complain,
    open_services,
    person,
    print_json,
    with_json,
    write_file,
)
from core.domain.models import ChangeFilter, Plan, PlanOptions, Run, RunChange, RunOrigin
from core.domain.month import Month
from core.services import Services
from core.use_cases.exclusions import Exclusions, LeftOut
from core.use_cases.rule_history import Entry
from core.use_cases.run_approval import Approval, LimitsExceededError, PlanChangedError
from core.use_cases.workbook import Cell, Table, as_csv

_HEADINGS = (
    "run", "run_id", "month", "status", "origin", "approved_by", "approved_at", "ended_at",
    "digest", "override_reason", "undo_of", "retry_of", "change", "kind", "customers",
    "agreement", "product", "before", "after", "effective_date", "cancelled_date", "outcome", "at",
    "reason", "remedy", "server_message", "explanation", "agreement_id", "product_id",
    "addition_id",
)  # fmt: skip


def add_commands(commands: Commands) -> None:
    """Put them into the parser."""
    actions = commands.add_parser("history", help="what was done").add_subparsers(
        required=True, metavar="ACTION"
    )
    export = actions.add_parser("export", help="what was done, as CSV or JSON")
    export.add_argument("file", metavar="FILE", help="- writes standard output")
    export.add_argument(
        "--what",
        choices=list(_EXPORTS),
        default="runs",
        help="runs with their changes, or saved changes of mappings or customers",
    )
    export.add_argument(
        "--month", metavar="YYYY-MM", help="of runs of this month, or saved in this month"
    )
    export.add_argument(
        "--text", metavar="WORDS", default="", help="only what has all of these words"
    )
    export.add_argument("--json", action="store_true", help="write JSON")
    export.set_defaults(command=_export)

    undo = commands.add_parser("undo", help="show what takes a run back, or carry it out")
    undo.add_argument("id", metavar="RUN", help="number or id of the run")
    undo.add_argument("--digest", help="of the plan, as `undo` prints it; without it, only show")
    undo.add_argument("--override", metavar="REASON", default="", help="why limits may break")
    with_json(undo, _undo)


# ---------------------------------------------------------------- history


def _export(options: argparse.Namespace) -> int:
    with open_services() as services:
        export = _EXPORTS[options.what](services, options)
        if options.json:
            content = json.dumps(export.as_json(), ensure_ascii=False) + "\n"
        else:
            table = Table("history", export.headings, list(export.rows()))
            content = as_csv(table).decode("utf-8-sig")
    write_file(options.file, content)
    return DONE


@dataclass(frozen=True)
class _Export:
    """What a file has: rows under headings, or the same as JSON. Made when one is asked for."""

    headings: Sequence[str]
    rows: Callable[[], Iterator[tuple[Cell, ...]]]
    as_json: Callable[[], list[dict[str, Any]]]


def _export_runs(services: Services, options: argparse.Namespace) -> _Export:
    month = _month(options)
    runs, text = services.runs.list(), str(options.text)
    found = [run for run in runs if month in (None, run.month)]
    changes = partial(_changes, services, text)
    left_out = partial(_left_out, Exclusions(services.store, services.catalog), text)
    return _Export(
        _HEADINGS,
        partial(_rows, runs, found, changes, left_out),
        # A run without changes is told too, unless words are looked for.
        lambda: [
            run_json(run, excluded, rows)
            for run in found
            for rows, excluded in ((changes(run), left_out(run)),)
            if rows or excluded or not text
        ],
    )


def _changes(services: Services, text: str, run: Run) -> Sequence[RunChange]:
    if not text:
        return services.runs.changes(run.id)
    looked = ChangeFilter(run_id=run.id, text=text)
    return [past.row for past in services.history.changes(looked)]


def _left_out(exclusions: Exclusions, text: str, run: Run) -> Sequence[LeftOut]:
    words = text.casefold().split()
    return [one for one in exclusions.of(run) if _has((EXCLUDED, one.place, one.reason), words)]


def _rows(
    runs: Sequence[Run],
    found: Sequence[Run],
    changes: Callable[[Run], Sequence[RunChange]],
    left_out: Callable[[Run], Sequence[LeftOut]],
) -> Iterator[tuple[Cell, ...]]:
    """The changes of each run, and after them what was left out of it."""
    numbers = {run.id: run.number for run in runs}
    for run in found:
        about = _about(run, numbers)
        for row in changes(run):
            yield (*about, *_done(row))
        for one in left_out(run):
            yield (*about, *_excluded(one))


def _export_mappings(services: Services, options: argparse.Namespace) -> _Export:
    names = {row.product.code: row.product.description for row in services.mappings.rows()}
    entries = services.history.mapping_changes()
    told = [(entry, entry.product_code, names.get(entry.product_code, "")) for entry in entries]
    return _saved(("product_code", "product_name"), told, options)


def _export_customers(services: Services, options: argparse.Namespace) -> _Export:
    names = services.customers.names()
    entries = services.history.customer_changes()
    told = [(entry, entry.customer_id, names.get(entry.customer_id, "")) for entry in entries]
    return _saved(("customer_id", "customer_name"), told, options)


def _saved(
    headings: tuple[str, str],
    told: Sequence[tuple[Entry, str, str]],
    options: argparse.Namespace,
) -> _Export:
    month, words = _month(options), str(options.text).casefold().split()
    lines = [
        (entry.at, entry.by, key, name, entry.field, entry.old, entry.new, entry.origin)
        for entry, key, name in told
        if month in (None, Month.of(entry.at.date()))
    ]
    found = [line for line in lines if _has(line[1:], words)]
    columns = ("at", "by", *headings, "field", "before", "after", "origin")
    return _Export(
        columns,
        lambda: iter(found),
        lambda: [
            {**dict(zip(columns, line, strict=True)), "at": line[0].isoformat()} for line in found
        ],
    )


def _has(said: Sequence[str], words: Sequence[str]) -> bool:
    everything = " ".join(said).casefold()
    return all(word in everything for word in words)


def _month(options: argparse.Namespace) -> Month | None:
    return Month.parse(options.month) if options.month else None


_EXPORTS: Mapping[str, Callable[[Services, argparse.Namespace], _Export]] = {
    "runs": _export_runs,
    "mappings": _export_mappings,
    "customers": _export_customers,
}


def _about(run: Run, numbers: dict[str, int]) -> tuple[Cell, ...]:
    return (
        run.number,
        run.id,
        str(run.month),
        run.status.value,
        run.origin.value,
        run.approved_by,
        run.approved_at,
        run.finished_at,
        run.digest,
        run.override_reason,
        numbers.get(run.undo_of),
        numbers.get(run.retry_of),
    )


def _done(row: RunChange) -> tuple[Cell, ...]:
    change = row.change
    return (
        row.number,
        change.kind.value,
        ", ".join(row.names.customers),
        row.names.agreement,
        row.names.product,
        change.before,
        change.after,
        change.effective_date,
        change.cancelled_date,
        row.outcome.value,
        row.at,
        str(row.text or ""),
        str(row.remedy or ""),
        row.detail,
        " ".join(str(step) for step in change.steps),
        change.target.agreement_id or None,
        row.product_id or change.target.product_id or change.product_id,
        row.addition_id or change.addition_id,
    )


def _excluded(one: LeftOut) -> tuple[Cell, ...]:
    """Under the headings of a change, with the reason of the person who left it out."""
    known: dict[str, Cell] = {
        "agreement": one.agreement,
        "product": one.product,
        "outcome": EXCLUDED,
        "reason": one.reason,
        "agreement_id": one.agreement_id,
        "product_id": one.product_id,
    }
    return tuple(known.get(heading) for heading in _HEADINGS[_HEADINGS.index("change") :])


# ---------------------------------------------------------------- undo


def _undo(options: argparse.Namespace) -> int:
    with open_services() as services:
        run = run_named(services, options.id)
        return (
            _carry_out(options, services, run) if options.digest else _show(options, services, run)
        )


def _show(options: argparse.Namespace, services: Services, run: Run) -> int:
    services.runs.prepare_undo(run.id)
    plan = services.runs.undo_plan(run.id)
    if options.json:
        print_json(plan_json(plan))
        return _code_of(plan, services, run)
    inputs = services.planning.inputs(run.month)
    for change in plan.changes:
        print(change_line(change, inputs))
    say_findings(plan.findings, inputs)
    say_limits(plan.exceeded)
    print(f"{len(plan.changes)} changes. Digest: {plan.digest}")
    return _code_of(plan, services, run)


def _code_of(plan: Plan, services: Services, run: Run) -> int:
    """As of any plan; where everything is refused, it matters whether it was taken back before."""
    if plan.changes or not plan.blocked:
        return code_of_plan(plan)
    return DONE if _taken_back(run, services.runs.list()) >= run.done else FAILED


def _taken_back(run: Run, runs: Sequence[Run]) -> int:
    """How many changes of a run were taken back, less those that were done again since."""
    undos = (each for each in runs if each.undo_of == run.id)
    return sum(each.done - _taken_back(each, runs) for each in undos)


def _carry_out(options: argparse.Namespace, services: Services, run: Run) -> int:
    approval = Approval(
        by=person(),
        origin=RunOrigin.COMMAND_LINE,
        override_reason=options.override,
        undo_of=run.id,
    )
    try:
        opened = services.runs.approve(run.month, options.digest, PlanOptions(), approval)
    except (PlanChangedError, LimitsExceededError) as refused:
        complain(refused)
        return REFUSED
    return say_run(options, services, services.runs.execute(opened.id, approval.by))
