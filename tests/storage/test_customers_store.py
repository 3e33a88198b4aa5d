from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from core.domain.models import (
    BillingCycle,
    BillingOption,
    CustomerMapping,
    FetchStatus,
    Reference,
)
from core.errors import ConflictError, StoreError, message
from core.storage.customers_store import CustomerWrite
from core.storage.store import Store
from tests.storage.samples import NOON, fetch, line
from tests.storage.sync_samples import (
    agreement,
    company,
    customer,
    customer_change,
    full_agreement,
    tenant,
)

LATER = NOON + timedelta(hours=1)


def _save(store: Store, *mappings: CustomerMapping) -> None:
    store.customers.change(lambda current: (mappings, []))


def test_before_the_first_listing_nothing_is_known(store: Store) -> None:
    assert store.customers.tenants() == {}
    assert store.customers.listed_at() is None
    assert store.customers.companies() == {}
    assert store.customers.agreements() == {}
    assert store.customers.connectwise_read_at() is None
    assert store.customers.mappings() == {}
    assert store.customers.history() == []


def test_tenants_come_back_equal_by_id(store: Store) -> None:
    full = tenant(
        "b",
        name="=1+1 “é😀” <b>",
        billing_type="a new kind",
        status="active",
        data_region="eu01",
        products=("XDR", "MDR “é”", ""),
    )

    store.customers.replace_tenants(iter([full, tenant("a")]), NOON)

    assert store.customers.tenants() == {"a": tenant("a"), "b": full}
    assert list(store.customers.tenants()) == ["a", "b"]
    assert store.customers.listed_at() == NOON


def test_customers_that_only_usage_names_have_their_last_name(store: Store) -> None:
    older = [line(account_id="a"), line(account_id="b", account_name="Old"), line(account_id=None)]
    newer = [line(account_id="b", account_name="New “é”", account_status="suspended")]
    failed = [line(account_id="c", account_name="Not sure")]
    store.usage.record_fetch(fetch(older), older, [])
    store.usage.record_fetch(fetch(newer), newer, [])
    store.usage.record_fetch(fetch(failed, status=FetchStatus.INCOMPLETE), failed, [])
    store.customers.replace_tenants([tenant("a")], NOON)

    found = store.customers.only_in_usage()

    assert found == {
        "b": tenant("b", name="New “é”", billing_type="", status="suspended", products=())
    }


def test_usage_of_no_customer_is_no_customer_before_sophos_listed_any(store: Store) -> None:
    lines = [line(account_id=None), line(account_id="a")]
    store.usage.record_fetch(fetch(lines), lines, [])

    assert list(store.customers.only_in_usage()) == ["a"]


def test_the_revision_of_the_lists_grows_with_them_and_with_nothing_else(store: Store) -> None:
    revisions = [store.customers.lists_revision]
    store.customers.replace_connectwise([company()], [agreement()], NOON)
    revisions.append(store.customers.lists_revision)
    store.customers.put_agreements([agreement(8)])
    revisions.append(store.customers.lists_revision)
    store.customers.replace_agreements_of(250, [agreement(9)])
    revisions.append(store.customers.lists_revision)
    assert revisions == sorted(set(revisions))

    _save(store, customer())
    store.customers.replace_tenants([tenant()], NOON)

    assert store.customers.lists_revision == revisions[-1]


def test_the_agreements_of_one_company_are_replaced_and_no_others(store: Store) -> None:
    kept, gone, new = agreement(1), agreement(2), agreement(3)
    other = agreement(4, company=Reference(99, "Other"))
    store.customers.replace_connectwise([], [kept, gone, other], NOON)

    store.customers.replace_agreements_of(kept.company.id, [replace(kept, name="Renamed"), new])

    assert store.customers.agreements() == {1: replace(kept, name="Renamed"), 3: new, 4: other}


def test_a_listing_replaces_the_one_before(store: Store) -> None:
    store.customers.replace_tenants([tenant("a"), tenant("b"), tenant("c")], NOON)

    store.customers.replace_tenants([tenant("b", name="New"), tenant("d")], LATER)

    assert store.customers.tenants() == {"b": tenant("b", name="New"), "d": tenant("d")}
    assert store.customers.listed_at() == LATER


def test_what_a_listing_has_twice_counts_once_as_listed_last(store: Store) -> None:
    store.customers.replace_tenants([tenant("a", name="First"), tenant("a", name="Last")], NOON)
    store.customers.replace_connectwise(
        [company(1, name="First"), company(1, name="Last")],
        [agreement(1, name="First"), agreement(1, name="Last")],
        NOON,
    )

    assert store.customers.tenants()["a"].name == "Last"
    assert store.customers.companies()[1].name == "Last"
    assert store.customers.agreements()[1].name == "Last"


def test_companies_and_agreements_come_back_equal(store: Store) -> None:
    full = company(2**40, identifier="Ä'1", name="x" * 300, status="Active", deleted=True)

    store.customers.replace_connectwise(
        iter([full, company(1)]), iter([full_agreement(), agreement()]), NOON
    )

    assert store.customers.companies() == {1: company(1), 2**40: full}
    assert store.customers.agreements() == {7: agreement(), 8: full_agreement()}
    assert store.customers.connectwise_read_at() == NOON


