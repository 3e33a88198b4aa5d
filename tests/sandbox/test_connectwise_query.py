"""Conditions, order and fields over HTTP; the language itself is tested with its parser."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.sandbox.connectwise_api import Api, new_product

CATALOG = "/procurement/catalog"


def identifiers(api: Api, **params: object) -> list[str]:
    return [item["identifier"] for item in api.get(CATALOG, pageSize=1000, **params)]


@pytest.fixture
def three(api: Api) -> Api:
    """Three products to be found, among the demo catalog."""
    api.post(CATALOG, new_product(identifier="Q-1", price=Decimal("10.50"), vendorSku="a"))
    api.post(CATALOG, new_product(identifier="Q-2", price=2, taxableFlag=True, vendorSku="B"))
    api.post(CATALOG, new_product(identifier="Q-3", price=Decimal("10.5"), manufacturer={"id": 1}))
    return api


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ('identifier like "Q-*"', ["Q-1", "Q-2", "Q-3"]),
        ('identifier like "q-%" and price = 10.5', ["Q-1", "Q-3"]),
        ('identifier like "Q-*" and taxableFlag = true', ["Q-2"]),
        ("identifier in ('Q-1', 'q-3')", ["Q-1", "Q-3"]),
        ('identifier like "Q-*" and manufacturer/id = 1', ["Q-3"]),
        ('identifier like "Q-*" and manufacturer = null', ["Q-1", "Q-2"]),
        ('identifier like "Q-*" and category/name = "hardware"', ["Q-1", "Q-2", "Q-3"]),
        ('identifier like "Q-*" and productClass = "NonInventory"', ["Q-1", "Q-2", "Q-3"]),
        ('identifier like "Q-*" and lastUpdated < [2020-01-01]', []),
        ('updatedBy = "apimember" and identifier like "Q-*"', ["Q-1", "Q-2", "Q-3"]),
    ],
)
def test_conditions_find_what_they_say(three, condition, wanted):
    assert identifiers(three, conditions=condition) == wanted
    assert three.get(f"{CATALOG}/count", conditions=condition) == {"count": len(wanted)}


def test_parameter_names_are_not_case_sensitive(three):
    assert identifiers(three, CONDITIONS='identifier like "Q-*"', OrderBy="identifier desc") == [
        "Q-3",
        "Q-2",
        "Q-1",
    ]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("conditions", "_info/lastUpdated > [2020-01-01]", "is not a recognized name."),
        ("conditions", "customFields/value = 1", "customFields/value is not a recognized name."),
        ("conditions", 'productClass = "Licence"', "Enum value supplied was invalid"),
        ("conditions", "identifier = Q-1", "could not be understood"),
        ("childConditions", 'identifier = "Q-1"', "identifier is not a recognized name."),
        ("customFieldConditions", 'identifier = "Q-1"', "identifier is not a recognized name."),
        ("orderBy", "nothing asc", "nothing asc is not a recognized name."),
        ("orderBy", "identifier upwards", "is not a recognized name."),
    ],
)
def test_a_query_that_is_not_understood_is_refused(api, name, text, message):
    response = api.call("GET", CATALOG, params={name: text})
    assert response.status_code == 400
    assert response.json()["code"] == "ApiFindCondition"
    assert message in response.json()["message"]
    assert "errors" not in response.json()


def test_child_and_custom_field_conditions(three):
    product = three.get(CATALOG, conditions='identifier="Q-1"')[0]
    fields = [{"id": 7, "caption": "Owner", "value": "Ada"}, {"id": 8, "caption": "Empty"}]
    three.patch(f"{CATALOG}/{product['id']}", customFields=fields)
    by_custom_field = {"customFieldConditions": 'caption="Owner" and value="ada"'}
    assert identifiers(three, **by_custom_field) == ["Q-1"]
    assert identifiers(three, childConditions='customFields/caption = "Empty"') == ["Q-1"]
    assert identifiers(three, customFieldConditions='caption="Empty" and value != null') == []
    vendors = three.get("/company/companies", childConditions='types/name="Vendor"', pageSize=1000)
    everyone = three.get("/company/companies", pageSize=1000)
    assert vendors == [
        company
        for company in everyone
        if any(kind["name"] == "Vendor" for kind in company["types"])
    ]


def test_order_by_several_names_with_missing_values_first(three):
    like = 'identifier like "Q-*"'
    assert identifiers(three, conditions=like, orderBy="price desc, identifier desc") == [
        "Q-3",
        "Q-1",
        "Q-2",
    ]
    assert identifiers(three, conditions=like, orderBy="manufacturer/name asc, vendorSku") == [
        "Q-1",
        "Q-2",
        "Q-3",
    ]
    newest = three.get(CATALOG, orderBy="id desc", pageSize=1, fields="identifier")
    assert newest == [{"identifier": "Q-3"}]
    by_date = three.get(CATALOG, orderBy="lastUpdated asc", pageSize=1000)
    stamps = [item["_info"]["lastUpdated"] for item in by_date]
    assert stamps == sorted(stamps)


def test_fields_select_members_and_unknown_names_are_ignored(api):
    fields = "id,subcategory/name,Identifier,nothing,company/nothing"
    item = api.get(f"{CATALOG}/101", fields=fields)
    assert item.keys() == {"id", "subcategory", "identifier"}
    assert item["subcategory"] == {"name": "Installation"}
    assert api.get(f"{CATALOG}/101", fields="nothing") == {}


def test_info_is_left_out_by_fields_unless_it_is_asked_for(api):
    assert "_info" in api.get(f"{CATALOG}/101")
    assert "_info" not in api.get(f"{CATALOG}/101", fields="id")
    asked = api.get(CATALOG, fields="id,_info", pageSize=1)[0]
    assert asked["_info"].keys() == {"lastUpdated", "updatedBy"}
    assert api.get(f"{CATALOG}/101", fields="_info/updatedBy")["_info"].keys() == {"updatedBy"}


def test_fields_reach_into_arrays_and_work_on_writes(api):
    company = api.get("/company/companies/250", fields="types/name")
    assert company == {"types": [{"name": "Client"}]}
    created = api.post(CATALOG, new_product(), fields="identifier,category/name")
    assert created == {"identifier": "NEW-1", "category": {"name": "Hardware"}}


def test_answers_have_no_nulls_but_keep_empty_texts_zeros_and_false(api):
    item = api.post(CATALOG, new_product(notes=None, manufacturer=None))
    assert None not in item.values()
    assert "manufacturer" not in item
    assert item["vendorSku"] == ""
    assert item["price"] == 0
    assert item["taxableFlag"] is False


def test_references_carry_hrefs_of_the_codebase_that_was_called(api):
    item = api.get(f"{CATALOG}/101")
    href = item["subcategory"]["_info"]["subcategory_href"]
    assert href == f"{api.root}/procurement/subcategories/{item['subcategory']['id']}"
    assert api.client.get(href).json()["name"] == item["subcategory"]["name"]


def test_decimals_come_back_exactly_as_they_were_given(api):
    created = api.post(
        CATALOG, new_product(price=Decimal("0.10"), cost=Decimal("12345678901234.5678"))
    )
    response = api.call("GET", f"{CATALOG}/{created['id']}")
    assert '"price":0.10,' in response.text
    assert '"cost":12345678901234.5678,' in response.text
