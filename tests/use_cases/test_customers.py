"""Customers over the sandbox: reading, rows, saving, conflicts, sharing, CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from core.domain.customer_saving import CustomerBase
from core.domain.customers import CustomerValues
from core.domain.models import (
    BillingCycle,
    CustomerRow,
    CustomerState,
)
from core.domain.month import Month
from core.domain.row_edits import RowEdit
from core.errors import InputError, UnexpectedAnswerError, VendorError
from core.sandbox.faults import Effect, FaultRule
from core.sandbox.server import Sandbox
from core.services import Services
from tests.use_cases.sync_world import prepare, synced

# Of the demo world: each has a company of nearly its name with one active agreement.
BAKERY, LAWYERS = "8a11ee42-ebd2-5cfa-b0bb-50196f207b40", "9ed7d5ab-b351-59e3-bf16-b4ae1e209d79"
BAKERY_COMPANY, BAKERY_AGREEMENT = 250, 31
LAWYERS_COMPANY, LAWYERS_AGREEMENT = 251, 32
# A clinic whose company has two active agreements, and a joiner that only usage names.
CLINIC, FORMER = "0b8dd9c2-d30d-59c1-91ac-f9b3a6e76ae4", "c0c96f91-9a36-514e-b883-a205c0ae3ce8"
TERM = "cde93f60-6944-5eff-876c-9e125a769d60"
BAKED = CustomerValues(BAKERY_COMPANY, BAKERY_AGREEMENT, sync=True)


@pytest.fixture
def known(filled: Services) -> Services:
    """With usage, and customers, companies and agreements as the demo world has them."""
    filled.customers.refresh()
    return filled


def row_of(services: Services, customer_id: str = BAKERY) -> CustomerRow:
    return next(r for r in services.customers.rows() if r.mapping.customer_id == customer_id)


def edit(services: Services, wanted: CustomerValues, customer_id: str = BAKERY) -> RowEdit:
    base = CustomerBase.of(row_of(services, customer_id).mapping)
    return RowEdit(customer_id, base.version, base.values, wanted)


def save(services: Services, wanted: CustomerValues, customer_id: str = BAKERY, **more: Any) -> Any:
    return services.customers.save([edit(services, wanted, customer_id)], "ana", **more)


def end_agreement(sandbox: Sandbox, *, ended: bool, **members: object) -> None:
    """Let the bakery's agreement have ended long ago, or never end."""
    world = sandbox.world
    with world.transaction():
        table = world.tables["agreements"]
        ends = {"endDate": "2020-01-31T00:00:00Z", "noEndingDateFlag": not ended}
        record = {**table.records[BAKERY_AGREEMENT], **ends, **members}
        table.replace(BAKERY_AGREEMENT, record)


def delete(sandbox: Sandbox, table: str, record_id: int) -> None:
    with sandbox.world.transaction():
        sandbox.world.tables[table].delete(record_id)


# ---- reading


def test_a_refresh_reads_customers_companies_and_agreements(known: Services) -> None:
    rows = known.customers.rows()
    assert len(rows) == 64
    assert {row.mapping.customer_id for row in rows if not row.listed} == {FORMER}
    assert {row.state for row in rows} == {CustomerState.UNMAPPED}
    assert row_of(known, TERM).customer.billing_type == "term"
    assert "by term" in str(row_of(known, TERM).reason)
    assert None not in known.customers.read_at()


def test_rows_are_by_name_in_any_script_and_accents_do_not_count(known: Services) -> None:
    names = [row.customer.name for row in known.customers.rows()]
    assert names.index("Eastholme Primary School") < names.index("Ébénisterie Œillet & Fils")
    assert names.index("Ébénisterie Œillet & Fils") < names.index("Fernley Oak Accountants")


def test_a_customer_that_only_usage_names_has_a_row(filled: Services) -> None:
    row = row_of(filled, FORMER)
    assert (row.customer.name, row.listed) == ("Menuiserie Aldebert-Ponce", False)
    assert row.customer.status == "canceled"
    assert filled.customers.names()[FORMER] == "Menuiserie Aldebert-Ponce"


