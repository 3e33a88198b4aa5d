"""The command line in trouble: exit codes, what goes to which stream, odd files, many products."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from core.__main__ import main
from core.sandbox.faults import Effect, FaultRule
from core.sandbox.server import Sandbox
from core.storage.store import Store
from tests.e2e.dashboard import connection_environment

Cli = Callable[..., tuple[int, str, str]]
HEADER = ("product_code", "connectwise_product_id", "sync")


@pytest.fixture
def store(filled_store: Path, tmp_path: Path) -> Path:
    path = tmp_path / "store.duckdb"
    shutil.copyfile(filled_store, path)
    return path


@pytest.fixture
def cli(
    sandbox: Sandbox,
    store: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Cli:
    """Run a command on a filled store: exit code, stdout, stderr."""
    for name, value in connection_environment(sandbox, store).items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        output = capsys.readouterr()
        return code, output.out, output.err

    return run


def assert_failed(result: tuple[int, str, str], *words: str) -> None:
    code, out, err = result
    assert code == 1
    assert out == ""
    assert "Traceback" not in err
    assert err.count("\n") == err.strip().count("\n") + 1  # nothing but lines of text
    for word in words:
        assert word in err


def usable(sandbox: Sandbox) -> int:
    records = sandbox.world.tables["catalog"].all()
    return next(
        r["id"] for r in records if r["productClass"] == "Service" and not r.get("inactiveFlag")
    )


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("mapping",),
        ("usage", "fetch"),
        ("usage", "fetch", "--month"),
        ("sandbox", "--port", "http"),
        ("sandbox", "--port", "70000"),
        ("check", "--jsn"),
        ("mappings", "import"),
    ],
    ids=" ".join,
)
def test_a_command_that_is_not_understood_is_an_error_and_not_a_pending_change(
    cli: Cli, arguments: tuple[str, ...]
) -> None:
    assert_failed(cli(*arguments), "--help")


def test_help_is_no_error(cli: Cli, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["mappings", "import", "--help"])
    assert ended.value.code in (0, None)
    output = capsys.readouterr()
    assert "--apply" in output.out
    assert output.err == ""


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])
def test_a_connection_that_fails_is_on_stderr_and_json_stays_whole(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, form: tuple[str, ...]
) -> None:
    monkeypatch.setenv("SOPHOS_CLIENT_SECRET", "wrong")
    code, out, err = cli("check", *form)
    assert code == 1
    assert "SOPHOS_CLIENT_SECRET" in err
    assert "ConnectWise answers" not in err
    if form:
        assert [each["ok"] for each in json.loads(out)["connections"]] == [True, False]
    else:
        assert out == "ConnectWise answers.\n"


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (("products", "list", "--json"), "procurement/catalog"),
        (("usage", "fetch", "--month", "2026-01", "--json"), "billing/usage"),
    ],
    ids=["catalog", "usage"],
)
def test_a_vendor_in_trouble_is_one_sentence_and_no_output(
    cli: Cli, sandbox: Sandbox, arguments: tuple[str, ...], path: str
) -> None:
    sandbox.controls.faults.add(FaultRule(effect=Effect.HTML, path=path, status=200))
    assert_failed(cli(*arguments), "something else than data", "proxy")


@pytest.mark.parametrize("arguments", [("check",), ("mappings", "export", "-")], ids=" ".join)
def test_a_store_of_the_sandbox_is_not_used_with_real_systems(
    cli: Cli, store: Path, arguments: tuple[str, ...]
) -> None:
    store.unlink()
    Store.open(store, "sandbox").close()
    assert_failed(cli(*arguments), str(store), "USAGE_SYNC_STORE")


def test_a_store_that_is_no_database_is_left_as_it_is(cli: Cli, store: Path) -> None:
    store.write_text("my notes", encoding="utf-8")
    assert_failed(cli("mappings", "export", "-"), "USAGE_SYNC_STORE")
    assert store.read_text(encoding="utf-8") == "my notes"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_as_any_spreadsheet_writes_it(
    cli: Cli, sandbox: Sandbox, tmp_path: Path, delimiter: str, encoding: str
) -> None:
    rows = (HEADER[::-1], ("true", str(usable(sandbox)), "CIXA-MSP"))
    path = tmp_path / "mappings.csv"
    text = "".join(delimiter.join(row) + "\r\n" for row in rows)
    path.write_bytes(text.encode(encoding))
    code, out, err = cli("mappings", "import", str(path), "--json")
    assert (code, err) == (2, "")
    (change,) = json.loads(out)["changes"]
    assert change["product_code"] == "CIXA-MSP"
    assert change["new"] == {"connectwise_product_id": usable(sandbox), "sync": True}


def test_an_import_says_what_it_saved_and_which_columns_it_ignored(
    cli: Cli, sandbox: Sandbox, tmp_path: Path
) -> None:
    path = tmp_path / "mappings.csv"
    path.write_text(f"{','.join(HEADER)},colour\nCIXA-MSP,{usable(sandbox)},true,red\n", "utf-8")
    code, out, _ = cli("mappings", "import", str(path), "--apply", "--json")
    answer = json.loads(out)
    assert (code, answer["applied"], len(answer["changes"])) == (0, True, 1)
    assert answer["notices"] == ["Ignored columns: colour."]
    code, out, _ = cli("mappings", "import", str(path), "--apply", "--json")
    assert (code, json.loads(out)["changes"]) == (0, [])


def test_a_file_in_another_encoding_is_refused(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "mappings.csv"
    path.write_bytes("product_code,connectwise_product_id,sync\nÉ,,true\n".encode("cp1252"))
    assert_failed(cli("mappings", "import", str(path), "--apply"), "UTF-8", "spreadsheet")


def test_a_target_that_cannot_be_written_is_an_error(cli: Cli, tmp_path: Path) -> None:
    assert_failed(cli("mappings", "export", str(tmp_path / "none" / "m.csv")), "cannot be written")


def test_twenty_thousand_products_are_listed_searched_and_mapped(
    cli: Cli, sandbox: Sandbox, tmp_path: Path
) -> None:
    table = sandbox.world.tables["catalog"]
    pattern = table.records[usable(sandbox)]
    with sandbox.world.lock:
        for number in range(20_000 - len(table.records)):
            table.insert({**pattern, "identifier": f"BULK-{number}", "description": "Bulk <é> 😀"})
    sandbox.controls.counters.reset()
    code, out, err = cli("products", "list", "--json")
    assert (code, err) == (0, "")
    listed = json.loads(out)
    assert {each["id"] for each in listed} == set(table.records)
    assert sandbox.controls.counters.as_json()["total_reads"] <= 21

    newest = max(table.records)
    path = tmp_path / "mappings.csv"
    path.write_text(f"{','.join(HEADER)}\nCIXA-MSP,{newest},true\n", "utf-8")
    assert cli("mappings", "import", str(path), "--apply")[0] == 0
    assert cli("mappings", "import", str(path))[0] == 0
