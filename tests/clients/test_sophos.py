from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from decimal import Decimal
from urllib.parse import parse_qs

import httpx
import pytest
import simplejson

from core.clients.http import HttpLimits
from core.clients.sophos import SophosPartner
from core.domain.models import Tenant, UsageLine
from core.domain.month import Month
from core.errors import (
    AccessError,
    NotFoundError,
    RefusedError,
    TryAgainError,
    UnexpectedAnswerError,
    message,
)
from core.settings import SophosSettings

Answering = Callable[..., httpx.Response]
MONTH = Month(2026, 10)
NO_DATA = {"error": "notFound", "message": "No data for requested year or month.", "requestId": "r"}


def line(**changes: object) -> dict[str, object]:
    record: dict[str, object] = {
        "partnerAccountId": "partner-1",
        "billingStartDate": "2026-10-01",
        "billingEndDate": "2026-10-31",
        "orderNumber": "ORD-1",
        "orderLineItemNumber": 10,
        "accountNumberOrSerialNumber": "A-100",
        "productDescription": "Sophos Endpoint - User - 50-99 USERS - MSP Monthly",
        "productGroup": "User",
        "sku": "DEMO00001",
        "productCode": "CIXA-MSP",
        "billableQuantity": 57,
        "actualQuantity": 57,
        "orderedQuantity": 0,
        "accountId": "tenant-1",
        "externalId": "external-1",
        "accountStatus": "active",
        "assignedAccountIdentifier": "Boulangerie Démo",
        "contactName": "Jane Roe",
        "contactEmail": "jane@example.com",
        "contactStreet": "1 Main Street",
        "unitPrice": "1.40",
        "unitPriceCurrency": "EUR",
        "netPrice": "79.80",
    }
    return {**record, **changes}


def page(items: list[dict[str, object]], /, **pages: object) -> dict[str, object]:
    return {"items": items, "pages": {"size": 100, "maxSize": 1000, **pages}}


# ---------------------------------------------------------------- sign-in


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def signing_in(
    server, limits: HttpLimits, sophos_settings: SophosSettings, clock: Clock, answer: Answering
) -> SophosPartner:
    """A client whose tokens are numbered, and `server.tokens` counts them."""
    server.tokens = 0

    def token(request: httpx.Request) -> httpx.Response:
        server.tokens += 1
        server.form = parse_qs(request.content.decode())
        return answer({"access_token": f"token-{server.tokens}", "expires_in": 3600})

    server.always["/api/v2/oauth2/token"] = token
    return SophosPartner(sophos_settings, limits, server.transport, clock=clock)


PARTNER = {"id": "partner-1", "idType": "partner"}


def bearer(server, position: int = -1) -> str:
    return server.requests[position].headers["Authorization"]


def test_sign_in_with_client_credentials(
    signing_in: SophosPartner, server, answer: Answering
) -> None:
    server.plan(answer(PARTNER))
    signing_in.whoami()
    assert server.form == {
        "grant_type": ["client_credentials"],
        "client_id": ["sophos-client"],
        "client_secret": ["sophos-secret-value"],
        "scope": ["token"],
    }
    assert bearer(server) == "Bearer token-1"


def test_a_token_is_kept_until_shortly_before_its_end(
    signing_in: SophosPartner, server, clock: Clock, answer: Answering
) -> None:
    server.plan(*[answer(PARTNER) for _ in range(3)])
    signing_in.whoami()
    clock.now = 3600 - 121
    signing_in.whoami()
    assert server.tokens == 1
    clock.now = 3600 - 119
    signing_in.whoami()
    assert bearer(server) == "Bearer token-2"


def test_a_refused_token_is_renewed_once(
    signing_in: SophosPartner, server, answer: Answering
) -> None:
    server.plan(answer({}, 401), answer(PARTNER))
    signing_in.whoami()
    assert bearer(server) == "Bearer token-2"
    server.plan(answer({}, 401), answer({"error": "Unauthorized", "correlationId": "c-9"}, 401))
    with pytest.raises(AccessError) as caught:
        signing_in.whoami()
    assert caught.value.request_id == "c-9"
    assert server.tokens == 3


@pytest.mark.parametrize("status", [400, 401, 403])
def test_wrong_credentials(status: int, sophos: SophosPartner, server, answer: Answering) -> None:
    body = {"errorCode": "oauth.invalid_client", "message": "Client authentication failed"}
    server.always["/oauth2/token"] = lambda _: answer(body, status)
    with pytest.raises(AccessError, match="SOPHOS_CLIENT_SECRET"):
        sophos.whoami()


