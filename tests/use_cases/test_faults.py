"""Bad input and faults as a person meets them: real HTTP, real store.

Each ends in one plain sentence with the remedy, loses nothing and leaves nothing half written.
"""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.clients.http import HttpLimits
from core.domain.models import CatalogItem, FetchStatus, MappingRow, ProductFields
from core.domain.month import Month
from core.domain.product_form import changed_fields, fields_of
from core.errors import (
    AccessError,
    OutcomeUnknownError,
    RefusedError,
    TryAgainError,
    UnexpectedAnswerError,
    UsageSyncError,
    VendorError,
)
from core.sandbox import fault_middleware
from core.sandbox.faults import Effect, FaultRule, When
from core.sandbox.server import Sandbox
from core.services import Services, build_services
from core.settings import load_settings
from core.use_cases import products as products_module
from core.use_cases.products import ProductExistsError
from tests.e2e.dashboard import connection_environment

CATALOG = "procurement/catalog"
USAGE = "billing/usage"
TIMED_OUT = {"code": "Unknown", "message": "Execution Timeout Expired."}
WRONG_TYPE = {
    "code": "InvalidObject",
    "message": "Error converting value \"abc\" to type 'System.Decimal'. Path 'price', line 1.",
}
NOT_SIGNED_IN = {"code": "ConnectWiseApi", "message": "UserNotAuthenticated"}
NO_CLIENT_ID = {"code": "ConnectWiseApi", "message": "The request has no clientId header."}
TOO_SLOW = 1.3
HURRIED = HttpLimits(
    read_timeout=1.0,
    connect_timeout=1.0,
    attempts=2,
    per_minute=60_000,
    wait_initial=0.01,
    wait_max=0.05,
    wait_jitter=0.0,
    rate_limit_wait=0.05,
    retry_after_max=0.05,
)


@pytest.fixture
def impatient() -> HttpLimits:
    return HURRIED


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products_module, "_READ_BACK_WAITS", (0.01, 0.01))


def status(code: int, body: object = None, **more: object) -> FaultRule:
    return FaultRule(effect=Effect.STATUS, status=code, body=body, **more)  # type: ignore[arg-type]


def assert_plain(error: UsageSyncError) -> None:
    """One sentence of what happened and one with the remedy; nothing of the machinery."""
    assert error.remedy is not None
    for text in (str(error.text), str(error.remedy)):
        assert 10 < len(text) < 300
        assert not text[0].islower()
        assert text.endswith((".", "error 404"))
        for machinery in ("\n", "<", "{", "Error(", "Exception", "Traceback", "httpx", "None"):
            assert machinery not in text


# What goes wrong, the kind of error, and a word that the person needs.
TROUBLE = {
    "wrong keys": (status(401, NOT_SIGNED_IN), AccessError, "CONNECTWISE_PRIVATE_KEY"),
    "wrong keys, said as 404": (
        status(404, {"code": "NotFound"}),
        AccessError,
        "CONNECTWISE_PRIVATE_KEY",
    ),
    "client ID": (status(401, NO_CLIENT_ID), AccessError, "CONNECTWISE_CLIENT_ID"),
    "no permission": (status(403, {"code": "Forbidden"}), AccessError, "Product Catalog"),
    "down": (status(503), TryAgainError, "few minutes"),
    "slow": (
        FaultRule(effect=Effect.LATENCY, latency=TOO_SLOW),
        TryAgainError,
        "did not answer in full",
    ),
    "429": (FaultRule(effect=Effect.RATE_LIMIT), TryAgainError, "Wait a minute"),
    "sign-in page": (FaultRule(effect=Effect.HTML, status=200), UnexpectedAnswerError, "proxy"),
    "gateway page": (FaultRule(effect=Effect.HTML), TryAgainError, "few minutes"),
    "cut": (FaultRule(effect=Effect.TRUNCATE), TryAgainError, "did not answer in full"),
    "truncated JSON": (FaultRule(effect=Effect.TRUNCATE_JSON), UnexpectedAnswerError, "proxy"),
    "timeout as 500": (status(500, TIMED_OUT), TryAgainError, "few minutes"),
    "our fault as 500": (status(500, WRONG_TYPE), RefusedError, "Correct"),
    "reset": (FaultRule(effect=Effect.RESET), TryAgainError, "few minutes"),
    "an object": (status(200, {"items": []}), UnexpectedAnswerError, "Nothing was taken"),
    "a list of nothing": (status(200, [None]), UnexpectedAnswerError, "Nothing was taken"),
}


