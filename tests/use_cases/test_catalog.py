from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from decimal import Decimal

import pytest

from core.domain.models import MappingState, ProductClass, ProductMapping
from core.domain.month import Month
from core.domain.saving import MappingValues, RowEdit
from core.errors import InputError, UnexpectedAnswerError
from core.sandbox.faults import Effect, FaultRule
from core.sandbox.server import Sandbox
from core.services import Services
from core.storage.mappings_store import MappingDecision

CODE = "CIXA-MSP"
NEW_CLASS = "Subscription"


def change_item(sandbox: Sandbox, product_id: int, **members: object) -> None:
    """What somebody else changes in ConnectWise."""
    table = sandbox.world.tables["catalog"]
    with sandbox.world.transaction():
        table.replace(product_id, {**table.records[product_id], **members})


def mapped(services: Services, product_id: int | None, sync: bool = True) -> None:
    mapping = services.store.mappings.all()[CODE]
    wanted = MappingValues(product_id, sync)
    edit = RowEdit(CODE, mapping.version, MappingValues.of(mapping), wanted)
    services.mappings.save([edit], "ana")


@pytest.fixture
def usable(filled: Services) -> int:
    """A product that may be mapped."""
    return next(
        entry.id
        for entry in filled.catalog.entries()
        if not entry.inactive and entry.product_class is ProductClass.AGREEMENT
    )


def test_a_refresh_reads_every_product_and_tells_how_far_it_is(
    services: Services, sandbox: Sandbox
) -> None:
    seen: list[int] = []
    count = services.catalog.refresh(lambda done, total: seen.append(done))
    assert count == len(sandbox.world.tables["catalog"].records) == len(services.catalog.entries())
    assert seen == [1000, count]


def test_an_empty_answer_is_not_an_empty_catalog(
    filled: Services, sandbox: Sandbox, usable: int
) -> None:
    mapped(filled, usable)
    before = (filled.catalog.entries(), filled.catalog.refreshed_at(), filled.mappings.rows())
    sandbox.controls.faults.add(
        FaultRule(effect=Effect.STATUS, path="procurement/catalog", status=200, body=[])
    )
    with pytest.raises(UnexpectedAnswerError, match=r"no products.*kept"):
        filled.catalog.refresh()
    assert before == (
        filled.catalog.entries(),
        filled.catalog.refreshed_at(),
        filled.mappings.rows(),
    )


def test_a_catalog_that_was_always_empty_is_accepted(services: Services, sandbox: Sandbox) -> None:
    table = sandbox.world.tables["catalog"]
    with sandbox.world.transaction():
        for product_id in list(table.records):
            table.delete(product_id)
    assert services.catalog.refresh() == 0
    assert services.catalog.refreshed_at() is not None


def test_one_product_of_a_new_class_does_not_keep_the_others_out(
    filled: Services, sandbox: Sandbox, usable: int
) -> None:
    change_item(sandbox, usable, productClass=NEW_CLASS, description="Odd one")
    assert filled.catalog.refresh() == len(sandbox.world.tables["catalog"].records)
    entry = next(entry for entry in filled.catalog.entries() if entry.id == usable)
    assert entry.product_class == NEW_CLASS
    assert not entry.is_billable
    assert entry in filled.catalog.find("odd one")


def test_a_product_of_a_new_class_cannot_be_mapped(
    filled: Services, sandbox: Sandbox, usable: int
) -> None:
    change_item(sandbox, usable, productClass=NEW_CLASS)
    filled.catalog.refresh()
    with pytest.raises(InputError) as caught:
        mapped(filled, usable)
    (problem,) = caught.value.problems
    assert NEW_CLASS in str(problem.text)
    assert "Choose" in str(problem.text)
    assert filled.store.mappings.all()[CODE].connectwise_product_id is None


def test_a_product_of_a_new_class_is_never_suggested(filled: Services, sandbox: Sandbox) -> None:
    suggested = next(row.suggestion for row in filled.mappings.rows() if row.suggestion)
    change_item(sandbox, suggested.connectwise_product_id, productClass=NEW_CLASS)
    filled.catalog.refresh()
    left = {
        row.suggestion.connectwise_product_id for row in filled.mappings.rows() if row.suggestion
    }
    assert left
    assert suggested.connectwise_product_id not in left


def test_a_mapped_product_that_gets_a_new_class_keeps_its_row_editable(
    filled: Services, sandbox: Sandbox, usable: int
) -> None:
    mapped(filled, usable)
    change_item(sandbox, usable, productClass=NEW_CLASS)
    filled.catalog.refresh()
    mapped(filled, usable, sync=False)
    assert not filled.store.mappings.all()[CODE].sync


def test_a_class_that_is_no_text_names_the_item_and_keeps_the_old_catalog(
    filled: Services, sandbox: Sandbox, usable: int
) -> None:
    before = filled.catalog.entries()
    change_item(sandbox, usable, productClass=7)
    with pytest.raises(UnexpectedAnswerError, match=rf"catalog item {usable}: productClass"):
        filled.catalog.refresh()
    assert filled.catalog.entries() == before


def test_an_item_of_a_new_class_cannot_be_opened_but_hides_no_other(
    filled: Services, sandbox: Sandbox, usable: int
) -> None:
    other = next(e for e in filled.catalog.entries() if e.id != usable)
    change_item(sandbox, usable, productClass=NEW_CLASS)
    # Only brackets: such a search cannot be written as a condition, so all items come back.
    change_item(sandbox, other.id, identifier="[*]")
    with pytest.raises(UnexpectedAnswerError, match="productClass"):
        filled.products.read(usable)
    assert [item.id for item in filled.connectwise.find_products_by_identifier("[*]")] == [other.id]


