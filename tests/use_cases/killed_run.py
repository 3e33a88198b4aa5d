"""Carries out runs in processes that kill themselves at a chosen request (see test_run_crash.py).

Reads one order per line from standard input, as JSON, and forks a process for it: everything is
imported by then, and nothing has been opened. A process that comes to the end of its run prints how
the run stands, as JSON; then its exit code is printed.
"""

from __future__ import annotations

import json
import os
import signal
import ssl
import sys
import threading
from contextlib import closing
from typing import Any

import httpx
from httpx._transports import default as transports

from core import services as services_module
from core.clients.connectwise import ConnectWise
from core.clients.http import HttpLimits
from core.services import build_services
from core.settings import ConnectWiseSettings, load_settings

LIMITS = HttpLimits(per_minute=600_000, wait_initial=0, wait_max=0, wait_jitter=0)


class Killing(httpx.HTTPTransport):
    """Kills this process at request `number`: before it is sent, or when its answer is there."""

    def __init__(self, number: int, when: str) -> None:
        super().__init__()
        self._number = number
        self._when = when
        self._seen = 0
        self._lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self._seen += 1
            is_the_one = self._seen == self._number
        if is_the_one and self._when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            return super().handle_request(request)
        finally:
            # Also where the answer was lost.
            if is_the_one:
                os.kill(os.getpid(), signal.SIGKILL)


def carry_out(order: dict[str, Any]) -> None:
    """`execute` or `resume` the run of a store, as the order says."""
    if order.get("kill"):
        transport = Killing(order["kill"], order["when"])

        def killing(settings: ConnectWiseSettings, limits: HttpLimits) -> ConnectWise:
            return ConnectWise(settings, limits, transport)

        services_module.ConnectWise = killing  # type: ignore[assignment,misc]
    settings = load_settings(order["environment"], {})
    with closing(build_services(settings, limits=LIMITS)) as services:
        services.runs._sleep = lambda seconds: None
        services.products._sleep = lambda seconds: None
        [run] = services.runs.list()
        act = services.runs.resume if order["resume"] else services.runs.execute
        ended = act(run.id, "ana")
        bindings = services.store.additions.bindings().values()
        found = {
            "status": ended.status,
            "outcomes": [row.outcome for row in services.runs.changes(run.id)],
            "bound": [binding.addition_id for binding in bindings],
        }
        print(json.dumps(found), flush=True)  # noqa: T201


def main() -> None:
    # Reading the certificates would be a quarter of what each process does.
    context = ssl.create_default_context()
    transports.create_ssl_context = lambda *given, **more: context
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                carry_out(json.loads(line))
            except BaseException as error:
                print(repr(error), file=sys.stderr, flush=True)  # noqa: T201
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