def test_a_role_that_may_not_read_billing_cycles_keeps_nothing_else_from_being_read(
    known: Services, sandbox: Sandbox
) -> None:
    assert known.store.customers.billing_cycles()
    sandbox.controls.faults.add(
        FaultRule(effect=Effect.STATUS, status=403, path="/finance/billingCycles")
    )
    assert known.customers.refresh() == len(known.store.customers.tenants())
    assert known.store.customers.billing_cycles() == {}
    assert known.store.customers.agreements()


@pytest.mark.parametrize(
    "path",
    [
        "/partner/v1/tenants",
        "/company/companies",
        "/finance/agreements",
        "/finance/billingCycles",
    ],
)
def test_a_failed_refresh_leaves_everything_as_it_was(
    known: Services, sandbox: Sandbox, path: str
) -> None:
    before, read_at = known.customers.rows(), known.customers.read_at()
    delete(sandbox, "agreements", BAKERY_AGREEMENT)
    sandbox.controls.faults.add(FaultRule(effect=Effect.STATUS, path=path))
    with pytest.raises(VendorError):
        known.customers.refresh()
    assert known.customers.rows() == before
    assert known.customers.read_at() == read_at


def test_how_agreements_are_billed_is_read_with_one_request(
    known: Services, sandbox: Sandbox
) -> None:
    customers = known.store.customers
    cycles = customers.billing_cycles()
    for record in sandbox.world.tables["agreements"].all():
        agreement = customers.agreements()[record["id"]]
        cycle = cycles[agreement.billing_cycle_id or 0]
        assert (cycle.id, cycle.name) == tuple(record["billingCycle"].values())
        assert agreement.currency == "EUR"
    table = sandbox.world.tables["billingCycles"]
    table.replace(5, {**table.records[5], "billingOptions": "Triennial"})
    before = known.connectwise.requests()
    known.customers.refresh()
    lists = ("companies", "agreements", "billing cycles")
    assert (known.connectwise.requests() - before).reads == len(lists)
    assert customers.billing_cycles()[5] == BillingCycle(5, "Yearly", None)


@pytest.mark.parametrize("table", ["companies", "agreements"])
def test_an_empty_list_is_not_believed(known: Services, sandbox: Sandbox, table: str) -> None:
    before = known.customers.rows()
    with sandbox.world.transaction():
        for record_id in list(sandbox.world.tables[table].records):
            sandbox.world.tables[table].delete(record_id)
    with pytest.raises(UnexpectedAnswerError):
        known.customers.refresh()
    assert known.customers.rows() == before


def test_suggestions_come_with_score_reason_and_an_only_agreement(known: Services) -> None:
    bakery = row_of(known).suggestion
    assert bakery is not None
    assert (bakery.company_id, bakery.agreement_id) == (BAKERY_COMPANY, BAKERY_AGREEMENT)
    assert bakery.score > 90
    clinic = row_of(known, CLINIC).suggestion
    assert clinic is not None
    assert clinic.agreement_id is None
    assert "2 active agreements" in str(clinic.reason)
    save(known, BAKED)
    assert row_of(known).suggestion is None


# ---- saving


def test_a_saved_customer_is_active_and_in_the_history(known: Services) -> None:
    save(known, BAKED)
    row = row_of(known)
    assert (row.state, row.reason) == (CustomerState.ACTIVE, None)
    assert row.company is not None
    assert row.agreement is not None
    assert (row.company.id, row.agreement.id) == (BAKERY_COMPANY, BAKERY_AGREEMENT)
    assert [one.id for one in row.agreements] == [BAKERY_AGREEMENT]
    history = known.customers.history(BAKERY)
    assert {(h.field, h.old, h.new, h.by, h.origin) for h in history} == {
        ("company_id", "", "250", "ana", "grid"),
        ("agreement_id", "", "31", "ana", "grid"),
        ("sync", "", "true", "ana", "grid"),
    }
    save(known, replace(BAKED, sync=False))
    newest = known.customers.history(BAKERY, 1)[0]
    assert (newest.field, newest.old, newest.new) == ("sync", "true", "false")
    assert known.customers.history(LAWYERS) == []


def test_all_problems_come_at_once_and_nothing_is_saved(known: Services) -> None:
    edits = [
        edit(known, BAKED),
        edit(known, CustomerValues(LAWYERS_COMPANY, BAKERY_AGREEMENT), LAWYERS),
        edit(known, CustomerValues(999_999), CLINIC),
    ]
    with pytest.raises(InputError) as caught:
        known.customers.save(edits, "ana")
    assert [problem.key for problem in caught.value.problems] == [LAWYERS, CLINIC]
    assert row_of(known).mapping.version == 0


