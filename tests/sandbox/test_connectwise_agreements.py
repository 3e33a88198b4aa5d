"""Agreements and companies: computed status, required members, unique identifiers."""

from __future__ import annotations

from datetime import date

import pytest

from core.sandbox.connectwise_agreements import agreement_status

TODAY = date(2026, 3, 15)
AGREEMENTS = "/finance/agreements"
NEW = {"name": "New", "type": {"id": 1}, "company": {"id": 250}, "contact": {"id": 5250}}


@pytest.mark.parametrize(
    ("members", "status"),
    [
        ({}, "Active"),
        ({"startDate": "2026-03-15T00:00:00Z"}, "Active"),
        ({"startDate": "2026-03-16T00:00:00Z"}, "Inactive"),
        ({"endDate": "2026-03-15T00:00:00Z"}, "Active"),
        ({"endDate": "2026-03-14T00:00:00Z"}, "Expired"),
        ({"endDate": "2026-03-14T00:00:00Z", "noEndingDateFlag": True}, "Active"),
        ({"endDate": "2026-03-14T00:00:00Z", "cancelledFlag": True}, "Cancelled"),
        ({"startDate": "2026-03-16T00:00:00Z", "cancelledFlag": True}, "Cancelled"),
    ],
)
def test_status_by_dates_and_cancellation(members, status):
    assert agreement_status(members, TODAY) == status


def test_status_is_computed_at_each_reading_and_can_be_asked_for(api):
    found = api.get(AGREEMENTS, conditions='agreementStatus = "Active"', pageSize=1000)
    everyone = api.get(AGREEMENTS, pageSize=1000)
    assert found == [one for one in everyone if one["agreementStatus"] == "Active"]
    assert {one["agreementStatus"] for one in everyone} == {
        "Active",
        "Cancelled",
        "Expired",
        "Inactive",
    }
    first = found[0]
    changed = api.patch(f"{AGREEMENTS}/{first['id']}", cancelledFlag=True, agreementStatus="Active")
    assert changed["agreementStatus"] == "Cancelled"


def test_agreements_have_a_billing_cycle_and_a_currency(api):
    agreements = api.get(AGREEMENTS, pageSize=1000, fields="billingCycle,currency/currencyCode")
    cycles = {cycle["id"]: cycle for cycle in api.get("/finance/billingCycles")}
    options = {cycles[one["billingCycle"]["id"]]["billingOptions"] for one in agreements}
    assert options == {"Monthly", "Quarterly", "Yearly"}
    assert {one["currency"]["currencyCode"] for one in agreements} == {"EUR"}
    assert len(api.get(AGREEMENTS, conditions='currency/currencyCode = "EUR"', pageSize=1000)) == (
        len(agreements)
    )


def test_status_has_exact_names_only(api):
    response = api.call(
        "GET", AGREEMENTS, params={"conditions": 'agreementStatus not like "Canceled"'}
    )
    assert response.json() == {
        "code": "ApiFindCondition",
        "message": "Enum value supplied was invalid",
    }


def test_a_new_agreement_needs_four_members_and_gets_its_dates(api):
    assert [field for _, field in api.errors("POST", AGREEMENTS, {})] == [
        "name",
        "type",
        "company",
        "contact",
    ]
    created = api.post(AGREEMENTS, NEW)
    today = f"{api.world.today.isoformat()}T00:00:00Z"
    assert created["billStartDate"] == created["nextInvoiceDate"] == today
    assert created["agreementStatus"] == "Active"
    assert created["company"]["identifier"] == "BoulVermasse"


def test_put_asks_for_what_is_required_on_updates(api):
    created = api.post(AGREEMENTS, NEW)
    route = f"{AGREEMENTS}/{created['id']}"
    updates = {
        "employeeCompRate": "Actual",
        "invoicingCycle": "CalendarYear",
        "billTime": "NoDefault",
        "billExpenses": "NoDefault",
        "billProducts": "Billable",
    }
    assert {field for _, field in api.errors("PUT", route, NEW)} == updates.keys()
    assert api.put(route, NEW | updates)["billProducts"] == "Billable"


def test_an_agreement_with_additions_is_in_use(api):
    assert api.call("DELETE", f"{AGREEMENTS}/31").status_code == 409
    created = api.post(AGREEMENTS, NEW)
    assert api.call("DELETE", f"{AGREEMENTS}/{created['id']}").status_code == 204


def test_names_of_companies_show_in_agreements_as_they_are_now(api):
    api.patch("/company/companies/250", name="Renamed SARL")
    agreement = api.get(f"{AGREEMENTS}/31")
    assert agreement["company"]["name"] == "Renamed SARL"
    condition = 'company/name = "renamed sarl"'
    assert agreement["id"] in [one["id"] for one in api.get(AGREEMENTS, conditions=condition)]


def test_company_identifiers_are_unique_and_types_are_given_by_id(api):
    body = {"identifier": "boulvermasse", "name": "Twin"}
    assert api.errors("POST", "/company/companies", body) == [("ObjectExists", "identifier")]
    created = api.post("/company/companies", {"identifier": "x", "name": "X", "types": [1]})
    assert [kind["id"] for kind in created["types"]] == [1]
    unknown = {"identifier": "y", "name": "Y", "types": [{"id": 77}]}
    assert api.errors("POST", "/company/companies", unknown) == [("NotFound", "types/id")]
    assert api.call("DELETE", f"/company/companies/{created['id']}").status_code == 204


def test_a_company_links_to_its_agreements(api):
    info = api.get("/company/companies/250")["_info"]
    agreements = api.client.get(info["agreements_href"]).json()
    assert {one["company"]["id"] for one in agreements} == {250}
