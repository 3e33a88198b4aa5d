"""Every request that the ConnectWise client can send is one that the vendor documents."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from decimal import Decimal

import httpx
import pytest
import simplejson

from core.clients.connectwise import ConnectWise, NewAddition
from core.clients.http import HttpLimits
from core.domain.models import ProductFields, ProductLookups, Reference
from core.sandbox.server import Sandbox
from core.settings import ConnectWiseSettings
from tests.sandbox.openapi_slice import MISSING, OpenApiSlice, find_document

DOCUMENT = find_document()
pytestmark = pytest.mark.skipif(DOCUMENT is None, reason=MISSING)


class Recorder(httpx.HTTPTransport):
    """Passes requests on to the sandbox and keeps them."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        return super().handle_request(request)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def client(sandbox: Sandbox, recorder: Recorder, impatient: HttpLimits) -> Iterator[ConnectWise]:
    settings = ConnectWiseSettings(**vars(sandbox.connectwise))
    with closing(ConnectWise(settings, impatient, recorder)) as opened:
        yield opened


def everything(lookups: ProductLookups) -> ProductFields:
    """A product with every field that a form has."""
    subcategory = lookups.subcategories[0]
    return ProductFields(
        identifier="All fields",
        description="All fields",
        customer_description="Every field of the form",
        category=subcategory.category,
        subcategory=Reference(subcategory.id, subcategory.name),
        type=lookups.types[0],
        unit_of_measure=lookups.units_of_measure[0],
        price=Decimal("12.50"),
        cost=Decimal("7.25"),
        taxable=True,
        recurring=True,
        recurring_bill_cycle=lookups.billing_cycles[0],
        manufacturer=lookups.manufacturers[0],
        manufacturer_part_number="part",
        vendor_sku="sku",
        notes="notes",
        integration_xref="xref",
    )


def use_everything(client: ConnectWise) -> None:
    client.check()
    client.list_catalog()
    for text in ("so", 'O"Brien', "it's", "694"):
        client.search_catalog(text)
    client.find_products_by_identifiers(["a", "b"])
    client.find_products_by_xref("CEMA-MSP")
    wanted = everything(client.lookups())
    created = client.create_product(wanted)
    client.get_product(created.id)
    changed = replace(wanted, description="Other", inactive=True, price=None, manufacturer=None)
    names = ("description", "inactive", "type", "cost", "subcategory")
    client.patch_product(created.id, {name: getattr(changed, name) for name in names})
    company = client.companies("a")[0]
    for agreement in client.agreements(company.id):
        client.additions(agreement.id)
    client.audit_trail("ProductCatalog", created.id)
    use_additions(client)


def use_additions(client: ConnectWise) -> None:
    client.all_companies()
    client.billing_cycles()
    agreements = client.all_agreements()
    client.agreements_by_id([agreement.id for agreement in agreements])
    agreement = next(each for each in agreements if each.prorate and each.bill_start_date)
    client.additions(agreement.id, brief=True)
    product = next(entry for entry in client.list_catalog() if entry.is_billable)
    added = client.create_addition(
        NewAddition(
            agreement_id=agreement.id,
            product_id=product.id,
            quantity=Decimal("2.5"),
            effective_date=agreement.bill_start_date or date.min,
        )
    )
    changes = {"quantity": Decimal(3), "cancelled_date": added.effective_date}
    client.patch_addition(agreement.id, added.id, changes)
    client.patch_addition(agreement.id, added.id, {"cancelled_date": None})


def test_every_request_follows_the_document(client: ConnectWise, recorder: Recorder) -> None:
    use_everything(client)
    assert DOCUMENT is not None
    document = OpenApiSlice(DOCUMENT)
    api = [request for request in recorder.requests if "/apis/3.0/" in request.url.path]
    assert {request.method for request in api} == {"GET", "POST", "PATCH"}
    for request in api:
        body = simplejson.loads(request.content) if request.content else None
        faults = document.request_errors(
            request.method, request.url.path, request.url.params, request.headers, body
        )
        assert faults == [], f"{request.method} {request.url}"
