"""`customers refresh`, `export` and `import`: reading both vendors, and customer mappings as CSV.

An import that would make customers share an agreement says so, and is refused with `--apply`
unless `--allow-shared` is given too.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from core.cli.shared import (
    DONE,
    PENDING,
    Commands,
    counted,
    open_services,
    person,
    print_json,
    read_file,
    switch_word,
    with_json,
    write_file,
)
from core.domain.customers import CustomerValues
from core.domain.row_edits import RowEdit
from core.use_cases.customers import CustomerCheck


def add_commands(commands: Commands) -> None:
    """Put them into the parser."""
    actions = commands.add_parser("customers", help="customer mappings as CSV").add_subparsers(
        required=True, metavar="ACTION"
    )
    refresh = actions.add_parser("refresh", help="read customers, companies and agreements")
    with_json(refresh, _refresh)
    export = actions.add_parser("export", help="write all customers")
    export.add_argument("file", metavar="FILE", help="- writes standard output")
    export.set_defaults(command=_export)
    bring = actions.add_parser("import", help="show or apply the changes of a CSV")
    bring.add_argument("file", metavar="FILE", help="- reads standard input")
    bring.add_argument("--apply", action="store_true", help="save; without it, only show")
    bring.add_argument(
        "--allow-shared", action="store_true", help="let several customers have one agreement"
    )
    with_json(bring, _import)


def _refresh(options: argparse.Namespace) -> int:
    with open_services() as services:
        count = services.customers.refresh()
    if options.json:
        print_json({"customers": count})
    else:
        print(f"{count} customers.")
    return DONE


def _export(options: argparse.Namespace) -> int:
    with open_services() as services:
        text = services.customers.export_csv()
    write_file(options.file, text)
    return DONE


def _import(options: argparse.Namespace) -> int:
    text = read_file(options.file)
    with open_services() as services:
        parsed = services.customers.parse_csv(text)
        check = services.customers.check_csv(parsed)
        if options.apply and check.edits:
            allowed = [one.agreement_id for one in check.shared] if options.allow_shared else []
            services.customers.save(check.edits, person(), "csv", allowed)
    notices = [str(notice) for notice in (*parsed.notices, *check.notices)]
    if options.json:
        print_json(_as_json(check, notices, applied=options.apply))
    else:
        for notice in notices:
            print(notice, file=sys.stderr)
        _say(check.edits, applied=options.apply)
    return PENDING if check.edits and not options.apply else DONE


def _as_json(check: CustomerCheck, notices: Sequence[str], *, applied: bool) -> dict[str, object]:
    return {
        "applied": applied,
        "changes": [
            {"customer_id": edit.key, "old": _values(edit.base), "new": _values(edit.wanted)}
            for edit in check.edits
        ],
        "shared": [
            {"agreement_id": one.agreement_id, "customer_ids": list(one.customer_ids)}
            for one in check.shared
        ],
        "notices": list(notices),
    }


def _values(values: CustomerValues) -> dict[str, object]:
    return {
        "connectwise_company_id": values.company_id,
        "agreement_id": values.agreement_id,
        "sync": values.sync,
    }


def _say(edits: Sequence[RowEdit[CustomerValues]], *, applied: bool) -> None:
    for edit in edits:
        old, new = edit.base, edit.wanted
        print(
            f"{edit.key}: company {old.company_id or '-'} -> {new.company_id or '-'}, "
            f"agreement {old.agreement_id or '-'} -> {new.agreement_id or '-'}, "
            f"sync {switch_word(old.sync)} -> {switch_word(new.sync)}"
        )
    if not edits:
        print("No changes.")
    elif applied:
        print(f"{counted(len(edits), 'customer')} saved.")
    else:
        print(f"{counted(len(edits), 'change')} pending. Add --apply to save.")
