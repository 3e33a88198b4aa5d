"""`history export` and `undo`: what was done, and taking it back.

Exit codes of `undo` without a digest: 0 nothing to undo, 2 something to undo, 3 a limit is
exceeded, 1 it cannot be undone at all. With the digest: 0 everything is undone, 3 refused (another
plan by now, or a limit), 1 something failed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence

from core.cli.run_texts import change_line, plan_json, run_json, say_findings, say_limits
from core.cli.runs import REFUSED, code_of_plan, run_named, say_run
from core.cli.shared import (
    DONE,
    Commands,
    complain,
    open_services,
    person,
    print_json,
    with_json,
    write_file,
)
from core.domain.models import PlanOptions, Run, RunChange, RunOrigin
from core.services import Services
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
    export = actions.add_parser("export", help="every run with its changes, as CSV or JSON")
    export.add_argument("file", metavar="FILE", help="- writes standard output")
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
        runs = services.runs.list()
        if options.json:
            found = [run_json(run, services.runs.changes(run.id)) for run in runs]
            content = json.dumps(found, ensure_ascii=False) + "\n"
        else:
            table = Table("history", _HEADINGS, list(_rows(services, runs)))
            content = as_csv(table).decode("utf-8-sig")
    write_file(options.file, content)
    return DONE


def _rows(services: Services, runs: Sequence[Run]) -> Iterator[tuple[Cell, ...]]:
    numbers = {run.id: run.number for run in runs}
    for run in runs:
        about = _about(run, numbers)
        for row in services.runs.changes(run.id):
            yield (*about, *_done(row))


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
        return code_of_plan(plan)
    inputs = services.planning.inputs(run.month)
    for change in plan.changes:
        print(change_line(change, inputs))
    say_findings(plan.findings, inputs)
    say_limits(plan.exceeded)
    print(f"{len(plan.changes)} changes. Digest: {plan.digest}")
    return code_of_plan(plan)


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