def test_billing_cycles_come_back_equal_and_are_replaced_with_the_lists(store: Store) -> None:
    yearly = BillingCycle(5, "Jährlich “é😀”", BillingOption.YEARLY)
    odd = BillingCycle(9, "")
    assert store.customers.billing_cycles() == {}

    store.customers.replace_connectwise([], [], NOON, [odd, yearly, odd])
    assert store.customers.billing_cycles() == {5: yearly, 9: odd}

    store.customers.replace_connectwise([], [], LATER, [replace(yearly, name="Yearly")])
    assert store.customers.billing_cycles() == {5: replace(yearly, name="Yearly")}


def test_a_reading_of_connectwise_replaces_both_lists(store: Store) -> None:
    store.customers.replace_connectwise([company(1), company(2)], [agreement(7)], NOON)

    store.customers.replace_connectwise([company(2, deleted=True)], [agreement(9)], LATER)

    assert store.customers.companies() == {2: company(2, deleted=True)}
    assert store.customers.agreements() == {9: agreement(9)}
    assert store.customers.connectwise_read_at() == LATER


def test_a_reading_that_fails_leaves_everything_as_it_was(store: Store) -> None:
    store.customers.replace_connectwise([company(1)], [agreement(7)], NOON)
    wrong = replace(agreement(9), last_updated=NOON.replace(tzinfo=None))

    with pytest.raises(ValueError, match="without a zone"):
        store.customers.replace_connectwise([], [wrong], LATER)

    assert store.customers.companies() == {1: company(1)}
    assert store.customers.agreements() == {7: agreement(7)}
    assert store.customers.connectwise_read_at() == NOON


def test_some_agreements_are_read_again(store: Store) -> None:
    store.customers.replace_connectwise([company(1)], [agreement(7), agreement(9)], NOON)

    store.customers.put_agreements([full_agreement(7), agreement(11), agreement(11, name="Last")])

    assert store.customers.agreements() == {
        7: full_agreement(7),
        9: agreement(9),
        11: agreement(11, name="Last"),
    }
    assert store.customers.connectwise_read_at() == NOON


def test_mappings_come_back_equal_in_the_order_of_their_customers(store: Store) -> None:
    empty = customer("b", company_id=None, agreement_id=None, sync=False, version=0)

    _save(store, customer("c"), empty, customer("Ünï 'a'", since=LATER))

    assert store.customers.mappings() == {
        "Ünï 'a'": customer("Ünï 'a'", since=LATER),
        "b": empty,
        "c": customer("c"),
    }
    assert list(store.customers.mappings()) == ["b", "c", "Ünï 'a'"]


def test_a_change_decides_on_what_is_stored_now_and_says_what_it_saved(store: Store) -> None:
    _save(store, customer("a"), customer("b"))

    def turn_off(current: Mapping[str, CustomerMapping]) -> CustomerWrite:
        before = current["a"]
        return [replace(before, sync=False, version=before.version + 1)], [customer_change("a")]

    saved = store.customers.change(turn_off)

    assert saved == (customer("a", sync=False, version=2),)
    assert store.customers.mappings() == {"a": saved[0], "b": customer("b")}
    assert [entry.customer_id for entry in store.customers.history()] == ["a"]


def test_a_change_that_is_refused_changes_nothing(store: Store) -> None:
    _save(store, customer("a"))

    def refuse(current: Mapping[str, CustomerMapping]) -> CustomerWrite:
        raise ConflictError(message("theirs"))

    with pytest.raises(ConflictError, match="theirs"):
        store.customers.change(refuse)

    assert store.customers.mappings() == {"a": customer("a")}


def test_a_change_whose_history_fails_saves_no_mapping(store: Store) -> None:
    entry = customer_change()

    with pytest.raises(StoreError):
        store.customers.change(lambda current: ([customer()], [entry, entry]))

    assert store.customers.mappings() == {}
    assert store.customers.history() == []


def test_history_is_newest_first_and_complete(store: Store) -> None:
    first = [customer_change("a"), customer_change("a", field="agreement_id", old="", new="7")]
    second = [customer_change("b", by="bob <b>", origin="csv", old="=1+1", new="é😀")]
    store.customers.change(lambda current: ([customer("a")], first))
    store.customers.change(lambda current: ([customer("b")], second))

    assert store.customers.history() == [*second, *reversed(first)]
    assert store.customers.history("a") == list(reversed(first))
    assert store.customers.history("a", limit=1) == [first[1]]
    assert store.customers.history(limit=2) == [*second, first[1]]
    assert store.customers.history("absent") == []


def test_changes_of_eight_threads_follow_one_another(store: Store) -> None:
    _save(store, customer("a", version=0))

    def next_version(current: Mapping[str, CustomerMapping]) -> CustomerWrite:
        before = current["a"]
        return [replace(before, version=before.version + 1)], [customer_change("a")]

    threads = [
        threading.Thread(target=lambda: store.customers.change(next_version)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert store.customers.mappings()["a"].version == 8
    assert len(store.customers.history()) == 8
