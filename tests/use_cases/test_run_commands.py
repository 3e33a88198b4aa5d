"""`plan`, `apply` and `runs`: exit codes, the JSON that scripts read, and one engine for all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.__main__ import main
from core.domain.models import PlanOptions, RunStatus, SyncSettings
from core.sandbox.faults import Effect, FaultRule
from core.sandbox.server import Sandbox
from core.services import Services
from tests.e2e.dashboard import connection_environment
from tests.use_cases.conftest import opened
from tests.use_cases.sync_world import NOBODY_STOPS, approved, last_month

Cli = Callable[..., tuple[int, str, str]]
FEW = ("CIXA-MSP", "CPHISH-MSP", "COPX-MSP")
ADDITIONS = "agreements/.*additions"


@pytest.fixture
def path(sandbox: Sandbox, ready_store: Path, tmp_path: Path) -> Path:
    """A store in which few products are synced: the command line keeps to the default pace."""
    sandbox.reset()
    copied = tmp_path / "store.duckdb"
    shutil.copyfile(ready_store, copied)
    with opened(sandbox, copied) as services:
        services.store.mappings.change(
            lambda current: (
                [replace(m, sync=code in FEW) for code, m in current.items()],
                [],
            )
        )
    return copied


@pytest.fixture
def cli(
    sandbox: Sandbox,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Cli:
    """Run a command against the sandbox: exit code, stdout, stderr."""
    for name, value in connection_environment(sandbox, path).items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        output = capsys.readouterr()
        return code, output.out, output.err

    return run


@pytest.fixture
def month(sandbox: Sandbox, path: Path) -> str:
    with opened(sandbox, path) as services:
        return str(last_month(services))


def planned(cli: Cli, month: str) -> dict[str, Any]:
    _, out, _ = cli("plan", "--month", month, "--json")
    found: dict[str, Any] = json.loads(out)
    return found


def change(sandbox: Sandbox, path: Path, act: Callable[[Services], object]) -> None:
    with opened(sandbox, path) as services:
        act(services)


def test_plan_apply_and_plan_again(cli: Cli, month: str, sandbox: Sandbox) -> None:
    code, out, _ = cli("plan", "--month", month, "--json")
    plan = json.loads(out)
    assert code == 2
    assert plan.keys() >= {"digest", "changes", "findings", "limits"}
    kinds = {each["kind"] for each in plan["changes"]}
    assert kinds == {"create_product", "create_addition", "adopt_addition"}
    assert all(each["why"] for each in plan["changes"])
    assert sandbox.controls.counters.as_json()["total_writes"] == 0

    code, out, err = cli("apply", "--month", month, "--digest", plan["digest"], "--json")
    run = json.loads(out)
    assert (code, err) == (0, "")
    assert (run["status"], run["done"], run["failed"]) == ("finished", len(plan["changes"]), 0)
    assert {each["outcome"] for each in run["changes"]} == {"done"}
    assert sandbox.controls.counters.as_json()["total_writes"] == len(plan["changes"])

    again = planned(cli, month)
    assert again["changes"] == []
    assert cli("plan", "--month", month)[0] == 0
    code, out, _ = cli("apply", "--month", month, "--digest", again["digest"])
    assert (code, out) == (0, "Nothing to do.\n")
    code, out, _ = cli("apply", "--month", month, "--digest", again["digest"], "--json")
    assert (code, json.loads(out)) == (0, {"run": None, "changes": []})
    assert cli("apply", "--month", month, "--digest", plan["digest"])[0] == 3


def test_plan_says_each_change_and_finding_in_one_line(cli: Cli, month: str) -> None:
    code, out, err = cli("plan", "--month", month)
    digest = planned(cli, month)["digest"]
    *lines, priced, unpriced, last = out.splitlines()
    lines.append(last)
    assert code == 2
    assert priced.startswith("Price effect per month: ")
    assert unpriced == "2 changes have no known price and are not in it."
    assert lines[-1] == f"{len(lines) - 1} changes. Digest: {digest}"
    assert any(line.startswith("create_addition") and "->" in line for line in lines)
    assert all(line.startswith(("note: ", "blocked: ")) for line in err.splitlines())


def test_what_a_plan_costs_is_said_per_month_and_with_the_currency(cli: Cli, month: str) -> None:
    plan = planned(cli, month)
    effects = [change["price_effect_per_month"] for change in plan["changes"]]
    total = str(sum(Decimal(effect) for effect in effects if effect))
    billed = [change for change in plan["changes"] if change["agreement_id"]]
    assert {(each["billing_cycle"], each["currency"]) for each in billed} == {("Monthly", "EUR")}
    unpriced = [each for each in billed if each["price_effect_per_billing_period"] is None]
    assert plan["price_effect"]["changes_without_a_price"] == len(unpriced)
    (whole,) = plan["price_effect"]["per_month"]
    assert (whole["amount"], whole["currency"]) == (total, "EUR")
    assert plan["price_effect"]["per_billing_period"] == []

    told = f"Price effect per month: {total} EUR"
    assert told in cli("plan", "--month", month)[1].splitlines()
    _, out, _ = cli("apply", "--month", month, "--digest", plan["digest"])
    assert told in out.splitlines()
    run = json.loads(cli("runs", "show", "1", "--json")[1])
    assert run["price_effect"] == plan["price_effect"]


def test_what_a_plan_costs_is_said_per_billing_period_where_no_cycle_is_known(
    cli: Cli, month: str, sandbox: Sandbox
) -> None:
    for agreement in sandbox.world.tables["agreements"].all():
        cycle, code = {"id": 6, "name": "Not recurring"}, {"id": 7, "currencyCode": "EUR"}
        sandbox.world.tables["agreements"].replace(
            agreement["id"], {**agreement, "billingCycle": cycle, "currency": code}
        )
    plan = planned(cli, month)
    assert {change["price_effect_per_month"] for change in plan["changes"]} == {None}
    (whole,) = plan["price_effect"]["per_billing_period"]
    assert plan["price_effect"]["per_month"] == []
    told = (
        f"Price effect per billing period of {whole['agreements']} agreements: "
        f"{whole['amount']} EUR"
    )
    assert told in cli("plan", "--month", month)[1].splitlines()


def test_what_is_said_of_an_agreement_names_whose_it_is(
    cli: Cli, month: str, sandbox: Sandbox
) -> None:
    plan = planned(cli, month)
    billed = next(each for each in plan["changes"] if each["addition_id"])
    table = sandbox.world.tables["additions"]
    record = table.get(billed["addition_id"])
    assert record is not None
    with sandbox.world.transaction():
        table.insert(record)
    agreement = sandbox.world.tables["agreements"].get(record["agreementId"])
    assert agreement is not None
    company = sandbox.world.tables["companies"].get(agreement["company"]["id"])
    assert company is not None

    _, out, err = cli("plan", "--month", month)

    blocked = [line for line in err.splitlines() if line.startswith("blocked: ")]
    assert any(line.startswith(f"blocked: {company['name']}: ") for line in blocked)
    additions = [line for line in out.splitlines() if "_addition" in line]
    assert additions
    assert all(line.count(" / ") == 2 for line in additions)


def test_a_limit_stops_both_until_a_reason_is_given(
    cli: Cli, month: str, sandbox: Sandbox, path: Path
) -> None:
    limits = replace(NOBODY_STOPS, quantity=Decimal(1))
    change(sandbox, path, lambda s: s.preferences.save_sync(SyncSettings(limits=limits), "ana"))
    code, out, _ = cli("plan", "--month", month, "--json")
    plan = json.loads(out)
    assert code == 3
    [check] = [each for each in plan["limits"] if each["exceeded"]]
    assert (check["kind"], check["limit"]) == ("quantity", "1")
    assert check["targets"]
    assert check["remedy"]
    code, _, err = cli("apply", "--month", month, "--digest", plan["digest"])
    assert code == 3
    assert "limit" in err
    assert sandbox.controls.counters.as_json()["total_writes"] == 0
    apply = ("apply", "--month", month, "--digest", plan["digest"], "--override")
    code, out, _ = cli(*apply, "Counted twice by hand.", "--json")
    assert (code, json.loads(out)["override_reason"]) == (0, "Counted twice by hand.")


def test_what_moved_since_the_plan_is_refused(cli: Cli, month: str, sandbox: Sandbox) -> None:
    plan = planned(cli, month)
    adopted = next(each for each in plan["changes"] if each["kind"] == "adopt_addition")
    table = sandbox.world.tables["additions"]
    with sandbox.world.transaction():
        record = table.records[adopted["addition_id"]]
        table.replace(record["id"], {**record, "quantity": Decimal(4321)})
    code, out, err = cli("apply", "--month", month, "--digest", plan["digest"], "--json")
    assert (code, json.loads(out)["status"]) == (3, "refused")
    assert "approved" in err
    assert sandbox.controls.counters.as_json()["total_writes"] == 0


def test_a_failed_row_is_an_error_and_shown(cli: Cli, month: str, sandbox: Sandbox) -> None:
    plan = planned(cli, month)
    refuse = FaultRule(
        effect=Effect.STATUS, status=400, body={"message": "No."}, method="POST",
        path=ADDITIONS, count=1,
    )  # fmt: skip
    sandbox.controls.faults.add(refuse)
    code, out, _ = cli("apply", "--month", month, "--digest", plan["digest"])
    assert code == 1
    assert "1 failed" in out.splitlines()[0]
    assert any(line.startswith("failed") and "No." in line for line in out.splitlines())
    code, out, _ = cli("runs", "show", "1", "--json")
    shown = json.loads(out)
    assert code == 0
    [failed] = [each for each in shown["changes"] if each["outcome"] == "failed"]
    assert failed["reason"]
    assert failed["remedy"]
    code, out, _ = cli("runs", "list", "--json")
    assert [each["run"] for each in json.loads(out)] == [shown["run"]]
    assert cli("runs", "list")[1].startswith("Run 1  ")
    assert cli("runs", "show", shown["run"])[0] == 0


def test_what_was_left_out_of_a_run_is_shown_with_the_reason(
    cli: Cli, month: str, sandbox: Sandbox, path: Path
) -> None:
    changes = planned(cli, month)["changes"]
    left = next(each for each in changes if each["agreement_id"] and each["product_id"])
    options = PlanOptions(excluded={left["target"]: "The customer asked."})
    change(sandbox, path, lambda s: approved(s, last_month(s), options))
    code, out, _ = cli("runs", "show", "1")
    [line] = [line for line in out.splitlines() if line.startswith("excluded ")]
    assert (code, line.endswith("The customer asked.")) == (0, True)
    told = json.loads(cli("runs", "show", "1", "--json")[1])
    [excluded] = told["excluded"]
    assert (excluded["target"], excluded["reason"]) == (left["target"], "The customer asked.")
    assert f"{excluded['company']} / {excluded['agreement']} / {excluded['product']}" in line
    assert excluded["product_id"] == left["product_id"]
    assert json.loads(cli("runs", "list", "--json")[1])[0]["excluded"] == told["excluded"]


def test_a_run_that_was_cut_off_is_resumed_or_given_up(
    cli: Cli, month: str, sandbox: Sandbox, path: Path
) -> None:
    digest = planned(cli, month)["digest"]
    change(sandbox, path, lambda s: approved(s, last_month(s)))
    code, _, err = cli("apply", "--month", month, "--digest", digest)
    assert code == 1
    assert "Run 1" in err
    assert cli("runs", "stop", "1")[0] == 0
    code, out, _ = cli("runs", "show", "1", "--json")
    assert json.loads(out)["status"] == "stopped"
    code, out, _ = cli("runs", "resume", "1", "--json")
    assert (code, json.loads(out)["status"]) == (0, RunStatus.FINISHED)
    code, _, err = cli("runs", "resume", "1")
    assert code == 1
    assert "not under way" in err


def test_what_cannot_be_planned_is_an_error(cli: Cli, month: str, sandbox: Sandbox) -> None:
    code, _, err = cli("plan", "--month", "2020-01")
    assert code == 1
    assert "not fetched" in err
    digest = planned(cli, "2020-01")["digest"]
    code, _, err = cli("apply", "--month", "2020-01", "--digest", digest)
    assert code == 1
    assert "not fetched" in err
    assert cli("plan", "--month", "October")[0] == 1
    code, _, err = cli("runs", "show", "7")
    assert code == 1
    assert "There is no run 7" in err
    sandbox.controls.faults.add(FaultRule(effect=Effect.STATUS, status=401, path="apis"))
    code, _, err = cli("plan", "--month", month)
    assert code == 1
    assert "CONNECTWISE_PRIVATE_KEY" in err
