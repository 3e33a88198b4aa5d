from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from core.__main__ import main
from core.sandbox.server import Sandbox
from tests.e2e.dashboard import ROOT, connection_environment

Cli = Callable[..., tuple[int, str, str]]


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
def month(sandbox: Sandbox) -> str:
    return max(sandbox.world.usage_months()[:-1])


def test_check_says_that_both_answer(cli: Cli) -> None:
    code, out, err = cli("check", "--json")
    assert code == 0
    assert err == ""
    answer = json.loads(out)
    assert answer["mode"] == "real"
    assert [c["ok"] for c in answer["connections"]] == [True, True]


def test_check_fails_with_the_remedy_on_stderr(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTWISE_PRIVATE_KEY", "wrong-key-value")
    code, out, err = cli("check")
    assert code == 1
    assert "CONNECTWISE_PRIVATE_KEY" in err
    assert "wrong-key-value" not in out + err


def test_half_given_settings_are_one_sentence_and_a_list(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOPHOS_CLIENT_SECRET")
    code, _out, err = cli("check")
    assert code == 1
    assert "SOPHOS_CLIENT_SECRET is missing" in err


def test_usage_fetch_and_a_bad_month(cli: Cli, month: str) -> None:
    code, out, _ = cli("usage", "fetch", "--month", month, "--json")
    assert code == 0
    assert json.loads(out)["lines"] > 50
    code, _, err = cli("usage", "fetch", "--month", "October")
    assert code == 1
    assert "2026-10" in err


def test_usage_import_reads_a_file_with_a_byte_order_mark(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "usage.csv"
    path.write_text(
        "Product Code,Billable Quantity,Account Id,Billing Start Date\nCIXA-MSP,4,t1,2026-02-01\n",
        encoding="utf-8-sig",
    )
    code, out, _ = cli("usage", "import", str(path), "--json")
    assert (code, json.loads(out)["month"]) == (0, "2026-02")


USAGE_HEADER = "Product Code,Billable Quantity,Account Id,Account Name,Billing Start Date\n"


def test_usage_import_says_what_it_left_out(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "usage.csv"
    path.write_text(
        USAGE_HEADER + "A,4,t1,One,2026-02-01\nA,1,t2,Two,2026-02-01\nA,9,t1,One,2026-01-01\n",
        encoding="utf-8",
    )
    code, out, _ = cli("usage", "import", str(path), "--month", "2026-02")
    assert code == 0
    assert out == ("2026-02: 2 usage lines of 2 customers taken in. 1 line of 2026-01 left out.\n")
    code, out, _ = cli("usage", "import", str(path), "--month", "2026-01", "--json")
    answer = json.loads(out)
    assert (code, answer["lines"], answer["customers"]) == (0, 1, 1)
    assert answer["left_out"] == {"2026-02": 2}


def test_usage_import_of_a_part_needs_to_be_told_that_it_replaces(cli: Cli, tmp_path: Path) -> None:
    whole, part = tmp_path / "whole.csv", tmp_path / "part.csv"
    part.write_text(USAGE_HEADER + "A,5,t1,One,2026-02-01\n", encoding="utf-8")
    whole.write_text(part.read_text("utf-8") + "A,1,t2,Two,2026-02-01\n", encoding="utf-8")
    assert cli("usage", "import", str(whole))[0] == 0
    code, out, err = cli("usage", "import", str(part))
    assert (code, out) == (1, "")
    assert "1 customer of the last reading is missing" in err
    assert "Two is missing." in err
    assert "--replace" in err
    code, out, _ = cli("usage", "import", str(part), "--replace", "--json")
    assert (code, json.loads(out)["lines"]) == (0, 1)


def test_mappings_export_and_import_round_trip(cli: Cli, month: str, tmp_path: Path) -> None:
    cli("usage", "fetch", "--month", month)
    path = tmp_path / "mappings.csv"
    assert cli("mappings", "export", str(path))[0] == 0
    code, out, _ = cli("mappings", "import", str(path))
    assert code == 0
    assert "No changes" in out


def test_mappings_import_shows_first_and_saves_with_apply(
    cli: Cli, month: str, tmp_path: Path
) -> None:
    cli("usage", "fetch", "--month", month)
    product = json.loads(cli("products", "list", "--search", "sophos", "--json")[1])[0]["id"]
    path = tmp_path / "mappings.csv"
    path.write_text(
        f"product_code,connectwise_product_id,sync\nCIXA-MSP,{product},true\n", encoding="utf-8"
    )
    code, out, _ = cli("mappings", "import", str(path), "--json")
    assert code == 2
    assert json.loads(out)["changes"][0]["new"] == {
        "connectwise_product_id": product,
        "sync": True,
    }
    assert cli("mappings", "import", str(path), "--apply")[0] == 0
    assert cli("mappings", "import", str(path))[0] == 0
    _, exported, _ = cli("mappings", "export", "-")
    assert f"CIXA-MSP,{product}" in exported.replace("\ufeff", "") or str(product) in exported


def test_a_bad_file_names_every_bad_row_and_saves_nothing(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "mappings.csv"
    path.write_text(
        "product_code,connectwise_product_id,sync\nA,1,perhaps\nB,x,true\nC,,true\n",
        encoding="utf-8",
    )
    code, _, err = cli("mappings", "import", str(path), "--apply")
    assert code == 1
    assert "line 2" in err
    assert "line 3" in err
    assert "A" not in cli("mappings", "export", "-")[1].splitlines()[1:]


def test_columns_that_an_import_ignores_are_named(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "mappings.csv"
    path.write_text("product_code,connectwise_product_id,sync,colour\nA,,true,red\n", "utf-8")
    code, out, err = cli("mappings", "import", str(path))
    assert code == 2
    assert "pending" in out
    assert "Ignored columns: colour" in err


@pytest.mark.parametrize("port", ["abc", "65536", "9" * 5000, "²", "8o80"])
def test_what_is_no_port_is_said_in_a_sentence(cli: Cli, port: str) -> None:
    code, _, err = cli("sandbox", "--port", port)
    assert code == 1
    assert f"argument --port: “{port}” is not a port, a number from 0 to 65535." in err
    assert "_port" not in err


def test_a_port_in_use_is_one_sentence(cli: Cli, sandbox: Sandbox) -> None:
    code, _, err = cli("sandbox", "--port", str(sandbox.port))
    assert code == 1
    assert f"The port {sandbox.port} cannot be used" in err
    assert "Choose another port" in err


@pytest.mark.skipif(sys.platform == "win32", reason="a pipe that nobody reads is POSIX")
def test_a_reader_that_has_enough_ends_the_list_quietly(sandbox: Sandbox, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "core", "products", "list"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **connection_environment(sandbox, tmp_path / "store.duckdb")},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(30) == 1


def test_a_file_that_is_not_there(cli: Cli, tmp_path: Path) -> None:
    code, _, err = cli("mappings", "import", str(tmp_path / "none.csv"))
    assert code == 1
    assert "cannot be read" in err


def test_products_list_finds_text(cli: Cli) -> None:
    code, out, _ = cli("products", "list", "--search", "SOPHOS", "--json")
    found = json.loads(out)
    assert code == 0
    assert found
    assert all("sophos" in f"{p['identifier']} {p['description']}".lower() for p in found)


def test_the_sandbox_prints_one_object_and_answers(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "core", "sandbox", "--port", "0", "--json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "USAGE_SYNC_STORE": str(tmp_path / "unused.duckdb")},
    )
    try:
        assert process.stdout is not None
        given = json.loads(process.stdout.readline())
        assert set(given["connectwise"]) == {
            "url",
            "company",
            "public_key",
            "private_key",
            "client_id",
        }
        assert set(given["sophos"]) == {"id_url", "api_url", "client_id", "client_secret"}
        url = f"{given['connectwise']['url']}/login/companyinfo/{given['connectwise']['company']}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert json.loads(answer.read())["Codebase"]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=15)
    assert not (tmp_path / "unused.duckdb").exists()


def test_a_second_process_gets_one_sentence_with_the_pid(
    cli: Cli, tmp_path: Path, sandbox: Sandbox
) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time, pathlib\n"
            "from core.storage.store import Store\n"
            f"store = Store.open(pathlib.Path({str(tmp_path / 'store.duckdb')!r}), 'real')\n"
            "print('open', flush=True); time.sleep(60)",
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "open"
        code, _, err = cli("mappings", "export", "-")
        assert code == 1
        assert str(holder.pid) in err
        assert "Traceback" not in err
    finally:
        holder.kill()
        holder.communicate()
