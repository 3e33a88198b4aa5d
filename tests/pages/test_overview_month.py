"""The overview's month at a glance: one that is over, with its change."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.domain.month import Month
from core.services import Services
from pages.components.overview_month import at_a_glance
from pages.components.usage_summary import MonthSummary

ROOT = Path(__file__).resolve().parents[2]
OCTOBER = Month(2026, 10)


def summary(month: Month) -> MonthSummary:
    return MonthSummary(month, 1, {"A": Decimal(1)}, Decimal(0))


@pytest.mark.parametrize(
    ("months", "newest", "before"),
    [
        ([-1, 0, 1], 0, -1),
        ([-1, 0], 0, -1),
        ([0, 1], 0, None),
        ([0], 0, None),
        ([1], 1, None),  # the month in progress is held against nothing
    ],
)
def test_the_month_is_the_newest_that_is_over(
    months: list[int], newest: int, before: int | None
) -> None:
    summaries = [summary(OCTOBER.plus(each)) for each in months]
    found = at_a_glance(summaries, date(2026, 11, 26))
    assert found[0].month == OCTOBER.plus(newest)
    assert (found[1] and found[1].month) == (None if before is None else OCTOBER.plus(before))


def test_the_month_in_progress_is_not_the_one_at_a_glance(filled_services: Services) -> None:
    last = Month.last_complete(filled_services.planning.today())
    filled_services.usage.fetch(last.plus(1), "Test")
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=20)
    page.context["locale"] = "en-US"
    page.run()
    assert not page.exception
    assert f"{last.first_day:%B %Y}" in [heading.value for heading in page.subheader]