def test_a_row_changed_by_somebody_else_is_refused_and_the_others_are_saved(
    known: Services,
) -> None:
    mine = [
        edit(known, BAKED),
        edit(known, CustomerValues(LAWYERS_COMPANY, LAWYERS_AGREEMENT), LAWYERS),
    ]
    theirs = CustomerValues(LAWYERS_COMPANY, None)
    known.customers.save([edit(known, theirs)], "ben")
    result = known.customers.save(mine, "ana")
    assert [mapping.customer_id for mapping in result.saved] == [LAWYERS]
    (conflict,) = result.conflicts
    assert (conflict.key, conflict.base, conflict.mine, conflict.theirs, conflict.by) == (
        BAKERY,
        CustomerValues(),
        BAKED,
        theirs,
        "ben",
    )
    again = replace(mine[0], base=conflict.theirs, base_version=conflict.theirs_version)
    assert not known.customers.save([again], "ana").conflicts
    assert CustomerValues.of(row_of(known).mapping) == BAKED


def test_sharing_an_agreement_has_to_be_confirmed(known: Services) -> None:
    save(known, BAKED)
    with pytest.raises(InputError) as caught:
        save(known, BAKED, LAWYERS)
    (problem,) = caught.value.problems
    assert "Boulangerie Vermasse" in str(problem.text)
    assert "Cabinet Dourlin" in str(problem.text)
    assert row_of(known, LAWYERS).mapping.version == 0
    with pytest.raises(InputError):
        save(known, BAKED, LAWYERS, shared_confirmed=[LAWYERS_AGREEMENT])
    save(known, BAKED, LAWYERS, shared_confirmed=[BAKERY_AGREEMENT])
    assert row_of(known, LAWYERS).shared_with == (BAKERY,)
    assert row_of(known).shared_with == (LAWYERS,)


# ---- what ConnectWise does meanwhile


def test_an_agreement_that_ends_blocks_and_one_that_returns_does_not(
    known: Services, sandbox: Sandbox
) -> None:
    save(known, BAKED)
    end_agreement(sandbox, ended=True)
    assert row_of(known).state is CustomerState.ACTIVE
    assert known.customers.refresh_one(BAKERY) == 1
    row = row_of(known)
    assert row.state is CustomerState.BLOCKED
    assert "has expired" in str(row.reason)
    assert row.agreements == ()
    end_agreement(sandbox, ended=False, name="Renamed")
    known.customers.refresh()
    row = row_of(known)
    assert (row.state, row.agreement and row.agreement.name) == (CustomerState.ACTIVE, "Renamed")


