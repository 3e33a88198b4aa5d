from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from core.domain.models import MappingRow, MappingState
from core.domain.month import Month
from core.domain.saving import MappingValues, RowEdit
from core.errors import InputError
from core.sandbox.server import Sandbox
from core.services import Services

CODE = "CIXA-MSP"


def newest_month(services: Services) -> Month:
    return Month.last_complete(services.clock().date())


def row_of(services: Services, code: str = CODE) -> MappingRow:
    return next(row for row in services.mappings.rows() if row.product.code == code)


def edit(services: Services, product_id: int | None, sync: bool, code: str = CODE) -> RowEdit:
    """What the grid hands over for a row that is edited now."""
    mapping = row_of(services, code).mapping
    return RowEdit(
        code, mapping.version, MappingValues.of(mapping), MappingValues(product_id, sync)
    )


def usable(services: Services, position: int = 0) -> int:
    entries = [
        e for e in services.catalog.entries() if not e.inactive and e.product_class != "Bundle"
    ]
    return entries[position].id


def map_row(services: Services, product_id: int | None, sync: bool, code: str = CODE) -> None:
    services.mappings.save([edit(services, product_id, sync, code)], "ana")


def test_rows_show_every_sophos_product_unmapped_and_off_at_first(filled: Services) -> None:
    rows = filled.mappings.rows()
    assert len(rows) >= 20
    assert {row.mapping.state for row in rows} == {MappingState.UNMAPPED}
    assert not any(row.mapping.sync for row in rows)
    assert [row.product.code for row in rows] == sorted(row.product.code for row in rows)


def test_a_saved_mapping_is_active_and_in_the_history(filled: Services) -> None:
    product = usable(filled)
    map_row(filled, product, True)
    row = row_of(filled)
    assert row.mapping.state is MappingState.ACTIVE
    assert row.entry is not None
    assert row.entry.id == product
    history = filled.mappings.history(CODE, 3)
    assert {(h.field, h.new) for h in history} == {
        ("connectwise_product_id", str(product)),
        ("sync", "true"),
        ("state", "active"),
    }
    assert {h.by for h in history} == {"ana"}


def test_a_change_while_on_stops_and_the_next_usage_resumes_with_it(filled: Services) -> None:
    map_row(filled, usable(filled, 0), True)
    map_row(filled, usable(filled, 1), True)
    stopped = row_of(filled)
    assert stopped.mapping.state is MappingState.STOPPED
    assert stopped.mapping.reason is not None
    assert stopped.default_product is None
    filled.usage.fetch(newest_month(filled), "ana")
    resumed = row_of(filled)
    assert resumed.mapping.state is MappingState.ACTIVE
    assert resumed.mapping.connectwise_product_id == usable(filled, 1)
    assert filled.mappings.history(CODE, 1)[0].by == "system"


def test_a_removal_while_on_stops_and_shows_the_default_product(filled: Services) -> None:
    map_row(filled, usable(filled), True)
    map_row(filled, None, True)
    filled.usage.fetch(newest_month(filled), "ana")
    row = row_of(filled)
    assert row.mapping.state is MappingState.STOPPED
    assert row.default_product is not None
    assert row.default_product.integration_xref == CODE


@pytest.mark.parametrize("by", ["identifier", "integrationXRef"])
def test_a_default_product_that_exists_is_taken_and_not_created(
    filled: Services, sandbox: Sandbox, by: str
) -> None:
    map_row(filled, None, True)
    row = row_of(filled)
    assert row.default_product is not None
    assert row.adopted is None
    product = usable(filled)
    table = sandbox.world.tables["catalog"]
    value = row.default_product.identifier.upper() if by == "identifier" else CODE
    with sandbox.world.transaction():
        table.replace(product, {**table.records[product], by: value})
    filled.catalog.refresh()
    adopted = row_of(filled).adopted
    assert adopted is not None
    assert adopted.id == product


def test_an_unmapped_row_whose_switch_is_off_gets_no_default_product(filled: Services) -> None:
    assert row_of(filled).default_product is None


def test_several_sophos_products_may_share_one_product(filled: Services) -> None:
    product = usable(filled)
    edits = [edit(filled, product, True, code) for code in (CODE, "SVRCLOUDADV-MSP")]
    assert len(filled.mappings.save(edits, "ana").saved) == 2


def test_all_problems_come_at_once_and_nothing_is_saved(filled: Services) -> None:
    edits = [
        edit(filled, usable(filled), True, CODE),
        edit(filled, 99_999_991, True, "SVRCLOUDADV-MSP"),
        edit(filled, 99_999_992, True, "XDR-MSP"),
    ]
    with pytest.raises(InputError) as caught:
        filled.mappings.save(edits, "ana")
    assert [problem.key for problem in caught.value.problems] == ["SVRCLOUDADV-MSP", "XDR-MSP"]
    assert row_of(filled).mapping.state is MappingState.UNMAPPED


def test_a_row_changed_by_somebody_else_is_refused_and_the_others_are_saved(
    filled: Services,
) -> None:
    mine = [edit(filled, usable(filled, 0), True), edit(filled, usable(filled, 0), True, "XDR-MSP")]
    filled.mappings.save([edit(filled, usable(filled, 1), False)], "ben")
    result = filled.mappings.save(mine, "ana")
    assert [mapping.product_code for mapping in result.saved] == ["XDR-MSP"]
    (conflict,) = result.conflicts
    assert conflict.key == CODE
    assert conflict.base == MappingValues()
    assert conflict.theirs == MappingValues(usable(filled, 1), False)
    assert conflict.mine == MappingValues(usable(filled, 0), True)
    assert conflict.by == "ben"
    assert row_of(filled).mapping.connectwise_product_id == usable(filled, 1)


