"""Money on the page Reconciliation: per month, and in several currencies."""

from __future__ import annotations

from decimal import Decimal

import pytest
from streamlit.testing.v1 import AppTest

from core.domain.month import Month
from core.sandbox.server import Sandbox
from core.services import Services
from tests.pages.test_reconciliation_page import (
    KEY,
    figures,
    line_of,
    month,
    opened,
    run,
    services,
    table,
    words,
)
from tests.use_cases.reconciliation_world import DOURLIN, TRANSPORTS
from tests.use_cases.sync_world import agreements_that_prorate, prepare, synced
from tests.use_cases.test_moved_customers import move_all
from tests.use_cases.test_reconciliation_money import (
    DOLLARS,
    NOT_RECURRING,
    YEARLY,
    billed_by,
    put_agreement,
)

__all__ = ["month", "services"]  # fixtures

OTHER = f"{TRANSPORTS}/1203"


@pytest.fixture
def two_currencies(services: Services, month: Month, sandbox: Sandbox) -> Month:
    """Transports Bazerolles is billed in dollars."""
    put_agreement(sandbox, TRANSPORTS, currency=DOLLARS)
    services.planning.refresh()
    return month


def shown(page: AppTest, view: str) -> AppTest:
    page.segmented_control(key="reconciliation_view_en").set_value(view)
    return run(page)


def paper(page: AppTest) -> str:
    (found,) = [one for one in page.get("html") if "reconciliation-print" in one.proto.body]
    return found.proto.body


def helps(page: AppTest) -> list[str]:
    return [metric.help for metric in page.metric]


def test_what_is_billed_by_the_year_is_shown_by_the_month(services, month, sandbox) -> None:
    billed_by(sandbox, DOURLIN, YEARLY)
    services.planning.refresh()
    page = opened()
    # 1.50 of 18.00, + 2.40 + 9.80.
    assert figures(page)["Under-billed (EUR)"][0] == "13.70"
    assert table(page).loc[line_of(page, "Cabinet Dourlin & Associés", "SEC-EPP-USER")][
        "money"
    ] == pytest.approx(1.5)
    assert all("billing cycle" not in told for told in helps(page))
    said = words(opened(row=KEY))
    assert "+4 at 4.50 each (billed: yearly) is +1.50 per month." in said
    assert "Unit price per billing period 4.50" in said
    assert ":gray[Billing cycle]  \n**yearly**" in said


def test_where_no_cycle_is_known_the_page_says_for_how_many_rows(services, month, sandbox) -> None:
    billed_by(sandbox, DOURLIN, NOT_RECURRING)
    services.planning.refresh()
    page = opened()
    assert figures(page)["Under-billed (EUR)"][0] == "30.20"
    told = "6 rows have no known billing cycle: their amounts count as they are"
    assert [told in one for one in helps(page)] == [True, True, False, False]
    # On paper, of those that are printed.
    assert "2 rows have no known billing cycle" in paper(shown(page, "print"))
    said = words(opened(row=KEY))
    assert "+4 at 4.50 each is +18.00 per billing period. How many months that is" in said


def test_each_currency_has_its_sums(services, two_currencies) -> None:
    page = opened()
    assert {label: value for label, (value, _) in figures(page).items()} == {
        "Under-billed (EUR)": "20.40",
        "Over-billed (EUR)": "8.10",
        "First-pass match rate": "70%",
        "Open exceptions": "14",
    }
    assert figures(page)["Under-billed (EUR)"][1] == "and 9.80 USD"
    assert "20.40 EUR + 9.80 USD under-billed, 8.10 EUR + 2.40 USD over-billed" in words(page)
    frame = table(page)
    assert list(frame["currency"].unique()) != [""]
    assert frame.loc[line_of(page, "Transports Bazerolles", "SEC-EPP-USER")]["currency"] == "USD"
    # A filter that leaves one currency leaves its name, too.
    page.text_input(key="reconciliation_text").set_value("bazerolles")
    run(page)
    assert "9.80 USD under-billed, 2.40 USD over-billed" in words(page)


def test_changes_are_within_a_currency(services, two_currencies) -> None:
    before = two_currencies.plus(-1)
    services.usage.fetch(before, "ana")
    then = services.reconciliation.report(before).totals.in_currency("EUR")
    assert then is not None
    change = Decimal("20.40") - then.under_billed
    sign = "+" if change > 0 else "−"
    told = figures(opened())["Under-billed (EUR)"][1]
    assert told.startswith(f"and 9.80 USD · {sign}{abs(change):,.2f} since")


def test_groups_have_columns_for_each_currency(services, two_currencies) -> None:
    page = opened()
    page.segmented_control(key="reconciliation_group_en").set_value("customer")
    run(page)
    gathered = table(page, "reconciliation_groups").set_index("name")
    assert gathered.loc["Transports Bazerolles"]["under_1"] == pytest.approx(9.8)
    assert gathered["under_0"].sum() == pytest.approx(20.4)
    assert gathered["over_1"].sum() == pytest.approx(2.4)


def test_charts_and_paper_have_each_currency(services, two_currencies) -> None:
    page = shown(opened(), "charts")
    charts = [one.proto.spec for one in page.get("vega_lite_chart")]
    # The months, and of each currency the classes and the most.
    assert len(charts) == 5
    assert sum("USD" in spec for spec in charts) == sum("EUR" in spec for spec in charts) == 2
    found = paper(shown(page, "print"))
    assert "20.40 EUR + 9.80 USD" in found
    assert "+9.80 USD" in found


def test_a_row_says_its_currency(services, two_currencies) -> None:
    said = words(opened(row=OTHER))
    assert "+2 at $4.90 each (billed: monthly) is +$9.80 per month." in said
    assert "**$294.00**" in said
    assert ":gray[Margin]  \n**–**" in said


def test_what_a_moved_customer_misses_says_where_it_is_billed(services) -> None:
    month = prepare(services)
    synced(services, month)
    old, new = agreements_that_prorate(services)[1], agreements_that_prorate(services)[4]
    move_all(services, old, new)
    services.planning.refresh()
    looked = services.reconciliation.look(month)
    left = next(one for one in looked.rows if one.row.agreement_id == old and one.row.bound)
    assert ": a sync moves it there, or its plan says why not." in words(opened(row=left.key))
    here = f"{new}/{left.row.product_id}"
    assert ": a sync moves it here, or its plan says why not." in words(opened(row=here))
