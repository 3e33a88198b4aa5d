"""A real dashboard process with a real sandbox beside it, for journeys and benchmarks."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

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


@contextmanager
def running(
    environment: dict[str, str], sandbox: Sandbox | None = None, *flags: str
) -> Iterator[Dashboard]:
    """Start `streamlit run app.py` on a free port, with more flags, and stop it afterwards."""
    port = _free_port()
    log = Path(environment["USAGE_SYNC_STORE"]).with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "streamlit",
                "run",
                "app.py",
                f"--server.port={port}",
                *flags,
            ],
            cwd=ROOT,
            env={**_clean_environment(), **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_until_healthy(port, process, log)
            url = f"http://127.0.0.1:{port}"
            yield Dashboard(url, Path(environment["USAGE_SYNC_STORE"]), environment, sandbox)
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


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


def _wait_until_healthy(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
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
