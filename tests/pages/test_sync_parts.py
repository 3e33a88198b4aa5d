"""Parts of the page Usage sync that draw nothing: months, findings, usage, files, schedule."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from core.domain.models import (
    BillingCycle,
    BillingOption,
    FetchSource,
    FetchStatus,
    Finding,
    FindingKind,
    Frequency,
    MonthClosing,
    RunOrigin,
    ScheduledRun,
    Target,
)
from core.domain.month import Month
from core.domain.planning import make_plan
from core.domain.quantity import is_heading
from core.domain.schedule import Due
from core.domain.usage import compare
from core.errors import message
from pages.components.formats import datetime_text
from pages.components.plan_export import plan_table
from pages.components.plan_findings import (
    CUSTOMERS_PAGE,
    MAPPING_PAGE,
    SETTINGS_PAGE,
    finding_groups,
    kind_titles,
    page_of,
    sentence,
)
from pages.components.plan_rows import plan_rows
from pages.components.rule_fields import steps_text
from pages.components.sync_month import badge_of, month_choices, month_state, status_text
from pages.components.sync_schedule import last_run_text, last_text, next_text
from pages.components.sync_usage import change_rows, unassigned_rows
from pages.components.sync_view import names_of
from tests.domain.planning_world import (
    MONTH,
    NOW,
    addition,
    agreement,
    bind,
    customer,
    entry,
    fetched,
    mapping,
    usage,
    world,
)
from tests.pages.test_run_rows import A, F, S, a_run
from tests.storage.samples import line

FETCH = replace(fetched(), line_count=3, fetched_by="Ann")
FAILED = replace(fetched(FetchStatus.INCOMPLETE), error="Timed out")


# ---------------------------------------------------------------- months


def test_the_month_in_progress_is_offered_only_where_it_syncs():
    recent = [Month(2026, 10), Month(2026, 9)]
    fetched_months = [Month(2026, 10), Month(2025, 1)]
    now = Month(2026, 11)
    assert month_choices(recent, fetched_months, now, Frequency.INVOICE) == [
        Month(2026, 10), Month(2026, 9), Month(2025, 1),
    ]  # fmt: skip
    assert month_choices(recent, [], now, Frequency.DAILY)[0] == now


@pytest.mark.parametrize(
    ("fetches", "badge", "failed"),
    [
        ([], "Not fetched", False),
        ([FETCH], "Complete", False),
        ([FAILED, FETCH], "Incomplete", True),
        ([FETCH, FAILED], "Complete", False),
        ([FAILED], "Incomplete", True),
    ],
)
def test_a_month_is_as_its_last_reading(fetches, badge, failed):
    state = month_state(MONTH, fetches, [])
    assert badge in badge_of(state)
    assert state.failed is failed


def test_a_month_is_closed_by_its_last_word():
    closed = MonthClosing(month=MONTH, closed=True, at=NOW, by="Ann")
    assert month_state(MONTH, [], [closed]).closed
    assert not month_state(MONTH, [], [replace(closed, closed=False), closed]).closed
    assert not month_state(MONTH, [], []).closed


def test_what_was_fetched_is_told_with_its_source():
    assert status_text(month_state(MONTH, [FETCH], []), NOW) == (
        "3 usage lines, fetched 1 second ago by Ann"
    )
    file = replace(FETCH, source=FetchSource.FILE)
    assert "from a file" in status_text(month_state(MONTH, [file], []), NOW)
    assert status_text(month_state(MONTH, [], []), NOW) == "No usage of this month is here."


# ---------------------------------------------------------------- findings


def finding(kind: FindingKind, *, blocks: bool = True, target: Target | None = None) -> Finding:
    return Finding(kind=kind, blocks=blocks, text=message("Found."), target=target)


def test_findings_are_gathered_and_what_blocks_comes_first():
    note = finding(FindingKind.PRODUCT_OFF, blocks=False)
    rare, common = finding(FindingKind.NEWER_MONTH), finding(FindingKind.RULES_DIFFER)
    groups = finding_groups([note, note, note, rare, common, common])
    assert [(group.kind, group.blocks, len(group.findings)) for group in groups] == [
        (FindingKind.RULES_DIFFER, True, 2),
        (FindingKind.NEWER_MONTH, True, 1),
        (FindingKind.PRODUCT_OFF, False, 3),
    ]


def test_every_kind_of_finding_has_a_title():
    assert set(kind_titles()) == set(FindingKind)


@pytest.mark.parametrize(
    ("kind", "page"),
    [
        (FindingKind.UNMAPPED_CUSTOMER, CUSTOMERS_PAGE),
        (FindingKind.BROKEN_PRODUCT, MAPPING_PAGE),
        (FindingKind.FIREWALL_FREQUENCY, SETTINGS_PAGE),
        (FindingKind.AMBIGUOUS_ADDITION, None),
    ],
)
def test_findings_link_to_the_page_that_mends_them(kind, page):
    assert page_of(kind) == page


def test_the_company_is_told_because_agreements_are_named_alike():
    inputs = world(agreements=[agreement(11)])
    assert sentence(finding(FindingKind.NEWER_MONTH, target=Target(11, 1)), inputs) == (
        "Company 11: Found."
    )
    assert sentence(finding(FindingKind.NEWER_MONTH), inputs) == "Found."


# ---------------------------------------------------------------- the file of a plan


def test_a_file_of_a_plan_has_every_row_with_why_and_its_ids():
    kept, same = addition(501, 11, 1, 4), addition(502, 11, 2, 7)
    inputs = world(
        usages=[usage("t", "A", 9), usage("t", "B", 7)],
        mappings=[mapping("A", 1), mapping("B", 2)],
        customers=[customer("t", 11)],
        agreements=[agreement(11, billing_cycle_id=3, currency="EUR")],
        billing_cycles={3: BillingCycle(3, "Quarterly", BillingOption.QUARTERLY)},
        additions=[kept, same],
        bound=[bind(kept), bind(same)],
        catalog=[entry(1), entry(2)],
        customer_names={"t": "=Zoë"},
    )
    plan = make_plan(inputs)
    table = plan_table(plan, plan_rows(plan, {}, names_of(inputs)))
    assert [len(cells) for cells in table.rows] == [len(table.headings)] * 2
    cells = {str(row[1]): dict(zip(table.headings, row, strict=True)) for row in table.rows}
    todo = cells["To do"]
    assert (todo["Customer"], todo["Now"], todo["Then"]) == ("=Zoë", 4, 9)
    assert (todo["Difference"], todo["Price effect per billing period"]) == (5, 10)
    assert todo["Price effect per month"] == Decimal("3.33")
    assert (todo["Currency"], todo["Billing cycle"]) == ("EUR", "quarterly")
    assert {table.headings[at] for at in table.money} == {
        "Unit price",
        "Price effect per month",
        "Price effect per billing period",
    }
    assert todo["Addition ID"] == 501
    assert "billable" in str(todo["Explanation"])
    assert todo["Plan"] == plan.digest
    assert cells["Unchanged"]["Difference"] == 0


def test_a_file_says_where_no_billing_cycle_is_known():
    kept = addition(501, 11, 1, 4)
    inputs = world(
        usages=[usage("t", "A", 9)],
        mappings=[mapping("A", 1)],
        customers=[customer("t", 11)],
        agreements=[agreement(11)],
        additions=[kept],
        bound=[bind(kept)],
        catalog=[entry(1)],
    )
    plan = make_plan(inputs)
    table = plan_table(plan, plan_rows(plan, {}, names_of(inputs)))
    cells = dict(zip(table.headings, table.rows[0], strict=True))
    assert cells["Price effect per month"] is None
    assert cells["Price effect per billing period"] == 10
    assert (cells["Currency"], cells["Billing cycle"]) == (None, "cycle not known")


def test_customers_that_share_an_addition_are_named_by_name():
    inputs = world(
        usages=[usage("a", "A", 1), usage("b", "A", 2), usage("c", "A", 3)],
        mappings=[mapping("A", 1)],
        customers=[customer("a", 11), customer("b", 11), customer("c", 11)],
        agreements=[agreement(11)],
        catalog=[entry(1)],
        customer_names={"a": "zebra", "b": "Élan", "c": "Fox"},
    )
    (row,) = plan_rows(make_plan(inputs), {}, names_of(inputs))
    assert row.names.customers == ("Élan", "Fox", "zebra")
    assert [str(step) for step in row.change.steps if is_heading(step)] == [
        "Élan:",
        "Fox:",
        "zebra:",
    ]
    assert row.change.customer_ids == ("a", "b", "c")


def test_steps_are_numbered_under_the_name_of_their_customer():
    steps = (
        message("{customer}:", customer="Élan"),
        message("First."),
        message("Second."),
        message("{customer}:", customer="Fox"),
        message("Third."),
        message("All customers of this agreement together: {quantity}.", quantity=3),
    )
    assert steps_text(steps).replace("\\", "").splitlines() == [
        "**Élan:**",
        "",
        "1. First.",
        "1. Second.",
        "",
        "**Fox:**",
        "",
        "1. Third.",
        "",
        "All customers of this agreement together: 3.",
    ]
    assert steps_text(steps[1:3]).replace("\\", "") == "1. First.\n1. Second."


# ---------------------------------------------------------------- usage


def test_usage_of_nobody_is_listed_the_largest_first():
    lines = [
        replace(line(), description="Small", billable_quantity=Decimal(1)),
        replace(line(), description="", product_code="C", billable_quantity=Decimal(5)),
    ]
    assert [row["product"] for row in unassigned_rows(lines)] == ["C", "Small"]


def test_changed_usage_is_listed_by_its_difference():
    before = [usage("a", "A", 5), usage("b", "A", 5), usage(None, "A", 1)]
    after = [usage("a", "A", 6), usage("c", "A", 9), usage(None, "A", 1)]
    rows = change_rows(compare(before, after), str.upper, str.lower)
    assert [(r["customer"], r["before"], r["after"], r["difference"]) for r in rows] == [
        ("C", None, 9.0, 9.0),
        ("B", 5.0, None, -5.0),
        ("A", 5.0, 6.0, 1.0),
    ]


# ---------------------------------------------------------------- schedule


def test_the_schedule_says_when_next_and_what_last():
    due = Due(datetime(2026, 12, 1, 6, tzinfo=UTC), (Month(2026, 10), Month(2026, 11)))
    assert next_text(due).endswith("(October 2026, November 2026)")
    assert next_text(None) == "Nothing syncs by itself."
    last = ScheduledRun(at=NOW, due=NOW, month=MONTH, result=message("Nothing to do."))
    assert last_text(last).endswith("(October 2026): Nothing to do.")
    assert last_text(None) == ""


@pytest.mark.parametrize(
    ("more", "origin"),
    [
        ({}, "Manual"),
        ({"origin": RunOrigin.SCHEDULE}, "Schedule"),
        ({"origin": RunOrigin.COMMAND_LINE}, "Command line"),
        ({"retry_of": "q"}, "Retry of a run"),
        ({"undo_of": "q"}, "Undo of a run"),
        ({"undo_of": "q", "retry_of": "p"}, "Undo of a run"),
    ],
)
def test_the_last_run_says_where_it_came_from_and_how_it_stands(more, origin):
    one = a_run(A, S, F, **more)
    assert last_run_text(one, carried_out=False) == (
        f"Last run: Run 7 of October 2026 · {origin} · Finished · {datetime_text(one.finished_at)}"
    )
