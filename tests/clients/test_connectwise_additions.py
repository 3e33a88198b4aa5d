"""Agreements and additions: the answers of a planned server, and the sandbox over real HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import httpx
import pytest
import simplejson

from core.clients.conditions import LONGEST_CONDITIONS
from core.clients.connectwise import (
    AdditionDiffersError,
    ConnectWise,
    NewAddition,
    RequestCount,
)
from core.clients.http import HttpLimits
from core.domain.models import Addition, AgreementStatus, BillCustomer
from core.errors import (
    AccessError,
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
    TryAgainError,
)
from core.sandbox.faults import Effect, FaultRule, When
from core.sandbox.server import Sandbox
from core.settings import ConnectWiseSettings

Answering = Callable[..., httpx.Response]

END = {"Link": ""}
SENT = NewAddition(
    agreement_id=3, product_id=227, quantity=Decimal("12.5"), effective_date=date(2026, 3, 1)
)
ADDITION = {
    "id": 1207,
    "product": {"id": 227, "identifier": "SOPHOS-XDR"},
    "quantity": Decimal("12.5"),
    "billCustomer": "Billable",
    "effectiveDate": "2026-03-01T00:00:00Z",
    "agreementId": 3,
}


@pytest.fixture
def client(sandbox: Sandbox, impatient: HttpLimits) -> Iterator[ConnectWise]:
    settings = ConnectWiseSettings(**vars(sandbox.connectwise))
    with closing(ConnectWise(settings, impatient)) as opened:
        yield opened


def prorating(client: ConnectWise) -> int:
    """An active agreement that takes an addition of any day since its billing began."""
    return next(
        each.id
        for each in client.all_agreements()
        if each.status is AgreementStatus.ACTIVE and each.prorate
    )


def new(client: ConnectWise, quantity: str = "7") -> NewAddition:
    agreement = client.agreements_by_id([prorating(client)])
    [(agreement_id, found)] = agreement.items()
    product = next(e for e in client.list_catalog() if e.is_billable and not e.inactive)
    return NewAddition(
        agreement_id=agreement_id,
        product_id=product.id,
        quantity=Decimal(quantity),
        effective_date=found.bill_start_date or date(2026, 1, 1),
    )


def stored(sandbox: Sandbox, addition_id: int) -> dict[str, object]:
    return sandbox.world.tables["additions"].records[addition_id]


def fault(sandbox: Sandbox, **rule: object) -> None:
    sandbox.controls.faults.add(FaultRule(**{"path": "additions", **rule}))  # type: ignore[arg-type]


# ---------------------------------------------------------------- what is sent


def test_an_addition_is_sent_by_id_with_midnight_and_billable(
    connectwise: ConnectWise, server, answer: Answering
) -> None:
    server.plan(answer(ADDITION, 201))
    created = connectwise.create_addition(SENT)
    assert created.id == 1207
    assert server.paths()[-1].endswith("/finance/agreements/3/additions")
    assert server.sent() == {
        "product": {"id": 227},
        "quantity": Decimal("12.5"),
        "billCustomer": "Billable",
        "effectiveDate": "2026-03-01T00:00:00Z",
    }


@pytest.mark.parametrize(
    ("field", "kept", "named"),
    [
        ("product", {"id": 228, "identifier": "OTHER"}, "product"),
        ("quantity", 12, "quantity"),
        ("effectiveDate", "2026-03-02T00:00:00Z", "effective_date"),
        ("billCustomer", "NoCharge", "bill_customer"),
    ],
)
def test_a_created_addition_that_differs_is_told_with_what_is_there(
    field: str, kept: object, named: str, connectwise: ConnectWise, server, answer: Answering
) -> None:
    server.plan(answer({**ADDITION, field: kept}, 201))
    with pytest.raises(AdditionDiffersError, match="1207") as caught:
        connectwise.create_addition(SENT)
    assert caught.value.created.id == 1207
    assert caught.value.detail == f"differing: {named}"


def test_a_change_is_sent_as_bare_replacements_and_none_clears(
    connectwise: ConnectWise, server, answer: Answering
) -> None:
    server.plan(answer({**ADDITION, "quantity": 3}))
    connectwise.patch_addition(3, 1207, {"quantity": Decimal(3), "cancelled_date": None})
    assert server.sent() == [
        {"op": "replace", "path": "quantity", "value": 3},
        {"op": "replace", "path": "cancelledDate", "value": None},
    ]
    with pytest.raises(KeyError):
        connectwise.patch_addition(3, 1207, {"unit_price": Decimal(3)})


def test_what_the_server_did_not_take_is_named(
    connectwise: ConnectWise, server, answer: Answering
) -> None:
    server.plan(answer({**ADDITION, "cancelledDate": "2026-03-31T00:00:00Z"}))
    with pytest.raises(RefusedError) as caught:
        connectwise.patch_addition(3, 1207, {"quantity": Decimal(3), "cancelled_date": None})
    assert [problem.field for problem in caught.value.problems] == ["quantity", "cancelled_date"]


@pytest.mark.parametrize("body", [{"id": 1207}, [], {**ADDITION, "agreementId": 4}])
def test_an_answer_to_a_write_that_says_nothing_is_an_unknown_outcome(
    body: object, connectwise: ConnectWise, server, answer: Answering
) -> None:
    server.plan(answer(body, 201), answer(body))
    with pytest.raises(OutcomeUnknownError):
        connectwise.create_addition(SENT)
    with pytest.raises(OutcomeUnknownError):
        connectwise.patch_addition(3, 1207, {"quantity": Decimal(3)})


def test_the_answer_about_another_addition_is_an_unknown_outcome(
    connectwise: ConnectWise, server, answer: Answering
) -> None:
    server.plan(answer({**ADDITION, "id": 1208}))
    with pytest.raises(OutcomeUnknownError):
        connectwise.patch_addition(3, 1207, {"quantity": Decimal("12.5")})


def test_the_servers_reasons_land_at_their_fields(
    connectwise: ConnectWise, server, answer: Answering
) -> None:
    reason = "effectiveDate cannot be less than the agreement billing start date"
    body = {
        "code": "InvalidObject",
        "message": "addition object is invalid",
        "errors": [{"code": "X", "message": reason, "field": "effectiveDate"}],
    }
    server.plan(answer(body, 400))
    with pytest.raises(RefusedError) as caught:
        connectwise.create_addition(SENT)
    [problem] = caught.value.problems
    assert problem.field == "effective_date"
    assert reason in str(problem.text)


def test_many_ids_are_asked_for_in_few_addresses_that_are_short_enough(
    connectwise: ConnectWise, server, answer: Answering
) -> None:
    ids = range(1_000_000, 1_000_300)
    record = {"name": "A", "company": {"id": 1, "name": "C"}, "agreementStatus": "Active"}

    def found(request: httpx.Request) -> httpx.Response:
        text = request.url.params["conditions"]
        assert len(str(request.url)) < 2000
        asked = [int(each) for each in text.removeprefix("id in (").rstrip(")").split(",")]
        # A server that ignores the condition must not give more than was asked for.
        return answer([{"id": each, **record} for each in [5, *asked]], headers=END)

    # Ten characters each, and a little around them.
    server.plan(*[found] * (300 * 10 // LONGEST_CONDITIONS + 1))
    assert list(connectwise.agreements_by_id(ids)) == list(ids)
    assert connectwise.agreements_by_id([]) == {}
    # Where there are few, one request reads them all.
    server.plan(answer([{"id": each, **record} for each in [5, *ids]], headers=END))
    assert list(connectwise.agreements_by_id(ids, total=301)) == list(ids)
    assert "conditions" not in server.query()


# ---------------------------------------------------------------- the sandbox


def test_whole_lists_have_every_record_of_the_world(sandbox: Sandbox, client: ConnectWise) -> None:
    tables = sandbox.world.tables
    counts: list[int] = []
    agreements = client.all_agreements(counts.append)
    assert [each.id for each in agreements] == sorted(tables["agreements"].records)
    assert counts == [len(agreements)]
    assert [each.id for each in client.all_companies()] == sorted(tables["companies"].records)
    assert any(each.deleted for each in client.all_companies())
    some = [agreements[0].id, agreements[-1].id, 999_999]
    assert client.agreements_by_id(some) == {each: by_id(agreements)[each] for each in some[:2]}


def by_id(records: list) -> dict[int, object]:
    return {record.id: record for record in records}


def test_brief_additions_differ_only_in_who_changed_them(
    sandbox: Sandbox, client: ConnectWise
) -> None:
    owners = {record["agreementId"] for record in sandbox.world.tables["additions"].all()}
    for agreement_id in sorted(owners)[:10]:
        whole = client.additions(agreement_id)
        assert client.additions(agreement_id, brief=True) == [
            replace(each, last_updated=None, updated_by="") for each in whole
        ]
        assert whole


def test_an_addition_is_created_changed_cancelled_and_reopened(
    sandbox: Sandbox, client: ConnectWise
) -> None:
    wanted = new(client, "33.333333")
    created = client.create_addition(wanted)
    assert created.bill_customer is BillCustomer.BILLABLE
    assert created.effective_date == wanted.effective_date
    assert stored(sandbox, created.id)["quantity"] == Decimal("33.333333")
    assert created in client.additions(wanted.agreement_id)

    def patch(**changes: object) -> Addition:
        return client.patch_addition(wanted.agreement_id, created.id, changes)

    assert patch(quantity=Decimal(0)).quantity == 0
    last = wanted.effective_date + timedelta(days=40)
    assert patch(cancelled_date=last).cancelled_date == last
    assert stored(sandbox, created.id)["cancelledDate"] == f"{last}T00:00:00Z"
    assert patch(cancelled_date=None).cancelled_date is None
    assert "cancelledDate" not in stored(sandbox, created.id)


def test_a_day_that_the_server_refuses_is_said_in_its_words(client: ConnectWise) -> None:
    wanted = new(client)
    early = replace(wanted, effective_date=date(1990, 1, 1))
    with pytest.raises(RefusedError) as caught:
        client.create_addition(early)
    assert [problem.field for problem in caught.value.problems] == ["effective_date"]


def test_what_is_gone_says_so(client: ConnectWise) -> None:
    wanted = new(client)
    with pytest.raises(NotFoundError):
        client.patch_addition(wanted.agreement_id, 999_999, {"quantity": Decimal(1)})
    with pytest.raises(NotFoundError):
        client.create_addition(replace(wanted, agreement_id=999_999))
    with pytest.raises(NotFoundError):
        client.additions(999_999)


@pytest.mark.parametrize("when", list(When))
@pytest.mark.parametrize(
    "effect", [Effect.RESET, Effect.HTML, Effect.TRUNCATE, Effect.TRUNCATE_JSON, Effect.STATUS]
)
def test_a_write_without_an_answer_is_sent_once(
    sandbox: Sandbox, client: ConnectWise, effect: Effect, when: When
) -> None:
    wanted = new(client)
    before = len(client.additions(wanted.agreement_id))
    sandbox.controls.counters.reset()
    fault(sandbox, effect=effect, when=when, method="POST")
    fault(sandbox, effect=effect, when=when, method="PATCH")
    with pytest.raises(OutcomeUnknownError):
        client.create_addition(wanted)
    now = client.additions(wanted.agreement_id)
    done = when is When.AFTER or effect in (Effect.TRUNCATE, Effect.TRUNCATE_JSON)
    assert len(now) == before + done
    with pytest.raises(OutcomeUnknownError):
        client.patch_addition(wanted.agreement_id, now[0].id, {"quantity": Decimal(99)})
    [quantity] = [e.quantity for e in client.additions(wanted.agreement_id) if e.id == now[0].id]
    assert (quantity == 99) == done
    assert sandbox.controls.counters.as_json()["total_writes"] == 2


def test_a_write_that_was_turned_away_unread_is_sent_again(
    sandbox: Sandbox, client: ConnectWise
) -> None:
    wanted = new(client)
    before = len(client.additions(wanted.agreement_id))
    fault(sandbox, effect=Effect.RATE_LIMIT, method="POST", count=2)
    created = client.create_addition(wanted)
    fault(sandbox, effect=Effect.RATE_LIMIT, method="PATCH", count=1)
    client.patch_addition(wanted.agreement_id, created.id, {"quantity": Decimal(8)})
    fault(sandbox, effect=Effect.RATE_LIMIT, method="PATCH")
    with pytest.raises(TryAgainError):
        client.patch_addition(wanted.agreement_id, created.id, {"quantity": Decimal(9)})
    additions = client.additions(wanted.agreement_id)
    assert len(additions) == before + 1
    assert additions[-1].quantity == 8


def test_missing_permission_names_the_one_that_is_needed(
    sandbox: Sandbox, client: ConnectWise
) -> None:
    wanted = new(client)
    fault(sandbox, effect=Effect.STATUS, status=403, body={"code": "Forbidden"}, method="POST")
    with pytest.raises(AccessError, match="Finance > Agreements"):
        client.create_addition(wanted)


# ---------------------------------------------------------------- counting


def test_requests_are_counted_as_the_server_counts_them(
    sandbox: Sandbox, client: ConnectWise
) -> None:
    wanted = new(client)
    before = client.requests()
    sandbox.controls.counters.reset()
    fault(sandbox, effect=Effect.RATE_LIMIT, method="POST", count=1)
    fault(sandbox, effect=Effect.RESET, method="PATCH", count=1)
    fault(sandbox, effect=Effect.RESET, method="GET", count=1)
    created = client.create_addition(wanted)
    with pytest.raises(OutcomeUnknownError):
        client.patch_addition(wanted.agreement_id, created.id, {"quantity": Decimal(8)})
    client.additions(wanted.agreement_id)
    counted = sandbox.controls.counters.as_json()
    assert client.requests() - before == RequestCount(reads=2, writes=3)
    assert (counted["total_reads"], counted["total_writes"]) == (2, 3)


def test_what_never_left_is_not_counted(sandbox: Sandbox, impatient: HttpLimits) -> None:
    access = {**vars(sandbox.connectwise), "url": "http://127.0.0.1:9", "codebase": "v4_6_release"}
    with closing(ConnectWise(ConnectWiseSettings(**access), impatient)) as client:
        with pytest.raises(TryAgainError):
            client.all_agreements()
        assert client.requests() == RequestCount(0, 0)


def test_numbers_are_sent_exactly(connectwise: ConnectWise, server, answer: Answering) -> None:
    quantity = Decimal("1E+3")
    server.plan(answer({**ADDITION, "quantity": 1000}, 201))
    connectwise.create_addition(replace(SENT, quantity=quantity))
    assert simplejson.loads(server.requests[-1].content)["quantity"] == 1000