def test_a_refresh_that_races_with_an_edit_keeps_the_edit(
    filled: Services, sandbox: Sandbox, usable: int
) -> None:
    """The list was read before the edit; what was read back after it is newer."""

    def edit_after_it_was_listed(done: int, total: int | None) -> None:
        change_item(sandbox, usable, description="Edited meanwhile")
        filled.products.read(usable)

    filled.catalog.refresh(edit_after_it_was_listed)
    entry = next(entry for entry in filled.catalog.entries() if entry.id == usable)
    assert entry.description == "Edited meanwhile"


def test_looking_at_a_known_product_changes_nothing(filled: Services, usable: int) -> None:
    rows, version = filled.mappings.rows(), filled.catalog.version()
    filled.products.read(usable)
    assert filled.catalog.version() == version
    assert filled.mappings.rows() is rows


def test_a_refresh_keeps_what_a_deleted_product_was_called(
    filled: Services, sandbox: Sandbox, usable: int
) -> None:
    mapped(filled, usable)
    name = next(entry.identifier for entry in filled.catalog.entries() if entry.id == usable)
    with sandbox.world.transaction():
        sandbox.world.tables["catalog"].delete(usable)
    for _refresh in range(2):
        filled.catalog.refresh()
        stored = filled.store.mappings.all()[CODE]
        assert stored.state is MappingState.BROKEN
        assert str(stored.reason) == f"The ConnectWise product {name} no longer exists."


def test_looking_at_a_product_that_changed_tells_the_snapshot(
    filled: Services, sandbox: Sandbox, usable: int
) -> None:
    mapped(filled, usable)
    version = filled.catalog.version()
    change_item(sandbox, usable, inactiveFlag=True)
    filled.products.read(usable)
    assert filled.catalog.version() != version
    assert filled.store.mappings.all()[CODE].state is MappingState.BROKEN


def test_a_mapping_that_is_about_to_leave_a_product_is_not_moved_by_it(
    filled: Services, usable: int
) -> None:
    mapped(filled, usable)
    entry = (filled.catalog.snapshot().by_id or {})[usable]
    filled.catalog.put(replace(entry, inactive=True), leaving=CODE)
    assert filled.store.mappings.all()[CODE].state is MappingState.ACTIVE
    filled.catalog.put(replace(entry, description="Another"), leaving="somebody else")
    filled.catalog.put(replace(entry, inactive=True), leaving="somebody else")
    assert filled.store.mappings.all()[CODE].state is MappingState.BROKEN


def test_no_version_is_that_of_an_earlier_start(
    filled: Services, open_services: Callable[[], Services], usable: int
) -> None:
    before = filled.catalog.version()
    filled.close()
    with closing(open_services()) as again:
        assert again.catalog.version() != before


def test_one_known_product_does_not_mean_that_the_others_are_missing(
    services: Services, sandbox: Sandbox
) -> None:
    """Before the first refresh."""
    services.usage.fetch(Month.last_complete(services.clock().date()), "ana")
    first, second = list(sandbox.world.tables["catalog"].records)[:2]
    mapped(services, first)
    services.products.read(second)
    row = next(row for row in services.mappings.rows() if row.mapping.product_code == CODE)
    assert row.mapping.state is MappingState.ACTIVE
    assert row.default_product is None
    mapped(services, first, sync=False)
    assert services.store.mappings.all()[CODE].state is MappingState.OFF


def test_a_refresh_that_ends_during_a_save_is_seen_by_it(
    filled: Services, sandbox: Sandbox, usable: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = filled.store.mappings.change

    def after_a_refresh(decide: MappingDecision) -> tuple[ProductMapping, ...]:
        monkeypatch.undo()
        change_item(sandbox, usable, inactiveFlag=True)
        filled.catalog.refresh()
        return change(decide)

    monkeypatch.setattr(filled.store.mappings, "change", after_a_refresh)
    with pytest.raises(InputError, match="cannot be accepted"):
        mapped(filled, usable)


def test_a_refresh_that_ends_during_a_fetch_is_seen_by_it(
    filled: Services, sandbox: Sandbox, usable: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    mapped(filled, usable)
    other = next(e.id for e in filled.catalog.entries() if e.is_billable and e.id != usable)
    mapped(filled, other)
    assert filled.store.mappings.all()[CODE].state is MappingState.STOPPED
    record = filled.store.usage.record_fetch

    def after_a_refresh(*parts: object) -> None:
        monkeypatch.undo()
        change_item(sandbox, other, inactiveFlag=True)
        filled.catalog.refresh()
        record(*parts)  # type: ignore[arg-type]

    monkeypatch.setattr(filled.store.usage, "record_fetch", after_a_refresh)
    filled.usage.fetch(Month.last_complete(filled.clock().date()), "ana")
    assert filled.store.mappings.all()[CODE].state is MappingState.BROKEN


def test_a_price_with_the_noise_of_a_double_does_not_keep_the_catalog_out(
    services: Services, sandbox: Sandbox
) -> None:
    product_id = next(iter(sandbox.world.tables["catalog"].records))
    change_item(sandbox, product_id, cost=Decimal("33.333333333333336"))
    services.catalog.refresh()
    entry = next(entry for entry in services.catalog.entries() if entry.id == product_id)
    assert entry.cost == Decimal("33.333333333333")
