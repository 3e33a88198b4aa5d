from __future__ import annotations

import httpx
import pytest
import simplejson

from core.clients.answers import Answer
from core.clients.connectwise_errors import (
    Target,
    api_address,
    permission_for,
    refusal,
    unknown_company,
)
from core.errors import AccessError, NotFoundError, RefusedError, message

LIST = Target("/procurement/catalog", record=False, url="https://na.myconnectwise.net")
RECORD = Target("/procurement/catalog/5", record=True, url="https://api-na.myconnectwise.net")


def answer(status: int, body: object) -> Answer:
    headers = httpx.Headers({"x-cw-request-id": "req-1"})
    if isinstance(body, str):
        return Answer(status, headers, body, None)
    return Answer(status, headers, simplejson.dumps(body, indent=2).replace("\n", "\r\n"), body)


def security(text: str) -> dict[str, object]:
    return {"code": "Security", "message": text, "errors": None}


ACCESS = [
    (403, security("SSL is required."), "https://api-na.myconnectwise.net"),
    (401, security("SSL is required."), "CONNECTWISE_URL"),
    (400, "Cannot route. Codebase/company is invalid", "CONNECTWISE_COMPANY"),
    (401, {"code": "ConnectWiseApi", "message": "UserNotAuthenticated"}, "CONNECTWISE_PRIVATE_KEY"),
    (401, {"code": "Unauthorized", "message": "Unauthorized"}, "CONNECTWISE_PUBLIC_KEY"),
    (401, "<html>401 - Unauthorized</html>", "CONNECTWISE_PUBLIC_KEY"),
    (401, "", "CONNECTWISE_CLIENT_ID"),
    (400, {"code": "X", "message": "The clientId header is missing."}, "CONNECTWISE_CLIENT_ID"),
    (401, {"code": "X", "message": "Client ID is not valid"}, "developer.connectwise.com"),
    (403, "The request has no clientId header.", "developer.connectwise.com"),
    (
        403,
        security("You do not have security permission to perform this action."),
        "Procurement > Product Catalog",
    ),
    (404, {"code": "NotFound", "message": "Not found"}, "CONNECTWISE_PRIVATE_KEY"),
    (404, "<html>404</html>", "CONNECTWISE_URL"),
]


@pytest.mark.parametrize(("status", "body", "names"), ACCESS)
def test_each_reason_for_no_access_says_where_to_look(
    status: int, body: object, names: str
) -> None:
    error = refusal(answer(status, body), LIST)
    assert isinstance(error, AccessError)
    assert names in str(error.remedy)
    assert str(error.text).count(".") == 1
    assert (error.status, error.request_id, error.system) == (status, "req-1", "ConnectWise")


def test_a_configured_codebase_is_under_suspicion() -> None:
    target = Target("/procurement/catalog", False, "https://cw.example", codebase_is_set=True)
    error = refusal(answer(400, "Cannot route. Codebase/company is invalid"), target)
    assert "remove CONNECTWISE_CODEBASE" in str(error.remedy)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://na.myconnectwise.net", "https://api-na.myconnectwise.net"),
        ("https://api-eu.myconnectwise.net", "https://api-eu.myconnectwise.net"),
        ("https://staging.connectwisedev.com", "https://api-staging.connectwisedev.com"),
        ("http://cw.example.com:8443", "https://cw.example.com:8443"),
    ],
)
def test_the_api_address(url: str, expected: str) -> None:
    assert api_address(url) == expected


@pytest.mark.parametrize(
    ("path", "permission"),
    [
        ("/procurement/catalog/7", "Product Catalog"),
        ("/finance/agreements/3/additions", "Agreements"),
        ("/company/companies", "Company Maintenance"),
        ("/procurement/types", "Table Setup"),
        ("/finance/billingCycles", "Table Setup"),
    ],
)
def test_the_permission_that_is_missing(path: str, permission: str) -> None:
    assert permission in permission_for(path)


def test_an_unknown_company() -> None:
    error = unknown_company("Acme", "https://api-na.myconnectwise.net")
    assert "Acme" in str(error.text)
    assert "CONNECTWISE_COMPANY" in str(error.remedy)


def test_a_record_that_is_gone() -> None:
    error = refusal(answer(404, {"message": "Catalog 5 not found"}), RECORD)
    assert isinstance(error, NotFoundError)


VALIDATION = {
    "code": "InvalidObject",
    "message": "catalogItem object is invalid",
    "errors": [
        {
            "code": "MissingRequiredField",
            "message": "subcategory is required.",
            "resource": "catalogItem",
            "field": "subcategory",
        },
        {
            "code": "MaxLengthField",
            "message": "The field description must be a string with a maximum length of 60.",
            "resource": "catalogItem",
            "field": "description",
        },
        {"code": "ObjectExists", "message": "Identifier is taken", "field": "identifier"},
        {"code": "NotFound", "message": "Type 17 not found", "field": "type/id"},
        {"code": "Odd", "message": "Something else", "field": "objectId"},
        {"code": "OnlyCode"},
        "not an object",
    ],
}


def test_every_message_of_a_validation_lands_at_our_field() -> None:
    error = refusal(answer(400, VALIDATION), RECORD)
    assert isinstance(error, RefusedError)
    assert [(problem.field, str(problem.text)) for problem in error.problems] == [
        ("subcategory", "ConnectWise needs a value here."),
        ("description", "At most 60 characters."),
        ("identifier", "ConnectWise says: Identifier is taken"),
        ("type", "ConnectWise says: Type 17 not found"),
        (None, "ConnectWise says: Something else"),
        (None, "ConnectWise says: OnlyCode"),
    ]


@pytest.mark.parametrize(
    ("status", "text", "field"),
    [
        (400, "Could not find member 'vendorSku' on object of type 'CatalogItem'.", "vendor_sku"),
        (500, "Error converting value \"x\" to type 'Double'. Path 'price', line 1.", "price"),
    ],
)
def test_a_field_named_in_a_sentence(status: int, text: str, field: str) -> None:
    error = refusal(answer(status, {"code": "ConnectWiseApi", "message": text}), RECORD)
    assert isinstance(error, RefusedError)
    assert [problem.field for problem in error.problems] == [field]


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (400, {"code": "ApiFindCondition", "message": "x/y is not a recognized name."}, "x/y is"),
        (409, {"message": "Record possibly in use or another conflict"}, "possibly in use"),
        (405, "Method not allowed", "Method not allowed"),
        (400, {"code": "OnlyCode", "errors": None}, "OnlyCode"),
        (400, {"errors": "x"}, "errors"),
        (400, [1], "1"),
        (413, "", "error 413"),
    ],
)
def test_any_other_refusal_says_what_the_server_said(status: int, body: object, said: str) -> None:
    error = refusal(answer(status, body), LIST)
    assert isinstance(error, RefusedError)
    assert said in str(error.text)


@pytest.mark.parametrize("body", ["", "<html><body>Bad</body></html>"])
def test_a_refusal_without_words_is_a_number_that_can_be_said_in_any_language(body: str) -> None:
    error = refusal(answer(400, body), LIST)
    assert dict(error.text.facts)["reason"] == message("error {status}", status=400)
    assert error.detail == body
