"""`customers refresh|export|import`: exit codes, sharing, and nothing half applied."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.__main__ import main
from core.domain.month import Month
from core.sandbox.server import Sandbox
from tests.e2e.dashboard import connection_environment

Cli = Callable[..., tuple[int, str, str]]

HEADER = "customer_id,connectwise_company_id,agreement_id,sync\n"
# Of the demo world: a bakery and a firm of lawyers, a company with its only active agreement.
BAKERY, LAWYERS = "8a11ee42-ebd2-5cfa-b0bb-50196f207b40", "9ed7d5ab-b351-59e3-bf16-b4ae1e209d79"
COMPANY, AGREEMENT, OTHER_COMPANY = 250, 31, 251


@pytest.fixture
def cli(
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Cli:
    """Run a command against the sandbox: exit code, stdout, stderr."""
    for name, value in connection_environment(sandbox, tmp_path / "store.duckdb").items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        output = capsys.readouterr()
        return code, output.out, output.err

    return run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "customers.csv"


def test_an_export_before_any_refresh_has_the_customers_that_usage_names(cli: Cli) -> None:
    month = str(Month.last_complete(datetime.now(UTC).date()))
    assert cli("usage", "fetch", "--month", month)[0] == 0

    code, text, _ = cli("customers", "export", "-")

    rows = list(csv.DictReader(text.splitlines()))
    assert code == 0
    assert len(rows) > 30
    assert all(row["customer_id"] and row["customer_name"] for row in rows)


def exported(cli: Cli) -> dict[str, str]:
    _, text, _ = cli("customers", "export", "-")
    return {line.split(",")[0]: line for line in text.splitlines()[1:]}


def test_refresh_then_export_then_import_changes_nothing(cli: Cli, path: Path) -> None:
    code, out, _ = cli("customers", "refresh", "--json")
    assert (code, json.loads(out)["customers"]) == (0, 63)
    assert cli("customers", "export", str(path))[0] == 0
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    code, out, _ = cli("customers", "import", str(path))
    assert (code, out) == (0, "No changes.\n")


def test_an_import_shows_first_and_saves_with_apply(cli: Cli, path: Path) -> None:
    cli("customers", "refresh")
    path.write_text(f"{HEADER}{BAKERY},{COMPANY},{AGREEMENT},true\n", encoding="utf-8")
    code, out, _ = cli("customers", "import", str(path), "--json")
    assert code == 2
    answer = json.loads(out)
    assert (answer["applied"], answer["shared"], answer["notices"]) == (False, [], [])
    assert answer["changes"] == [
        {
            "customer_id": BAKERY,
            "old": {"connectwise_company_id": None, "agreement_id": None, "sync": False},
            "new": {"connectwise_company_id": COMPANY, "agreement_id": AGREEMENT, "sync": True},
        }
    ]
    code, out, _ = cli("customers", "import", str(path))
    assert (code, f"{BAKERY}: company - -> 250, agreement - -> 31, sync off -> on" in out) == (
        2,
        True,
    )
    assert cli("customers", "import", str(path), "--apply")[0] == 0
    assert cli("customers", "import", str(path))[0] == 0
    assert exported(cli)[BAKERY].endswith(",true,active")


def test_sharing_an_agreement_is_told_and_needs_to_be_allowed(cli: Cli, path: Path) -> None:
    cli("customers", "refresh")
    lines = [f"{customer},{COMPANY},{AGREEMENT},true" for customer in (BAKERY, LAWYERS)]
    path.write_text(HEADER + "\n".join(lines), encoding="utf-8")
    code, _, err = cli("customers", "import", str(path))
    assert code == 2
    assert "would share the agreement" in err
    code, _, err = cli("customers", "import", str(path), "--apply")
    assert code == 1
    assert "would share the agreement" in err
    assert "Confirm it" in err
    assert exported(cli)[BAKERY].endswith(",false,unmapped")
    code, out, _ = cli("customers", "import", str(path), "--apply", "--allow-shared", "--json")
    assert code == 0
    assert json.loads(out)["shared"] == [
        {"agreement_id": AGREEMENT, "customer_ids": sorted([BAKERY, LAWYERS])}
    ]
    assert exported(cli)[LAWYERS].endswith(",true,active")


def test_every_bad_row_is_named_and_nothing_is_saved(cli: Cli, path: Path) -> None:
    cli("customers", "refresh")
    lines = [
        f"{BAKERY},{COMPANY},{AGREEMENT},true",
        f"{LAWYERS},{OTHER_COMPANY},{AGREEMENT},true",
        "unknown,x,,true",
        f"{BAKERY},,,false",
    ]
    path.write_text(HEADER + "\n".join(lines), encoding="utf-8")
    code, _, err = cli("customers", "import", str(path), "--apply")
    assert code == 1
    for line, words in ((3, "belongs to another company"), (4, "company ID"), (5, "already")):
        assert any(f"line {line}: " in one and words in one for one in err.splitlines())
    assert exported(cli)[BAKERY].endswith(",false,unmapped")


def test_a_customer_that_sophos_does_not_know_is_taken_up_with_a_notice(
    cli: Cli, path: Path
) -> None:
    cli("customers", "refresh")
    path.write_text(f"{HEADER}later,{COMPANY},{AGREEMENT},false\n", encoding="utf-8")
    code, _, err = cli("customers", "import", str(path), "--apply")
    assert code == 0
    assert "1 customer is not known to Sophos" in err
    assert exported(cli)["later"].endswith(",false,off")
