from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest

from core.clients.connectwise import IdentifierChangedError
from core.domain.models import CatalogItem, ProductFields
from core.domain.product_form import fields_of
from core.errors import (
    InputError,
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
    TryAgainError,
    VendorError,
    message,
)
from core.sandbox.faults import Effect, FaultRule, When
from core.sandbox.server import Sandbox
from core.services import Services
from core.use_cases import products as products_module
from core.use_cases.products import ProductChangedError, ProductExistsError
from tests.conftest import Clock


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products_module, "_READ_BACK_WAITS", (0.01, 0.01))


@pytest.fixture
def services(filled: Services) -> Services:
    return filled


@pytest.fixture
def wanted(services: Services) -> ProductFields:
    return replace(services.products.prefill("NDR-MSP"), price=Decimal("12.34"))


def named(sandbox: Sandbox, identifier: str) -> list[dict[str, object]]:
    records = sandbox.world.tables["catalog"].all()
    return [r for r in records if str(r["identifier"]).startswith(identifier)]


def edit_by_another(sandbox: Sandbox, product_id: int, **members: object) -> None:
    table = sandbox.world.tables["catalog"]
    with sandbox.world.transaction():
        table.replace(product_id, {**table.records[product_id], **members})


def test_a_prefilled_form_can_be_applied_as_it_stands(
    services: Services, wanted: ProductFields, sandbox: Sandbox
) -> None:
    item = services.products.create(wanted)
    assert fields_of(item) == fields_of(services.products.read(item.id))
    assert item.price == Decimal("12.34")
    assert item.integration_xref == "NDR-MSP"
    assert item.recurring
    assert len(named(sandbox, wanted.identifier)) == 1


def test_the_vendor_price_says_its_currency(services: Services, wanted: ProductFields) -> None:
    price = services.products.vendor_price("NDR-MSP")
    assert price is not None
    assert price == (wanted.cost, "EUR")
    assert services.products.vendor_price("NOT-SEEN") is None


def test_a_created_product_is_found_at_once(services: Services, wanted: ProductFields) -> None:
    item = services.products.create(wanted)
    assert [entry.id for entry in services.catalog.find(wanted.identifier)][:1] == [item.id]


@pytest.mark.parametrize("when", list(When))
@pytest.mark.parametrize("effect", [Effect.RESET, Effect.HTML, Effect.TRUNCATE])
def test_a_lost_answer_ends_in_exactly_one_product(
    services: Services, wanted: ProductFields, sandbox: Sandbox, effect: Effect, when: When
) -> None:
    sandbox.controls.faults.add(
        FaultRule(effect=effect, method="POST", path="procurement/catalog", when=when, count=1)
    )
    try:
        item = services.products.create(wanted)
    except VendorError:
        item = services.products.create(wanted)
    assert [record["id"] for record in named(sandbox, wanted.identifier)] == [item.id]


def test_an_answer_lost_before_the_commit_says_to_apply_again(
    services: Services, wanted: ProductFields, sandbox: Sandbox
) -> None:
    sandbox.controls.faults.add(
        FaultRule(effect=Effect.RESET, method="POST", path="procurement/catalog", count=1)
    )
    with pytest.raises(TryAgainError, match="Apply again"):
        services.products.create(wanted)
    assert not named(sandbox, wanted.identifier)


@pytest.mark.parametrize("is_new", [True, False])
def test_what_connectwise_answered_is_told_when_nothing_was_written(
    services: Services, wanted: ProductFields, sandbox: Sandbox, is_new: bool
) -> None:
    base = services.products.create(replace(wanted, identifier="Another"))
    said = "Object reference not set to an instance of an object."
    body = {"code": "ConnectWiseApi", "message": said}
    create = partial(services.products.create, wanted)
    update = partial(services.products.update, base, replace(fields_of(base), price=Decimal(20)))
    sandbox.controls.faults.add(
        FaultRule(
            effect=Effect.STATUS,
            status=500,
            body=body,
            method="POST" if is_new else "PATCH",
            path="procurement/catalog",
        )
    )
    with pytest.raises(TryAgainError) as caught:
        (create if is_new else update)()
    assert said in str(caught.value)
    assert "did not answer" not in str(caught.value)
    assert "Apply again" in str(caught.value)


def test_an_answer_that_is_a_page_of_a_gateway_is_told_by_its_number_in_any_language(
    services: Services, wanted: ProductFields, sandbox: Sandbox
) -> None:
    page = "<html><body>Service Unavailable</body></html>"
    sandbox.controls.faults.add(
        FaultRule(
            effect=Effect.STATUS, status=503, body=page, method="POST", path="procurement/catalog"
        )
    )
    with pytest.raises(TryAgainError, match="ConnectWise answered: error 503") as caught:
        services.products.create(wanted)
    assert dict(caught.value.text.facts)["reason"] == message("error {status}", status=503)


