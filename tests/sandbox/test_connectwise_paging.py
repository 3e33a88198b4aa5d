"""Both ways of paging, with their Link headers."""

from __future__ import annotations

import pytest

from tests.sandbox.connectwise_api import FORWARD, Api, links


@pytest.fixture
def small(api: Api) -> Api:
    """Seven manufacturers with gaps between their ids."""
    table = api.table("manufacturers")
    table.records = {
        key: {"id": key, "name": f"Maker {key}", "inactiveFlag": key > 20}
        for key in (3, 5, 8, 9, 20, 21, 40)
    }
    table.next_id = 41
    return api


def ids(response) -> list[int]:
    return [record["id"] for record in response.json()]


def test_the_default_page_has_25_records_and_the_largest_1000(api):
    assert len(api.get("/procurement/catalog")) == 25
    assert len(api.get("/procurement/catalog", pageSize=1000)) == 1000


def test_a_page_that_is_too_large_is_cut_or_refused(api):
    assert len(api.get("/procurement/catalog", pageSize=1001)) == 1000
    api.switches.update({"oversized_page": "refuse"})
    assert len(api.get("/procurement/catalog", pageSize=1000)) == 1000
    response = api.call("GET", "/procurement/catalog", params={"pageSize": 1001})
    assert response.status_code == 400
    assert response.json()["errors"] == [
        {
            "code": "OutOfRange",
            "message": "The field pageSize must be between 1 and 1000.",
            "resource": "pageSize",
            "field": "pageSize",
        }
    ]


@pytest.mark.parametrize("wrong", [{"pageSize": 0}, {"page": 0}, {"page": "x"}, {"pageSize": "x"}])
def test_paging_that_is_no_number_or_too_small_is_refused(api, wrong):
    assert api.call("GET", "/procurement/catalog", params=wrong).status_code == 400


def test_following_next_reads_everything_once(small):
    seen, url = [], "/procurement/manufacturers?pageSize=3"
    while url:
        response = small.call("GET", url)
        seen += ids(response)
        url = links(response).get("next")
    assert seen == [3, 5, 8, 9, 20, 21, 40]


def test_the_relations_of_first_middle_and_last_page(small):
    def header(page: int) -> str:
        params = {"page": page, "pageSize": 3}
        response = small.call("GET", "/procurement/manufacturers", params=params)
        base = f"{small.root}/procurement/manufacturers?pageSize=3&"
        return response.headers["link"].replace(base, "")

    assert header(1) == '<page=2>; rel="next", <page=3>; rel="last"'
    assert header(2) == (
        '<page=1>; rel="first", <page=1>; rel="prev", <page=3>; rel="next", <page=3>; rel="last"'
    )
    assert header(3) == '<page=1>; rel="first", <page=2>; rel="prev"'
    assert header(9) == '<page=1>; rel="first", <page=3>; rel="prev"'


def test_a_single_page_has_no_link_and_a_page_beyond_the_last_is_empty(small):
    whole = small.call("GET", "/procurement/manufacturers", params={"pageSize": 7})
    assert "link" not in whole.headers
    beyond = small.call("GET", "/procurement/manufacturers", params={"pageSize": 7, "page": 2})
    assert beyond.status_code == 200
    assert beyond.json() == []


def test_links_carry_the_callers_query_with_page_last(small):
    params = {"page": 1, "conditions": 'name like "maker*" and id != 3', "pageSize": 2}
    response = small.call("GET", "/procurement/manufacturers", params=params)
    following = small.call("GET", links(response)["next"])
    assert links(response)["next"].endswith("&page=2")
    assert ids(response) + ids(following) == [5, 8, 9, 20]


def test_forward_only_goes_by_id_and_ends_with_an_empty_link(small):
    seen, requests, params = [], 0, {"pageSize": 3, "pageId": 0}
    while True:
        response = small.call("GET", "/procurement/manufacturers", params=params, headers=FORWARD)
        seen.append(ids(response))
        requests += 1
        if not response.headers["link"]:
            break
        assert links(response)["next"].endswith(f"pageId={seen[-1][-1]}")
        params["pageId"] = seen[-1][-1]
    assert seen == [[3, 5, 8], [9, 20, 21], [40]]
    assert requests == 3


def test_forward_only_ends_even_when_the_last_page_is_full(small):
    params = {"pageSize": 7}
    response = small.call("GET", "/procurement/manufacturers", params=params, headers=FORWARD)
    assert len(response.json()) == 7
    assert response.headers["link"] == ""


def test_forward_only_link_can_be_followed_with_the_query(small):
    params = {"pageSize": 2, "conditions": "inactiveFlag = false", "fields": "name"}
    response = small.call("GET", "/procurement/manufacturers", params=params, headers=FORWARD)
    assert response.json() == [{"name": "Maker 3"}, {"name": "Maker 5"}]
    following = small.call("GET", links(response)["next"], headers=FORWARD)
    assert following.json() == [{"name": "Maker 8"}, {"name": "Maker 9"}]


def test_forward_only_has_no_use_for_page_and_order(small):
    params = {"pageSize": 2, "page": 3, "orderBy": "name desc"}
    response = small.call("GET", "/procurement/manufacturers", params=params, headers=FORWARD)
    assert ids(response) == [3, 5]


def test_forward_only_does_not_skip_what_is_added_or_removed_meanwhile(small):
    first = small.call("GET", "/procurement/manufacturers", params={"pageSize": 3}, headers=FORWARD)
    table = small.table("manufacturers")
    table.delete(5)
    table.insert({"name": "Late"})
    second = small.call("GET", links(first)["next"], headers=FORWARD)
    assert ids(first) + ids(second) == [3, 5, 8, 9, 20, 21]
    assert 41 in ids(small.call("GET", links(second)["next"], headers=FORWARD))


def test_servers_without_forward_only_page_by_number(small):
    small.switches.update({"forward_only": False})
    response = small.call(
        "GET", "/procurement/manufacturers", params={"pageSize": 3}, headers=FORWARD
    )
    assert links(response).keys() == {"next", "last"}
    assert "page=2" in links(response)["next"]


def test_the_audit_trail_knows_no_forward_only(api):
    for number in range(3):
        api.patch("/procurement/catalog/101", notes=f"note {number}")
    params = {"type": "ProductCatalog", "id": 101, "pageSize": 2}
    response = api.call("GET", "/system/audittrail", params=params, headers=FORWARD)
    assert "page=2" in links(response)["next"]


def test_nested_lists_page_too(api):
    response = api.call("GET", "/finance/agreements/31/additions", params={"pageSize": 1})
    other = api.call("GET", links(response)["next"])
    assert {record["agreementId"] for record in response.json() + other.json()} == {31}
    assert ids(response) != ids(other)