@pytest.mark.parametrize(
    "body", [{}, {"access_token": "", "expires_in": 1}, {"access_token": "a-secret-token"}, [], 5]
)
def test_a_sign_in_that_gives_no_token(
    body: object, sophos: SophosPartner, server, answer: Answering
) -> None:
    server.always["/oauth2/token"] = lambda _: answer(body)
    with pytest.raises(UnexpectedAnswerError, match="SOPHOS_ID_URL") as caught:
        sophos.whoami()
    assert "a-secret-token" not in f"{caught.value} {caught.value.detail}"


def test_a_sign_in_server_in_trouble_is_asked_again(
    sophos: SophosPartner, server, answer: Answering
) -> None:
    server.always["/oauth2/token"] = lambda _: answer(text="", status=503)
    with pytest.raises(TryAgainError):
        sophos.whoami()


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("tenant", "belong to a customer"),
        ("organization", "belong to an organization"),
        ("something", "are of the kind “something”"),
    ],
)
def test_only_a_partner_will_do(
    kind: str, words: str, sophos: SophosPartner, server, answer: Answering
) -> None:
    server.always["/whoami/v1"] = lambda _: answer({"id": "x", "idType": kind})
    for call in (sophos.whoami, sophos.check, sophos.tenants):
        with pytest.raises(AccessError, match=words):
            call()


def test_partner_calls_name_the_partner(sophos: SophosPartner, server, answer: Answering) -> None:
    server.plan(answer(page([])), answer(NO_DATA, 404))
    sophos.check()
    assert [request.headers["X-Partner-ID"] for request in server.requests] == ["partner-1"] * 2


def test_check_reads_billing_too(sophos: SophosPartner, server, answer: Answering) -> None:
    server.plan(answer(page([])), answer({"error": "Forbidden"}, 403))
    with pytest.raises(AccessError, match="billing"):
        sophos.check()
    assert server.paths()[-1].startswith("/partner/v1/billing/usage/")


def test_no_permission(sophos: SophosPartner, server, answer: Answering) -> None:
    server.plan(answer({"error": "Forbidden", "requestId": "r-1"}, 403))
    with pytest.raises(AccessError, match="MSP Connect Flex") as caught:
        sophos.check()
    assert caught.value.request_id == "r-1"


