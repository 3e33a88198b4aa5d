"""What a server does before anybody opens a page."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from core.domain.models import Frequency, SyncSettings
from core.sandbox.server import Sandbox, start_sandbox
from core.services import build_services, utc_now
from core.settings import load_settings
from tests.e2e.dashboard import connection_environment, running

# Far more than it takes; it is waited for no longer than it lasts.
SECONDS = 60


def test_a_sync_that_came_due_while_the_server_was_down_waits_for_no_visitor(
    tmp_path: Path,
) -> None:
    with start_sandbox() as sandbox:
        environment = connection_environment(sandbox, tmp_path / "store.duckdb")
        three_days_ago = utc_now() - timedelta(days=3)
        settings = load_settings(environment, {})
        with closing(build_services(settings, clock=lambda: three_days_ago)) as services:
            daily = SyncSettings(frequency=Frequency.DAILY)
            services.preferences.save_sync(daily, "tests")
            assert services.scheduler.look() is None
        sandbox.controls.counters.reset()

        with running(environment, sandbox):
            assert _fetched(sandbox)


def test_a_server_that_cannot_start_its_services_still_answers(tmp_path: Path) -> None:
    environment = {
        "USAGE_SYNC_STORE": str(tmp_path / "store.duckdb"),
        "CONNECTWISE_COMPANY": "half-given",
    }
    # `running` waits until it answers; what a page then says is the business of other tests.
    with running(environment):
        assert not (tmp_path / "store.duckdb").exists()


def _fetched(sandbox: Sandbox) -> bool:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        reads = sandbox.controls.counters.as_json()["reads"]
        assert isinstance(reads, dict)
        if any("/billing/usage/" in route for route in reads):
            return True
        time.sleep(0.2)
    return False
