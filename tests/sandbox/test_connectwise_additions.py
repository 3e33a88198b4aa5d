"""Additions: which are accepted from which day, what is computed, what follows the product."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from core.sandbox.connectwise_additions import ALREADY_INVOICED, BEFORE_BILL_START
from tests.sandbox.connectwise_api import Api, new_product, operations

CATALOG = "/procurement/catalog"


def at(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"


class Contract:
    """An agreement billed from 60 days ago, invoiced up to 10 days ago, and a product for it."""

    def __init__(self, api: Api, **members: object) -> None:
        self.api = api
        self.today = api.world.today
        self.bill_start = self.today - timedelta(days=60)
        self.next_invoice = self.today - timedelta(days=10)
        agreement = {
            "name": "Test",
            "type": {"id": 1},
            "company": {"id": 250},
            "contact": {"id": 5250},
            "startDate": at(self.bill_start),
            "billStartDate": at(self.bill_start),
            "nextInvoiceDate": at(self.next_invoice),
            **members,
        }
        self.agreement = api.post("/finance/agreements", agreement)
        self.product = api.post(
            CATALOG,
            new_product(price=Decimal("22.00"), cost=Decimal("17.60"), taxableFlag=True),
        )
        self.route = f"/finance/agreements/{self.agreement['id']}/additions"

    def body(self, **members: object) -> dict[str, object]:
        return {"product": {"id": self.product["id"]}, "billCustomer": "Billable", **members}

    def add(self, **members: object):
        return self.api.post(self.route, self.body(**members))


@pytest.fixture
def contract(api: Api) -> Contract:
    return Contract(api)


def test_the_smallest_request_is_completed_from_the_product(contract):
    added = contract.add(quantity=3)
    assert added["product"]["identifier"] == "NEW-1"
    assert added["unitPrice"] == Decimal("22.00")
    assert added["unitCost"] == Decimal("17.60")
    assert added["taxableFlag"] is True
    assert added["description"] == "New"
    assert added["invoiceDescription"] == "New product"
    assert added["uom"] == "Each"
    assert added["effectiveDate"] == at(contract.today)
    assert "cancelledDate" not in added
    assert added["agreementId"] == contract.agreement["id"]
    assert contract.api.get(contract.route) == [added]
    assert contract.api.get(f"{contract.route}/count") == {"count": 1}


def test_amounts_are_computed_from_the_whole_quantity(contract):
    added = contract.add(quantity=12, lessIncluded=5, unitPrice=Decimal("22.5"))
    assert added["billedQuantity"] == 7
    assert added["extPrice"] == Decimal("270.0")
    assert added["extCost"] == Decimal("211.20")
    assert added["margin"] == Decimal("58.80")
    changed = contract.api.patch(f"{contract.route}/{added['id']}", quantity=110, extPrice=1)
    assert changed["extPrice"] == 2475
    assert changed["effectiveDate"] == added["effectiveDate"]


def test_product_and_bill_customer_are_required(contract):
    assert contract.api.errors("POST", contract.route, {"quantity": 1}) == [
        ("MissingRequiredField", "product"),
        ("MissingRequiredField", "billCustomer"),
    ]


@pytest.mark.parametrize("value", ["Billable", "DoNotBill", "NoCharge"])
def test_bill_customer_is_one_of_three_texts(contract, value):
    added = contract.add(billCustomer=value)
    assert added["billCustomer"] == value
    # No charge is decided on the invoice, so the amounts stay.
    assert added["extPrice"] == 22


def test_the_product_may_be_named_by_its_identifier(contract):
    body = contract.body(product={"identifier": "new-1"})
    assert contract.api.post(contract.route, body)["product"]["id"] == contract.product["id"]
    body = contract.body(product={"identifier": "nope"})
    assert contract.api.errors("POST", contract.route, body) == [("NotFound", "product/identifier")]


def test_a_bundle_is_refused(contract):
    bundle = contract.api.post(CATALOG, new_product(identifier="B", productClass="Bundle"))
    body = contract.body(product={"id": bundle["id"]})
    assert contract.api.errors("POST", contract.route, body) == [("InvalidField", "product/id")]
    added = contract.add()
    change = operations({"product": {"id": bundle["id"]}})
    route = f"{contract.route}/{added['id']}"
    assert contract.api.errors("PATCH", route, change) == [("InvalidField", "product/id")]


def test_several_additions_of_one_product_are_allowed(contract):
    first, second = contract.add(), contract.add()
    assert first["product"]["id"] == second["product"]["id"]
    assert first["id"] != second["id"]
    assert second["sequenceNumber"] == first["sequenceNumber"] + 1


def test_nothing_starts_before_billing_starts(contract):
    day = contract.bill_start - timedelta(days=1)
    refusal = contract.api.refused(
        "POST", contract.route, contract.body(effectiveDate=day.isoformat())
    )
    assert refusal["message"] == "addition object is invalid"
    assert [(e["message"], e["field"]) for e in refusal["errors"]] == [
        (BEFORE_BILL_START, "effectiveDate")
    ]
    assert BEFORE_BILL_START == (
        "effectiveDate cannot be less than the agreement billing start date"
    )


def test_nothing_starts_in_an_invoiced_period_of_an_agreement_that_does_not_prorate(contract):
    day = contract.next_invoice - timedelta(days=1)
    for given in (at(day), at(contract.bill_start)):
        refusal = contract.api.refused("POST", contract.route, contract.body(effectiveDate=given))
        assert [e["message"] for e in refusal["errors"]] == [ALREADY_INVOICED]
    accepted = contract.add(effectiveDate=at(contract.next_invoice))
    assert accepted["effectiveDate"] == at(contract.next_invoice)


def test_an_agreement_that_prorates_takes_any_day_from_the_start_of_billing(api):
    contract = Contract(api, prorateFlag=True)
    added = contract.add(effectiveDate=at(contract.bill_start))
    assert added["effectiveDate"] == at(contract.bill_start)
    early = contract.body(effectiveDate=at(contract.bill_start - timedelta(days=1)))
    assert api.errors("POST", contract.route, early) == [("InvalidField", "effectiveDate")]


def test_the_known_way_round_an_invoiced_period_works(contract):
    api, route = contract.api, f"/finance/agreements/{contract.agreement['id']}"
    body = contract.body(effectiveDate=at(contract.bill_start))
    api.refused("POST", contract.route, body)
    api.patch(route, prorateFlag=True)
    added = api.post(contract.route, body)
    api.patch(route, prorateFlag=False)
    # A change that leaves the day alone is not held against the day.
    assert api.patch(f"{contract.route}/{added['id']}", quantity=9)["quantity"] == 9
    change = operations({"effectiveDate": at(contract.bill_start + timedelta(days=1))})
    assert api.errors("PATCH", f"{contract.route}/{added['id']}", change) == [
        ("InvalidField", "effectiveDate")
    ]


def test_the_default_day_is_the_start_of_billing_where_that_is_later(api):
    start = api.world.today + timedelta(days=20)
    contract = Contract(
        api, startDate=at(start), billStartDate=at(start), nextInvoiceDate=at(start)
    )
    assert contract.add()["effectiveDate"] == at(start)


def test_dates_are_kept_at_midnight_and_cleared_by_null(contract):
    day = contract.today
    added = contract.add(effectiveDate=f"{day}T22:30:00+02:00", cancelledDate=str(day))
    assert added["effectiveDate"] == at(day)
    assert added["cancelledDate"] == at(day)
    route = f"{contract.route}/{added['id']}"
    assert contract.api.get(contract.route, conditions="cancelledDate = null") == []
    assert "cancelledDate" not in contract.api.patch(route, cancelledDate=None)


def test_the_identifier_of_the_product_follows_a_rename(contract):
    added = contract.add()
    contract.api.patch(f"{CATALOG}/{contract.product['id']}", identifier="RENAMED")
    again = contract.api.get(f"{contract.route}/{added['id']}")
    assert again["product"]["identifier"] == "RENAMED"
    assert again["description"] == added["description"]
    condition = 'product/identifier = "renamed"'
    assert contract.api.get(contract.route, conditions=condition) == [again]


def test_the_status_of_the_agreement_shows_on_its_additions(contract):
    added = contract.add()
    assert added["agreementStatus"] == "Active"
    contract.api.patch(f"/finance/agreements/{contract.agreement['id']}", cancelledFlag=True)
    again = contract.api.get(f"{contract.route}/{added['id']}")
    assert again["agreementStatus"] == "Cancelled"


def test_additions_belong_to_one_agreement(contract):
    added = contract.add()
    elsewhere = f"/finance/agreements/31/additions/{added['id']}"
    for method in ("GET", "DELETE"):
        assert contract.api.call(method, elsewhere).status_code == 404
    assert contract.api.refused("PATCH", elsewhere, [], status=404)
    assert contract.api.refused(
        "POST", "/finance/agreements/99999/additions", contract.body(), status=404
    )


def test_put_and_delete(contract):
    added = contract.add(quantity=5, serialNumber="owner", invoiceDescription="Mine")
    route = f"{contract.route}/{added['id']}"
    replaced = contract.api.put(route, contract.body(quantity=6))
    assert replaced["quantity"] == 6
    assert replaced["serialNumber"] == ""
    assert replaced["agreementId"] == contract.agreement["id"]
    assert contract.api.call("DELETE", route).status_code == 204
    assert contract.api.call("GET", route).status_code == 404


@pytest.mark.parametrize(("name", "limit"), [("serialNumber", 50), ("invoiceDescription", 6000)])
def test_text_limits(contract, name, limit):
    assert contract.add(**{name: "x" * limit})[name] == "x" * limit
    body = contract.body(**{name: "x" * (limit + 1)})
    assert contract.api.errors("POST", contract.route, body) == [("MaxLengthField", name)]


def test_quantities_are_exact(contract):
    assert contract.add(quantity=Decimal("0.1"), unitPrice=Decimal("0.2"))["extPrice"] == Decimal(
        "0.02"
    )
