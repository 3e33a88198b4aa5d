from __future__ import annotations

import pytest

from core.sandbox.counters import Counters, is_read, route_template


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/v4_6_release/apis/3.0/procurement/catalog", "/procurement/catalog"),
        ("/v2026_4/apis/3.0/procurement/catalog/17", "/procurement/catalog/{id}"),
        ("/v2026_4/APIS/3.0/procurement/subcategories/", "/procurement/subcategories"),
        (
            "/v4_6_release/apis/3.0/finance/agreements/3/additions/44",
            "/finance/agreements/{id}/additions/{id}",
        ),
        ("/login/companyinfo/demo", "/login/companyinfo/{company}"),
        (
            "/sophos/api/partner/v1/billing/usage/2026/03",
            "/sophos/api/partner/v1/billing/usage/{year}/{month}",
        ),
        ("/sophos/api/whoami/v1", "/sophos/api/whoami/v1"),
        ("/", "/"),
    ],
)
def test_the_template_drops_what_differs_between_calls(path: str, template: str) -> None:
    assert route_template(path) == template


@pytest.mark.parametrize(
    ("method", "template", "expected"),
    [
        ("GET", "/procurement/catalog", True),
        ("POST", "/procurement/catalog", False),
        ("PATCH", "/procurement/catalog/{id}", False),
        ("DELETE", "/procurement/catalog/{id}", False),
        ("POST", "/service/tickets/search", True),
        ("POST", "/sophos/id/api/v2/oauth2/token", True),
    ],
)
def test_reads_and_writes_are_told_apart(method: str, template: str, expected: bool) -> None:
    assert is_read(method, template) is expected


def test_counts_by_route_and_in_total() -> None:
    counters = Counters()
    for number in (1, 2):
        counters.begin("GET", f"/x/apis/3.0/procurement/catalog/{number}")
    counters.begin("POST", "/x/apis/3.0/procurement/catalog")
    assert counters.as_json() == {
        "reads": {"GET /procurement/catalog/{id}": 2},
        "writes": {"POST /procurement/catalog": 1},
        "total_reads": 2,
        "total_writes": 1,
        "most_open": 3,
    }


def test_the_most_open_requests_at_once_are_remembered() -> None:
    counters = Counters()
    counters.begin("GET", "/a")
    counters.begin("GET", "/a")
    counters.end()
    counters.end()
    counters.begin("GET", "/a")
    assert counters.as_json()["most_open"] == 2


def test_reset_starts_at_zero_with_what_is_still_open() -> None:
    counters = Counters()
    counters.begin("GET", "/a")
    counters.reset()
    assert counters.as_json() == {
        "reads": {},
        "writes": {},
        "total_reads": 0,
        "total_writes": 0,
        "most_open": 1,
    }
