from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import httpx
import pytest

from core.clients.connectwise import ConnectWise, IdentifierChangedError
from core.domain.models import (
    AgreementStatus,
    BillCustomer,
    BillingCycle,
    BillingOption,
    CatalogEntry,
    Company,
    ProductClass,
    ProductFields,
    RecurringCycleType,
    Reference,
    SubCategory,
)
from core.errors import (
    AccessError,
    InputError,
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
    UnexpectedAnswerError,
)

Answering = Callable[..., httpx.Response]
BASE = "/v2026_4/apis/3.0"
END = {"Link": ""}


def item(number: int = 227, **changes: object) -> dict[str, object]:
    record: dict[str, object] = {
        "id": number,
        "identifier": "SOPHOS-XDR",
        "description": "Sophos XDR",
        "inactiveFlag": False,
        "subcategory": {"id": 14, "name": "Cloud", "_info": {}},
        "type": {"id": 4, "name": "Software"},
        "productClass": "Agreement",
        "unitOfMeasure": {"id": 1, "name": "Each"},
        "price": Decimal("22.00"),
        "cost": Decimal("17.60"),
        "taxableFlag": True,
        "customerDescription": "Sophos XDR, per user",
        "manufacturer": {"id": 3, "name": "Sophos"},
        "manufacturerPartNumber": "PART",
        "vendorSku": "",
        "integrationXRef": "XDR-MSP",
        "recurringFlag": True,
        "recurringBillCycle": {"id": 2, "name": "Monthly"},
        "recurringCycleType": "CalendarYear",
        "category": {"id": 5, "name": "Software"},
        "_info": {"lastUpdated": "2026-02-11T08:00:01Z", "updatedBy": "admin1"},
    }
    return {**record, **changes}


def product() -> ProductFields:
    return ProductFields(
        identifier="SOPHOS-XDR",
        description="Sophos XDR",
        customer_description="Sophos XDR, per user",
        subcategory=Reference(14, "Cloud"),
        type=Reference(4, "Software"),
        price=Decimal("22"),
    )


def conditions(server, position: int = -1) -> str:
    return server.query(position).get("conditions", "")


# ---------------------------------------------------------------- catalog


def test_the_whole_catalog_by_id_with_progress(
    connectwise: ConnectWise, server, answer: Answering
) -> None:
    server.plan(
        answer([item(12), item(7)], headers={"Link": '<https://x/?pageId=12>; rel="next"'}),
        answer([item(12), item(30, productClass=None, category=None)], headers=END),
    )
    seen: list[int] = []
    entries = connectwise.list_catalog(seen.append)
    assert [entry.id for entry in entries] == [7, 12, 30]
    assert seen == [2, 3]
    assert entries[0] == CatalogEntry(
        id=7,
        identifier="SOPHOS-XDR",
        description="Sophos XDR",
        category="Software",
        subcategory="Cloud",
        type="Software",
        product_class=ProductClass.AGREEMENT,
        unit_of_measure="Each",
        price=Decimal("22.00"),
        cost=Decimal("17.60"),
        inactive=False,
        integration_xref="XDR-MSP",
        last_updated=datetime(2026, 2, 11, 8, 0, 1, tzinfo=UTC),
    )
    assert entries[2].product_class is ProductClass.NON_INVENTORY
    assert server.query(0)["pageSize"] == "1000"
    assert server.query(0)["fields"].startswith("id,identifier,description,category/name")


def test_a_class_that_is_not_known_is_kept_as_sent_and_cannot_be_billed(
    connectwise: ConnectWise, server, answer: Answering
) -> None:
    server.plan(answer([item(7), item(9, productClass="Subscription")], headers=END))
    usual, odd = connectwise.list_catalog()
    assert (usual.product_class, usual.is_billable) == (ProductClass.AGREEMENT, True)
    assert (odd.product_class, odd.is_billable) == ("Subscription", False)


