"""Money of the reconciliation over the sandbox: agreements billed by the year, in other
currencies, and customers that were moved."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from core.__main__ import main
from core.domain.models import RowClass
from core.domain.month import Month
from core.sandbox.server import Sandbox
from core.services import Services
from core.use_cases.month_report import MonthReport
from tests.e2e.dashboard import connection_environment
from tests.use_cases.reconciliation_world import DOURLIN, TRANSPORTS, arrange
from tests.use_cases.sync_world import agreements_that_prorate, prepare, synced
from tests.use_cases.test_moved_customers import move_all

ENDPOINT = 1203
YEARLY, NOT_RECURRING = 5, 6
DOLLARS = {"id": 8, "symbol": "$", "currencyCode": "USD", "name": "US dollar"}
KEY = f"{DOURLIN}/{ENDPOINT}"


def put_agreement(sandbox: Sandbox, agreement_id: int, **changed: object) -> None:
    """Somebody changes an agreement in ConnectWise."""
    table = sandbox.world.tables["agreements"]
    (found,) = [each for each in table.all() if each["id"] == agreement_id]
    with sandbox.world.transaction():
        table.replace(agreement_id, {**found, **changed})


def billed_by(sandbox: Sandbox, agreement_id: int, cycle_id: int) -> None:
    (cycle,) = [
        each for each in sandbox.world.tables["billingCycles"].all() if each["id"] == cycle_id
    ]
    reference = {"id": cycle_id, "name": cycle["name"]}
    put_agreement(sandbox, agreement_id, billingCycle=reference)


@pytest.fixture
def month(filled: Services, sandbox: Sandbox) -> Month:
    return arrange(filled, sandbox)


@pytest.fixture
def look(filled: Services, month: Month) -> Callable[[], MonthReport]:
    """The report after ConnectWise was read again."""

    def read() -> MonthReport:
        filled.planning.refresh()
        return filled.reconciliation.look(month)

    return read


def csv_rows(services: Services, month: Month) -> dict[str, dict[str, str]]:
    text = services.reconciliation.export_csv(month).decode("utf-8-sig")
    return {each["Row"]: each for each in csv.DictReader(io.StringIO(text, newline=""))}


def summary(services: Services, month: Month) -> dict[str, tuple[object, ...]]:
    book = openpyxl.load_workbook(io.BytesIO(services.reconciliation.export_workbook(month)))
    return {row[0]: row[1:] for row in book["Summary"].iter_rows(values_only=True)}


def test_an_agreement_that_is_billed_by_the_year_counts_by_the_month(
    filled: Services, sandbox: Sandbox, month: Month, look: Callable[[], MonthReport]
) -> None:
    billed_by(sandbox, DOURLIN, YEARLY)
    looked = look()
    row = looked.by_key[KEY].row
    # 4 x 4.50 = 18.00 and 30 x 4.50 = 135.00 a year; the vendor charges 34 x 2.10 a month.
    assert (row.unit_price, row.money, row.revenue) == (
        Decimal("4.50"),
        Decimal("1.50"),
        Decimal("11.25"),
    )
    assert (row.cost, row.margin) == (Decimal("71.40"), Decimal("-60.15"))
    # 1.50 + 2.40 + 9.80; 2 x 1.60 a year are 0.266…, + 4.90 + 2.40.
    assert looked.report.totals.under_billed == Decimal("13.70")
    assert looked.report.totals.over_billed == Decimal("7.57")
    told = csv_rows(filled, month)[KEY]
    assert [
        told[name]
        for name in (
            "Unit price per billing period",
            "Billing cycle",
            "Currency",
            "Difference in money per month",
            "Revenue per month",
            "Margin per month",
        )
    ] == ["4.50", "yearly", "EUR", "1.50", "11.25", "-60.15"]
    found = summary(filled, month)
    assert found["Under-billed, per month"] == (None, None, 13.7, None)
    assert "Without a billing cycle" not in found


def test_where_no_cycle_is_known_the_files_say_for_how_many_rows(
    filled: Services, sandbox: Sandbox, month: Month, look: Callable[[], MonthReport]
) -> None:
    billed_by(sandbox, DOURLIN, NOT_RECURRING)
    looked = look()
    assert looked.by_key[KEY].row.money == Decimal("18.00")
    rows = [one for one in looked.rows if one.row.agreement_id == DOURLIN]
    assert looked.report.totals.without_cycle == len(rows) == 6
    assert csv_rows(filled, month)[KEY]["Billing cycle"] == "not recurring"
    why, count, money, _ = summary(filled, month)["Without a billing cycle"]
    assert (count, money) == (6, None)
    assert str(why).startswith("6 rows have no known billing cycle")


def test_currencies_are_told_apart_everywhere(
    filled: Services, sandbox: Sandbox, month: Month, look: Callable[[], MonthReport]
) -> None:
    put_agreement(sandbox, TRANSPORTS, currency=DOLLARS)
    report = look().report
    euro, dollar = report.totals.by_currency
    # 18.00 + 2.40 and 3.20 + 4.90; 2 x 4.90 and 1 x 2.40.
    assert (euro.currency, euro.under_billed, euro.over_billed) == (
        "EUR",
        Decimal("20.40"),
        Decimal("8.10"),
    )
    assert (dollar.currency, dollar.under_billed, dollar.over_billed) == (
        "USD",
        Decimal("9.80"),
        Decimal("2.40"),
    )
    # The vendor charges euros: what they leave of dollars is not known.
    for row in report.rows:
        if row.agreement_id == TRANSPORTS:
            assert (row.currency, row.margin) == ("USD", None)
    found = summary(filled, month)
    assert found["Under-billed, per month (EUR)"] == (None, None, 20.4, None)
    assert found["Over-billed, per month (USD)"] == (None, None, 2.4, None)
    assert found["Under-billed"][1:] == (3, None, None)
    assert found["Under-billed (USD)"] == (None, None, 9.8, None)
    assert csv_rows(filled, month)[f"{TRANSPORTS}/{ENDPOINT}"]["Currency"] == "USD"


def test_the_command_line_tells_currencies_apart(
    filled: Services,
    sandbox: Sandbox,
    month: Month,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    put_agreement(sandbox, TRANSPORTS, currency=DOLLARS)
    billed_by(sandbox, DOURLIN, NOT_RECURRING)
    filled.close()
    for name, value in connection_environment(sandbox, tmp_path / "store.duckdb").items():
        monkeypatch.setenv(name, value)
    assert main(["reconcile", "--month", str(month)]) == 2
    lines = capfd.readouterr().out.splitlines()
    assert lines[-2] == (
        "31 rows, 14 open. Under-billed 20.40 EUR + 9.80 USD, over-billed 8.10 EUR + 2.40 USD per "
        "month. First-pass match rate 70.0%."
    )
    assert lines[-1].startswith("6 rows have no known billing cycle: their amounts count as")
    assert lines[0].endswith("used 34, billed 30  +18.00 EUR")
    assert main(["reconcile", "--month", str(month), "--json"]) == 2
    answer = json.loads(capfd.readouterr().out)
    totals = answer["totals"]
    assert (totals["under_billed"], totals["over_billed"], totals["currency"]) == (
        "20.40",
        "8.10",
        "EUR",
    )
    assert [(each["currency"], each["under_billed"]) for each in totals["by_currency"]] == [
        ("EUR", "20.40"),
        ("USD", "9.80"),
    ]
    assert totals["by_currency"][1]["by_class"]["over_billed"] == "-2.40"
    assert totals["rows_without_billing_cycle"] == 6
    (row,) = [each for each in answer["rows"] if each["key"] == f"{TRANSPORTS}/{ENDPOINT}"]
    assert (row["billing_cycle"], row["currency"], row["money"]) == ("Monthly", "USD", "9.80")
    assert (row["revenue"], row["margin"]) == ("294.00", None)


def test_what_a_moved_customer_left_and_what_it_misses_name_each_other(
    filled: Services, sandbox: Sandbox
) -> None:
    month = prepare(filled)
    synced(filled, month)
    old, new = agreements_that_prorate(filled)[1], agreements_that_prorate(filled)[4]
    move_all(filled, old, new)
    filled.planning.refresh()
    looked = filled.reconciliation.look(month)
    agreements = looked.inputs.agreements
    left = [one for one in looked.rows if one.row.agreement_id == old and one.row.bound]
    assert len(left) > 10
    missing = [looked.by_key[f"{new}/{one.row.product_id}"] for one in left]
    assert {one.row.row_class for one in missing} == {
        RowClass.MISSING_ADDITION,
        RowClass.UNDER_BILLED,
    }
    for one in missing:
        steps = " ".join(str(step) for step in one.row.steps)
        there = f"still billed on {agreements[old].name} of {agreements[old].company.name}"
        assert there in steps
        assert f"({one.product}): a sync moves it here" in steps
    for one in left:
        steps = " ".join(str(step) for step in one.row.steps)
        assert f"billed on {agreements[new].name} of {agreements[new].company.name}" in steps
    told = csv_rows(filled, month)
    for one in (*missing, *left):
        assert "a sync moves it" in told[one.key]["How it is computed"]
    synced(filled, month)
    filled.planning.refresh()
    steps = [str(step) for one in filled.reconciliation.look(month).rows for step in one.row.steps]
    assert not [step for step in steps if "a sync moves it" in step]
