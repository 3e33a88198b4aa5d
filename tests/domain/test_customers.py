"""The state of a customer, and what choosing another company does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.customers import (
    CustomerValues,
    changed,
    choose_company,
    condition_of,
    is_active,
    new_mapping,
)
from core.domain.models import AgreementStatus, CustomerState
from tests.domain.customer_samples import NOW, agreement, company, contracts, tenant

KNOWN = contracts(
    company(1, "One"),
    company(2, "Two"),
    company(3, "Gone", deleted=True),
    company(4, "Without"),
    agreement(11, 1, name="Services"),
    agreement(21, 2, name="b"),
    agreement(22, 2, name="A"),
    agreement(23, 2, name="old", status=AgreementStatus.EXPIRED),
    agreement(24, 2, name="left", status=AgreementStatus.CANCELLED),
    agreement(25, 2, name="later", status=AgreementStatus.INACTIVE),
    agreement(26, 2, name="flagged", cancelled=True),
    agreement(31, 3),
)


def said(values: CustomerValues, billing: str = "usage") -> tuple[CustomerState, str]:
    found = condition_of(values, KNOWN, tenant(billing=billing))
    return found.state, str(found.reason or "")


@pytest.mark.parametrize(
    ("values", "state", "reason"),
    [
        (CustomerValues(), CustomerState.UNMAPPED, ""),
        (CustomerValues(sync=True), CustomerState.UNMAPPED, "no company is chosen"),
        (CustomerValues(1), CustomerState.UNMAPPED, "No agreement is chosen."),
        (CustomerValues(4), CustomerState.UNMAPPED, "no active agreement"),
        (CustomerValues(1, 11, sync=True), CustomerState.ACTIVE, ""),
        (CustomerValues(1, 11), CustomerState.OFF, ""),
        (CustomerValues(3, 31, sync=True), CustomerState.BLOCKED, "company is deleted"),
        (CustomerValues(3), CustomerState.BLOCKED, "company is deleted"),
        (CustomerValues(99, 11), CustomerState.BLOCKED, "company no longer exists"),
        (CustomerValues(1, 99), CustomerState.BLOCKED, "agreement no longer exists"),
        (CustomerValues(1, 21), CustomerState.BLOCKED, "belongs to another company, C 2"),
        (CustomerValues(2, 23), CustomerState.BLOCKED, "old has expired"),
        (CustomerValues(2, 24), CustomerState.BLOCKED, "left is cancelled"),
        (CustomerValues(2, 25), CustomerState.BLOCKED, "later is not active"),
        (CustomerValues(2, 26), CustomerState.BLOCKED, "flagged is cancelled"),
    ],
)
def test_the_state_follows_from_the_values(values, state, reason):
    found = said(values)
    assert found[0] is state
    assert reason in found[1]
    assert bool(reason) == bool(found[1])


def test_while_nothing_was_read_nothing_is_judged():
    found = condition_of(CustomerValues(99, 98, sync=True), None, None)
    assert (found.state, found.reason) == (CustomerState.ACTIVE, None)


@pytest.mark.parametrize(
    ("billing", "words"),
    [("term", "by term"), ("trial", "on trial"), ("flex", "“flex”"), ("usage", ""), ("", "")],
)
def test_a_customer_without_monthly_usage_says_so(billing, words):
    for values in (CustomerValues(1, 11, sync=True), CustomerValues()):
        reason = said(values, billing)[1]
        assert words in reason
        assert bool(words) == bool(reason)


def test_what_blocks_is_said_before_what_has_no_usage():
    assert "expired" in said(CustomerValues(2, 23), "term")[1]


def test_active_agreements_are_offered_by_name_and_only_of_the_company():
    assert [one.id for one in KNOWN.active_of(2)] == [22, 21]
    assert KNOWN.active_of(None) == KNOWN.active_of(4) == ()


def test_another_company_drops_an_agreement_of_the_one_before():
    assert choose_company(CustomerValues(1, 11, sync=True), 2, KNOWN) == CustomerValues(
        2, None, sync=True
    )


def test_an_only_active_agreement_comes_with_its_company():
    assert choose_company(CustomerValues(2, 21), 1, KNOWN) == CustomerValues(1, 11)


def test_choosing_the_same_company_keeps_the_agreement():
    assert choose_company(CustomerValues(2, 21), 2, KNOWN) == CustomerValues(2, 21)


def test_no_company_means_no_agreement():
    assert choose_company(CustomerValues(1, 11), None, KNOWN) == CustomerValues()
    assert choose_company(CustomerValues(1, 11), None, None) == CustomerValues()


def test_a_save_raises_the_version():
    mapping = new_mapping("t1", NOW)
    later = NOW + timedelta(days=1)
    saved = changed(mapping, CustomerValues(1, 11, sync=True), later)
    assert (saved.company_id, saved.agreement_id, saved.sync) == (1, 11, True)
    assert (saved.since, saved.version, mapping.version) == (later, 1, 0)


ids = st.sampled_from([None, 1, 2, 3, 4, 99])
agreement_ids = st.sampled_from([None, 11, 21, 22, 23, 26, 31, 99])


@given(ids, agreement_ids, ids, st.booleans())
def test_after_choosing_a_company_the_agreement_is_active_and_its_own(
    company_id, agreement_id, chosen, sync
):
    values = choose_company(CustomerValues(company_id, agreement_id, sync), chosen, KNOWN)
    assert (values.company_id, values.sync) == (chosen, sync)
    if values.agreement_id is not None:
        found = KNOWN.agreements[values.agreement_id]
        assert found.company.id == chosen
        assert is_active(found)


@given(ids, agreement_ids, st.booleans())
def test_only_a_customer_that_could_be_billed_is_active_or_off(company_id, agreement_id, sync):
    state, _ = said(CustomerValues(company_id, agreement_id, sync))
    found = KNOWN.agreements.get(agreement_id or 0)
    usable = (
        company_id in (1, 2)
        and found is not None
        and found.company.id == company_id
        and is_active(found)
    )
    assert usable == (state in (CustomerState.ACTIVE, CustomerState.OFF))