def test_one_product_in_full(connectwise: ConnectWise, server, answer: Answering) -> None:
    server.plan(answer(item()))
    found = connectwise.get_product(227)
    assert server.paths() == [f"{BASE}/procurement/catalog/227"]
    assert found.subcategory == Reference(14, "Cloud")
    assert found.category == Reference(5, "Software")
    assert found.recurring_cycle_type is RecurringCycleType.CALENDAR_YEAR
    assert found.recurring_bill_cycle == Reference(2, "Monthly")
    assert found.price == Decimal("22.00")
    assert found.taxable
    assert found.updated_by == "admin1"
    assert found.notes == ""
    assert found.last_updated == datetime(2026, 2, 11, 8, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "value"),
    [("price", "22"), ("identifier", None), ("subcategory", 14), ("taxableFlag", "yes")],
)
def test_a_product_with_a_field_of_another_type(
    field: str, value: object, connectwise: ConnectWise, server, answer: Answering
) -> None:
    server.plan(answer(item(**{field: value})))
    with pytest.raises(UnexpectedAnswerError, match=field):
        connectwise.get_product(227)


# ---------------------------------------------------------------- search


def test_search_by_text_in_identifier_or_description(
    connectwise: ConnectWise, server, answer: Answering
) -> None:
    server.plan(answer([item()], headers=END))
    assert [entry.id for entry in connectwise.search_catalog("  intercept   x ")] == [227]
    assert conditions(server) == (
        '(identifier contains "intercept x" or description contains "intercept x")'
    )


def test_search_by_a_number_is_by_id_too(
    connectwise: ConnectWise, server, answer: Answering
) -> None:
    server.plan(answer([item()], headers=END), answer([item(5)], headers=END))
    connectwise.search_catalog("227")
    assert conditions(server).startswith("(id=227 or (identifier contains")
    assert [entry.id for entry in connectwise.search_catalog("5")] == [5]
    assert conditions(server) == "id=5"


@pytest.mark.parametrize("text", ["", " ", "x", "*"])
def test_a_search_needs_two_characters(text: str, connectwise: ConnectWise, server) -> None:
    with pytest.raises(InputError):
        connectwise.search_catalog(text)
    assert server.requests == []


@pytest.mark.parametrize(
    ("text", "matching", "other"),
    [
        ("24\" 5'", "Screen 24\" 5' wide", 'Screen 24" wide'),
        ("100%", "Cover 100% now", "Cover 100 now"),
        ("a*b", "see A*B", "see axb"),
        ("[kit]", "The [Kit]", "The k"),
        ("x_y", "X_Y", "x-y"),
        ("%%", "50%% off", "50% off"),
    ],
)
def test_wildcards_and_quotes_count_as_themselves(
    text: str, matching: str, other: str, connectwise: ConnectWise, server, answer: Answering
) -> None:
    server.plan(
        answer(
            [item(1, description=other), item(2, description=matching), item(3, identifier=text)],
            headers=END,
        )
    )
    assert [entry.id for entry in connectwise.search_catalog(text)] == [2, 3]


def test_a_search_reads_no_more_pages_than_it_needs(
    connectwise: ConnectWise, server, answer: Answering
) -> None:
    more = {"Link": '<https://x/?pageId=2>; rel="next"'}
    server.plan(answer([item(1), item(2)], headers=more))
    assert [entry.id for entry in connectwise.search_catalog("xdr", limit=2)] == [1, 2]
    assert server.query()["pageSize"] == "2"


@pytest.mark.parametrize(
    "text", ["שלום " * 1000, "🧾" * 3000, "<b>x</b>", "=HYPERLINK(1)", "a" * 6000]
)
def test_any_text_can_be_searched_for(
    text: str, connectwise: ConnectWise, server, answer: Answering
) -> None:
    server.plan(answer([item()], headers=END))
    connectwise.search_catalog(text)
    assert len(str(server.requests[0].url)) <= 2000


def test_products_by_identifier_exact_spelling_first(
    connectwise: ConnectWise, server, answer: Answering
) -> None:
    server.plan(
        answer(
            [item(1, identifier="sophos-xdr"), item(2), item(3, identifier="SOPHOS-XDR2")],
            headers=END,
        )
    )
    found = connectwise.find_products_by_identifier("SOPHOS-XDR")
    assert [entry.id for entry in found] == [2, 1]
    assert conditions(server) == 'identifier="SOPHOS-XDR"'


