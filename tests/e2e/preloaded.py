"""Starts dashboards whose libraries are imported already, which is half of what a start takes.

Reads one order per line from standard input, as JSON, forks a process that runs Streamlit as its
command line does, and prints the id of that process. What is about the start itself does without.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

import altair
import babel.dates
import pandas
import pyarrow
from streamlit.web import bootstrap, cli

from core import services

# Pages are not among them: what they declare belongs to a running dashboard.
PRELOADED = (altair, babel.dates, bootstrap, pandas, pyarrow, services)


def serve(order: dict[str, Any]) -> None:
    """Become the dashboard."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for given, own in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(given, own)
    os.environ.clear()
    os.environ.update(order["environment"])
    cli.main(prog_name="streamlit", args=order["arguments"])


def main() -> None:
    # Nobody waits for a dashboard's end but whoever stops it.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                serve(json.loads(line))
            finally:
                os._exit(1)
        print(child, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
