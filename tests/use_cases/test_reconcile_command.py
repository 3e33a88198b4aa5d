"""`reconcile`: exit codes, what it prints, the files that it writes."""

from __future__ import annotations

import csv
import io
import json
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from core.__main__ import main
from core.cli.reconciliation import signed_amount
from core.domain.models import SyncSettings
from core.domain.month import Month
from core.errors import VendorError
from core.sandbox.faults import Effect, FaultRule
from core.sandbox.server import Sandbox
from core.services import Services
from tests.e2e.dashboard import connection_environment
from tests.use_cases.reconciliation_world import CUSTOMERS, PRODUCTS, arrange
from tests.use_cases.sync_world import NOBODY_STOPS, change_usage, synced

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def month(filled: Services, sandbox: Sandbox) -> Iterator[Month]:
    """The store holds a month that can be computed by hand, and is free for the command."""
    found = arrange(filled, sandbox)
    filled.close()
    return found


@pytest.fixture
def cli(
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> Cli:
    for name, value in connection_environment(sandbox, tmp_path / "store.duckdb").items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["reconcile", *arguments])
        output = capfdbinary.readouterr()
        return code, output.out.decode(), output.err.decode()

    return run


def test_differences_are_told_worst_first_with_exit_code_2(cli: Cli, month: Month) -> None:
    code, out, err = cli("--month", str(month))
    assert (code, err) == (2, "")
    lines = out.splitlines()
    assert lines[0].startswith("Under-billed")
    assert lines[0].endswith(
        "Cabinet Dourlin & Associés / SEC-EPP-USER  used 34, billed 30  +18.00"
    )
    priced = [index for index, line in enumerate(lines[:-1]) if line[-3] == "."]
    assert priced == list(range(len(priced)))
    assert lines[-1] == (
        "31 rows, 14 open. Under-billed 30.20, over-billed 10.50 per month. First-pass match rate "
        "70.0%."
    )
    assert not [line for line in lines if line.startswith("Matched")]


def test_json_has_everything(cli: Cli, month: Month) -> None:
    code, out, _ = cli("--month", str(month), "--json")
    answer = json.loads(out)
    assert code == 2
    assert (answer["month"], answer["problem"], answer["currency"]) == (str(month), None, "EUR")
    assert answer["totals"]["by_class"]["under_billed"] == 3
    (row,) = [each for each in answer["rows"] if each["key"] == "32/1203"]
    assert (row["used"], row["billed"], row["difference"], row["accepted"]) == (
        "34",
        "30",
        "4",
        None,
    )
    assert (row["included"], row["ordered"], row["beyond_order"]) == ("0", "40", "-6")
    assert row["order"] == "not_used"
    found = {each["key"]: each for each in answer["rows"]}
    assert (found["44/1097"]["expected"], found["44/1097"]["included"]) == ("3", "1")
    assert "261.11" in {each["net"] for each in found.values()}


def test_every_figure_of_the_csv_is_in_the_json(cli: Cli, month: Month) -> None:
    same = {
        "Used": "used", "Expected": "expected", "Included": "included", "Billed": "billed",
        "Difference": "difference", "Ordered": "ordered", "Used beyond the order": "beyond_order",
        "Net price (EUR)": "net", "Cost (EUR)": "cost", "Margin per month": "margin",
    }  # fmt: skip
    rows = csv.DictReader(io.StringIO(cli("--month", str(month), "--csv", "-")[1]))
    told = json.loads(cli("--month", str(month), "--json")[1])["rows"]
    for written, said in zip(rows, told, strict=True):
        assert written["Row"].lstrip("'") == said["key"]
        for column, name in same.items():
            assert (written[column] or "0") == (said[name] or "0")


def test_what_was_synced_or_accepted_is_exit_code_0(
    cli: Cli,
    month: Month,
    sandbox: Sandbox,
    open_services: Callable[[], Services],
) -> None:
    mapped = {"CIXA-MSP", "SVRCLOUDADV-MSP", "XDR-MSP", "CEMA-MSP"}

    def known(line: dict[str, object]) -> dict[str, object] | None:
        return line if line["productCode"] in mapped and line.get("accountId") else None

    change_usage(sandbox, month, known)
    services = open_services()
    services.preferences.save_sync(SyncSettings(limits=NOBODY_STOPS), "ana")
    services.usage.fetch(month, "ana")
    assert synced(services, month).done > 0
    services.planning.refresh()
    left = [one for one in services.reconciliation.look(month).rows if one.is_open]
    assert left  # additions that were made by hand and have no usage any more
    services.close()
    assert cli("--month", str(month))[0] == 2

    services = open_services()
    services.reconciliation.accept(month, [one.key for one in left], "known", month, "ana")
    services.close()
    code, out, _ = cli("--month", str(month))
    assert (code, len(out.splitlines())) == (0, 1)


