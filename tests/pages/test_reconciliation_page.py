"""The page Reconciliation, over the real use cases and the sandbox."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import core.services
from core.domain.models import Frequency, PlanOptions, RowClass, SyncSettings, Tolerance
from core.domain.month import Month
from core.domain.reconciliation_view import worst_first
from core.errors import VendorError
from core.sandbox.faults import Effect, FaultRule
from core.services import Services
from pages.components.formats import money, month_text, number
from pages.components.paging import PAGE_SIZE
from pages.components.reconciliation_fix import can_be_synced, targets_of
from pages.components.reconciliation_table import (
    plain_money,
    signed_money,
    signed_quantity,
    styled,
)
from tests.use_cases.reconciliation_world import DOURLIN, GARAGE, arrange, customer_ids
from tests.use_cases.sync_world import agreements_that_prorate, change_usage, prepare, synced
from tests.use_cases.test_moved_customers import move_all

ROOT = Path(__file__).resolve().parents[2]
TABLE = "reconciliation_table"
KEY = f"{DOURLIN}/1203"


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
def month(services: Services, sandbox) -> Month:
    return arrange(services, sandbox)


@pytest.fixture
def page(month: Month) -> AppTest:
    return opened()


def opened(locale: str = "en-US", **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.context["locale"] = locale
    app.run()
    app.switch_page("pages/reconciliation.py")
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


def finished(page: AppTest, key: str, services: Services) -> AppTest:
    """Press what starts a task; the page after its end."""
    page.button(key=key).click()
    page.run()
    services.jobs.wait(60)
    return run(page)


def words(page: AppTest) -> str:
    boxes = [*page.markdown, *page.caption, *page.success, *page.error, *page.warning, *page.info]
    return "\n".join(box.value for box in boxes).replace("\\", "")


def figures(page: AppTest) -> dict[str, tuple[str, str]]:
    return {metric.label: (metric.value, metric.delta) for metric in page.metric}


def buttons(page: AppTest) -> list[str]:
    return [str(button.key) for button in page.button]


def table_key(page: AppTest, start: str = TABLE) -> str:
    return next(str(one.key) for one in page.dataframe if str(one.key).startswith(start))


def table(page: AppTest, start: str = TABLE):
    key = table_key(page, start)
    return next(one.value for one in page.dataframe if str(one.key) == key)


def select(page: AppTest, *lines: int, start: str = TABLE) -> AppTest:
    state = {"selection": {"rows": list(lines), "columns": [], "cells": []}}
    page.session_state[table_key(page, start)] = state
    return run(page)


def line_of(page: AppTest, customer: str, product: str) -> int:
    frame = table(page)
    (found,) = frame.index[(frame["customer"] == customer) & (frame["product"] == product)]
    return int(found)


# ---------------------------------------------------------------- empty states


def test_without_usage_a_month_can_be_fetched(open_services, monkeypatch):
    with closing(open_services()) as empty:
        monkeypatch.setattr(core.services, "build_services", lambda: empty)
        st.cache_resource.clear()
        page = opened()
        assert "No usage has been fetched yet" in words(page)
        finished(page, "reconciliation_first_usage", empty)
        assert len(empty.usage.months()) == 1
        assert "No usage has been fetched yet" not in words(page)
    st.cache_resource.clear()


def test_without_mapped_customers_everything_is_unmapped_and_the_way_is_shown(services):
    page = opened()
    assert "No customer is mapped to an agreement yet" in words(page)
    assert set(table(page)["class"]) <= {
        "Unmapped product",
        "Unmapped customer",
        "Unassigned usage",
    }
    assert page.button(key="reconciliation_read").disabled


def test_agreements_that_were_not_read_yet_are_read_on_request(services, month):
    services.store.additions.forget(services.store.additions.of().keys())
    page = opened()
    assert "have not been read yet" in words(page)
    assert not page.metric
    finished(page, "reconciliation_read", services)
    assert figures(page)["Open exceptions"][0] == "14"


def test_a_month_whose_usage_says_nothing_tells_why_and_is_fetched_again(services, month, sandbox):
    sandbox.controls.faults.add(FaultRule(effect=Effect.STATUS, status=403, path="billing/usage"))
    with pytest.raises(VendorError):
        services.usage.fetch(month, "ana")
    sandbox.controls.faults.clear()
    page = opened()
    assert "did not complete." in words(page)
    assert {label: shown[0] for label, shown in figures(page).items()} == {
        "Under-billed (EUR)": "–",
        "Over-billed (EUR)": "–",
        "First-pass match rate": "–",
        "Open exceptions": "–",
    }
    assert set(table(page)["class"]) == {"No sound usage", "Sync is off"}
    assert table(page)["money"].isna().all()
    assert "31 rows" in words(page)
    assert "under-billed" not in words(page)
    why = words(opened(row=KEY))
    assert "No sound usage.** The last fetch of the usage of " in why
    assert "is +18.00" not in why
    finished(page, "reconciliation_fetch", services)
    assert "did not complete." not in words(page)
    assert figures(page)["First-pass match rate"][0] == "70%"


# ---------------------------------------------------------------- a month that is not over


@pytest.fixture
def in_progress(services, month) -> Month:
    """The month of today is fetched too."""
    services.usage.fetch(month.plus(1), "ana")
    return month.plus(1)


def test_the_last_month_that_is_over_comes_first(services, month, in_progress):
    page = opened()
    assert page.selectbox(key="reconciliation_month_en").value == str(month)
    assert figures(page)["Under-billed (EUR)"][0] == "30.20"
    page.selectbox(key="reconciliation_month_en").set_value(str(in_progress))
    run(page)
    assert page.selectbox(key="reconciliation_month_en").value == str(in_progress)


def test_a_month_that_is_not_over_says_so_once_and_claims_nothing(services, in_progress):
    page = opened(month=str(in_progress))
    (notice,) = [box.value for box in page.info]
    assert f"{month_text(in_progress)} is not over: usage so far." in notice.replace("\\", "")
    assert not page.warning
    assert {shown[0] for shown in figures(page).values()} == {"–"}
    assert not any(shown[1] for shown in figures(page).values())
    assert set(table(page)["class"]) <= {"No sound usage", "Sync is off"}
    page.segmented_control(key="reconciliation_view_en").set_value("print")
    run(page)
    (paper,) = [one for one in page.get("html") if "reconciliation-print" in one.proto.body]
    assert "is not over: usage so far." in paper.proto.body


def test_the_month_in_progress_is_compared_where_it_syncs_once_a_day(services, in_progress):
    services.preferences.save_sync(SyncSettings(frequency=Frequency.DAILY), "ana")
    page = opened(month=str(in_progress))
    assert "is not over" not in words(page)
    assert "–" not in {shown[0] for shown in figures(page).values()}


def test_a_month_without_sound_usage_is_none_to_compare_with(services, month, sandbox):
    before = month.plus(-1)
    services.usage.fetch(before, "ana")
    assert figures(opened())["Open exceptions"][1]
    sandbox.controls.faults.add(FaultRule(effect=Effect.STATUS, status=403, path="billing/usage"))
    with pytest.raises(VendorError):
        services.usage.fetch(before, "ana")
    assert not any(shown[1] for shown in figures(opened()).values())


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("write", "value", "written"),
    [
        (plain_money, "-0.00", "0.00"),
        (signed_money, "-0.004", "0.00"),
        (signed_money, "-3.2", "−3.20"),
        (plain_money, "-3.2", "−3.20"),
        (money, "-3.205", "−3.205"),
        (number, "146.0", "146"),
        (number, "-2", "−2"),
        (signed_quantity, "4.50", "+4.5"),
        (signed_quantity, "-4", "−4"),
        (signed_quantity, "0.0", "0"),
    ],
)
def test_numbers_have_one_minus_no_needless_decimals_and_nothing_has_no_sign(write, value, written):
    assert write(Decimal(value)) == written


def test_a_quantity_has_its_own_decimals_whatever_others_have(services, month):
    looked = services.reconciliation.look(month)
    some, half = (looked.by_key[key] for key in (KEY, f"{DOURLIN}/323"))
    half = replace(half, row=replace(half.row, expected=Decimal("16.5")))
    shown = styled([some, half])._translate(False, False)["body"]
    cells = {cell["value"]: cell["display_value"] for line in shown for cell in line}
    assert (cells[34], cells[16.5], cells[-18.5], cells[4]) == ("34", "16.5", "−18.5", "+4")


# ---------------------------------------------------------------- looking


def test_the_figures_are_those_of_the_report(page):
    found = {label: value for label, (value, _change) in figures(page).items()}
    assert found == {
        "Under-billed (EUR)": "30.20",
        "Over-billed (EUR)": "10.50",
        "First-pass match rate": "70%",
        "Open exceptions": "14",
    }


def test_changes_since_the_month_before_are_told_where_it_is_known(services, month):
    assert figures(opened())["Under-billed (EUR)"][1] in ("", None)
    before = month.plus(-1)
    services.usage.fetch(before, "ana")
    totals = services.reconciliation.report(before).totals
    page = opened()
    difference = Decimal("30.20") - totals.under_billed
    sign = "+" if difference > 0 else "−"
    assert figures(page)["Under-billed (EUR)"][1].startswith(f"{sign}{abs(difference):,.2f} since")
    assert figures(page)["Open exceptions"][1].endswith(figures(page)["Under-billed (EUR)"][1][-8:])


def test_what_needs_somebody_comes_first_by_money(page, services, month):
    frame = table(page)
    assert len(frame) == 14
    money = frame["money"].abs().dropna()
    assert list(money) == sorted(money, reverse=True)
    assert frame["money"].isna()[len(money) :].all()
    costs = frame["cost"][len(money) :].fillna(0)
    assert list(costs) == sorted(costs, reverse=True)
    line = line_of(page, "Cabinet Dourlin & Associés", "SEC-EPP-USER")
    row = frame.loc[line]
    assert (row["used"], row["expected"], row["billed"]) == (34, 34, 30)
    assert (row["difference"], row["money"], row["cost"]) == (4, 18, 71.4)
    assert line < line_of(page, "Transports Bazerolles", "SEC-EPP-USER")


def test_all_shows_what_matches_too_and_classes_narrow(page, services, month):
    page.segmented_control(key="reconciliation_show_en").set_value("all")
    run(page)
    assert len(table(page)) == services.reconciliation.report(month).totals.rows
    page.button_group(key="reconciliation_classes_en").set_value(["matched"])
    run(page)
    assert set(table(page)["class"]) == {"Matched"}
    page.segmented_control(key="reconciliation_show_en").set_value("open")
    page.button_group(key="reconciliation_classes_en").set_value(["under_billed", "over_billed"])
    run(page)
    assert len(table(page)) == 6
    assert "6 rows · 30.20 under-billed, 10.50 over-billed" in words(page)


def test_customer_product_and_text_narrow_together(page, services):
    ids = customer_ids(services)
    page.selectbox(key="reconciliation_customer_en").set_value(ids[DOURLIN])
    run(page)
    assert set(table(page)["customer"]) == {"Cabinet Dourlin & Associés"}
    page.selectbox(key="reconciliation_product_en").set_value("323")
    run(page)
    assert len(table(page)) == 1
    page.text_input(key="reconciliation_text").set_value("nothing has this name")
    run(page)
    assert "Nothing matches." in words(page)
    press(page, "reconciliation_show_all")
    assert len(table(page)) == 31


def test_an_assignee_can_be_filtered_once_there_is_one(page, services, month):
    assert "reconciliation_assignee_en" not in [box.key for box in page.selectbox]
    services.reconciliation.assign([KEY], "Bob", "ana")
    run(page)
    page.selectbox(key="reconciliation_assignee_en").set_value("Bob")
    run(page)
    assert list(table(page)["assignee"]) == ["Bob"]


def test_what_is_not_as_ordered_is_a_fact_of_its_own_and_can_be_filtered(page, services, month):
    frame = table(page)
    told = frame.loc[line_of(page, "Cabinet Dourlin & Associés", "SEC-EPP-USER")]
    assert (told["ordered"], told["order"]) == (40, "Ordered, not used: 6")
    assert list(frame["order"]).count("") == len(frame) - 1
    found = line_of(page, "Ferronnerie d'Aubrelac", "SEC-EPP-USER")
    assert frame.loc[found]["net"] == 261.11
    page.selectbox(key="reconciliation_order_en").set_value("not_used")
    run(page)
    assert list(table(page)["order"]) == ["Ordered, not used: 6"]
    assert page.selectbox(key="reconciliation_order_en").options == [
        "Any vendor order",
        "Ordered, not used (1)",
    ]
    page.text_input(key="reconciliation_text").set_value("nothing has this name")
    run(page)
    press(page, "reconciliation_show_all")
    assert len(table(page)) == 31
    said = words(opened(row=KEY))
    assert "**Ordered, not used: 6.** The vendor's lines say that more was ordered" in said


def test_negative_numbers_have_a_minus_sign_in_sentences_and_files_keep_them_plain(
    services, month, sandbox
):
    told = words(opened(row=f"{DOURLIN}/323"))
    assert "−2 at 1.60 each (billed: monthly) is −3.20 per month." in told
    assert "-2" not in told
    french = words(opened("fr-FR", row=f"{DOURLIN}/323"))
    assert "−3,20" in french
    assert "-3,20" not in french
    assert ",-3.20," in services.reconciliation.export_csv(month).decode()


def test_rows_are_gathered_and_a_line_leaves_its_rows(page):
    page.segmented_control(key="reconciliation_group_en").set_value("customer")
    run(page)
    gathered = table(page, "reconciliation_groups")
    assert gathered["rows"].sum() == 14
    assert gathered["name"][0] == "Cabinet Dourlin & Associés"  # 21.20 at stake
    select(page, 0, start="reconciliation_groups")
    assert set(table(page)["customer"]) == {"Cabinet Dourlin & Associés"}
    page.segmented_control(key="reconciliation_group_en").set_value("product")
    run(page)
    assert table(page, "reconciliation_groups")["name"][0] == "SEC-EPP-USER"


def test_charts_and_print_have_no_table(page):
    for view in ("charts", "print"):
        page.segmented_control(key="reconciliation_view_en").set_value(view)
        run(page)
        assert not [one for one in page.dataframe if str(one.key).startswith(TABLE)]
    (paper,) = [one for one in page.get("html") if "reconciliation-print" in one.proto.body]
    assert "Cabinet Dourlin &amp; Associés" in paper.proto.body
    assert "@media print" in paper.proto.body
    assert paper.proto.body.count("<tr>") == 14 + 5 + 1


def test_the_browser_never_gets_more_than_a_page(services, month, sandbox):
    lines = sandbox.world.usage_lines(str(month))
    pattern = lines[0]
    lines += [
        {**pattern, "productCode": f"X-{number}", "productDescription": f"Product {number}"}
        for number in range(PAGE_SIZE + 100)
    ]
    sandbox.world.set_usage_lines(str(month), lines)
    services.usage.fetch(month, "ana")
    page = opened()
    assert len(table(page)) == PAGE_SIZE
    assert f"{PAGE_SIZE + 114} rows" in words(page)
    page.session_state["reconciliation_page"] = 2
    run(page)
    assert len(table(page)) == 114


def test_links_name_a_month_and_filters(services, month):
    page = opened(month=str(month), **{"class": "over_billed,nonsense"})
    assert set(table(page)["class"]) == {"Over-billed"}
    page = opened(customer=customer_ids(services)[GARAGE])
    assert set(table(page)["customer"]) == {"Garage Pellorce"}
    page = opened(month=str(month), show="open")
    assert len(table(page)) == 14
    assert len(table(opened(month=str(month)))) == 31
    page = opened(text="pellorce")
    assert set(table(page)["customer"]) == {"Garage Pellorce"}


def test_a_link_leaves_no_filter_of_before(page, services, month):
    page.text_input(key="reconciliation_text").set_value("nothing has this name")
    page.selectbox(key="reconciliation_order_en").set_value("not_used")
    run(page)
    for name in ("assignee", "order"):
        page.session_state[f"reconciliation_{name}"] = "not_used"
    page.query_params["month"] = str(month)
    page.query_params["show"] = "open"
    run(page)
    assert len(table(page)) == 14


def printed(page: AppTest) -> str:
    page.segmented_control(key="reconciliation_view_en").set_value("print")
    run(page)
    (paper,) = [one for one in page.get("html") if "reconciliation-print" in one.proto.body]
    return str(paper.proto.body)


def test_the_printed_match_rate_is_that_of_the_month_whatever_is_printed(page):
    of_month = "First-pass match rate of the month</td><td class='number'>70%<"
    paper = printed(page)
    assert of_month in paper
    assert "30.20</td>" in paper
    page.button_group(key="reconciliation_classes_en").set_value(["over_billed"])
    paper = printed(page)
    assert of_month in paper
    assert "Under-billed (EUR)</td><td class='number'>0.00<" in paper
    page.button_group(key="reconciliation_classes_en").set_value([])
    page.segmented_control(key="reconciliation_show_en").set_value("all")
    assert "First-pass match rate</td><td class='number'>70%<" in printed(page)


def test_included_units_have_a_column_where_a_shown_row_has_some(services, month):
    page = opened(month=str(month))
    key = table_key(page)
    frame = table(page)
    row = frame.loc[line_of(page, "Transports Bazerolles", "FW-XGS87-XSTREAM")]
    assert (row["expected"], row["included"], row["billed"], row["difference"]) == (3, 1, 2, 0)
    assert "included" in columns_of(page, key)
    assert "<th class='number'>Included</th>" in printed(page)
    page = opened(month=str(month), show="open")
    assert "included" not in columns_of(page, table_key(page))
    assert "Included" not in printed(page)
    assert ":gray[Included]  \n**1**" in words(opened(row="44/1097"))


def columns_of(page: AppTest, key: str) -> list[str]:
    (shown,) = [one.proto for one in page.dataframe if str(one.key) == key]
    return list(shown.column_order)


def test_what_was_not_used_and_is_not_mapped_is_pale_and_says_that_it_needs_nobody(
    services, month, sandbox
):
    def unused(line):
        return {**line, "billableQuantity": 0} if line["productCode"] == "CDE-MSP" else line

    change_usage(sandbox, month, unused)
    services.usage.fetch(month, "ana")
    page = opened(month=str(month), show="open")
    assert figures(page)["Open exceptions"][0] == "13"
    assert len(table(page)) == 13
    key = f"{customer_ids(services)[GARAGE]}/+CDE-MSP"
    said = words(opened(row=key))
    assert "**Unmapped product.**" in said
    assert "Nothing was used of it in this month, so it needs nobody." in said
    assert "Map the product." not in said


def test_charts_of_nothing_say_so(page):
    page.segmented_control(key="reconciliation_view_en").set_value("charts")
    run(page)
    assert len(page.get("vega_lite_chart") or page.get("arrow_vega_lite_chart")) == 3
    page.text_input(key="reconciliation_text").set_value("nothing has this name")
    run(page)
    assert "Nothing matches." in words(page)
    assert "No difference has a price." not in words(page)
    assert not page.get("vega_lite_chart")
    assert not page.get("arrow_vega_lite_chart")
    press(page, "reconciliation_show_all")
    assert "Nothing matches." not in words(page)


def test_the_rate_says_what_it_is_not_of(page):
    (rate,) = [one for one in page.metric if one.label == "First-pass match rate"]
    for told in ("an accepted difference is no match", "Unmapped customers and products"):
        assert told in rate.help
    assert "unassigned usage" in rate.help


def test_a_month_without_a_report_is_said_to_have_none(services, month):
    page = opened(month="2020-01")
    assert page.selectbox(key="reconciliation_month_en").value == str(month)
    told = "There is no report of January 2020: its usage is not here."
    assert told in words(page)
    assert f"What is shown is {month_text(month)}." in words(page)
    run(page)
    assert told in words(page)
    page.query_params["month"] = str(month)
    run(page)
    assert told not in words(page)
    page = opened(month="nonsense")
    assert "There is no report of nonsense: " in words(page)
    assert told not in words(opened(month=str(month)))
    assert "There is no report" not in words(opened())


def test_the_notice_of_a_month_without_a_report_goes_when_another_is_chosen(services, month):
    services.usage.fetch(month.plus(-1), "ana")
    page = opened(month="2020-01")
    assert "There is no report of January 2020" in words(page)
    page.selectbox(key="reconciliation_month_en").set_value(str(month.plus(-1)))
    run(page)
    assert "There is no report" not in words(page)


# ---------------------------------------------------------------- one row


def test_why_goes_down_to_the_lines_and_the_addition(services, month):
    page = opened(row=KEY)
    said = words(page)
    assert "**SEC-EPP-USER**" in said
    assert "More was used than is billed." in said
    assert "34 billable, in 1 usage line." in said
    assert "+4 at 4.50 each (billed: monthly) is +18.00 per month." in said
    assert "Addition ID 1005" in said
    frame = next(one.value for one in page.dataframe if "sku" in one.value.columns)
    assert list(frame["billable"]) == [34]


def test_why_of_a_row_that_is_gone(services, month):
    assert "not part of the report any more" in words(opened(row="99/9"))


def test_usage_without_a_customer_has_nothing_to_compute(services, month):
    key = next(
        row.key
        for row in services.reconciliation.look(month).report.rows
        if row.row_class is RowClass.UNASSIGNED_USAGE
    )
    told = words(opened(row=key))
    assert "Assign the device to a customer" in told
    assert "How it is computed" not in told


def test_fix_from_here_leads_to_the_plan_of_the_chosen_rows(page, services, month, monkeypatch):
    assert page.button(key="reconciliation_no_fix").disabled
    lines = [
        line_of(page, "Cabinet Dourlin & Associés", "SEC-EPP-USER"),
        line_of(page, "Transports Bazerolles", "SEC-EPP-USER"),
        line_of(page, "Garage Pellorce", "Sophos Device Encryption - MSP Monthly"),
    ]
    select(page, *lines)
    ways: list[tuple[object, ...]] = []
    monkeypatch.setattr(st, "switch_page", lambda *way, **more: ways.append((*way, more)))
    press(page, "reconciliation_fix")
    # What a sync cannot put right is left out.
    wanted = {"month": str(month), "only": f"{KEY},44/1203"}
    assert ways == [("pages/usage_sync.py", {"query_params": wanted})]


def test_what_a_moved_customer_left_leads_to_the_plan_that_lets_it_go(services):
    month = prepare(services)
    synced(services, month)
    old, new = agreements_that_prorate(services)[1], agreements_that_prorate(services)[4]
    move_all(services, old, new)
    services.planning.refresh()
    looked = services.reconciliation.look(month)
    left = [one for one in looked.rows if one.row.agreement_id == old and one.is_open]
    assert len(left) > 1
    for one in left:
        assert "#" in one.key
        assert can_be_synced(one) is one.row.bound
    fixed = [one for one in left if one.row.bound]
    assert len(fixed) > 1
    for one in fixed:
        options = PlanOptions(only=frozenset(targets_of(one, looked.rows)))
        changes = services.planning.plan(month, options).changes
        assert one.row.addition_id in {change.addition_id for change in changes}
        assert {change.target.product_id for change in changes} == {one.row.product_id}


def test_what_is_not_mapped_leads_to_where_it_is_mapped(services, month):
    ids = customer_ids(services)
    page = opened(row=f"{ids[GARAGE]}/+CDE-MSP")
    assert "Map the product" in words(page)
    assert "reconciliation_details_fix" not in buttons(page)


# ---------------------------------------------------------------- what people say


def test_a_difference_is_accepted_with_a_reason_and_withdrawn_again(page, services, month):
    line = line_of(page, "Cabinet Dourlin & Associés", "SEC-EPP-USER")
    select(page, line)
    press(page, "reconciliation_accept")
    press(page, "reconciliation_accept_yes")
    assert "Say why the difference is accepted." in words(page)
    page.text_area(key="reconciliation_accept_reason").set_value("agreed by mail")
    page.selectbox(key="reconciliation_accept_until_en").set_value("")
    press(page, "reconciliation_accept_yes")
    accepted = services.reconciliation.acceptances()[KEY]
    assert (accepted.reason, accepted.until) == ("agreed by mail", None)
    assert accepted.since == month
    assert figures(page)["Under-billed (EUR)"][0] == "12.20"
    assert len(table(page)) == 13

    page = opened(row=KEY)
    assert "for good: agreed by mail" in words(page)
    assert "until for good" not in words(page)
    press(page, "reconciliation_withdraw")
    assert figures(page)["Under-billed (EUR)"][0] == "30.20"
    assert services.reconciliation.acceptances() == {}


def test_notes_and_assignees_are_written_at_several_rows(page, services, month):
    select(page, 0, 1)
    press(page, "reconciliation_note")
    page.text_area(key="reconciliation_note_text").set_value("asked them")
    page.text_input(key="reconciliation_note_assignee").set_value("Bob")
    press(page, "reconciliation_note_yes")
    frame = table(page)
    assert list(frame["note"][:3]) == ["asked them", "asked them", ""]
    assert list(frame["assignee"][:3]) == ["Bob", "Bob", ""]
    looked = services.reconciliation.look(month)
    assert len([one for one in looked.rows if one.assignee == "Bob"]) == 2


def test_a_note_that_is_too_long_stays_and_says_so_at_its_field(page, services, month):
    select(page, 0)
    press(page, "reconciliation_note")
    long = "x" * 1001
    page.text_area(key="reconciliation_note_text").set_value(long)
    page.text_input(key="reconciliation_note_assignee").set_value("y" * 61)
    run(page)
    assert "1,001 of 1,000 characters" in words(page)
    assert "61 of 60 characters" in words(page)
    press(page, "reconciliation_note_yes")
    assert "At most 1,000 characters." in words(page)
    assert "At most 60 characters." in words(page)
    assert "2 fields need attention." in words(page)
    assert page.text_area(key="reconciliation_note_text").value == long
    assert not page.toast
    assert not any(one.note or one.assignee for one in services.reconciliation.look(month).rows)
    page.text_area(key="reconciliation_note_text").set_value("x" * 1000)
    page.text_input(key="reconciliation_note_assignee").set_value("y" * 60)
    press(page, "reconciliation_note_yes")
    assert [one.value for one in page.toast] == ["Saved."]
    assert table(page)["note"][0] == "x" * 1000


def test_no_field_of_the_dialogs_drops_what_is_pasted(page):
    select(page, 0)
    for dialog in ("reconciliation_note", "reconciliation_accept"):
        press(page, dialog)
        fields = [*page.text_area, *page.text_input]
        assert [one for one in fields if str(one.key).startswith(dialog)]
        assert not [one.key for one in fields if one.proto.max_chars and dialog in str(one.key)]


def test_an_accepted_reason_that_is_too_long_is_refused_at_its_field(page, services):
    select(page, 0)
    press(page, "reconciliation_accept")
    page.text_area(key="reconciliation_accept_reason").set_value("x" * 1001)
    press(page, "reconciliation_accept_yes")
    assert "At most 1,000 characters." in words(page)
    assert "1 field needs attention." in words(page)
    assert services.reconciliation.acceptances() == {}


def test_a_note_that_is_as_it_was_is_not_said_to_be_saved(page, services, month):
    select(page, 0)
    press(page, "reconciliation_note")
    press(page, "reconciliation_note_yes")
    assert [one.value for one in page.toast] == ["Nothing was changed."]
    services.reconciliation.note([table_row(services, month, 0)], "asked", "ana")
    run(page)
    select(page, 0)
    press(page, "reconciliation_note")
    page.text_area(key="reconciliation_note_text").set_value(" asked ")
    press(page, "reconciliation_note_yes")
    assert [one.value for one in page.toast] == ["Nothing was changed."]


def table_row(services: Services, month: Month, line: int) -> str:
    rows = worst_first(services.reconciliation.look(month).rows)
    return rows[line].key


def test_what_differs_between_rows_stays_where_nothing_is_typed(page, services, month):
    first, second = (table_row(services, month, line) for line in (0, 1))
    services.reconciliation.note([first], "one", "ana")
    services.reconciliation.note([second], "two", "ana")
    run(page)
    select(page, 0, 1)
    press(page, "reconciliation_note")
    assert page.text_area(key="reconciliation_note_text").value == ""
    assert "kept" in page.text_area(key="reconciliation_note_text").placeholder
    page.text_input(key="reconciliation_note_assignee").set_value("Bob")
    press(page, "reconciliation_note_yes")
    looked = services.reconciliation.look(month)
    assert [looked.by_key[key].note for key in (first, second)] == ["one", "two"]
    assert {looked.by_key[key].assignee for key in (first, second)} == {"Bob"}


def test_what_was_said_of_a_row_is_told_in_its_details(services, month):
    reports = services.reconciliation
    reports.note([KEY], "asked *them*", "ana")
    reports.assign([KEY], "Bob", "ana")
    reports.accept(month, [KEY], "agreed", month, "ana")
    reports.withdraw(month, [KEY], "bob")
    said = words(opened(row=KEY))
    assert "ana: note: asked *them*" in said
    assert "ana: assigned to Bob" in said
    assert "bob: acceptance withdrawn" in said


def test_tolerances_are_set_in_general_and_for_products(page, services, month):
    press(page, "reconciliation_tolerances")
    page.text_input(key="reconciliation_tolerance_general_units_en").set_value("x")
    press(page, "reconciliation_tolerances_yes")
    assert "is not an amount" in words(page)
    page.text_input(key="reconciliation_tolerance_general_units_en").set_value("-1")
    press(page, "reconciliation_tolerances_yes")
    assert "0 or more" in words(page)
    page.text_input(key="reconciliation_tolerance_general_units_en").set_value("1")
    page.multiselect(key="reconciliation_tolerance_products_en").set_value([1203])
    run(page)
    page.text_input(key="reconciliation_tolerance_product_1203_percent_en").set_value("50")
    press(page, "reconciliation_tolerances_yes")
    found = services.reconciliation.tolerances()
    assert found.general == Tolerance(units=Decimal(1))
    assert found.by_product == {1203: Tolerance(units=Decimal(0), percent=Decimal(50))}
    totals = services.reconciliation.report(month).totals
    assert totals.by_class[RowClass.WITHIN_TOLERANCE] == 5
    assert figures(page)["Open exceptions"][0] == str(totals.open_exceptions)


def test_names_with_signs_in_them_are_shown_as_they_are(services, month, sandbox):
    danger = "<b>*Nemo*</b> $x$ :red[y]"
    change_usage(sandbox, month, lambda line: {**line, "productDescription": danger})
    services.usage.fetch(month, "ana")
    page = opened(row=KEY)
    assert f"{danger}: 34 billable" in words(page)
    page = opened()
    page.segmented_control(key="reconciliation_view_en").set_value("print")
    run(page)
    (paper,) = [one for one in page.get("html") if "reconciliation-print" in one.proto.body]
    assert "&lt;b&gt;*Nemo*" in paper.proto.body
    assert "<b>" not in paper.proto.body


def test_it_can_be_read_in_french(services, month):
    page = opened("fr-FR")
    assert len(page.metric) == 4
    assert "30,20" in [metric.value for metric in page.metric]


def test_agreements_of_nobody_are_looked_at_when_asked_for(
    services: Services, page: AppTest
) -> None:
    of_nobody = services.planning.of_nobody()
    button = page.button(key="reconciliation_read_all")
    assert str(len(of_nobody)) in (button.help or "")
    assert services.store.additions.of().keys().isdisjoint(of_nobody)
    finished(page, "reconciliation_read_all", services)
    assert services.store.additions.of().keys() >= of_nobody
    rows = services.reconciliation.report(services.usage.months()[0]).rows
    assert any(row.agreement_id in of_nobody for row in rows)
