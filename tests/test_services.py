from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from core import services as services_module
from core.errors import message
from core.services import Services, build_services
from core.settings import Mode, Settings, SophosSettings
from core.storage.store import Store


def running_sandboxes() -> int:
    return sum(thread.name == "sandbox" for thread in threading.enumerate())


def test_without_vendors_the_sandbox_runs_until_the_services_are_closed(tmp_path: Path) -> None:
    before = running_sandboxes()
    with closing(build_services(Settings(tmp_path / "store.duckdb"))) as services:
        assert services.mode is Mode.SANDBOX
        assert all(check.ok for check in services.connections.check())
        assert running_sandboxes() == before + 1
    assert running_sandboxes() == before


def test_a_start_that_fails_halfway_leaves_nothing_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_proxy_support(settings: SophosSettings, limits: object) -> None:
        raise ImportError("Using SOCKS proxy, but the 'socksio' package is not installed.")

    before = running_sandboxes()
    path = tmp_path / "store.duckdb"
    monkeypatch.setattr(services_module, "SophosPartner", no_proxy_support)
    with pytest.raises(ImportError):
        build_services(Settings(path))
    assert running_sandboxes() == before
    Store.open(path, "sandbox").close()


def test_one_part_that_cannot_be_closed_does_not_keep_the_database(
    open_services: Callable[[], Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    services = open_services()
    services.opened.callback(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        services.close()
    open_services().close()


def test_closing_waits_for_the_running_task(open_services: Callable[[], Services]) -> None:
    services = open_services()
    started = threading.Event()
    ended: list[bool] = []

    def task(progress: object) -> None:
        started.set()
        services.preferences.put("written", "late", "ana")
        ended.append(True)

    services.jobs.start("test", message("Test"), "ana", task)
    started.wait(10)
    services.close()
    assert ended == [True]