def test_rows_that_are_read_just_as_agreements_are_written_are_read_again(
    known: Services, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(known, BAKED)
    end_agreement(sandbox, ended=True)
    database = known.store.customers._database
    write = database.write

    def write_while_somebody_reads(change: Any) -> Any:
        written = write(change)
        known.customers.rows()
        return written

    monkeypatch.setattr(database, "write", write_while_somebody_reads)
    known.customers.refresh_one(BAKERY)
    assert row_of(known).state is CustomerState.BLOCKED


def test_an_agreement_that_is_deleted_blocks(known: Services, sandbox: Sandbox) -> None:
    save(known, BAKED)
    delete(sandbox, "agreements", BAKERY_AGREEMENT)
    assert known.customers.refresh_one(BAKERY) == 0
    assert "agreement no longer exists" in str(row_of(known).reason)


def test_a_deleted_company_blocks_and_sync_can_still_be_turned_off(
    known: Services, sandbox: Sandbox
) -> None:
    save(known, BAKED)
    world = sandbox.world
    with world.transaction():
        table = world.tables["companies"]
        table.replace(BAKERY_COMPANY, {**table.records[BAKERY_COMPANY], "deletedFlag": True})
    known.customers.refresh()
    assert row_of(known).state is CustomerState.BLOCKED
    save(known, replace(BAKED, sync=False))
    assert not row_of(known).mapping.sync


def test_a_failed_refresh_of_one_customer_changes_nothing(
    known: Services, sandbox: Sandbox
) -> None:
    save(known, BAKED)
    before = known.customers.rows()
    end_agreement(sandbox, ended=True)
    sandbox.controls.faults.add(FaultRule(effect=Effect.STATUS, path="/finance/agreements"))
    with pytest.raises(VendorError):
        known.customers.refresh_one(BAKERY)
    assert known.customers.rows() == before


def test_a_customer_without_a_company_cannot_be_refreshed_alone(known: Services) -> None:
    with pytest.raises(InputError, match="no ConnectWise company"):
        known.customers.refresh_one(BAKERY)


# ---- CSV, and what stays


def test_export_and_import_again_changes_nothing(known: Services) -> None:
    save(known, BAKED)
    parsed = known.customers.parse_csv(known.customers.export_csv())
    assert not parsed.problems
    assert known.customers.check_csv(parsed).edits == ()


def test_an_import_tells_of_sharing_and_of_unknown_customers(known: Services) -> None:
    text = (
        "customer_id,connectwise_company_id,agreement_id,sync\n"
        f"{BAKERY},250,31,true\nnot-listed,250,31,true\n"
    )
    check = known.customers.check_csv(known.customers.parse_csv(text))
    assert [one.key for one in check.edits] == [BAKERY, "not-listed"]
    assert [one.customer_ids for one in check.shared] == [(BAKERY, "not-listed")]
    assert [str(notice).split(",")[0] for notice in check.notices] == [
        "1 customer is not known to Sophos",
        "Boulangerie Vermasse",
    ]
    known.customers.save(check.edits, "ana", "csv", [BAKERY_AGREEMENT])
    waiting = row_of(known, "not-listed")
    assert (waiting.customer.name, waiting.listed, waiting.state) == (
        "",
        False,
        CustomerState.ACTIVE,
    )
    assert known.customers.history("not-listed", 1)[0].origin == "csv"


def test_every_bad_row_of_a_file_is_reported_with_its_number(known: Services) -> None:
    text = (
        "customer_id,connectwise_company_id,agreement_id,sync\n"
        f"{BAKERY},250,32,true\n{LAWYERS},,,perhaps\n"
    )
    with pytest.raises(InputError) as caught:
        known.customers.check_csv(known.customers.parse_csv(text))
    assert {problem.row for problem in caught.value.problems} == {2, 3}


def test_bad_rows_are_reported_in_the_order_of_their_lines_and_once_each(known: Services) -> None:
    text = (
        "customer_id,connectwise_company_id,agreement_id,sync\n"
        f"{BAKERY},99999999,,true\n{LAWYERS},,,perhaps\n{TERM},99999998,,true\n{BAKERY},,,true\n"
    )
    with pytest.raises(InputError) as caught:
        known.customers.check_csv(known.customers.parse_csv(text))
    found = [(problem.row, problem.field) for problem in caught.value.problems]
    assert found == [
        (2, "connectwise_company_id"),
        (3, "sync"),
        (4, "connectwise_company_id"),
        (5, "customer_id"),
    ]


def test_rows_are_read_anew_after_a_write_only(known: Services) -> None:
    first = known.customers.rows()
    assert known.customers.rows() is first
    save(known, BAKED)
    assert known.customers.rows() is not first


@pytest.fixture
def reopened(known: Services, open_services: Callable[[], Services]) -> Iterator[Services]:
    save(known, BAKED)
    known.close()
    with closing(open_services()) as again:
        yield again


def test_customers_survive_a_restart(reopened: Services) -> None:
    assert row_of(reopened).state is CustomerState.ACTIVE
    newest = Month.last_complete(reopened.clock().date())
    assert newest in reopened.usage.months()


# ---- the last sync


def test_rows_tell_what_the_last_sync_did_and_what_failed(
    filled: Services, sandbox: Sandbox
) -> None:
    month = prepare(filled)
    assert {row.last_sync for row in filled.customers.rows()} == {None}
    refused = FaultRule(effect=Effect.STATUS, method="POST", path="additions", status=400, nth=1)
    sandbox.controls.faults.add(refused)
    run = synced(filled, month)
    results = [row.last_sync for row in filled.customers.rows() if row.last_sync is not None]
    assert {(one.run_id, one.month) for one in results} == {(run.id, month)}
    assert max(one.done for one in results) > 0
    assert max(one.failed for one in results) == run.failed == 1
    assert row_of(filled, TERM).last_sync is None
