from __future__ import annotations

from core.domain.models import CatalogItem
from core.errors import message
from core.services import Services
from core.use_cases.product_creations import Creation, Creations

CODE, OTHER = "NDR-MSP", "CDE-MSP"
WHY = (message("It is not there."), None)


def an_item(services: Services) -> CatalogItem:
    return services.products.create(services.products.prefill(CODE))


def test_a_creation_is_under_way_then_there_until_it_is_forgotten(filled: Services) -> None:
    creations, item = Creations(), an_item(filled)
    creations.begin("ana", {CODE: "NDR"})
    assert creations.of("ana") == (Creation(CODE, "NDR"),)
    assert creations.of("ana")[0].under_way
    creations.made("ana", CODE, item)
    assert creations.of("ana") == (Creation(CODE, item.identifier, item),)
    assert not creations.of("ana")[0].under_way
    creations.forget("ana", [CODE, OTHER])
    assert creations.of("ana") == ()


def test_what_one_person_creates_is_not_told_to_another() -> None:
    creations = Creations()
    creations.begin("ana", {CODE: "NDR"})
    creations.begin("ben", {CODE: "NDR-2"})
    creations.forget("ana", [CODE])
    assert (creations.of("ana"), creations.of("ben")) == ((), (Creation(CODE, "NDR-2"),))


def test_a_failure_tells_why_and_another_attempt_replaces_it() -> None:
    creations = Creations()
    creations.begin("ana", {CODE: "NDR"})
    creations.failed("ana", CODE, *WHY)
    assert creations.of("ana") == (Creation(CODE, "NDR", failure=WHY),)
    creations.begin("ana", {CODE: "NDR"})
    assert creations.of("ana")[0].under_way


def test_only_what_is_under_way_is_abandoned() -> None:
    creations = Creations()
    creations.begin("ana", {CODE: "NDR", OTHER: "CDE"})
    creations.failed("ana", CODE, *WHY)
    creations.abandon("ana", [CODE, OTHER])
    assert [one.code for one in creations.of("ana")] == [CODE]


def test_a_product_for_no_sophos_product_has_no_row_to_wait_for(filled: Services) -> None:
    creations, item = Creations(), an_item(filled)
    creations.begin("ana", {"": "Bundle"})
    creations.made("ana", "", item)
    assert creations.of("ana") == ()