def test_a_taken_identifier_is_offered_and_never_copied(
    services: Services, wanted: ProductFields, sandbox: Sandbox
) -> None:
    first = services.products.create(wanted)
    with pytest.raises(ProductExistsError) as caught:
        services.products.create(replace(wanted, description="another"))
    assert caught.value.existing.id == first.id
    assert len(named(sandbox, wanted.identifier)) == 1


def test_a_product_that_somebody_else_created_meanwhile_is_never_taken_for_ours(
    services: Services,
    wanted: ProductFields,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    theirs: list[CatalogItem] = []

    def create_theirs(wait: float) -> None:
        if not theirs:
            other = replace(wanted, description="Theirs", price=Decimal(99))
            theirs.append(services.connectwise.create_product(other))

    monkeypatch.setattr(services.products, "_sleep", create_theirs)
    sandbox.controls.faults.add(
        FaultRule(effect=Effect.RESET, method="POST", path="procurement/catalog", count=1)
    )
    with pytest.raises(ProductExistsError) as caught:
        services.products.create(wanted)
    assert caught.value.existing.id == theirs[0].id


def test_a_copy_that_cannot_be_retired_is_told_of(
    services: Services,
    wanted: ProductFields,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    services.products.create(wanted)
    monkeypatch.setattr(services.products, "_refuse_existing", lambda *_: None)
    sandbox.controls.faults.add(
        FaultRule(effect=Effect.STATUS, method="PATCH", path="procurement/catalog")
    )
    with pytest.raises(IdentifierChangedError, match=r"make .* inactive"):
        services.products.create(wanted)


def test_bad_values_are_all_reported_and_nothing_is_sent(
    services: Services, wanted: ProductFields, sandbox: Sandbox
) -> None:
    sandbox.controls.counters.reset()
    with pytest.raises(InputError) as caught:
        services.products.create(
            replace(wanted, description="x" * 61, price=Decimal(-1), subcategory=None)
        )
    fields = {problem.field for problem in caught.value.problems}
    assert fields == {"description", "price", "subcategory"}
    assert not named(sandbox, wanted.identifier)


def test_a_message_of_the_server_lands_at_its_field(
    services: Services, wanted: ProductFields, sandbox: Sandbox
) -> None:
    body = {
        "code": "InvalidObject",
        "message": "catalogItem object is invalid",
        "errors": [
            {
                "code": "X",
                "message": "No.",
                "resource": "catalogItem",
                "field": "customerDescription",
            }
        ],
    }
    sandbox.controls.faults.add(
        FaultRule(
            effect=Effect.STATUS, method="POST", path="procurement/catalog", status=400, body=body
        )
    )
    with pytest.raises(RefusedError) as caught:
        services.products.create(wanted)
    assert [problem.field for problem in caught.value.problems] == ["customer_description"]


def test_an_edit_writes_only_what_changed(
    services: Services, wanted: ProductFields, sandbox: Sandbox
) -> None:
    base = services.products.create(wanted)
    after = services.products.update(base, replace(fields_of(base), price=Decimal("15.5")))
    assert after.price == Decimal("15.5")
    assert after.description == base.description
    assert sandbox.world.tables["catalog"].records[base.id]["price"] == Decimal("15.5")


def test_an_edit_without_changes_sends_nothing(
    services: Services, wanted: ProductFields, sandbox: Sandbox
) -> None:
    base = services.products.create(wanted)
    before = dict(sandbox.world.tables["catalog"].records[base.id])
    assert services.products.update(base, fields_of(base)) == base
    assert sandbox.world.tables["catalog"].records[base.id] == before


def test_a_product_changed_by_somebody_else_is_shown_and_not_overwritten(
    services: Services, wanted: ProductFields, sandbox: Sandbox
) -> None:
    base = services.products.create(wanted)
    table = sandbox.world.tables["catalog"]
    with sandbox.world.transaction():
        table.replace(base.id, {**table.records[base.id], "description": "theirs"})
    with pytest.raises(ProductChangedError) as caught:
        services.products.update(base, replace(fields_of(base), price=Decimal(9)))
    assert caught.value.theirs.description == "theirs"
    assert table.records[base.id]["price"] == Decimal("12.34")


def test_a_lost_answer_to_an_edit_is_read_back(
    services: Services, wanted: ProductFields, sandbox: Sandbox
) -> None:
    base = services.products.create(wanted)
    sandbox.controls.faults.add(
        FaultRule(effect=Effect.RESET, method="PATCH", when=When.AFTER, count=1)
    )
    after = services.products.update(base, replace(fields_of(base), price=Decimal(20)))
    assert after.price == 20


def test_a_lost_edit_is_confirmed_by_its_own_fields(
    services: Services,
    wanted: ProductFields,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    base = services.products.create(wanted)
    sandbox.controls.faults.add(
        FaultRule(effect=Effect.RESET, method="PATCH", when=When.AFTER, count=1)
    )
    edited_by_another = partial(edit_by_another, sandbox, base.id, notes="theirs")
    monkeypatch.setattr(services.products, "_sleep", lambda wait: edited_by_another())
    after = services.products.update(base, replace(fields_of(base), price=Decimal(20)))
    assert (after.price, after.notes) == (20, "theirs")


def test_an_edit_that_was_answered_needs_no_further_answer(
    services: Services,
    wanted: ProductFields,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    base = services.products.create(wanted)
    patch = services.connectwise.patch_product

    def then_the_connection_breaks(product_id: int, changes: Mapping[str, object]) -> CatalogItem:
        item = patch(product_id, changes)
        sandbox.controls.faults.add(FaultRule(effect=Effect.STATUS, method="GET"))
        return item

    monkeypatch.setattr(services.connectwise, "patch_product", then_the_connection_breaks)
    after = services.products.update(base, replace(fields_of(base), price=Decimal(20)))
    assert after.price == 20


@pytest.mark.parametrize("is_new", [True, False])
def test_a_lost_write_that_cannot_be_read_back_is_not_said_to_have_changed_nothing(
    services: Services,
    wanted: ProductFields,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    is_new: bool,
) -> None:
    base = services.products.create(replace(wanted, identifier="Another"))
    lost = FaultRule(effect=Effect.RESET, path="procurement/catalog", when=When.AFTER)
    for method in ("POST", "PATCH"):
        sandbox.controls.faults.add(replace(lost, method=method))
    down = FaultRule(effect=Effect.STATUS, method="GET", path="procurement/catalog")
    monkeypatch.setattr(services.products, "_sleep", lambda wait: sandbox.controls.faults.add(down))
    create = partial(services.products.create, wanted)
    update = partial(services.products.update, base, replace(fields_of(base), price=Decimal(20)))
    with pytest.raises(OutcomeUnknownError, match="Look in ConnectWise"):
        (create if is_new else update)()


def test_what_was_wrong_before_does_not_stand_in_the_way_of_an_edit(
    services: Services, wanted: ProductFields, sandbox: Sandbox, clock: Clock
) -> None:
    base = services.products.create(wanted)
    assert base.subcategory is not None
    table = sandbox.world.tables["subcategories"]
    with sandbox.world.transaction():
        retired = {**table.records[base.subcategory.id], "inactiveFlag": True}
        table.replace(base.subcategory.id, retired)
    clock.now += timedelta(hours=1)  # the lists are kept a while
    after = services.products.update(base, replace(fields_of(base), price=Decimal(20)))
    assert after.price == 20
    with pytest.raises(InputError):
        services.products.create(replace(wanted, identifier="Another"))


def test_an_edit_lost_before_the_commit_says_so(
    services: Services, wanted: ProductFields, sandbox: Sandbox
) -> None:
    base = services.products.create(wanted)
    sandbox.controls.faults.add(FaultRule(effect=Effect.RESET, method="PATCH", count=1))
    with pytest.raises(TryAgainError):
        services.products.update(base, replace(fields_of(base), price=Decimal(20)))
    assert sandbox.world.tables["catalog"].records[base.id]["price"] == Decimal("12.34")


def test_a_rename_to_a_taken_identifier_is_refused(
    services: Services, wanted: ProductFields
) -> None:
    services.products.create(wanted)
    other = services.products.create(replace(wanted, identifier="Another"))
    with pytest.raises(ProductExistsError):
        services.products.update(other, replace(fields_of(other), identifier=wanted.identifier))


def test_a_deleted_product_says_so(
    services: Services, wanted: ProductFields, sandbox: Sandbox
) -> None:
    base = services.products.create(wanted)
    with sandbox.world.transaction():
        sandbox.world.tables["catalog"].delete(base.id)
    with pytest.raises(NotFoundError):
        services.products.read(base.id)


@pytest.mark.parametrize(
    "text",
    [
        'O\'Brien "the" best',
        "🚀 rocket",
        "مرحبا بالعالم",
        "<script>alert(1)</script>",
        "=1+1",
        "50% [off] *",
    ],
)
def test_any_text_survives_the_way_there_and_back(
    services: Services, wanted: ProductFields, text: str
) -> None:
    item = services.products.create(replace(wanted, identifier=text, description=text))
    assert services.products.read(item.id).identifier == text
    with pytest.raises(ProductExistsError):
        services.products.create(replace(wanted, identifier=text, description=text))


def test_six_thousand_characters_fit_and_one_more_does_not(
    services: Services, wanted: ProductFields
) -> None:
    item = services.products.create(replace(wanted, customer_description="x" * 6000))
    assert len(item.customer_description) == 6000
    with pytest.raises(InputError):
        services.products.create(
            replace(wanted, identifier="Other", customer_description="x" * 6001)
        )


def test_the_audit_trail_tells_who_changed_it(services: Services, wanted: ProductFields) -> None:
    item = services.products.create(wanted)
    assert services.products.audit_trail(item.id)
