"""The state machine: the table of states, each way between them, and what holds after any walk."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.mapping import (
    Availability,
    MappingChange,
    apply_change,
    availability_of,
    last_known_name,
    needs_default_product,
    new_mapping,
    state_of,
    with_availability,
    with_default_product,
    with_usage,
)
from core.domain.models import CatalogEntry, MappingState, ProductMapping, ProductUsage
from core.domain.month import Month

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
OCTOBER = Month(2026, 10)
AVAILABLE, INACTIVE = Availability.AVAILABLE, Availability.INACTIVE
MISSING, UNKNOWN = Availability.MISSING, Availability.UNKNOWN


def mapping(product_id: int | None, *, sync: bool, stopped: bool = False) -> ProductMapping:
    return ProductMapping(
        product_code="CIXA-MSP",
        connectwise_product_id=product_id,
        sync=sync,
        stopped=stopped,
        state=state_of(product_id, sync, stopped, AVAILABLE),
        since=NOW,
        reason=None,
        version=3,
    )


def change(product_id: int | None, *, sync: bool) -> MappingChange:
    return MappingChange("CIXA-MSP", product_id, sync)


@pytest.mark.parametrize(
    ("product_id", "sync", "stopped", "availability", "expected"),
    [
        (None, False, False, AVAILABLE, MappingState.UNMAPPED),
        (None, True, False, AVAILABLE, MappingState.UNMAPPED),
        (None, True, True, AVAILABLE, MappingState.STOPPED),
        (None, True, True, MISSING, MappingState.STOPPED),
        (7, True, False, AVAILABLE, MappingState.ACTIVE),
        (7, True, False, UNKNOWN, MappingState.ACTIVE),
        (7, False, False, AVAILABLE, MappingState.OFF),
        (7, True, True, AVAILABLE, MappingState.STOPPED),
        (7, True, True, INACTIVE, MappingState.BROKEN),
        (7, True, False, MISSING, MappingState.BROKEN),
        (7, False, False, INACTIVE, MappingState.BROKEN),
    ],
)
def test_state_of(product_id, sync, stopped, availability, expected):
    assert state_of(product_id, sync, stopped, availability) is expected


def test_availability_of_a_snapshot():
    catalog = {
        1: CatalogEntry(id=1, identifier="A", description="a"),
        2: CatalogEntry(id=2, identifier="B", description="b", inactive=True),
    }
    assert [availability_of(key, catalog) for key in (1, 2, 3)] == [AVAILABLE, INACTIVE, MISSING]
    assert availability_of(1, None) is UNKNOWN
    assert availability_of(None, catalog) is AVAILABLE


def test_a_new_mapping_is_unmapped_and_was_never_saved():
    fresh = new_mapping("CIXA-MSP", NOW, sync=True)
    assert (fresh.state, fresh.version, fresh.sync) == (MappingState.UNMAPPED, 0, True)


@pytest.mark.parametrize("was_on", [True, False])
def test_the_first_mapping_is_not_a_stop(was_on):
    before = new_mapping("CIXA-MSP", NOW, sync=was_on)
    after = apply_change(before, change(7, sync=True), AVAILABLE, LATER, product_name="SEC-EP")
    assert (after.state, after.stopped, after.version) == (MappingState.ACTIVE, False, 1)
    assert after.since == LATER
    assert str(after.reason) == "Mapped to SEC-EP."


def test_changing_the_product_while_on_stops_and_says_from_what_to_what():
    after = apply_change(
        mapping(7, sync=True),
        change(8, sync=True),
        AVAILABLE,
        LATER,
        product_name="NEW",
        former_name="OLD",
    )
    assert (after.state, after.stopped, after.since) == (MappingState.STOPPED, True, LATER)
    assert str(after.reason) == "The ConnectWise product was changed from OLD to NEW."


def test_removing_the_product_while_on_stops():
    after = apply_change(mapping(7, sync=True), change(None, sync=True), AVAILABLE, LATER)
    assert (after.state, after.connectwise_product_id) == (MappingState.STOPPED, None)
    assert str(after.reason) == "The ConnectWise product 7 was removed."


def test_a_removed_product_that_is_mapped_again_still_waits_for_usage():
    removed = apply_change(mapping(7, sync=True), change(None, sync=True), AVAILABLE, NOW)
    again = apply_change(removed, change(8, sync=True), AVAILABLE, LATER, product_name="NEW")
    assert (again.state, again.since) == (MappingState.STOPPED, NOW)
    assert str(again.reason) == "Mapped to NEW."


@pytest.mark.parametrize("now_on", [True, False])
def test_changing_the_product_while_off_never_stops(now_on):
    after = apply_change(mapping(7, sync=False), change(8, sync=now_on), AVAILABLE, LATER)
    assert after.stopped is False
    assert after.state is (MappingState.ACTIVE if now_on else MappingState.OFF)


def test_turning_sync_off_ends_a_stop():
    stopped = mapping(7, sync=True, stopped=True)
    after = apply_change(stopped, change(7, sync=False), AVAILABLE, LATER)
    assert (after.state, after.stopped) == (MappingState.OFF, False)
    assert str(after.reason) == "Sync was turned off."


def test_since_and_reason_stay_while_the_state_stays():
    unmapped = replace(new_mapping("X", NOW), version=1)
    after = apply_change(unmapped, MappingChange("X", None, sync=True), AVAILABLE, LATER)
    assert (after.since, after.reason, after.version) == (NOW, None, 2)


def test_the_name_of_a_deleted_product_is_kept_as_long_as_it_is_gone():
    broken = with_availability(mapping(7, sync=True), MISSING, LATER, product_name="MDR")
    assert str(broken.reason) == "The ConnectWise product MDR no longer exists."
    assert last_known_name(broken) == "MDR"
    assert with_availability(broken, MISSING, LATER + timedelta(days=1)) is broken
    switched = apply_change(broken, MappingChange("X", 7, sync=False), MISSING, LATER)
    assert last_known_name(switched) == "MDR"
    healed = with_availability(broken, AVAILABLE, LATER)
    assert last_known_name(healed) == ""
    assert last_known_name(mapping(7, sync=True)) == ""


def test_a_catalog_refresh_breaks_and_heals_without_a_new_version():
    before = mapping(7, sync=True)
    broken = with_availability(before, MISSING, LATER)
    assert (broken.state, broken.version) == (MappingState.BROKEN, before.version)
    assert str(broken.reason) == "The ConnectWise product no longer exists."
    inactive = with_availability(broken, INACTIVE, LATER + timedelta(days=1))
    assert inactive.since == broken.since
    assert str(inactive.reason) == "The ConnectWise product is inactive."
    healed = with_availability(inactive, AVAILABLE, LATER)
    assert healed.state is MappingState.ACTIVE
    assert str(healed.reason) == "The ConnectWise product is available again."


def test_a_stop_outlives_a_broken_product():
    broken = with_availability(mapping(7, sync=True, stopped=True), INACTIVE, LATER)
    assert with_availability(broken, AVAILABLE, LATER).state is MappingState.STOPPED


def test_a_refresh_that_says_nothing_new_changes_nothing():
    before = mapping(7, sync=True)
    assert with_availability(before, AVAILABLE, LATER) is before
    assert with_availability(before, UNKNOWN, LATER) is before


def test_usage_resumes_a_stopped_row_with_its_new_product():
    stopped = mapping(8, sync=True, stopped=True)
    after = with_usage(stopped, OCTOBER, AVAILABLE, LATER)
    assert (after.state, after.stopped, after.since) == (MappingState.ACTIVE, False, LATER)
    assert str(after.reason) == "Resumed with the usage of 2026-10."
    assert after.version == stopped.version


@pytest.mark.parametrize(
    ("before", "availability"),
    [
        (mapping(None, sync=True, stopped=True), AVAILABLE),
        (mapping(None, sync=True), AVAILABLE),
        (mapping(7, sync=True, stopped=True), MISSING),
        (mapping(7, sync=True), AVAILABLE),
        (mapping(7, sync=False), AVAILABLE),
    ],
)
def test_usage_leaves_every_other_row_alone(before, availability):
    assert with_usage(before, OCTOBER, availability, LATER) is before


def usage(billable: str) -> ProductUsage:
    return ProductUsage(
        month=OCTOBER, product_code="CIXA-MSP", billable=Decimal(billable), customers=1
    )


@pytest.mark.parametrize(
    ("row", "availability", "last_usage", "expected"),
    [
        (mapping(None, sync=True), AVAILABLE, usage("1"), True),
        (mapping(None, sync=True, stopped=True), AVAILABLE, usage("1"), True),
        (mapping(7, sync=True), MISSING, usage("0.5"), True),
        (mapping(7, sync=True), INACTIVE, usage("1"), True),
        (mapping(7, sync=True), UNKNOWN, usage("1"), False),
        (mapping(7, sync=True, stopped=True), AVAILABLE, usage("1"), False),
        (mapping(None, sync=False), AVAILABLE, usage("1"), False),
        (mapping(7, sync=False), MISSING, usage("1"), False),
        (mapping(None, sync=True), AVAILABLE, usage("0"), False),
        (mapping(None, sync=True), AVAILABLE, usage("-1"), False),
        (mapping(None, sync=True), AVAILABLE, None, False),
    ],
)
def test_needs_default_product(row, availability, last_usage, expected):
    assert needs_default_product(row, availability, last_usage) is expected


ids = st.sampled_from([None, 1, 2, 3])
edits = st.tuples(st.just("edit"), ids, st.booleans())
refreshes = st.tuples(st.just("refresh"), st.sampled_from([AVAILABLE, INACTIVE, MISSING]))
usages = st.tuples(st.just("usage"))
walks = st.lists(st.one_of(edits, refreshes, usages), max_size=30)


@given(walks, st.booleans())
def test_invariants_hold_on_any_walk(walk, starts_on):
    row = new_mapping("X", NOW, sync=starts_on)
    availability = dict.fromkeys([1, 2, 3], AVAILABLE)
    now = NOW
    for step in walk:
        before, now = row, now + timedelta(minutes=1)
        wanted = step[1] if step[0] == "edit" else row.connectwise_product_id
        if step[0] == "refresh" and wanted is not None:
            availability[wanted] = step[1]
        offered = availability.get(wanted, AVAILABLE)
        if step[0] == "edit":
            row = apply_change(row, MappingChange("X", wanted, step[2]), offered, now)
        elif step[0] == "refresh":
            row = with_availability(row, offered, now)
        else:
            row = with_usage(row, OCTOBER, offered, now)

        product_id = row.connectwise_product_id
        assert row.state is state_of(product_id, row.sync, row.stopped, offered)
        assert not (row.stopped and not row.sync)
        assert (row.state is MappingState.ACTIVE) <= (row.sync and product_id is not None)
        assert row.version == before.version + (step[0] == "edit")
        moved = (row.state, row.stopped) != (before.state, before.stopped)
        assert row.since == (now if moved else before.since)
        assert not moved or row.reason is not None
        if before.sync and row.sync and before.connectwise_product_id not in (None, product_id):
            assert row.stopped
        if before.stopped and not row.stopped:
            assert step[0] == "usage" or not row.sync


@pytest.mark.parametrize("created", [True, False])
@pytest.mark.parametrize(
    "before",
    [
        mapping(None, sync=True),
        mapping(None, sync=True, stopped=True),
        replace(mapping(7, sync=True), state=MappingState.BROKEN),
    ],
)
def test_a_default_product_is_mapped_and_ends_every_wait(
    before: ProductMapping, created: bool
) -> None:
    after = with_default_product(before, 9, "Sophos_X", LATER, created=created)
    assert after.connectwise_product_id == 9
    assert after.state is MappingState.ACTIVE
    assert (after.stopped, after.since, after.version) == (False, LATER, before.version + 1)
    assert "Sophos_X" in str(after.reason)
    assert ("created" in str(after.reason)) == created
