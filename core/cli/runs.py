"""`plan`, `apply` and `runs`: what a sync would do, doing it, and what was done.

Exit codes of `plan`: 0 nothing to do, 2 changes, 3 a limit is exceeded. Of `apply` and `runs
resume`: 0 everything is applied, 3 refused (another plan by now, or a limit), 1 something failed.
"""

from __future__ import annotations

import argparse
import sys

from core.cli.run_texts import (
    change_line,
    excluded_line,
    plan_json,
    row_line,
    run_json,
    run_line,
    say_effect,
    say_findings,
    say_limits,
)
from core.cli.shared import (
    DONE,
    FAILED,
    PENDING,
    Commands,
    complain,
    open_services,
    person,
    print_json,
    with_json,
)
from core.domain.models import Outcome, Plan, PlanOptions, Run, RunOrigin, RunStatus
from core.domain.month import Month
from core.errors import InputError, message
from core.services import Services
from core.use_cases.exclusions import Exclusions
from core.use_cases.run_approval import Approval, LimitsExceededError, PlanChangedError

REFUSED = 3


def add_commands(commands: Commands) -> None:
    """Put them into the parser."""
    plan = commands.add_parser("plan", help="what a sync of a month would do")
    plan.add_argument("--month", required=True, help="YYYY-MM")
    with_json(plan, _plan)
    apply = commands.add_parser("apply", help="carry out a plan")
    apply.add_argument("--month", required=True, help="YYYY-MM")
    apply.add_argument("--digest", required=True, help="of the plan, as `plan` prints it")
    apply.add_argument("--override", metavar="REASON", default="", help="why limits may break")
    with_json(apply, _apply)

    runs = commands.add_parser("runs", help="what was carried out").add_subparsers(
        required=True, metavar="ACTION"
    )
    with_json(runs.add_parser("list", help="every run, newest first"), _list)
    for name, text, command in (
        ("show", "one run with its changes", _show),
        ("resume", "go on with a run that was cut off, stopped or aborted", _resume),
        ("stop", "give up a run that was cut off", _stop),
    ):
        action = runs.add_parser(name, help=text)
        action.add_argument("id", metavar="ID", help="number or id of the run")
        with_json(action, command)


def _plan(options: argparse.Namespace) -> int:
    month = Month.parse(options.month)
    with open_services() as services:
        services.planning.refresh()
        plan = services.planning.plan(month)
        inputs = services.planning.inputs(month)
    if options.json:
        print_json(plan_json(plan))
        return code_of_plan(plan)
    for change in plan.changes:
        print(change_line(change, inputs))
    say_effect(plan.changes)
    say_findings(plan.findings, inputs)
    say_limits(plan.exceeded)
    print(f"{len(plan.changes)} changes. Digest: {plan.digest}")
    return code_of_plan(plan)


def code_of_plan(plan: Plan) -> int:
    """The exit code of showing a plan."""
    if plan.exceeded:
        return REFUSED
    if plan.changes:
        return PENDING
    # A month that cannot be planned at all is no month without changes.
    return FAILED if any(finding.stops_the_month for finding in plan.findings) else DONE


def _apply(options: argparse.Namespace) -> int:
    month = Month.parse(options.month)
    approval = Approval(
        by=person(), origin=RunOrigin.COMMAND_LINE, override_reason=options.override
    )
    with open_services() as services:
        plan = services.planning.plan(month)
        if plan.digest == options.digest and code_of_plan(plan) == DONE:
            services.runs.confirm(month)
            return _say_nothing_done(options)
        try:
            run = services.runs.approve(month, options.digest, _NO_OPTIONS, approval)
        except (PlanChangedError, LimitsExceededError) as refused:
            complain(refused)
            return REFUSED
        return say_run(options, services, services.runs.execute(run.id, approval.by))


_NO_OPTIONS = PlanOptions()


def _say_nothing_done(options: argparse.Namespace) -> int:
    if options.json:
        print_json({"run": None, "changes": []})
    else:
        print("Nothing to do.")
    return DONE


def say_run(options: argparse.Namespace, services: Services, run: Run) -> int:
    """One run with its changes; returns its exit code."""
    rows = services.runs.changes(run.id)
    left_out = Exclusions(services.store, services.catalog).of(run)
    if options.json:
        print_json(run_json(run, left_out, rows))
    else:
        print(run_line(run))
        for row in rows:
            print(row_line(row))
        for one in left_out:
            print(excluded_line(one))
        say_effect(row.change for row in rows if row.outcome is Outcome.DONE)
    last = run.events[-1]
    if last.text is not None:
        print(f"{last.text} {last.remedy or ''}".strip(), file=sys.stderr)
    return code_of_run(run)


def code_of_run(run: Run) -> int:
    if run.status is RunStatus.REFUSED:
        return REFUSED
    return DONE if run.status is RunStatus.FINISHED and run.done == run.changes else FAILED


def _list(options: argparse.Namespace) -> int:
    with open_services() as services:
        runs = services.runs.list()
        exclusions = Exclusions(services.store, services.catalog)
        left_out = {run.id: exclusions.of(run) for run in runs} if options.json else {}
    if options.json:
        print_json([run_json(run, left_out[run.id]) for run in runs])
    else:
        for run in runs:
            print(run_line(run))
    return DONE


def _show(options: argparse.Namespace) -> int:
    with open_services() as services:
        run = run_named(services, options.id)
        say_run(options, services, run)
    return DONE


def _resume(options: argparse.Namespace) -> int:
    with open_services() as services:
        run = run_named(services, options.id)
        return say_run(options, services, services.runs.resume(run.id, person()))


def _stop(options: argparse.Namespace) -> int:
    with open_services() as services:
        run = run_named(services, options.id)
        services.runs.stop(run.id, person())
        say_run(options, services, services.runs.get(run.id))
    return DONE


def run_named(services: Services, given: str) -> Run:
    """The run of this number or id."""
    for run in services.runs.list():
        if given in (run.id, str(run.number)):
            return run
    raise InputError(
        message("There is no run {id}.", id=given),
        remedy=message("`runs list` shows their numbers."),
    )