def test_secrets_and_tokens_are_in_no_log(
    sophos: SophosPartner, server, answer: Answering, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    server.plan(answer(page([line()])))
    sophos.billing_usage(MONTH)
    assert "/partner/v1/billing/usage/2026/10" in caplog.text
    for secret in ("sophos-secret-value", "token-1", "jane@example.com"):
        assert secret not in caplog.text


# ---------------------------------------------------------------- tenants


def tenant(number: int, **changes: object) -> dict[str, object]:
    return {"id": f"t{number}", "name": f"Tenant {number}", "billingType": "usage", **changes}


def test_tenants_over_several_pages(sophos: SophosPartner, server, answer: Answering) -> None:
    server.plan(
        answer(page([tenant(1), tenant(2)], current=1, total=2, items=3)),
        answer(
            page(
                [
                    tenant(
                        3,
                        showAs="Shown",
                        status="suspended",
                        dataRegion="eu01",
                        products=[{"code": "CIXA-MSP"}, {"code": "CIXA-MSP"}],
                        contact={"email": "jane@example.com"},
                    )
                ],
                current=2,
                total=2,
                items=3,
            )
        ),
    )
    found = sophos.tenants()
    assert [entry.id for entry in found] == ["t1", "t2", "t3"]
    assert found[2] == Tenant(
        id="t3",
        name="Shown",
        billing_type="usage",
        status="suspended",
        data_region="eu01",
        products=("CIXA-MSP",),
    )
    assert [server.query(number)["page"] for number in (0, 1)] == ["1", "2"]


def test_tenants_without_a_total_end_with_a_short_page(
    sophos: SophosPartner, server, answer: Answering
) -> None:
    server.plan(
        answer({"items": [tenant(number) for number in range(100)]}),
        answer({"items": [tenant(100)]}),
    )
    assert len(sophos.tenants()) == 101


def test_tenants_that_go_round_in_a_circle(
    sophos: SophosPartner, server, answer: Answering
) -> None:
    server.plan(*[answer(page([tenant(1)], total=5)) for _ in range(2)])
    with pytest.raises(UnexpectedAnswerError, match="tenants"):
        sophos.tenants()


def test_tenants_that_are_fewer_than_announced(
    sophos: SophosPartner, server, answer: Answering
) -> None:
    server.plan(answer(page([tenant(1)], total=1, items=2)))
    with pytest.raises(UnexpectedAnswerError):
        sophos.tenants()


def test_a_new_billing_type_is_kept_and_a_missing_one_is_an_error(
    sophos: SophosPartner, server, answer: Answering
) -> None:
    server.plan(answer(page([tenant(1, billingType="hybrid")], total=1, items=1)))
    assert sophos.tenants()[0].billing_type == "hybrid"
    server.plan(answer(page([tenant(1, billingType=None)], total=1, items=1)))
    with pytest.raises(UnexpectedAnswerError, match="tenant t1: billingType"):
        sophos.tenants()


# ---------------------------------------------------------------- usage


def test_a_usage_line_in_full(sophos: SophosPartner, server, answer: Answering) -> None:
    server.plan(answer(page([line()], total=1, items=1)))
    assert sophos.billing_usage(MONTH) == [
        UsageLine(
            product_code="CIXA-MSP",
            description="Sophos Endpoint - User - 50-99 USERS - MSP Monthly",
            product_group="User",
            sku="DEMO00001",
            account_id="tenant-1",
            account_name="Boulangerie Démo",
            account_status="active",
            order_number="ORD-1",
            order_line_item_number="10",
            account_number_or_serial_number="A-100",
            billable_quantity=Decimal(57),
            actual_quantity=Decimal(57),
            ordered_quantity=Decimal(0),
            external_id="external-1",
            billing_start_date="2026-10-01",
            billing_end_date="2026-10-31",
            unit_price=Decimal("1.40"),
            unit_price_currency="EUR",
            net_price=Decimal("79.80"),
        )
    ]
    assert server.paths() == ["/partner/v1/billing/usage/2026/10"]


def test_no_contact_is_kept(sophos: SophosPartner, server, answer: Answering) -> None:
    server.plan(answer(page([line()])))
    [kept] = sophos.billing_usage(MONTH)
    assert not any("contact" in field.name for field in fields(kept))
    assert "jane@example.com" not in repr(kept)
    assert "Jane Roe" not in repr(kept)


@pytest.mark.parametrize("value", [None, ""])
def test_a_device_without_a_customer_has_no_account(
    value: object, sophos: SophosPartner, server, answer: Answering
) -> None:
    server.plan(answer(page([line(accountId=value)])))
    assert sophos.billing_usage(MONTH)[0].account_id is None


def test_a_date_that_does_not_exist_is_kept_as_sent(
    sophos: SophosPartner, server, answer: Answering
) -> None:
    server.plan(answer(page([line(billingEndDate="2021-04-31")])))
    assert sophos.billing_usage(MONTH)[0].billing_end_date == "2021-04-31"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("productCode", None),
        ("productCode", ""),
        ("billableQuantity", None),
        ("billableQuantity", "57"),
        ("billableQuantity", True),
        ("actualQuantity", "x"),
        ("unitPrice", "1,40"),
        ("accountId", 5),
    ],
)
def test_a_line_that_cannot_be_understood_stops_the_month(
    field: str, value: object, sophos: SophosPartner, server, answer: Answering
) -> None:
    server.plan(answer(page([line(), line(**{field: value})])))
    with pytest.raises(UnexpectedAnswerError, match=f"usage line 2: {field}"):
        sophos.billing_usage(MONTH)


def test_pages_follow_the_key(sophos: SophosPartner, server, answer: Answering) -> None:
    server.plan(
        answer(page([line(), line()], nextKey="k/1", total=3, items=5)),
        answer(page([line(), line()], fromKey="k/1", nextKey="k/2")),
        answer(page([line(billableQuantity=Decimal("1.5"))], fromKey="k/2")),
    )
    seen: list[tuple[int, int | None]] = []
    lines = sophos.billing_usage(MONTH, lambda done, total: seen.append((done, total)))
    assert [entry.billable_quantity for entry in lines] == [57, 57, 57, 57, Decimal("1.5")]
    assert seen == [(2, 5), (4, 5), (5, 5)]
    keys = [server.query(number).get("pageFromKey") for number in range(3)]
    assert keys == [None, "k/1", "k/2"]


