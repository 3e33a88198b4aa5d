from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from core.domain.models import MappingHistoryEntry, MappingState, ProductMapping
from core.errors import ConflictError, StoreError, message
from core.storage.store import Store
from tests.storage.samples import NOON, change_of, mapping

STOPPED = mapping(
    "MDR",
    connectwise_product_id=None,
    stopped=True,
    state=MappingState.STOPPED,
    since=NOON + timedelta(microseconds=1),
    reason=message("{old} was removed, price {price}", old="Sophos “MDR”", price=Decimal("1.50")),
)


def test_mappings_come_back_equal_in_the_order_of_their_codes(store: Store) -> None:
    saved = [STOPPED, mapping("CIX"), mapping("Ünï 'code'", state=MappingState.OFF, sync=False)]

    store.mappings.save(saved, [], {each.product_code: 0 for each in saved})

    assert store.mappings.all() == {each.product_code: each for each in saved}
    assert list(store.mappings.all()) == ["CIX", "MDR", "Ünï 'code'"]


def test_a_saved_mapping_replaces_the_one_before(store: Store) -> None:
    store.mappings.save([mapping()], [], {"CIX": 0})
    changed = mapping(connectwise_product_id=2**53 + 1, sync=False, version=2)

    store.mappings.save([changed], [], {"CIX": 1})

    assert store.mappings.all() == {"CIX": changed}


@pytest.mark.parametrize("expected", [0, 1, 3])
def test_one_moved_version_refuses_the_whole_save(store: Store, expected: int) -> None:
    store.mappings.save([mapping()], [], {"CIX": 0})
    store.mappings.save([mapping(version=2)], [], {"CIX": 1})
    before = (store.mappings.all(), store.mappings.history())

    with pytest.raises(ConflictError, match=r"mapping of CIX was changed.*nothing was saved"):
        store.mappings.save(
            [mapping(version=9), mapping("MDR")],
            [change_of(), change_of("MDR")],
            {"CIX": expected, "MDR": 0},
        )

    assert (store.mappings.all(), store.mappings.history()) == before


def test_every_moved_mapping_is_named(store: Store) -> None:
    both = [mapping("A"), mapping("B")]
    store.mappings.save(both, [], {"A": 0, "B": 0})

    with pytest.raises(ConflictError, match="mappings of A, B were changed"):
        store.mappings.save(both, [], {"B": 0, "A": 0})


def test_a_save_that_forgets_the_version_is_a_mistake_of_the_caller(store: Store) -> None:
    with pytest.raises(ValueError, match="needs a new version"):
        store.mappings.save([mapping(version=1)], [], {"CIX": 1})
    with pytest.raises(KeyError):
        store.mappings.save([mapping()], [], {})
    with pytest.raises(ValueError, match="comes twice"):
        store.mappings.save([mapping(), mapping(sync=False)], [], {"CIX": 0})

    assert store.mappings.all() == {}


def test_a_save_whose_history_fails_leaves_no_mapping(store: Store) -> None:
    entry = change_of()

    with pytest.raises(StoreError):
        store.mappings.save([mapping()], [entry, entry], {"CIX": 0})

    assert store.mappings.all() == {}
    assert store.mappings.history() == []


def test_history_is_newest_first_and_complete(store: Store) -> None:
    first = [change_of(field="sync"), change_of(field="connectwise_product_id", old="", new="17")]
    second = [change_of("MDR", by="bob <b>", origin="csv", old="=1+1", new="é😀")]
    store.mappings.save([mapping()], first, {"CIX": 0})
    store.mappings.save([mapping("MDR")], second, {"MDR": 0})

    assert store.mappings.history() == [*second, *reversed(first)]
    assert store.mappings.history("CIX") == list(reversed(first))
    assert store.mappings.history("CIX", limit=1) == [first[1]]
    assert store.mappings.history(limit=2) == [*second, first[1]]
    assert store.mappings.history("absent") == []


def test_history_is_in_the_order_of_saving_even_if_the_clock_went_back(store: Store) -> None:
    later, earlier = change_of(), change_of(at=NOON - timedelta(hours=1))
    store.mappings.save([mapping()], [later], {"CIX": 0})
    store.mappings.save([mapping(version=2)], [earlier], {"CIX": 1})

    assert store.mappings.history() == [earlier, later]