def test_many_identifiers_in_short_addresses(
    connectwise: ConnectWise, server, answer: Answering
) -> None:
    wanted = [f"Sophos product “{number}”" for number in range(120)]
    asked: list[str] = []

    def find(request: httpx.Request) -> httpx.Response:
        assert len(str(request.url)) <= 2000
        text = request.url.params["conditions"]
        named = [part.removeprefix('identifier="').rstrip('"') for part in text.split(" or ")]
        asked.extend(named)
        return answer([item(int(name[16:-1]) + 1, identifier=name) for name in named], headers=END)

    server.always["/procurement/catalog"] = find
    found = connectwise.find_products_by_identifiers([*wanted, wanted[0], " "])
    assert [entry.identifier for entry in found] == wanted
    assert sorted(asked) == sorted(wanted)


def test_products_by_cross_reference(connectwise: ConnectWise, server, answer: Answering) -> None:
    server.plan(answer([item()], headers=END))
    assert [entry.id for entry in connectwise.find_products_by_xref("XDR-MSP")] == [227]
    assert conditions(server) == 'integrationXRef="XDR-MSP"'


# ---------------------------------------------------------------- create and change


def test_create_sends_the_product_once(connectwise: ConnectWise, server, answer: Answering) -> None:
    server.plan(answer(item(), 201))
    assert connectwise.create_product(product()).id == 227
    assert server.requests[0].method == "POST"
    assert server.sent()["subcategory"] == {"id": 14}
    assert server.sent()["price"] == 22


def test_a_copy_under_another_identifier_is_noticed(
    connectwise: ConnectWise, server, answer: Answering
) -> None:
    server.plan(answer(item(900, identifier="SOPHOS-XDR-Copy0"), 201))
    with pytest.raises(IdentifierChangedError, match="SOPHOS-XDR-Copy0") as caught:
        connectwise.create_product(product())
    assert caught.value.created.id == 900


@pytest.mark.parametrize("case", ["timeout", "reset", "502", "truncated", "html", "no id"])
def test_a_creation_without_a_usable_answer_is_unknown_and_not_repeated(
    case: str, connectwise: ConnectWise, server, answer: Answering
) -> None:
    steps = {
        "timeout": httpx.ReadTimeout("slow"),
        "reset": httpx.ReadError("reset"),
        "502": answer(text="Bad gateway", status=502),
        "truncated": answer(text='{"id": 900, "iden', status=201),
        "html": answer(text="<html>", status=200),
        "no id": answer({"identifier": "SOPHOS-XDR"}, 201),
    }
    server.plan(steps[case])
    with pytest.raises(OutcomeUnknownError):
        connectwise.create_product(product())
    assert len(server.requests) == 1


def test_a_refused_creation_lands_at_our_fields(
    connectwise: ConnectWise, server, answer: Answering
) -> None:
    errors = [{"code": "ObjectExists", "message": "Taken", "field": "identifier"}]
    server.plan(answer({"code": "InvalidObject", "message": "invalid", "errors": errors}, 400))
    with pytest.raises(RefusedError) as caught:
        connectwise.create_product(product())
    assert [problem.field for problem in caught.value.problems] == ["identifier"]


def test_a_patch_is_bare_names_and_is_verified(
    connectwise: ConnectWise, server, answer: Answering
) -> None:
    server.plan(answer(item(price=Decimal("25.000000"), notes="two lines")))
    changes = {"price": Decimal("25.00"), "notes": "two\r\nlines", "type": Reference(4, "Any")}
    assert connectwise.patch_product(227, changes).price == Decimal("25")
    assert server.requests[0].method == "PATCH"
    assert server.sent() == [
        {"op": "replace", "path": "price", "value": Decimal("25.00")},
        {"op": "replace", "path": "notes", "value": "two\r\nlines"},
        {"op": "replace", "path": "type", "value": {"id": 4}},
    ]


