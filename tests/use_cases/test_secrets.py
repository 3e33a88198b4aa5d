"""No secret reaches the log, the database, a CSV, an error or the terminal, whatever happens."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

import pytest

from core.__main__ import main
from core.clients.http import HttpLimits
from core.domain.month import Month
from core.domain.product_form import fields_of
from core.errors import UsageSyncError
from core.sandbox.faults import Effect, FaultRule
from core.sandbox.server import Sandbox
from core.services import Services, build_services
from core.settings import load_settings
from core.storage.database import Database
from core.use_cases import products as products_module
from tests.e2e.dashboard import connection_environment

# The sandbox knows its own keys only, so the others are tried where signing in fails.
CLIENT_ID = "5ecret-integrator-1d"
WRONG = {
    "CONNECTWISE_PUBLIC_KEY": "5ecretPublicKey9",
    "CONNECTWISE_PRIVATE_KEY": "5ecret/Private+Key=9",
    "SOPHOS_CLIENT_SECRET": "5ecret&Sophos secret%9",
}


def forms(company: str, public: str, private: str, *others: str) -> set[str]:
    """The secrets as they are, and as they travel."""
    pair = base64.b64encode(f"{company}+{public}:{private}".encode()).decode()
    plain = {public, private, pair, *others}
    return plain | {quote(secret, safe="") for secret in plain}


@pytest.fixture
def environment(sandbox: Sandbox, tmp_path: Path) -> dict[str, str]:
    given = connection_environment(sandbox, tmp_path / "store.duckdb")
    return {**given, "CONNECTWISE_CLIENT_ID": CLIENT_ID}


@pytest.fixture
def hidden(sandbox: Sandbox, environment: dict[str, str]) -> set[str]:
    company = environment["CONNECTWISE_COMPANY"]
    return {
        *forms(
            company,
            sandbox.connectwise.public_key,
            sandbox.connectwise.private_key,
            sandbox.sophos.client_secret,
            CLIENT_ID,
        ),
        *forms(
            company,
            WRONG["CONNECTWISE_PUBLIC_KEY"],
            WRONG["CONNECTWISE_PRIVATE_KEY"],
            WRONG["SOPHOS_CLIENT_SECRET"],
        ),
    }


def tasks(services: Services) -> Iterator[Callable[[], object]]:
    """Everything that a person can start."""
    month = Month.last_complete(services.clock().date())
    yield services.connections.check
    yield services.catalog.refresh
    yield lambda: services.usage.fetch(month, "ana")
    yield lambda: services.usage.fetch(Month(2011, 1), "ana")
    yield lambda: services.preferences.save_defaults(services.preferences.defaults(), "ana")
    yield lambda: services.products.create(services.products.prefill("NDR-MSP"))
    yield lambda: _edit_newest(services)
    yield lambda: services.products.read(999_999)
    yield lambda: services.connectwise.companies("a")
    yield lambda: services.mappings.save(
        services.mappings.check_csv(services.mappings.parse_csv(services.mappings.export_csv())),
        "ana",
        "csv",
    )


def _edit_newest(services: Services) -> object:
    base = services.products.read(services.catalog.find("Sophos_NDR")[0].id)
    return services.products.update(base, replace(fields_of(base), price=Decimal(3)))


def said_by(services: Services) -> list[str]:
    """What people and supporters get to see of a run of everything."""
    said = []
    for task in tasks(services):
        try:
            said.append(repr(task()))
        except UsageSyncError as error:
            said += [str(error), repr(error), str(error.detail)]
        except IndexError:
            pass  # nothing was created that could be edited
    with suppress(UsageSyncError):
        said += [services.mappings.export_csv(), repr(services.settings), repr(services)]
    return said


def all_rows(path: Path) -> list[str]:
    """Every row of every table: the file may hold them compressed."""
    with closing(Database(path)) as database:
        tables = database.read("SELECT table_name FROM duckdb_tables() WHERE database_name='store'")
        return [repr(database.read(f"SELECT * FROM store.{name}")) for (name,) in tables]


def test_no_secret_is_ever_written_or_said(
    sandbox: Sandbox,
    environment: dict[str, str],
    hidden: set[str],
    tmp_path: Path,
    impatient: HttpLimits,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(products_module, "_READ_BACK_WAITS", (0.01,))
    limits = replace(impatient, attempts=2)
    said: list[str] = []
    token = ""
    for changes in ({}, WRONG):
        for name, value in {**environment, **changes}.items():
            monkeypatch.setenv(name, value)
        settings = load_settings({**environment, **changes}, {})
        for rule in (None, *_TROUBLE):
            with closing(build_services(settings, limits=limits)) as services:
                sandbox.controls.faults.clear()
                if rule is not None and not changes:
                    sandbox.controls.faults.add(rule)
                said += said_by(services)
                token = token or services.sophos._token._token
            if changes:
                break
        sandbox.controls.faults.clear()
        for arguments in (["check", "--json"], ["mappings", "export", "-"]):
            main(arguments)

    said += all_rows(tmp_path / "store.duckdb")
    output = capsys.readouterr()
    written = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert len(caplog.records) > 100
    assert len(token) > 20
    assert any("did not answer" in text for text in said)
    assert any(b"NDR-MSP" in content for content in written.values())
    for secret in {*hidden, token, "Bearer "}:
        assert secret not in caplog.text
        assert secret not in output.out + output.err
        assert not [text for text in said if secret in text]
        assert not [path for path, content in written.items() if secret.encode() in content]


_TROUBLE = (
    FaultRule(effect=Effect.RESET, every=2),
    FaultRule(effect=Effect.HTML, status=400),
    FaultRule(effect=Effect.STATUS, status=500, body={"message": "Timeout"}),
    FaultRule(effect=Effect.STATUS, status=200, body={"unexpected": True}),
)