def with_trouble(*but: str) -> pytest.MarkDecorator:
    cases = {name: case for name, case in TROUBLE.items() if name not in but}
    return pytest.mark.parametrize(("rule", "kind", "word"), cases.values(), ids=list(cases))


@contextmanager
def opened_copy(sandbox: Sandbox, store: Path, folder: Path) -> Iterator[Services]:
    path = folder / "store.duckdb"
    shutil.copyfile(store, path)
    settings = load_settings(connection_environment(sandbox, path), {})
    with closing(build_services(settings, limits=HURRIED)) as services:
        yield services


@pytest.fixture(scope="module")
def standing(
    running_sandbox: Sandbox, filled_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Services]:
    """One filled store for all tests that prove that nothing in it changes."""
    folder = tmp_path_factory.mktemp("standing")
    with opened_copy(running_sandbox, filled_store, folder) as services:
        yield services


@pytest.fixture(scope="module")
def maker(
    running_sandbox: Sandbox, filled_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Services]:
    """One filled store for all tests that create products, of which ConnectWise then forgets."""
    folder = tmp_path_factory.mktemp("maker")
    with opened_copy(running_sandbox, filled_store, folder) as services:
        yield services


def seen(services: Services) -> tuple[object, ...]:
    """Everything that a failed refresh must leave as it is."""
    catalog = services.catalog
    rows: tuple[MappingRow, ...] = services.mappings.rows()
    return catalog.entries(), catalog.refreshed_at(), rows, services.mappings.history()


@with_trouble()
def test_a_catalog_that_fails_on_its_second_page_changes_nothing(
    standing: Services, sandbox: Sandbox, rule: FaultRule, kind: type[VendorError], word: str
) -> None:
    before = seen(standing)
    sandbox.controls.faults.add(replace(rule, path=CATALOG, query="pageId"))
    with pytest.raises(kind, match=word) as caught:
        standing.catalog.refresh()
    assert_plain(caught.value)
    assert seen(standing) == before
    sandbox.controls.faults.clear()
    assert standing.catalog.refresh() == len(before[0])  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["slow", "429", "cut", "timeout as 500", "reset"])
def test_passing_trouble_is_not_noticed(standing: Services, sandbox: Sandbox, name: str) -> None:
    expected = len(standing.catalog.entries())
    sandbox.controls.faults.add(replace(TROUBLE[name][0], path=CATALOG, count=1))
    assert standing.catalog.refresh() == expected


SOPHOS_TROUBLE = {
    "expired credentials": (status(401, {"error": "unauthorized"}), "SOPHOS_CLIENT_SECRET"),
    "no permission": (status(403, {"error": "forbidden"}), "may not read"),
    "a 404 of a gateway": (FaultRule(effect=Effect.HTML, status=404), "Report"),
    "429": (FaultRule(effect=Effect.RATE_LIMIT), "Wait a minute"),
    "slow": (FaultRule(effect=Effect.LATENCY, latency=TOO_SLOW), "did not answer in full"),
    "sign-in page": (FaultRule(effect=Effect.HTML, status=200), "proxy"),
    "another shape": (status(200, {"lines": []}), "Nothing was taken"),
}