def test_a_patch_that_did_nothing_is_an_error_naming_the_fields(
    connectwise: ConnectWise, server, answer: Answering
) -> None:
    server.plan(answer(item()))
    with pytest.raises(RefusedError) as caught:
        connectwise.patch_product(227, {"price": Decimal(1), "description": "x", "taxable": True})
    assert [problem.field for problem in caught.value.problems] == ["price", "description"]


def test_a_patch_without_a_usable_answer_is_unknown(
    connectwise: ConnectWise, server, answer: Answering
) -> None:
    server.plan(httpx.Response(204))
    with pytest.raises(OutcomeUnknownError):
        connectwise.patch_product(227, {"price": Decimal(1)})


def test_a_patch_of_nothing_reads(connectwise: ConnectWise, server, answer: Answering) -> None:
    server.plan(answer(item()))
    connectwise.patch_product(227, {})
    assert server.requests[0].method == "GET"


def test_a_patch_of_a_deleted_product(connectwise: ConnectWise, server, answer: Answering) -> None:
    server.plan(answer({"message": "gone"}, 404), answer([{"id": 1}]))
    with pytest.raises(NotFoundError):
        connectwise.patch_product(227, {"price": Decimal(1)})


# ---------------------------------------------------------------- lists


def test_lookups_are_active_and_by_name(
    connectwise: ConnectWise, server, answer: Answering
) -> None:
    def table(*records: dict[str, object]) -> Callable[[httpx.Request], httpx.Response]:
        return lambda _: answer(list(records), headers=END)

    off = {"id": 9, "name": "Old", "inactiveFlag": True}
    category = {"id": 5, "name": "Software"}
    server.always.update(
        {
            "/procurement/categories": table({"id": 2, "name": "beta"}, {"id": 1, "name": "Alpha"}),
            "/procurement/subcategories/": table(
                {"id": 3, "name": "Cloud", "category": category}, {**off, "category": category}
            ),
            "/procurement/types": table({"id": 4, "name": "Software", "inactiveFlag": False}, off),
            "/procurement/unitOfMeasures": table({"id": 1, "name": "Each"}),
            "/procurement/manufacturers": table(),
            "/finance/billingCycles": table(
                {"id": 2, "name": "Monthly", "identifier": "M", "billingOptions": "Monthly"}
            ),
        }
    )
    found = connectwise.lookups()
    assert found.categories == (Reference(1, "Alpha"), Reference(2, "beta"))
    assert found.subcategories == (SubCategory(3, "Cloud", Reference(5, "Software")),)
    assert found.types == (Reference(4, "Software"),)
    assert found.units_of_measure == (Reference(1, "Each"),)
    assert found.manufacturers == ()
    assert found.billing_cycles == (Reference(2, "Monthly"),)


def test_companies_without_deleted_ones(
    connectwise: ConnectWise, server, answer: Answering
) -> None:
    records = [
        {"id": 2, "identifier": "ACME", "name": "Acme O'Neil", "status": {"id": 1, "name": "Act"}},
        {"id": 3, "identifier": "GONE", "name": "Acme gone", "deletedFlag": True},
        {"id": 4, "identifier": "OTHER", "name": "Other"},
    ]
    server.plan(answer(records, headers=END))
    assert connectwise.companies("o'neil") == [
        Company(id=2, identifier="ACME", name="Acme O'Neil", status="Act")
    ]
    assert conditions(server) == (
        'deletedFlag=false and (name contains "o\'neil" or identifier contains "o\'neil")'
    )


AGREEMENT = {
    "id": 3,
    "name": "Managed services",
    "type": {"id": 31, "name": "Managed"},
    "company": {"id": 250, "identifier": "ACME", "name": "Acme"},
    "agreementStatus": "Active",
    "startDate": "2024-05-17T00:00:00Z",
    "billStartDate": "2024-06-01T00:00:00Z",
    "nextInvoiceDate": "2026-12-01",
    "prorateFlag": True,
    "billingCycle": {"id": 2, "name": "Monthly"},
    "currency": {"id": 7, "symbol": "€", "currencyCode": "EUR", "name": "Euro"},
}


