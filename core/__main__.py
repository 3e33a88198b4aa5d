"""The command line: `python -m core COMMAND`.

Exit codes: 0 done or nothing to do, 2 changes pending (not applied), 3 refused (a limit, or another
plan by now), 1 error. Output goes to stdout, errors go to stderr in one sentence with the remedy.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from core.cli import customers, history, reconciliation, runs
from core.cli.shared import (
    DONE,
    FAILED,
    PENDING,
    complain,
    counted,
    open_services,
    person,
    print_json,
    read_file,
    switch_word,
    with_json,
    write_file,
)
from core.domain.models import UsageFetch
from core.domain.month import Month
from core.domain.row_edits import RowEdit
from core.domain.saving import MappingValues
from core.errors import InputError, UsageSyncError, message
from core.sandbox.server import start_sandbox


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    _speak_utf8()
    try:
        options = _parser().parse_args(arguments)
        command: Callable[[argparse.Namespace], int] = options.command
        return command(options)
    except UsageSyncError as error:
        complain(error)
        return FAILED
    except KeyboardInterrupt:
        return FAILED
    except BrokenPipeError:
        # Whoever reads, such as `head`, has enough; nothing may be flushed to it at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Not argparse's exit with 2, which says here that changes are pending."""
        raise _not_understood(message)


def _not_understood(why: str) -> InputError:
    return InputError(
        message("The command was not understood: {why}.", why=why),
        remedy=message("Add --help to see what it takes."),
    )


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m core", description="Usage Sync")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    check = commands.add_parser("check", help="test both connections")
    with_json(check, _check)

    sandbox = commands.add_parser("sandbox", help="serve the local ConnectWise and Sophos")
    sandbox.add_argument("--port", type=_port, default=0, help="0 (default) picks a free one")
    with_json(sandbox, _sandbox)

    usage = commands.add_parser("usage", help="fetch or import usage").add_subparsers(
        required=True, metavar="ACTION"
    )
    fetch = usage.add_parser("fetch", help="read one month from Sophos")
    fetch.add_argument("--month", required=True, help="YYYY-MM")
    with_json(fetch, _usage_fetch)
    load = usage.add_parser("import", help="read the vendor's usage file (CSV)")
    load.add_argument("file", metavar="FILE", help="- reads standard input")
    load.add_argument("--month", help="YYYY-MM, when the file does not say it or has others too")
    load.add_argument(
        "--replace",
        action="store_true",
        help="replace the month even where customers of its last reading are missing in the file",
    )
    with_json(load, _usage_import)

    mappings = commands.add_parser("mappings", help="product mappings as CSV").add_subparsers(
        required=True, metavar="ACTION"
    )
    export = mappings.add_parser("export", help="write all mappings")
    export.add_argument("file", metavar="FILE", help="- writes standard output")
    export.set_defaults(command=_mappings_export)
    bring = mappings.add_parser("import", help="show or apply the changes of a CSV")
    bring.add_argument("file", metavar="FILE", help="- reads standard input")
    bring.add_argument("--apply", action="store_true", help="save; without it, only show")
    with_json(bring, _mappings_import)

    customers.add_commands(commands)
    runs.add_commands(commands)
    history.add_commands(commands)
    reconciliation.add_commands(commands)

    products = commands.add_parser("products", help="ConnectWise products").add_subparsers(
        required=True, metavar="ACTION"
    )
    listing = products.add_parser("list", help="list the catalog, read fresh")
    listing.add_argument("--search", metavar="TEXT", help="two or more characters")
    with_json(listing, _products_list)
    return parser


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:6]) <= 65535):
        raise argparse.ArgumentTypeError(f"“{text}” is not a port, a number from 0 to 65535")
    return int(text)


def _check(options: argparse.Namespace) -> int:
    with open_services() as services:
        checks = services.connections.check()
        mode = str(services.mode)
    if options.json:
        rows = [
            {
                "system": check.system,
                "ok": check.ok,
                "message": str(check.text),
                "remedy": str(check.remedy) if check.remedy else None,
            }
            for check in checks
        ]
        print_json({"mode": mode, "connections": rows})
    for check in checks:
        if not check.ok:
            print(f"{check.text} {check.remedy or ''}".strip(), file=sys.stderr)
        elif not options.json:
            print(check.text)
    return DONE if all(check.ok for check in checks) else FAILED