def test_states_moved_by_the_system_keep_the_version_and_do_not_disturb_an_editor(
    store: Store,
) -> None:
    store.mappings.save([mapping()], [], {"CIX": 0})
    broken = mapping(state=MappingState.BROKEN, reason=message("deleted"))
    moved = change_of(by="system", field="state", old="active", new="broken")

    assert store.mappings.update_states([broken], [moved]) == ("CIX",)
    assert store.mappings.all() == {"CIX": broken}
    assert store.mappings.history() == [moved]
    store.mappings.save([mapping(version=2)], [], {"CIX": 1})


def test_the_system_never_undoes_what_was_saved_meanwhile(store: Store) -> None:
    store.mappings.save([mapping("A"), mapping("B")], [], {"A": 0, "B": 0})
    seen = store.mappings.all()
    store.mappings.save([mapping("A", connectwise_product_id=99, version=2)], [], {"A": 1})
    moves = [replace(each, state=MappingState.BROKEN) for each in seen.values()]

    moved = store.mappings.update_states(moves, [change_of("A"), change_of("B")])

    assert moved == ("B",)
    assert store.mappings.all()["A"].connectwise_product_id == 99
    assert store.mappings.all()["B"].state is MappingState.BROKEN
    assert [entry.product_code for entry in store.mappings.history()] == ["B"]


def test_the_system_adds_newly_seen_products_once(store: Store) -> None:
    new = mapping(connectwise_product_id=None, sync=False, state=MappingState.UNMAPPED, version=0)

    assert store.mappings.update_states([new], []) == ("CIX",)
    assert store.mappings.all() == {"CIX": new}
    store.mappings.save([mapping()], [], {"CIX": 0})
    assert store.mappings.update_states([new], []) == ()


def test_a_change_decides_on_what_is_stored_now(store: Store) -> None:
    store.mappings.save([mapping()], [], {"CIX": 0})

    def turn_off(
        current: Mapping[str, ProductMapping],
    ) -> tuple[list[ProductMapping], list[MappingHistoryEntry]]:
        before = current["CIX"]
        return [replace(before, sync=False, version=before.version + 1)], [change_of()]

    saved = store.mappings.change(turn_off)

    assert saved == (mapping(sync=False, version=2),)
    assert store.mappings.all()["CIX"] == saved[0]
    assert len(store.mappings.history()) == 1


def test_a_change_that_is_refused_changes_nothing(store: Store) -> None:
    def refuse(current: Mapping[str, ProductMapping]) -> tuple[list[ProductMapping], list[None]]:
        raise ConflictError(message("theirs"))

    with pytest.raises(ConflictError, match="theirs"):
        store.mappings.change(refuse)  # type: ignore[arg-type]

    assert store.mappings.all() == {}


def test_of_eight_editors_who_save_the_same_version_one_wins_each_time(store: Store) -> None:
    rounds = 5
    store.mappings.save([mapping(version=1)], [], {"CIX": 0})
    outcomes: list[str] = []

    def edit(editor: int) -> None:
        for version in range(1, rounds + 1):
            gate.wait()
            mine = mapping(connectwise_product_id=editor, version=version + 1)
            try:
                store.mappings.save([mine], [change_of(by=str(editor))], {"CIX": version})
                outcomes.append("saved")
            except ConflictError:
                outcomes.append("refused")

    gate = threading.Barrier(8, timeout=30)
    editors = [threading.Thread(target=edit, args=(number,)) for number in range(8)]
    for editor in editors:
        editor.start()
    for editor in editors:
        editor.join()

    assert outcomes.count("saved") == rounds
    assert outcomes.count("refused") == 7 * rounds
    assert store.mappings.all()["CIX"].version == rounds + 1
    last = store.mappings.history()[0]
    assert int(last.by) == store.mappings.all()["CIX"].connectwise_product_id
    assert len(store.mappings.history()) == rounds


def test_five_hundred_mappings_save_in_one_go(store: Store) -> None:
    many = [mapping(f"P{number:03}") for number in range(500)]
    entries = [change_of(each.product_code) for each in many]

    store.mappings.save(many, entries, {each.product_code: 0 for each in many})

    assert len(store.mappings.all()) == 500
    assert store.mappings.history() == list(reversed(entries))