def test_agreements_of_a_company(connectwise: ConnectWise, server, answer: Answering) -> None:
    other = {**AGREEMENT, "id": 4, "company": {"id": 251, "name": "Other"}}
    server.plan(answer([AGREEMENT, other], headers=END))
    [agreement] = connectwise.agreements(250)
    assert agreement.status is AgreementStatus.ACTIVE
    assert agreement.bill_start_date == date(2024, 6, 1)
    assert agreement.next_invoice_date == date(2026, 12, 1)
    assert agreement.end_date is None
    assert agreement.prorate
    assert (agreement.billing_cycle_id, agreement.currency) == (2, "EUR")
    assert conditions(server) == "company/id=250"


@pytest.mark.parametrize(
    "absent",
    [
        {"billingCycle": None, "currency": None},
        {"billingCycle": {"id": None, "name": ""}, "currency": {"id": 7, "currencyCode": None}},
        {"billingCycle": {}, "currency": {"currencyCode": ""}},
    ],
)
def test_an_agreement_without_billing_cycle_and_currency(
    absent: dict[str, object], connectwise: ConnectWise, server, answer: Answering
) -> None:
    server.plan(answer([{**AGREEMENT, **absent}], headers=END))
    [agreement] = connectwise.all_agreements()
    assert (agreement.billing_cycle_id, agreement.currency) == (None, None)
    asked = server.query()["fields"].split(",")
    assert {"billingCycle/id", "currency/currencyCode"} <= set(asked)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"billingCycle": 2}, "agreement 3: billingCycle"),
        ({"billingCycle": {"id": "2"}}, "agreement 3: billingCycle: id"),
        ({"currency": "EUR"}, "agreement 3: currency"),
        ({"currency": {"currencyCode": 978}}, "agreement 3: currency: currencyCode"),
    ],
)
def test_billing_of_another_type_is_named(
    changed: dict[str, object],
    named: str,
    connectwise: ConnectWise,
    server,
    answer: Answering,
) -> None:
    server.plan(answer([{**AGREEMENT, **changed}], headers=END))
    with pytest.raises(UnexpectedAnswerError, match=named):
        connectwise.all_agreements()


def test_billing_cycles_with_their_options(
    connectwise: ConnectWise, server, answer: Answering
) -> None:
    cycles = [
        {"id": 5, "name": "Yearly", "billingOptions": "Yearly"},
        {"id": 2, "name": "Monthly", "billingOptions": "Monthly"},
        {"id": 8, "name": "Every three years", "billingOptions": "Triennial"},
        {"id": 9, "billingOptions": None},
    ]
    server.plan(answer(cycles, headers=END))
    assert connectwise.billing_cycles() == [
        BillingCycle(2, "Monthly", BillingOption.MONTHLY),
        BillingCycle(5, "Yearly", BillingOption.YEARLY),
        BillingCycle(8, "Every three years", None),
        BillingCycle(9, "", None),
    ]
    assert server.paths() == [f"{BASE}/finance/billingCycles"]
    assert server.query()["fields"] == "id,name,billingOptions"


@pytest.mark.parametrize("changed", [{"billingOptions": 12}, {"name": 1}, {"id": "2"}])
def test_a_billing_cycle_of_another_type_is_named(
    changed: dict[str, object], connectwise: ConnectWise, server, answer: Answering
) -> None:
    cycle = {"id": 2, "name": "Monthly", "billingOptions": "Monthly", **changed}
    server.plan(answer([cycle], headers=END))
    with pytest.raises(UnexpectedAnswerError, match=next(iter(changed))):
        connectwise.billing_cycles()


@pytest.mark.parametrize("status", ["Paused", None, 5])
def test_an_agreement_whose_status_is_not_known(
    status: object, connectwise: ConnectWise, server, answer: Answering
) -> None:
    server.plan(answer([{**AGREEMENT, "agreementStatus": status}], headers=END))
    with pytest.raises(UnexpectedAnswerError, match="agreement 3: agreementStatus"):
        connectwise.agreements(250)


