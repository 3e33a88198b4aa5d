"""Both clients over real HTTP, against the servers that come with the product."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from core.clients.connectwise import ConnectWise, IdentifierChangedError
from core.clients.http import HttpLimits
from core.clients.sophos import SophosPartner
from core.domain.models import (
    CatalogItem,
    ProductClass,
    ProductFields,
    RecurringCycleType,
    Reference,
)
from core.domain.month import Month
from core.errors import (
    AccessError,
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
    TryAgainError,
    UnexpectedAnswerError,
    VendorError,
)
from core.sandbox.faults import rule_from_json
from core.sandbox.server import Sandbox, start_sandbox
from core.settings import ConnectWiseSettings, SophosSettings

NASTY = "5' 3\" [kit] 100% * _ 🧾 שלום <b>=1+1</b>"


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with start_sandbox() as started:
        yield started


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    """The running servers; what a test changed is put back, the world only if it was written."""
    before = len(running.world.tables["catalog"].all())
    yield running
    controls = running.controls
    written = controls.counters.as_json()["total_writes"]
    if written or len(running.world.tables["catalog"].all()) != before:
        running.reset()
    for part in (controls.switches, controls.counters, controls.sophos.behaviour):
        part.reset()
    controls.faults.clear()


def connectwise_settings(sandbox: Sandbox) -> ConnectWiseSettings:
    access = sandbox.connectwise
    return ConnectWiseSettings(
        access.url, access.company, access.public_key, access.private_key, access.client_id
    )


@pytest.fixture
def connectwise(sandbox: Sandbox, limits: HttpLimits) -> Iterator[ConnectWise]:
    client = ConnectWise(connectwise_settings(sandbox), limits)
    yield client
    client.close()


@pytest.fixture
def sophos(sandbox: Sandbox, limits: HttpLimits) -> Iterator[SophosPartner]:
    access = sandbox.sophos
    settings = SophosSettings(access.client_id, access.client_secret, access.id_url, access.api_url)
    client = SophosPartner(settings, limits)
    yield client
    client.close()


def fault(sandbox: Sandbox, **rule: object) -> None:
    sandbox.controls.faults.add(rule_from_json(rule))


def product(connectwise: ConnectWise, **changes: object) -> ProductFields:
    lookups = connectwise.lookups()
    subcategory = lookups.subcategories[0]
    given: dict[str, object] = {
        "identifier": "CLIENT-TEST",
        "description": "A product",
        "customer_description": "A product, per user",
        "category": subcategory.category,
        "subcategory": Reference(subcategory.id, subcategory.name),
        "type": lookups.types[0],
        "product_class": ProductClass.AGREEMENT,
        "unit_of_measure": lookups.units_of_measure[0],
        "price": Decimal("12.345678"),
        "cost": Decimal("0.1"),
        "taxable": True,
        "recurring": True,
        "recurring_bill_cycle": lookups.billing_cycles[0],
        "recurring_cycle_type": RecurringCycleType.CONTRACT_YEAR,
        "manufacturer": lookups.manufacturers[0],
        "vendor_sku": "SKU-1",
        "integration_xref": "CODE-1",
    }
    return ProductFields(**{**given, **changes})


def as_fields(item: CatalogItem) -> dict[str, object]:
    return {name: getattr(item, name) for name in ProductFields.__dataclass_fields__}


def stored(sandbox: Sandbox, identifier: str) -> list[dict[str, object]]:
    records = sandbox.world.tables["catalog"].all()
    return [record for record in records if str(record["identifier"]).startswith(identifier)]


# ---------------------------------------------------------------- ConnectWise


def test_everything_that_is_listed_is_in_the_world(
    sandbox: Sandbox, connectwise: ConnectWise
) -> None:
    connectwise.check()
    tables = sandbox.world.tables
    assert [entry.id for entry in connectwise.list_catalog()] == sorted(
        record["id"] for record in tables["catalog"].all()
    )
    companies = connectwise.companies()
    assert {company.id for company in companies} == {
        record["id"] for record in tables["companies"].all() if not record.get("deletedFlag")
    }
    for company in companies[:8]:
        agreements = {found.id for found in connectwise.agreements(company.id)}
        assert agreements == {
            record["id"]
            for record in tables["agreements"].all()
            if record["company"]["id"] == company.id
        }
        for agreement in agreements:
            additions = {line.id for line in connectwise.additions(agreement)}
            assert additions == {
                record["id"]
                for record in tables["additions"].all()
                if record["agreementId"] == agreement
            }


def test_both_ways_of_paging_give_the_same_catalog(
    sandbox: Sandbox, connectwise: ConnectWise
) -> None:
    forward = connectwise.list_catalog()
    sandbox.controls.switches.update({"forward_only": False})
    assert connectwise.list_catalog() == forward


def test_a_product_comes_back_as_it_was_sent(connectwise: ConnectWise) -> None:
    sent = product(connectwise)
    created = connectwise.create_product(sent)
    assert connectwise.get_product(created.id) == created
    assert as_fields(created) == {name: getattr(sent, name) for name in as_fields(created)}


def test_any_text_is_found_again_and_harmless(sandbox: Sandbox, connectwise: ConnectWise) -> None:
    created = connectwise.create_product(product(connectwise, description=NASTY[:60]))
    for text in (NASTY[:60], "5' 3\"", "100%", "[kit]", "🧾 ש", "שלום", "<B>=1", "% *"):
        assert [entry.id for entry in connectwise.search_catalog(text)] == [created.id], text
    renamed = connectwise.patch_product(created.id, {"identifier": NASTY[:60]})
    assert connectwise.find_products_by_identifier(NASTY[:60].upper()) == [renamed]
    assert connectwise.search_catalog("%%") == []


def test_a_long_text_survives(connectwise: ConnectWise) -> None:
    text = "word 🧾 " * 750
    created = connectwise.create_product(product(connectwise, customer_description=text.strip()))
    assert created.customer_description == text.strip()


def test_a_change_is_taken_and_line_breaks_become_spaces(connectwise: ConnectWise) -> None:
    created = connectwise.create_product(product(connectwise))
    changed = connectwise.patch_product(
        created.id,
        {
            "notes": "two\r\nlines",
            "price": Decimal("99.90"),
            "manufacturer": None,
            "inactive": True,
            "product_class": ProductClass.SERVICE,
        },
    )
    assert (changed.notes, changed.price, changed.manufacturer) == (
        "two lines",
        Decimal("99.9"),
        None,
    )
    assert connectwise.get_product(created.id) == changed
    assert connectwise.audit_trail("ProductCatalog", created.id)


def test_a_taken_identifier_is_noticed(sandbox: Sandbox, connectwise: ConnectWise) -> None:
    connectwise.create_product(product(connectwise))
    with pytest.raises(IdentifierChangedError) as caught:
        connectwise.create_product(product(connectwise))
    assert caught.value.created.identifier == "CLIENT-TEST-Copy0"
    sandbox.controls.switches.update({"duplicate_identifier": "exists"})
    with pytest.raises(RefusedError) as refused:
        connectwise.create_product(product(connectwise))
    assert [problem.field for problem in refused.value.problems] == ["identifier"]


def test_a_refused_product_names_our_fields(sandbox: Sandbox, connectwise: ConnectWise) -> None:
    wrong = product(
        connectwise, description="x" * 61, type=Reference(99_999, "None"), vendor_sku="s" * 51
    )
    with pytest.raises(RefusedError) as caught:
        connectwise.create_product(wrong)
    assert {"description", "type", "vendor_sku"} >= {p.field for p in caught.value.problems} > set()
    assert stored(sandbox, "CLIENT-TEST") == []


@pytest.mark.parametrize("effect", ["reset", "truncate", "truncate_json", "html", "status"])
def test_a_lost_answer_after_the_commit_creates_one_product(
    effect: str, sandbox: Sandbox, connectwise: ConnectWise
) -> None:
    wanted = product(connectwise)
    fault(sandbox, effect=effect, when="after", method="POST", path="/procurement/catalog$")
    with pytest.raises(OutcomeUnknownError):
        connectwise.create_product(wanted)
    assert len(stored(sandbox, "CLIENT-TEST")) == 1
    assert len(connectwise.find_products_by_identifier("CLIENT-TEST")) == 1


def test_a_write_turned_away_by_the_rate_limit_is_made_once(
    sandbox: Sandbox, connectwise: ConnectWise
) -> None:
    wanted = product(connectwise)
    fault(sandbox, effect="rate_limit", method="POST", path="/procurement/catalog$", count=2)
    connectwise.create_product(wanted)
    assert len(stored(sandbox, "CLIENT-TEST")) == 1


@pytest.mark.parametrize("effect", ["reset", "truncate", "rate_limit", "status"])
def test_reads_survive_passing_faults(
    effect: str, sandbox: Sandbox, connectwise: ConnectWise
) -> None:
    expected = connectwise.list_catalog()
    fault(sandbox, effect=effect, path="/procurement/catalog", count=2)
    assert connectwise.list_catalog() == expected


@pytest.mark.parametrize(
    ("effect", "kind"),
    [
        ("reset", TryAgainError),
        ("truncate", TryAgainError),
        ("truncate_json", UnexpectedAnswerError),
        ("rate_limit", TryAgainError),
        ("status", TryAgainError),
    ],
)
def test_reads_give_up_with_a_remedy(
    effect: str, kind: type[VendorError], sandbox: Sandbox, connectwise: ConnectWise
) -> None:
    fault(sandbox, effect=effect, path="/procurement/catalog")
    with pytest.raises(kind) as caught:
        connectwise.list_catalog()
    assert caught.value.remedy is not None


def test_a_slow_server_is_given_up_on(sandbox: Sandbox) -> None:
    fault(sandbox, effect="latency", latency=0.5, path="/procurement/catalog")
    impatient = HttpLimits(read_timeout=0.1, attempts=2, wait_initial=0, wait_max=0)
    client = ConnectWise(connectwise_settings(sandbox), impatient)
    with pytest.raises(TryAgainError):
        client.list_catalog()
    client.close()


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"private_key": "wrong"}, "CONNECTWISE_PRIVATE_KEY"),
        ({"company": "nobody"}, "CONNECTWISE_COMPANY"),
        ({"client_id": ""}, "CONNECTWISE_CLIENT_ID"),
        ({"codebase": "no/such"}, "CONNECTWISE_"),
    ],
)
def test_wrong_settings_are_named(
    changes: dict[str, str], names: str, sandbox: Sandbox, limits: HttpLimits
) -> None:
    client = ConnectWise(replace(connectwise_settings(sandbox), **changes), limits)
    with pytest.raises(AccessError, match=names):
        client.check()
    client.close()


@pytest.mark.parametrize("status", ["400", "401", "403"])
def test_a_missing_client_id_whatever_the_status(
    status: str, sandbox: Sandbox, limits: HttpLimits
) -> None:
    sandbox.controls.switches.update({"missing_client_id": status})
    client = ConnectWise(replace(connectwise_settings(sandbox), client_id=""), limits)
    with pytest.raises(AccessError, match="CONNECTWISE_CLIENT_ID"):
        client.check()
    client.close()


def test_wrong_keys_shown_as_404_do_not_delete_a_product(
    sandbox: Sandbox, limits: HttpLimits, connectwise: ConnectWise
) -> None:
    known = connectwise.list_catalog()[0].id
    sandbox.controls.switches.update({"auth_failure": "404"})
    client = ConnectWise(replace(connectwise_settings(sandbox), private_key="wrong"), limits)
    with pytest.raises(AccessError):
        client.get_product(known)
    with pytest.raises(NotFoundError):
        connectwise.get_product(999_999)
    client.close()


def test_a_catalog_of_twenty_thousand_takes_few_calls(
    sandbox: Sandbox, connectwise: ConnectWise
) -> None:
    table = sandbox.world.tables["catalog"]
    pattern = table.all()[0]
    with sandbox.world.lock:
        for number in range(20_000 - len(table.all())):
            table.insert({**pattern, "identifier": f"BULK-{number}"})
    sandbox.controls.counters.reset()
    assert len(connectwise.list_catalog()) == 20_000
    assert sandbox.controls.counters.as_json()["total_reads"] <= 20_000 / 1000 + 1


def test_many_threads_share_a_client(sandbox: Sandbox, connectwise: ConnectWise) -> None:
    wrong: list[object] = []

    def read() -> None:
        try:
            wrong.extend(entry for entry in connectwise.list_catalog() if entry.id < 1)
        except VendorError as error:
            wrong.append(error)

    threads = [threading.Thread(target=read) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert sandbox.controls.counters.as_json()["most_open"] <= 4


def test_no_secret_and_nothing_typed_is_in_any_log(
    connectwise: ConnectWise, sophos: SophosPartner, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    connectwise.search_catalog("typed text")
    connectwise.create_product(product(connectwise, notes="noted text"))
    sophos.check()
    lines = [record for record in caplog.records if record.name == "core.clients"]
    assert len(lines) >= 8
    token = sophos._token.current()
    for hidden in ("demoPrivateKey01", "demoClientSecret", token, "typed", "noted", "Basic "):
        assert hidden not in caplog.text


# ---------------------------------------------------------------- Sophos


def newest_month(sandbox: Sandbox) -> Month:
    month = Month.last_complete(sandbox.world.today)
    assert sandbox.world.usage_lines(str(month))
    return month


def test_every_tenant_and_every_line(sandbox: Sandbox, sophos: SophosPartner) -> None:
    sophos.check()
    assert {found.id for found in sophos.tenants()} == {t["id"] for t in sandbox.world.tenants}
    month = newest_month(sandbox)
    lines = sophos.billing_usage(month)
    wire = sandbox.world.usage_lines(str(month)) or []
    assert len(lines) == len(wire) > 100
    assert sum(line.billable_quantity for line in lines) == sum(
        Decimal(record["billableQuantity"]) for record in wire
    )
    assert any(line.account_id is None for line in lines)


def test_the_size_of_a_page_does_not_matter(sandbox: Sandbox, sophos: SophosPartner) -> None:
    month = newest_month(sandbox)
    whole = sophos.billing_usage(month)
    sandbox.controls.sophos.behaviour.max_usage_page = 40
    sandbox.controls.sophos.behaviour.max_tenants_page = 20
    assert sophos.billing_usage(month) == whole
    assert len(sophos.tenants()) == len(sandbox.world.tenants)


def test_a_month_without_data_is_empty(sophos: SophosPartner) -> None:
    assert sophos.billing_usage(Month(2001, 1)) == []


def test_an_ended_token_is_renewed(sandbox: Sandbox, sophos: SophosPartner) -> None:
    sophos.check()
    sandbox.controls.sophos.tokens.revoke()
    assert sophos.tenants()


def test_a_fault_between_pages_never_shortens_a_month(
    sandbox: Sandbox, sophos: SophosPartner
) -> None:
    month = newest_month(sandbox)
    whole = sophos.billing_usage(month)
    fault(sandbox, effect="truncate", path="/billing/usage", nth=2, count=1)
    assert sophos.billing_usage(month) == whole
    sandbox.controls.faults.clear()
    fault(sandbox, effect="truncate_json", path="/billing/usage", nth=2)
    with pytest.raises(UnexpectedAnswerError):
        sophos.billing_usage(month)


@pytest.mark.parametrize(
    ("kind", "words"), [("tenant", "a customer"), ("organization", "an organization")]
)
def test_credentials_that_are_not_a_partners(
    kind: str, words: str, sandbox: Sandbox, sophos: SophosPartner
) -> None:
    sandbox.controls.sophos.behaviour.id_type = kind
    with pytest.raises(AccessError, match=words):
        sophos.check()


def test_a_wrong_secret(sandbox: Sandbox, limits: HttpLimits) -> None:
    access = sandbox.sophos
    settings = SophosSettings(access.client_id, "wrong", access.id_url, access.api_url)
    client = SophosPartner(settings, limits)
    with pytest.raises(AccessError, match="SOPHOS_CLIENT_SECRET"):
        client.check()
    client.close()