@pytest.mark.parametrize("following", ["k1", "k2"])
def test_keys_that_go_round_in_a_circle(
    following: str, sophos: SophosPartner, server, answer: Answering
) -> None:
    server.plan(
        answer(page([line()], nextKey="k1")),
        answer(page([line()], nextKey=following)),
    )
    if following == "k2":
        server.plan(answer(page([line()], nextKey="k1")))
    with pytest.raises(UnexpectedAnswerError, match="billing usage"):
        sophos.billing_usage(MONTH)


@pytest.mark.parametrize(
    "announced",
    [
        {"total": 2, "items": 150},  # pages and records, as documented
        {"total": 150},  # records only
        {"total": 2},  # pages only
        {"items": 150},
        {"total": 150, "items": 1},  # records, and those of one page
        {"total": -5, "items": -5},
    ],
)
def test_a_month_that_is_shorter_than_announced_is_no_month(
    announced: dict[str, int], sophos: SophosPartner, server, answer: Answering
) -> None:
    server.plan(answer(page([line()], **announced)))
    with pytest.raises(UnexpectedAnswerError):
        sophos.billing_usage(MONTH)


@pytest.mark.parametrize(
    "announced",
    [{"total": 1, "items": 2}, {"total": 2}, {"items": 2}, {"total": 1}, {"total": 2, "items": 2}],
)
def test_a_month_as_announced(
    announced: dict[str, int], sophos: SophosPartner, server, answer: Answering
) -> None:
    server.plan(answer(page([line(), line()], **announced)))
    assert len(sophos.billing_usage(MONTH)) == 2


def test_no_data_is_an_empty_month(sophos: SophosPartner, server, answer: Answering) -> None:
    server.plan(answer(NO_DATA, 404), answer(page([], total=0, items=0)))
    assert sophos.billing_usage(MONTH) == []
    assert sophos.billing_usage(MONTH) == []


def test_a_404_of_something_in_between_is_not_an_empty_month(
    sophos: SophosPartner, server, answer: Answering
) -> None:
    server.plan(answer(text="<html>Not found</html>", status=404))
    with pytest.raises(UnexpectedAnswerError):
        sophos.billing_usage(MONTH)


def test_a_404_after_the_first_page_is_not_the_end(
    sophos: SophosPartner, server, answer: Answering
) -> None:
    server.plan(answer(page([line()], nextKey="k1")), answer(NO_DATA, 404))
    with pytest.raises(UnexpectedAnswerError):
        sophos.billing_usage(MONTH)


def test_trouble_between_two_pages_is_overcome(
    sophos: SophosPartner, server, answer: Answering
) -> None:
    server.plan(
        answer(page([line()], nextKey="k1")),
        httpx.ReadError("reset"),
        answer({"error": "tooManyRequests"}, 429, headers={"Retry-After": "5"}),
        answer(page([line()])),
    )
    assert len(sophos.billing_usage(MONTH)) == 2


def test_personal_data_of_a_truncated_answer_is_not_quoted(
    sophos: SophosPartner, server, answer: Answering
) -> None:
    text = simplejson.dumps(page([line()]))[:-9]
    assert "jane@example.com" in text
    server.plan(answer(text=text))
    with pytest.raises(UnexpectedAnswerError) as caught:
        sophos.billing_usage(MONTH)
    assert "jane@example.com" not in f"{caught.value} {caught.value.detail}"
    assert str(len(text)) in (caught.value.detail or "")


@pytest.mark.parametrize("body", [[], {"pages": {}}, {"items": {}}, {"items": [5]}, None])
def test_an_answer_without_items(
    body: object, sophos: SophosPartner, server, answer: Answering
) -> None:
    server.plan(answer(body))
    with pytest.raises(UnexpectedAnswerError):
        sophos.billing_usage(MONTH)


def test_any_other_refusal_carries_the_support_number(
    sophos: SophosPartner, server, answer: Answering
) -> None:
    server.plan(answer({"error": "badRequest", "message": "No", "correlationId": "c-1"}, 400))
    with pytest.raises(RefusedError, match="No") as caught:
        sophos.billing_usage(MONTH)
    assert caught.value.request_id == "c-1"
    assert not isinstance(caught.value, NotFoundError)


def test_a_refusal_without_words_is_a_number_that_can_be_said_in_any_language(
    sophos: SophosPartner, server, answer: Answering
) -> None:
    server.plan(answer(text="<html>Bad request</html>", status=400))
    with pytest.raises(RefusedError) as caught:
        sophos.billing_usage(MONTH)
    assert dict(caught.value.text.facts)["reason"] == message("error {status}", status=400)
    assert caught.value.detail == "<html>Bad request</html>"
