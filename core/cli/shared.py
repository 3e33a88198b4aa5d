"""What all commands share: exit codes, files, JSON, and who runs them."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias

from core.domain.csv_table import decode
from core.errors import InputError, Problem, UsageSyncError, message
from core.services import Services, build_services

DONE, FAILED, PENDING = 0, 1, 2

# What a group adds its commands to; argparse gives it no public name.
Commands: TypeAlias = "argparse._SubParsersAction[Any]"


def with_json(
    parser: argparse.ArgumentParser, command: Callable[[argparse.Namespace], int]
) -> None:
    """Let a command run with or without `--json`."""
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(command=command)


def open_services() -> closing[Services]:
    """The services of this machine's settings, closed at the end of the block."""
    return closing(build_services())


def person() -> str:
    """Who runs the command, for the history."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # Windows has no module pwd
        return "command line"


def read_file(name: str) -> str:
    """The text of a file, of standard input for `-`."""
    try:
        return decode(sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes())
    except OSError as error:
        raise InputError(
            message("{file} cannot be read: {why}.", file=name, why=error.strerror or "?"),
            remedy=message("Check the path and the permissions."),
        ) from error


def write_file(name: str, text: str) -> None:
    """Write a file that spreadsheets read as UTF-8; to standard output, as it is, for `-`."""
    if name == "-":
        sys.stdout.write(text)
    else:
        write_bytes(name, text.encode("utf-8-sig"))


def write_bytes(name: str, data: bytes) -> None:
    """Write a file, or to standard output for `-`, byte by byte."""
    if name == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        return
    try:
        Path(name).write_bytes(data)
    except OSError as error:
        raise InputError(
            message("{file} cannot be written: {why}.", file=name, why=error.strerror or "?"),
            remedy=message("Check the path and the permissions."),
        ) from error


def print_json(value: object) -> None:
    """One line of JSON."""
    print(json.dumps(value, ensure_ascii=False))


def counted(count: int, thing: str) -> str:
    """A number of things, such as `1 mapping` or `2 mappings`."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def switch_word(sync: bool) -> str:
    """A switch in words."""
    return "on" if sync else "off"


def complain(error: UsageSyncError) -> None:
    """Say on standard error what happened, what to do, and every reason."""
    print(str(error), file=sys.stderr)
    for problem in getattr(error, "problems", ()):
        print(f"  {_place(problem)}{problem.text}", file=sys.stderr)


def _place(problem: Problem) -> str:
    return f"line {problem.row}: " if problem.row is not None else ""