@pytest.mark.parametrize(("rule", "word"), SOPHOS_TROUBLE.values(), ids=list(SOPHOS_TROUBLE))
def test_a_failed_fetch_is_plain_and_keeps_the_earlier_usage(
    standing: Services, sandbox: Sandbox, rule: FaultRule, word: str
) -> None:
    month = standing.usage.months()[0]
    before = (standing.mappings.rows(), standing.usage.by_product(month))
    sandbox.controls.faults.add(replace(rule, path=USAGE))
    with pytest.raises(VendorError, match=word) as caught:
        standing.usage.fetch(month, "ana")
    assert_plain(caught.value)
    assert (standing.mappings.rows(), standing.usage.by_product(month)) == before
    last = standing.usage.last_fetch(month)
    assert last is not None
    assert last.status is FetchStatus.INCOMPLETE
    assert word in last.error


def test_servers_that_are_down_are_named_and_nothing_is_lost(
    filled: Services, sandbox: Sandbox, tmp_path: Path, impatient: HttpLimits
) -> None:
    before = seen(filled)
    filled.close()
    nobody = "http://127.0.0.1:9"
    environment = {
        **connection_environment(sandbox, tmp_path / "store.duckdb"),
        "CONNECTWISE_URL": nobody,
        "SOPHOS_ID_URL": nobody,
        "SOPHOS_API_URL": nobody,
    }
    settings = load_settings(environment, {})
    with closing(build_services(settings, limits=impatient)) as services:
        for call in (services.catalog.refresh, lambda: services.usage.fetch(Month(2026, 1), "ana")):
            with pytest.raises(TryAgainError, match=r"cannot be reached at 127\.0\.0\.1") as caught:
                call()
            assert_plain(caught.value)
        assert seen(services) == before


# ---------------------------------------------------------------- products


@pytest.fixture
def wanted(maker: Services, sandbox: Sandbox) -> ProductFields:
    return replace(maker.products.prefill("NDR-MSP"), price=Decimal("12.34"))


@pytest.fixture
def base(maker: Services, wanted: ProductFields) -> CatalogItem:
    return maker.products.create(wanted)


def ids_of(sandbox: Sandbox, identifier: str) -> list[int]:
    records = sandbox.world.tables["catalog"].all()
    return [r["id"] for r in records if str(r["identifier"]).startswith(identifier)]


def fault(sandbox: Sandbox, method: str, rule: FaultRule, **more: object) -> None:
    sandbox.controls.faults.add(replace(rule, method=method, path=CATALOG, **more))  # type: ignore[arg-type]


LOST = ("slow", "cut", "timeout as 500", "reset", "gateway page", "truncated JSON")


@pytest.mark.parametrize("name", LOST)
def test_a_product_whose_answer_was_lost_is_found_again(
    maker: Services, wanted: ProductFields, sandbox: Sandbox, name: str
) -> None:
    fault(sandbox, "POST", TROUBLE[name][0], when=When.AFTER, count=1)
    item = maker.products.create(wanted)
    assert ids_of(sandbox, wanted.identifier) == [item.id]
    assert maker.catalog.find(wanted.identifier)[0].id == item.id


@pytest.mark.parametrize("name", LOST)
def test_an_edit_whose_answer_was_lost_is_found_again(
    maker: Services, base: CatalogItem, sandbox: Sandbox, name: str
) -> None:
    fault(sandbox, "PATCH", TROUBLE[name][0], when=When.AFTER, count=1)
    after = maker.products.update(base, replace(fields_of(base), price=Decimal(20)))
    assert after.price == 20


def test_a_product_turned_away_by_the_rate_limit_is_created_once(
    maker: Services, wanted: ProductFields, sandbox: Sandbox
) -> None:
    fault(sandbox, "POST", TROUBLE["429"][0], count=1)
    item = maker.products.create(wanted)
    assert ids_of(sandbox, wanted.identifier) == [item.id]


