"""What a row of the grid says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from core.domain.mapping import Availability, new_mapping, with_availability
from core.domain.models import (
    CatalogEntry,
    DefaultProduct,
    MappingRow,
    MappingState,
    ProductUsage,
    SophosProduct,
    Suggestion,
)
from core.domain.month import Month
from core.domain.staging import PRODUCT, SYNC, RowBase, StagedEdits
from core.errors import message
from pages.components.mapping_filters import Show, counts, matching
from pages.components.mapping_grid import MappingGridRow
from pages.components.mapping_plan import review
from pages.components.mapping_rows import (
    Drawing,
    bases_of,
    grid_rows,
    most_decimals,
    with_staged_codes,
)

NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)
CATALOG = {
    1: CatalogEntry(id=1, identifier="OLD", description="Old product"),
    2: CatalogEntry(id=2, identifier="NEW", description="New product", category="Software"),
    3: CatalogEntry(id=3, identifier="GONE", description="Inactive", inactive=True),
}


def row_of(
    code: str = "CODE",
    *,
    product_id: int | None = 1,
    sync: bool = True,
    state: MappingState = MappingState.ACTIVE,
    billable: str | None = "12",
) -> MappingRow:
    product = SophosProduct(
        code=code,
        description="Central Endpoint",
        product_group="Users",
        first_seen=None,
        last_seen=None,
        former_descriptions=("Endpoint Classic",),
    )
    mapping = replace(
        new_mapping(code, NOW), connectwise_product_id=product_id, sync=sync, state=state, version=4
    )
    month = Month(2026, 10)
    usage = ProductUsage(
        month=month, product_code=code, billable=Decimal(billable or 0), customers=3
    )
    return MappingRow(
        product=product,
        mapping=mapping,
        entry=None,
        last_usage=usage if billable is not None else None,
        suggestion=None,
        default_product=None,
        is_firewall=False,
    )


def drawing(staged: StagedEdits | None = None, rows: list[MappingRow] | None = None) -> Drawing:
    return Drawing(
        staged=staged or StagedEdits(),
        catalog=CATALOG,
        conflicts=frozenset({"CLASH"}),
        now=NOW,
        decimals=most_decimals(rows or []),
    )


def one(row: MappingRow, staged: StagedEdits | None = None) -> MappingGridRow:
    return grid_rows([row], drawing(staged, [row]))[0]


def staged_product(row: MappingRow, product_id: int | None) -> StagedEdits:
    return StagedEdits().stage("CODE", PRODUCT, product_id, RowBase.of(row.mapping))


def test_a_saved_row_shows_what_is_stored() -> None:
    shown = one(row_of())
    assert (shown.code, shown.name, shown.group) == ("CODE", "Central Endpoint", "Users")
    assert shown.former == "Formerly: Endpoint Classic"
    assert (shown.product_id, shown.identifier, shown.description) == ("1", "OLD", "Old product")
    assert (shown.state, shown.next_state, shown.explanation) == ("active", "", "")
    assert (shown.usage_whole, shown.usage_month, shown.usage_hint) == (
        "12",
        "Oct 2026",
        "3 customers",
    )


def test_a_staged_row_shows_the_new_value_the_base_and_the_state_to_come() -> None:
    row = row_of()
    shown = one(row, staged_product(row, 2))
    assert (shown.product_id, shown.identifier) == ("2", "NEW")
    assert (shown.base_product_id, shown.base_product) == ("1", "OLD")
    assert (shown.state, shown.next_state) == ("active", "stopped")
    assert "OLD" in shown.state_hint
    assert "NEW" in shown.state_hint


def test_the_base_is_what_was_loaded_even_after_somebody_else_saved() -> None:
    loaded = row_of()
    staged = StagedEdits().stage("CODE", SYNC, False, RowBase.of(loaded.mapping))
    theirs = row_of(product_id=2)
    assert one(theirs, staged).base_product_id == "1"


def test_a_stopped_row_says_why_and_what_resumes_it() -> None:
    row = row_of(state=MappingState.STOPPED)
    reason = message("The ConnectWise product {former} was removed.", former="OLD")
    stopped = replace(row, mapping=replace(row.mapping, reason=reason))
    assert one(stopped).explanation == (
        "The ConnectWise product OLD was removed. "
        "It resumes with the next usage of this Sophos product."
    )


DEFAULT = DefaultProduct("Sophos_Endpoint", "Endpoint", "CODE")


@pytest.mark.parametrize(
    ("adopted", "words"),
    [
        (None, "Next sync creates Sophos_Endpoint"),
        (CATALOG[2], "Next sync maps it to NEW, which exists"),
        (CATALOG[3], "Next sync bills nothing: GONE exists and is inactive"),
        (
            replace(CATALOG[2], product_class="Bundle"),
            "Next sync bills nothing: NEW exists and cannot be billed",
        ),
    ],
)
def test_a_row_without_a_product_says_what_the_next_sync_does(
    adopted: CatalogEntry | None, words: str
) -> None:
    row = row_of(product_id=None, state=MappingState.UNMAPPED)
    assert one(replace(row, default_product=DEFAULT, adopted=adopted)).default_product == words


def broken(entry: CatalogEntry | None, words: str) -> MappingRow:
    row = row_of(state=MappingState.BROKEN)
    mapping = replace(row.mapping, reason=message(words))
    return replace(row, mapping=mapping, entry=entry, default_product=DEFAULT)


def test_a_broken_row_says_what_can_be_done_and_what_the_next_sync_does() -> None:
    gone = broken(None, "The ConnectWise product no longer exists.")
    assert one(gone).explanation == (
        "The ConnectWise product no longer exists. Choose another ConnectWise product. "
        "Next sync creates Sophos_Endpoint."
    )
    inactive = broken(CATALOG[3], "The ConnectWise product is inactive.")
    inactive = replace(inactive, adopted=CATALOG[2])
    assert one(inactive).explanation == (
        "The ConnectWise product is inactive. Choose another ConnectWise product, or make this one "
        "active again. Next sync maps it to NEW, which exists."
    )


def test_a_deleted_product_is_shown_by_what_it_was_called_last() -> None:
    row = row_of(product_id=77)
    deleted = with_availability(row.mapping, Availability.MISSING, NOW, product_name="MDR")
    gone = replace(row, mapping=deleted)
    assert (one(gone).identifier, one(gone).base_product) == ("MDR", "MDR")
    assert one(gone, staged_product(gone, 78)).identifier == "#78"
    assert one(gone, staged_product(gone, 2)).base_product == "MDR"


def test_a_product_that_the_catalog_does_not_have_is_shown_by_its_id() -> None:
    assert one(row_of(product_id=77)).identifier == "#77"


def test_a_row_without_usage_sorts_below_zero() -> None:
    shown = one(row_of(billable=None))
    assert (shown.usage, shown.usage_whole) == (-1.0, "")


def test_a_suggestion_is_shown_with_its_product() -> None:
    suggestion = Suggestion(2, 91, message("Same words"))
    shown = one(replace(row_of(product_id=None), suggestion=suggestion))
    assert (shown.suggestion_id, shown.suggestion_name) == ("2", "NEW")
    assert (shown.suggestion_score, shown.suggestion_reason) == (91.0, "Same words")


@pytest.mark.parametrize(
    ("quantity", "whole", "fraction"),
    [
        ("1234.25", "1,234", ".25"),
        ("3.5", "3", ".5\u2007"),
        ("12", "12", "\u2008\u2007\u2007"),
        ("0", "0", "\u2008\u2007\u2007"),
        ("100.00", "100", "\u2008\u2007\u2007"),
    ],
)
def test_decimal_points_stand_in_one_line(quantity: str, whole: str, fraction: str) -> None:
    rows = [row_of("A", billable="1.25"), row_of("B", billable=quantity)]
    shown = grid_rows(rows, drawing(rows=rows))[1]
    assert (shown.usage_whole, shown.usage_fraction) == (whole, fraction)


def test_a_staged_code_without_a_row_gets_one() -> None:
    staged = StagedEdits().stage("LATER", PRODUCT, 2, RowBase())
    rows = with_staged_codes([row_of()], staged, NOW)
    assert [row.mapping.product_code for row in rows] == ["CODE", "LATER"]
    assert grid_rows(rows, drawing(staged, rows))[1].name == ""


def test_a_conflict_is_marked() -> None:
    rows = [row_of("CLASH"), row_of("CODE")]
    assert [shown.conflict for shown in grid_rows(rows, drawing(rows=rows))] == [True, False]


def test_bases_are_the_stored_values_with_their_version() -> None:
    base = bases_of([row_of()])["CODE"]
    assert (base.version, base.values.connectwise_product_id, base.values.sync) == (4, 1, True)


def test_chips_count_what_is_saved_and_unsaved_what_is_staged() -> None:
    rows = [
        row_of("A"),
        row_of("B", product_id=None, sync=False, state=MappingState.UNMAPPED),
        row_of("C", state=MappingState.STOPPED),
        replace(row_of("D", product_id=3, state=MappingState.BROKEN), is_firewall=True),
    ]
    found = counts(rows, {"A"})
    assert found == {
        Show.ALL: 4,
        Show.TODO: 3,
        Show.MAPPED: 3,
        Show.UNMAPPED: 1,
        Show.ON: 3,
        Show.OFF: 1,
        Show.STOPPED: 1,
        Show.BROKEN: 1,
        Show.FIREWALL: 1,
        Show.UNSAVED: 1,
    }
    assert [row.mapping.product_code for row in matching(rows, Show.UNSAVED, {"A"})] == ["A"]


def test_the_review_lists_old_and_new_and_says_where_sync_stops() -> None:
    row = row_of()
    found = review(staged_product(row, 2), [row], CATALOG, NOW)
    (line,) = found.lines
    assert (line.title, line.field) == ("Central Endpoint (CODE)", "ConnectWise product")
    assert (line.old, line.new) == ("OLD", "NEW")
    assert found.consequences == (
        "Sync of Central Endpoint (CODE) will stop. "
        "It resumes with the next usage of this Sophos product.",
    )


def test_the_review_says_when_a_default_product_will_be_created() -> None:
    row = row_of(product_id=None, sync=False, state=MappingState.UNMAPPED)
    staged = StagedEdits().stage("CODE", SYNC, True, RowBase.of(row.mapping))
    (words,) = review(staged, [row], CATALOG, NOW).consequences
    assert "default product" in words


def test_the_review_leaves_rows_in_conflict_out_and_tells_every_problem() -> None:
    loaded = row_of("A")
    theirs = replace(loaded, mapping=replace(loaded.mapping, connectwise_product_id=3, version=5))
    staged = StagedEdits().stage("A", PRODUCT, 2, RowBase.of(loaded.mapping))
    found = review(staged, [theirs], CATALOG, NOW)
    assert [conflict.key for conflict in found.plan.conflicts] == ["A"]
    assert found.lines == ()
    rows = [row_of("B"), row_of("C")]
    wrong = StagedEdits()
    for row, product_id in zip(rows, (3, 99), strict=True):
        code = row.mapping.product_code
        wrong = wrong.stage(code, PRODUCT, product_id, RowBase.of(row.mapping))
    assert len(review(wrong, rows, CATALOG, NOW).plan.problems) == 2