ADDITION = {
    "id": 1207,
    "product": {"id": 227, "identifier": "SOPHOS-XDR"},
    "quantity": Decimal("12.5"),
    "unitPrice": Decimal("22.0"),
    "billCustomer": "Billable",
    "effectiveDate": "2026-03-01T00:00:00Z",
    "agreementId": 3,
    "description": "Sophos XDR",
    "_info": {"lastUpdated": "2026-03-17T09:12:44Z", "updatedBy": "apimember"},
}


def test_additions_of_an_agreement(connectwise: ConnectWise, server, answer: Answering) -> None:
    older = {**ADDITION, "id": 900, "cancelledDate": "2026-02-28T00:00:00Z", "lessIncluded": 5}
    server.plan(answer([ADDITION, older], headers=END))
    first, second = connectwise.additions(3)
    assert (first.id, first.cancelled_date, first.less_included) == (900, date(2026, 2, 28), 5)
    assert (second.id, second.quantity, second.less_included) == (1207, Decimal("12.5"), 0)
    assert second.product == Reference(227, "SOPHOS-XDR")
    assert second.bill_customer is BillCustomer.BILLABLE
    assert second.effective_date == date(2026, 3, 1)
    assert second.updated_by == "apimember"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("quantity", None),
        ("quantity", "12"),
        ("billCustomer", True),
        ("billCustomer", "Sometimes"),
        ("product", None),
        ("agreementId", 4),
        ("effectiveDate", "01/03/2026"),
    ],
)
def test_an_addition_that_cannot_be_understood(
    field: str, value: object, connectwise: ConnectWise, server, answer: Answering
) -> None:
    server.plan(answer([{**ADDITION, field: value}], headers=END))
    with pytest.raises(UnexpectedAnswerError, match=f"addition 1207: {field}"):
        connectwise.additions(3)


def test_the_audit_trail_is_read_by_page_number(
    connectwise: ConnectWise, server, answer: Answering
) -> None:
    entry = {
        "text": "Price changed",
        "enteredDate": "2026-03-17T09:12:44Z",
        "enteredBy": "admin1",
        "auditType": "ProductCatalog",
    }
    server.plan(answer([entry, {"text": "x", "enteredDate": "yesterday"}]))
    first, second = connectwise.audit_trail("ProductCatalog", 227)
    assert (first.text, first.entered_by) == ("Price changed", "admin1")
    assert first.entered == datetime(2026, 3, 17, 9, 12, 44, tzinfo=UTC)
    assert second.entered is None
    assert server.query() == {
        "type": "ProductCatalog",
        "id": "227",
        "pageSize": "1000",
        "page": "1",
    }
    assert "pagination-type" not in server.requests[0].headers


# ---------------------------------------------------------------- connection


def test_check_reads_what_will_be_needed(
    connectwise: ConnectWise, server, answer: Answering
) -> None:
    server.plan(answer([]), answer([]), answer([]))
    connectwise.check()
    assert server.paths() == [
        f"{BASE}/procurement/catalog",
        f"{BASE}/company/companies",
        f"{BASE}/finance/agreements",
    ]


def test_check_names_the_permission_that_is_missing(
    connectwise: ConnectWise, server, answer: Answering
) -> None:
    body = {"code": "Security", "message": "You do not have security permission."}
    server.plan(answer([]), answer([]), answer(body, 403))
    with pytest.raises(AccessError, match="Finance > Agreements"):
        connectwise.check()


@pytest.mark.parametrize(
    ("version", "limit"),
    [("v2026.4", 75), ("v2025.1", 75), ("v2022.1", 60), ("v2017_3", 60), (None, 60)],
)
def test_how_long_an_identifier_may_be(
    version: str | None, limit: int, connectwise: ConnectWise, server, answer: Answering
) -> None:
    body = {"Codebase": "v4_6_release/", "VersionCode": version}
    server.always["/login/companyinfo/"] = lambda _: answer(body)
    assert connectwise.identifier_limit() == limit


def test_the_short_limit_is_right_while_the_server_is_down(
    connectwise: ConnectWise, server
) -> None:
    server.always["/login/companyinfo/"] = httpx.ConnectError("refused")
    assert connectwise.identifier_limit() == 60
