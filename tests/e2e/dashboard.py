"""A real dashboard process with a real sandbox beside it, for journeys and benchmarks."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from core.domain.month import Month
from core.sandbox.server import Sandbox
from core.services import build_services, utc_now
from core.settings import load_settings

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120
# What pages keep must survive a move of the session: checked in the journeys, where the time that
# it takes with each run of a page does not matter.
CHECKED = "--runner.enforceSerializableSessionState=true"


@dataclass(frozen=True)
class Dashboard:
    """A running dashboard; `environment` is what it was configured with."""

    url: str
    store: Path
    environment: dict[str, str]
    sandbox: Sandbox | None = None


def connection_environment(sandbox: Sandbox, store: Path) -> dict[str, str]:
    """The settings that connect a dashboard to a sandbox as if both vendors were real."""
    connectwise, sophos = sandbox.connectwise, sandbox.sophos
    return {
        "CONNECTWISE_URL": connectwise.url,
        "CONNECTWISE_COMPANY": connectwise.company,
        "CONNECTWISE_PUBLIC_KEY": connectwise.public_key,
        "CONNECTWISE_PRIVATE_KEY": connectwise.private_key,
        "CONNECTWISE_CLIENT_ID": connectwise.client_id,
        "SOPHOS_CLIENT_ID": sophos.client_id,
        "SOPHOS_CLIENT_SECRET": sophos.client_secret,
        "SOPHOS_ID_URL": sophos.id_url,
        "SOPHOS_API_URL": sophos.api_url,
        "USAGE_SYNC_STORE": str(store),
    }


class Process(Protocol):
    """A dashboard's process."""

    def poll(self) -> int | None:
        """None while it runs."""

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it."""


class Starter(Protocol):
    """Starts `streamlit` with these arguments."""

    def __call__(self, arguments: list[str], environment: dict[str, str], log: Path) -> Process:
        """`log` gets what it prints."""


@contextmanager
def running(
    environment: dict[str, str],
    sandbox: Sandbox | None = None,
    *flags: str,
    start: Starter | None = None,
) -> Iterator[Dashboard]:
    """Start `streamlit run app.py` on a free port, with more flags, and stop it afterwards."""
    port = _free_port()
    log = Path(environment["USAGE_SYNC_STORE"]).with_suffix(".log")
    arguments = ["run", "app.py", f"--server.port={port}", *flags]
    process = (start or _start)(arguments, {**_clean_environment(), **environment}, log)
    try:
        _wait_until_healthy(port, process, log)
        url = f"http://127.0.0.1:{port}"
        yield Dashboard(url, Path(environment["USAGE_SYNC_STORE"]), environment, sandbox)
    finally:
        process.terminate()
        if not _has_ended(process, 15):
            process.kill()
            _has_ended(process, 15)


def _start(arguments: list[str], environment: dict[str, str], log: Path) -> Process:
    """As a person does."""
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "streamlit", *arguments],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


@dataclass(frozen=True)
class _Forked:
    id: int

    def poll(self) -> int | None:
        try:
            os.kill(self.id, 0)
        except ProcessLookupError:
            return 0
        return None

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.id, number)


@contextmanager
def preloaded() -> Iterator[Starter]:
    """Starts dashboards sooner, see `tests.e2e.preloaded`; as usual where nothing can be forked."""
    if not hasattr(os, "fork"):
        yield _start
        return
    with subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.preloaded"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as forking:
        asked, answered = forking.stdin, forking.stdout
        assert asked is not None
        assert answered is not None

        def start(arguments: list[str], environment: dict[str, str], log: Path) -> Process:
            order = {"arguments": arguments, "environment": environment, "log": str(log)}
            asked.write(json.dumps(order) + "\n")
            asked.flush()
            return _Forked(int(answered.readline()))

        yield start
        asked.close()


def fill_store(environment: dict[str, str], months: int = 2) -> None:
    """Read the catalog and the newest months, as a person would with the Refresh button."""
    with closing(build_services(load_settings(environment, {}))) as services:
        services.catalog.refresh()
        newest = Month.last_complete(utc_now().date())
        for back in reversed(range(months)):
            services.usage.fetch(newest.plus(-back), "tests")


def _clean_environment() -> dict[str, str]:
    ours = ("CONNECTWISE_", "SOPHOS_", "USAGE_SYNC_", "NOTIFY_", "SMTP_", "DASHBOARD_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _has_ended(process: Process, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while process.poll() is None:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _wait_until_healthy(port: int, process: Process, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2) as r:
                if r.read() == b"ok":
                    return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"the dashboard did not start:\n{log.read_text(errors='replace')}")
