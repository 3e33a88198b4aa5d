"""The overview: first steps, what needs a person, figures and data."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.domain.models import (
    CatalogEntry,
    CurrencyTotals,
    DefaultProduct,
    FetchSource,
    FetchStatus,
    MappingRow,
    MappingState,
    PlanOptions,
    ProductMapping,
    ProductUsage,
    SophosProduct,
    Totals,
    UsageFetch,
)
from core.domain.month import Month
from core.domain.saving import MappingValues, RowEdit
from core.errors import VendorError
from core.sandbox.faults import Effect, FaultRule
from pages.components.formats import month_text
from pages.components.mapping_filters import Show, matching
from pages.components.tasks import ALL_MONTHS
from pages.components.todo import (
    RECONCILIATION_PAGE,
    SYNC_PAGE,
    catalog_todos,
    difference_todos,
    mapping_todos,
    renamed,
    usage_todos,
)
from pages.components.usage_summary import MonthSummary
from tests.use_cases.sync_world import approved, prepare, synced

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 22, tzinfo=UTC)
OCTOBER = Month(2026, 10)


def app() -> AppTest:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=20)
    page.context["locale"] = "en-US"
    return page


def run(page: AppTest) -> AppTest:
    page.run()
    assert not page.exception, page.exception
    return page


def links(page: AppTest) -> list:
    return [one.proto for one in page.get("page_link")]


def words(page: AppTest) -> str:
    boxes = [*page.markdown, *page.caption, *page.success, *page.error, *page.subheader]
    return "\n".join(box.value for box in boxes).replace("\\", "")


def row(
    state: MappingState = MappingState.ACTIVE,
    *,
    used: int = 0,
    default: bool = False,
    adopted: bool = False,
    former: tuple[str, ...] = (),
) -> MappingRow:
    product = SophosProduct(
        code="A", description="Now", product_group="", first_seen=OCTOBER, last_seen=OCTOBER,
        former_descriptions=former,
    )  # fmt: skip
    mapping = ProductMapping(
        product_code="A", connectwise_product_id=1, sync=True, stopped=False, state=state,
        since=NOW, reason=None, version=1,
    )  # fmt: skip
    usage = ProductUsage(month=OCTOBER, product_code="A", billable=Decimal(used), customers=1)
    return MappingRow(
        product=product,
        mapping=mapping,
        entry=CatalogEntry(id=1, identifier="I", description="D"),
        last_usage=usage if used else None,
        suggestion=None,
        default_product=DefaultProduct("Sophos_A", "A", "A") if default else None,
        is_firewall=False,
        adopted=CatalogEntry(id=2, identifier="HERE", description="D") if adopted else None,
    )


def fetch(status: FetchStatus, month: Month = OCTOBER) -> UsageFetch:
    return UsageFetch(
        id="1", month=month, source=FetchSource.API, status=status, started_at=NOW,
        finished_at=NOW, line_count=0, content_hash="",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "shows"),
    [
        ([row()], []),
        ([row(MappingState.OFF, used=5)], []),
        ([row(MappingState.UNMAPPED)], []),
        ([row(MappingState.UNMAPPED, used=5)], ["unmapped"]),
        ([row(MappingState.BROKEN), row(MappingState.BROKEN)], ["broken"]),
        ([row(MappingState.STOPPED)], ["stopped"]),
        ([row(MappingState.UNMAPPED, default=True)], ["todo"]),
        (
            [
                row(MappingState.UNMAPPED, used=1),
                row(MappingState.STOPPED),
                row(MappingState.BROKEN),
            ],
            ["broken", "stopped", "unmapped"],
        ),
    ],
)
def test_rows_that_need_a_person_come_first_and_link_to_themselves(rows, shows):
    assert [todo.show for todo in mapping_todos(rows)] == shows


def test_a_default_product_that_exists_is_said_to_be_mapped_and_not_created():
    (todo,) = mapping_todos([row(used=5, default=True, adopted=True)])
    assert "will be mapped" in todo.title
    assert "HERE" in todo.detail


def summary(unassigned: int = 0) -> MonthSummary:
    return MonthSummary(OCTOBER, 1, {"A": Decimal(1)}, Decimal(unassigned))


FAILED = fetch(FetchStatus.INCOMPLETE)
EARLY = fetch(FetchStatus.COMPLETE, Month(2026, 8))


@pytest.mark.parametrize(
    ("again", "months", "month", "expected"),
    [
        ([], [OCTOBER], summary(), []),
        ([FAILED], [OCTOBER], summary(), ["failed"]),
        ([FAILED], [OCTOBER.plus(-1)], summary(), ["failed"]),
        ([FAILED, EARLY], [OCTOBER], summary(), ["failed", "before the month was over"]),
        ([], [], None, ["No usage has been fetched yet."]),
        ([EARLY], [OCTOBER.plus(-1)], summary(), ["before the month", "is not here yet"]),
        ([], [OCTOBER], summary(4), ["without a customer"]),
    ],
)
def test_usage_that_is_missing_failed_or_nobodys_is_told(again, months, month, expected):
    todos = usage_todos(again, months, OCTOBER, month)
    assert len(todos) == len(expected)
    assert all(part in todo.title for part, todo in zip(expected, todos, strict=True))


def test_fetches_to_repeat_link_to_their_month():
    found = usage_todos([FAILED, EARLY], [OCTOBER], OCTOBER, None)
    assert [(todo.page, dict(todo.params)["month"]) for todo in found] == [
        (SYNC_PAGE, "2026-10"),
        (SYNC_PAGE, "2026-08"),
    ]


def test_open_differences_are_told_with_their_money():
    euro = CurrencyTotals(currency="EUR", under_billed=Decimal("12.5"), over_billed=Decimal(3))
    totals = Totals(
        rows=9, open_exceptions=2, match_rate=None, used=Decimal(0), billed=Decimal(0),
        cost=Decimal(0), by_currency=(euro,),
    )  # fmt: skip
    (todo,) = difference_todos(OCTOBER, totals)
    assert todo.title == "2 open exceptions in the reconciliation of October 2026."
    assert todo.detail == "Under-billed 12.50, over-billed 3.00 per month."
    assert todo.page == RECONCILIATION_PAGE
    assert dict(todo.params) == {"month": "2026-10", "show": "open"}
    assert difference_todos(OCTOBER, replace(totals, open_exceptions=0)) == []
    assert difference_todos(OCTOBER, None) == []
    two = (euro, CurrencyTotals(currency="USD", under_billed=Decimal(1)))
    (todo,) = difference_todos(OCTOBER, replace(totals, by_currency=two))
    told = "Under-billed 12.50 EUR + 1.00 USD, over-billed 3.00 EUR + 0.00 USD per month."
    assert todo.detail == told


@pytest.mark.parametrize(
    ("age", "count"), [(None, 1), (timedelta(days=7), 0), (timedelta(days=7, seconds=1), 1)]
)
def test_an_old_catalog_is_told(age, count):
    assert len(catalog_todos(None if age is None else NOW - age, NOW)) == count


def test_a_rename_is_told_until_it_is_noted():
    rows = [row(former=("Before",))]
    assert renamed(rows, {}) == rows
    assert renamed(rows, {"A": "Now"}) == []
    assert renamed(rows, {"A": "Before"}) == rows
    assert renamed([row()], {}) == []


def test_a_new_installation_is_led_from_connecting_to_mapping(page_services):
    page = run(app())
    assert "First steps" in words(page)
    assert "ConnectWise answers." in words(page)
    page.button(key="overview_first_catalog").click()
    page.run()
    page_services.jobs.wait(20)
    run(page)
    assert page_services.catalog.refreshed_at() is not None
    page.button(key="overview_first_usage").click()
    page.run()
    page_services.jobs.wait(20)
    run(page)
    assert "First steps" not in words(page)
    assert len(page_services.mappings.rows()) > 10


def test_the_next_steps_are_shown_with_what_is_done_until_the_first_run(filled_services):
    def steps(page):
        shown = [one.value for one in page.markdown]
        return [value for value in shown if "**1.**" in value or "**2.**" in value]

    page = run(app())
    assert [step.startswith(":material/check_circle:") for step in steps(page)] == [False, False]
    month = prepare(filled_services)
    page = run(app())
    assert [step.startswith(":material/check_circle:") for step in steps(page)] == [True, True]
    assert "Review the plan of a month and approve it" in words(page)
    synced(filled_services, month)
    page = run(app())
    assert steps(page) == []


def test_all_recent_months_can_be_fetched_at_once(page_services):
    page_services.catalog.refresh()
    page = run(app())
    page.selectbox(key="overview_first_usage_month_en").set_value(ALL_MONTHS)
    page.button(key="overview_first_usage").click()
    page.run()
    page_services.jobs.wait(60)
    run(page)
    assert len(page_services.usage.months()) == 14


def test_unmapped_usage_unassigned_usage_and_renames_are_on_the_page(filled_services):
    page = run(app())
    shown = words(page)
    assert "Sophos products with usage in any month are unmapped." in shown
    assert "Usage without a customer" in shown
    assert "October" in shown or Month.last_complete(NOW.date()) != OCTOBER


def test_the_todo_of_unmapped_products_counts_what_its_link_shows_and_names_the_month(
    filled_services,
):
    newest = filled_services.usage.months()[0]
    for back in range(13, 0, -1):
        filled_services.usage.fetch(newest.plus(-back), "Test")
    rows = filled_services.mappings.rows()
    listed = matching(rows, Show.UNMAPPED, ())
    used = filled_services.store.usage.usage(newest)
    now = {each.product_code for each in used if each.billable > 0}
    of_month = sum(one.product.code in now for one in listed)
    assert 1 < of_month < len(listed)
    shown = words(run(app()))
    assert f"{len(listed)} Sophos products with usage in any month are unmapped." in shown
    assert f"{of_month} of them were used in {month_text(newest)}." in shown


def test_the_way_from_a_rename_has_a_column_of_its_own_however_long_the_name_is(filled_services):
    newest = filled_services.usage.months()[0]
    for back in range(13, 1, -1):
        filled_services.usage.fetch(newest.plus(-back), "Test")
    page = run(app())
    ways = [
        column
        for column in page.columns
        if [link for link in column.get("page_link") if "product=" in link.proto.query_string]
    ]
    shown = [link for link in links(page) if "product=" in link.query_string]
    assert len(ways) == len(shown) > 0
    assert len({column.weight for column in ways}) == 1


def test_noted_renames_are_gone(filled_services):
    newest = filled_services.usage.months()[0]
    for back in range(13, 1, -1):
        filled_services.usage.fetch(newest.plus(-back), "Test")
    page = run(app())
    assert "renamed" in words(page)
    products = [one.product for one in filled_services.mappings.rows()]
    code = next(product.code for product in products if product.former_descriptions)
    assert f"product={code}" in [link.query_string for link in links(page)]
    page.button(key="overview_renames").click()
    run(page)
    assert "renamed" not in words(page)


def test_a_failed_fetch_is_told_with_its_remedy_and_can_be_closed(filled_services, sandbox):
    rule = {"effect": "status", "status": 403, "path": "billing/usage"}
    request = urllib.request.Request(
        f"{sandbox.admin_url}/faults",
        data=json.dumps(rule).encode(),
        method="POST",
        headers={"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=10).close()
    page = run(app())
    page.button(key="overview_usage").click()
    page.run()
    filled_services.jobs.wait(20)
    run(page)
    assert page.error
    assert "failed" in words(page)
    page.button(key="jobs_close").click()
    run(page)
    assert "jobs_close" not in [button.key for button in page.button]


def test_nothing_to_do_is_said(filled_services):
    entry = next(e for e in filled_services.catalog.entries() if not e.inactive)
    rows = filled_services.mappings.rows()
    edits = [
        RowEdit(
            one.product.code, one.mapping.version, MappingValues(), MappingValues(entry.id, True)
        )
        for one in rows
    ]
    filled_services.mappings.save(edits, "Test")
    shown = words(run(app()))
    assert "unmapped" not in shown
    assert f"{len(rows) - 1} of {len(rows) - 1}" in shown or "Of these syncing" not in shown


def test_the_trend_can_be_of_one_product(filled_services):
    page = run(app())
    code = filled_services.mappings.rows()[0].product.code
    page.selectbox(key="overview_trend_product_en").set_value(code)
    run(page)


def test_the_last_sync_and_what_it_left_undone_are_on_the_page(filled_services, sandbox):
    month = prepare(filled_services)
    assert "Nothing was synced yet." in words(run(app()))
    rule = FaultRule(effect=Effect.STATUS, status=400, method="POST", path="additions", count=1)
    sandbox.controls.faults.add(rule)
    done = synced(filled_services, month)
    shown = words(run(app()))
    assert f"Run {done.number} of" in shown
    assert "1 change failed." in shown
    assert "Next scheduled sync:" in shown


def test_failed_rows_stay_when_a_run_of_another_month_ends(filled_services, sandbox):
    month = prepare(filled_services)
    rule = FaultRule(effect=Effect.STATUS, status=400, method="POST", path="additions", count=1)
    sandbox.controls.faults.add(rule)
    failed = synced(filled_services, month)
    assert failed.failed == 1
    late = PlanOptions(older_month_reason="Billed late")
    again = approved(filled_services, month.plus(-1), late)
    assert not filled_services.runs.execute(again.id, "ana").failed
    assert f"Run {failed.number} of {month_text(month)}: 1 change failed." in words(run(app()))
    options = filled_services.runs.retry_options(failed.id)
    retried = approved(filled_services, month, options)
    assert filled_services.runs.execute(retried.id, "ana").done
    assert "change failed." not in words(run(app()))


def test_a_failed_fetch_of_an_older_month_stays_until_it_is_repeated(filled_services, sandbox):
    newest = filled_services.usage.months()[0]
    older = newest.plus(-3)
    rule = FaultRule(effect=Effect.STATUS, status=403, path="billing/usage", count=1)
    sandbox.controls.faults.add(rule)
    with pytest.raises(VendorError):
        filled_services.usage.fetch(older, "Test")
    filled_services.usage.fetch(newest, "Test")
    page = run(app())
    assert f"Fetching usage of {month_text(older)} failed" in words(page)
    assert f"month={older}&view=usage" in [link.query_string for link in links(page)]
    filled_services.usage.fetch(older, "Test")
    assert f"Fetching usage of {month_text(older)}" not in words(run(app()))


def test_open_differences_of_the_reconciliation_are_on_the_page(filled_services):
    newest = filled_services.usage.months()[0]
    assert filled_services.reconciliation.totals_at_hand(newest) is None  # nothing was read yet
    month = prepare(filled_services)
    totals = filled_services.reconciliation.totals_at_hand(month)
    assert totals == filled_services.reconciliation.report(month).totals
    page = run(app())
    assert totals.open_exceptions
    assert f"in the reconciliation of {month_text(month)}." in words(page)
    assert f"month={month}&show=open" in [link.query_string for link in links(page)]


def test_a_large_report_is_not_worked_out_for_the_overview(filled_services, monkeypatch):
    month = prepare(filled_services)
    synced(filled_services, month)
    monkeypatch.setattr("core.use_cases.reconciliation._FEW_LINES", 0)
    assert filled_services.reconciliation.totals_at_hand(month) is None
    kept = filled_services.reconciliation.report(month).totals
    assert filled_services.reconciliation.totals_at_hand(month) == kept


def test_the_age_of_everything_that_was_read_is_on_the_page(filled_services):
    shown = words(run(app()))
    for name in ("customers", "agreements", "additions"):
        assert f"The {name} have not been read yet." in shown
    synced(filled_services, prepare(filled_services))
    filled_services.customers.refresh()
    shown = words(run(app()))
    for name in ("Customers", "Agreements", "Additions"):
        assert f"{name} read " in shown


def test_customers_with_usage_and_no_agreement_are_told(filled_services):
    filled_services.customers.refresh()
    newest = filled_services.usage.months()[0]
    used = {u.account_id for u in filled_services.store.usage.usage(newest) if u.billable > 0}
    count = len(used - {None})
    unmapped = [row for row in filled_services.customers.rows() if not row.mapping.agreement_id]
    assert count < len(unmapped)
    assert f"**{count} customers with usage have no agreement.**" in words(run(app()))


def test_a_run_that_nobody_carries_out_is_told(filled_services):
    approved(filled_services, prepare(filled_services))
    assert "was approved and has not begun." in words(run(app()))
