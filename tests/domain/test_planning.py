"""Each rule of planning in the smallest world that shows it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from core.domain.models import (
    AgreementStatus,
    ChangeKind,
    Company,
    FetchStatus,
    FindingKind,
    Frequency,
    MappingState,
    PlanOptions,
    ProductClass,
    QuantityRule,
    QuantityRules,
    Reference,
    Rounding,
    RuleOverride,
    SophosProduct,
    SyncSettings,
    Target,
    UsageGone,
)
from core.domain.planning import PlanInputs, make_plan
from tests.domain.planning_world import (
    ELSEWHERE,
    MONTH,
    NOW,
    TODAY,
    addition,
    agreement,
    bind,
    customer,
    entry,
    fetched,
    mapping,
    usage,
    world,
)

KEPT = addition(100, 11, 1, 5)


def simple(**more: object) -> PlanInputs:
    """One customer with 8 of one product, billed on agreement 11 as product 1."""
    values: dict[str, object] = {
        "usages": [usage("alpha", "X", 8)],
        "mappings": [mapping("X", 1)],
        "customers": [customer("alpha", 11)],
        "agreements": [agreement(11)],
        "catalog": [entry(1)],
        **more,
    }
    return world(**values)  # type: ignore[arg-type]


def kinds(inputs: PlanInputs) -> list[FindingKind]:
    return [finding.kind for finding in make_plan(inputs).findings]


def test_a_new_addition() -> None:
    plan = make_plan(simple())
    (change,) = plan.changes
    assert change.kind is ChangeKind.CREATE_ADDITION
    assert (change.target, change.before, change.after) == (Target(11, 1), None, Decimal(8))
    assert (change.effective_date, str(change.date_reason)) == (
        date(2026, 10, 1),
        "The first day of the usage month.",
    )
    assert change.customer_ids == ("alpha",)
    assert change.price_effect == 24
    assert [str(step) for step in change.steps] == [
        "Name of X: 8 billable, in 1 usage line.",
    ]


def test_nothing_is_created_for_a_quantity_of_zero() -> None:
    assert make_plan(simple(usages=[usage("alpha", "X", 0)])).changes == ()


def test_the_one_open_addition_is_adopted() -> None:
    ended = addition(99, 11, 1, 3, cancelled=date(2026, 5, 31))
    (change,) = make_plan(simple(additions=[ended, KEPT])).changes
    assert change.kind is ChangeKind.ADOPT_ADDITION
    assert (change.addition_id, change.before, change.after) == (100, Decimal(5), Decimal(8))
    assert change.price_effect == 6


def test_several_open_additions_are_ambiguous() -> None:
    plan = make_plan(simple(additions=[KEPT, addition(101, 11, 1, 5)]))
    (finding,) = plan.findings
    assert plan.changes == ()
    assert finding.kind is FindingKind.AMBIGUOUS_ADDITION
    assert finding.addition_ids == (100, 101)
    assert finding.blocks


def test_a_bound_addition_follows_the_usage_whatever_stands_beside_it() -> None:
    plan = make_plan(simple(additions=[KEPT, addition(101, 11, 1, 5)], bound=[bind(KEPT)]))
    (change,) = plan.changes
    assert (change.kind, change.addition_id, change.after) == (ChangeKind.SET_QUANTITY, 100, 8)
    assert [finding.kind for finding in plan.findings] == [FindingKind.DUPLICATE_ADDITION]


def test_a_bound_addition_with_the_right_quantity_is_left() -> None:
    kept = replace(KEPT, quantity=Decimal("8.00"))
    plan = make_plan(simple(additions=[kept], bound=[bind(kept)]))
    assert plan.changes == ()
    assert [change.kind for change in plan.unchanged] == [ChangeKind.NOTHING]


@pytest.mark.parametrize(
    ("setting", "kind", "after"),
    [(UsageGone.ZERO, ChangeKind.ZERO, 0), (UsageGone.CANCEL, ChangeKind.CANCEL, 0)],
)
def test_usage_that_is_gone(setting: UsageGone, kind: ChangeKind, after: int) -> None:
    plan = make_plan(
        simple(
            usages=ELSEWHERE,
            additions=[KEPT],
            bound=[bind(KEPT)],
            settings=SyncSettings(usage_gone=setting),
        )
    )
    (change,) = plan.changes
    assert (change.kind, change.before, change.after) == (kind, 5, after)
    assert [str(step) for step in change.steps] == ["There is no usage in 2026-10."]
    expected = date(2026, 9, 30) if kind is ChangeKind.CANCEL else None
    assert change.cancelled_date == expected


def test_a_cancelled_addition_is_billed_from_its_first_day() -> None:
    late = addition(100, 11, 1, 5, effective=date(2026, 10, 10))
    plan = make_plan(
        simple(
            usages=ELSEWHERE,
            additions=[late],
            bound=[bind(late)],
            settings=SyncSettings(usage_gone=UsageGone.CANCEL),
        )
    )
    assert plan.changes[0].cancelled_date == date(2026, 10, 10)


def test_usage_that_is_gone_may_be_left_and_reported() -> None:
    plan = make_plan(
        simple(
            usages=ELSEWHERE,
            additions=[KEPT],
            bound=[bind(KEPT)],
            settings=SyncSettings(usage_gone=UsageGone.LEAVE),
        )
    )
    assert plan.changes == ()
    assert [finding.kind for finding in plan.findings] == [FindingKind.ZERO_LEFT]


def test_an_unbound_addition_without_usage_is_reported_and_never_touched() -> None:
    plan = make_plan(simple(usages=ELSEWHERE, additions=[KEPT]))
    assert plan.changes == ()
    assert [finding.kind for finding in plan.findings] == [FindingKind.UNBOUND_WITHOUT_USAGE]


def test_a_bound_addition_that_was_deleted_is_created_anew_only_on_request() -> None:
    gone = simple(bound=[bind(KEPT)])
    assert kinds(gone) == [FindingKind.BOUND_ADDITION_GONE]
    assert make_plan(gone).changes == ()
    asked = replace(gone, options=PlanOptions(recreate=frozenset({"11/1"})))
    (change,) = make_plan(asked).changes
    assert change.kind is ChangeKind.CREATE_ADDITION


def test_a_bound_addition_that_was_cancelled_counts_as_gone() -> None:
    ended = replace(KEPT, cancelled_date=date(2026, 10, 31))
    plan = make_plan(simple(additions=[ended], bound=[bind(KEPT)]))
    assert plan.changes == ()
    assert "was cancelled" in str(plan.findings[0].text)


def test_an_addition_that_carries_a_newer_month_needs_a_reason() -> None:
    newer = simple(additions=[KEPT], bound=[bind(KEPT, MONTH.plus(1))])
    assert kinds(newer) == [FindingKind.NEWER_MONTH]
    assert make_plan(newer).changes == ()
    told = replace(newer, options=PlanOptions(older_month_reason="corrected invoice"))
    assert [change.kind for change in make_plan(told).changes] == [ChangeKind.SET_QUANTITY]


def test_customers_that_share_an_agreement_are_summed() -> None:
    plan = make_plan(
        simple(
            usages=[usage("alpha", "X", 8), usage("beta", "X", 3), usage("gamma", "X", 4)],
            customers=[
                customer("alpha", 11),
                customer("beta", 11),
                customer("gamma", 11, sync=False),
            ],
        )
    )
    (change,) = plan.changes
    assert change.after == 11
    assert change.customer_ids == ("alpha", "beta")
    assert str(change.steps[-1]) == "All customers of this agreement together: 11."


def test_a_bundle_sums_the_members_whose_sync_is_on() -> None:
    plan = make_plan(
        simple(
            usages=[usage("alpha", "X", 8), usage("alpha", "Y", 3), usage("alpha", "Z", 90)],
            mappings=[mapping("X", 1), mapping("Y", 1), mapping("Z", 1, sync=False)],
        )
    )
    (change,) = plan.changes
    assert change.after == 11
    assert str(change.steps[-1]) == "The sum of the bundle: 11."


def test_the_rule_follows_the_combination() -> None:
    rule = QuantityRule(
        multiplier=Decimal("0.5"),
        included=Decimal(2),
        rounding=Rounding.UP,
        minimum=Decimal(5),
    )
    rules = QuantityRules(by_product={"X": rule, "Y": rule})
    plan = make_plan(
        simple(
            usages=[usage("alpha", "X", 8), usage("alpha", "Y", 5)],
            mappings=[mapping("X", 1), mapping("Y", 1)],
            rules=rules,
        )
    )
    (change,) = plan.changes
    assert change.after == 5
    assert [str(step) for step in change.steps[2:]] == [
        "The sum of the bundle: 13.",
        "Times 0.5: 6.5.",
        "Less 2 included: 4.5.",
        "Rounded up: 5.",
    ]


def test_members_with_different_rules_block_their_product() -> None:
    plan = make_plan(
        simple(
            usages=[usage("alpha", "X", 8)],
            mappings=[mapping("X", 1), mapping("Y", 1)],
            rules=QuantityRules(overrides={("alpha", "Y"): RuleOverride(minimum=Decimal(9))}),
        )
    )
    assert plan.changes == ()
    assert [finding.kind for finding in plan.findings] == [FindingKind.RULES_DIFFER]


def test_a_negative_quantity_is_not_written() -> None:
    assert kinds(simple(usages=[usage("alpha", "X", -3)])) == [FindingKind.NEGATIVE_QUANTITY]


def test_a_default_product_is_created_and_billed_in_the_same_plan() -> None:
    plan = make_plan(simple(mappings=[mapping("X", None, state=MappingState.UNMAPPED)]))
    product, added = plan.changes
    assert (product.kind, product.target) == (ChangeKind.CREATE_PRODUCT, Target(0, 0, "X"))
    assert product.default_product is not None
    assert product.default_product.identifier == "Sophos_Name_of_X"
    assert (added.kind, added.target) == (ChangeKind.CREATE_ADDITION, Target(11, 0, "X"))


def test_a_default_product_that_is_there_is_adopted() -> None:
    there = entry(7, integration_xref="X")
    plan = make_plan(
        simple(
            mappings=[mapping("X", None, state=MappingState.UNMAPPED)],
            catalog=[entry(8, identifier="sophos_name_of_x"), there],
        )
    )
    product, added = plan.changes
    assert (product.kind, product.product_id) == (ChangeKind.ADOPT_PRODUCT, 7)
    assert added.target == Target(11, 7)


def test_a_default_product_that_cannot_be_billed_is_reported() -> None:
    plan = make_plan(
        simple(
            mappings=[mapping("X", None, state=MappingState.UNMAPPED)],
            catalog=[entry(7, integration_xref="X", inactive=True)],
        )
    )
    assert plan.changes == ()
    assert [finding.kind for finding in plan.findings] == [FindingKind.BROKEN_PRODUCT]


def test_two_codes_of_one_default_product_create_it_once() -> None:
    plan = make_plan(
        simple(
            usages=[usage("alpha", "CIXA", 2), usage("alpha", "CIXA-MSP", 3)],
            mappings=[
                mapping("CIXA", None, state=MappingState.UNMAPPED),
                mapping("CIXA-MSP", None, state=MappingState.UNMAPPED),
            ],
        )
    )
    assert [(c.kind, c.target.product_code) for c in plan.changes] == [
        (ChangeKind.CREATE_PRODUCT, "CIXA"),
        (ChangeKind.ADOPT_PRODUCT, "CIXA-MSP"),
        (ChangeKind.CREATE_ADDITION, "CIXA"),
    ]
    assert plan.changes[-1].after == 5


def test_a_broken_product_moves_its_usage_to_the_default_product() -> None:
    plan = make_plan(
        simple(
            mappings=[mapping("X", 1, state=MappingState.BROKEN)],
            catalog=[entry(1, inactive=True)],
            additions=[KEPT],
            bound=[bind(KEPT)],
        )
    )
    assert [(c.kind, c.target.key) for c in plan.changes] == [
        (ChangeKind.CREATE_PRODUCT, "+X"),
        (ChangeKind.CREATE_ADDITION, "11/+X"),
        (ChangeKind.ZERO, "11/1"),
    ]


def test_excluding_a_default_product_excludes_what_is_billed_on_it() -> None:
    inputs = simple(
        mappings=[mapping("X", None, state=MappingState.UNMAPPED)],
        options=PlanOptions(excluded={"+X": "not this month"}),
    )
    plan = make_plan(inputs)
    assert plan.changes == ()
    assert len(plan.excluded) == 2


def test_excluding_an_adoption_excludes_what_counts_its_usage() -> None:
    inputs = simple(
        mappings=[mapping("X", None, state=MappingState.UNMAPPED)],
        catalog=[entry(7, integration_xref="X")],
        options=PlanOptions(excluded={"+X": "not this month"}),
    )
    plan = make_plan(inputs)
    assert plan.changes == ()
    assert {c.kind for c in plan.excluded} == {
        ChangeKind.ADOPT_PRODUCT,
        ChangeKind.CREATE_ADDITION,
    }


def test_excluding_the_second_of_a_shared_default_product_excludes_what_counts_both() -> None:
    inputs = simple(
        usages=[usage("alpha", "CIXA", 2), usage("alpha", "CIXA-MSP", 3)],
        mappings=[
            mapping("CIXA", None, state=MappingState.UNMAPPED),
            mapping("CIXA-MSP", None, state=MappingState.UNMAPPED),
        ],
        options=PlanOptions(excluded={"+CIXA-MSP": "not this month"}),
    )
    assert [c.kind for c in make_plan(inputs).changes] == [ChangeKind.CREATE_PRODUCT]


def test_a_plan_of_one_addition_adopts_the_product_that_it_needs() -> None:
    inputs = simple(
        mappings=[mapping("X", None, state=MappingState.UNMAPPED)],
        catalog=[entry(7, integration_xref="X")],
        options=PlanOptions(only=frozenset({"11/7"})),
    )
    assert [c.kind for c in make_plan(inputs).changes] == [
        ChangeKind.ADOPT_PRODUCT,
        ChangeKind.CREATE_ADDITION,
    ]


def test_the_settings_for_new_products_are_approved_with_them() -> None:
    inputs = simple(mappings=[mapping("X", None, state=MappingState.UNMAPPED)])
    others = replace(inputs, product_settings="taxable")
    assert make_plan(others).digest != make_plan(inputs).digest
    mapped = simple()
    assert make_plan(replace(mapped, product_settings="taxable")) == make_plan(mapped)


def test_a_row_mapped_anew_waits_and_its_former_addition_stays() -> None:
    inputs = simple(
        mappings=[mapping("X", 2, state=MappingState.STOPPED)],
        catalog=[entry(1), entry(2)],
        additions=[KEPT],
        bound=[bind(KEPT)],
    )
    assert make_plan(inputs).changes == ()
    assert kinds(inputs) == [FindingKind.STOPPED_PRODUCT, FindingKind.ORPHANED_ADDITION]
    resumed = replace(inputs, mappings={"X": mapping("X", 2)})
    assert [(c.kind, c.target.key) for c in make_plan(resumed).changes] == [
        (ChangeKind.ZERO, "11/1"),
        (ChangeKind.CREATE_ADDITION, "11/2"),
    ]


@pytest.mark.parametrize("inactive", [AgreementStatus.EXPIRED, AgreementStatus.CANCELLED])
def test_only_active_agreements_are_written(inactive: AgreementStatus) -> None:
    inputs = simple(agreements=[agreement(11, status=inactive)])
    assert make_plan(inputs).changes == ()
    assert kinds(inputs) == [FindingKind.NO_ACTIVE_AGREEMENT]


def test_an_agreement_of_another_company_is_not_written() -> None:
    moved = simple(agreements=[agreement(11, company=Reference(999, "Another"))])
    (finding,) = make_plan(moved).findings
    assert make_plan(moved).changes == ()
    assert finding.kind is FindingKind.NO_ACTIVE_AGREEMENT
    assert "belongs to another company" in str(finding.text)


def test_a_company_that_is_gone_is_not_billed() -> None:
    there = Company(id=110, identifier="C", name="C")
    assert len(make_plan(simple(companies={110: there})).changes) == 1
    for companies in ({}, {110: replace(there, deleted=True)}):
        assert make_plan(simple(companies=companies)).changes == ()
        assert kinds(simple(companies=companies)) == [FindingKind.NO_ACTIVE_AGREEMENT]


def test_switches_that_are_off() -> None:
    off = simple(customers=[customer("alpha", 11, sync=False)])
    assert kinds(off) == [FindingKind.CUSTOMER_OFF]
    unmapped = simple(customers=[customer("alpha", None)])
    (finding,) = make_plan(unmapped).findings
    assert (finding.kind, finding.blocks) == (FindingKind.UNMAPPED_CUSTOMER, True)
    product_off = simple(
        mappings=[mapping("X", 1, sync=False)], additions=[KEPT], bound=[bind(KEPT)]
    )
    assert make_plan(product_off).changes == ()
    assert kinds(product_off) == [FindingKind.PRODUCT_OFF]


@pytest.mark.parametrize("product_id", [None, 2])
def test_what_was_billed_for_a_product_that_is_off_stays_when_its_row_is_changed(
    product_id: int | None,
) -> None:
    inputs = simple(
        mappings=[mapping("X", product_id, sync=False)],
        catalog=[entry(1), entry(2)],
        additions=[KEPT],
        bound=[bind(KEPT)],
        former_products={"X": frozenset({1})},
    )
    assert make_plan(inputs).changes == ()
    # Something else that is on and billed there rules over it again.
    other = mapping("Y", 1)
    taken = replace(inputs, mappings={**inputs.mappings, "Y": other})
    assert [c.kind for c in make_plan(taken).changes] == [ChangeKind.ZERO]


def test_the_bundle_class_is_not_billed() -> None:
    inputs = simple(catalog=[entry(1, product_class=ProductClass.BUNDLE)])
    assert make_plan(inputs).changes == ()
    assert kinds(inputs) == [FindingKind.BUNDLE_CLASS]


def test_firewalls_sync_with_the_invoice_only() -> None:
    firewall = SophosProduct(
        code="X",
        description="XGS 107 Standard Protection",
        product_group="Device",
        first_seen=MONTH,
        last_seen=MONTH,
    )
    with_invoice = simple(products={"X": firewall})
    assert len(make_plan(with_invoice).changes) == 1
    monthly = replace(with_invoice, settings=SyncSettings(frequency=Frequency.MONTHLY))
    assert make_plan(monthly).changes == ()
    assert kinds(monthly) == [FindingKind.FIREWALL_FREQUENCY]


def test_usage_without_a_customer_is_reported() -> None:
    inputs = simple(usages=[usage("alpha", "X", 8), usage(None, "X", 2)])
    assert [change.after for change in make_plan(inputs).changes] == [8]
    assert kinds(inputs) == [FindingKind.UNASSIGNED_USAGE]


def test_the_effective_date_respects_the_agreement() -> None:
    def day(**more: object) -> date | None:
        return make_plan(simple(agreements=[agreement(11, **more)])).changes[0].effective_date

    invoiced = date(2026, 12, 1)
    assert day(bill_start_date=date(2026, 10, 20)) == date(2026, 10, 20)
    assert day(next_invoice_date=invoiced, prorate=True) == date(2026, 10, 1)
    assert day(next_invoice_date=invoiced, prorate=False) == invoiced
    assert day(next_invoice_date=date(2026, 9, 1), prorate=False) == date(2026, 10, 1)


def month_kind(**more: object) -> FindingKind:
    plan = make_plan(simple(**more))
    assert plan.changes == ()
    (finding,) = plan.findings
    assert finding.blocks
    return finding.kind


def test_months_that_may_not_be_planned() -> None:
    assert month_kind(closed=frozenset({MONTH})) is FindingKind.CLOSED_MONTH
    assert month_kind(fetch=None, newest_fetch=None) is FindingKind.NO_USAGE_FETCHED
    incomplete = fetched(FetchStatus.INCOMPLETE)
    assert month_kind(newest_fetch=incomplete) is FindingKind.INCOMPLETE_USAGE
    empty = month_kind(usages=[], additions=[KEPT], bound=[bind(KEPT)])
    assert empty is FindingKind.EMPTY_USAGE
    early = fetched(at=datetime(2026, 10, 31, 23, tzinfo=UTC))
    assert month_kind(fetch=early, newest_fetch=early) is FindingKind.STALE_USAGE
    first = fetched(at=datetime(2026, 11, 1, tzinfo=UTC))
    assert make_plan(simple(fetch=first, newest_fetch=first)).changes
    assert month_kind(month=MONTH.plus(1)) is FindingKind.MONTH_NOT_OVER
    assert month_kind(month=MONTH.plus(2)) is FindingKind.MONTH_NOT_OVER


def test_the_month_in_progress_syncs_only_daily_and_from_fresh_usage() -> None:
    daily = SyncSettings(frequency=Frequency.DAILY)
    now = simple(month=MONTH.plus(1), settings=daily)
    assert NOW.date() == TODAY
    assert len(make_plan(now).changes) == 1
    old = fetched(at=datetime(2026, 11, 23, tzinfo=UTC))
    assert (
        month_kind(month=MONTH.plus(1), settings=daily, fetch=old, newest_fetch=old)
        is FindingKind.STALE_USAGE
    )


def test_an_addition_on_an_agreement_that_nobody_is_mapped_to_is_reported() -> None:
    inputs = simple(customers=[customer("alpha", 12)], agreements=[agreement(12)])
    left = replace(inputs, bindings={(11, 1): bind(KEPT)})
    assert FindingKind.ORPHANED_ADDITION in kinds(left)
