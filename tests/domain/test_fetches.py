"""Which months have to be fetched again."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from core.domain.fetches import to_fetch_again
from core.domain.models import FetchStatus, UsageFetch
from core.domain.month import Month
from tests.storage.samples import fetch

TODAY = date(2026, 11, 22)
AUGUST, OCTOBER, NOVEMBER = Month(2026, 8), Month(2026, 10), Month(2026, 11)


def fetched(month: Month, day: str, *, complete: bool = True) -> UsageFetch:
    at = datetime.fromisoformat(day).replace(tzinfo=UTC)
    status = FetchStatus.COMPLETE if complete else FetchStatus.INCOMPLETE
    return fetch(id=day, month=month, started_at=at, finished_at=at, status=status)


FAILED = fetched(AUGUST, "2026-09-02", complete=False)
EARLY = fetched(OCTOBER, "2026-10-31")
WHOLE = fetched(OCTOBER, "2026-11-01")


@pytest.mark.parametrize(
    ("fetches", "expected"),
    [
        ([], []),
        ([WHOLE], []),
        ([EARLY], [EARLY]),
        ([WHOLE, EARLY], []),
        ([WHOLE, FAILED], [FAILED]),
        ([FAILED, EARLY], [EARLY, FAILED]),
        ([fetched(AUGUST, "2026-11-02"), FAILED], []),
        ([FAILED, fetched(AUGUST, "2026-09-01")], [FAILED]),
        ([fetched(NOVEMBER, "2026-11-05")], []),
        ([fetched(NOVEMBER, "2026-11-05", complete=False)], "same"),
    ],
)
def test_the_last_fetch_of_a_month_counts(fetches: list[UsageFetch], expected: Any) -> None:
    wanted = fetches if expected == "same" else expected
    assert to_fetch_again(fetches, (), TODAY) == wanted


def test_what_was_begun_before_the_end_of_its_month_is_early_however_long_it_took() -> None:
    begun = datetime(2026, 10, 31, 23, 59, tzinfo=UTC)
    overnight = fetch(month=OCTOBER, started_at=begun, finished_at=WHOLE.finished_at)
    assert to_fetch_again([overnight], (), TODAY) == [overnight]


def test_a_closed_month_takes_no_other_fetch() -> None:
    assert to_fetch_again([FAILED, EARLY], {AUGUST}, TODAY) == [EARLY]