def test_mine_may_be_kept_over_theirs_knowingly(filled: Services) -> None:
    stale = edit(filled, usable(filled, 0), True)
    filled.mappings.save([edit(filled, usable(filled, 1), False)], "ben")
    (conflict,) = filled.mappings.save([stale], "ana").conflicts
    again = replace(stale, base=conflict.theirs, base_version=conflict.theirs_version)
    assert not filled.mappings.save([again], "ana").conflicts
    assert row_of(filled).mapping.connectwise_product_id == usable(filled, 0)


def test_a_deleted_product_breaks_the_mapping_and_a_restored_one_mends_it(
    filled: Services, sandbox: Sandbox
) -> None:
    product = usable(filled)
    map_row(filled, product, True)
    table = sandbox.world.tables["catalog"]
    with sandbox.world.transaction():
        record = dict(table.records[product])
        table.delete(product)
    filled.catalog.refresh()
    assert row_of(filled).mapping.state is MappingState.BROKEN
    assert row_of(filled).default_product is not None
    with sandbox.world.transaction():
        table.replace(product, record)
    filled.catalog.refresh()
    assert row_of(filled).mapping.state is MappingState.ACTIVE


def test_an_inactive_product_breaks_the_mapping(filled: Services, sandbox: Sandbox) -> None:
    product = usable(filled)
    map_row(filled, product, True)
    table = sandbox.world.tables["catalog"]
    with sandbox.world.transaction():
        table.replace(product, {**table.records[product], "inactiveFlag": True})
    filled.catalog.refresh()
    assert row_of(filled).mapping.state is MappingState.BROKEN


def test_renames_on_both_sides_keep_the_mapping(filled: Services, sandbox: Sandbox) -> None:
    product = usable(filled)
    map_row(filled, product, True)
    table = sandbox.world.tables["catalog"]
    with sandbox.world.transaction():
        table.replace(
            product, {**table.records[product], "identifier": "RENAMED", "description": "x"}
        )
    sandbox.world.rename_sophos_product(CODE, "Sophos Something Else")
    before = row_of(filled)
    filled.catalog.refresh()
    filled.usage.fetch(newest_month(filled), "ana")
    after = row_of(filled)
    assert after.mapping == before.mapping
    assert after.entry is not None
    assert after.entry.identifier == "RENAMED"
    assert after.product.description == "Sophos Something Else"
    assert before.product.description in after.product.former_descriptions


def test_export_and_import_again_changes_nothing(filled: Services) -> None:
    map_row(filled, usable(filled), True)
    parsed = filled.mappings.parse_csv(filled.mappings.export_csv())
    assert not parsed.problems
    assert filled.mappings.check_csv(parsed) == ()


def test_an_import_changes_what_the_file_says(filled: Services) -> None:
    text = f"product_code,connectwise_product_id,sync\r\n{CODE},{usable(filled)},true\r\n"
    edits = filled.mappings.check_csv(filled.mappings.parse_csv(text))
    filled.mappings.save(edits, "ana", "csv")
    assert row_of(filled).mapping.state is MappingState.ACTIVE
    assert filled.mappings.history(CODE, 1)[0].origin == "csv"


def test_a_code_not_seen_yet_is_accepted_and_waits(filled: Services) -> None:
    text = f"product_code,connectwise_product_id,sync\nNEW-MSP,{usable(filled)},true\n"
    edits = filled.mappings.check_csv(filled.mappings.parse_csv(text))
    filled.mappings.save(edits, "ana", "csv")
    row = row_of(filled, "NEW-MSP")
    assert row.mapping.state is MappingState.ACTIVE
    assert row.last_usage is None
    assert row.product.description == ""


def test_every_bad_row_of_a_file_is_reported_with_its_number(filled: Services) -> None:
    text = f"product_code,connectwise_product_id,sync\n{CODE},99999999,true\nXDR-MSP,,perhaps\n"
    with pytest.raises(InputError) as caught:
        filled.mappings.check_csv(filled.mappings.parse_csv(text))
    assert [problem.row for problem in caught.value.problems] == [2, 3]
    assert row_of(filled).mapping.state is MappingState.UNMAPPED


def test_bad_rows_are_reported_in_the_order_of_their_lines_and_once_each(filled: Services) -> None:
    text = (
        "product_code,connectwise_product_id,sync\n"
        f"XDR-MSP,99999998,true\nNDR-MSP,,perhaps\n{CODE},99999999,true\n{CODE},,true\n"
    )
    with pytest.raises(InputError) as caught:
        filled.mappings.check_csv(filled.mappings.parse_csv(text))
    found = [(problem.row, problem.field) for problem in caught.value.problems]
    assert found == [
        (2, "connectwise_product_id"),
        (3, "sync"),
        (4, "connectwise_product_id"),
        (5, "product_code"),
    ]


def test_rows_are_read_anew_after_a_write_only(filled: Services) -> None:
    first = filled.mappings.rows()
    assert filled.mappings.rows() is first
    map_row(filled, usable(filled), True)
    assert filled.mappings.rows() is not first


def test_mappings_survive_a_restart(
    filled: Services, open_services: Callable[[], Services]
) -> None:
    product = usable(filled)
    map_row(filled, product, True)
    filled.close()
    again = open_services()
    try:
        assert row_of(again).mapping.connectwise_product_id == product
    finally:
        again.close()