def _sandbox(options: argparse.Namespace) -> int:
    try:
        sandbox = start_sandbox(port=options.port)
    except OSError as error:
        raise InputError(
            message(
                "The port {port} cannot be used: {why}.",
                port=str(options.port),
                why=error.strerror or "?",
            ),
            remedy=message("Choose another port, or leave --port out."),
        ) from error
    given = sandbox.as_json()
    if options.json:
        print(json.dumps(given), flush=True)
    else:
        for system, values in given.items():
            print(system)
            for name, value in values.items():
                print(f"  {name:<14} {value}")
        print("Press Ctrl+C to stop.", flush=True)
    with sandbox:
        sandbox.wait()
    return DONE


def _usage_fetch(options: argparse.Namespace) -> int:
    month = Month.parse(options.month)
    with open_services() as services:
        fetch = services.usage.fetch(month, person())
    if options.json:
        print_json(_fetch_json(fetch))
    else:
        print(f"{fetch.month}: {counted(fetch.line_count, 'usage line')}.")
    return DONE


def _usage_import(options: argparse.Namespace) -> int:
    text = read_file(options.file)
    month = Month.parse(options.month) if options.month else None
    with open_services() as services:
        usage = services.usage
        confirmed = usage.preview_file(text, month).missing if options.replace else ()
        taken = usage.import_file(text, person(), month, confirmed)
    if options.json:
        left_out = {str(other): count for other, count in taken.left_out}
        more = {"customers": taken.customers, "left_out": left_out}
        print_json({**_fetch_json(taken.fetch), **more})
    else:
        print(taken.told)
    return DONE


def _fetch_json(fetch: UsageFetch) -> dict[str, object]:
    return {"month": str(fetch.month), "lines": fetch.line_count, "fetch": fetch.id}


def _mappings_export(options: argparse.Namespace) -> int:
    with open_services() as services:
        text = services.mappings.export_csv()
    write_file(options.file, text)
    return DONE


def _mappings_import(options: argparse.Namespace) -> int:
    text = read_file(options.file)
    with open_services() as services:
        parsed = services.mappings.parse_csv(text)
        edits = services.mappings.check_csv(parsed)
        if options.apply and edits:
            services.mappings.save(edits, person(), "csv")
    if options.json:
        answer = {"applied": bool(options.apply), "changes": [_edit_json(e) for e in edits]}
        print_json({**answer, "notices": [str(notice) for notice in parsed.notices]})
    else:
        for notice in parsed.notices:
            print(notice, file=sys.stderr)
        _say_edits(edits, applied=options.apply)
    return PENDING if edits and not options.apply else DONE


def _edit_json(edit: RowEdit[MappingValues]) -> dict[str, object]:
    return {
        "product_code": edit.key,
        "old": {
            "connectwise_product_id": edit.base.connectwise_product_id,
            "sync": edit.base.sync,
        },
        "new": {
            "connectwise_product_id": edit.wanted.connectwise_product_id,
            "sync": edit.wanted.sync,
        },
    }


def _say_edits(edits: Sequence[RowEdit[MappingValues]], *, applied: bool) -> None:
    for edit in edits:
        old, new = edit.base, edit.wanted
        print(
            f"{edit.key}: product {old.connectwise_product_id or '-'} -> "
            f"{new.connectwise_product_id or '-'}, "
            f"sync {switch_word(old.sync)} -> {switch_word(new.sync)}"
        )
    if not edits:
        print("No changes.")
    elif applied:
        print(f"{counted(len(edits), 'mapping')} saved.")
    else:
        print(f"{counted(len(edits), 'change')} pending. Add --apply to save.")


def _products_list(options: argparse.Namespace) -> int:
    with open_services() as services:
        services.catalog.refresh()
        if options.search:
            entries = services.catalog.find(options.search, 1000)
        else:
            entries = list(services.catalog.entries())
    if options.json:
        print_json(
            [
                {
                    "id": entry.id,
                    "identifier": entry.identifier,
                    "description": entry.description,
                    "category": entry.category,
                    "inactive": entry.inactive,
                }
                for entry in entries
            ]
        )
    else:
        for entry in entries:
            print(f"{entry.id:>8}  {entry.identifier:<40}  {entry.description}")
    return DONE


def _speak_utf8() -> None:
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", newline="" if stream is sys.stdout else None)


if __name__ == "__main__":
    sys.exit(main())
