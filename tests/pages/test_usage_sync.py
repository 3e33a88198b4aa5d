"""The page Usage sync, over the real use cases and the sandbox."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import core.services
from core.domain.models import (
    ChangeKind,
    FetchSource,
    JournalEntry,
    LimitKind,
    Outcome,
    Plan,
    PlanLimits,
    PlanOptions,
    RunEvent,
    RunEventKind,
    RunStatus,
    SyncSettings,
    WaitingPlan,
)
from core.domain.month import Month
from core.domain.plan_moves import moves
from core.domain.price_effect import price_effect
from core.errors import VendorError
from core.sandbox.faults import Effect, FaultRule
from core.services import Services
from core.use_cases.exclusions import Exclusions
from core.use_cases.runs import Runs
from pages.components.formats import month_text
from pages.components.history_rows import note_of
from pages.components.run_export import runs_table
from tests.use_cases.sync_world import NOBODY_STOPS, approved, change_usage, prepare, synced

ROOT = Path(__file__).resolve().parents[2]
PLAN, USAGE, RUNS = "plan", "usage", "runs"
TABLE = "usage_sync_table"
ADDITIONS = "finance/agreements/.*additions"


@pytest.fixture
def services(filled: Services, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """What the pages get as their services; caches do not outlive the test."""
    monkeypatch.setattr(core.services, "build_services", lambda: filled)
    st.cache_resource.clear()
    st.cache_data.clear()
    yield filled
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture
def month(services: Services) -> Month:
    return prepare(services)


@pytest.fixture
def page(services: Services) -> AppTest:
    return opened()


def opened(**query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)
    app.context["locale"] = "en-US"
    app.run()
    app.switch_page("pages/usage_sync.py")
    for name, value in query.items():
        app.query_params[name] = value
    return run(app)


def run(page: AppTest) -> AppTest:
    page.run()
    assert not page.exception, [one.stack_trace for one in page.exception]
    for key in page.session_state.to_dict():
        pickle.dumps(page.session_state[key])
    return page


def press(page: AppTest, key: str) -> AppTest:
    page.button(key=key).click()
    return run(page)


def press_only(page: AppTest, key: str) -> AppTest:
    """Press without looking whether the page is drawn to its end: a task begins."""
    page.button(key=key).click()
    page.run()
    return page


def finished(page: AppTest, services: Services) -> AppTest:
    """The page after the task that is running."""
    services.jobs.wait(60)
    return run(page)


def view(page: AppTest, name: str) -> AppTest:
    page.segmented_control(key="usage_sync_view_en").set_value(name)
    return run(page)


def words(page: AppTest) -> str:
    boxes = [
        *page.markdown, *page.caption, *page.success, *page.error, *page.warning, *page.info,
        *page.subheader,
    ]  # fmt: skip
    return "\n".join(box.value for box in boxes).replace("\\", "")


def figures(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def buttons(page: AppTest) -> list[str]:
    return [str(button.key) for button in page.button]


def table(page: AppTest, key: str):
    """A table that rows can be selected in, by the start of its key."""
    return next(one.value for one in page.dataframe if str(one.key).startswith(key))


def listing(page: AppTest, *columns: str):
    """A table that is only looked at, by columns that no other one has."""
    return next(one.value for one in page.dataframe if set(columns) <= set(one.value.columns))


def select(page: AppTest, *rows: int) -> AppTest:
    """Select rows of the table of changes."""
    key = next(str(one.key) for one in page.dataframe if str(one.key).startswith(TABLE))
    page.session_state[key] = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
    return run(page)


def fail(sandbox, **rule: object) -> None:
    sandbox.controls.faults.add(FaultRule(**rule))


# ---------------------------------------------------------------- the way to a plan


def test_without_customers_the_way_to_them_is_shown(page):
    assert "Map customers first." in words(page)
    assert "usage_sync_plan" not in buttons(page)


def test_the_month_is_told_with_what_was_fetched_of_it(page, services):
    assert "Complete" in words(page)
    lines = services.usage.last_fetch().line_count
    assert f"{lines} usage lines, fetched" in words(page)
    assert page.button(key="usage_sync_fetch").label == "Fetch again"


def test_a_month_can_be_closed_before_anything_was_planned(page, services):
    press(page, "usage_sync_close_month")
    press(page, "usage_sync_close_yes")
    assert services.usage.months()[0] in services.store.months.closed()


def test_a_month_without_usage_can_be_fetched(page, services):
    other = services.usage.months()[0].plus(-1)
    page.selectbox(key="usage_sync_month_en").set_value(str(other))
    run(page)
    assert "Not fetched" in words(page)
    finished(press_only(page, "usage_sync_fetch"), services)
    assert other in services.usage.months()
    assert "Complete" in words(page)


def test_a_fetch_that_fails_leaves_the_month_incomplete_and_nothing_planned(
    month, services, sandbox
):
    page = opened()
    fail(sandbox, effect=Effect.STATUS, status=403, path="billing/usage")
    finished(press_only(page, "usage_sync_fetch"), services)
    assert "Incomplete" in words(page)
    assert figures(page)["Blocked"] == "1"
    assert page.button(key="usage_sync_approve").disabled
    told = "The Sophos API credentials may not read this."
    assert [box.value.replace("\\", "").count(told) for box in page.error] == [1]
    assert "did not complete" in words(page)


def test_what_failed_stays_told_when_the_task_is_not(month, services, sandbox):
    page = opened()
    fail(sandbox, effect=Effect.STATUS, status=500, path="billing/usage")
    finished(press_only(page, "usage_sync_fetch"), services)
    (banner,) = page.error
    assert "Nothing was changed in Sophos." in banner.value.replace("\\", "")
    press(page, "jobs_close")
    (box,) = page.error
    assert "Sophos is having trouble" in box.value.replace("\\", "")
    (box,) = opened().error
    assert "Sophos is having trouble" in box.value.replace("\\", "")


def test_a_month_that_failed_otherwise_is_told_beside_the_task(month, services, sandbox):
    fail(sandbox, effect=Effect.STATUS, status=403, path="billing/usage", count=1)
    with pytest.raises(VendorError):
        services.usage.fetch(month.plus(-1), "Ann")
    fail(sandbox, effect=Effect.STATUS, status=500, path="billing/usage")
    page = opened()
    finished(press_only(page, "usage_sync_fetch"), services)
    page.selectbox(key="usage_sync_month_en").set_value(str(month.plus(-1)))
    told = [box.value.replace("\\", "") for box in run(page).error]
    assert "having trouble" in told[0]
    assert "may not read this" in told[1]


def test_the_plan_is_made_on_request_and_shown_with_its_figures(services, month):
    page = opened()
    finished(press_only(page, "usage_sync_plan"), services)
    plan = services.planning.plan(month)
    found = figures(page)
    assert found["To do"] == str(len(plan.changes))
    assert found["Blocked"] == str(len(plan.blocked))
    frame = table(page, TABLE)
    assert len(frame) == len(plan.changes)
    assert {"customer", "product", "before", "after", "difference", "why"} <= set(frame.columns)
    assert plan.digest[:12] in words(page)


# ---------------------------------------------------------------- looking at a plan


def test_filters_narrow_the_rows_and_all_shows_what_stays_as_it_is(services, month):
    page = opened()
    plan = services.planning.plan(month)
    customer = plan.changes[-1].customer_ids[0]
    page.selectbox(key="usage_sync_customer_en").set_value(customer)
    run(page)
    mine = [change for change in plan.changes if customer in change.customer_ids]
    assert len(table(page, TABLE)) == len(mine)
    page.text_input(key="usage_sync_text").set_value("nothing has this name")
    run(page)
    assert "No row matches." in words(page)
    page.text_input(key="usage_sync_text").set_value("")
    page.selectbox(key="usage_sync_customer_en").set_value("")
    page.segmented_control(key="usage_sync_show_en").set_value("all")
    run(page)
    assert len(table(page, TABLE)) == len(plan.changes) + len(plan.unchanged)


def test_rows_are_gathered_by_customer_and_by_product(services, month):
    page = opened()
    page.segmented_control(key="usage_sync_group_en").set_value("customer")
    run(page)
    gathered = table(page, "usage_sync_groups_customer")
    assert gathered["rows"].sum() == len(table(page, TABLE))
    key = "usage_sync_groups_customer"
    page.session_state[key] = {"selection": {"rows": [1], "columns": [], "cells": []}}
    run(page)
    assert len(table(page, TABLE)) == gathered["rows"][1]
    page.segmented_control(key="usage_sync_group_en").set_value("product")
    run(page)
    assert "usage_sync_groups_product" in [str(one.key) for one in page.dataframe]


def test_every_step_of_a_quantity_is_told(services, month):
    page = opened()
    plan = services.planning.plan(month)
    change = next(change for change in plan.changes if change.parts)
    page.session_state["usage_sync_dialog"] = dialog("why", change.target.key)
    run(page)
    assert "billable, in" in words(page)
    assert f"Agreement ID {change.target.agreement_id}" in words(page)


def dialog(name: str, *keys: str):
    from pages.components.sync_session import Dialog, OpenDialog

    return OpenDialog(Dialog(name), keys)


def test_rows_are_left_out_with_a_reason_and_taken_in_again(services, month):
    page = opened()
    count = len(services.planning.plan(month).changes)
    select(page, 0, 1)
    press(page, "usage_sync_exclude")
    press(page, "usage_sync_exclude_yes")
    assert "Give a reason" in words(page)
    page.text_input(key="usage_sync_exclude_reason").set_value("Pays for itself")
    press(page, "usage_sync_exclude_yes")
    assert figures(page)["Excluded"] == "2"
    assert figures(page)["To do"] == str(count - 2)
    assert list(table(page, TABLE)["what"][:2]) == ["Excluded", "Excluded"]
    select(page, 0)
    press(page, "usage_sync_include")
    assert figures(page)["Excluded"] == "1"


def leave_out(page: AppTest, reason: str, *rows: int) -> AppTest:
    """Leave rows of the table of changes out of the plan."""
    select(page, *rows)
    press(page, "usage_sync_exclude")
    page.text_input(key="usage_sync_exclude_reason").set_value(reason)
    return press(page, "usage_sync_exclude_yes")


def asks_before_leaving(page: AppTest) -> bool | None:
    """What the browser was told last; None where it was told nothing."""
    told = [json.loads(one.proto.json_args) for one in page.get("component_instance")]
    return told[-1]["unsaved"] if told else None


def test_the_browser_asks_before_exclusions_are_lost_until_they_are_approved(services, month):
    page = opened()
    assert asks_before_leaving(page) is None
    leave_out(page, "Pays for itself", 0)
    assert asks_before_leaving(page) is True
    view(page, RUNS)
    assert asks_before_leaving(page) is True
    page.switch_page("pages/history.py")
    assert asks_before_leaving(run(page)) is True
    page.switch_page("pages/usage_sync.py")
    view(run(page), PLAN)
    approve(page, services)
    assert asks_before_leaving(page) is False


def test_the_browser_no_longer_asks_once_the_rows_are_included_again(services, month):
    page = opened()
    leave_out(page, "Pays for itself", 0)
    select(page, 0)
    press(page, "usage_sync_include")
    assert asks_before_leaving(page) is False


def test_a_run_tells_what_was_left_out_why_and_who_approved_that(services, month):
    page = opened()
    leave_out(page, "Pays for *itself*", 0, 1)
    left = [each.target.key for each in shown_plan(page, services, month).excluded]
    approve(page, services)
    (found,) = services.runs.list()
    assert list(found.options.excluded) == left
    assert f"2 rows were left out, approved by {found.approved_by}:" in words(page)
    assert "Pays for *itself*" in words(page)
    places = [one.place for one in Exclusions(services.store, services.catalog).of(found)]
    assert len(places) == 2
    assert all(place in words(page) for place in places)
    press(page, "usage_sync_all_runs")
    assert list(listing(page, "origin")["note"]) == ["2 rows left out: Pays for *itself*"]
    page.switch_page("pages/history.py")
    page.query_params["run"] = found.id
    assert all(place in words(run(page)) for place in places)


def shown_plan(page: AppTest, services: Services, month: Month) -> Plan:
    """The plan with the decisions of the person at the page."""
    (options,) = page.session_state["usage_sync_options"].values()
    return services.planning.plan(month, options)


def test_a_selection_never_hits_rows_that_a_filter_put_in_its_place(services, month):
    page = opened()
    select(page, 0)
    assert not page.button(key="usage_sync_exclude").disabled
    customer = services.planning.plan(month).changes[-1].customer_ids[0]
    page.selectbox(key="usage_sync_customer_en").set_value(customer)
    run(page)
    assert page.button(key="usage_sync_exclude").disabled


def test_an_older_month_is_pushed_only_with_a_reason(services, month, sandbox):
    synced(services, month)
    older = month.plus(-1)
    services.usage.fetch(older, "Ann")
    page = opened(month=str(older))
    blocked = figures(page)["Blocked"]
    assert "carry a newer month" in words(page) or "carries the usage of" in words(page)
    press(page, "usage_sync_older_month")
    press(page, "usage_sync_older_yes")
    assert "Give a reason" in words(page)
    page.text_input(key="usage_sync_older_reason").set_value("Corrects an invoice")
    press(page, "usage_sync_older_yes")
    assert "An older month is pushed on purpose: Corrects an invoice" in words(page)
    assert asks_before_leaving(page) is True
    assert int(figures(page)["Blocked"]) < int(blocked)
    press(page, "usage_sync_take_back")
    assert figures(page)["Blocked"] == blocked


def test_an_addition_that_is_gone_is_created_anew_only_by_a_click(services, month, sandbox):
    synced(services, month)
    gone = next(iter(services.store.additions.bindings().values()))
    with sandbox.world.transaction():
        sandbox.world.tables["additions"].delete(gone.addition_id)
    services.planning.refresh()
    page = opened()
    assert figures(page)["To do"] == "0"
    assert "was deleted" in words(page)
    press(page, "usage_sync_recreate_all")
    assert figures(page)["To do"] == "1"
    assert "1 addition is created anew." in words(page)
    approve(page, services)
    newest = services.runs.list()[0]
    assert (newest.done, newest.changes) == (1, 1)
    assert (
        services.store.additions.bindings()[gone.agreement_id, gone.product_id].addition_id
        != gone.addition_id
    )


# ---------------------------------------------------------------- approval and the run


def approve(page: AppTest, services: Services, reason: str = "") -> AppTest:
    press(page, "usage_sync_approve")
    if reason:
        page.text_area(key="usage_sync_override").set_value(reason)
        run(page)
    return finished(press_only(page, "usage_sync_approve_yes"), services)


def test_an_approved_plan_is_carried_out_and_its_outcome_shown(services, month):
    page = opened()
    plan = services.planning.plan(month)
    approve(page, services)
    (found,) = services.runs.list()
    assert (found.status, found.done, found.digest) == (
        RunStatus.FINISHED,
        len(plan.changes),
        plan.digest,
    )
    assert page.query_params["run"] == found.id
    assert figures(page)["Done"] == f"{found.done} of {found.changes}"
    assert set(listing(page, "outcome")["outcome"]) == {"Done"}
    press(page, "usage_sync_all_runs")
    assert list(listing(page, "origin")["status"]) == ["Finished"]
    view(page, PLAN)
    assert figures(page)["To do"] == "0"
    assert "Nothing to do" in words(page)


def test_the_approval_says_who_what_and_with_which_digest(services, month):
    page = opened()
    press(page, "usage_sync_approve")
    plan = services.planning.plan(month)
    assert plan.digest in [box.value for box in page.code]
    assert "No limit is exceeded." in words(page)
    assert "Approved by" in words(page)
    press(page, "usage_sync_approve_yes_back")
    assert services.runs.list() == []


def test_the_approval_shows_every_limit_and_what_is_done_to_how_many(services, month):
    page = opened()
    press(page, "usage_sync_approve")
    plan = services.planning.plan(month)
    limits = limits_told(page)
    assert len(limits) == len(plan.limits)
    assert all(line.endswith("– within") for line in limits)
    greatest = max(change.after or 0 for change in plan.changes)
    assert f"- Greatest quantity: {greatest:,.0f} (at most 10,000) – within" in limits
    told = words(page)
    assert f"- {len(plan.changes)} rows" in told
    created = sum(change.kind is ChangeKind.CREATE_ADDITION for change in plan.changes)
    assert f"- New additions: {created}" in told
    assert "- Set to 0 or cancelled: 0" in told
    (monthly,) = price_effect(plan.changes).monthly
    assert f"- Price effect per month: +€{monthly.amount:,.2f}" in told.replace("\\", "")


def test_the_approval_names_what_is_exceeded_first_with_number_and_limit(services, month):
    services.preferences.save_sync(
        SyncSettings(limits=replace(NOBODY_STOPS, quantity=Decimal(1))), "Test"
    )
    page = opened()
    press(page, "usage_sync_approve")
    (check,) = services.planning.plan(month).exceeded
    (box,) = page.warning
    told = f"Greatest quantity: {check.number:,.0f} (at most 1) – **exceeded**. Look at the usage"
    assert told in box.value.replace("\\", "")
    others = [line for line in limits_told(page) if "exceeded" not in line]
    assert len(others) == len(LimitKind) - 1
    assert all(line.endswith("– within") for line in others)


def limits_told(page: AppTest) -> list[str]:
    """The limits of the approval, line by line."""
    compared = re.compile(r" \(at most [\d,.]+\) – ")
    return [line for line in words(page).splitlines() if compared.search(line)]


def test_a_plan_over_a_limit_needs_a_reason_which_is_kept(services, month):
    tight = PlanLimits(quantity=1)
    services.preferences.save_sync(SyncSettings(limits=tight), "Test")
    page = opened()
    exceeded = services.planning.plan(month).exceeded
    assert "Limit exceeded." in words(page)
    press(page, "usage_sync_limit_quantity")
    check = next(one for one in exceeded if one.kind.value == "quantity")
    assert len(table(page, TABLE)) == len(check.targets)
    press(page, "usage_sync_show_all")
    press(page, "usage_sync_approve")
    press(page, "usage_sync_approve_yes")
    assert "Give a reason" in words(page)
    assert services.runs.list() == []
    page.text_area(key="usage_sync_override").set_value("Checked with the customer")
    finished(press_only(page, "usage_sync_approve_yes"), services)
    (found,) = services.runs.list()
    assert found.override_reason == "Checked with the customer"


def test_a_plan_that_changed_under_the_dialog_is_refused_and_nothing_written(
    services, month, sandbox, monkeypatch
):
    page = opened()
    press(page, "usage_sync_approve")
    plan = services.planning.plan(month)
    change_usage(sandbox, month, one_more)
    services.usage.fetch(month, "Ann")
    sandbox.controls.counters.reset()
    # In a browser the dialog is drawn alone, with the plan that was looked at.
    monkeypatch.setattr(services.planning, "plan", lambda *_args: plan)
    page.button(key="usage_sync_approve_yes").click()
    monkeypatch.setattr(Runs, "approve", with_undone(monkeypatch, Runs.approve))
    run(page)
    assert "The plan has changed since you looked at it." in words(page)
    assert services.runs.list() == []
    assert sandbox.controls.counters.as_json()["total_writes"] == 0
    # Of the plan that was looked at nothing is left to approve: only what moved is there.
    assert not {"usage_sync_approve_yes", "usage_sync_approve_yes_back"} & set(buttons(page))
    now = services.planning.plan(month)
    assert plan.digest not in [one.value for one in page.code]
    moved = moves(plan.changes, now.changes)
    assert re.search(rf"{len(moved)} rows? (is another one|are others) now:", words(page))
    names = services.planning.inputs(month).product_name
    first = moved[0]
    assert first.now is not None
    assert names(first.target.product_id) in words(page)
    assert f"→ {first.now.after:n} (before:" in words(page)
    press(page, "usage_sync_look_again")
    assert "usage_sync_look_again" not in buttons(page)
    assert now.digest[:12] in words(page)
    approve(page, services)
    assert [one.digest for one in services.runs.list()] == [now.digest]


def test_a_limit_that_was_set_under_the_dialog_is_told_in_its_place(services, month, monkeypatch):
    page = opened()
    press(page, "usage_sync_approve")
    plan = services.planning.plan(month)
    narrow = replace(NOBODY_STOPS, quantity=Decimal(1))
    services.preferences.save_sync(SyncSettings(limits=narrow), "ben")
    monkeypatch.setattr(services.planning, "plan", lambda *_args: plan)
    page.button(key="usage_sync_approve_yes").click()
    monkeypatch.setattr(Runs, "approve", with_undone(monkeypatch, Runs.approve))
    run(page)
    assert "The plan exceeds a limit; nothing was written." in words(page)
    assert services.runs.list() == []
    press(page, "usage_sync_look_again")
    press(page, "usage_sync_approve")
    assert page.text_area(key="usage_sync_override").value == ""


def with_undone(monkeypatch, approve):
    """`approve` that plans for real."""

    def approve_(*args, **kwargs):
        monkeypatch.undo()
        return approve(*args, **kwargs)

    return approve_


def one_more(line):
    return {**line, "billableQuantity": line["billableQuantity"] + 1}


def test_failed_rows_are_told_with_their_remedy_and_retried_alone(services, month, sandbox):
    page = opened()
    fail(sandbox, effect=Effect.STATUS, status=400, method="POST", path=ADDITIONS, count=1)
    approve(page, services)
    (found,) = services.runs.list()
    assert found.failed == 1
    frame = listing(page, "outcome")
    assert frame["outcome"][0] == "Failed"
    assert frame["message"][0]
    assert figures(page)["Failed"] == "1"
    press(page, "usage_sync_retry")
    assert f"Only what run {found.number} did not get done." in words(page)
    assert figures(page)["To do"] == "1"
    approve(page, services)
    retried, _first = services.runs.list()
    assert (retried.retry_of, retried.done, retried.changes) == (found.id, 1, 1)


def test_a_run_that_nobody_carries_out_can_be_finished(services, month):
    approved(services, month)
    page = opened()
    assert "was approved and has not begun" in words(page)
    assert page.button(key="usage_sync_approve").disabled
    finished(press_only(page, "usage_sync_resume"), services)
    (found,) = services.runs.list()
    assert found.status is RunStatus.FINISHED
    assert figures(page)["Done"] == f"{found.changes} of {found.changes}"


def test_while_a_run_is_open_the_page_says_why_nothing_can_be_approved(services, month):
    run_ = approved(services, month)
    page = opened()
    title = f"Run {run_.number} of"
    assert f"{title} {month_text(month)} has not begun; until it has ended" in words(page)
    assert page.button(key="usage_sync_approve").disabled
    at = services.clock()
    started = RunEvent(kind=RunEventKind.STARTED, at=at, by="ana")
    services.store.runs.event(run_.id, started)
    assert "was cut off; until it is finished or stopped" in words(run(page))
    assert page.button(key="usage_sync_approve").disabled
    press(page, "usage_sync_show_run")
    assert page.query_params["run"] == run_.id


def test_while_a_run_is_under_way_another_viewer_cannot_approve(services, month, sandbox):
    first, second = opened(), opened()
    fail(sandbox, effect=Effect.LATENCY, latency=0.5, method="POST", path=ADDITIONS)
    press(first, "usage_sync_approve")
    press(second, "usage_sync_approve")
    press_only(first, "usage_sync_approve_yes")
    run(second)
    assert "is under way; until it has ended no plan can be approved" in words(second)
    assert second.button(key="usage_sync_approve").disabled
    assert "usage_sync_approve_yes" not in buttons(second)
    services.runs.stop(services.runs.list()[0].id, "ana")
    services.jobs.wait(60)


def test_a_plan_from_before_a_run_is_out_of_date_and_offered_to_be_made_anew(
    services, month, sandbox
):
    page = opened()
    fail(sandbox, effect=Effect.STATUS, status=400, method="POST", path=ADDITIONS, count=1)
    done = synced(services, month)
    run(page)
    told = "This plan is out of date"
    assert told in words(page)
    assert f"Run {done.number} of {month_text(month)} has ended since" in words(page)
    assert page.button(key="usage_sync_approve").disabled
    finished(press_only(page, "usage_sync_plan"), services)
    assert told not in words(page)
    assert not page.button(key="usage_sync_approve").disabled


def test_a_retry_goes_on_from_what_its_run_read_and_wrote(services, month, sandbox):
    fail(sandbox, effect=Effect.STATUS, status=400, method="POST", path=ADDITIONS, count=1)
    done = synced(services, month)
    page = opened(run=done.id)
    press(page, "usage_sync_retry")
    assert "This plan is out of date" not in words(page)
    assert not page.button(key="usage_sync_approve").disabled


def test_after_a_run_with_unknown_calls_even_a_retry_is_planned_anew(services, month):
    run_ = approved(services, month)
    at = services.clock()
    services.store.runs.event(run_.id, RunEvent(kind=RunEventKind.STARTED, at=at, by="ana"))
    services.store.runs.announce(run_.id, [JournalEntry(number=1, at=at)])
    services.runs.stop(run_.id, "ana")
    page = opened(run=run_.id)
    press(page, "usage_sync_retry")
    assert "This plan is out of date" in words(page)
    assert page.button(key="usage_sync_approve").disabled


def test_a_run_that_was_refused_leaves_the_plan_as_good_as_it_was(services, month, sandbox):
    run_ = approved(services, month)
    change_usage(sandbox, month, one_more)
    services.usage.fetch(month, "Ann")
    assert services.runs.execute(run_.id, "ana").status is RunStatus.REFUSED
    page = opened()
    assert "This plan is out of date" not in words(page)
    assert not page.button(key="usage_sync_approve").disabled


def test_what_was_decided_for_a_refused_run_holds_again_until_it_is_taken_back(
    services, month, sandbox
):
    key = services.planning.plan(month).changes[0].target.key
    left_out = PlanOptions(excluded={key: "billed by hand"})
    run_ = approved(services, month, left_out)
    change_usage(sandbox, month, one_more)
    services.usage.fetch(month, "Ann")
    assert services.runs.execute(run_.id, "ana").status is RunStatus.REFUSED
    page = opened()
    assert figures(page)["Excluded"] == "1"
    page.session_state["usage_sync_options"] = {}
    assert figures(run(page))["Excluded"] == "0", "it is taken up once"


def test_why_an_older_month_was_pushed_is_told_of_its_run(services, month):
    synced(services, month)
    older = month.plus(-1)
    services.usage.fetch(older, "Ann")
    reason = PlanOptions(older_month_reason="Corrects an invoice")
    done = services.runs.execute(approved(services, older, reason).id, "ana")
    told = "An older month is pushed on purpose: Corrects an invoice"
    assert told in words(opened(run=done.id))
    assert told in note_of(done, [done])
    table = runs_table([done])
    assert "Corrects an invoice" in table.rows[0]


def test_a_run_that_nobody_carries_out_can_be_stopped(services, month):
    approved(services, month)
    page = opened()
    press(page, "usage_sync_end")
    press(page, "usage_sync_end_yes")
    (found,) = services.runs.list()
    assert found.status is RunStatus.STOPPED
    assert "has not begun" not in words(page)


def test_a_link_shows_one_run(services, month):
    done = synced(services, month)
    page = opened(run=done.id)
    assert f"Run {done.number} of" in words(page)
    assert figures(page)["Done"] == f"{done.done} of {done.changes}"


def test_a_link_to_no_run_says_so(services, month):
    page = opened(run="nonsense")
    assert "There is no such run." in words(page)


def test_a_link_names_month_view_and_customer(services, month):
    customer = services.planning.plan(month).changes[-1].customer_ids[0]
    page = opened(month=str(month.plus(-2)), view=USAGE)
    assert page.selectbox(key="usage_sync_month_en").value == str(month.plus(-2))
    assert page.segmented_control(key="usage_sync_view_en").value == USAGE
    page = opened(month=str(month), customer=customer)
    assert page.selectbox(key="usage_sync_customer_en").value == customer
    assert page.segmented_control(key="usage_sync_show_en").value == "all"


def test_a_link_limits_the_plan_to_what_was_chosen_and_there_is_a_way_back(services, month):
    plan = services.planning.plan(month)
    chosen = [change.target.key for change in plan.changes if "+" not in change.target.key][:2]
    told = "Only the chosen rows."
    page = opened(month=str(month), only=",".join(chosen))
    assert told in words(page)
    assert figures(page)["To do"] == "2"
    press(page, "usage_sync_end_retry")
    assert told not in words(page)
    assert figures(page)["To do"] == str(len(plan.changes))


def test_an_approved_plan_of_chosen_rows_writes_no_other(services, month):
    everything = services.planning.plan(month)
    chosen = next(c.target.key for c in everything.changes if "+" not in c.target.key)
    page = opened(month=str(month), only=chosen)
    approve(page, services)
    (found,) = services.runs.list()
    assert (found.done, found.changes) == (1, 1)
    left = {change.target.key for change in services.planning.plan(month).changes}
    assert left == {change.target.key for change in everything.changes} - {chosen}


# ---------------------------------------------------------------- the schedule


def waiting(services: Services, month: Month) -> WaitingPlan:
    plan = services.planning.plan(month)
    found = WaitingPlan(
        id="w", month=month, digest=plan.digest, made_at=services.clock(),
        changes=len(plan.changes), blocked=0, exceeded=0,
    )  # fmt: skip
    services.store.waiting.put(found)
    return found


def test_a_plan_that_waits_is_shown_until_it_is_looked_at(services, month):
    waiting(services, month)
    page = opened(month=str(month.plus(-1)))
    assert "waits for approval" in words(page)
    press(page, f"usage_sync_waiting_{month}")
    assert page.selectbox(key="usage_sync_month_en").value == str(month)
    assert "waits for approval" not in words(page)


def test_the_next_scheduled_sync_is_told(services, page):
    assert "Next scheduled sync:" in words(page)
    services.preferences.save_sync(SyncSettings(scheduled=False), "Test")
    assert "Nothing syncs by itself." in words(run(page))


def test_the_last_run_of_any_origin_is_told_and_leads_to_it(services, month):
    page = opened()
    assert "Last run" not in words(page)
    done = synced(services, month)
    told = f"Last run: Run {done.number} of {month_text(month)} · Manual · Finished"
    assert told in words(run(page))
    press(page, "usage_sync_last_run")
    assert page.query_params["run"] == done.id
    assert figures(page)["Done"] == f"{done.done} of {done.changes}"
    assert "Last run" not in words(page)


def test_sync_now_reads_everything_and_plans_without_writing(services, month, sandbox):
    page = opened()
    sandbox.controls.counters.reset()
    before = services.usage.last_fetch().id
    finished(press_only(page, "usage_sync_now"), services)
    assert services.usage.last_fetch().id != before
    assert figures(page)["To do"] == str(len(services.planning.plan(month).changes))
    assert sandbox.controls.counters.as_json()["total_writes"] == 0
    assert services.runs.list() == []


# ---------------------------------------------------------------- usage and closing


def test_usage_without_a_customer_is_listed_with_what_to_do(services, month):
    page = view(opened(), USAGE)
    lines = [line for line in services.usage.unassigned_lines(month) if line.billable_quantity]
    assert lines
    assert len(listing(page, "device")) == len(lines)
    assert "Assign each to a customer in Sophos Central" in words(page)


def test_what_a_fetch_changed_is_listed(services, month, sandbox):
    change_usage(sandbox, month, one_more)
    services.usage.fetch(month, "Ann")
    page = view(opened(), USAGE)
    changed = listing(page, "before", "difference")
    assert (changed["difference"] >= 1).all()
    assert len(listing(page, "When", "Lines")) == 2


FILE = (
    "orderNumber,productDescription,productGroup,sku,billableQuantity,accountId,productCode,"
    "assignedAccountIdentifier\nO-1,Sophos Endpoint,User,DEMO1,{quantity},T1,CIXA-MSP,Boulangerie\n"
)


def chosen(page: AppTest, content: str) -> AppTest:
    """The dialog with a file in it."""
    press(page, "usage_sync_import")
    page.file_uploader(key="usage_sync_import_file").set_value(
        ("usage.csv", content.encode(), "text/csv")
    )
    return run(page)


def tick(page: AppTest):
    """The agreement to a file in which customers are missing."""
    return next(box for box in page.checkbox if str(box.key).startswith("usage_sync_import_repl"))


def imported(page: AppTest, services: Services) -> AppTest:
    """The page after the import of the file that is chosen."""
    return finished(press_only(page, "usage_sync_import_yes"), services)


def file_of(services: Services, month: Month, *, without: str | None = None) -> str:
    """The last reading as a file, without one customer."""
    fetch = services.usage.last_fetch(month)
    lines = services.store.usage.lines(fetch.id)
    return "productCode,billableQuantity,accountId\n" + "".join(
        f"{one.product_code},{one.billable_quantity},{one.account_id}\n"
        for one in lines
        if one.account_id is not None and one.account_id != without
    )


def toasts(page: AppTest) -> list[str]:
    return [toast.value.replace("\\", "") for toast in page.toast]


def test_the_vendors_file_stands_in_for_a_fetch(services, month):
    page = chosen(opened(), FILE.format(quantity=20))
    tick(page).check()
    page = imported(run(page), services)
    assert toasts(page) == [f"{month_text(month)}: 1 usage line of 1 customer taken in."]
    assert services.usage.last_fetch(month).source is FetchSource.FILE
    assert "1 usage line, from a file" in words(page)
    changed = listing(view(page, USAGE), "before", "difference")
    assert len(changed) > 1


def test_a_file_with_a_bad_row_is_told_in_the_dialog_and_cannot_be_taken(services, month):
    page = chosen(opened(), FILE.format(quantity="many"))
    assert "Line 2: “many” is not a number." in words(page)
    assert page.button(key="usage_sync_import_yes").disabled


def test_names_that_nobody_has_cannot_be_taken(services, month):
    page = chosen(
        opened(),
        "End User Identifier;Product Code;Total Quantity;Start Date\n"
        f"Nobody at all;CIXA-MSP;7;{month}-01\n",
    )
    assert "Line 2: No customer “Nobody at all” is known" in words(page)
    assert page.button(key="usage_sync_import_yes").disabled


def test_a_file_with_everybody_needs_no_tick(services, month):
    page = chosen(opened(), file_of(services, month))
    assert not page.checkbox
    assert "In the file:" in words(page)
    assert "in the last complete reading" in words(page)
    page = imported(page, services)
    assert services.usage.last_fetch(month).source is FetchSource.FILE


def test_a_file_without_a_customer_needs_a_tick(services, month):
    used = [usage for usage in services.store.usage.usage(month) if usage.billable > 0]
    gone = next(usage.account_id for usage in used if usage.account_id)
    page = chosen(opened(), file_of(services, month, without=gone))
    told = "1 customer of the last reading is missing in this file; it replaces the whole month"
    assert tick(page).label.replace("\\", "") == told
    assert services.usage.customer_names()[gone] in words(page)
    assert page.button(key="usage_sync_import_yes").disabled
    tick(page).check()
    assert not run(page).button(key="usage_sync_import_yes").disabled
    tick(page).uncheck()
    assert run(page).button(key="usage_sync_import_yes").disabled
    tick(page).check()
    imported(run(page), services)
    assert gone not in {usage.account_id for usage in services.store.usage.usage(month)}


def test_customers_that_go_missing_while_the_dialog_is_open_need_another_tick(services, month):
    page = chosen(opened(), FILE.format(quantity=20))
    tick(page).check()
    run(page)
    before = services.usage.last_fetch(month).id
    other = FILE.format(quantity=20).replace("T1", "T2")
    missing = services.usage.preview_file(other, month).missing
    taken = services.usage.import_file(other, "Ann", month, missing).fetch
    page = press(page, "usage_sync_import_yes")
    assert services.usage.last_fetch(month).id == taken.id != before
    assert page.button(key="usage_sync_import_yes").disabled
    assert not tick(page).value


def test_lines_of_another_month_are_told_before_and_after(services, month):
    other = month.plus(-1)
    content = (
        "productCode,billableQuantity,accountId,billingStartDate\n"
        f"CIXA-MSP,5,T1,{month}-01\nCIXA-MSP,7,T1,{other}-01\n"
    )
    told = f"1 line of {month_text(other)} left out."
    page = chosen(opened(), content)
    assert told in words(page)
    tick(page).check()
    page = imported(run(page), services)
    (toast,) = toasts(page)
    assert toast.endswith(told)
    assert services.usage.by_product(month)["CIXA-MSP"].billable == 5


def test_a_month_is_closed_and_reopened_with_a_reason(services, month):
    page = opened()
    press(page, "usage_sync_close_month")
    press(page, "usage_sync_close_yes")
    assert month in services.months.closed()
    assert "Closed" in words(page)
    assert page.button(key="usage_sync_fetch").disabled
    assert page.button(key="usage_sync_approve").disabled
    press(page, "usage_sync_close_month")
    press(page, "usage_sync_reopen_yes")
    assert "a reason is missing" in words(page)
    page.text_input(key="usage_sync_reopen_reason").set_value("Credit note")
    press(page, "usage_sync_reopen_yes")
    assert month not in services.months.closed()
    assert services.months.history(month)[0].reason == "Credit note"


def test_the_outcomes_of_a_run_are_told_apart(services, month, sandbox):
    fail(sandbox, effect=Effect.STATUS, status=403, method="POST", path=ADDITIONS)
    run_ = services.runs.execute(approved(services, month).id, "Test")
    assert run_.status is RunStatus.ABORTED
    page = opened(run=run_.id)
    outcomes = {change.outcome for change in services.runs.changes(run_.id)}
    assert Outcome.WAITING in outcomes
    assert "Broken off" in words(page)
    assert page.error
    assert "usage_sync_finish" in buttons(page)
