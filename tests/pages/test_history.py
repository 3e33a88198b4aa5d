"""The page History, over the real use cases and the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import core.services
from core.domain.models import ChangeKind, Run, RunStatus
from core.domain.month import Month
from core.domain.row_edits import RowEdit
from core.domain.saving import MappingValues
from core.services import Services
from pages.components.formats import month_text, number
from tests.pages.test_usage_sync import finished, press, press_only, run, words
from tests.use_cases.sync_world import prepare, synced

ROOT = Path(__file__).resolve().parents[2]


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


def opened(**query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)
    app.context["locale"] = "en-US"
    app.run()
    app.switch_page("pages/history.py")
    for name, value in query.items():
        app.query_params[name] = value
    return run(app)


def view(page: AppTest, name: str) -> AppTest:
    page.segmented_control(key="history_view_en").set_value(name)
    return run(page)


def listing(page: AppTest):
    """The list on the screen, with the key that a selection in it has."""
    return next(one for one in page.dataframe if str(one.key).startswith("history_table"))


def shown(page: AppTest) -> list[str]:
    """The first line of the list as it is read."""
    styler = listing(page).proto.arrow_data.styler
    with pyarrow.ipc.open_stream(styler.display_values) as stream:
        return [str(value) for value in stream.read_pandas().iloc[0]]


def choose(page: AppTest, row: int) -> AppTest:
    key = str(listing(page).key)
    page.session_state[key] = {"selection": {"rows": [row], "columns": [], "cells": []}}
    return run(page)


def test_an_empty_history_says_how_a_run_begins(services):
    page = opened()
    for name in ("runs", "changes"):
        shown = words(view(page, name))
        assert "A run begins with the approval of a plan." in shown
        assert "Nothing matches." not in shown
    for name, told in (("customers", "No customer was changed"), ("months", "No month was closed")):
        shown = words(view(page, name))
        assert told in shown
        assert "Nothing matches." not in shown


def test_a_run_is_found_and_shown_with_its_changes_and_their_life(services, month):
    done = synced(services, month)
    page = opened()
    # Sorted as files have the month, and read in words.
    assert listing(page).value.iloc[0].tolist()[:3] == [done.number, str(month), "Finished"]
    assert month_text(month) in shown(page)
    choose(page, 0)
    assert f"Run {done.number} of" in words(page)
    assert len(listing(page).value) == done.changes
    choose(page, 0)
    press(page, "history_way_addition")
    assert page.subheader[0].value.startswith("Addition")
    assert_named(page, services, done)
    assert len(listing(page).value) == 1
    assert shown(page)[1] == month_text(month)
    press(page, "history_all_runs")
    assert len(listing(page).value) == 1


def assert_named(page: AppTest, services: Services, done: Run) -> None:
    """The addition is told with its product, its customers and its agreement."""
    addition_id = int(page.subheader[0].value.split()[-1])
    rows = services.runs.changes(done.id)
    names = next(row.names for row in rows if row.addition_id == addition_id)
    assert names.agreement in words(page)
    assert all(name in words(page) for name in (names.product, *names.customers))


def test_a_change_of_a_shared_agreement_leads_to_its_row_and_its_customers(services, month):
    done = synced(services, month)
    rows = services.runs.changes(done.id)
    row = next(
        one for one in rows if len(one.change.customer_ids) > 1 and one.change.target.product_id
    )
    target = row.change.target
    page = opened(text=str(row.addition_id))
    choose(page, 0)
    (way,) = [link for link in page.get("page_link") if link.proto.label == "Reconciliation"]
    assert f"text={target.agreement_id}%2F{target.product_id}" in way.proto.query_string
    customer = row.change.customer_ids[1]
    name = services.customers.names()[customer]
    assert page.button(key="history_way_customer_1").label == f"History of {name}"
    press(page, "history_way_customer_1")
    assert page.selectbox(key="history_customer_en").value == customer


def test_what_was_saved_on_another_page_names_it(services, month):
    code, mapping = next(
        (code, one) for code, one in services.store.mappings.all().items() if one.sync
    )
    now = MappingValues.of(mapping)
    off = MappingValues(now.connectwise_product_id, False)
    services.mappings.save([RowEdit(code, mapping.version, now, off)], "bob")
    page = opened(view="mappings")
    origins = set(listing(page).value.iloc[:, -1])
    assert "Product mapping" in origins
    assert "This page" not in origins


def test_filters_narrow_runs_and_changes(services, month):
    done = synced(services, month)
    rows = services.runs.changes(done.id)
    customer = rows[-1].change.customer_ids[0]
    page = opened(customer=customer)
    mine = [row for row in rows if customer in row.change.customer_ids]
    assert len(listing(page).value) == len(mine) < len(rows)
    page.text_input(key="history_text").set_value("nothing has this name")
    run(page)
    assert "Nothing matches." in words(page)
    page.text_input(key="history_text").set_value("")
    page.selectbox(key="history_status_en").set_value("failed")
    run(page)
    assert "Nothing matches." in words(page)


def in_french(**query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)
    app.context["locale"] = "fr-FR"
    app.run()
    app.switch_page("pages/history.py")
    for name, value in query.items():
        app.query_params[name] = value
    return run(app)


def test_changes_are_found_by_the_words_that_a_person_sees(services, month):
    done = synced(services, month)
    rows = services.runs.changes(done.id)
    created = [row for row in rows if row.change.kind is ChangeKind.CREATE_ADDITION]
    row = created[0]
    code = row.change.parts[0].product_code
    product = next(
        each.product.description for each in services.mappings.rows() if each.product.code == code
    )
    for wanted in (
        "New addition", "billable", product, str(row.addition_id), str(month), month_text(month),
    ):  # fmt: skip
        assert "Nothing matches." not in words(opened(text=wanted)), wanted
    page = opened(text=str(row.addition_id))
    assert len(listing(page).value) == 1
    for wanted in ("Nouvel ajout", "facturable d'utilisation"):
        assert "Aucun résultat." not in words(in_french(text=wanted)), wanted
    assert "Aucun résultat." in words(in_french(text="introuvable"))


@pytest.mark.parametrize("name", ["kind", "agreement", "origin", "from", "to"])
def test_a_link_narrows_changes_and_runs_and_their_files(services, month, name):
    done = synced(services, month)
    rows = services.runs.changes(done.id)
    agreement = rows[-1].change.target.agreement_id
    today, far = done.approved_at.date(), "2031-01-01"
    finds, misses = {
        "kind": (ChangeKind.CREATE_ADDITION.value, ChangeKind.UNBIND.value),
        "agreement": (str(agreement), "999999"),
        "origin": (done.origin.value, "schedule"),
        "from": (str(today - timedelta(days=1)), far),
        "to": (far, str(today - timedelta(days=1))),
    }[name]
    expected = {
        "kind": sum(row.change.kind is ChangeKind.CREATE_ADDITION for row in rows),
        "agreement": sum(row.change.target.agreement_id == agreement for row in rows),
    }.get(name, len(rows))
    page = opened(**{name: finds})
    assert len(listing(page).value) == expected
    assert page.button(key="history_everything")
    assert len(listing(view(page, "runs")).value) == 1
    page = opened(**{name: misses})
    assert "Nothing matches." in words(page)
    assert "Nothing matches." in words(view(page, "runs"))
    press(page, "history_everything")
    assert len(listing(page).value) == 1


def test_filters_compose_and_files_have_what_they_leave(services, month, monkeypatch):
    done = synced(services, month)
    rows = services.runs.changes(done.id)
    row = next(each for each in rows if each.change.kind is ChangeKind.CREATE_ADDITION)
    agreement = row.change.target.agreement_id
    given = {}

    def keep(key, file_name, table, help_text=None):
        given[key] = table

    monkeypatch.setattr("pages.components.history_view.draw_downloads", keep)
    page = opened(kind="create_addition", agreement=str(agreement), origin="page")
    expected = [
        each.addition_id
        for each in rows
        if each.change.kind is row.change.kind and each.change.target.agreement_id == agreement
    ]
    assert len(listing(page).value) == len(expected)
    assert [cells[-1] for cells in given["history_changes"]().rows] == expected


def test_a_run_is_undone_from_its_page_and_the_undo_too(services, month):
    done = synced(services, month)
    page = opened(run=done.id)
    finished(press_only(page, "history_undo"), services)
    plan = services.runs.undo_plan(done.id)
    assert f"Undo of run {done.number} of" in words(page)
    assert plan.digest[:12] in words(page)
    assert len(plan.changes) == done.changes
    press(page, "history_undo_approve")
    if plan.exceeded:
        page.text_area(key="usage_sync_override").set_value("Taken back")
    finished(press_only(page, "usage_sync_approve_yes"), services)
    back = services.runs.list(1)[0]
    assert (back.undo_of, back.status, back.done) == (done.id, RunStatus.FINISHED, done.changes)
    page = opened(run=back.id)
    assert page.button(key=f"history_link_{done.number}").label == f"Undoes run {done.number}"
    press(page, f"history_link_{done.number}")
    assert page.button(key=f"history_link_{back.number}").label == f"Undone by run {back.number}"
    page = opened(run=back.id, undo="1")
    assert f"Undo of run {back.number} of" in words(page)
    assert not page.button(key="history_undo_approve").disabled


def test_an_undo_that_moved_under_its_dialog_is_told_in_its_place(
    services, month, sandbox, monkeypatch
):
    done = synced(services, month)
    page = opened(run=done.id)
    finished(press_only(page, "history_undo"), services)
    press(page, "history_undo_approve")
    looked_at = services.runs.undo_plan(done.id)
    addition = next(row.addition_id for row in services.runs.changes(done.id) if row.addition_id)
    table = sandbox.world.tables["additions"]
    with sandbox.world.transaction():
        table.replace(addition, {**table.records[addition], "quantity": Decimal(7777)})
    services.runs.prepare_undo(done.id)
    # In a browser the dialog is drawn alone, with the plan that was looked at.
    monkeypatch.setattr(services.runs, "undo_plan", lambda *_args: looked_at)
    approve = services.runs.approve

    def approve_(*args, **kwargs):
        monkeypatch.undo()
        return approve(*args, **kwargs)

    if looked_at.exceeded:
        page.text_area(key="usage_sync_override").set_value("Taken back")
    page.button(key="usage_sync_approve_yes").click()
    monkeypatch.setattr(services.runs, "approve", approve_)
    run(page)
    assert "The plan has changed since you looked at it." in words(page)
    assert [each.id for each in services.runs.list()] == [done.id]
    assert "usage_sync_approve_yes" not in [str(button.key) for button in page.button]
    press(page, "usage_sync_look_again")
    assert services.runs.undo_plan(done.id).digest[:12] in words(page)


def test_what_was_changed_since_is_refused_first(services, month, sandbox):
    done = synced(services, month)
    row = next(
        each
        for each in services.runs.changes(done.id)
        if each.change.kind is ChangeKind.CREATE_ADDITION
    )
    table = sandbox.world.tables["additions"]
    with sandbox.world.transaction():
        record = table.records[row.addition_id]
        info = {**record["_info"], "updatedBy": "p.martin"}
        table.replace(row.addition_id, {**record, "quantity": 77, "_info": info})
    page = opened(run=str(done.number))
    finished(press_only(page, "history_undo"), services)
    before = number(row.change.after)
    assert f"The quantity was {before}, and is 77 now. Last changed by p.martin, " in words(page)
    assert len(services.runs.undo_plan(done.id).changes) == done.changes - 1


def test_a_saved_mapping_is_put_back_and_refused_when_changed_since(services, month):
    code, mapping = next(
        (code, one) for code, one in services.store.mappings.all().items() if one.sync
    )
    now = MappingValues.of(mapping)
    off = MappingValues(now.connectwise_product_id, False)
    services.mappings.save([RowEdit(code, mapping.version, now, off)], "bob")
    page = opened(view="mappings")
    entries = services.history.mapping_changes()
    at = next(n for n, each in enumerate(entries) if each.field == "sync")
    choose(page, at)
    press(page, "history_put_back_ask")
    press(page, "history_put_back_yes")
    assert services.store.mappings.all()[code].sync
    newest = services.history.mapping_changes()[0]
    assert newest.origin == "history"
    entries = services.history.mapping_changes()
    old = next(n for n, each in enumerate(entries) if (each.by, each.field) == ("bob", "sync"))
    choose(page, old)
    press(page, "history_put_back_ask")
    press(page, "history_put_back_yes")
    assert f"It was changed since, by {newest.by}" in words(page)
    assert services.store.mappings.all()[code].sync


def test_a_state_says_why_it_cannot_be_put_back(services, month):
    code, mapping = next(
        (code, one) for code, one in services.store.mappings.all().items() if one.sync
    )
    now = MappingValues.of(mapping)
    off = MappingValues(now.connectwise_product_id, False)
    services.mappings.save([RowEdit(code, mapping.version, now, off)], "bob")
    page = opened(view="mappings")
    entries = services.history.mapping_changes()
    choose(page, next(n for n, each in enumerate(entries) if each.field == "state"))
    why = "A state follows from the product and the switch: put those back instead."
    button = page.button(key="history_put_back_ask")
    assert (button.disabled, button.help) == (True, why)
    assert why in words(page)
    choose(page, next(n for n, each in enumerate(entries) if each.field == "sync"))
    assert not page.button(key="history_put_back_ask").disabled
    assert why not in words(page)


def test_month_closings_are_told(services, month):
    services.months.close(month, "ana")
    services.months.reopen(month, "Billed twice", "bob")
    page = view(opened(), "months")
    assert listing(page).value.iloc[0].tolist()[1:] == [
        "bob",
        str(month),
        "Reopened",
        "Billed twice",
    ]
