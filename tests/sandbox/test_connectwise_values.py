"""Bodies: unknown members, wrong types, coercions."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.sandbox.connectwise_answers import ApiError
from core.sandbox.connectwise_catalog import CATALOG as CATALOG_ITEM
from core.sandbox.connectwise_values import parse_body, read_members
from tests.sandbox.connectwise_api import new_product

CATALOG = "/procurement/catalog"
HINT = "Check your accept header to make sure you are using the correct version."


def test_an_unknown_member_is_refused_in_the_words_of_the_server(api):
    refusal = api.refused("POST", CATALOG, '{"identifier": "x",\n "colour": 1}')
    assert refusal == {
        "code": "ConnectWiseApi",
        "message": "Could not find member 'colour' on object of type 'CatalogItem'. "
        f"Path 'colour', line 2, position 9.{HINT}",
    }


@pytest.mark.parametrize(
    ("members", "name", "path"),
    [
        ({"Description": "x"}, "Description", "Description"),
        ({"subcategory": {"title": "x"}}, "title", "subcategory.title"),
        ({"customFields": [{"label": "x"}]}, "label", "customFields.label"),
    ],
)
def test_names_are_case_sensitive_and_checked_inside_members(api, members, name, path):
    text = api.refused("POST", CATALOG, members)["message"]
    assert text.startswith(f"Could not find member '{name}'")
    assert f"Path '{path}'" in text


@pytest.mark.parametrize(
    ("members", "start"),
    [
        ({"price": "abc"}, 'Error converting value "abc" to type \'System.Nullable`1[System.Dou'),
        ({"price": True}, 'Error converting value "true" to type'),
        ({"price": "1e999"}, "Error converting value"),
        ({"price": [1]}, "Error converting value"),
        ({"minStockLevel": Decimal("1.5")}, "Error converting value"),
        ({"minStockLevel": 2**31}, "Error converting value"),
        ({"taxableFlag": "yes"}, "Error converting value"),
        ({"identifier": {"a": 1}}, "Error converting value"),
        ({"subcategory": 5}, "Error converting value \"5\" to type 'SubcategoryReference'"),
        ({"subcategory": {"id": "x"}}, 'Error converting value "x" to type'),
        ({"productClass": "Licence"}, 'Error converting value "Licence" to type'),
        ({"customFields": "x"}, "Error converting value"),
        ({"_info": 1}, "Error converting value"),
        ([], "Error converting value"),
        (None, "Error converting value"),
    ],
)
def test_a_wrong_type_is_a_500(api, members, start):
    refusal = api.refused("POST", CATALOG, members, status=500)
    assert refusal["code"] == "ConnectWiseApi"
    assert refusal["message"].startswith(start)
    assert "errors" not in refusal


@pytest.mark.parametrize("body", ["", "{", '{"price": NaN}', "[" * 100_000, "'x'"])
def test_what_is_not_json_is_a_400(api, body):
    assert api.refused("POST", CATALOG, body)["code"] == "ConnectWiseApi"


def test_a_boolean_is_no_value_of_bill_customer(api):
    body = {"product": {"id": 101}, "billCustomer": True}
    text = api.refused("POST", "/finance/agreements/31/additions", body, status=500)["message"]
    assert text.startswith('Error converting value "true"')


def test_strings_and_numbers_are_coerced(api):
    item = api.post(
        CATALOG,
        new_product(
            identifier=12345,
            price="450",
            cost=" 1.50 ",
            minStockLevel="3",
            taxableFlag="True",
            recurringFlag=0,
            subcategory={"id": "1"},
        ),
    )
    assert item["identifier"] == "12345"
    assert (item["price"], item["cost"], item["minStockLevel"]) == (450, Decimal("1.50"), 3)
    assert (item["taxableFlag"], item["recurringFlag"]) == (True, False)
    assert item["subcategory"]["id"] == 1


def test_read_only_members_are_ignored(api):
    item = api.post(
        CATALOG,
        new_product(id=5, calculatedPrice=9, _info={"lastUpdated": "2001-01-01T00:00:00Z"}),
    )
    assert item["id"] != 5
    assert "calculatedPrice" not in item
    assert item["_info"]["lastUpdated"] > "2001-01-01T00:00:00Z"


def test_texts_of_every_script_come_back_unchanged(api):
    text = "é 日本 \U0001f600 عميل <b>=1+1</b> \"'\\ %*[x]"
    assert api.post(CATALOG, new_product(notes=text))["notes"] == text


def test_refusals_change_nothing(api):
    before = dict(api.table("catalog").records)
    api.refused("POST", CATALOG, new_product(price="x"), status=500)
    api.refused("POST", CATALOG, new_product(colour=1))
    api.refused("POST", CATALOG, new_product(description="x" * 61))
    assert api.table("catalog").records == before


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("2026-01-01"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.just("id"), inner, max_size=1),
    max_leaves=4,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(CATALOG_ITEM.fields)), JSON, max_size=4))
def test_any_json_is_read_or_refused(members):
    with suppress(ApiError):
        assert read_members(CATALOG_ITEM, members, "{}").keys() <= members.keys()


def test_numbers_of_a_body_are_exact():
    assert parse_body('{"price": 0.10}') == {"price": Decimal("0.10")}