def test_files(cli: Cli, month: Month, tmp_path: Path) -> None:
    text, book = tmp_path / "rows.csv", tmp_path / "rows.xlsx"
    code, out, _ = cli("--month", str(month), "--csv", str(text), "--xlsx", str(book))
    assert (code, len(out.splitlines())) == (2, 15)
    rows = list(csv.DictReader(io.StringIO(text.read_text("utf-8-sig"))))
    assert len(rows) == 31
    assert openpyxl.load_workbook(book).sheetnames == ["Summary", "Rows", "Usage lines"]
    code, out, _ = cli("--month", str(month), "--csv", "-")
    assert code == 2
    assert list(csv.DictReader(io.StringIO(out))) == rows
    assert text.read_bytes() == BOM_UTF8 + out.encode()


def test_what_additions_are_now_is_read_first(cli: Cli, month: Month, sandbox: Sandbox) -> None:
    table = sandbox.world.tables["additions"]
    with sandbox.world.transaction():
        (found,) = [each for each in table.all() if each["id"] == 1005]
        table.replace(1005, {**found, "quantity": 34})
    _, out, _ = cli("--month", str(month), "--json")
    (row,) = [each for each in json.loads(out)["rows"] if each["key"] == "32/1203"]
    assert (row["class"], row["billed"]) == ("matched", "34")


def test_a_month_that_says_nothing_is_an_error(cli: Cli, month: Month) -> None:
    code, out, err = cli("--month", str(month.plus(-6)))
    assert code == 1
    assert "was not fetched yet" in err
    assert "Fetch it first." in err
    assert "match rate -." in out


def test_a_month_whose_last_fetch_failed_is_an_error_and_claims_no_money(
    cli: Cli, month: Month, sandbox: Sandbox, open_services: Callable[[], Services]
) -> None:
    sandbox.controls.faults.add(FaultRule(effect=Effect.STATUS, status=403, path="billing/usage"))
    with closing(open_services()) as services, pytest.raises(VendorError):
        services.usage.fetch(month, "ana")
    code, out, err = cli("--month", str(month))
    assert (code, out) == (
        1,
        "31 rows, - open. Under-billed -, over-billed - per month. First-pass match rate -.\n",
    )
    assert "did not complete. Fetch it again" in err
    totals = json.loads(cli("--month", str(month), "--json")[1])["totals"]
    assert (totals["open"], totals["under_billed"], totals["over_billed"]) == (None, None, None)


def test_a_month_that_is_not_over_is_an_error_and_says_so(
    cli: Cli, month: Month, open_services: Callable[[], Services]
) -> None:
    current = month.plus(1)
    with closing(open_services()) as services:
        services.usage.fetch(current, "ana")
    code, out, err = cli("--month", str(current))
    assert (code, len(out.splitlines())) == (1, 1)
    assert f"{current} is not over: usage so far." in err


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--month", "October"], "2026-10"),
        ([], "--month"),
        (["--month", "2026-10", "--csv", "/absent/folder/rows.csv"], "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_an_error(
    cli: Cli, month: Month, arguments: list[str], why: str
) -> None:
    code, out, err = cli(*arguments)
    assert (code, out) == (1, "")
    assert why in err


def test_without_connectwise_it_is_an_error(cli: Cli, month: Month, monkeypatch) -> None:
    monkeypatch.setenv("CONNECTWISE_PRIVATE_KEY", "wrong-key-value")
    code, out, err = cli("--month", str(month))
    assert (code, out) == (1, "")
    assert "CONNECTWISE_PRIVATE_KEY" in err


@pytest.mark.parametrize(
    ("amount", "written"),
    [("18", "+18.00"), ("-3.2", "-3.20"), ("0", "0.00"), ("-0.00", "0.00"), ("-0.004", "0.00")],
)
def test_an_amount_has_a_sign_where_it_is_one(amount: str, written: str) -> None:
    assert signed_amount(Decimal(amount)) == written


def test_agreements_of_nobody_are_told_when_asked_for(
    cli: Cli, sandbox: Sandbox, month: Month
) -> None:
    def of_nobody(*arguments: str) -> dict[int, str]:
        _, out, _ = cli("--month", str(month), "--json", *arguments)
        rows = json.loads(out)["rows"]
        found = [row for row in rows if row["class"] == "unmapped_customer" and row["addition_id"]]
        assert all(row["money"] is None and not row["customer_ids"] for row in found)
        return {row["addition_id"]: row["billed"] for row in found}

    assert of_nobody() == {}
    found = of_nobody("--all-agreements")
    additions = {row["id"]: row for row in sandbox.world.tables["additions"].all()}
    mapped, ours = set(PRODUCTS.values()), set(CUSTOMERS)
    assert found
    for addition_id in found:
        assert additions[addition_id]["product"]["id"] in mapped
        assert additions[addition_id]["agreementId"] not in ours
    # Once they are known to bill something, every reading looks at them.
    assert of_nobody() == found
