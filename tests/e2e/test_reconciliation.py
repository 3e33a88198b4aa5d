"""Month end in the browser: the worst difference found, understood, put right; one accepted."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from core.sandbox.server import start_sandbox
from core.services import build_services
from core.settings import load_settings
from tests.e2e.dashboard import CHECKED, Dashboard, Starter, connection_environment, running
from tests.e2e.reconciliation_page import ReconciliationPage
from tests.e2e.sync_page import SyncPage
from tests.use_cases.reconciliation_world import arrange

OpenPage = Callable[..., Page]


@pytest.fixture
def month_end(filled_store: Path, tmp_path: Path, start: Starter) -> Iterator[Dashboard]:
    """A dashboard with a month that can be computed by hand."""
    store = tmp_path / "store.duckdb"
    shutil.copy(filled_store, store)
    with start_sandbox() as sandbox:
        environment = connection_environment(sandbox, store)
        with closing(build_services(load_settings(environment, {}))) as services:
            arrange(services, sandbox)
        with running(environment, sandbox, CHECKED, start=start) as started:
            yield started


@pytest.fixture
def report(month_end: Dashboard, open_page: OpenPage) -> ReconciliationPage:
    return ReconciliationPage(open_page(f"{month_end.url}/reconciliation"))


def quantity_of(dashboard: Dashboard, agreement_id: int, product_id: int) -> int:
    """What ConnectWise bills by the one addition of a product."""
    assert dashboard.sandbox is not None
    (found,) = [
        one["quantity"]
        for one in dashboard.sandbox.world.tables["additions"].all()
        if (one["agreementId"], one["product"]["id"]) == (agreement_id, product_id)
    ]
    return int(found)


def test_the_worst_difference_is_found_understood_put_right_and_matches(
    report: ReconciliationPage, month_end: Dashboard
) -> None:
    expect(report.figure(0)).to_have_text("30.20")
    expect(report.figure(3)).to_have_text("14")
    report.expect_rows(14)
    report.choose("classes", "Under-billed")
    report.expect_rows(3)
    report.ask_why(0)
    # The worst of them: 34 used, 30 billed, 4 at 4.50.
    for told in ("Cabinet Dourlin & Associés", "34 billable, in 1 usage line"):
        expect(report.dialog).to_contain_text(told)
    expect(report.fact("Used")).to_have_text("34")
    expect(report.fact("Billed")).to_have_text("30")
    expect(report.fact("Difference")).to_have_text("+4")
    expect(report.fact("Money")).to_have_text("+18.00")
    expect(report.dialog).to_contain_text("+4 at 4.50 each (billed: monthly) is +18.00 per month.")
    assert quantity_of(month_end, 32, 1203) == 30

    report.press("details_fix")
    sync = SyncPage(report.page)
    expect(report.page).to_have_url(re.compile("/usage_sync"))
    sync.make_plan()
    expect(sync.figure(0)).to_have_text("1")
    sync.approve()
    sync.expect_ended()
    report.page.goto(f"{month_end.url}/reconciliation?row=32%2F1203")
    expect(report.dialog).to_contain_text("Matched. What is billed is what the usage comes to.")
    expect(report.fact("Billed")).to_have_text("34")
    expect(report.fact("Difference")).to_have_text("0")
    expect(report.fact("Money")).to_have_text("0.00")
    # 30.20 - 18.00, and one exception less than the 14 of before.
    expect(report.figure(0)).to_have_text("12.20")
    expect(report.figure(3)).to_have_text("13")
    assert quantity_of(month_end, 32, 1203) == 34


def test_a_difference_is_accepted_and_the_files_say_so(
    report: ReconciliationPage, tmp_path: Path
) -> None:
    report.choose("classes", "Under-billed")
    report.expect_rows(3)
    report.select(1)
    report.accept_selected("Two spare seats, agreed with the customer")
    expect(report.figure(0)).to_have_text("20.40")
    report.expect_rows(2)
    text = report.download("csv", tmp_path / "rows.csv").read_text(encoding="utf-8-sig")
    assert [row["Difference in money per month"] for row in csv.DictReader(text.splitlines())] == [
        "18.00",
        "2.40",
    ]

    report.choose("classes", "Under-billed")
    report.choose("show", "All")
    report.expect_rows(31)
    book = openpyxl.load_workbook(report.download("xlsx", tmp_path / "rows.xlsx"))
    header, *rows = book["Rows"].iter_rows(values_only=True)
    found = [dict(zip(header, row, strict=True)) for row in rows]
    (accepted,) = [row for row in found if row["Class"] == "Accepted"]
    assert accepted["Customer"] == "Transports Bazerolles"
    assert accepted["Accepted because"] == "Two spare seats, agreed with the customer"
    assert len(found) == 31


def test_charts_are_drawn_and_paper_has_the_report_alone(report: ReconciliationPage) -> None:
    report.choose("view", "Charts")
    charts = report.page.locator("[data-testid='stVegaLiteChart'] svg.marks")
    expect(charts.nth(2)).to_be_visible()
    report.choose("view", "Print")
    paper = report.page.locator(".reconciliation-print")
    expect(paper).to_contain_text("Cabinet Dourlin & Associés")
    report.page.emulate_media(media="print")
    expect(paper).to_be_visible()
    for rest in ("stSidebar", "stMetric", "stButtonGroup", "stDownloadButton"):
        expect(report.page.get_by_test_id(rest).first).to_be_hidden()
    # Nothing is cut off: the page is as high as the report.
    assert report.page.evaluate(
        "document.querySelector('.reconciliation-print').getBoundingClientRect().bottom"
        " <= document.documentElement.scrollHeight"
    )
    colour = report.page.evaluate(
        "getComputedStyle(document.querySelector('.reconciliation-print td')).color"
    )
    assert colour == "rgb(0, 0, 0)"

    # On a small screen the report scrolls, and the page does not.
    report.page.emulate_media(media="screen")
    report.page.set_viewport_size({"width": 390, "height": 844})
    expect(paper).to_be_visible()
    assert report.page.evaluate(
        "(main => main.scrollWidth <= main.clientWidth)"
        "(document.querySelector('[data-testid=stMain]'))"
    )


def test_a_note_on_a_small_screen_in_the_dark(month_end: Dashboard, open_page: OpenPage) -> None:
    page = open_page(
        f"{month_end.url}/reconciliation?row=32%2F1203",
        viewport={"width": 390, "height": 844},
        color_scheme="dark",
    )
    report = ReconciliationPage(page)
    report.dialog.get_by_text("Note and assignee").click()
    report.dialog.get_by_role("textbox", name="Note", exact=True).fill("Called them")
    page.keyboard.press("Tab")
    report.press("details_note_yes")
    expect(report.dialog).to_have_count(0)
    page.goto(f"{month_end.url}/reconciliation?row=32%2F1203")
    expect(report.dialog).to_contain_text("1 entry")
    expect(report.dialog.get_by_role("textbox", name="Note", exact=True)).to_have_value(
        "Called them"
    )
