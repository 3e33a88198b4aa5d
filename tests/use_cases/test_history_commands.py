"""`history export` and `undo`: exit codes, the files that scripts read, and one engine for all."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from core.domain.customers import CustomerValues
from core.domain.models import Outcome, PlanLimits, PlanOptions, SyncSettings
from core.domain.month import Month
from core.domain.row_edits import RowEdit
from core.sandbox.faults import Effect, FaultRule
from core.sandbox.server import Sandbox
from tests.use_cases.conftest import opened
from tests.use_cases.sync_world import approved, last_month, synced
from tests.use_cases.test_run_commands import Cli, cli, path

__all__ = ["cli", "path"]


@pytest.fixture
def done(sandbox: Sandbox, path: Path) -> dict[str, Any]:
    """A run that did everything: its number and how many changes it had."""
    with opened(sandbox, path) as services:
        run = synced(services, last_month(services))
        assert run.done == run.changes > 0
    return {"number": str(run.number), "changes": run.changes}


def digest(cli: Cli, number: str) -> str:
    return str(json.loads(cli("undo", number, "--json")[1])["digest"])


def test_a_run_is_shown_undone_and_redone(cli: Cli, done: dict[str, Any], sandbox: Sandbox) -> None:
    writes = sandbox.controls.counters.as_json()["total_writes"]
    code, out, _ = cli("undo", done["number"])
    assert code == 2
    assert out.splitlines()[-1].startswith(f"{done['changes']} changes. Digest: ")
    assert sandbox.controls.counters.as_json()["total_writes"] == writes

    code, out, err = cli("undo", done["number"], "--digest", digest(cli, done["number"]), "--json")
    back = json.loads(out)
    assert (code, err) == (0, "")
    assert (back["status"], back["done"]) == ("finished", done["changes"])

    code, out, _ = cli("undo", str(back["number"]), "--json")
    assert (code, len(json.loads(out)["changes"])) == (2, done["changes"])


def test_a_run_that_is_undone_leaves_nothing_to_undo(cli: Cli, done: dict[str, Any]) -> None:
    assert cli("undo", done["number"], "--digest", digest(cli, done["number"]))[0] == 0
    code, out, err = cli("undo", done["number"])
    assert (code, out.split(" ")[0]) == (0, "0")
    assert "blocked: " in err


def test_a_run_that_cannot_be_undone_at_all_is_a_failure(
    cli: Cli, done: dict[str, Any], sandbox: Sandbox
) -> None:
    table = sandbox.world.tables["additions"]
    with sandbox.world.transaction():
        for key, record in list(table.records.items()):
            table.replace(key, {**record, "quantity": Decimal(7777)})
    code, out, err = cli("undo", done["number"])
    assert (code, out.split(" ")[0]) == (1, "0")
    assert "was changed since run" in err
    assert cli("undo", done["number"], "--json")[0] == 1


def test_the_lines_beside_an_undo_are_told_apart(cli: Cli, done: dict[str, Any]) -> None:
    _, _, err = cli("undo", done["number"])
    told = err.splitlines()
    assert len(told) == len(set(told))


def test_another_plan_by_now_and_a_limit_are_refused(
    cli: Cli, done: dict[str, Any], sandbox: Sandbox, path: Path
) -> None:
    assert cli("undo", done["number"], "--digest", "0" * 64)[0] == 3
    limits = PlanLimits(changed_share=Decimal(0), drops_to_zero=0)
    with opened(sandbox, path) as services:
        services.preferences.save_sync(SyncSettings(limits=limits), "ana")
    writes = sandbox.controls.counters.as_json()["total_writes"]
    code, _, err = cli("undo", done["number"])
    assert (code, "limit: " in err) == (3, True)
    undo = ("undo", done["number"], "--digest", digest(cli, done["number"]))
    assert cli(*undo)[0] == 3
    assert sandbox.controls.counters.as_json()["total_writes"] == writes
    assert cli(*undo, "--override", "Billed by hand.")[0] == 0


def test_a_write_that_fails_is_told(cli: Cli, done: dict[str, Any], sandbox: Sandbox) -> None:
    known = digest(cli, done["number"])
    sandbox.controls.faults.add(
        FaultRule(
            effect=Effect.STATUS, status=400, method="PATCH", path="agreements/.*additions", count=1
        )
    )
    code, out, _ = cli("undo", done["number"], "--digest", known)
    assert (code, "1 failed" in out) == (1, True)


def test_an_unknown_run_is_an_error(cli: Cli) -> None:
    code, _, err = cli("undo", "77")
    assert (code, "no run 77" in err) == (1, True)


def test_export_has_every_change_of_every_run(
    cli: Cli, done: dict[str, Any], sandbox: Sandbox, path: Path, tmp_path: Path
) -> None:
    assert cli("undo", done["number"], "--digest", digest(cli, done["number"]))[0] == 0
    code, out, _ = cli("history", "export", "-")
    rows = list(csv.DictReader(StringIO(out)))
    assert (code, len(rows)) == (0, 2 * done["changes"])
    assert {row["outcome"] for row in rows} == {Outcome.DONE.value}
    assert {row["undo_of"] for row in rows if row["run"] != done["number"]} == {done["number"]}
    assert all(row["explanation"] for row in rows)

    file = tmp_path / "history.csv"
    assert cli("history", "export", str(file))[0] == 0
    assert file.read_text(encoding="utf-8-sig").splitlines() == out.splitlines()

    code, out, _ = cli("history", "export", "-", "--json")
    assert [len(run["changes"]) for run in json.loads(out)] == [done["changes"]] * 2


def test_export_is_narrowed_by_month_and_words(
    cli: Cli, done: dict[str, Any], sandbox: Sandbox, path: Path
) -> None:
    def rows(*options: str) -> list[dict[str, str]]:
        code, out, err = cli("history", "export", "-", *options)
        assert (code, err) == (0, "")
        return list(csv.DictReader(StringIO(out)))

    everything = rows()
    month = everything[0]["month"]
    assert rows("--month", month) == everything
    assert rows("--month", "2020-01") == []
    created = [row for row in everything if row["kind"] == "create_addition"]
    assert rows("--text", "create addition") == created != []
    assert rows("--text", created[0]["addition_id"], "--month", month) == created[:1]
    assert rows("--text", "nothing has this name") == []
    out = cli("history", "export", "-", "--json", "--text", created[0]["addition_id"])[1]
    assert [len(run["changes"]) for run in json.loads(out)] == [1]
    assert cli("history", "export", "-", "--json", "--text", "nobody")[1] == "[]\n"
    assert cli("history", "export", "-", "--month", "October")[0] == 1


def test_export_has_what_was_left_out_of_a_run_with_the_reason(
    cli: Cli, sandbox: Sandbox, path: Path
) -> None:
    with opened(sandbox, path) as services:
        month = last_month(services)
        planned = services.planning.plan(month).changes
        [left, other] = [each for each in planned if each.target.product_id][:2]
        reasons = {left.target.key: "Pays for itself", other.target.key: "=Asked for"}
        run = approved(services, month, PlanOptions(excluded=reasons))
        name = services.planning.inputs(month).product_name(left.target.product_id)
    rows = list(csv.DictReader(StringIO(cli("history", "export", "-")[1])))
    excluded = [row for row in rows if row["outcome"] == "excluded"]
    assert (len(rows), len(excluded)) == (run.changes + 2, 2)
    assert {row["reason"] for row in excluded} == {"Pays for itself", "'=Asked for"}
    assert {row["approved_by"] for row in excluded} == {run.approved_by}
    [row] = csv.DictReader(StringIO(cli("history", "export", "-", "--text", "itself pays")[1]))
    assert (row["product"], row["agreement_id"]) == (name, str(left.target.agreement_id))
    assert (row["change"], row["kind"], row["before"], row["explanation"]) == ("", "", "", "")

    [told] = json.loads(cli("history", "export", "-", "--json")[1])
    assert {one["target"]: one["reason"] for one in told["excluded"]} == reasons
    assert len(told["changes"]) == run.changes
    [told] = json.loads(cli("history", "export", "-", "--json", "--text", "pays for itself")[1])
    assert (told["changes"], len(told["excluded"])) == ([], 1)


@pytest.mark.parametrize(
    ("what", "key"), [("mappings", "product_code"), ("customers", "customer_id")]
)
def test_export_has_what_was_saved(
    cli: Cli, done: dict[str, Any], sandbox: Sandbox, path: Path, what: str, key: str
) -> None:
    def rows(*options: str) -> list[dict[str, str]]:
        out = cli("history", "export", "-", "--what", what, *options)[1]
        return list(csv.DictReader(StringIO(out)))

    with opened(sandbox, path) as services:
        customer_id, mapping = next(iter(services.store.customers.mappings().items()))
        now = CustomerValues.of(mapping)
        off = RowEdit(customer_id, mapping.version, now, replace(now, sync=not now.sync))
        services.customers.save([off], "ana", shared_confirmed={now.agreement_id or 0})
        history = services.history
        saved = history.mapping_changes() if what == "mappings" else history.customer_changes()
        count, month = len(saved), str(Month.of(saved[0].at.date()))
    everything = rows()
    assert len(everything) == count > 0
    assert all(row[key] and row["field"] and row["origin"] for row in everything)
    assert rows("--month", month) == everything
    assert rows("--month", "2020-01") == []
    one = everything[0][key]
    assert {row[key] for row in rows("--text", f"{one} {everything[0]['field']}")} == {one}
    told = json.loads(cli("history", "export", "-", "--what", what, "--json", "--text", one)[1])
    assert {line[key] for line in told} == {one}
    assert set(told[0]) == set(everything[0])