@with_trouble("429", *LOST, "down", "sign-in page", "an object", "a list of nothing")
def test_a_refused_product_is_not_there_and_says_why(
    maker: Services,
    wanted: ProductFields,
    sandbox: Sandbox,
    rule: FaultRule,
    kind: type[VendorError],
    word: str,
) -> None:
    fault(sandbox, "POST", rule)
    with pytest.raises(kind, match=word) as caught:
        maker.products.create(wanted)
    assert_plain(caught.value)
    assert ids_of(sandbox, wanted.identifier) == []


def test_a_500_of_our_own_making_lands_at_its_field(
    maker: Services, wanted: ProductFields, sandbox: Sandbox
) -> None:
    fault(sandbox, "POST", status(500, WRONG_TYPE))
    with pytest.raises(RefusedError) as caught:
        maker.products.create(wanted)
    assert [problem.field for problem in caught.value.problems] == ["price"]


def test_a_product_that_a_slow_server_makes_later_is_never_made_twice(
    maker: Services, wanted: ProductFields, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    later, sleep = threading.Event(), asyncio.sleep

    async def until_later(_seconds: float) -> None:
        while not later.is_set():
            await sleep(0.01)

    monkeypatch.setattr(fault_middleware, "asyncio", SimpleNamespace(sleep=until_later))
    fault(sandbox, "POST", FaultRule(effect=Effect.LATENCY), count=1)
    with pytest.raises(TryAgainError, match="Apply again") as caught:
        maker.products.create(wanted)
    assert_plain(caught.value)
    assert ids_of(sandbox, wanted.identifier) == []
    later.set()
    deadline = time.monotonic() + 60
    while not ids_of(sandbox, wanted.identifier) and time.monotonic() < deadline:
        time.sleep(0.02)
    with pytest.raises(ProductExistsError) as again:
        maker.products.create(wanted)
    assert ids_of(sandbox, wanted.identifier) == [again.value.existing.id]


def test_nobody_is_told_that_nothing_changed_while_that_is_unknown(
    maker: Services, wanted: ProductFields, sandbox: Sandbox
) -> None:
    """The product was created, its answer was lost, and then the server went down."""
    fault(sandbox, "POST", FaultRule(effect=Effect.RESET), when=When.AFTER)
    _down_after_the_first_read(sandbox)
    with pytest.raises(OutcomeUnknownError) as caught:
        maker.products.create(wanted)
    assert_plain(caught.value)
    assert "Nothing was changed" not in str(caught.value)
    sandbox.controls.faults.clear()
    with pytest.raises(ProductExistsError) as again:
        maker.products.create(wanted)
    assert ids_of(sandbox, wanted.identifier) == [again.value.existing.id]


def test_an_edit_of_unknown_outcome_is_called_that(
    maker: Services, base: CatalogItem, sandbox: Sandbox
) -> None:
    fault(sandbox, "PATCH", FaultRule(effect=Effect.RESET), when=When.AFTER)
    _down_after_the_first_read(sandbox)
    with pytest.raises(OutcomeUnknownError) as caught:
        maker.products.update(base, replace(fields_of(base), price=Decimal(20)))
    assert_plain(caught.value)
    assert "Nothing was changed" not in str(caught.value)


def test_an_edit_that_was_taken_is_a_success_even_if_it_cannot_be_read_again(
    maker: Services, base: CatalogItem, sandbox: Sandbox
) -> None:
    _down_after_the_first_read(sandbox)
    after = maker.products.update(base, replace(fields_of(base), price=Decimal(20)))
    assert after.price == 20
    entry = next(entry for entry in maker.catalog.entries() if entry.id == base.id)
    assert entry.price == 20


def test_a_copy_that_could_not_be_retired_is_named(
    maker: Services, wanted: ProductFields, sandbox: Sandbox
) -> None:
    """Somebody made the same product in the same moment, and then the server went down."""
    fault(sandbox, "GET", status(200, []), count=1)
    fault(sandbox, "PATCH", status(503))
    sandbox.world.tables["catalog"].insert(
        {**sandbox.world.tables["catalog"].all()[0], "identifier": wanted.identifier}
    )
    with pytest.raises(VendorError, match=f"{wanted.identifier}-Copy0.* inactive") as caught:
        maker.products.create(wanted)
    assert_plain(caught.value)


def _down_after_the_first_read(sandbox: Sandbox) -> None:
    for nth in range(2, 10):
        fault(sandbox, "GET", status(503), nth=nth)


# ---------------------------------------------------------------- text

ODD_TEXTS = {
    "quotes": "O'Brien \"the\" 'best' “one”, a; b\tc",
    "emoji": "👩‍🚀🚀 rocket",
    "right to left": "حماية نقطة النهاية \u202b123\u202c",
    "html": "<script>alert(1)</script><b>&amp;",
    "formula": '=HYPERLINK("http://x";"y")',
    "command": "@SUM(1+1)*cmd|' /C calc'!A0",
    "line breaks": "one\r\ntwo\nthree",
    "nothing to see": "\u200b\u00a0\ufeff",
    "a zero": "a\x00c",
    "6,000 characters": "é" * 6000,
}


def test_odd_names_of_the_vendor_reach_connectwise_and_the_csv(
    filled: Services, sandbox: Sandbox
) -> None:
    codes = dict(zip(filled.store.mappings.all(), ODD_TEXTS.values(), strict=False))
    assert len(codes) == len(ODD_TEXTS)
    for code, text in codes.items():
        sandbox.world.rename_sophos_product(code, text)
    filled.usage.fetch(filled.usage.months()[0], "ana")
    for code in codes:
        wanted = filled.products.prefill(code)
        with suppress(ProductExistsError):  # the vendor's own name for it
            item = filled.products.create(wanted)
            assert changed_fields(wanted, fields_of(item)).keys() <= {"price"}
            assert filled.products.read(item.id) == item
    descriptions = {row.product.code: row.product.description for row in filled.mappings.rows()}
    assert {code: descriptions[code] for code in codes} == codes
    assert_round_trip(filled)


def test_odd_names_in_connectwise_can_be_found_mapped_and_kept(
    filled: Services, sandbox: Sandbox, open_services: Callable[[], Services]
) -> None:
    entries = [e for e in filled.catalog.entries() if not e.inactive and e.is_billable]
    table = sandbox.world.tables["catalog"]
    with sandbox.world.transaction():
        for number, (entry, text) in enumerate(zip(entries, ODD_TEXTS.values(), strict=False)):
            record = {**table.records[entry.id], "identifier": f"ODD{number}", "description": text}
            table.replace(entry.id, record)
    filled.catalog.refresh()
    lines = ["product_code,connectwise_product_id,sync"]
    for number, code in zip(range(len(ODD_TEXTS)), filled.store.mappings.all(), strict=False):
        found = filled.catalog.find(f"ODD{number}")[0]
        assert found.id == entries[number].id
        lines.append(f"{code},{found.id},true")
    parsed = filled.mappings.parse_csv("\n".join(lines))
    filled.mappings.save(filled.mappings.check_csv(parsed), "ana", "csv")
    before = assert_round_trip(filled)
    filled.close()
    with closing(open_services()) as again:
        assert assert_round_trip(again) == before


def test_half_a_character_does_not_keep_a_catalog_out(services: Services, sandbox: Sandbox) -> None:
    items = [{"id": 7, "identifier": "HALF", "description": "a\ud83db"}]
    sandbox.controls.faults.add(status(200, items, path=CATALOG))
    assert services.catalog.refresh() == 1
    assert services.catalog.find("HALF")[0].id == 7
    services.mappings.export_csv().encode("utf-8")


def assert_round_trip(services: Services) -> str:
    exported = services.mappings.export_csv()
    parsed = services.mappings.parse_csv(exported.encode("utf-8").decode("utf-8"))
    assert not parsed.problems
    assert len(parsed.rows) == len(services.mappings.rows())
    assert services.mappings.check_csv(parsed) == ()
    return exported
